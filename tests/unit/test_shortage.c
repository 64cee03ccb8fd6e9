/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When memory is short, by whose word, and how much of it. The rows use a policy of round numbers; the
 * defaults have their own. */
#include <criterion/criterion.h>

#include "base/base.h"
#include "decide/shortage.h"

#define SHARE(percent)        { .permyriad = (percent) * 100, .bytes = UINT64_MAX }
#define CAPPED(percent, size) { .permyriad = (percent) * 100, .bytes = (size) }

/* Of 1000 MiB: armed below 300, short below 100, restored to 150; stalls count below 200. Swap: short below a
 * tenth, restored to 15 %. */
static const struct policy plain = {
        .arm_available = SHARE(30),
        .act_available = SHARE(10),
        .act_swap = SHARE(10),
        .target_available = SHARE(15),
        .target_swap = SHARE(15),
        .stall_available = SHARE(20),
        .stall_permyriad = 2000,
};

enum twist { PLAIN, NO_STALLS, STALL_REQUIRED, CAPS, TWIST_N };

static struct policy policy_of(enum twist twist)
{
        struct policy p = plain;

        if (twist == NO_STALLS)
                p.stall_permyriad = 0;
        p.stall_required = twist == STALL_REQUIRED;
        if (twist == CAPS) {    /* 40, 60 and 80 MiB: far below the shares of 1000 MiB */
                p.act_available = (struct amount)CAPPED(10, 40 * MIB);
                p.target_available = (struct amount)CAPPED(15, 60 * MIB);
                p.stall_available = (struct amount)CAPPED(20, 80 * MIB);
        }
        return p;
}

static const struct {
        const char *label;
        enum twist twist;
        uint64_t available, swap_total, swap_free;      /* MiB; memory_total is 1000 */
        uint32_t stall_permyriad;
        bool oom;
        enum level level;
        enum witness witness;
        uint64_t need;          /* MiB */
        bool swap_short;
} cases[] = {
        /* no swap */
        { "plenty", PLAIN, 900, 0, 0, 0, false, LEVEL_CALM, WITNESS_NONE, 0, false },
        { "at the arming line", PLAIN, 300, 0, 0, 0, false, LEVEL_CALM, WITNESS_NONE, 0, false },
        { "below the arming line", PLAIN, 299, 0, 0, 0, false, LEVEL_ARMED, WITNESS_NONE, 0, false },
        { "at the acting line", PLAIN, 100, 0, 0, 0, false, LEVEL_ARMED, WITNESS_NONE, 0, false },
        { "below the acting line", PLAIN, 99, 0, 0, 0, false, LEVEL_SHORT, WITNESS_AVAILABLE, 51, false },
        { "nothing left", PLAIN, 0, 0, 0, 0, false, LEVEL_SHORT, WITNESS_AVAILABLE, 150, false },
        { "more available than there is", PLAIN, 5000, 0, 0, 0, false, LEVEL_CALM, WITNESS_NONE, 0, false },

        /* swap */
        { "no memory, but swap", PLAIN, 50, 1000, 500, 0, false, LEVEL_ARMED, WITNESS_NONE, 0, false },
        { "no memory, swap at its line", PLAIN, 50, 1000, 100, 0, false, LEVEL_ARMED, WITNESS_NONE, 0, false },
        { "no memory, swap short", PLAIN, 50, 1000, 99, 0, false, LEVEL_SHORT, WITNESS_AVAILABLE, 100 + 51,
          true },
        { "no memory, no swap left", PLAIN, 0, 1000, 0, 0, false, LEVEL_SHORT, WITNESS_AVAILABLE, 150 + 150,
          true },
        { "swap short, but memory", PLAIN, 500, 1000, 0, 0, false, LEVEL_CALM, WITNESS_NONE, 0, false },
        { "swap short, armed", PLAIN, 200, 1000, 0, 0, false, LEVEL_ARMED, WITNESS_NONE, 0, false },
        { "more swap free than there is", PLAIN, 50, 1000, 9999, 0, false, LEVEL_ARMED, WITNESS_NONE, 0, false },

        /* stalls */
        { "stalled, with plenty", PLAIN, 900, 0, 0, 10000, false, LEVEL_CALM, WITNESS_NONE, 0, false },
        { "stalled, at the line for stalls", PLAIN, 200, 0, 0, 10000, false, LEVEL_ARMED, WITNESS_NONE, 0,
          false },
        { "stalled, below it", PLAIN, 180, 0, 0, 2000, false, LEVEL_SHORT, WITNESS_STALL, 20, false },
        { "stalled a little too little", PLAIN, 180, 0, 0, 1999, false, LEVEL_ARMED, WITNESS_NONE, 0, false },
        { "stalled and below the acting line", PLAIN, 50, 0, 0, 2000, false, LEVEL_SHORT, WITNESS_STALL, 150,
          false },
        { "stalled, with swap", PLAIN, 180, 1000, 500, 2000, false, LEVEL_SHORT, WITNESS_STALL, 20, false },
        { "stalled, with swap short", PLAIN, 180, 1000, 50, 2000, false, LEVEL_SHORT, WITNESS_STALL, 20 + 100,
          true },
        { "stalls do not count", NO_STALLS, 180, 0, 0, 10000, false, LEVEL_ARMED, WITNESS_NONE, 0, false },
        { "stalls do not count, memory does", NO_STALLS, 50, 0, 0, 10000, false, LEVEL_SHORT, WITNESS_AVAILABLE,
          100, false },
        { "only with stalls", STALL_REQUIRED, 0, 0, 0, 0, false, LEVEL_ARMED, WITNESS_NONE, 0, false },
        { "only with stalls, stalled", STALL_REQUIRED, 0, 0, 0, 2000, false, LEVEL_SHORT, WITNESS_STALL, 200,
          false },

        /* the kernel */
        { "the kernel ran out, with plenty", PLAIN, 900, 0, 0, 0, true, LEVEL_CALM, WITNESS_NONE, 0, false },
        { "the kernel ran out, at the line", PLAIN, 100, 0, 0, 0, true, LEVEL_ARMED, WITNESS_NONE, 0, false },
        { "the kernel ran out", PLAIN, 50, 0, 0, 0, true, LEVEL_SHORT, WITNESS_KERNEL, 100, false },
        { "the kernel ran out, with swap", PLAIN, 50, 1000, 500, 0, true, LEVEL_SHORT, WITNESS_KERNEL, 100, false },
        { "the kernel ran out, swap short", PLAIN, 50, 1000, 50, 0, true, LEVEL_SHORT, WITNESS_KERNEL, 200, true },
        { "the kernel ran out, stalled", PLAIN, 50, 0, 0, 5000, true, LEVEL_SHORT, WITNESS_KERNEL, 100, false },
        { "the kernel needs no stalls", STALL_REQUIRED, 50, 0, 0, 0, true, LEVEL_SHORT, WITNESS_KERNEL, 100,
          false },

        /* absolute parts */
        { "capped, above", CAPS, 40, 0, 0, 0, false, LEVEL_ARMED, WITNESS_NONE, 0, false },
        { "capped, below", CAPS, 39, 0, 0, 0, false, LEVEL_SHORT, WITNESS_AVAILABLE, 21, false },
        { "capped, stalled above", CAPS, 80, 0, 0, 10000, false, LEVEL_ARMED, WITNESS_NONE, 0, false },
        { "capped, stalled below", CAPS, 79, 0, 0, 10000, false, LEVEL_SHORT, WITNESS_STALL, 1, false },
};

Test(shortage, judged)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const struct policy p = policy_of(cases[i].twist);
                const struct domain_facts f = {
                        .memory_total = 1000 * MIB,
                        .memory_available = cases[i].available * MIB,
                        .swap_total = cases[i].swap_total * MIB,
                        .swap_free = cases[i].swap_free * MIB,
                };
                struct shortage s = shortage_judge(&f, cases[i].stall_permyriad, cases[i].oom, PERMYRIAD, &p);

                cr_expect_eq(s.level, cases[i].level, "%s: %s", cases[i].label, level_name(s.level));
                cr_expect_eq(s.witness, cases[i].witness, "%s: %s", cases[i].label, witness_name(s.witness));
                cr_expect_eq(s.need, cases[i].need * MIB, "%s: need %lu MiB and %lu", cases[i].label,
                             s.need / MIB, s.need % MIB);
                cr_expect_eq(s.swap_short, cases[i].swap_short, "%s: swap", cases[i].label);
        }
}

/* The line is the kernel's figure; what lies on the processors' lists does not lift it, and is not missing to the
 * target. */
Test(shortage, lists)
{
        static const struct {
                const char *label;
                uint64_t reported, lists;       /* MiB of 1000 */
                enum level level;
                uint64_t need, headroom;
        } rows[] = {
                { "none", 99, 0, LEVEL_SHORT, 51, 0 },
                { "a few", 99, 10, LEVEL_SHORT, 41, 0 },
                { "nearly up to the target", 99, 45, LEVEL_SHORT, 6, 0 },
                { "up to the target", 99, 51, LEVEL_SHORT, 1, 0 },
                { "past it", 50, 200, LEVEL_SHORT, 50, 0 },
                { "at the line", 100, 10, LEVEL_ARMED, 0, 0 },
                { "above it", 110, 10, LEVEL_ARMED, 0, 10 },
                { "nothing but lists", 0, 60, LEVEL_SHORT, 100, 0 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                const struct domain_facts f = {
                        .memory_total = 1000 * MIB,
                        .memory_available = (rows[i].reported + rows[i].lists) * MIB,
                        .memory_lists = rows[i].lists * MIB,
                };
                struct shortage s = shortage_judge(&f, 0, false, PERMYRIAD, &plain);

                cr_expect_eq(s.level, rows[i].level, "%s: %s", rows[i].label, level_name(s.level));
                cr_expect_eq(s.need, rows[i].need * MIB, "%s: need %lu MiB", rows[i].label, s.need / MIB);
                cr_expect_eq(shortage_headroom(&f, &plain), rows[i].headroom * MIB, "%s: headroom %lu MiB",
                             rows[i].label, shortage_headroom(&f, &plain) / MIB);
        }
}

/* A part of the way, from the line and not from where memory is. */
Test(shortage, reaches)
{
        static const struct {
                const char *label;
                uint64_t available, swap_free;  /* MiB of 1000 each */
                uint32_t stall, reach;
                uint64_t need;
        } rows[] = {
                { "no step", 90, 1000, 0, 0, 10 },
                { "a quarter", 90, 1000, 0, 2500, 22 },
                { "half", 90, 1000, 0, 5000, 35 },
                { "all", 90, 1000, 0, 10000, 60 },
                { "a quarter of both", 90, 80, 0, 2500, 55 },
                { "all of both", 90, 80, 0, 10000, 60 + 70 },
                { "stalls know no steps", 90, 1000, 5000, 2500, 110 },
                { "nor where swap is short", 90, 80, 5000, 2500, 110 + 70 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                const struct domain_facts f = {
                        .memory_total = 1000 * MIB,
                        .memory_available = rows[i].available * MIB,
                        .swap_total = rows[i].swap_free < 1000 ? 1000 * MIB : 0,
                        .swap_free = rows[i].swap_free % 1000 * MIB,
                };
                struct shortage s = shortage_judge(&f, rows[i].stall, false, rows[i].reach, &plain);

                cr_expect_eq(s.level, LEVEL_SHORT, "%s", rows[i].label);
                cr_expect_eq(s.need / MIB, rows[i].need, "%s: need %lu MiB", rows[i].label, s.need / MIB);
        }
}

/* The facts as they will be on the line; what is short already stays as it is. */
Test(shortage, ahead)
{
        struct domain_facts f = { .memory_total = 1000 * MIB, .memory_available = 400 * MIB, .memory_lists = 7 * MIB,
                                  .swap_total = 1000 * MIB, .swap_free = 500 * MIB };
        struct shortage s = shortage_ahead(&f, &plain), judged;
        uint64_t need = shortage_need(&f, s.witness, s.swap_short, PERMYRIAD, &plain);

        cr_expect_eq(shortage_available(&f), 100 * MIB);
        cr_expect_eq(f.swap_free, 100 * MIB);
        cr_expect(s.level == LEVEL_SHORT && s.witness == WITNESS_AVAILABLE && s.swap_short);
        f.memory_available--;
        f.swap_free--;
        judged = shortage_judge(&f, 0, false, PERMYRIAD, &plain);
        cr_expect(judged.level == s.level && judged.swap_short && judged.need - need <= 2);

        f.memory_available = 50 * MIB;
        f.swap_total = f.swap_free = 0;
        s = shortage_ahead(&f, &plain);
        cr_expect(f.memory_available == 50 * MIB && !s.swap_short);
}

/* Whether swap is short is a matter of the facts, whether or not a witness speaks. */
Test(shortage, given)
{
        struct domain_facts f = { .memory_total = 1000 * MIB, .memory_available = 900 * MIB,
                                  .swap_total = 1000 * MIB, .swap_free = 50 * MIB };
        struct shortage s = shortage_given(&f, MIB, &plain);

        cr_expect_eq(s.level, LEVEL_SHORT);
        cr_expect_eq(s.need, MIB);
        cr_expect(s.swap_short);
        f.swap_free = 500 * MIB;
        cr_expect_not(shortage_given(&f, MIB, &plain).swap_short);
        cr_expect_eq(shortage_given(&f, 0, &plain).level, LEVEL_CALM);
}

/* Once they count, the line is compared with all of it. */
Test(shortage, lists_that_count)
{
        const struct domain_facts f = { .memory_total = 1000 * MIB, .memory_available = 105 * MIB,
                                        .memory_lists = 10 * MIB, .lists_count = true };

        cr_expect_eq(shortage_available(&f), 105 * MIB);
        cr_expect_eq(shortage_judge(&f, 0, false, PERMYRIAD, &plain).level, LEVEL_ARMED);
}

/* The need by itself, for whoever has heard a witness that the judge does not. */
Test(shortage, need_by_witness)
{
        static const struct {
                const char *label;
                enum witness witness;
                uint64_t available, swap_free;  /* MiB; of 1000 each */
                bool swap_short;
                uint64_t need;
        } needs[] = {
                { "the kernel's killer, with plenty", WITNESS_KERNEL, 900, 900, false, 0 },
                { "the kernel's killer", WITNESS_KERNEL, 20, 900, false, 130 },
                { "no witness", WITNESS_NONE, 20, 900, false, 130 },
                { "stalls", WITNESS_STALL, 20, 900, false, 180 },
                { "swap does not count", WITNESS_AVAILABLE, 20, 0, false, 130 },
                { "swap counts", WITNESS_AVAILABLE, 20, 0, true, 280 },
                { "swap counts, and has enough", WITNESS_AVAILABLE, 20, 150, true, 130 },
                { "memory above its target makes up for swap", WITNESS_AVAILABLE, 200, 120, true, 0 },
                { "and for a part of it", WITNESS_AVAILABLE, 200, 20, true, 80 },
                { "swap does not make up for the line", WITNESS_AVAILABLE, 20, 1000, true, 130 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
                const struct domain_facts f = {
                        .memory_total = 1000 * MIB,
                        .memory_available = needs[i].available * MIB,
                        .swap_total = 1000 * MIB,
                        .swap_free = needs[i].swap_free * MIB,
                };
                uint64_t need = shortage_need(&f, needs[i].witness, needs[i].swap_short, PERMYRIAD, &plain);

                cr_expect_eq(need, needs[i].need * MIB, "%s: %lu MiB", needs[i].label, need / MIB);
        }
}

/* On a host of a terabyte the default lines are absolute: act below 4 GiB, restore 6, believe stalls below 8.
 */
Test(shortage, defaults_on_small_and_large_hosts)
{
        static const struct {
                const char *label;
                uint64_t total, act, target, stall;
        } hosts[] = {
                { "10 GiB", 10 * GIB, GIB, 10 * GIB * 15 / 100, 2 * GIB },
                { "40 GiB: the shares and the caps meet", 40 * GIB, 4 * GIB, 6 * GIB, 8 * GIB },
                { "1 TiB", 1024 * GIB, 4 * GIB, 6 * GIB, 8 * GIB },
        };

        for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
                struct domain_facts f = { .memory_total = hosts[i].total, .memory_available = hosts[i].act };
                struct shortage s = shortage_judge(&f, 0, false, PERMYRIAD, &policy_default);

                cr_expect_eq(s.level, LEVEL_ARMED, "%s: at the line", hosts[i].label);
                f.memory_available--;
                s = shortage_judge(&f, 0, false, PERMYRIAD, &policy_default);
                cr_expect_eq(s.level, LEVEL_SHORT, "%s: below it", hosts[i].label);
                cr_expect_eq(s.need, hosts[i].target - f.memory_available, "%s: need %lu", hosts[i].label,
                             s.need);
                f.memory_available = hosts[i].stall - 1;
                s = shortage_judge(&f, policy_default.stall_permyriad, false, PERMYRIAD, &policy_default);
                cr_expect_eq(s.need, 1, "%s: stalled, need %lu", hosts[i].label, s.need);
        }
}

/* What a round has restored is calm again: with the need freed, the same judge finds no shortage. */
Test(shortage, need_is_enough)
{
        for (unsigned seed = 1; seed <= 5000; seed++) {
                unsigned dice = seed;
                struct domain_facts f = { .memory_total = (1 + (uint64_t)rand_r(&dice) % 100000) * MIB };
                uint32_t stall = (uint32_t)rand_r(&dice) % 10001, reach = (uint32_t)rand_r(&dice) % 10001;
                struct shortage s;

                f.memory_available = u64_scale(f.memory_total, (uint64_t)rand_r(&dice) % 10001, 20000);
                s = shortage_judge(&f, stall, false, reach, &policy_default);
                if (s.level != LEVEL_SHORT) {
                        cr_expect_eq(s.need, 0, "seed %u: need without shortage", seed);
                        continue;
                }
                f.memory_available += s.need;
                s = shortage_judge(&f, stall, false, reach, &policy_default);
                cr_expect_neq(s.level, LEVEL_SHORT, "seed %u: still short of %lu", seed, s.need);
        }
}

/* Less memory is never less need, and never a calmer level. */
Test(shortage, less_memory_never_calms)
{
        struct domain_facts f = { .memory_total = 1000 * MIB,
                                  .swap_total = 500 * MIB,
                                  .swap_free = 20 * MIB };
        struct shortage before = { .level = LEVEL_CALM };

        for (uint64_t available = 1000; available-- > 0;) {
                struct shortage s;

                f.memory_available = available * MIB;
                s = shortage_judge(&f, 3000, false, PERMYRIAD, &plain);
                cr_expect_geq(s.level, before.level, "%lu MiB: %s", available, level_name(s.level));
                cr_expect_geq(s.need, before.need, "%lu MiB: need %lu", available, s.need);
                before = s;
        }
}

static const struct {
        const char *label;
        uint64_t available, swap_total, swap_free, headroom;    /* MiB */
} rooms[] = {
        { "plenty: to the arming line", 900, 0, 0, 600 },
        { "just above it", 301, 0, 0, 1 },
        { "at it: to the acting line", 300, 0, 0, 200 },
        { "armed", 150, 0, 0, 50 },
        { "short", 50, 0, 0, 0 },
        { "armed, with more room in swap", 150, 1000, 900, 800 },
        { "armed, with less room in swap", 290, 1000, 150, 190 },
        { "memory gone, swap not", 0, 1000, 900, 800 },
        { "both gone", 0, 1000, 50, 0 },
        { "plenty, swap full", 900, 1000, 0, 600 },
};

Test(shortage, headroom)
{
        for (size_t i = 0; i < ARRAY_SIZE(rooms); i++) {
                const struct domain_facts f = {
                        .memory_total = 1000 * MIB,
                        .memory_available = rooms[i].available * MIB,
                        .swap_total = rooms[i].swap_total * MIB,
                        .swap_free = rooms[i].swap_free * MIB,
                };
                uint64_t headroom = shortage_headroom(&f, &plain);

                cr_expect_eq(headroom, rooms[i].headroom * MIB, "%s: %lu MiB", rooms[i].label,
                             headroom / MIB);
        }
}

/* Whatever is allocated, as long as it is less than the headroom, crosses no line without stalls. */
Test(shortage, headroom_is_safe)
{
        for (unsigned seed = 1; seed <= 5000; seed++) {
                unsigned dice = seed;
                struct domain_facts f = { .memory_total = 1000 * MIB, .swap_total = 400 * MIB };
                enum level before;
                uint64_t used, from_memory;

                f.memory_available = (uint64_t)rand_r(&dice) % 1000 * MIB;
                f.swap_free = (uint64_t)rand_r(&dice) % 400 * MIB;
                before = shortage_judge(&f, 0, false, PERMYRIAD, &plain).level;
                if (before == LEVEL_SHORT)
                        continue;
                used = u64_scale(shortage_headroom(&f, &plain), (uint64_t)rand_r(&dice) % 10001, 10000);
                from_memory =
                        u64_min(u64_scale(used, (uint64_t)rand_r(&dice) % 10001, 10000), f.memory_available);
                f.memory_available -= from_memory;
                f.swap_free -= u64_min(used - from_memory, f.swap_free);
                cr_expect_neq(shortage_judge(&f, 0, false, PERMYRIAD, &plain).level, LEVEL_SHORT,
                              "seed %u: short after %lu MiB", seed, used / MIB);
        }
}

Test(shortage, every_level_and_witness_has_a_name)
{
        cr_expect_str_eq(level_name(LEVEL_CALM), "calm");
        cr_expect_str_eq(level_name(LEVEL_ARMED), "armed");
        cr_expect_str_eq(level_name(LEVEL_SHORT), "short");
        cr_expect_str_eq(level_name(LEVEL_N), "unknown");
        cr_expect_str_eq(witness_name(WITNESS_NONE), "none");
        cr_expect_str_eq(witness_name(WITNESS_AVAILABLE), "available");
        cr_expect_str_eq(witness_name(WITNESS_STALL), "stall");
        cr_expect_str_eq(witness_name(WITNESS_KERNEL), "kernel");
        cr_expect_str_eq(witness_name((enum witness)-1), "unknown");
}
