/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom to kill is a covering problem: of all sets that weigh at least so much and free at least so much, find
 * the one whose items are worth least. Weight and relief are nearly the same number as a rule, and so a set
 * that reaches the one need as cheaply as can be mostly reaches the other: of 500 random cases each with 10
 * to 1000 items, nine in ten were decided by one need alone.
 *
 * Two stages and a tie search, each among what the one before left open. The first stage minimises utility.
 * The second minimises the number of victims among the sets that lose no more, by the same search with
 * utility · (n + 1) + 1 as cost. The tie search then looks for most relief and lowest ids. To do all at once
 * would be as exact and many times slower: a proof about utility alone is cheap, and it settles nearly all
 * items for the rest.
 *
 * A stage solves each need alone first. Dropping a need only adds sets, so the cheapest set for one need
 * bounds the answer from below, and if it happens to reach the other need too, it is the answer. Only if
 * neither does, both are searched together, against the higher of the two bounds. One search is: the price of
 * the need (knapsack_break.c), which bounds the cost of all sets and fixes most items; lists of partial
 * solutions over the rest (knapsack_list.c).
 *
 * Why the answer can be relied on. Every certificate is compared in 128-bit integers: sums stay below 2^62, a
 * cost below 2^37 and their sum below 2^54, so no product reaches 2^127. Items are fixed only by a
 * certificate that no set as good as the best known one does otherwise. What the search gives up for want of
 * room or budget lowers the bound that is reported, never silently the answer. And the answer starts as
 * everything, and is replaced in one place only, by a set whose sums, taken anew from the caller's numbers,
 * reach both needs: a mistake elsewhere could cost a container, but not the need.
 *
 * The budget is counted in units of one state looked at, some 8 ns on the 2.6 GHz machines this was measured
 * on; passes over items are charged by what they take. The linear parts are charged but not refused: no
 * budget buys less than an answer. Nothing depends on time or addresses, and pivots come from a fixed seed:
 * the same question has the same answer. */
#include <errno.h>
#include <string.h>

#include "decide/knapsack_private.h"

/* Every sum of the input stays below this, so that the sum of two of them fits a signed word. */
#define SUM_MAX (UINT64_C(1) << 62)

static size_t arena_take(size_t *end, size_t n, size_t size)
{
        size_t start = *end;

        *end += (n * size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
        return start;
}

/* Returns the size of the arena, and cuts it when there is one. */
static size_t arena_cut(struct knapsack *k, size_t n_max)
{
        size_t end = 0, n_nodes = POOL_NODES + 2 * n_max;
        size_t list, flipped, stair, item, node, renamed, fate, best, trial, spare, other;

        arena_take(&end, 1, sizeof(struct knapsack));
        list = arena_take(&end, POOL_STATES, sizeof(struct state));
        flipped = arena_take(&end, POOL_STATES, sizeof(struct state));
        stair = arena_take(&end, POOL_STATES, sizeof(struct step));
        item = arena_take(&end, n_max, sizeof(struct item));
        node = arena_take(&end, n_nodes, sizeof(struct node));
        renamed = arena_take(&end, n_nodes, sizeof(uint32_t));
        fate = arena_take(&end, n_max, sizeof(uint8_t));
        best = arena_take(&end, n_max, sizeof(bool));
        trial = arena_take(&end, n_max, sizeof(bool));
        spare = arena_take(&end, n_max, sizeof(bool));
        other = arena_take(&end, n_max, sizeof(bool));
        if (k) {
                char *arena = (char *)k;

                k->n_max = n_max;
                k->pool = arena + list;
                k->pool_size = item - list;
                k->list[0] = (struct state *)(arena + list);
                k->list[1] = (struct state *)(arena + flipped);
                k->stair = (struct step *)(arena + stair);
                k->key = (int64_t *)(arena + stair);
                k->item = (struct item *)(arena + item);
                k->node = (struct node *)(arena + node);
                k->renamed = (uint32_t *)(arena + renamed);
                k->fate = (uint8_t *)(arena + fate);
                k->best = (bool *)(arena + best);
                k->trial = (bool *)(arena + trial);
                k->spare = (bool *)(arena + spare);
                k->other = (bool *)(arena + other);
        }
        return end;
}

size_t knapsack_size(size_t n_max)
{
        return n_max <= KNAPSACK_ITEMS_MAX ? arena_cut(NULL, n_max) : 0;
}

struct knapsack *knapsack_make(void *memory, size_t size, size_t n_max)
{
        struct knapsack *k = memory;

        if (n_max > KNAPSACK_ITEMS_MAX || size < knapsack_size(n_max) ||
            (uintptr_t)memory % _Alignof(max_align_t))
                return NULL;
        memset(k, 0, sizeof(*k));
        arena_cut(k, n_max);
        return k;
}

static int loads_check(struct knapsack *k)
{
        uint64_t weight = 0, relief = 0;

        for (size_t i = 0; i < k->n; i++) {
                if (k->loads[i].utility > KNAPSACK_UTILITY_MAX)
                        return -EINVAL;
                if (k->loads[i].weight >= SUM_MAX - weight || k->loads[i].relief >= SUM_MAX - relief)
                        return -EOVERFLOW;
                weight += k->loads[i].weight;
                relief += k->loads[i].relief;
        }
        k->all = (struct sums){ (int64_t)weight, (int64_t)relief, 0 };
        return 0;
}

/* Sums up the answer, from the caller's numbers and nothing else. */
static void cover_fill(struct knapsack *k, uint64_t bound, bool ties_settled, struct cover *ret_cover)
{
        struct cover cover = { .shed = ret_cover->shed, .ties_settled = ties_settled };

        for (size_t i = 0; i < k->n; i++) {
                cover.shed[i] = k->best[i];
                if (!k->best[i])
                        continue;
                cover.n_shed++;
                cover.loss += k->loads[i].utility;
                cover.weight += k->loads[i].weight;
                cover.relief += k->loads[i].relief;
        }
        work_charge_pass(k, 2 * k->n);
        cover.bound = bound < cover.loss ? bound : cover.loss;
        cover.optimal = cover.bound == cover.loss;
        cover.work = k->spent;
        *ret_cover = cover;
}

int knapsack_cover(struct knapsack *k, const struct load *loads, size_t n, uint64_t weight_min,
                   uint64_t relief_min, uint64_t work, struct cover *ret_cover)
{
        bool needed = weight_min > 0 || relief_min > 0, ties_settled = true;
        uint64_t bound = 0;
        int r;

        if (n > k->n_max)
                return -EINVAL;
        k->loads = loads;
        k->n = n;
        k->spent = 0;
        k->seed = 0;
        r = loads_check(k);
        if (r < 0)
                return r;
        if (weight_min > (uint64_t)k->all.weight || relief_min > (uint64_t)k->all.relief)
                return KNAPSACK_SHORT;
        k->weight_min = (int64_t)weight_min;
        k->relief_min = (int64_t)relief_min;
        memset(k->fate, FATE_OPEN, n * sizeof(*k->fate));
        memset(k->best, needed, n * sizeof(*k->best)); /* everything: enough, if not good */
        if (needed)
                bound = stages_run(k, work, &ties_settled);
        set_prune(k, k->best);
        cover_fill(k, bound, ties_settled, ret_cover);
        return KNAPSACK_COVERED;
}
