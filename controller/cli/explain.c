/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that is said here comes from the journal: the intent knows who was considered and why, the
 * victims' lines what each death cost and gave, the outcome what was measured. What is missing is said to
 * be missing. */
#include "cli/explain.h"

#include <string.h>

#include "base/units.h"
#include "cli/names.h"
#include "cli/show.h"
#include "cli/table.h"

struct word {
        const char *name, *means;
};

static const struct word witnesses[] = {
        { "available", "available memory had fallen below the acting line" },
        { "stall", "tasks stood still while memory was low" },
        { "kernel", "the kernel itself had run out of memory" },
};

/* What became of a victim. */
static const struct word fates[] = {
        { "freed", "died" },     { "partial", "died" },   { "not-freed", "died" }, { "stuck", "stuck" },
        { "vanished", "gone" },  { "refused", "refused" }, { "not-struck", "not struck" }, { "dry-run", "dry run" },
};

static const char *word_means(const struct word *words, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(words[i].name, name) == 0)
                        return words[i].means;
        return name;
}

static char *size_text(const json_t *line, const char *name)
{
        char text[SIZE_TEXT_MAX];

        return must(strdup(size_format(field_u64(line, name), text)));
}

/* A duration, or "-" where the line has none, or it did not come to that. New. */
static char *duration_text(const json_t *line, const char *name)
{
        char text[DURATION_TEXT_MAX];

        if (!field_u64(line, name))
                return must(strdup("-"));
        return must(strdup(duration_format(field_u64(line, name), text)));
}

static char *shown(const json_t *line, const char *name)
{
        return text_show_json(field_text(line, name));
}

/* id → fate, for the planned victims. Those without a line were not struck, unless the round was cut off.
 * New. */
static json_t *victim_fates(const struct round *r)
{
        json_t *map = must(json_object()), *line;
        size_t i;

        json_array_foreach(json_object_get(json_object_get(r->intent, "plan"), "victims"), i, line) {
                char key[24];

                snprintf(key, sizeof(key), "%llu", (unsigned long long)field_u64(line, "id"));
                json_object_set_new(map, key, must(json_string(r->outcome ? "spared" : "unknown")));
        }
        json_array_foreach(r->victims, i, line) {
                char key[24];

                snprintf(key, sizeof(key), "%llu", (unsigned long long)field_u64(line, "id"));
                json_object_set_new(map, key, must(json_string(word_means(fates, ARRAY_SIZE(fates),
                                                                          field_text(line, "outcome")))));
        }
        return map;
}

static void print_intent(const struct round *r, FILE *out, const struct term *term)
{
        const json_t *intent = r->intent, *plan = json_object_get(intent, "plan");
        CLEANUP(free_p) char *when = text_time(field_u64(intent, "time_usec"));
        CLEANUP(free_p) char *domain = shown(intent, "domain");
        CLEANUP(free_p) char *need = size_text(intent, "need"), *relief = size_text(plan, "relief");
        CLEANUP(free_p) char *witness = text_show_json(word_means(witnesses, ARRAY_SIZE(witnesses),
                                                                  field_text(intent, "witness")));
        size_t n_victims = show_count(plan, "victims"), n = n_victims + show_count(plan, "kept");
        bool proven = strcmp(field_text(plan, "proof"), "optimal") == 0;
        json_t *map = victim_fates(r);

        fprintf(out, "%sRound %llu%s, %s, domain %s: %s.\n", style_begin(term, STYLE_BOLD),
                (unsigned long long)r->number, style_end(term, STYLE_BOLD), when, domain, witness);
        fprintf(out, "%s had to come back. The plan was to shed %zu of %zu, to free %s and lose a utility of "
                "%llu, %s.\n\n", need, n_victims, n, relief,
                (unsigned long long)field_u64(plan, "utility_lost"),
                proven ? "the least possible" : "not proven to be the least");
        show_entries(plan, json_object_get(intent, "snapshot"), map, out, term);
        fputc('\n', out);
        json_decref(map);
}

/* What the kernel module was told, which stands for the intent when it has carried it out. */
static void print_order(const struct round *r, FILE *out, const struct term *term)
{
        CLEANUP(free_p) char *when = text_time(field_u64(json_array_get(r->victims, 0), "time_usec"));
        CLEANUP(free_p) char *domain = shown(r->intent, "domain");

        fprintf(out, "%sRound %llu%s, %s, domain %s: %s.\n", style_begin(term, STYLE_BOLD),
                (unsigned long long)r->number, style_end(term, STYLE_BOLD), when, domain,
                word_means(witnesses, ARRAY_SIZE(witnesses), field_text(r->intent, "witness")));
        fprintf(out, "The standing order named %zu, cheapest first. The kernel module took one at a time until there\n"
                "was memory, and passed over those too small to help.\n\n", show_count(r->intent, "victims"));
}

static bool is_order(const struct round *r)
{
        return strcmp(field_text(r->intent, "what"), "order") == 0;
}

static void print_victims(const struct round *r, FILE *out, const struct term *term)
{
        static const struct column columns[] = {
                { "VICTIM", CUT_FRONT, false },  { "NAME", CUT_AWAY, false },
                { "BY", CUT_NEVER, false },      { "PROCESSES", CUT_NEVER, true },
                { "EXPECTED", CUT_NEVER, true }, { "FREED", CUT_NEVER, true },
                { "STRIKE", CUT_NEVER, true },   { "DEAD", CUT_NEVER, true },
                { "SETTLED", CUT_NEVER, true },  { "OUTCOME", CUT_NEVER, false },
        };
        struct table table;
        json_t *line;
        size_t i;

        if (json_array_size(r->victims) == 0) {
                fprintf(out, "Nobody was struck%s.\n\n", r->outcome ? "" : ", as far as the journal knows");
                return;
        }
        table_init(&table, columns, ARRAY_SIZE(columns));
        json_array_foreach(r->victims, i, line) {
                table_row(&table, STYLE_PLAIN);
                table_cell(&table, shown(line, "path"));
                table_cell(&table, names_text(line));
                table_cell(&table, shown(line, "method"));
                table_number(&table, field_u64(line, "processes"));
                table_size(&table, field_u64(line, "expected"));
                table_size(&table, field_u64(line, "freed"));
                table_cell(&table, duration_text(line, "strike_usec"));
                table_cell(&table, duration_text(line, "dead_usec"));
                table_cell(&table, duration_text(line, "settle_usec"));
                table_cell(&table, shown(line, "outcome"));
        }
        table_print(&table, out, term);
        table_fini(&table);
        fputs("STRIKE: from the trigger until it was struck; DEAD and SETTLED: from then until its last\n"
              "process was gone and its memory was back.\n\n", out);
}

static void print_outcome(const struct round *r, FILE *out)
{
        const json_t *o = r->outcome;
        CLEANUP(free_p) char *result = shown(o, "result"), *need = size_text(o, "need");
        CLEANUP(free_p) char *expected = size_text(o, "expected"), *freed = size_text(o, "freed");
        CLEANUP(free_p) char *before = size_text(o, "available_before");
        CLEANUP(free_p) char *after = size_text(o, "available_after");
        CLEANUP(free_p) char *took = duration_text(o, "took_usec");

        if (!o) {
                fputs("Interrupted: the journal has no outcome of this round. It is still under way, or the\n"
                      "daemon was stopped or killed in the middle of it.\n", out);
                return;
        }
        if (is_order(r)) {
                fprintf(out, "Outcome: %s. Measured %s freed; available %s before, %s after.\n", result, freed,
                        before, after);
                return;
        }
        fprintf(out, "Outcome: %s. Needed %s, expected %s, measured %s freed; available %s before, %s "
                "after.\n", result, need, expected, freed, before, after);
        fprintf(out, "From the trigger until memory was back: %s.\n", took);
}

void explain_round(const struct round *r, FILE *out, const struct term *term)
{
        if (is_order(r))
                print_order(r, out, term);
        else if (r->intent)
                print_intent(r, out, term);
        else
                fprintf(out, "Round %llu: its intent is not in the journal any more.\n\n",
                        (unsigned long long)r->number);
        print_victims(r, out, term);
        print_outcome(r, out);
}

static void add_round(struct table *t, const struct round *r)
{
        const json_t *first = r->intent ? r->intent : r->outcome ? r->outcome : json_array_get(r->victims, 0);
        const char *result = field_text(r->outcome, "result");

        table_row(t, r->outcome ? STYLE_PLAIN : STYLE_YELLOW);
        table_number(t, r->number);
        table_cell(t, text_time(field_u64(first, "time_usec")));
        table_cell(t, shown(first, "domain"));
        table_cell(t, shown(r->intent, "witness"));
        table_size(t, field_u64(r->intent ? r->intent : r->outcome, "need"));
        table_number(t, r->outcome ? field_u64(r->outcome, "victims") : json_array_size(r->victims));
        table_cell(t, r->outcome ? size_text(r->outcome, "freed") : must(strdup("-")));
        table_cell(t, duration_text(r->outcome, "took_usec"));
        table_cell(t, text_show_json(r->outcome ? result : "interrupted"));
}

void explain_rounds(const struct history *h, const char *bytes, FILE *out, const struct term *term)
{
        static const struct column columns[] = {
                { "ROUND", CUT_NEVER, true },    { "TIME", CUT_NEVER, false }, { "DOMAIN", CUT_FRONT, false },
                { "WITNESS", CUT_NEVER, false }, { "NEED", CUT_NEVER, true },  { "VICTIMS", CUT_NEVER, true },
                { "FREED", CUT_NEVER, true },    { "TOOK", CUT_NEVER, true },  { "RESULT", CUT_NEVER, false },
        };
        struct table table;

        table_init(&table, columns, ARRAY_SIZE(columns));
        for (size_t i = 0; i < h->n; i++)
                if (!bytes || history_mentions(&h->rounds[i], bytes))
                        add_round(&table, &h->rounds[i]);
        if (table.n_rows)
                table_print(&table, out, term);
        else
                fputs("No rounds.\n", out);
        table_fini(&table);
}

static void line_intent(const json_t *line, FILE *out)
{
        CLEANUP(free_p) char *domain = shown(line, "domain"), *need = size_text(line, "need");
        CLEANUP(free_p) char *witness = shown(line, "witness");

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
        CLEANUP(free_p) char *available = size_text(line, "available"), *need = size_text(line, "need");

        fprintf(out, "still short, %s available: %s needed, %zu to be shed", available, need,
                show_count(line, "victims"));
}

static void line_victim(const json_t *line, FILE *out)
{
        CLEANUP(free_p) char *path = shown(line, "path"), *outcome = shown(line, "outcome");
        CLEANUP(free_p) char *freed = size_text(line, "freed"), *expected = size_text(line, "expected");
        CLEANUP(free_p) char *name = names_text(line);

        fprintf(out, "%s%s%s%s: %s, %s of %s expected", path, *name ? " (" : "", name, *name ? ")" : "",
                outcome, freed, expected);
}

static void line_outcome(const json_t *line, FILE *out)
{
        CLEANUP(free_p) char *result = shown(line, "result"), *freed = size_text(line, "freed");
        CLEANUP(free_p) char *took = duration_text(line, "took_usec");

        fprintf(out, "%s, %s freed after %s", result, freed, took);
}

/* start, reload, stop, error: whatever text they have. */
static void line_other(const json_t *line, FILE *out)
{
        static const char *const members[] = { "version", "config", "feed", "reason", "text", "error" };

        for (size_t i = 0; i < ARRAY_SIZE(members); i++)
                if (json_is_string(json_object_get(line, members[i]))) {
                        CLEANUP(free_p) char *text = shown(line, members[i]);

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
                      { "outcome", line_outcome } };
        CLEANUP(free_p) char *when = text_time(field_u64(line, "time_usec")), *what = shown(line, "what");
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
