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

static const char *fate_of(const char *outcome)
{
        return word_means(fates, ARRAY_SIZE(fates), outcome);
}

/* Under the id of each object of the list the fate; NULL: what its own outcome means. */
static void set_fates(json_t *map, const json_t *list, const char *fate)
{
        json_t *line;
        size_t i;

        json_array_foreach(list, i, line) {
                CLEANUP(free_p) char *key = text_format("%llu", (unsigned long long)field_u64(line, "id"));
                const char *outcome = field_text(line, "outcome");

                json_object_set_new(map, key, must(json_string(fate ? fate : fate_of(outcome))));
        }
}

/* id → fate, for those who were to be struck: 'fate' where nothing happened to them, which nobody can know of
 * a round that was cut off. Then for those who were, whether or not they were to be at first. New. */
static json_t *victim_fates(const struct round *r, const json_t *planned, const char *fate)
{
        json_t *map = must(json_object()), *replan;
        size_t i;

        set_fates(map, planned, r->outcome ? fate : "unknown");
        if (!r->outcome)
                json_array_foreach(r->replans, i, replan)
                        set_fates(map, json_object_get(replan, "victims"), "unknown");
        set_fates(map, r->victims, NULL);
        return map;
}

/* How much of the way from the acting line to the target that was; NULL when it is not known. New. */
static char *reach_text(const json_t *intent)
{
        unsigned long long reach = field_u64(intent, "reach");

        if (!json_object_get(intent, "reach"))
                return NULL;
        return reach < 100 ? text_format("%llu %% of the way from the acting line to the target", reach)
                           : text_format("all of the way to the target");
}

static void print_intent(const struct round *r, FILE *out, const struct term *term)
{
        const json_t *intent = r->intent, *plan = json_object_get(intent, "plan");
        CLEANUP(free_p) char *when = text_time(field_u64(intent, "time_usec"));
        CLEANUP(free_p) char *domain = show_text(intent, "domain");
        CLEANUP(free_p) char *need = show_size(intent, "need"), *relief = show_size(plan, "relief");
        CLEANUP(free_p) char *reach = reach_text(intent);
        CLEANUP(free_p) char *witness = text_show_json(word_means(witnesses, ARRAY_SIZE(witnesses),
                                                                  field_text(intent, "witness")));
        size_t n_victims = show_count(plan, "victims"), n = n_victims + show_count(plan, "kept");
        bool proven = strcmp(field_text(plan, "proof"), "optimal") == 0;
        json_t *map = victim_fates(r, json_object_get(plan, "victims"), "spared");

        fprintf(out, "%sRound %llu%s, %s, domain %s: %s.\n", style_begin(term, STYLE_BOLD),
                (unsigned long long)r->number, style_end(term, STYLE_BOLD), when, domain, witness);
        fprintf(out, "%s had to come back%s%s.\n", need, reach ? ", " : "", reach ? reach : "");
        fprintf(out, "The plan was to shed %zu of %zu, to free %s and lose a utility of %llu, %s.\n\n", n_victims, n,
                relief, (unsigned long long)field_u64(plan, "utility_lost"),
                proven ? "the least possible" : "not proven to be the least");
        show_entries(plan, json_object_get(intent, "snapshot"), map, out, term);
        fputc('\n', out);
        json_decref(map);
}

/* Who was in the order, in its order. */
static void print_members(const struct round *r, FILE *out, const struct term *term)
{
        static const struct column columns[] = {
                { "FATE", CUT_NEVER, false }, { "CONTAINER", CUT_FRONT, false },
                { "NAME", CUT_AWAY, false },  { "UTILITY", CUT_NEVER, true },
                { "RELIEF", CUT_NEVER, true },
        };
        const json_t *members = json_object_get(r->intent, "victims");
        json_t *map = victim_fates(r, members, "not needed"), *line;
        struct table table;
        size_t i;

        table_init(&table, columns, ARRAY_SIZE(columns));
        json_array_foreach(members, i, line) {
                CLEANUP(free_p) char *key = text_format("%llu", (unsigned long long)field_u64(line, "id"));

                table_row(&table, STYLE_PLAIN);
                table_cell(&table, show_text(map, key));
                table_cell(&table, show_text(line, "path"));
                table_cell(&table, names_text(line));
                table_cell(&table, show_utility(line));
                table_size(&table, field_u64(line, "relief"));
        }
        table_print(&table, out, term);
        table_fini(&table);
        json_decref(map);
}

/* What the kernel module was told, which stands for the intent when it has carried it out. */
static void print_order(const struct round *r, FILE *out, const struct term *term)
{
        CLEANUP(free_p) char *when = text_time(history_time_us(r));
        CLEANUP(free_p) char *domain = show_text(r->intent, "domain");
        CLEANUP(free_p) char *witness = text_show_json(word_means(witnesses, ARRAY_SIZE(witnesses),
                                                                  field_text(r->intent, "witness")));

        fprintf(out, "%sRound %llu%s, %s, domain %s: %s.\n", style_begin(term, STYLE_BOLD),
                (unsigned long long)r->number, style_end(term, STYLE_BOLD), when, domain, witness);
        fprintf(out, "The standing order named %zu, cheapest first. The kernel module took one at a time until there\n"
                "was memory, and passed over those too small to help.\n\n", show_count(r->intent, "victims"));
        print_members(r, out, term);
        fputc('\n', out);
}

static bool is_dry(const struct round *r)
{
        return strcmp(field_text(r->outcome, "result"), "dry-run") == 0;
}

/* How it was struck; "-" when it was not. New. */
static char *method_text(const json_t *line)
{
        const char *outcome = field_text(line, "outcome");

        if (strcmp(outcome, "dry-run") == 0 || strcmp(outcome, "vanished") == 0)
                return must(strdup("-"));
        return show_text(line, "method");
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
                table_cell(&table, show_text(line, "path"));
                table_cell(&table, names_text(line));
                table_cell(&table, method_text(line));
                table_number(&table, field_u64(line, "processes"));
                table_size(&table, field_u64(line, "expected"));
                table_size(&table, field_u64(line, "freed"));
                table_cell(&table, show_duration(line, "strike_usec"));
                table_cell(&table, show_duration(line, "dead_usec"));
                table_cell(&table, show_duration(line, "settle_usec"));
                table_cell(&table, show_text(line, "outcome"));
        }
        table_print(&table, out, term);
        table_fini(&table);
        if (is_dry(r)) {
                fputs("Nobody was struck: dry run.\n\n", out);
                return;
        }
        fputs("STRIKE: from the trigger until it was struck; DEAD and SETTLED: from then until its last\n"
              "process was gone and its memory was back.\n\n", out);
}

/* The last victim that was told of before that. Borrowed, or NULL. */
static const json_t *victim_before(const struct round *r, uint64_t time_us)
{
        const json_t *last = NULL;
        json_t *line;
        size_t i;

        json_array_foreach(r->victims, i, line)
                if (field_u64(line, "time_usec") <= time_us)
                        last = line;
        return last;
}

static void print_replan(const struct round *r, const json_t *line, FILE *out)
{
        const json_t *victims = json_object_get(line, "victims");
        const json_t *before = victim_before(r, field_u64(line, "time_usec"));
        CLEANUP(free_p) char *after = show_text(before, "path"), *need = show_size(line, "need");
        CLEANUP(free_p) char *next = show_text(json_array_get(victims, 0), "path");
        size_t n = json_array_size(victims);

        fprintf(out, "Still short%s%s: %s needed", before ? " after " : "", before ? after : "", need);
        if (n == 1)
                fprintf(out, "; %s was chosen.\n", next);
        else
                fprintf(out, "; %zu were chosen, %s first.\n", n, next);
}

static void print_replans(const struct round *r, FILE *out)
{
        json_t *line;
        size_t i;

        json_array_foreach(r->replans, i, line)
                print_replan(r, line, out);
        if (i > 0)
                fputc('\n', out);
}

static void print_times(const struct round *r, FILE *out)
{
        bool recovered = strcmp(field_text(r->outcome, "result"), "recovered") == 0;
        CLEANUP(free_p) char *took = show_duration(r->outcome, "took_usec");
        unsigned long long kernel_kills = field_u64(r->outcome, "kernel_kills");

        if (kernel_kills > 0)
                fprintf(out, "Killed meanwhile by the kernel's own OOM killer, on the whole host: %llu.\n",
                        kernel_kills);
        fprintf(out, "From the trigger %s: %s.\n",
                recovered ? "until memory was back" : "to the end of the round", took);
}

static void print_outcome(const struct round *r, FILE *out)
{
        const json_t *o = r->outcome;
        CLEANUP(free_p) char *result = show_text(o, "result"), *need = show_size(o, "need");
        CLEANUP(free_p) char *expected = show_size(o, "expected"), *freed = show_size(o, "freed");
        CLEANUP(free_p) char *before = show_size(o, "available_before");
        CLEANUP(free_p) char *after = show_size(o, "available_after");

        if (!o) {
                fputs("Interrupted: the journal has no outcome of this round. It is still under way, or the\n"
                      "daemon was stopped or killed in the middle of it.\n", out);
                return;
        }
        fprintf(out, "Outcome: %s. ", result);
        if (history_is_order(r))
                fprintf(out, "Measured %s freed", freed);
        else
                fprintf(out, "Needed %s, expected %s, measured %s freed", need, expected, freed);
        fprintf(out, "; available %s before, %s after.\n", before, after);
        print_times(r, out);
}

void explain_round(const struct round *r, FILE *out, const struct term *term)
{
        if (history_is_order(r))
                print_order(r, out, term);
        else if (r->intent)
                print_intent(r, out, term);
        else
                fprintf(out, "Round %llu: its intent is not in the journal any more.\n\n",
                        (unsigned long long)r->number);
        print_victims(r, out, term);
        print_replans(r, out);
        print_outcome(r, out);
}

/* How many victims a round had, as far as is known. */
static uint64_t count_victims(const struct round *r)
{
        return r->outcome ? field_u64(r->outcome, "victims") : json_array_size(r->victims);
}

static void add_round(struct table *t, const struct round *r)
{
        const json_t *first = r->intent ? r->intent : r->outcome ? r->outcome : json_array_get(r->victims, 0);
        const char *result = field_text(r->outcome, "result");

        table_row(t, r->outcome ? STYLE_PLAIN : STYLE_YELLOW);
        table_number(t, r->number);
        table_cell(t, text_time(history_time_us(r)));
        table_cell(t, show_text(first, "domain"));
        table_cell(t, show_text(r->intent, "witness"));
        table_size(t, field_u64(r->intent ? r->intent : r->outcome, "need"));
        table_number(t, count_victims(r));
        table_cell(t, r->outcome ? show_size(r->outcome, "freed") : must(strdup("-")));
        table_cell(t, show_duration(r->outcome, "took_usec"));
        table_cell(t, text_show_json(r->outcome ? result : "interrupted"));
}

/* What was freed and lost stands in the victims' own lines. */
static void print_sums(const struct history *h, FILE *out)
{
        uint64_t n = 0, freed = 0, utility = 0;
        char size[SIZE_TEXT_MAX];
        json_t *line;
        size_t k;

        for (size_t i = 0; i < h->n; i++) {
                n += count_victims(&h->rounds[i]);
                json_array_foreach(h->rounds[i].victims, k, line) {
                        bool died = strcmp(fate_of(field_text(line, "outcome")), "died") == 0;

                        freed = u64_add(freed, field_u64(line, "freed"));
                        utility += died ? field_u64(line, "utility") : 0;
                }
        }
        fprintf(out, "\nIn all: rounds %zu, victims %llu, freed %s, utility lost %llu.\n", h->n,
                (unsigned long long)n, size_format(freed, size), (unsigned long long)utility);
}

/* Each kind of shortage once, with how often it was told: at most once a minute. */
static void print_errors(const struct history *h, FILE *out)
{
        json_t *lasts = must(json_object()), *times = must(json_object()), *line;
        const char *kind;
        size_t i;

        json_array_foreach(h->errors, i, line) {
                CLEANUP(free_p) char *key = text_format("%s\n%s", field_text(line, "domain"),
                                                        field_text(line, "text"));

                json_object_set(lasts, key, line);
                json_object_set_new(times, key, json_integer((json_int_t)field_u64(times, key) + 1));
        }
        json_object_foreach(lasts, kind, line) {
                CLEANUP(free_p) char *domain = show_text(line, "domain"), *why = show_text(line, "text");
                CLEANUP(free_p) char *when = text_time(field_u64(line, "time_usec"));

                fprintf(out, "Short and not acted on: %s, %llu times, the last %s: %s.\n", domain,
                        (unsigned long long)field_u64(times, kind), when, why);
        }
        json_decref(lasts);
        json_decref(times);
}

void explain_rounds(const struct history *h, FILE *out, const struct term *term)
{
        static const struct column columns[] = {
                { "ROUND", CUT_NEVER, true },    { "TIME", CUT_NEVER, false }, { "DOMAIN", CUT_FRONT, false },
                { "WITNESS", CUT_NEVER, false }, { "NEED", CUT_NEVER, true },  { "VICTIMS", CUT_NEVER, true },
                { "FREED", CUT_NEVER, true },    { "TOOK", CUT_NEVER, true },  { "RESULT", CUT_NEVER, false },
        };
        struct table table;

        table_init(&table, columns, ARRAY_SIZE(columns));
        for (size_t i = 0; i < h->n; i++)
                add_round(&table, &h->rounds[i]);
        if (table.n_rows) {
                table_print(&table, out, term);
                print_sums(h, out);
        } else {
                fputs("No rounds.\n", out);
        }
        print_errors(h, out);
        table_fini(&table);
}
