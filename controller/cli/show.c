/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/show.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/units.h"
#include "base/utility.h"
#include "cli/names.h"

size_t show_count(const json_t *plan, const char *list)
{
        CLEANUP(free_p) char *left_out = text_format("%s_left_out", list);

        return json_array_size(json_object_get(plan, list)) + field_u64(plan, left_out);
}

char *show_size(const json_t *object, const char *name)
{
        char text[SIZE_TEXT_MAX];

        return must(strdup(size_format(field_u64(object, name), text)));
}

char *show_duration(const json_t *object, const char *name)
{
        char text[DURATION_TEXT_MAX];

        if (!field_u64(object, name))
                return must(strdup("-"));
        return must(strdup(duration_format(field_u64(object, name), text)));
}

char *show_part(uint64_t part, uint64_t whole)
{
        char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX];

        if (whole == 0)
                return must(strdup("none"));
        return text_format("%s of %s", size_format(part, a), size_format(whole, b));
}

char *show_text(const json_t *object, const char *name)
{
        return text_show_json(field_text(object, name));
}

void show_json(const json_t *value, FILE *out)
{
        json_dumpf(value, out, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_ENCODE_ANY | JSON_REAL_PRECISION(12));
        fputc('\n', out);
}

char *show_utility(const json_t *cgroup)
{
        struct utility u = {
                .value = (uint16_t)u64_min(field_u64(cgroup, "utility"), UINT16_MAX),
                .tier = (uint8_t)u64_min(field_u64(cgroup, "tier"), UINT8_MAX),
                .protect = json_is_true(json_object_get(cgroup, "protected")),
        };
        char text[UTILITY_TEXT_MAX + 1];

        return must(strdup(utility_format(u, text)));
}

static char *path_text(const json_t *cgroup)
{
        return text_show_json(json_string_value(json_object_get(cgroup, "path")));
}

static void print_domain(const json_t *snapshot, FILE *out)
{
        const json_t *domain = json_object_get(snapshot, "domain");
        CLEANUP(free_p) char *path = path_text(domain), *when = text_time(field_u64(snapshot, "time_usec"));
        char part[SIZE_TEXT_MAX], whole[SIZE_TEXT_MAX];

        fprintf(out, "Domain %s", path);
        if (field_u64(snapshot, "time_usec"))
                fprintf(out, " at %s", when);
        fprintf(out, ": %s of %s available, ", size_format(field_u64(domain, "memory_available"), part),
                size_format(field_u64(domain, "memory_total"), whole));
        if (field_u64(domain, "swap_total"))
                fprintf(out, "%s of %s swap free.\n\n", size_format(field_u64(domain, "swap_free"), part),
                        size_format(field_u64(domain, "swap_total"), whole));
        else
                fputs("no swap.\n\n", out);
}

void show_snapshot(const json_t *snapshot, FILE *out, const struct term *term)
{
        static const struct column columns[] = {
                { "CONTAINER", CUT_FRONT, false },  { "NAME", CUT_AWAY, false },
                { "UTILITY", CUT_NEVER, true },     { "MEMORY", CUT_NEVER, true },
                { "RELIEF", CUT_NEVER, true },      { "SWAP", CUT_NEVER, true },
                { "OOM", CUT_NEVER, true },         { "PROCESSES", CUT_NEVER, true },
                { "MAY NOT DIE", CUT_END, false },
        };
        const json_t *cgroups = json_object_get(snapshot, "cgroups");
        struct table table;
        size_t index;
        json_t *cgroup;

        table_init(&table, columns, ARRAY_SIZE(columns));
        json_array_foreach(cgroups, index, cgroup) {
                const json_t *barred = json_object_get(cgroup, "barred");

                table_row(&table, barred ? STYLE_DIM : STYLE_PLAIN);
                table_cell(&table, path_text(cgroup));
                table_cell(&table, names_text(cgroup));
                table_cell(&table, show_utility(cgroup));
                table_size(&table, field_u64(cgroup, "memory"));
                table_size(&table, field_u64(cgroup, "relief"));
                table_size(&table, field_u64(cgroup, "swap"));
                table_number(&table, field_u64(cgroup, "oom_score"));
                table_number(&table, field_u64(cgroup, "processes"));
                table_cell(&table, text_show_json(barred ? field_text(cgroup, "barred") : ""));
        }
        print_domain(snapshot, out);
        table_print(&table, out, term);
        fprintf(out, "\n%zu cgroups", table.n_rows);
        if (field_u64(snapshot, "left_out"))
                fprintf(out, ", %llu more found no room", (unsigned long long)field_u64(snapshot, "left_out"));
        fputs(".\n", out);
        table_fini(&table);
}

/* The cgroups of a snapshot are sorted by id only if someone sorted them; a plan of many has to be shown
 * all the same. */
static json_t *index_cgroups(const json_t *snapshot)
{
        json_t *index = must(json_object()), *cgroup;
        size_t i;

        json_array_foreach(json_object_get(snapshot, "cgroups"), i, cgroup) {
                char key[24];

                snprintf(key, sizeof(key), "%llu", (unsigned long long)field_u64(cgroup, "id"));
                json_object_set(index, key, cgroup);
        }
        return index;
}

/* What the snapshot says of an entry's cgroup, or NULL. Borrowed. */
static const json_t *look_up(const json_t *index, const json_t *entry)
{
        char key[24];

        snprintf(key, sizeof(key), "%llu", (unsigned long long)field_u64(entry, "id"));
        return json_object_get(index, key);
}

/* A weight counts bytes, or points where memory is not weighed, which no plan says. Where it is, nothing
 * weighs less than its memory; and points of fewer than a thousand processes never come to a megabyte. */
static bool counts_points(const json_t *plan, const json_t *index)
{
        const json_t *lists[] = { json_object_get(plan, "victims"), json_object_get(plan, "kept") };
        bool lighter = false;
        uint64_t total = 0;
        json_t *entry;
        size_t i;

        for (size_t l = 0; l < ARRAY_SIZE(lists); l++)
                json_array_foreach(lists[l], i, entry) {
                        const json_t *cgroup = look_up(index, entry);
                        uint64_t weight = field_u64(entry, "weight");

                        lighter = lighter || !cgroup || weight < field_u64(cgroup, "memory");
                        total = u64_add(total, weight);
                }
        return lighter && total < MIB;
}

/* New. */
static char *weight_text(uint64_t weight, bool points)
{
        char text[SIZE_TEXT_MAX];

        if (points)
                return text_format("%llu", (unsigned long long)weight);
        return must(strdup(size_format(weight, text)));
}

/* What the rows of a plan have in common. */
struct entries {
        struct table table;
        const json_t *plan, *fates;
        json_t *index;          /* owned */
        bool points;
};

/* Of whoever was planned why he goes, of the kept their own reason, unless it did not hold. */
static const char *why_text(const struct entries *e, const json_t *entry, bool shed, const char *fate)
{
        if (shed)
                return strcmp(field_text(e->plan, "verdict"), "insufficient") == 0 ? "all must go"
                                                                                    : "costs the least";
        return fate[0] ? "chosen later" : field_text(entry, "why");
}

static void add_entry(struct entries *e, const json_t *entry, bool shed)
{
        const json_t *cgroup = look_up(e->index, entry), *told = look_up(e->fates, entry);
        const char *fate = told ? json_string_value(told) : "";
        struct table *t = &e->table;

        table_row(t, shed || fate[0] ? STYLE_RED : STYLE_PLAIN);
        table_cell(t, text_show_json(fate[0] ? fate : shed ? "shed" : "kept"));
        table_cell(t, path_text(entry));
        table_cell(t, names_text(entry));
        table_cell(t, show_utility(cgroup ? cgroup : entry));
        if (cgroup) {
                table_size(t, field_u64(cgroup, "memory"));
                table_cell(t, field_u64(cgroup, "swap") ? show_size(cgroup, "swap") : must(strdup("")));
                table_number(t, field_u64(cgroup, "oom_score"));
        } else {
                table_cell(t, must(strdup("-")));
                table_cell(t, must(strdup("")));
                table_cell(t, must(strdup("-")));
        }
        table_cell(t, weight_text(field_u64(entry, "weight"), e->points));
        table_size(t, field_u64(entry, "relief"));
        table_cell(t, text_show_json(why_text(e, entry, shed, fate)));
}

void show_entries(const json_t *plan, const json_t *snapshot, const json_t *fates, FILE *out,
                  const struct term *term)
{
        static const struct column columns[] = {
                { "FATE", CUT_NEVER, false },  { "CONTAINER", CUT_FRONT, false },
                { "NAME", CUT_AWAY, false },   { "UTILITY", CUT_NEVER, true },
                { "MEMORY", CUT_NEVER, true }, { "SWAP", CUT_AWAY, true },
                { "OOM", CUT_NEVER, true },    { "WEIGHT", CUT_NEVER, true },
                { "RELIEF", CUT_NEVER, true }, { "WHY", CUT_END, false },
        };
        struct entries e = { .plan = plan, .fates = fates, .index = index_cgroups(snapshot) };
        json_t *entry;
        size_t i;

        e.points = counts_points(plan, e.index);
        table_init(&e.table, columns, ARRAY_SIZE(columns));
        json_array_foreach(json_object_get(plan, "victims"), i, entry)
                add_entry(&e, entry, true);
        json_array_foreach(json_object_get(plan, "kept"), i, entry)
                add_entry(&e, entry, false);
        table_print(&e.table, out, term);
        table_fini(&e.table);
        json_decref(e.index);
}

/* What the numbers mean, in a sentence. */
static void print_verdict(const json_t *plan, const json_t *snapshot, FILE *out)
{
        const char *verdict = field_text(plan, "verdict");
        size_t n_victims = show_count(plan, "victims"), n = n_victims + show_count(plan, "kept");
        json_t *index = index_cgroups(snapshot);
        bool points = counts_points(plan, index);
        CLEANUP(free_p) char *total = weight_text(field_u64(plan, "weight_total"), points);
        CLEANUP(free_p) char *capacity = weight_text(field_u64(plan, "capacity"), points);
        char need[SIZE_TEXT_MAX], relief[SIZE_TEXT_MAX], took[DURATION_TEXT_MAX];
        unsigned long long lost = field_u64(plan, "utility_lost"), bound = field_u64(plan, "bound");
        bool enough = strcmp(verdict, "act") == 0;

        json_decref(index);
        size_format(field_u64(plan, "need"), need);
        size_format(field_u64(plan, "relief"), relief);
        if (strcmp(verdict, "calm") == 0) {
                fprintf(out, "Calm: %s, nobody goes.\n",
                        field_u64(plan, "need") ? "all of it fits the capacity" : "nothing is needed");
                return;
        }
        if (strcmp(verdict, "no-candidate") == 0) {
                fprintf(out, "No candidate: %s are needed, and nothing may die.\n", need);
                return;
        }
        fprintf(out, "%s: %s are needed; shedding %zu of %zu frees %s and loses a utility of %llu",
                enough ? "Act" : "Insufficient", need, n_victims, n, relief, lost);
        if (enough && strcmp(field_text(plan, "proof"), "optimal") == 0)
                fprintf(out, ", the least possible");
        else if (enough)
                fprintf(out, "; no plan loses less than %llu", bound);
        fprintf(out, ".\nWeight: %s in all, of which %s may stay. Decided in %s.\n", total, capacity,
                duration_format(field_u64(plan, "solve_usec"), took));
}

void show_plan(const json_t *plan, const json_t *snapshot, FILE *out, const struct term *term)
{
        if (snapshot)
                print_domain(snapshot, out);
        show_entries(plan, snapshot, NULL, out, term);
        fputc('\n', out);
        print_verdict(plan, snapshot, out);
}
