/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A plan answers three questions in order. Is anything needed? If not, nobody dies, however little anyone
 * is worth. What has to be shed? Two sums: relief, the bytes that are missing; and weight, all that does
 * not fit the capacity. A dynamic capacity sheds the same share of the weight as of the relief; a fixed one
 * is the report's threshold. Who goes? The knapsack says, tier by tier from the top: a tier must give only
 * what all lower tiers together cannot, and what it gives is chosen with least loss; the next lower tier
 * then gives what is still missing. So no container of a higher tier dies while lower ones could cover the
 * need, and the choice inside each tier is exact.
 *
 * A container whose death frees nothing is no help, and is left alone. When everything that may die is
 * still not enough, the plan says so and lists them all; the order, cheapest first, then decides who goes
 * as far as it proves to be necessary. */
#include "decide/plan.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/heapsort.h"
#include "decide/price.h"

/* The buffers of one decision. Item i of a tier is entry map[i] of the plan. */
struct planner {
        struct knapsack *knapsack;
        void *memory;
        struct load *loads;
        uint32_t *map;
        bool *shed;
        size_t n_max;
};

/* What is still to be shed. */
struct demand {
        uint64_t weight, relief;
};

/* What the open entries of a tier have. */
struct supply {
        uint64_t weight, relief;
        size_t n;
};

/* Written to, so that no page is new to a round; not with zeros, which the compiler knows to be there. */
static void *table_new(size_t n, size_t size)
{
        void *table = calloc(n, size);

        return table ? memset(table, 0xff, n * size) : NULL;
}

struct planner *planner_new(size_t n_max)
{
        size_t size = knapsack_size(n_max);
        struct planner *p = calloc(1, sizeof(*p));

        if (!p)
                return NULL;
        p->n_max = n_max;
        p->memory = size ? table_new(1, size) : NULL;
        p->loads = table_new(n_max, sizeof(*p->loads));
        p->map = table_new(n_max, sizeof(*p->map));
        p->shed = table_new(n_max, sizeof(*p->shed));
        if (p->memory)
                p->knapsack = knapsack_make(p->memory, size, n_max);
        if (!p->knapsack || !p->loads || !p->map || !p->shed)
                return planner_free(p);
        return p;
}

struct planner *planner_free(struct planner *p)
{
        if (!p)
                return NULL;
        free(p->memory);
        free(p->loads);
        free(p->map);
        free(p->shed);
        free(p);
        return NULL;
}

int plan_init(struct plan *p, size_t n_max)
{
        *p = (struct plan){ .capacity_n = n_max };
        p->entries = calloc(n_max, sizeof(*p->entries));
        return p->entries ? 0 : -ENOMEM;
}

void plan_fini(struct plan *p)
{
        free(p->entries);
        *p = (struct plan){ 0 };
}

static void price_entries(struct plan *plan, const struct snapshot *s, const struct shortage *shortage,
                          const struct policy *policy)
{
        for (size_t i = 0; i < plan->n; i++) {
                const struct snapshot_cgroup *c = &s->cgroups[i];
                struct price price = price_of(c, &s->facts, shortage->swap_short, policy);
                struct plan_entry *e = &plan->entries[i];

                *e = (struct plan_entry){ .index = (uint32_t)i,
                                          .weight = price.weight,
                                          .relief = price.relief };
                if (c->barred != BARRED_NOT || c->utility.protect)
                        e->fate = FATE_KEPT_BARRED;
                else if (shortage->level != LEVEL_SHORT)
                        e->fate = FATE_KEPT_CALM;
                else if (policy->cover == COVER_WEIGHT ? e->weight == 0 : e->relief == 0)
                        e->fate = FATE_KEPT_USELESS;
                else
                        e->fate = FATE_KEPT_DEARER;
        }
}

static bool is_open(const struct plan_entry *e)
{
        return e->fate == FATE_KEPT_DEARER;
}

static unsigned tier_of(const struct snapshot *s, const struct plan_entry *e)
{
        return s->cgroups[e->index].utility.tier;
}

static void sum_up(struct supply *sum, const struct supply *more)
{
        sum->weight += more->weight;
        sum->relief += more->relief;
        sum->n += more->n;
}

/* By tier; returns all together. */
static struct supply sum_tiers(const struct plan *plan, const struct snapshot *s,
                               struct supply tiers[static TIER_MAX + 1])
{
        struct supply all = { 0 };

        memset(tiers, 0, (TIER_MAX + 1) * sizeof(*tiers));
        for (size_t i = 0; i < plan->n; i++) {
                const struct plan_entry *e = &plan->entries[i];

                if (is_open(e))
                        sum_up(&tiers[tier_of(s, e)], &(struct supply){ e->weight, e->relief, 1 });
        }
        for (size_t tier = 0; tier <= TIER_MAX; tier++)
                sum_up(&all, &tiers[tier]);
        return all;
}

static struct demand demand_of(const struct plan *plan, const struct policy *policy)
{
        struct demand d = { .relief = policy->cover == COVER_WEIGHT ? 0 : plan->need };

        if (policy->cover != COVER_RELIEF)
                d.weight = u64_less(plan->weight_total, plan->capacity);
        return d;
}

/* What may stay. Rounded down, so that what goes is rounded up. */
static uint64_t capacity_of(const struct plan *plan, uint64_t relief_total, const struct policy *policy)
{
        if (policy->capacity_fixed)
                return policy->capacity;
        if (plan->need >= relief_total)
                return 0;
        return u64_scale(plan->weight_total, relief_total - plan->need, relief_total);
}

static void shed_entry(struct plan *plan, const struct snapshot *s, struct plan_entry *e)
{
        e->fate = FATE_SHED;
        plan->n_victims++;
        plan->weight += e->weight;
        plan->relief += e->relief;
        plan->utility_lost += s->cgroups[e->index].utility.value;
}

/* Lets one tier give 'd' with the least loss; the answer is taken off what the plan still has to find. */
static void settle_tier(struct plan *plan, struct planner *p, const struct snapshot *s, unsigned tier,
                        struct demand d, const struct policy *policy, struct demand *missing)
{
        struct cover cover = { .shed = p->shed };
        uint64_t dearest = 0;
        size_t n = 0;
        int r;

        for (size_t i = 0; i < plan->n; i++) {
                struct plan_entry *e = &plan->entries[i];

                if (!is_open(e) || tier_of(s, e) != tier)
                        continue;
                p->map[n] = (uint32_t)i;
                p->loads[n++] = (struct load){ e->weight, e->relief, s->cgroups[e->index].utility.value };
        }
        r = knapsack_cover(p->knapsack, p->loads, n, d.weight, d.relief, policy->work, &cover);
        for (size_t i = 0; i < n && r != KNAPSACK_COVERED; i++)
                p->shed[i] = r == KNAPSACK_SHORT;       /* asked for all it has; on an error nobody dies */
        plan->bound += cover.bound;
        plan->optimal = plan->optimal && cover.optimal;
        plan->work += cover.work;
        for (size_t i = 0; i < n; i++)
                if (p->shed[i])
                        dearest = u64_max(dearest, p->loads[i].utility);
        for (size_t i = 0; i < n; i++) {
                struct plan_entry *e = &plan->entries[p->map[i]];

                if (!p->shed[i]) {
                        e->fate = p->loads[i].utility < dearest ? FATE_KEPT_SMALL : FATE_KEPT_DEARER;
                        continue;
                }
                shed_entry(plan, s, e);
                missing->weight = u64_less(missing->weight, e->weight);
                missing->relief = u64_less(missing->relief, e->relief);
        }
}

static void keep_tier(struct plan *plan, const struct snapshot *s, unsigned tier, enum fate fate)
{
        for (size_t i = 0; i < plan->n; i++)
                if (is_open(&plan->entries[i]) && tier_of(s, &plan->entries[i]) == tier)
                        plan->entries[i].fate = fate;
}

static void settle_tiers(struct plan *plan, struct planner *p, const struct snapshot *s,
                         const struct supply *tiers, struct supply below, const struct policy *policy)
{
        struct demand missing = demand_of(plan, policy);

        plan->optimal = true;
        for (unsigned tier = TIER_MAX + 1; tier-- > 0;) {
                struct demand d;

                if (tiers[tier].n == 0)
                        continue;
                below.weight -= tiers[tier].weight;
                below.relief -= tiers[tier].relief;
                d = (struct demand){ u64_less(missing.weight, below.weight), u64_less(missing.relief, below.relief) };
                if (d.weight > 0 || d.relief > 0)
                        settle_tier(plan, p, s, tier, d, policy, &missing);
                else if (missing.weight > 0 || missing.relief > 0)
                        keep_tier(plan, s, tier, FATE_KEPT_TIER);
                else if (plan->n_victims > 0)   /* a higher tier had to give, and gave enough by itself */
                        keep_tier(plan, s, tier, FATE_KEPT_SMALL);
        }
}

static void shed_all(struct plan *plan, const struct snapshot *s)
{
        for (size_t i = 0; i < plan->n; i++)
                if (is_open(&plan->entries[i]))
                        shed_entry(plan, s, &plan->entries[i]);
        plan->bound = plan->utility_lost;
        plan->optimal = true;
}

/* Which of two victims goes first? The cheapest, among equals the one that frees more, then the one of the lower
 * id, which is their order in the snapshot. */
static bool goes_before(const void *first, const void *second, const void *snapshot)
{
        const struct plan_entry *a = first, *b = second;
        const struct snapshot *s = snapshot;
        const struct utility *ua = &s->cgroups[a->index].utility, *ub = &s->cgroups[b->index].utility;

        if (ua->tier != ub->tier)
                return ua->tier < ub->tier;
        if (ua->value != ub->value)
                return ua->value < ub->value;
        return a->relief != b->relief ? a->relief > b->relief : a->index < b->index;
}

/* Victims to the front. The kept stand by id already and stay so: victims are few as a rule, and to sort everything
 * was most of a plan's work for ten thousand candidates. Where the choice had its items the victims wait meanwhile. */
static void gather_victims(struct plan *plan, struct planner *p)
{
        size_t n = 0, end = plan->n;

        for (size_t i = 0; i < plan->n; i++) {
                const struct plan_entry *e = &plan->entries[i];

                if (e->fate != FATE_SHED)
                        continue;
                p->map[n] = e->index;
                p->loads[n++] = (struct load){ .weight = e->weight, .relief = e->relief };
        }
        for (size_t i = plan->n; i-- > 0;)
                if (plan->entries[i].fate != FATE_SHED)
                        plan->entries[--end] = plan->entries[i];
        for (size_t i = 0; i < n; i++)
                plan->entries[i] = (struct plan_entry){ p->map[i], FATE_SHED, p->loads[i].weight, p->loads[i].relief };
}

static void order_entries(struct plan *plan, struct planner *p, const struct snapshot *s)
{
        struct plan_entry spare[2];

        gather_victims(plan, p);
        heapsort_run(plan->entries, plan->n_victims, sizeof(*plan->entries), spare, goes_before, s);
}

enum verdict plan_make(struct plan *plan, struct planner *planner, const struct snapshot *s,
                       const struct shortage *shortage, const struct policy *policy)
{
        size_t n_max = u64_min(plan->capacity_n, planner->n_max);
        struct supply tiers[TIER_MAX + 1], all;

        *plan = (struct plan){ .entries = plan->entries, .capacity_n = plan->capacity_n };
        plan->n = u64_min(s->n, n_max);
        plan->optimal = true;
        price_entries(plan, s, shortage, policy);
        all = sum_tiers(plan, s, tiers);
        plan->weight_total = all.weight;

        if (shortage->level != LEVEL_SHORT) {
                plan->verdict = VERDICT_CALM;
                return plan->verdict;
        }
        plan->need = shortage->need;
        plan->capacity = capacity_of(plan, all.relief, policy);
        if (all.weight == 0 && all.relief == 0) {
                plan->verdict = VERDICT_NO_CANDIDATE;
        } else if (policy->cover != COVER_WEIGHT && all.relief < plan->need) {
                plan->verdict = VERDICT_INSUFFICIENT;
                shed_all(plan, s);
        } else {
                plan->verdict = VERDICT_ACT;
                settle_tiers(plan, planner, s, tiers, all, policy);
                if (plan->n_victims == 0)
                        plan->verdict = VERDICT_CALM;   /* all of it fits the fixed capacity */
        }
        order_entries(plan, planner, s);
        return plan->verdict;
}

static const char *const verdict_names[] = {
        [VERDICT_CALM] = "calm",
        [VERDICT_ACT] = "act",
        [VERDICT_INSUFFICIENT] = "insufficient",
        [VERDICT_NO_CANDIDATE] = "no-candidate",
};
_Static_assert(ARRAY_SIZE(verdict_names) == VERDICT_N, "name every verdict");

const char *verdict_name(enum verdict v)
{
        return (size_t)v < VERDICT_N ? verdict_names[v] : "unknown";
}

static const char *const fate_names[] = {
        [FATE_SHED] = "shed",
        [FATE_KEPT_DEARER] = "worth more",
        [FATE_KEPT_SMALL] = "frees too little",
        [FATE_KEPT_TIER] = "of a higher tier",
        [FATE_KEPT_USELESS] = "its death frees nothing",
        [FATE_KEPT_CALM] = "nothing is needed",
        [FATE_KEPT_BARRED] = "may not die",
};
_Static_assert(ARRAY_SIZE(fate_names) == FATE_N, "name every fate");

const char *fate_name(enum fate f)
{
        return (size_t)f < FATE_N ? fate_names[f] : "unknown";
}

const char *plan_why(const struct plan_entry *e, const struct snapshot *s)
{
        const struct snapshot_cgroup *c = &s->cgroups[e->index];

        if (e->fate != FATE_KEPT_BARRED)
                return fate_name(e->fate);
        return c->barred == BARRED_NOT ? barred_name(BARRED_LABEL) : barred_name(c->barred);
}
