/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshots: order, duplicates, and what happens when room runs out. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "decide/snapshot.h"

static void add_id(struct snapshot *s, uint64_t id)
{
        char path[32];
        struct snapshot_cgroup *c;

        snprintf(path, sizeof(path), "/cgroup-%lu", id);
        c = snapshot_add(s, id, path);
        cr_assert(c, "no room for %lu", id);
        c->memory = id * 1000;
}

/* Sorted, each id once, and every entry with the path and the numbers it came with. */
static void expect_sorted(const struct snapshot *s, const char *label)
{
        for (size_t i = 0; i < s->n; i++) {
                const struct snapshot_cgroup *c = &s->cgroups[i];
                char path[32];

                snprintf(path, sizeof(path), "/cgroup-%lu", c->id);
                cr_expect(i == 0 || s->cgroups[i - 1].id < c->id, "%s: %lu at %zu", label, c->id, i);
                cr_expect_str_eq(snapshot_path(s, c), path, "%s", label);
                cr_expect_eq(c->memory, c->id * 1000, "%s: the numbers of %lu", label, c->id);
                cr_expect_eq(snapshot_find(s, c->id), c, "%s: %lu is not found", label, c->id);
        }
}

static const struct {
        const char *label;
        size_t n, kept;
        uint64_t ids[12];
} orders[] = {
        { "none", 0, 0, { 0 } },
        { "one", 1, 1, { 5 } },
        { "two", 2, 2, { 1, 2 } },
        { "two, backwards", 2, 2, { 2, 1 } },
        { "sorted", 6, 6, { 1, 2, 3, 4, 5, 6 } },
        { "backwards", 7, 7, { 7, 6, 5, 4, 3, 2, 1 } },
        { "mixed", 9, 9, { 3, 9, 1, 7, 5, 2, 8, 6, 4 } },
        { "twice", 2, 1, { 4, 4 } },
        { "all alike", 5, 1, { 4, 4, 4, 4, 4 } },
        { "some twice", 8, 5, { 3, 1, 3, 2, 1, 5, 4, 5 } },
        { "the extremes", 4, 4, { UINT64_MAX, 0, UINT64_MAX - 1, 1 } },
};

Test(snapshot, sorts_and_drops_duplicates)
{
        struct snapshot s;

        cr_assert_eq(snapshot_init(&s, 12, 4096), 0);
        for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
                snapshot_reset(&s, "/");
                for (size_t j = 0; j < orders[i].n; j++) {
                        char path[32];

                        snprintf(path, sizeof(path), "/cgroup-%lu", orders[i].ids[j]);
                        snapshot_add(&s, orders[i].ids[j], path)->memory = orders[i].ids[j] * 1000;
                }
                snapshot_sort(&s);
                cr_expect_eq(s.n, orders[i].kept, "%s: %zu kept", orders[i].label, s.n);
                cr_expect_eq(s.left_out, 0, "%s: a duplicate is not left out", orders[i].label);
                expect_sorted(&s, orders[i].label);
        }
        snapshot_fini(&s);
}

Test(snapshot, sorts_random_ids)
{
        struct snapshot s;

        cr_assert_eq(snapshot_init(&s, 300, 8192), 0);
        for (unsigned seed = 1; seed <= 300; seed++) {
                unsigned dice = seed, range = 1 + (unsigned)rand_r(&dice) % 400;
                size_t n = (size_t)rand_r(&dice) % 301, distinct = 0;
                bool seen[400] = { false };
                char label[32];

                snapshot_reset(&s, "/");
                for (size_t i = 0; i < n; i++) {
                        unsigned id = (unsigned)rand_r(&dice) % range;

                        add_id(&s, id);
                        distinct += !seen[id];
                        seen[id] = true;
                }
                snapshot_sort(&s);
                snprintf(label, sizeof(label), "seed %u", seed);
                cr_expect_eq(s.n, distinct, "%s: %zu of %zu", label, s.n, distinct);
                expect_sorted(&s, label);
                for (unsigned id = 0; id < range; id++)
                        cr_expect_eq(snapshot_find(&s, id) != NULL, seen[id], "%s: finding %u", label, id);
                cr_expect_null(snapshot_find(&s, UINT64_MAX), "%s", label);
        }
        snapshot_fini(&s);
}

Test(snapshot, no_room_for_another)
{
        struct snapshot s;

        cr_assert_eq(snapshot_init(&s, 2, 4096), 0);
        add_id(&s, 2);
        add_id(&s, 1);
        cr_expect_null(snapshot_add(&s, 3, "/c"));
        cr_expect_null(snapshot_add(&s, 4, "/d"));
        cr_expect_eq(s.n, 2);
        cr_expect_eq(s.left_out, 2, "counted: %u", s.left_out);
        snapshot_sort(&s);
        expect_sorted(&s, "full");
        snapshot_fini(&s);
}

/* The bytes of paths run out before the entries do; a shorter path may still find room. */
Test(snapshot, no_room_for_a_path)
{
        struct snapshot s;

        cr_assert_eq(snapshot_init(&s, 8, 8), 0);
        cr_expect(snapshot_add(&s, 1, "/abc"), "5 of 8 bytes");
        cr_expect_null(snapshot_add(&s, 2, "/ab"), "4 of 3 bytes");
        cr_expect(snapshot_add(&s, 3, "/a"), "3 of 3 bytes");
        cr_expect_null(snapshot_add(&s, 4, ""), "1 of 0 bytes");
        cr_expect_eq(s.n, 2);
        cr_expect_eq(s.left_out, 2);
        cr_expect_str_eq(snapshot_path(&s, &s.cgroups[0]), "/abc");
        cr_expect_str_eq(snapshot_path(&s, &s.cgroups[1]), "/a");
        snapshot_fini(&s);
}

Test(snapshot, reset_forgets_everything_but_the_room)
{
        struct snapshot s;

        cr_assert_eq(snapshot_init(&s, 1, 32), 0);
        add_id(&s, 7);
        snapshot_add(&s, 8, "/x");
        s.facts.memory_total = 1;
        s.time_us = 1;
        snapshot_reset(&s, "/other");
        cr_expect(s.n == 0 && s.left_out == 0 && s.names_len == 0 && s.time_us == 0 &&
                  s.facts.memory_total == 0);
        cr_expect_str_eq(s.domain, "/other");
        cr_expect_null(snapshot_find(&s, 7));
        add_id(&s, 9);
        cr_expect_eq(s.cgroups[0].oom_score, 0, "a new entry is zeroed");
        snapshot_fini(&s);
        cr_expect_null(s.cgroups, "a second fini is harmless");
        snapshot_fini(&s);
}

Test(snapshot, new_entries_are_zeroed)
{
        static const struct snapshot_cgroup zero = { .id = 5 };
        struct snapshot s;

        cr_assert_eq(snapshot_init(&s, 1, 32), 0);
        memset(s.cgroups, 0xff, sizeof(*s.cgroups));
        cr_assert(snapshot_add(&s, 5, "/a"));
        cr_expect(memcmp(&s.cgroups[0], &zero, sizeof(zero)) == 0);
        snapshot_fini(&s);
}

Test(snapshot, every_bar_has_a_name)
{
        for (int b = 0; b < BARRED_N; b++)
                for (int other = 0; other < b; other++)
                        cr_expect_str_neq(barred_name((enum barred)b), barred_name((enum barred)other));
        cr_expect_str_eq(barred_name(BARRED_LABEL), "protected by its label");
        cr_expect_str_eq(barred_name(BARRED_N), "unknown");
        cr_expect_str_eq(barred_name((enum barred)-1), "unknown");
}
