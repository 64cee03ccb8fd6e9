/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the knapsack costs, by family and size. Plain program; prints a table, fails nothing.
 *
 * One need: weight and relief are the memory, and weight_min alone is asked. Two needs: relief is a half to
 * all of the memory, weight adds a share of the total as oom scores do, and the same share of both sums is
 * asked. Times are of the thread's CPU clock, per call; every instance is rolled anew from the seed that is
 * printed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "bench.h"
#include "unit/oracle.h"

#define INSTANCES_MAX 101

static const size_t sizes[] = { 10, 100, 1000, 10000, 100000 };

struct tally {
        uint64_t nsec[INSTANCES_MAX];
        uint64_t work[INSTANCES_MAX];
        size_t n, n_unproven, n_unsettled;
        double gap_max;
};

static void instance_run(struct knapsack *k, struct load *loads, bool *shed, size_t n, enum family family,
                         bool both, uint64_t seed, uint64_t work, struct tally *t)
{
        struct cover cover = { .shed = shed };
        struct dice d = { seed };
        uint64_t weight = 0, relief = 0, share, start;

        family_roll(family, &d, loads, n);
        if (both)
                family_mix(&d, loads, n);
        for (size_t i = 0; i < n; i++) {
                weight += loads[i].weight;
                relief += loads[i].relief;
        }
        share = 10000 + dice_below(&d, 490001); /* 1 … 50 %, in millionths */
        start = thread_nsec();
        if (knapsack_cover(k, loads, n, u64_scale(weight, share, 1000000),
                           both ? u64_scale(relief, share, 1000000) : 0, work, &cover) != KNAPSACK_COVERED)
                abort();
        t->nsec[t->n] = thread_nsec() - start;
        t->work[t->n++] = cover.work;
        t->n_unproven += !cover.optimal;
        t->n_unsettled += !cover.ties_settled;
        if (cover.loss > cover.bound && cover.loss > 0) {
                double gap = (double)(cover.loss - cover.bound) / (double)cover.loss;

                t->gap_max = gap > t->gap_max ? gap : t->gap_max;
        }
}

static void row_run(struct knapsack *k, struct load *loads, bool *shed, size_t n, enum family family,
                    bool both, size_t n_instances, uint64_t work)
{
        struct tally t = { 0 };
        uint64_t seed = (uint64_t)family * 1000000 + n * 10 + both, nsec_median, work_median;

        for (size_t i = 0; i < n_instances; i++)
                instance_run(k, loads, shed, n, family, both, seed + i * UINT64_C(1000000000), work, &t);
        nsec_median = median_of(t.nsec, t.n);   /* and the last is the largest */
        work_median = median_of(t.work, t.n);
        printf("%-18s %-4s %7zu %10.1f %10.1f %9zu %9zu %8.3f%% %9ju %9ju  %ju\n", family_name[family],
               both ? "two" : "one", n, (double)nsec_median / 1000, (double)t.nsec[t.n - 1] / 1000,
               t.n_unproven, t.n_unsettled, 100 * t.gap_max, (uintmax_t)work_median,
               (uintmax_t)t.work[t.n - 1], (uintmax_t)seed);
        fflush(stdout);
}

int main(int argc, char **argv)
{
        bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
        size_t n_max = quick ? 10000 : KNAPSACK_ITEMS_MAX, size = knapsack_size(n_max);
        CLEANUP(free_p) void *memory = malloc(size);
        CLEANUP(free_p) struct load *loads = calloc(n_max, sizeof(*loads));
        CLEANUP(free_p) bool *shed = calloc(n_max, sizeof(*shed));
        struct knapsack *k;
        const char *only = getenv("FAMILY");

        if (!memory || !loads || !shed)
                return 1;
        memset(memory, 0, size); /* as the daemon does: no page fault inside the solver */
        k = knapsack_make(memory, size, n_max);
        if (!k)
                return 1;
        printf("arena: %zu bytes for 1000 items, %zu for 4096, %zu for 100000; budget %u units\n",
               knapsack_size(1000), knapsack_size(4096), knapsack_size(100000), KNAPSACK_WORK);
        printf("%-18s %-4s %7s %10s %10s %9s %9s %9s %9s %9s  %s\n", "family", "need", "items", "usec med",
               "usec max", "unproven", "unsettled", "gap max", "work med", "work max", "seed");
        for (int both = 0; both < 2; both++)
                for (int family = 0; family < FAMILY_N; family++)
                        for (size_t i = 0; i < ARRAY_SIZE(sizes) && sizes[i] <= n_max; i++) {
                                if (only && strncmp(only, family_name[family], strlen(only)))
                                        continue;
                                row_run(k, loads, shed, sizes[i], (enum family)family, both,
                                        quick              ? 11
                                        : sizes[i] > 10000 ? 11
                                                           : 51,
                                        KNAPSACK_WORK);
                        }
        return 0;
}
