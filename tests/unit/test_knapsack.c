/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The knapsack against slow and independent ways to the same answers. Every failure names the seed of its
 * case. */
#include <criterion/criterion.h>
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "unit/oracle.h"

#define CANARY      0xa5
#define CANARY_SIZE 4096

TestSuite(knapsack, .timeout = 120);

/* How many random cases: JETTISON_TEST_ROUNDS is 10000 when not set; all tests have their share of it. A run
 * under valgrind asks for fewer. */
static uint64_t rounds(uint64_t usual)
{
        const char *text = getenv("JETTISON_TEST_ROUNDS");

        return text ? u64_max(1, usual * strtoull(text, NULL, 10) / 10000) : usual;
}

/* A solver in memory that is dirty within and guarded on both sides, one case with its answer. */
struct bench {
        char *memory;
        size_t size, n_max, n;
        struct knapsack *k;
        struct load *loads;
        struct cover cover;
        uint64_t seed, weight_min, relief_min, weight_sum, relief_sum;
};

static void bench_init(struct bench *b, size_t n_max)
{
        *b = (struct bench){ .n_max = n_max, .size = knapsack_size(n_max) };
        b->memory = malloc(b->size + 2 * CANARY_SIZE);
        b->loads = calloc(2 * n_max + 1, sizeof(*b->loads));
        b->cover.shed = calloc(n_max + 1, sizeof(bool));
        cr_assert(b->memory && b->loads && b->cover.shed);
        memset(b->memory, CANARY, b->size + 2 * CANARY_SIZE);
        b->k = knapsack_make(b->memory + CANARY_SIZE, b->size, n_max);
        cr_assert_not_null(b->k);
}

static void bench_fini(struct bench *b)
{
        for (size_t i = 0; i < CANARY_SIZE; i++) {
                cr_assert_eq((unsigned char)b->memory[i], CANARY, "written %zu bytes before the arena",
                             CANARY_SIZE - i);
                cr_assert_eq((unsigned char)b->memory[CANARY_SIZE + b->size + i], CANARY,
                             "written %zu bytes behind the arena", i);
        }
        free(b->memory);
        free(b->loads);
        free(b->cover.shed);
}

static void bench_sum(struct bench *b)
{
        b->weight_sum = b->relief_sum = 0;
        for (size_t i = 0; i < b->n; i++) {
                b->weight_sum += b->loads[i].weight;
                b->relief_sum += b->loads[i].relief;
        }
}

/* What every answer must be, whatever the budget: as it says, enough, without a victim too many, rightly
 * bounded. */
static void cover_check(const struct bench *b)
{
        const struct cover *c = &b->cover;
        uint64_t weight = 0, relief = 0, loss = 0;
        size_t n_shed = 0;

        for (size_t i = 0; i < b->n; i++) {
                if (!c->shed[i])
                        continue;
                weight += b->loads[i].weight;
                relief += b->loads[i].relief;
                loss += b->loads[i].utility;
                n_shed++;
        }
        cr_assert(c->weight == weight && c->relief == relief && c->loss == loss && c->n_shed == n_shed,
                  "sums are not those of the set, seed %" PRIu64, b->seed);
        cr_assert(weight >= b->weight_min && relief >= b->relief_min, "not enough, seed %" PRIu64, b->seed);
        for (size_t i = 0; i < b->n; i++)
                cr_assert(!c->shed[i] || weight - b->loads[i].weight < b->weight_min ||
                                  relief - b->loads[i].relief < b->relief_min,
                          "item %zu need not go, seed %" PRIu64, i, b->seed);
        cr_assert(c->bound <= c->loss, "bound above the loss, seed %" PRIu64, b->seed);
        cr_assert_eq(c->optimal, c->bound == c->loss, "seed %" PRIu64, b->seed);
        cr_assert(c->optimal || !c->ties_settled, "ties of what is not optimal, seed %" PRIu64, b->seed);
}

static void bench_solve(struct bench *b, uint64_t work)
{
        int r = knapsack_cover(b->k, b->loads, b->n, b->weight_min, b->relief_min, work, &b->cover);

        cr_assert_eq(r, KNAPSACK_COVERED, "answer %d, seed %" PRIu64, r, b->seed);
        cover_check(b);
}

/* A case of any kind: small numbers or a family, either need or both or none, exact fits among them. */
static struct dice bench_roll(struct bench *b, uint64_t seed, size_t n_max)
{
        struct dice d = { seed };
        uint64_t kind, part;

        b->seed = seed;
        b->n = 1 + dice_below(&d, n_max);
        if (dice_below(&d, 3)) {
                loads_roll_small(&d, b->loads, b->n);
        } else {
                family_roll((enum family)dice_below(&d, FAMILY_N), &d, b->loads, b->n);
                if (dice_below(&d, 2))
                        family_mix(&d, b->loads, b->n);
        }
        bench_sum(b);
        kind = dice_below(&d, 8);
        part = dice_below(&d, 1001);
        b->weight_min = kind == 0 || kind == 1 ? 0 : u64_scale(b->weight_sum, part, 1000);
        b->relief_min = kind == 0 || kind == 2
                                ? 0
                                : u64_scale(b->relief_sum, kind < 6 ? dice_below(&d, 1001) : part, 1000);
        if (kind == 7) { /* an exact fit of some set */
                b->weight_min = b->relief_min = 0;
                for (size_t i = 0; i < b->n; i++) {
                        if (dice_below(&d, 3))
                                continue;
                        b->weight_min += b->loads[i].weight;
                        b->relief_min += b->loads[i].relief;
                }
        }
        return d;
}

/* One need or two of a family, the share 1 … 50 %. */
static void bench_roll_family(struct bench *b, enum family family, bool both, size_t n, uint64_t seed)
{
        struct dice d = { seed };
        uint64_t share;

        b->seed = seed;
        b->n = n;
        family_roll(family, &d, b->loads, n);
        if (both)
                family_mix(&d, b->loads, n);
        bench_sum(b);
        share = 1 + dice_below(&d, 50);
        b->weight_min = u64_scale(b->weight_sum, share, 100);
        b->relief_min = both ? u64_scale(b->relief_sum, share, 100) : 0;
}

Test(knapsack, same_as_all_subsets)
{
        struct bench b;
        uint64_t n_cases = rounds(10000);
        size_t n_unsettled = 0;

        bench_init(&b, 14);
        for (uint64_t i = 0; i < n_cases; i++) {
                struct oracle o;

                bench_roll(&b, i, i % 8 ? 10 : 14);
                cr_assert(oracle_subsets(b.loads, b.n, b.weight_min, b.relief_min, &o));
                bench_solve(&b, KNAPSACK_WORK);
                cr_assert_eq(b.cover.loss, o.loss, "loss %" PRIu64 ", least %" PRIu64 ", seed %" PRIu64,
                             b.cover.loss, o.loss, i);
                cr_assert(b.cover.optimal, "not proven, seed %" PRIu64, i);
                cr_assert_eq(b.cover.n_shed, o.n_shed, "%zu victims, fewest %zu, seed %" PRIu64,
                             b.cover.n_shed, o.n_shed, i);
                cr_assert_eq(b.cover.relief, o.relief, "relief %" PRIu64 ", most %" PRIu64 ", seed %" PRIu64,
                             b.cover.relief, o.relief, i);
                cr_assert_arr_eq(b.cover.shed, o.shed, b.n * sizeof(bool), "other ids, seed %" PRIu64, i);
                n_unsettled += !b.cover.ties_settled;
        }
        cr_assert_leq(n_unsettled, n_cases / 1000, "%zu of %" PRIu64 " not settled", n_unsettled, n_cases);
        bench_fini(&b);
}

Test(knapsack, short_when_all_is_not_enough)
{
        struct bench b;

        bench_init(&b, 14);
        for (uint64_t i = 0; i < 100; i++) {
                struct cover before;

                bench_roll(&b, i, 14);
                before = b.cover;
                memset(b.cover.shed, true, b.n);
                cr_assert_eq(knapsack_cover(b.k, b.loads, b.n, b.weight_sum + 1, 0, KNAPSACK_WORK, &b.cover),
                             KNAPSACK_SHORT);
                cr_assert_eq(knapsack_cover(b.k, b.loads, b.n, 0, b.relief_sum + 1, KNAPSACK_WORK, &b.cover),
                             KNAPSACK_SHORT);
                cr_assert_eq(knapsack_cover(b.k, b.loads, b.n, UINT64_MAX, 0, KNAPSACK_WORK, &b.cover),
                             KNAPSACK_SHORT);
                cr_assert_arr_eq(&before, &b.cover, sizeof(before), "the answer was touched, seed %" PRIu64,
                                 i);
                for (size_t j = 0; j < b.n; j++)
                        cr_assert(b.cover.shed[j]);
                b.weight_min = b.weight_sum;
                b.relief_min = b.relief_sum;
                bench_solve(&b, KNAPSACK_WORK);
        }
        bench_fini(&b);
}

Test(knapsack, same_as_table)
{
        static const struct {
                enum family family;
                size_t n;
        } rows[] = {
                { FAMILY_ANY, 100 },        { FAMILY_ANY, 1000 },          { FAMILY_TIERS, 300 },
                { FAMILY_TIERS, 1000 },     { FAMILY_ONE, 1000 },          { FAMILY_REPLICAS, 100 },
                { FAMILY_REPLICAS, 1000 },  { FAMILY_COARSE_MEMORY, 100 }, { FAMILY_COARSE_MEMORY, 300 },
                { FAMILY_MEMORY_PLUS, 60 }, { FAMILY_MEMORY, 60 },         { FAMILY_NEAR_MEMORY, 60 },
        };
        struct bench b;

        bench_init(&b, 1000);
        for (uint64_t i = 0, n = rounds(12 * ARRAY_SIZE(rows)); i < n; i++) {
                enum family family = rows[i % ARRAY_SIZE(rows)].family;
                uint64_t least;

                bench_roll_family(&b, family, false, rows[i % ARRAY_SIZE(rows)].n, i);
                least = oracle_table(b.loads, b.n, b.weight_min);
                bench_solve(&b, KNAPSACK_WORK);
                cr_assert(b.cover.bound <= least && least <= b.cover.loss,
                          "%s, bound %" PRIu64 ", least %" PRIu64 ", loss %" PRIu64 ", seed %" PRIu64,
                          family_name[family], b.cover.bound, least, b.cover.loss, i);
                b.relief_min = b.weight_min; /* the same question, asked of the relief */
                b.weight_min = 0;
                bench_solve(&b, KNAPSACK_WORK);
                cr_assert(b.cover.bound <= least && least <= b.cover.loss, "of relief: %s, seed %" PRIu64,
                          family_name[family], i);
        }
        bench_fini(&b);
}

Test(knapsack, same_as_branch_and_bound)
{
        struct bench b;
        uint64_t n_proven = 0, n = rounds(3000);

        bench_init(&b, 40);
        for (uint64_t i = 0; i < n; i++) {
                static const enum family families[] = { FAMILY_ANY,  FAMILY_TIERS,    FAMILY_ONE,
                                                        FAMILY_FINE, FAMILY_REPLICAS, FAMILY_COARSE_MEMORY };
                enum family family = families[i % ARRAY_SIZE(families)];
                uint64_t least;

                /* what follows memory is too much for the oracle beyond two dozen */
                bench_roll_family(&b, family, true, 15 + i % (family == FAMILY_COARSE_MEMORY ? 9 : 26), i);
                least = oracle_branch(b.loads, b.n, b.weight_min, b.relief_min);
                bench_solve(&b, KNAPSACK_WORK);
                cr_assert(b.cover.bound <= least && least <= b.cover.loss,
                          "%s, bound %" PRIu64 ", least %" PRIu64 ", loss %" PRIu64 ", seed %" PRIu64,
                          family_name[family], b.cover.bound, least, b.cover.loss, i);
                n_proven += b.cover.optimal;
        }
        cr_assert_eq(n_proven, n, "only %" PRIu64 " of %" PRIu64 " proven", n_proven, n);
        bench_fini(&b);
}

Test(knapsack, any_budget_bounds_the_optimum)
{
        static const uint64_t budgets[] = { 0, 1, 10, 100, 300, 1000, 3000, 10000, 100000 };
        struct bench b;

        bench_init(&b, 200);
        for (uint64_t i = 0, n = rounds(1500); i < n; i++) {
                uint64_t least;

                if (i % 3 == 0) {
                        struct oracle o;

                        bench_roll(&b, i, 10);
                        oracle_subsets(b.loads, b.n, b.weight_min, b.relief_min, &o);
                        least = o.loss;
                } else if (i % 3 == 1) {
                        bench_roll_family(&b, i % 2 ? FAMILY_ANY : FAMILY_COARSE_MEMORY, false, 200, i);
                        least = oracle_table(b.loads, b.n, b.weight_min);
                } else {
                        bench_roll_family(&b, i % 2 ? FAMILY_TIERS : FAMILY_REPLICAS, true, 30, i);
                        least = oracle_branch(b.loads, b.n, b.weight_min, b.relief_min);
                }
                for (size_t j = 0; j < ARRAY_SIZE(budgets); j++) {
                        bench_solve(&b, budgets[j]);
                        cr_assert(b.cover.bound <= least && least <= b.cover.loss,
                                  "bound %" PRIu64 ", least %" PRIu64 ", loss %" PRIu64 ", budget %" PRIu64
                                  ", seed %" PRIu64,
                                  b.cover.bound, least, b.cover.loss, budgets[j], i);
                }
        }
        bench_fini(&b);
}

/* What is mandatory grows with n log n; all else stays inside the budget. */
Test(knapsack, budget_is_kept)
{
        struct bench b;

        bench_init(&b, 5000);
        for (uint64_t i = 0, n = rounds(120); i < n; i++) {
                enum family family = (enum family)(i % FAMILY_N);

                bench_roll_family(&b, family, i / FAMILY_N % 2, 5000, i);
                for (uint64_t work = 1; work <= 100000; work *= 100) {
                        bench_solve(&b, work);
                        cr_assert_leq(b.cover.work, work + work / 2 + 60 * b.n,
                                      "%s, spent %" PRIu64 " of %" PRIu64 ", seed %" PRIu64,
                                      family_name[family], b.cover.work, work, i);
                }
        }
        bench_fini(&b);
}

/* Utilities that follow memory fill every list and the history of flips, so that both are cut and cleaned.
 * Each budget's bound must hold against every budget's loss. */
Test(knapsack, hard_and_long)
{
        static const enum family families[] = { FAMILY_BYTES, FAMILY_NEAR_MEMORY, FAMILY_MEMORY_PLUS,
                                                FAMILY_MEMORY };
        struct bench b;

        bench_init(&b, 1000);
        for (uint64_t i = 0, n = rounds(24); i < n; i++) {
                enum family family = families[i % ARRAY_SIZE(families)];
                uint64_t bound = 0, loss = UINT64_MAX;

                bench_roll_family(&b, family, i % 3 == 0, i % 2 ? 100 : 1000, i);
                if (b.n == 100 && b.relief_min == 0 && family != FAMILY_BYTES)
                        bound = loss = oracle_table(b.loads, b.n, b.weight_min);
                for (uint64_t work = KNAPSACK_WORK / 16; work <= 16 * KNAPSACK_WORK; work *= 16) {
                        bench_solve(&b, work);
                        bound = u64_max(bound, b.cover.bound);
                        loss = u64_min(loss, b.cover.loss);
                        cr_assert(bound <= b.cover.loss && b.cover.bound <= loss,
                                  "%s, budget %" PRIu64 ", seed %" PRIu64, family_name[family], work, i);
                }
        }
        bench_fini(&b);
}

Test(knapsack, same_question_same_answer)
{
        struct bench a, b;

        bench_init(&a, 300);
        bench_init(&b, 300);
        for (uint64_t i = 0, n = rounds(300); i < n; i++) {
                bench_roll(&a, i, 300);
                bench_solve(&a, 20000); /* b has another past */
                bench_roll(&b, i + 1, 300);
                bench_solve(&b, 500);
                bench_roll(&b, i, 300);
                bench_solve(&b, 20000);
                cr_assert_arr_eq(a.cover.shed, b.cover.shed, a.n * sizeof(bool), "seed %" PRIu64, i);
                cr_assert_eq(a.cover.work, b.cover.work, "seed %" PRIu64, i);
                cr_assert_eq(a.cover.bound, b.cover.bound, "seed %" PRIu64, i);
        }
        bench_fini(&a);
        bench_fini(&b);
}

static void loads_shuffle(struct bench *b, struct dice *d)
{
        for (size_t i = b->n; i-- > 1;) {
                size_t j = dice_below(d, i + 1);
                struct load t = b->loads[i];

                b->loads[i] = b->loads[j];
                b->loads[j] = t;
        }
}

static void loads_scale(struct bench *b, uint64_t size, uint32_t utility)
{
        for (size_t i = 0; i < b->n; i++) {
                b->loads[i].weight *= size;
                b->loads[i].relief *= size;
                b->loads[i].utility *= utility;
        }
        b->weight_min *= size;
        b->relief_min *= size;
}

/* Questions whose answers follow from one another. Only proven answers can be compared. */
Test(knapsack, laws)
{
        struct bench b;

        bench_init(&b, 61);
        for (uint64_t i = 0, n = rounds(3000); i < n; i++) {
                struct dice d = bench_roll(&b, i, 60);
                struct cover first;
                uint32_t most = 0;

                bench_solve(&b, KNAPSACK_WORK);
                first = b.cover;
                if (!first.optimal)
                        continue;

                loads_shuffle(&b, &d);
                bench_solve(&b, KNAPSACK_WORK);
                cr_assert(!b.cover.optimal || b.cover.loss == first.loss, "shuffled, seed %" PRIu64, i);
                cr_assert(!b.cover.ties_settled || !first.ties_settled ||
                                  (b.cover.n_shed == first.n_shed && b.cover.relief == first.relief),
                          "shuffled, seed %" PRIu64, i);

                for (size_t j = 0; j < b.n; j++)
                        most = (uint32_t)u64_max(most, b.loads[j].utility);
                if (most <= KNAPSACK_UTILITY_MAX / 7) {
                        loads_scale(&b, 3, 7);
                        bench_solve(&b, KNAPSACK_WORK);
                        cr_assert(!b.cover.optimal || b.cover.loss == 7 * first.loss, "scaled, seed %" PRIu64,
                                  i);
                        cr_assert(!b.cover.ties_settled || !first.ties_settled ||
                                          (b.cover.n_shed == first.n_shed &&
                                           b.cover.relief == 3 * first.relief),
                                  "scaled, seed %" PRIu64, i);
                        first.loss *= 7;
                }

                b.loads[b.n++] = (struct load){ 0, 0, (uint32_t)dice_below(&d, 3) }; /* of no use to anyone */
                bench_solve(&b, KNAPSACK_WORK);
                cr_assert(!b.cover.shed[b.n - 1], "seed %" PRIu64, i);
                cr_assert(!b.cover.optimal || b.cover.loss == first.loss, "useless item, seed %" PRIu64, i);

                b.loads[b.n - 1] = b.loads[dice_below(&d, b.n - 1)]; /* one more to choose from */
                bench_solve(&b, KNAPSACK_WORK);
                cr_assert(!b.cover.optimal || b.cover.loss <= first.loss, "duplicate, seed %" PRIu64, i);

                b.n--;
                b.weight_min /= 2;
                b.relief_min /= 2;
                bench_solve(&b, KNAPSACK_WORK);
                cr_assert(!b.cover.optimal || b.cover.loss <= first.loss, "halved, seed %" PRIu64, i);
        }
        bench_fini(&b);
}

Test(knapsack, equal_items_go_by_id)
{
        struct bench b;

        bench_init(&b, 1000);
        b.n = 120;
        for (size_t i = 0; i < b.n; i++)
                b.loads[i] = (struct load){ 4096, 4096, 10 };
        b.weight_min = 4096 * 41 + 1;
        b.relief_min = 4096 * 40;
        bench_solve(&b, KNAPSACK_WORK);
        cr_assert(b.cover.optimal && b.cover.ties_settled);
        for (size_t i = 0; i < b.n; i++)
                cr_assert_eq(b.cover.shed[i], i < 42, "item %zu", i);
        bench_fini(&b);
}

Test(knapsack, large_and_realistic_is_proven)
{
        static const enum family families[] = { FAMILY_ANY, FAMILY_TIERS, FAMILY_ONE, FAMILY_FINE,
                                                FAMILY_REPLICAS };
        struct bench b;

        bench_init(&b, KNAPSACK_ITEMS_MAX);
        for (uint64_t i = 0, n = rounds(2 * ARRAY_SIZE(families)); i < n; i++) {
                enum family family = families[i % ARRAY_SIZE(families)];

                bench_roll_family(&b, family, false, i < ARRAY_SIZE(families) ? KNAPSACK_ITEMS_MAX : 10000,
                                  i);
                bench_solve(&b, KNAPSACK_WORK);
                cr_assert(b.cover.optimal, "%s, seed %" PRIu64, family_name[family], i);
        }
        bench_fini(&b);
}

Test(knapsack, sums_at_the_limit)
{
        struct bench b;
        const uint64_t most = (UINT64_C(1) << 62) - 1;

        bench_init(&b, 4);
        b.n = 4;
        for (size_t i = 0; i < b.n; i++)
                b.loads[i] = (struct load){ most / 4, most / 4, KNAPSACK_UTILITY_MAX };
        b.weight_min = b.relief_min = most / 2;
        bench_solve(&b, KNAPSACK_WORK);
        cr_assert_eq(b.cover.loss, 3 * (uint64_t)KNAPSACK_UTILITY_MAX);
        cr_assert(b.cover.optimal && b.cover.ties_settled);

        b.loads[3].relief += 4;
        cr_assert_eq(knapsack_cover(b.k, b.loads, b.n, 1, 1, KNAPSACK_WORK, &b.cover), -EOVERFLOW);
        b.loads[3] = (struct load){ UINT64_MAX, 0, 1 };
        cr_assert_eq(knapsack_cover(b.k, b.loads, b.n, 1, 1, KNAPSACK_WORK, &b.cover), -EOVERFLOW);
        b.loads[3] = (struct load){ 1, 1, KNAPSACK_UTILITY_MAX + 1 };
        cr_assert_eq(knapsack_cover(b.k, b.loads, b.n, 1, 1, KNAPSACK_WORK, &b.cover), -EINVAL);
        cr_assert_eq(knapsack_cover(b.k, b.loads, 5, 1, 1, KNAPSACK_WORK, &b.cover), -EINVAL);
        bench_fini(&b);
}

/* The most items, the highest utilities, sums just inside the guard: nothing may wrap. */
Test(knapsack, products_at_the_limit)
{
        struct bench b;
        struct dice d = { 1 };

        bench_init(&b, KNAPSACK_ITEMS_MAX);
        b.n = KNAPSACK_ITEMS_MAX;
        for (size_t i = 0; i < b.n; i++)
                b.loads[i] = (struct load){ (UINT64_C(1) << 45) - dice_below(&d, 1 << 20),
                                            (UINT64_C(1) << 45) - dice_below(&d, 1 << 30),
                                            KNAPSACK_UTILITY_MAX - (uint32_t)dice_below(&d, 9) };
        bench_sum(&b);
        b.weight_min = b.weight_sum / 2;
        b.relief_min = b.relief_sum / 2;
        bench_solve(&b, 100000);
        cr_assert(b.cover.loss - b.cover.bound < b.cover.loss / 1000);
        bench_fini(&b);
}

Test(knapsack, nothing_needed_nothing_shed)
{
        struct bench b;

        bench_init(&b, 14);
        for (uint64_t i = 0; i < 100; i++) {
                bench_roll(&b, i, 14);
                b.weight_min = b.relief_min = 0;
                bench_solve(&b, i);
                cr_assert(b.cover.n_shed == 0 && b.cover.optimal && b.cover.ties_settled, "seed %" PRIu64, i);
        }
        b.n = 0;
        bench_solve(&b, 0);
        cr_assert_eq(knapsack_cover(b.k, b.loads, 0, 1, 0, 0, &b.cover), KNAPSACK_SHORT);
        bench_fini(&b);
}

Test(knapsack, memory_must_fit)
{
        size_t size = knapsack_size(100);
        CLEANUP(free_p) char *memory = malloc(size + 16);

        cr_assert(size > 0 && memory);
        cr_assert_null(knapsack_make(memory, size - 1, 100));
        cr_assert_null(knapsack_make(memory + 1, size, 100));
        cr_assert_null(knapsack_make(memory, SIZE_MAX, KNAPSACK_ITEMS_MAX + 1));
        cr_assert_eq(knapsack_make(memory, size, 100), (void *)memory);
        cr_assert_eq(knapsack_size(KNAPSACK_ITEMS_MAX + 1), 0);
        cr_assert_gt(knapsack_size(0), 0);
        cr_assert_leq(knapsack_size(1000), 2560 * KIB);
}
