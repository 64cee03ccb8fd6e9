/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From facts to weight and relief, sizes that cannot be true among them. */
#include <criterion/criterion.h>

#include "base/base.h"
#include "decide/price.h"

#define TOTAL (1000 * MIB)      /* a point weighs 1 MiB */
#define SWAP  (200 * MIB)

static const struct {
        const char *label;
        bool weigh_memory;
        uint64_t unit;          /* bytes per point; 0: a thousandth */
        bool swap_short;
        uint64_t memory, relief, swap, oom_score;
        uint64_t weight, freed;
} cases[] = {
        { "nothing", true, 0, false, 0, 0, 0, 0, 0, 0 },
        { "memory alone", true, 0, false, 100 * MIB, 80 * MIB, 0, 0, 100 * MIB, 80 * MIB },
        { "a point is a thousandth", true, 0, false, 100 * MIB, 80 * MIB, 0, 1, 101 * MIB, 80 * MIB },
        { "many points", true, 0, false, 100 * MIB, 80 * MIB, 0, 334, 434 * MIB, 80 * MIB },
        { "a point is what was asked for", true, 4096, false, 100 * MIB, 80 * MIB, 0, 10, 100 * MIB + 40960,
          80 * MIB },
        { "the report's weight: the score alone", false, 1, false, 100 * MIB, 80 * MIB, 0, 906, 906,
          80 * MIB },
        { "the score alone, in thousandths", false, 0, false, 100 * MIB, 80 * MIB, 0, 2, 2 * MIB, 80 * MIB },
        { "swap is not what is short", true, 0, false, 100 * MIB, 80 * MIB, 50 * MIB, 0, 100 * MIB,
          80 * MIB },
        { "swap is short", true, 0, true, 100 * MIB, 80 * MIB, 50 * MIB, 0, 100 * MIB, 130 * MIB },
        { "swap alone", true, 0, true, 0, 0, 50 * MIB, 0, 0, 50 * MIB },

        { "more memory than there is", true, 0, false, 5000 * MIB, 80 * MIB, 0, 0, TOTAL, 80 * MIB },
        { "more relief than memory", true, 0, false, 100 * MIB, 5000 * MIB, 0, 0, 100 * MIB, TOTAL },
        { "more swap than there is", true, 0, true, 0, 0, 5000 * MIB, 0, 0, SWAP },
        { "a score beyond all memory", true, 0, false, 0, 0, 0, 5000, TOTAL + SWAP, 0 },
        { "everything at its largest", true, UINT64_MAX, true, UINT64_MAX, UINT64_MAX, UINT64_MAX,
          UINT64_MAX, TOTAL + TOTAL + SWAP, TOTAL + SWAP },
        { "the score times the unit over 64 bits", false, UINT64_C(1) << 40, false, 0, 0, 0,
          UINT64_C(1) << 40, TOTAL + SWAP, 0 },
};

Test(price, of_a_cgroup)
{
        const struct domain_facts facts = { .memory_total = TOTAL, .swap_total = SWAP };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const struct policy policy = {
                        .weigh_memory = cases[i].weigh_memory,
                        .oom_score_unit = cases[i].unit,
                };
                const struct snapshot_cgroup c = {
                        .memory = cases[i].memory,
                        .relief = cases[i].relief,
                        .swap = cases[i].swap,
                        .oom_score = cases[i].oom_score,
                };
                struct price p = price_of(&c, &facts, cases[i].swap_short, &policy);

                cr_expect_eq(p.weight, cases[i].weight, "%s: weight %lu", cases[i].label, p.weight);
                cr_expect_eq(p.relief, cases[i].freed, "%s: relief %lu", cases[i].label, p.relief);
        }
}

/* A domain of which nothing is known must not divide by zero, nor give anyone a weight that matters. */
Test(price, domain_of_nothing)
{
        const struct domain_facts facts = { 0 };
        const struct snapshot_cgroup c = { .memory = GIB, .relief = GIB, .swap = GIB, .oom_score = 1000 };
        struct price p = price_of(&c, &facts, true, &policy_default);

        cr_expect_leq(p.weight, 2, "weight %lu", p.weight);
        cr_expect_leq(p.relief, 1, "relief %lu", p.relief);
}

/* More of anything never weighs less. */
Test(price, monotone)
{
        const struct domain_facts facts = { .memory_total = TOTAL, .swap_total = SWAP };

        for (unsigned seed = 1; seed <= 5000; seed++) {
                unsigned dice = seed;
                struct snapshot_cgroup c = {
                        .memory = (uint64_t)rand_r(&dice), .relief = (uint64_t)rand_r(&dice),
                        .swap = (uint64_t)rand_r(&dice), .oom_score = (uint64_t)rand_r(&dice) % 2000,
                };
                struct price before = price_of(&c, &facts, true, &policy_default), after;

                c.memory += (uint64_t)rand_r(&dice);
                c.relief += (uint64_t)rand_r(&dice);
                c.swap += (uint64_t)rand_r(&dice);
                c.oom_score += (uint64_t)rand_r(&dice) % 2000;
                after = price_of(&c, &facts, true, &policy_default);
                cr_expect(after.weight >= before.weight && after.relief >= before.relief, "seed %u", seed);
        }
}
