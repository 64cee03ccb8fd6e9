/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Plans: a table of small cases by hand, the report's figure, random cases against brute force, and laws. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "decide/plan.h"

#define ITEMS_MAX 12
#define TOTAL     1000

struct item {
        uint64_t memory, relief, score;
        uint16_t value;
        uint8_t tier;
        bool protect;
        enum barred barred;
};

/* A snapshot and all it takes to plan on it; item i has the id 10 · (i + 1) and the path "/a", "/b", … */
struct desk {
        struct snapshot snapshot;
        struct planner *planner;
        struct plan plan;
};

static void desk_init(struct desk *d)
{
        cr_assert_eq(snapshot_init(&d->snapshot, ITEMS_MAX, 64), 0);
        cr_assert(d->planner = planner_new(ITEMS_MAX));
        cr_assert_eq(plan_init(&d->plan, ITEMS_MAX), 0);
}

static void desk_fini(struct desk *d)
{
        snapshot_fini(&d->snapshot);
        d->planner = planner_free(d->planner);
        plan_fini(&d->plan);
}

/* 'order' says which item is added when; NULL: as they stand. */
static void desk_plan(struct desk *d, const struct item *items, size_t n, const size_t *order, uint64_t need,
                      const struct policy *policy)
{
        const struct shortage shortage = { .level = need ? LEVEL_SHORT : LEVEL_ARMED, .need = need };

        snapshot_reset(&d->snapshot, "/");
        d->snapshot.facts.memory_total = TOTAL;
        for (size_t i = 0; i < n; i++) {
                size_t at = order ? order[i] : i;
                const char path[] = { '/', (char)('a' + at), '\0' };
                struct snapshot_cgroup *c = snapshot_add(&d->snapshot, 10 * (at + 1), path);

                c->memory = items[at].memory;
                c->relief = items[at].relief;
                c->oom_score = items[at].score;
                c->barred = items[at].barred;
                c->utility = (struct utility){ items[at].value, items[at].tier, items[at].protect };
        }
        snapshot_sort(&d->snapshot);
        plan_make(&d->plan, d->planner, &d->snapshot, &shortage, policy);
}

static size_t item_of(const struct desk *d, const struct plan_entry *e)
{
        return d->snapshot.cgroups[e->index].id / 10 - 1;
}

/* The victims as letters, in the order in which they go. */
static char *victims_of(const struct desk *d, char letters[static ITEMS_MAX + 1])
{
        for (size_t i = 0; i < d->plan.n_victims; i++)
                letters[i] = (char)('a' + item_of(d, &d->plan.entries[i]));
        letters[d->plan.n_victims] = '\0';
        return letters;
}

/* The fate of each item as a letter, in the order of the items: S(hed), D(earer), L(ittle), T(ier),
 * U(seless), C(alm), B(arred). */
static char *fates_of(const struct desk *d, char letters[static ITEMS_MAX + 1])
{
        memset(letters, '?', ITEMS_MAX + 1);
        for (size_t i = 0; i < d->plan.n; i++)
                letters[item_of(d, &d->plan.entries[i])] = "SDLTUCB"[d->plan.entries[i].fate];
        letters[d->plan.n] = '\0';
        return letters;
}

enum kind { BOTH, RELIEF, WEIGHT, BOTH_FIXED, WEIGHT_FIXED };

static struct policy policy_of(enum kind kind, uint64_t capacity)
{
        return (struct policy){
                .weigh_memory = true,
                .oom_score_unit = 1,
                .capacity_fixed = kind == BOTH_FIXED || kind == WEIGHT_FIXED,
                .capacity = capacity,
                .cover = kind == RELIEF ? COVER_RELIEF :
                         kind == WEIGHT || kind == WEIGHT_FIXED ? COVER_WEIGHT : COVER_BOTH,
                .work = KNAPSACK_WORK,
        };
}

/* Items: memory that is all relief, and value; with a tier; protected; barred; memory of which only a part is
 * relief. */
#define M(size, value_)            { .memory = (size), .relief = (size), .value = (value_) }
#define T(size, value_, tier_)     { .memory = (size), .relief = (size), .value = (value_), .tier = (tier_) }
#define P(size)                    { .memory = (size), .relief = (size), .protect = true }
#define B(size, bar)               { .memory = (size), .relief = (size), .barred = BARRED_##bar }
#define R(size, relief_, value_)   { .memory = (size), .relief = (relief_), .value = (value_) }

static const struct {
        const char *label;
        enum kind kind;
        uint64_t capacity, need;
        enum verdict verdict;
        const char *victims, *fates;
        uint64_t lost;
        struct item items[6];   /* as many as 'fates' has letters */
} cases[] = {
        { "calm", BOTH, 0, 0, VERDICT_CALM, "", "CCB", 0, { M(50, 0), M(90, 5), P(10) } },
        { "nobody there", BOTH, 0, 10, VERDICT_NO_CANDIDATE, "", "", 0, { { 0 } } },
        { "one is enough", BOTH, 0, 10, VERDICT_ACT, "b", "DSD", 3, { M(50, 9), M(50, 3), M(50, 7) } },
        { "the least valued does not reach", BOTH, 0, 20, VERDICT_ACT, "b", "LS", 5, { M(10, 1), M(30, 5) } },
        { "two small beat one dear", BOTH, 0, 10, VERDICT_ACT, "bc", "DSS", 4,
          { M(12, 9), M(5, 2), M(5, 2) } },
        { "one beats two small", BOTH, 0, 10, VERDICT_ACT, "a", "SLL", 3, { M(12, 3), M(5, 2), M(5, 2) } },
        { "worthless, but not needed", BOTH, 0, 10, VERDICT_ACT, "a", "SD", 0, { M(10, 0), M(10, 0) } },
        { "tie: fewer victims", BOTH, 0, 10, VERDICT_ACT, "c", "LLS", 2, { M(5, 1), M(5, 1), M(10, 2) } },
        { "tie: more relief", BOTH, 0, 10, VERDICT_ACT, "b", "DS", 1, { M(10, 1), M(20, 1) } },
        { "tie: the lower id", BOTH, 0, 10, VERDICT_ACT, "a", "SD", 1, { M(10, 1), M(10, 1) } },
        { "exactly everything", BOTH, 0, 30, VERDICT_ACT, "ba", "SS", 8, { M(10, 7), M(20, 1) } },

        { "one byte too few", BOTH, 0, 31, VERDICT_INSUFFICIENT, "ba", "SS", 8, { M(10, 7), M(20, 1) } },
        { "all but the barred", BOTH, 0, 500, VERDICT_INSUFFICIENT, "ba", "SSBU", 16,
          { T(10, 7, 1), M(20, 9), P(900), M(0, 1) } },
        { "all protected", BOTH, 0, 10, VERDICT_NO_CANDIDATE, "", "BB", 0, { P(50), B(50, RULE) } },
        { "all useless", BOTH, 0, 10, VERDICT_NO_CANDIDATE, "", "UU", 0, { R(50, 0, 0), M(0, 0) } },
        { "every bar bars", BOTH, 0, 1, VERDICT_NO_CANDIDATE, "", "BBBBBB", 0,
          { B(9, LABEL), B(9, SELF), B(9, SHIELDED), B(9, DYING), B(9, STUCK), B(9, BARREN) } },
        { "protect counts, not the value beside it", BOTH, 0, 10, VERDICT_ACT, "b", "BS", 1000,
          { P(50), M(50, 1000) } },

        { "its death frees nothing", BOTH, 0, 10, VERDICT_ACT, "b", "US", 50, { R(900, 0, 0), M(10, 50) } },
        { "relief counts, not memory", RELIEF, 0, 10, VERDICT_ACT, "b", "LS", 2, { R(90, 9, 1), M(10, 2) } },
        { "weight alone under-frees", WEIGHT, 0, 10, VERDICT_ACT, "a", "SD", 1, { R(90, 9, 1), M(10, 2) } },
        { "both sums are reached", BOTH, 0, 10, VERDICT_ACT, "ab", "SS", 3, { R(90, 9, 1), M(10, 2) } },
        { "the score weighs", BOTH, 0, 10, VERDICT_ACT, "b", "LS", 2,
          { M(20, 1), { .memory = 20, .relief = 20, .score = 60, .value = 2 } } },

        { "a higher tier stays", BOTH, 0, 10, VERDICT_ACT, "b", "TS", 1000, { T(10, 0, 1), M(10, 1000) } },
        { "a higher tier gives the rest", BOTH, 0, 25, VERDICT_ACT, "cb", "DSS", 1003,
          { T(10, 5, 1), T(10, 3, 1), M(20, 1000) } },
        { "a higher tier gives all of it", BOTH, 0, 10, VERDICT_ACT, "b", "LS", 1, { M(6, 9), T(100, 1, 1) } },
        { "the lowest tier there is", BOTH, 0, 5, VERDICT_ACT, "c", "TTS", 0,
          { T(10, 0, 15), T(10, 0, 7), T(10, 0, 3) } },
        { "a useless low tier", BOTH, 0, 10, VERDICT_ACT, "a", "SU", 3, { T(10, 3, 2), R(900, 0, 1) } },
        { "a protected low tier", BOTH, 0, 10, VERDICT_ACT, "a", "SB", 3, { T(10, 3, 2), P(900) } },
        { "order: tier, value, relief, id", BOTH, 0, 1000, VERDICT_INSUFFICIENT, "ecbdfa", "SSSSSS", 7,
          { T(5, 1, 1), M(5, 2), M(6, 2), M(5, 2), M(1, 0), T(9, 0, 1) } },

        { "fixed: all fits", WEIGHT_FIXED, 100, 10, VERDICT_CALM, "", "DD", 0, { M(60, 1), M(40, 0) } },
        { "fixed: one too many", WEIGHT_FIXED, 99, 10, VERDICT_ACT, "a", "SD", 1, { M(60, 1), M(40, 2) } },
        { "fixed: nothing may stay", WEIGHT_FIXED, 0, 10, VERDICT_ACT, "ab", "SS", 3,
          { M(60, 1), M(40, 2) } },
        { "fixed, and the need", BOTH_FIXED, 1000, 50, VERDICT_ACT, "a", "SD", 1, { M(60, 1), M(40, 2) } },
};

Test(plan, by_hand)
{
        struct desk d;

        desk_init(&d);
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const struct policy policy = policy_of(cases[i].kind, cases[i].capacity);
                const char *label = cases[i].label;
                char letters[ITEMS_MAX + 1];

                desk_plan(&d, cases[i].items, strlen(cases[i].fates), NULL, cases[i].need, &policy);
                cr_expect_eq(d.plan.verdict, cases[i].verdict, "%s: %s", label, verdict_name(d.plan.verdict));
                cr_expect_str_eq(victims_of(&d, letters), cases[i].victims, "%s: victims '%s'", label,
                                 letters);
                cr_expect_str_eq(fates_of(&d, letters), cases[i].fates, "%s: fates '%s'", label, letters);
                cr_expect_eq(d.plan.utility_lost, cases[i].lost, "%s: lost %lu", label, d.plan.utility_lost);
                cr_expect(d.plan.optimal && d.plan.bound == cases[i].lost, "%s: no proof", label);
        }
        desk_fini(&d);
}

/* Figure 11: scores 906 and 673 of two trainings, 674 and 1132 of two dummies of utility 5 and 8; 1000 may
 * stay. */
Test(plan, of_the_report)
{
        static const struct {
                const char *label;
                uint16_t first, second;         /* utilities of the trainings: 50 … 100 there, at random */
                const char *victims;
        } runs[] = {
                { "the larger training is worth less", 60, 90, "abc" },
                { "the larger training is worth more", 90, 60, "abd" },
                { "equal: the lower id goes", 75, 75, "abc" },
        };
        const struct policy policy = {
                .oom_score_unit = 1, .capacity_fixed = true, .capacity = 1000, .cover = COVER_WEIGHT,
                .work = KNAPSACK_WORK,
        };
        struct desk d;

        desk_init(&d);
        for (size_t i = 0; i < ARRAY_SIZE(runs); i++) {
                const struct item items[] = {
                        { .score = 674, .value = 5 }, { .score = 1132, .value = 8 },
                        { .score = 906, .value = runs[i].first }, { .score = 673, .value = runs[i].second },
                };
                char letters[ITEMS_MAX + 1];

                desk_plan(&d, items, 4, NULL, 1, &policy);
                cr_expect_eq(d.plan.verdict, VERDICT_ACT, "%s", runs[i].label);
                cr_expect_str_eq(victims_of(&d, letters), runs[i].victims, "%s: '%s'", runs[i].label,
                                 letters);
                cr_expect_leq(d.plan.weight_total - d.plan.weight, 1000, "%s: too much stays", runs[i].label);
        }
        desk_fini(&d);
}

/* Brute force. */

struct sums {
        uint64_t weight, relief;
};

struct oracle {
        enum verdict verdict;
        unsigned shed;          /* bit i: item i */
        uint64_t lost;
};

static uint64_t weight_of(const struct item *i, const struct policy *p)
{
        return (p->weigh_memory ? u64_min(i->memory, TOTAL) : 0) +
               u64_min(i->score * p->oom_score_unit, TOTAL);
}

static struct sums sums_of(const struct item *items, unsigned set, const struct policy *p)
{
        struct sums s = { 0, 0 };

        for (size_t i = 0; set >> i; i++)
                if (set >> i & 1) {
                        s.weight += weight_of(&items[i], p);
                        s.relief += items[i].relief;
                }
        return s;
}

/* Is 'a' the better of two sets of one tier that both are enough: less loss, fewer, more relief, the first
 * lower id? */
static bool is_better(const struct item *items, unsigned a, unsigned b, const struct policy *p)
{
        uint64_t loss_a = 0, loss_b = 0, relief_a = sums_of(items, a, p).relief,
                 relief_b = sums_of(items, b, p).relief;

        for (size_t i = 0; i < ITEMS_MAX; i++) {
                loss_a += a >> i & 1 ? items[i].value : 0;
                loss_b += b >> i & 1 ? items[i].value : 0;
        }
        if (loss_a != loss_b)
                return loss_a < loss_b;
        if (__builtin_popcount(a) != __builtin_popcount(b))
                return __builtin_popcount(a) < __builtin_popcount(b);
        if (relief_a != relief_b)
                return relief_a > relief_b;
        return a != b && (a & ((a ^ b) & -(a ^ b)));
}

/* The items of one tier, or of all below it, among the open ones. */
static unsigned set_of(const struct item *items, size_t n, unsigned open, unsigned tier, bool below)
{
        unsigned set = 0;

        for (size_t i = 0; i < n; i++)
                if ((open >> i & 1) && (below ? items[i].tier < tier : items[i].tier == tier))
                        set |= 1u << i;
        return set;
}

static unsigned best_of_tier(const struct item *items, unsigned tier_set, struct sums d,
                             const struct policy *p)
{
        unsigned best = tier_set;

        for (unsigned set = tier_set;; set = (set - 1) & tier_set) {
                struct sums s = sums_of(items, set, p);

                if (s.weight >= d.weight && s.relief >= d.relief && is_better(items, set, best, p))
                        best = set;
                if (set == 0)
                        return best;
        }
}

/* From the words of DESIGN and the headers, without a look at the plan's own arithmetic. */
static struct oracle ask_oracle(const struct item *items, size_t n, uint64_t need, const struct policy *p)
{
        unsigned open = 0;
        struct oracle o = { .verdict = VERDICT_ACT };
        struct sums all, missing = { 0, 0 };

        for (size_t i = 0; i < n; i++)
                if (!items[i].protect && items[i].barred == BARRED_NOT &&
                    (p->cover == COVER_WEIGHT ? weight_of(&items[i], p) : items[i].relief) > 0)
                        open |= 1u << i;
        all = sums_of(items, open, p);
        if (!open)
                o.verdict = VERDICT_NO_CANDIDATE;
        else if (p->cover != COVER_WEIGHT && all.relief < need)
                o.verdict = VERDICT_INSUFFICIENT;
        if (o.verdict != VERDICT_ACT) {
                o.shed = open;
        } else {
                if (p->cover != COVER_RELIEF && p->capacity_fixed)
                        missing.weight = u64_less(all.weight, p->capacity);
                else if (p->cover != COVER_RELIEF)      /* the same share as of the relief, rounded up */
                        missing.weight = need >= all.relief ? all.weight :
                                         (all.weight * need + all.relief - 1) / all.relief;
                if (p->cover != COVER_WEIGHT)
                        missing.relief = need;
        }
        for (unsigned tier = TIER_MAX + 1; o.verdict == VERDICT_ACT && tier-- > 0;) {
                struct sums below = sums_of(items, set_of(items, n, open, tier, true), p), given;
                struct sums d = { u64_less(missing.weight, below.weight),
                                  u64_less(missing.relief, below.relief) };
                unsigned set = 0;

                if (d.weight > 0 || d.relief > 0)
                        set = best_of_tier(items, set_of(items, n, open, tier, false), d, p);
                given = sums_of(items, set, p);
                missing = (struct sums){ u64_less(missing.weight, given.weight),
                                         u64_less(missing.relief, given.relief) };
                o.shed |= set;
        }
        if (o.verdict == VERDICT_ACT && o.shed == 0)
                o.verdict = VERDICT_CALM;
        for (size_t i = 0; i < n; i++)
                o.lost += o.shed >> i & 1 ? items[i].value : 0;
        return o;
}

static uint64_t roll(unsigned *dice, uint64_t n)
{
        return (uint64_t)rand_r(dice) % n;
}

/* Few values and sizes, so that ties are common. Returns how many. */
static size_t roll_items(unsigned *dice, struct item items[static ITEMS_MAX], unsigned tiers)
{
        size_t n = 1 + roll(dice, 10);

        for (size_t i = 0; i < n; i++) {
                items[i] = (struct item){ .memory = roll(dice, 40), .score = roll(dice, 2) * roll(dice, 20) };
                items[i].relief = roll(dice, 3) ? items[i].memory : roll(dice, items[i].memory + 1);
                items[i].value = (uint16_t)roll(dice, 12);
                items[i].tier = (uint8_t)roll(dice, tiers);
                items[i].protect = roll(dice, 12) == 0;
                items[i].barred = roll(dice, 12) == 0 ? BARRED_DYING : BARRED_NOT;
        }
        return n;
}

static struct policy roll_policy(unsigned *dice)
{
        return (struct policy){
                .weigh_memory = roll(dice, 4) > 0,
                .oom_score_unit = 1 + roll(dice, 3),
                .capacity_fixed = roll(dice, 3) == 0,
                .capacity = roll(dice, 200),
                .cover = (enum cover_kind)roll(dice, 3),
                .work = KNAPSACK_WORK,
        };
}

/* Every entry once, the victims first in their order, then the kept by id; and sums that are those of the
 * victims. */
static void expect_whole(const struct desk *d, unsigned seed)
{
        const struct plan *p = &d->plan;
        uint64_t weight = 0, relief = 0, lost = 0;
        unsigned seen = 0;

        cr_assert_eq(p->n, d->snapshot.n, "seed %u", seed);
        for (size_t i = 0; i < p->n; i++) {
                const struct plan_entry *e = &p->entries[i];

                seen |= 1u << e->index;
                cr_expect_eq(e->fate == FATE_SHED, i < p->n_victims, "seed %u: entry %zu stands wrong", seed,
                             i);
                cr_expect(i <= p->n_victims || p->entries[i - 1].index < e->index,
                          "seed %u: kept out of order", seed);
                if (e->fate != FATE_SHED)
                        continue;
                weight += e->weight;
                relief += e->relief;
                lost += d->snapshot.cgroups[e->index].utility.value;
        }
        cr_expect_eq(seen, (1u << p->n) - 1, "seed %u: an entry is missing", seed);
        cr_expect(weight == p->weight && relief == p->relief && lost == p->utility_lost, "seed %u: sums",
                  seed);
}

static void expect_same(const struct desk *d, const struct plan *before, const char *victims, unsigned seed,
                        const char *law)
{
        char letters[ITEMS_MAX + 1];

        cr_expect_eq(d->plan.verdict, before->verdict, "seed %u: %s: %s", seed, law,
                     verdict_name(d->plan.verdict));
        cr_expect_str_eq(victims_of(d, letters), victims, "seed %u: %s: '%s', before '%s'", seed, law,
                         letters, victims);
        cr_expect(d->plan.utility_lost == before->utility_lost && d->plan.weight == before->weight &&
                          d->plan.relief == before->relief && d->plan.bound == before->bound,
                  "seed %u: %s: sums", seed, law);
}

Test(plan, against_brute_force)
{
        size_t verdicts[VERDICT_N] = { 0 };
        struct desk d;

        desk_init(&d);
        for (unsigned seed = 1; seed <= 4000; seed++) {
                unsigned dice = seed, shed = 0;
                struct item items[ITEMS_MAX];
                size_t n = roll_items(&dice, items, seed % 2 ? 1 : 4);
                const struct policy policy = roll_policy(&dice);
                uint64_t need = 1 + roll(&dice, 150);
                struct oracle o = ask_oracle(items, n, need, &policy);

                desk_plan(&d, items, n, NULL, need, &policy);
                for (size_t i = 0; i < d.plan.n_victims; i++)
                        shed |= 1u << item_of(&d, &d.plan.entries[i]);
                cr_expect_eq(d.plan.verdict, o.verdict, "seed %u: %s", seed, verdict_name(d.plan.verdict));
                cr_expect_eq(d.plan.utility_lost, o.lost, "seed %u: lost %lu, not %lu", seed,
                             d.plan.utility_lost, o.lost);
                cr_expect_eq(shed, o.shed, "seed %u: %#x shed, not %#x", seed, shed, o.shed);
                cr_expect(d.plan.optimal && d.plan.bound == o.lost, "seed %u: bound %lu", seed, d.plan.bound);
                expect_whole(&d, seed);
                verdicts[o.verdict]++;
        }
        for (size_t v = 0; v < VERDICT_N; v++)
                cr_expect_gt(verdicts[v], 10, "'%s' came up %zu times", verdict_name((enum verdict)v),
                             verdicts[v]);
        desk_fini(&d);
}

/* The same facts, read in another order, give the same plan. */
Test(plan, order_of_reading_does_not_matter)
{
        struct desk d;

        desk_init(&d);
        for (unsigned seed = 1; seed <= 300; seed++) {
                unsigned dice = seed;
                struct item items[ITEMS_MAX];
                size_t n = roll_items(&dice, items, 3), order[ITEMS_MAX];
                const struct policy policy = roll_policy(&dice);
                uint64_t need = 1 + roll(&dice, 100);
                char victims[ITEMS_MAX + 1], fates[ITEMS_MAX + 1], letters[ITEMS_MAX + 1];
                struct plan before;

                desk_plan(&d, items, n, NULL, need, &policy);
                before = d.plan;
                victims_of(&d, victims);
                fates_of(&d, fates);
                for (size_t i = 0; i < n; i++)
                        order[i] = i;
                for (int shuffle = 0; shuffle < 10; shuffle++) {
                        for (size_t i = n; i > 1; i--) {
                                size_t other = roll(&dice, i), kept = order[i - 1];

                                order[i - 1] = order[other];
                                order[other] = kept;
                        }
                        desk_plan(&d, items, n, order, need, &policy);
                        expect_same(&d, &before, victims, seed, "another order");
                        cr_expect_str_eq(fates_of(&d, letters), fates, "seed %u: fates", seed);
                }
        }
        desk_fini(&d);
}

/* Who may not die, or frees nothing, changes nothing; neither does, when relief alone counts, the absence of
 * who was kept. */
Test(plan, bystanders_change_nothing)
{
        struct desk d;

        desk_init(&d);
        for (unsigned seed = 1; seed <= 1500; seed++) {
                unsigned dice = seed;
                struct item items[ITEMS_MAX];
                size_t n = roll_items(&dice, items, 3);
                struct policy policy = roll_policy(&dice);
                uint64_t need = 1 + roll(&dice, 100);
                char victims[ITEMS_MAX + 1];
                struct plan before;

                policy.cover = seed % 3 ? policy.cover : COVER_RELIEF;
                desk_plan(&d, items, n, NULL, need, &policy);
                before = d.plan;
                victims_of(&d, victims);
                items[n] = (struct item)P(500);
                desk_plan(&d, items, n + 1, NULL, need, &policy);
                expect_same(&d, &before, victims, seed, "one more that is protected");
                cr_expect_eq(d.plan.weight_total, before.weight_total, "seed %u: protected weight counts",
                             seed);
                items[n] = (struct item)B(500, STUCK);
                desk_plan(&d, items, n + 1, NULL, need, &policy);
                expect_same(&d, &before, victims, seed, "one more that is barred");
                if (policy.cover != COVER_WEIGHT) {
                        items[n] = (struct item)R(500, 0, 0);
                        desk_plan(&d, items, n + 1, NULL, need, &policy);
                        expect_same(&d, &before, victims, seed, "one more that is useless");
                }
                for (size_t i = 0; i < n && policy.cover == COVER_RELIEF; i++) {
                        struct item kept = items[i];

                        if (strchr(victims, (int)('a' + i)) || before.verdict != VERDICT_ACT ||
                            items[i].tier > 0)
                                continue;
                        items[i].barred = BARRED_RULE;
                        desk_plan(&d, items, n, NULL, need, &policy);
                        expect_same(&d, &before, victims, seed, "one less that was kept");
                        items[i] = kept;
                }
        }
        desk_fini(&d);
}

/* In one tier, a smaller need never loses more. */
Test(plan, less_need_never_loses_more)
{
        struct desk d;

        desk_init(&d);
        for (unsigned seed = 1; seed <= 300; seed++) {
                unsigned dice = seed;
                struct item items[ITEMS_MAX];
                size_t n = roll_items(&dice, items, 1);
                const struct policy policy = roll_policy(&dice);
                uint64_t before = UINT64_MAX;

                for (uint64_t need = 150; need > 0; need--) {
                        desk_plan(&d, items, n, NULL, need, &policy);
                        cr_expect_leq(d.plan.utility_lost, before,
                                      "seed %u: need %lu loses %lu, a larger one %lu", seed, need,
                                      d.plan.utility_lost, before);
                        before = d.plan.utility_lost;
                }
        }
        desk_fini(&d);
}

Test(plan, reasons)
{
        const struct item items[] = {
                M(50, 1), M(50, 2), P(50), B(50, SELF), R(50, 0, 0), T(50, 0, 1),
        };
        static const char *const whys[] = {
                "shed", "worth more", "protected by its label", "holds the controller itself",
                "its death frees nothing", "of a higher tier",
        };
        const struct policy policy = policy_of(BOTH, 0);
        struct desk d;

        desk_init(&d);
        desk_plan(&d, items, ARRAY_SIZE(items), NULL, 10, &policy);
        for (size_t i = 0; i < d.plan.n; i++)
                cr_expect_str_eq(plan_why(&d.plan.entries[i], &d.snapshot),
                                 whys[item_of(&d, &d.plan.entries[i])]);
        cr_expect_str_eq(fate_name(FATE_N), "unknown");
        cr_expect_str_eq(verdict_name((enum verdict)-1), "unknown");
        cr_expect_str_eq(verdict_name(VERDICT_INSUFFICIENT), "insufficient");
        cr_expect_str_eq(verdict_name(VERDICT_NO_CANDIDATE), "no-candidate");
        cr_expect_null(planner_free(NULL));
        desk_fini(&d);
}
