/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a round goes: small cases by hand, and laws for random ones. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "decide/reach.h"

#define ITEMS_MAX 10

struct item {
        uint64_t relief;        /* MiB */
        uint16_t value;
        uint8_t tier;
};

static struct snapshot snapshot;
static struct planner *planner;
static struct plan plan;

/* 1000 MiB, on the acting line: a quarter of the way is 25 MiB, all of it 100. */
static struct shortage begin(const struct item *items, size_t n, const struct policy *policy)
{
        cr_assert_eq(snapshot_init(&snapshot, ITEMS_MAX, 64), 0);
        cr_assert(planner = planner_new(ITEMS_MAX));
        cr_assert_eq(plan_init(&plan, ITEMS_MAX), 0);
        snapshot_reset(&snapshot, "/");
        snapshot.facts = (struct domain_facts){ .memory_total = 1000 * MIB, .memory_available = 300 * MIB };
        for (size_t i = 0; i < n; i++) {
                const char path[] = { '/', (char)('a' + i), '\0' };
                struct snapshot_cgroup *c = snapshot_add(&snapshot, i + 1, path);

                c->memory = c->relief = items[i].relief * MIB;
                c->utility = (struct utility){ items[i].value, items[i].tier, false };
        }
        return shortage_ahead(&snapshot.facts, policy);
}

static void finish(void)
{
        snapshot_fini(&snapshot);
        planner = planner_free(planner);
        plan_fini(&plan);
}

static struct policy hundred(void)
{
        struct policy policy = policy_default;

        policy.act_available = (struct amount){ UINT64_MAX, 1000 };
        policy.target_available = (struct amount){ UINT64_MAX, 2000 };
        return policy;
}

/* "ac": the paths of the victims, by id. */
static const char *victims(char text[ITEMS_MAX + 1])
{
        size_t n = 0;

        for (size_t i = 0; i < snapshot.n; i++)
                for (size_t k = 0; k < plan.n_victims; k++)
                        if (plan.entries[k].index == i)
                                text[n++] = snapshot_path(&snapshot, &snapshot.cgroups[i])[1];
        text[n] = '\0';
        return text;
}

static enum verdict ask(struct shortage *shortage, const struct loss *lost, const struct policy *policy, bool anew,
                        struct reach *reach)
{
        const struct reach_question question = { .snapshot = &snapshot, .policy = policy, .shortage = shortage,
                                                 .lost = lost, .anew = anew };

        return reach_plan(&plan, planner, &question, reach);
}

Test(reach, as_far_as_it_is_worth)
{
        static const struct {
                const char *label;
                struct item items[4];
                uint64_t lost;          /* of tier 0 */
                uint32_t reach;
                const char *victims;
        } rows[] = {
                { "nothing lost yet: the least", { { 30, 1, 0 }, { 100, 50, 0 } }, 0, 2500, "a" },
                { "further for nothing more", { { 30, 10, 0 }, { 100, 10, 0 } }, 0, 10000, "b" },
                { "what is worth nothing", { { 30, 0, 0 }, { 80, 0, 0 }, { 200, 5, 0 } }, 0, 10000, "ab" },
                { "twice of what was lost is enough", { { 30, 1, 0 }, { 100, 50, 0 } }, 25, 10000, "b" },
                { "and not", { { 30, 1, 0 }, { 100, 50, 0 } }, 24, 2500, "a" },
                { "for half of the way", { { 30, 1, 0 }, { 60, 20, 0 }, { 100, 50, 0 } }, 10, 5000, "b" },
                { "for three quarters", { { 30, 1, 0 }, { 60, 20, 0 }, { 100, 50, 0 } }, 11, 7500, "ab" },
                { "no higher tier for it", { { 30, 1, 0 }, { 100, 1, 1 } }, 500, 2500, "a" },
                { "a higher tier that has to give", { { 10, 1, 0 }, { 100, 5, 1 } }, 0, 10000, "b" },
                { "it does not reach at all", { { 10, 1, 0 } }, 0, 2500, "a" },
                { "it does not reach farther", { { 30, 1, 0 }, { 30, 1, 0 } }, 100, 5000, "ab" },
                { "nobody", { { 0 } }, 100, 2500, "" },
        };
        struct policy policy = hundred();

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct loss lost = { .utility = { rows[i].lost } };
                struct reach reach = reach_shortest(&policy);
                char text[ITEMS_MAX + 1];
                size_t n = 0;

                while (n < ARRAY_SIZE(rows[i].items) && rows[i].items[n].relief > 0)
                        n++;
                struct shortage shortage = begin(rows[i].items, n, &policy);
                ask(&shortage, &lost, &policy, true, &reach);
                cr_expect_eq(reach.share, rows[i].reach, "%s: %u", rows[i].label, reach.share);
                cr_expect_str_eq(victims(text), rows[i].victims, "%s: %s", rows[i].label, text);
                cr_expect_eq(shortage.need, reach.share * 100 * MIB / PERMYRIAD, "%s", rows[i].label);
                finish();
        }
}

static enum verdict choose(struct shortage *shortage, uint64_t coming, const struct policy *policy, struct reach *reach)
{
        static const struct loss nothing;
        const struct reach_question question = { .snapshot = &snapshot, .policy = policy, .shortage = shortage,
                                                 .lost = &nothing, .coming = coming, .anew = true };

        return reach_plan(&plan, planner, &question, reach);
}

Test(reach, all_at_once)
{
        static const struct item items[] = { { 30, 1, 0 }, { 100, 50, 0 } };
        struct policy policy = hundred();

        policy.slow_start = false;
        struct reach reach = reach_shortest(&policy);
        struct shortage shortage = begin(items, 2, &policy);
        cr_expect_eq(reach.share, PERMYRIAD);
        choose(&shortage, 0, &policy, &reach);
        cr_expect_eq(reach.share, PERMYRIAD);
        cr_expect_eq(plan.need, 100 * MIB);
        finish();
}

/* What is on its way need not be shed; and a stall is no matter of steps. */
Test(reach, needs)
{
        static const struct item items[] = { { 30, 1, 0 }, { 200, 50, 0 } };
        struct policy policy = hundred();
        struct reach reach = reach_shortest(&policy);
        struct shortage shortage = begin(items, 2, &policy);

        choose(&shortage, 10 * MIB, &policy, &reach);
        cr_expect_eq(plan.need, 15 * MIB);
        cr_expect_eq(choose(&shortage, 25 * MIB, &policy, &reach), VERDICT_CALM);
        cr_expect(plan.n_victims == 0 && shortage.level == LEVEL_SHORT);
        shortage.witness = WITNESS_STALL;
        choose(&shortage, 0, &policy, &reach);
        cr_expect_eq(reach.share, 2500);
        cr_expect_eq(plan.need, 100 * MIB, "%lu", plan.need / MIB);
        finish();
}

/* By weight somebody goes even if nothing is needed; a round does not. */
Test(reach, a_plan_by_weight_goes_no_further_than_it_frees)
{
        static const struct item items[] = { { 30, 1, 0 }, { 100, 50, 0 } };
        struct policy policy = hundred();
        struct reach reach = reach_shortest(&policy);

        policy.cover = COVER_WEIGHT;
        policy.capacity_fixed = true;
        policy.capacity = 110 * MIB;
        struct shortage shortage = begin(items, 2, &policy);
        choose(&shortage, 0, &policy, &reach);
        cr_expect_eq(reach.share, 2500);
        policy.cover = COVER_BOTH;
        cr_expect_eq(choose(&shortage, 25 * MIB, &policy, &reach), VERDICT_CALM);
        finish();
}

/* What was chosen stands as long as it costs no more than it was chosen for, what was lost since included. */
Test(reach, kept)
{
        static const struct item items[] = { { 102, 10, 0 }, { 500, 900, 0 } };
        struct policy policy = hundred();
        struct reach reach = reach_shortest(&policy);
        struct shortage shortage = begin(items, 2, &policy);
        struct loss lost = { 0 };

        choose(&shortage, 0, &policy, &reach);
        cr_expect_eq(reach.share, PERMYRIAD);
        snapshot.facts.memory_available -= MIB;
        ask(&shortage, &lost, &policy, false, &reach);
        cr_expect(reach.share == PERMYRIAD && plan.need == 101 * MIB && plan.utility_lost == 10);
        snapshot.facts.memory_available -= 4 * MIB;
        ask(&shortage, &lost, &policy, false, &reach);
        cr_expect(reach.share == 7500 && plan.utility_lost == 10, "%u: not 900 for 3 MiB of a reserve", reach.share);

        /* the cheap one gave less than was expected: a quarter is reached, and that will do */
        lost.utility[0] = 10;
        snapshot.cgroups[0].relief = snapshot.cgroups[0].memory = 0;
        snapshot.facts.memory_available += 65 * MIB;
        ask(&shortage, &lost, &policy, false, &reach);
        cr_expect_eq(plan.verdict, VERDICT_CALM);
        finish();
}

/* What plan_make loses for so many MiB, by tier from the top as one number, of which each tier has 16 bits; UINT64_MAX
 * if all together do not reach. */
static uint64_t rank_of(struct shortage shortage, uint64_t need, const struct policy *policy)
{
        uint64_t rank = 0;

        shortage.need = need * MIB;
        if (plan_make(&plan, planner, &snapshot, &shortage, policy) != VERDICT_ACT)
                return UINT64_MAX;
        for (size_t i = 0; i < plan.n_victims; i++) {
                struct utility u = snapshot.cgroups[plan.entries[i].index].utility;

                rank += (uint64_t)u.value << 16 * u.tier;
        }
        return rank;
}

/* The furthest reach that loses no more than it may, whatever lies before it, and the plan that belongs to it. */
Test(reach, laws)
{
        struct policy policy = hundred();
        unsigned dice = 1;

        for (int turn = 0; turn < 2000; turn++) {
                struct item items[ITEMS_MAX];
                uint64_t before = (uint64_t)rand_r(&dice) % 300, least, allowed, lost_then, wanted = 2500;
                struct loss lost = { .utility = { before } };
                struct reach reach = reach_shortest(&policy);
                size_t n = 1 + (size_t)rand_r(&dice) % ITEMS_MAX;

                for (size_t i = 0; i < n; i++)
                        items[i] = (struct item){ 1 + (uint64_t)rand_r(&dice) % 60, (uint16_t)(rand_r(&dice) % 200),
                                                  (uint8_t)(rand_r(&dice) % 3) };
                struct shortage shortage = begin(items, n, &policy);
                lost_then = least = rank_of(shortage, 25, &policy);
                allowed = u64_max(least, 2 * before);
                for (uint64_t share = 5000; share <= PERMYRIAD && least != UINT64_MAX; share += 2500) {
                        uint64_t rank = rank_of(shortage, share / 100, &policy);

                        if (rank <= allowed) {
                                wanted = share;
                                lost_then = rank;
                        }
                }
                ask(&shortage, &lost, &policy, true, &reach);
                cr_expect_eq(reach.share, wanted, "turn %d: %u instead of %lu", turn, reach.share, wanted);
                cr_expect_eq(plan.need, reach.share * 100 * MIB / PERMYRIAD);
                cr_expect_eq(plan.verdict, least == UINT64_MAX ? VERDICT_INSUFFICIENT : VERDICT_ACT);
                if (least != UINT64_MAX)
                        cr_expect_eq(rank_of(shortage, reach.share / 100, &policy), lost_then);
                finish();
        }
}
