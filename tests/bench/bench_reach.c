/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What rules for the reach of a round cost, against one who knows the end. Plain program; prints a table, fails
 * nothing. The choice is the real one, the world is arithmetic: a domain of 600 MiB at its line, its target 30 MiB
 * above; 20 containers of 3 to 30 MiB; and one that grows, of 10 to 60. Each round frees what its plan says; the
 * one that grows takes it, and the next round begins, until it has what it wants or is shed itself.
 *
 * It wants 2 to 80 MiB more, as likely 2 to 4 as 40 to 80, or goes on for ever. The least that had to be lost: the
 * one that grows, or the cheapest set that makes room for what it wants.
 *
 *   bench_reach [PLAYS] [SEED]
 *
 * Lost over least: the sums over all plays, so that dear plays count most; and the mean of the plays' own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "decide/reach.h"

#define STEADY_N  20
#define ITEMS_N   (STEADY_N + 1)        /* the last is the one that grows */
#define GROWS     STEADY_N
#define ROUNDS_MAX 1000

enum family { TIERED, UNIFORM, COARSE, EQUAL, BY_SIZE, FAMILIES_N };

static const char *const family_names[] = { "three kinds", "uniform", "coarse", "equal", "by size" };

/* How far the next round goes: by steps that are given, the last for ever; or by what was lost, so many times. */
struct rule {
        const char *name;
        double times;
        uint32_t steps[4];
};

static const struct rule rules[] = {
        { "a quarter, always", 0, { 2500, 2500, 2500, 2500 } },
        { "a quarter, half, all", 0, { 2500, 5000, 10000, 10000 } },
        { "all at once", 0, { 10000, 10000, 10000, 10000 } },
        { "what was lost, once", 1, { 0 } },
        { "twice (reach_plan)", 2, { 0 } },
        { "three times", 3, { 0 } },
};

struct play {
        uint64_t memory[ITEMS_N];       /* MiB; 0: dead */
        uint16_t value[ITEMS_N];
        uint64_t wanted;                /* MiB that are not there yet */
};

struct tally {
        double lost, least, ratio;
        size_t rounds;
};

static struct snapshot snapshot;
static struct planner *planner;
static struct plan plan;
static struct policy policy;
static unsigned dice;

static uint64_t roll(uint64_t from, uint64_t to)
{
        return from + (uint64_t)rand_r(&dice) % (to - from + 1);
}

static uint16_t roll_value(enum family family, uint64_t memory)
{
        static const uint16_t coarse[] = { 10, 20, 50, 100, 200, 500 };

        switch (family) {
        case TIERED:
                switch (roll(1, 3)) {
                case 1: return (uint16_t)roll(1, 25);
                case 2: return (uint16_t)roll(100, 400);
                default: return (uint16_t)roll(700, 1000);
                }
        case UNIFORM: return (uint16_t)roll(1, 1000);
        case COARSE: return coarse[roll(0, ARRAY_SIZE(coarse) - 1)];
        case BY_SIZE: return (uint16_t)(10 * memory + roll(0, 40) - 20);
        default: return 10;
        }
}

static struct play roll_play(enum family family, bool ends)
{
        struct play p;

        for (size_t i = 0; i < ITEMS_N; i++) {
                p.memory[i] = roll(3, 30);
                p.value[i] = roll_value(family, p.memory[i]);
        }
        p.memory[GROWS] = roll(10, 60);
        p.wanted = ends ? (uint64_t)(2 * pow(40, (double)roll(0, 1000) / 1000)) : UINT64_MAX;
        return p;
}

/* The living, as a scan would find them; the round begins a page below the line. */
static struct shortage look(const struct play *p)
{
        snapshot_reset(&snapshot, "/");
        snapshot.facts = (struct domain_facts){ .memory_total = 600 * MIB, .memory_available = 60 * MIB - 4096 };
        for (size_t i = 0; i < ITEMS_N; i++)
                if (p->memory[i] > 0) {
                        struct snapshot_cgroup *c = snapshot_add(&snapshot, i + 1, "/");

                        c->memory = c->relief = p->memory[i] * MIB;
                        c->utility.value = p->value[i];
                }
        return (struct shortage){ .level = LEVEL_SHORT, .witness = WITNESS_AVAILABLE };
}

static void plan_need(struct shortage *shortage, uint64_t need)
{
        shortage->need = need;
        plan_make(&plan, planner, &snapshot, shortage, &policy);
}

static void plan_by(const struct rule *rule, struct shortage *shortage, size_t round, uint64_t lost)
{
        if (rule->times > 0) {
                const struct loss loss = { .utility = { (uint64_t)((double)lost * rule->times / 2) } };
                const struct reach_question question = { .snapshot = &snapshot, .policy = &policy, .shortage = shortage,
                                                         .lost = &loss, .anew = true };

                reach_plan(&plan, planner, &question, &(struct reach){ 0 });
        } else {
                uint32_t reach = rule->steps[u64_min(round, ARRAY_SIZE(rule->steps) - 1)];

                plan_need(shortage, shortage_need(&snapshot.facts, WITNESS_AVAILABLE, false, reach, &policy));
        }
}

/* Kills the plan's victims; what they held is taken again at once, as far as it is wanted. True: it is over. */
static bool carry_out(struct play *p)
{
        uint64_t freed = 0;

        for (size_t i = 0; i < plan.n_victims; i++) {
                size_t item = snapshot.cgroups[plan.entries[i].index].id - 1;

                freed += p->memory[item];
                p->memory[item] = 0;
        }
        if (p->memory[GROWS] == 0 || p->wanted <= freed)
                return true;
        p->wanted -= p->wanted == UINT64_MAX ? 0 : freed;
        p->memory[GROWS] += freed;
        return false;
}

static uint64_t least_of(const struct play *p)
{
        struct shortage shortage = look(p);

        if (p->wanted == UINT64_MAX)
                return p->value[GROWS];
        plan_need(&shortage, p->wanted * MIB);
        return plan.verdict == VERDICT_ACT ? u64_min(plan.utility_lost, p->value[GROWS]) : p->value[GROWS];
}

static void play(struct play p, const struct rule *rule, struct tally *t)
{
        uint64_t lost = 0, least = u64_max(least_of(&p), 1);
        bool over = false;
        size_t round = 0;

        for (; !over && round < ROUNDS_MAX; round++) {
                struct shortage shortage = look(&p);

                plan_by(rule, &shortage, round, lost);
                lost += plan.utility_lost;
                over = carry_out(&p);
        }
        t->lost += (double)lost;
        t->least += (double)least;
        t->ratio += (double)lost / (double)least;
        t->rounds += round;
}

int main(int argc, char **argv)
{
        size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
        unsigned seed = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 1;

        policy = policy_default;
        policy.act_available = (struct amount){ UINT64_MAX, 1000 };
        policy.target_available = (struct amount){ UINT64_MAX, 1500 };
        planner = planner_new(ITEMS_N);
        if (!planner || snapshot_init(&snapshot, ITEMS_N, 16 * ITEMS_N) < 0 || plan_init(&plan, ITEMS_N) < 0)
                return 1;
        printf("%zu plays each, seed %u; lost over least: of the sums, mean of the plays; rounds\n", n, seed);
        for (int ends = 1; ends >= 0; ends--)
                for (size_t family = 0; family < FAMILIES_N; family++) {
                        struct tally tallies[ARRAY_SIZE(rules)] = { 0 };

                        dice = seed;
                        for (size_t i = 0; i < n; i++) {
                                struct play p = roll_play((enum family)family, ends);

                                for (size_t r = 0; r < ARRAY_SIZE(rules); r++)
                                        play(p, &rules[r], &tallies[r]);
                        }
                        printf("\n%s, %s\n", family_names[family], ends ? "it ends" : "a leak");
                        for (size_t r = 0; r < ARRAY_SIZE(rules); r++)
                                printf("  %-22s %6.2f %6.2f %6.2f\n", rules[r].name,
                                       tallies[r].lost / tallies[r].least, tallies[r].ratio / (double)n,
                                       (double)tallies[r].rounds / (double)n);
                }
        snapshot_fini(&snapshot);
        plan_fini(&plan);
        planner_free(planner);
        return 0;
}
