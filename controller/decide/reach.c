/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much has to be restored is not known beforehand: whoever takes memory may have all it wants by now, or go on
 * for ever. A set that is best for much can cost any multiple of the one that would have done: a service worth 900
 * for what a batch job worth 20 had nearly covered. A set that is best for little, again and again, can cost as
 * much: a leak outlives one small container after the other.
 *
 * It is the question of the skier who does not know how often he will go, whether to rent or to buy, and the answer
 * is his: spend at once, if it ends the matter, about what has been spent in small amounts. So the first round
 * restores a quarter of the way, or more if that loses nothing more; and each that soon follows goes as far as it
 * can for twice of what its shortage has cost already. What is lost beyond the least is then at most a multiple of
 * it, however many small containers stand beside the leak; and as long as little was lost, nobody worth much is
 * touched for memory that nobody may ask for.
 *
 * Twice, and four steps: tests/bench/bench_reach.c plays shortages that end and leaks that do not against other
 * rules; docs/measurements.md has what it says. */
#include "decide/reach.h"

#include "base/base.h"

void loss_add(struct loss *loss, struct utility utility)
{
        loss->utility[utility.tier] += utility.value;
}

static struct loss loss_of(const struct plan *plan, const struct snapshot *s)
{
        struct loss loss = { 0 };

        for (size_t i = 0; i < plan->n_victims; i++)
                loss_add(&loss, s->cgroups[plan->entries[i].index].utility);
        return loss;
}

/* -1, 0, 1: is a less than b? The higher tier decides. */
static int loss_compare(const struct loss *a, const struct loss *b)
{
        for (size_t tier = TIER_MAX + 1; tier-- > 0;)
                if (a->utility[tier] != b->utility[tier])
                        return a->utility[tier] < b->utility[tier] ? -1 : 1;
        return 0;
}

/* What a plan may lose: twice of what was lost, or what the shortest reach costs. */
static struct loss allowance(const struct loss *lost, const struct loss *shortest)
{
        struct loss twice;

        for (size_t tier = 0; tier <= TIER_MAX; tier++)
                twice.utility[tier] = 2 * lost->utility[tier];
        return loss_compare(&twice, shortest) > 0 ? twice : *shortest;
}

/* What all plans of one choice have in common. */
struct choice {
        struct plan *plan;
        struct planner *planner;
        const struct snapshot *snapshot;
        struct shortage *shortage;
        uint64_t coming;
        const struct policy *policy;
};

static uint32_t reach_of(unsigned step)
{
        return step * PERMYRIAD / REACH_STEPS;
}

static uint64_t need_of(const struct choice *c, unsigned step)
{
        return u64_less(shortage_need(&c->snapshot->facts, c->shortage->witness, c->shortage->swap_short,
                                      reach_of(step), c->policy),
                        c->coming);
}

static struct loss plan_step(const struct choice *c, unsigned step)
{
        c->shortage->need = need_of(c, step);
        plan_make(c->plan, c->planner, c->snapshot, c->shortage, c->policy);
        return loss_of(c->plan, c->snapshot);
}

/* Does the plan get as far as was asked, for no more than it may lose? */
static bool is_worth_it(const struct plan *plan, const struct loss *loss, const struct loss *allowed)
{
        return plan->verdict == VERDICT_ACT && plan->relief >= plan->need && loss_compare(loss, allowed) <= 0;
}

uint32_t reach_plan(struct plan *plan, struct planner *planner, const struct snapshot *snapshot,
                    struct shortage *shortage, const struct loss *lost, uint64_t coming,
                    const struct policy *policy)
{
        const struct choice c = { plan, planner, snapshot, shortage, coming, policy };
        unsigned best = policy->slow_start ? 1 : REACH_STEPS, beyond = REACH_STEPS + 1, made = best;
        struct loss loss = plan_step(&c, best), allowed = allowance(lost, &loss);

        if (plan->verdict != VERDICT_ACT || need_of(&c, REACH_STEPS) == plan->need)
                return reach_of(best);
        for (unsigned step = REACH_STEPS; beyond - best > 1; step = (best + beyond) / 2) {
                made = step;
                loss = plan_step(&c, step);
                if (is_worth_it(plan, &loss, &allowed))
                        best = step;
                else
                        beyond = step;
        }
        if (made != best)
                plan_step(&c, best);
        return reach_of(best);
}
