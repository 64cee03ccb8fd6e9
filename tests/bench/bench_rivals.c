/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others take for the same knapsack: GLPK's and CBC's branch and cut, and the textbook's table of the
 * most weight for each loss. One need, the families of bench_knapsack. Built and run by rivals.sh; prints a
 * table, fails nothing.
 *
 * bench_rivals [INSTANCES]     default 5
 *
 * The rivals get the weights in pages, so that all numbers are small integers; GLPK and CBC calculate in
 * floating point and are told nothing but the problem, with presolving on and the gaps that they allow by
 * default. Whoever has not ended after LIMIT_S is counted, and not timed. Their answers are compared with
 * ours: how many lose more, and how many less, which ours may leave open on hard families and large ones. Times
 * are of the thread's CPU clock, model building left out; a rival's is how many times ours it takes, the
 * median of those that ended. The table is tried as long as it has no more than TABLE_CELLS. */
#include <coin/Cbc_C_Interface.h>
#include <glpk.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/base.h"
#include "unit/oracle.h"

#define LIMIT_S       10
#define INSTANCES_MAX 51
#define PAGE          4096
#define TABLE_CELLS   UINT64_C(1000000000)      /* some seconds */

static const size_t sizes[] = { 10, 100, 1000, 10000 };

struct problem {
        struct load *loads;
        size_t n;
        uint64_t need;
};

/* Seconds it took, and the loss; a negative time: not ended. */
struct attempt {
        double seconds, loss;
};

static double now(void)
{
        struct timespec t;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct attempt ours(struct knapsack *k, const struct problem *p, bool *shed)
{
        struct cover cover = { .shed = shed };
        double begun = now();

        if (knapsack_cover(k, p->loads, p->n, p->need, 0, KNAPSACK_WORK, &cover) != KNAPSACK_COVERED)
                abort();
        return (struct attempt){ now() - begun, (double)cover.loss };
}

static struct attempt by_table(const struct problem *p)
{
        uint64_t sum = 0, loss;
        double begun = now();

        for (size_t i = 0; i < p->n; i++)
                sum += p->loads[i].utility;
        if (sum * p->n > TABLE_CELLS)
                return (struct attempt){ -1, 0 };
        loss = oracle_table(p->loads, p->n, p->need);
        return (struct attempt){ now() - begun, (double)loss };
}

static struct attempt by_glpk(const struct problem *p)
{
        glp_prob *lp = glp_create_prob();
        struct attempt a = { -1, 0 };
        CLEANUP(free_p) int *columns = calloc(p->n + 1, sizeof(*columns));
        CLEANUP(free_p) double *weights = calloc(p->n + 1, sizeof(*weights));
        glp_iocp options;
        double begun;

        glp_term_out(GLP_OFF);
        glp_add_rows(lp, 1);
        glp_set_row_bnds(lp, 1, GLP_LO, (double)(p->need / PAGE), 0);
        glp_add_cols(lp, (int)p->n);
        for (int i = 1; i <= (int)p->n; i++) {
                glp_set_col_kind(lp, i, GLP_BV);
                glp_set_obj_coef(lp, i, p->loads[i - 1].utility);
                columns[i] = i;
                weights[i] = (double)(p->loads[i - 1].weight / PAGE);
        }
        glp_set_mat_row(lp, 1, (int)p->n, columns, weights);
        glp_init_iocp(&options);
        options.presolve = GLP_ON;
        options.tm_lim = LIMIT_S * 1000;
        begun = now();
        if (glp_intopt(lp, &options) == 0 && glp_mip_status(lp) == GLP_OPT)
                a = (struct attempt){ now() - begun, glp_mip_obj_val(lp) };
        glp_delete_prob(lp);
        return a;
}

static struct attempt by_cbc(const struct problem *p)
{
        Cbc_Model *model = Cbc_newModel();
        struct attempt a = { -1, 0 };
        size_t n = p->n;
        CLEANUP(free_p) int *starts = calloc(n + 1, sizeof(*starts));
        CLEANUP(free_p) int *rows = calloc(n, sizeof(*rows));
        CLEANUP(free_p) double *weights = calloc(n, sizeof(*weights));
        CLEANUP(free_p) double *zero = calloc(n, sizeof(*zero));
        CLEANUP(free_p) double *one = calloc(n, sizeof(*one));
        CLEANUP(free_p) double *losses = calloc(n, sizeof(*losses));
        char limit[16];
        double need = (double)(p->need / PAGE), most = INFINITY, begun;

        for (size_t i = 0; i < n; i++) {
                starts[i + 1] = (int)i + 1;
                weights[i] = (double)(p->loads[i].weight / PAGE);
                losses[i] = p->loads[i].utility;
                one[i] = 1;
        }
        Cbc_loadProblem(model, (int)n, 1, starts, rows, weights, zero, one, losses, &need, &most);
        for (int i = 0; i < (int)n; i++)
                Cbc_setInteger(model, i);
        Cbc_setParameter(model, "log", "0");
        snprintf(limit, sizeof(limit), "%d", LIMIT_S);
        Cbc_setParameter(model, "sec", limit);
        begun = now();
        if (Cbc_solve(model) == 0 && Cbc_isProvenOptimal(model))
                a = (struct attempt){ now() - begun, Cbc_getObjValue(model) };
        Cbc_deleteModel(model);
        return a;
}

struct column {
        double ratio[INSTANCES_MAX];
        size_t n, n_late, n_more, n_less;
};

static void column_add(struct column *c, struct attempt a, const struct attempt *mine)
{
        if (a.seconds < 0) {
                c->n_late++;
                return;
        }
        c->ratio[c->n++] = a.seconds / mine->seconds;
        c->n_more += a.loss > mine->loss + 0.5;
        c->n_less += a.loss < mine->loss - 0.5;
}

static int double_compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return x < y ? -1 : x > y;
}

static double median(double *values, size_t n)
{
        qsort(values, n, sizeof(*values), double_compare);
        return values[n / 2];
}

static void column_print(struct column *c)
{
        if (c->n > 0)
                printf(" | %9.0f", median(c->ratio, c->n));
        else
                printf(" | %9s", "–");
        printf(" %4zu %4zu %4zu", c->n_late, c->n_more, c->n_less);
}

static void row_run(struct knapsack *k, struct load *loads, bool *shed, size_t n, enum family family,
                    size_t instances)
{
        struct column table = { 0 }, glpk = { 0 }, cbc = { 0 };
        double usec[INSTANCES_MAX];

        for (size_t i = 0; i < instances; i++) {
                struct dice d = { (uint64_t)family * 1000000 + n * 10 + i * UINT64_C(1000000000) };
                struct problem p = { .loads = loads, .n = n };
                struct attempt mine;
                uint64_t weight = 0;

                family_roll(family, &d, loads, n);
                for (size_t j = 0; j < n; j++)
                        weight += loads[j].weight;
                p.need = u64_scale(weight, 10000 + dice_below(&d, 490001), 1000000) / PAGE * PAGE;
                ours(k, &p, shed);      /* once for the caches, as the rivals do theirs by building a model */
                mine = ours(k, &p, shed);
                usec[i] = mine.seconds * 1e6;
                column_add(&table, by_table(&p), &mine);
                column_add(&glpk, by_glpk(&p), &mine);
                column_add(&cbc, by_cbc(&p), &mine);
        }
        printf("%-18s %6zu %9.1f", family_name[family], n, median(usec, instances));
        column_print(&table);
        column_print(&glpk);
        column_print(&cbc);
        putchar('\n');
        fflush(stdout);
}

int main(int argc, char **argv)
{
        static const enum family families[] = { FAMILY_ANY, FAMILY_TIERS, FAMILY_REPLICAS, FAMILY_MEMORY_PLUS };
        size_t instances = argc > 1 ? strtoul(argv[1], NULL, 10) : 5, n_max = sizes[ARRAY_SIZE(sizes) - 1];
        size_t size = knapsack_size(n_max);
        CLEANUP(free_p) void *memory = calloc(1, size);
        CLEANUP(free_p) struct load *loads = calloc(n_max, sizeof(*loads));
        CLEANUP(free_p) bool *shed = calloc(n_max, sizeof(*shed));
        struct knapsack *k = memory ? knapsack_make(memory, size, n_max) : NULL;

        if (!k || !loads || !shed || instances == 0 || instances > INSTANCES_MAX)
                return 1;
        printf("%-18s %6s %9s | %-24s | %-24s | %-24s\n", "", "", "ours", "table", "GLPK", "CBC");
        printf("%-18s %6s %9s", "family", "items", "usec");
        for (int i = 0; i < 3; i++)
                printf(" | %9s %4s %4s %4s", "times", "late", "more", "less");
        putchar('\n');
        for (size_t f = 0; f < ARRAY_SIZE(families); f++)
                for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
                        row_run(k, loads, shed, sizes[i], families[f], instances);
        return 0;
}
