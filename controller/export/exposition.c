/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers are written as decimal text from integers, so that no rounding of ours is in them: a scraper's
 * double holds bytes up to 2^53 exactly. */
#include "export/exposition.h"

#include "base/base.h"

static const char *const type_names[] = {
        [METRIC_COUNTER] = "counter",
        [METRIC_GAUGE] = "gauge",
        [METRIC_HISTOGRAM] = "histogram",
};

_Static_assert(ARRAY_SIZE(type_names) == METRIC_TYPE_N, "name every type");

/* HELP escapes backslash and newline, a label's value the quotation mark as well. */
static void write_escaped(FILE *out, const char *text, bool quoted)
{
        for (; *text; text++)
                if (*text == '\n')
                        fputs("\\n", out);
                else if (*text == '\\' || (quoted && *text == '"'))
                        fprintf(out, "\\%c", *text);
                else
                        fputc(*text, out);
}

void exposition_metric(FILE *out, const char *name, enum metric_type type, const char *help)
{
        fprintf(out, "# HELP %s ", name);
        write_escaped(out, help, false);
        fprintf(out, "\n# TYPE %s %s\n", name, type_names[type]);
}

static void write_name(FILE *out, const char *name, const struct metric_label *labels)
{
        fputs(name, out);
        for (const struct metric_label *l = labels; l->name; l++) {
                fprintf(out, "%s%s=\"", l == labels ? "{" : ",", l->name);
                write_escaped(out, l->value, true);
                fputc('"', out);
        }
        fputs(labels->name ? "} " : " ", out);
}

void exposition_count(FILE *out, const char *name, const struct metric_label *labels, uint64_t value)
{
        write_name(out, name, labels);
        fprintf(out, "%llu\n", (unsigned long long)value);
}

void exposition_seconds(FILE *out, const char *name, const struct metric_label *labels, uint64_t value_us)
{
        write_name(out, name, labels);
        fprintf(out, "%llu.%06llu\n", (unsigned long long)(value_us / USEC_PER_SEC),
                (unsigned long long)(value_us % USEC_PER_SEC));
}

void exposition_ratio(FILE *out, const char *name, const struct metric_label *labels, uint32_t permyriad)
{
        write_name(out, name, labels);
        fprintf(out, "%u.%04u\n", permyriad / (uint32_t)PERMYRIAD, permyriad % (uint32_t)PERMYRIAD);
}
