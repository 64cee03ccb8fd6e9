/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How much has to be restored is not known beforehand: whoever takes memory may have all it wants by now, or go on
 * for ever. A set that is best for much can cost any multiple of the one that would have done: a service worth 900
 * for what a batch job worth 20 had nearly covered. A set that is best for little, again and again, can cost as
 * much: a leak outlives one small container after the other.
 *
 * It is the question of the skier who does not know how often he will go, whether to rent or to buy, and the answer
 * is his: spend at once, if it ends the matter, about what has been spent in small amounts. So the first round
 * restores a quarter of the way, or more if that loses nothing more; and each that soon follows goes as far as it
 * can while it loses at most twice what its shortage has cost already. What is lost beyond the least is then at most a
 * multiple of it, however many small containers stand beside the leak; and as long as little was lost, nobody worth
 * much is touched for memory that nobody may ask for.
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

static struct loss loss_sum(const struct loss *a, const struct loss *b)
{
        struct loss sum;

        for (size_t tier = 0; tier <= TIER_MAX; tier++)
                sum.utility[tier] = a->utility[tier] + b->utility[tier];
        return sum;
}

/* Is a no more than b? The higher tier decides. */
static bool loss_is_within(const struct loss *a, const struct loss *b)
{
        for (size_t tier = TIER_MAX + 1; tier-- > 0;)
                if (a->utility[tier] != b->utility[tier])
                        return a->utility[tier] < b->utility[tier];
        return true;
}

/* What a plan may lose: twice of what was lost, or what the shortest reach costs. */
static struct loss allowance(const struct loss *lost, const struct loss *shortest)
{
        struct loss twice = loss_sum(lost, lost);

        return loss_is_within(&twice, shortest) ? *shortest : twice;
}

static unsigned shortest_step(const struct policy *policy)
{
        return policy->slow_start ? 1 : REACH_STEPS;
}

static uint32_t share_of(unsigned step)
{
        return step * PERMYRIAD / REACH_STEPS;
}

struct reach reach_shortest(const struct policy *policy)
{
        return (struct reach){ .share = share_of(shortest_step(policy)) };
}

/* What all plans of one choice have in common. */
struct choice {
        struct plan *plan;
        struct planner *planner;
        const struct reach_question *q;
};

static uint64_t need_of(const struct choice *c, uint32_t share)
{
        const struct reach_question *q = c->q;

        return u64_less(shortage_need(&q->snapshot->facts, q->shortage->witness, q->shortage->swap_short, share,
                                      q->policy),
                        q->coming);
}

/* Where nothing is needed nobody goes, whatever the capacity says. */
static struct loss plan_for(const struct choice *c, uint32_t share)
{
        struct shortage shortage = *c->q->shortage;

        c->q->shortage->need = shortage.need = need_of(c, share);
        if (shortage.need == 0)
                shortage.level = LEVEL_ARMED;
        plan_make(c->plan, c->planner, c->q->snapshot, &shortage, c->q->policy);
        return loss_of(c->plan, c->q->snapshot);
}

/* Does the plan get as far as was asked, for no more than it may lose? */
static bool is_worth_it(const struct plan *plan, const struct loss *loss, const struct loss *allowed)
{
        return plan->verdict == VERDICT_ACT && plan->relief >= plan->need && loss_is_within(loss, allowed);
}

/* From all of the way down to the shortest. Loss need not grow with the need: for more a higher tier may have to give
 * so much that the lower ones give nothing. */
static void choose(const struct choice *c, struct reach *reach)
{
        unsigned shortest = shortest_step(c->q->policy), step = REACH_STEPS;
        struct loss loss = plan_for(c, share_of(shortest)), allowed = allowance(c->q->lost, &loss);

        *reach = (struct reach){ share_of(shortest), loss_sum(c->q->lost, &allowed) };
        if (c->plan->verdict != VERDICT_ACT || !c->plan->optimal ||
            need_of(c, share_of(REACH_STEPS)) == c->plan->need)
                return;
        for (; step > shortest; step = c->plan->optimal ? step - 1 : shortest) {
                loss = plan_for(c, share_of(step));
                if (is_worth_it(c->plan, &loss, &allowed))
                        break;
        }
        if (step == shortest)
                plan_for(c, share_of(shortest));
        reach->share = share_of(step);
}

/* As far as was chosen, with what the facts are now. */
static bool keep(const struct choice *c, const struct reach *reach)
{
        struct loss loss = plan_for(c, reach->share), sum = loss_sum(c->q->lost, &loss);

        return c->plan->verdict == VERDICT_CALM || is_worth_it(c->plan, &sum, &reach->limit);
}

enum verdict reach_plan(struct plan *plan, struct planner *planner, const struct reach_question *q,
                        struct reach *reach)
{
        const struct choice c = { plan, planner, q };

        if (q->shortage->level != LEVEL_SHORT)
                plan_make(plan, planner, q->snapshot, q->shortage, q->policy);
        else if (q->anew || !keep(&c, reach))
                choose(&c, reach);
        return plan->verdict;
}
