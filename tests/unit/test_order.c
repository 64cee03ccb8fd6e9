/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order for the case that nobody will be there to decide. */
#include <criterion/criterion.h>

#include "base/base.h"
#include "decide/order.h"

static struct snapshot snapshot;

static void add(uint64_t id, unsigned tier, unsigned value, uint64_t mib)
{
        struct snapshot_cgroup *c = snapshot_add(&snapshot, id, "/x");

        cr_assert(c);
        c->memory = c->relief = mib * MIB;
        c->utility = (struct utility){ .tier = (uint8_t)tier, .value = (uint16_t)value };
}

static void setup(void)
{
        cr_assert_eq(snapshot_init(&snapshot, 128, 1024), 0);
        snapshot_reset(&snapshot, "/");
        snapshot.facts.memory_total = 64 * GIB;
}

static void teardown(void)
{
        snapshot_fini(&snapshot);
}

TestSuite(order, .init = setup, .fini = teardown);

static void expect_order(const uint64_t *ids, size_t n, size_t n_max)
{
        uint32_t indices[128];

        cr_assert_eq(order_make(&snapshot, indices, n_max), n);
        for (size_t i = 0; i < n; i++)
                cr_expect_eq(snapshot.cgroups[indices[i]].id, ids[i], "place %zu: %lu", i,
                             snapshot.cgroups[indices[i]].id);
}

Test(order, by_tier_utility_size_id)
{
        static const uint64_t ids[] = { 7, 2, 3, 6, 5, 1, 4 };

        add(1, 1, 0, 500);              /* a higher tier, though worth nothing in it */
        add(2, 0, 5, 900);
        add(3, 0, 5, 300);              /* as large as 6, to a power of two */
        add(4, 2, 7, 100);
        add(5, 0, 90, 2000);
        add(6, 0, 5, 400);
        add(7, 0, 0, 1);                /* small, but the order goes by worth */
        expect_order(ids, ARRAY_SIZE(ids), 128);
}

Test(order, leaves_out_who_must_not_die_and_who_frees_nothing)
{
        static const uint64_t ids[] = { 3, 4 };

        add(1, 0, 1, 100);
        add(2, 0, 1, 0);
        add(3, 0, 9, 100);
        add(4, 0, 10, 0);
        snapshot.cgroups[0].barred = BARRED_LABEL;
        snapshot.cgroups[3].swap = MIB;         /* freed swap lets others be swapped out */
        expect_order(ids, ARRAY_SIZE(ids), 128);
}

Test(order, keeps_the_cheapest_when_there_is_no_room_for_all)
{
        static const uint64_t ids[] = { 100, 99, 98 };

        for (uint64_t id = 1; id <= 100; id++)
                add(id, 0, 200 - (unsigned)id, 10);
        expect_order(ids, ARRAY_SIZE(ids), 3);
        expect_order(ids, 0, 0);
}

Test(order, least_is_a_share_of_the_memory)
{
        cr_expect_eq(order_least(&snapshot), GIB);
}
