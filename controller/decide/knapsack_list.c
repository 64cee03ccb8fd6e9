/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The search: dynamic programming over lists of partial solutions, from the break item outwards.
 *
 * In the base solution every item before the break is shed and no other. Each round decides about one item
 * more, by turns the next one above the break (shed it as well) and the next one below (keep it after all):
 * the list of states and the same list with that item flipped are merged, by falling weight. Three rules keep
 * it short.
 *
 * Dominance: of two states that have decided the same items, one with no less weight and relief at no more
 * cost makes the other pointless. With one need that is one comparison with the last state kept; with two, a
 * staircase of falling cost and relief is searched.
 *
 * Bound: what a state lacks cannot be had for less than the next item above costs per size, and what it has
 * too much cannot save more than the next item below. A state that cannot end below the best is dropped.
 *
 * Width: when the list outgrows its room or the budget, the states with the worst bounds are given up, and
 * the least of their bounds is remembered. The best set is off by no more than that; when nothing was given
 * up, it is the best there is.
 *
 * Which item comes next need be known only as far as the search gets, which with many items alike is often
 * not far: so what lies outside the sorted middle is sorted when the search arrives there.
 *
 * A state knows its sums and its newest flip; flips point at the flips before them. When the room for flips
 * is full, those that no state leads to are removed: parents lie before children, so two passes do it. */
#include <string.h>

#include "decide/knapsack_private.h"

/* A list may be as wide as lets the budget last for so many rounds, but not narrower than the least, which is
 * as many as a dozen items can make. */
#define WIDTH_ROUNDS 128u
#define WIDTH_LEAST  2048u

/* The list search as it stands. Items in [low, left) and [right, high) are undecided. */
struct run {
        size_t low, left, middle, right, high;
        size_t n; /* states in list[0] */
        size_t n_stair;
        int64_t last_cost; /* of the state kept last: the staircase of one need */
        uint64_t fuel_start;
        int64_t given_up;
        bool improved;
};

static int64_t state_size(const struct knapsack *k, const struct state *s)
{
        return k->price.unit_weight * s->weight + k->price.unit_relief * s->relief;
}

/* The least any completion of the state can cost; INT64_MAX when none can reach. */
static int64_t state_bound(const struct knapsack *k, const struct run *run, const struct state *s)
{
        int64_t size = state_size(k, s);

        if (size < 0) {
                const struct item *next = &k->item[run->right];

                if (run->right == run->high)
                        return INT64_MAX;
                return s->cost + (int64_t)(((wide)-size * next->cost + next->size - 1) / next->size);
        }
        if (run->left == run->low)
                return s->cost;
        return s->cost - (int64_t)((wide)size * k->item[run->left - 1].cost / k->item[run->left - 1].size);
}

/* Whether a completion may cost at most 'target': state_bound() ≤ target, without a division. */
static bool state_hopeful(const struct knapsack *k, const struct run *run, const struct state *s,
                          int64_t target)
{
        int64_t size = state_size(k, s);
        const struct item *next;

        if (size < 0) {
                if (run->right == run->high || s->cost > target)
                        return false;
                next = &k->item[run->right];
                return (wide)-size * next->cost <= (wide)(target - s->cost) * next->size;
        }
        if (s->cost <= target)
                return true;
        if (run->left == run->low)
                return false;
        next = &k->item[run->left - 1];
        return (wide)(s->cost - target) * next->size <= (wide)size * next->cost;
}

/* Enters (cost, relief) into the staircase unless some step already has as much relief at no more cost. Steps
 * fall in both from the first to the last; states come by falling weight, so new ones are cheap and belong
 * near the end. */
static bool stair_enter(struct knapsack *k, struct run *run, int64_t cost, int64_t relief)
{
        struct step *stair = k->stair;
        size_t first = 0, last = run->n_stair, above;

        while (first < last) { /* first step that costs no more */
                size_t middle = first + (last - first) / 2;

                if (stair[middle].cost > cost)
                        first = middle + 1;
                else
                        last = middle;
        }
        if (first < run->n_stair && stair[first].relief >= relief)
                return false;
        above = first;
        if (first < run->n_stair && stair[first].cost == cost)
                first++;
        while (above > 0 && stair[above - 1].relief <= relief)
                above--;
        if (run->n_stair - first + above + 1 > POOL_STATES)
                return true; /* no room: one dominating step fewer, one state more */
        if (above + 1 != first && first < run->n_stair)
                memmove(&stair[above + 1], &stair[first], (run->n_stair - first) * sizeof(*stair));
        work_charge(k, (run->n_stair - first) / 16);
        run->n_stair -= first - above;
        run->n_stair++;
        stair[above] = (struct step){ cost, relief };
        return true;
}

static bool state_undominated(struct knapsack *k, struct run *run, const struct state *s)
{
        if (k->need == NEED_BOTH)
                return stair_enter(k, run, s->cost, s->relief);
        if (s->cost >= run->last_cost)
                return false;
        run->last_cost = s->cost;
        return true;
}

/* Order of merging: more weight first; at the same, the cheaper one, so that it is there to dominate. */
static bool state_before(const struct state *a, const struct state *b)
{
        return a->weight > b->weight || (a->weight == b->weight && a->cost < b->cost);
}

static struct state state_flipped(const struct state *s, const struct item *item)
{
        int64_t sign = item->in ? -1 : 1;

        return (struct state){ s->weight + sign * item->weight, s->relief + sign * item->relief,
                               s->cost + sign * item->cost, s->node };
}

/* Enters the state into list[1] if it may still lead to something better than the best. */
static struct state *state_enter(struct knapsack *k, struct run *run, struct state s, size_t flipped,
                                 struct state *out)
{
        if (!state_hopeful(k, run, &s, k->best_cost - k->grain) || !state_undominated(k, run, &s))
                return out;
        if (flipped != SIZE_MAX) {
                k->node[k->n_nodes] = (struct node){ s.node, (uint32_t)flipped };
                s.node = (uint32_t)k->n_nodes++;
        }
        if (s.weight >= 0 && s.relief >= 0 && s.cost < k->best_cost) {
                k->best_cost = s.cost;
                k->best_node = s.node;
                run->improved = true;
        }
        *out = s;
        return out + 1;
}

/* Merges list[0] with itself flipped at 'at' into list[1]. There is room for twice as many states, and nodes
 * for each. */
static void list_merge(struct knapsack *k, struct run *run, size_t at)
{
        const struct item *item = &k->item[at];
        const struct state *old = k->list[0], *end = old + run->n, *next = old;
        struct state *out = k->list[1], flipped = state_flipped(next, item);

        run->n_stair = 0;
        run->last_cost = INT64_MAX;
        work_charge(k, 2 * run->n);
        while (next < end || old < end) {
                bool flip = old == end || (next < end && state_before(&flipped, old));

                out = state_enter(k, run, flip ? flipped : *old++, flip ? at : SIZE_MAX, out);
                if (flip && ++next < end)
                        flipped = state_flipped(next, item);
        }
        run->n = (size_t)(out - k->list[1]);
        out = k->list[0];
        k->list[0] = k->list[1];
        k->list[1] = out;
}

/* Removes the nodes that neither a state nor the best set leads to. */
static void nodes_compact(struct knapsack *k, struct run *run)
{
        uint32_t n_kept = 0;

        memset(k->renamed, 0, k->n_nodes * sizeof(*k->renamed));
        for (size_t i = 0; i < run->n; i++)
                if (k->list[0][i].node != NODE_NONE)
                        k->renamed[k->list[0][i].node] = 1;
        if (k->best_node != NODE_NONE)
                k->renamed[k->best_node] = 1;
        for (size_t i = k->n_nodes; i-- > 0;)
                if (k->renamed[i] && k->node[i].parent != NODE_NONE)
                        k->renamed[k->node[i].parent] = 1;
        for (size_t i = 0; i < k->n_nodes; i++) {
                if (!k->renamed[i])
                        continue;
                k->node[n_kept] = k->node[i];
                if (k->node[i].parent != NODE_NONE)
                        k->node[n_kept].parent = k->renamed[k->node[i].parent];
                k->renamed[i] = n_kept++;
        }
        for (size_t i = 0; i < run->n; i++)
                if (k->list[0][i].node != NODE_NONE)
                        k->list[0][i].node = k->renamed[k->list[0][i].node];
        if (k->best_node != NODE_NONE)
                k->best_node = k->renamed[k->best_node];
        work_charge(k, (k->n_nodes + run->n) / 4);
        k->n_nodes = n_kept;
}

/* The rank-th smallest (from 0) of n keys, which are reordered. */
static int64_t keys_select(struct knapsack *k, int64_t *keys, size_t n, size_t rank)
{
        while (n > 1) {
                int64_t pivot = keys[random_next(k) % n];
                size_t below = 0, upto = 0;

                work_charge(k, n / 2);
                for (size_t i = 0; i < n; i++) { /* three parts: below, equal, above */
                        int64_t key = keys[i];

                        if (key > pivot)
                                continue;
                        keys[i] = keys[upto];
                        keys[upto] = key;
                        if (key < pivot) {
                                keys[upto] = keys[below];
                                keys[below++] = key;
                        }
                        upto++;
                }
                if (rank < below) {
                        n = below;
                } else if (rank < upto) {
                        return pivot;
                } else {
                        keys += upto;
                        n -= upto;
                        rank -= upto;
                }
        }
        return keys[0];
}

/* Keeps the 'width' states with the least bounds, in their order. */
static void list_narrow(struct knapsack *k, struct run *run, size_t width)
{
        struct state *list = k->list[0];
        size_t n = 0, n_equal = width;
        int64_t last;

        if (run->n <= width)
                return;
        for (size_t i = 0; i < run->n; i++)
                k->key[i] = state_bound(k, run, &list[i]);
        last = keys_select(k, k->key, run->n, width - 1);
        for (size_t i = 0; i < run->n; i++)
                n_equal -= state_bound(k, run, &list[i]) < last;
        for (size_t i = 0; i < run->n; i++) {
                int64_t bound = state_bound(k, run, &list[i]);

                if (bound < last || (bound == last && n_equal > 0)) {
                        n_equal -= bound == last;
                        list[n++] = list[i];
                } else {
                        run->given_up = i64_min(run->given_up, bound);
                }
        }
        work_charge(k, 3 * run->n);
        run->n = n;
}

/* Before a merge: the list must fit its room twice, and its flips the rest of the pool. In the second half of
 * the budget the list is narrowed so far that the budget lasts for the items that remain. */
static void list_fit(struct knapsack *k, struct run *run)
{
        size_t width = POOL_STATES / 2, n_nodes_max = POOL_NODES + 2 * k->n_max;
        uint64_t fuel = k->limit - run->fuel_start, left = k->limit - k->spent;
        uint64_t n_open = run->left - run->low + run->high - run->right;

        width = (size_t)i64_min((int64_t)width, i64_max(WIDTH_LEAST, (int64_t)(fuel / WIDTH_ROUNDS)));
        if (left < fuel / 2)
                width = (size_t)i64_min((int64_t)width, (int64_t)(left / (4 * n_open + 4)) + 1);
        list_narrow(k, run, width);
        if (k->n_nodes + run->n <= n_nodes_max)
                return;
        nodes_compact(k, run);
        while (k->n_nodes + run->n > n_nodes_max) {
                list_narrow(k, run, run->n / 2);
                nodes_compact(k, run);
        }
}

/* Writes the best set into 'trial'. */
static void trial_record(struct knapsack *k)
{
        for (size_t i = 0; i < k->n_items; i++)
                k->trial[k->item[i].id] = k->item[i].in;
        for (uint32_t node = k->best_node; node != NODE_NONE; node = k->node[node].parent)
                k->trial[k->item[k->node[node].item].id] ^= true;
        work_charge_pass(k, k->n_items);
}

/* The next item on either side is known: where what is sorted ends, the rest of the side is sorted too. */
static void sides_sort(struct knapsack *k, const struct run *run)
{
        if (run->left == k->sorted_low && run->left > run->low) {
                items_sort(k, k->item + run->low, run->left - run->low);
                k->sorted_low = run->low;
        }
        if (run->right == k->sorted_high && run->right < run->high) {
                items_sort(k, k->item + run->right, run->high - run->right);
                k->sorted_high = run->high;
        }
}

/* The next item to decide about, outwards by turns; SIZE_MAX when none is left that could still matter. */
static size_t item_next(struct knapsack *k, struct run *run)
{
        while (run->left > run->low || run->right < run->high) {
                bool up = run->left == run->low ||
                          (run->right < run->high && run->right - run->middle <= run->middle - run->left);
                size_t at = up ? run->right++ : --run->left;

                sides_sort(k, run);
                work_charge(k, 1);
                if (price_leaves_open(&k->price, &k->item[at], k->best_cost - k->grain))
                        return at;
        }
        return SIZE_MAX;
}

/* The plain answer: go on shedding in order until both needs are met. */
static void base_stretch(struct knapsack *k, size_t middle, size_t high)
{
        struct sums sums = k->base;
        size_t end = middle;

        while (end < high && (sums.weight < 0 || sums.relief < 0) && sums.cost < k->best_cost)
                sums_add(&sums, &k->item[end++]);
        work_charge_pass(k, end - middle);
        if (sums.weight < 0 || sums.relief < 0 || sums.cost >= k->best_cost)
                return;
        k->best_cost = sums.cost;
        trial_record(k);
        while (end-- > middle)
                k->trial[k->item[end].id] = true;
}

int64_t list_search(struct knapsack *k, size_t low, size_t middle, size_t high)
{
        struct run run = {
                .low = low,
                .left = middle,
                .middle = middle,
                .right = middle,
                .high = high,
                .n = 1,
                .fuel_start = k->spent,
                .given_up = INT64_MAX,
        };

        k->n_nodes = 0;
        k->best_node = NODE_NONE;
        base_stretch(k, middle, high);
        sides_sort(k, &run);
        k->list[0][0] = (struct state){ k->base.weight, k->base.relief, k->base.cost, NODE_NONE };
        while (run.n > 0 && k->best_cost > k->floor) {
                size_t at;

                if (k->spent >= k->limit) {
                        for (size_t i = 0; i < run.n; i++)
                                run.given_up = i64_min(run.given_up, state_bound(k, &run, &k->list[0][i]));
                        work_charge(k, run.n);
                        break;
                }
                list_fit(k, &run);
                at = item_next(k, &run);
                if (at == SIZE_MAX)
                        break;
                list_merge(k, &run, at);
        }
        if (run.improved)
                trial_record(k);
        return run.given_up;
}
