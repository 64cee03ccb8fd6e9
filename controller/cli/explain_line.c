/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/explain.h"

#include <string.h>

#include "base/base.h"
#include "cli/names.h"
#include "cli/show.h"

static void line_intent(const json_t *line, FILE *out)
{
        CLEANUP(free_p) char *domain = show_text(line, "domain"), *need = show_size(line, "need");
        CLEANUP(free_p) char *witness = show_text(line, "witness");

        fprintf(out, "%s needs %s (%s), %zu to be shed", domain, need, witness,
                show_count(json_object_get(line, "plan"), "victims"));
}

static void line_order(const json_t *line, FILE *out)
{
        fprintf(out, "left with the kernel module, should memory run out: %zu, cheapest first",
                show_count(line, "victims"));
}

static void line_replan(const json_t *line, FILE *out)
{
        CLEANUP(free_p) char *available = show_size(line, "available"), *need = show_size(line, "need");

        fprintf(out, "still short, %s available: %s needed, %zu to be shed", available, need,
                show_count(line, "victims"));
}

static void line_victim(const json_t *line, FILE *out)
{
        CLEANUP(free_p) char *path = show_text(line, "path"), *outcome = show_text(line, "outcome");
        CLEANUP(free_p) char *freed = show_size(line, "freed"), *expected = show_size(line, "expected");
        CLEANUP(free_p) char *name = names_text(line);

        fprintf(out, "%s%s%s%s: %s, %s of %s expected", path, *name ? " (" : "", name, *name ? ")" : "",
                outcome, freed, expected);
}

static void line_outcome(const json_t *line, FILE *out)
{
        CLEANUP(free_p) char *result = show_text(line, "result"), *freed = show_size(line, "freed");
        CLEANUP(free_p) char *took = show_duration(line, "took_usec");

        fprintf(out, "%s, %s freed after %s", result, freed, took);
}

static void line_reload(const json_t *line, FILE *out)
{
        CLEANUP(free_p) char *error = show_text(line, "error");

        fprintf(out, "%s%s", json_is_true(json_object_get(line, "ok")) ? "done" : "refused: ", error);
}

/* start, stop, error: whatever text they have. */
static void line_other(const json_t *line, FILE *out)
{
        static const char *const members[] = { "version", "config", "feed", "reason", "domain", "text" };

        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
                if (json_is_string(json_object_get(line, members[i]))) {
                        CLEANUP(free_p) char *text = show_text(line, members[i]);

                        fprintf(out, "%s ", text);
                }
}

void explain_line(const json_t *line, FILE *out)
{
        static const struct {
                const char *what;
                void (*print)(const json_t *line, FILE *out);
        } kinds[] = { { "intent", line_intent },
                      { "order", line_order },
                      { "replan", line_replan },
                      { "victim", line_victim },
                      { "outcome", line_outcome },
                      { "reload", line_reload } };
        CLEANUP(free_p) char *when = text_time(field_u64(line, "time_usec")), *what = show_text(line, "what");
        void (*print)(const json_t *, FILE *) = line_other;

        fprintf(out, "%s  ", when);
        if (field_u64(line, "round"))
                fprintf(out, "round %llu  ", (unsigned long long)field_u64(line, "round"));
        fprintf(out, "%s  ", what);
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (strcmp(kinds[i].what, field_text(line, "what")) == 0)
                        print = kinds[i].print;
        print(line, out);
        fputc('\n', out);
}
