/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stages of the solver: what is searched, in which order, and what each leaves to the next.
 *
 * Between stages only two things are kept. The answer, which has been summed up from the caller's numbers;
 * and the fates: items which every set as good as the answer sheds, or keeps. Needs and items are loaded anew
 * for each search, less what is settled, and clipped to what is still needed: more of one item than that is
 * of no use, and without it the bounds are higher. */
#include <string.h>

#include "decide/knapsack_private.h"

/* How far the steps may go, in 64ths of the budget. The first three count from the start of a stage, whose
 * share is SHARE_STAGE for utility; a need alone gets little, as it must be searched again if it does not
 * decide. */
#define SHARES 64u
enum { SHARE_FIRST = 12, SHARE_SECOND = 20, SHARE_STAGE = 48, SHARE_COUNT = 8, SHARE_TIES = 8 };

static int64_t cost_of(const struct knapsack *k, const struct load *load)
{
        return (int64_t)load->utility * k->cost_utility + k->cost_each;
}

static void sums_add_load(const struct knapsack *k, struct sums *sums, const struct load *load)
{
        sums->weight += (int64_t)load->weight;
        sums->relief += (int64_t)load->relief;
        sums->cost += cost_of(k, load);
}

static uint64_t gcd(uint64_t a, uint64_t b)
{
        while (b) {
                uint64_t t = a % b;

                a = b;
                b = t;
        }
        return a;
}

/* Loads the open items that help the need, clipped to what the fixed ones leave to be done of it. */
void items_load(struct knapsack *k, enum need need)
{
        int64_t need_weight = i64_max(0, k->weight_min - k->fixed.weight);
        int64_t need_relief = i64_max(0, k->relief_min - k->fixed.relief);

        k->need = need;
        k->need_weight = need == NEED_RELIEF ? need_relief : need_weight;
        k->need_relief = need == NEED_BOTH ? need_relief : 0;
        if (need != NEED_BOTH) {
                k->price.unit_weight = 1;
                k->price.unit_relief = 0;
        }
        k->n_items = 0;
        for (size_t i = 0; i < k->n; i++) {
                const struct load *load = &k->loads[i];
                struct item *item = &k->item[k->n_items];

                k->trial[i] = k->fate[i] == FATE_SHED;
                if (k->fate[i] != FATE_OPEN)
                        continue;
                item->weight =
                        i64_min((int64_t)(need == NEED_RELIEF ? load->relief : load->weight), k->need_weight);
                item->relief = i64_min((int64_t)load->relief, k->need_relief);
                item->size = k->price.unit_weight * item->weight + k->price.unit_relief * item->relief;
                item->cost = cost_of(k, load);
                item->id = (uint32_t)i;
                item->in = 0;
                k->n_items += item->weight > 0 || item->relief > 0;
        }
        work_charge_pass(k, 2 * k->n);
}

/* Makes the fate of item[at] final. */
void fate_settle(struct knapsack *k, size_t at, bool shed)
{
        uint32_t id = k->item[at].id;

        k->fate[id] = shed ? FATE_SHED : FATE_KEPT;
        if (shed)
                sums_add_load(k, &k->fixed, &k->loads[id]);
}

/* Settles all that no set as good as the answer holds against its sign. */
static void fates_settle(struct knapsack *k)
{
        for (size_t i = 0; i < k->n_items; i++)
                if (!price_leaves_open(&k->price, &k->item[i], k->answer_cost))
                        fate_settle(k, i, price_reduced(&k->price, &k->item[i]) < 0);
        work_charge_pass(k, k->n_items);
}

static int64_t grain_up(const struct knapsack *k, int64_t cost)
{
        return (cost + k->grain - 1) / k->grain * k->grain;
}

/* The base solution of the loaded items as they are ordered: all before the break. */
static void base_prefix(struct knapsack *k, size_t middle)
{
        k->base = (struct sums){ -k->need_weight, -k->need_relief, k->fixed.cost };
        for (size_t i = 0; i < k->n_items; i++) {
                k->item[i].in = i < middle;
                if (i < middle)
                        sums_add(&k->base, &k->item[i]);
        }
        work_charge_pass(k, k->n_items);
}

/* Searches the loaded items for a set that meets the need and costs less than best_cost. Returns what no such
 * set can go below; best_cost when there is none. */
static int64_t need_search(struct knapsack *k)
{
        size_t middle = price_find(k), n_open;
        uint64_t limit = k->limit;
        int64_t bound = grain_up(k, price_bound(&k->price)), given_up;

        k->floor = i64_max(k->floor, bound);
        if (k->n_items > 2 * CORE_ITEMS) {
                k->limit = k->spent + (limit > k->spent ? (limit - k->spent) / 8 : 0);
                base_prefix(k, middle);
                list_search(k, k->sorted_low, middle, k->sorted_high);
                k->limit = limit;
        }
        n_open = price_reduce(k, k->best_cost - k->grain, &middle);
        given_up = list_search(k, 0, middle, n_open);
        given_up = given_up == INT64_MAX ? given_up : grain_up(k, given_up);
        return i64_max(k->floor, i64_min(given_up, k->best_cost));
}

static struct sums set_sums(struct knapsack *k, const bool *set)
{
        struct sums sums = { 0 };

        for (size_t i = 0; i < k->n; i++) {
                if (set[i])
                        sums_add_load(k, &sums, &k->loads[i]);
        }
        work_charge_pass(k, k->n);
        return sums;
}

/* Takes out what is not needed, higher ids first. */
void set_prune(struct knapsack *k, bool *set)
{
        struct sums sums = set_sums(k, set);

        for (size_t i = k->n; i-- > 0;) {
                int64_t weight = sums.weight - (int64_t)k->loads[i].weight;
                int64_t relief = sums.relief - (int64_t)k->loads[i].relief;

                if (!set[i] || weight < k->weight_min || relief < k->relief_min)
                        continue;
                set[i] = false;
                sums.weight = weight;
                sums.relief = relief;
        }
        work_charge_pass(k, k->n);
}

/* The only place where the answer changes: summed up anew from the caller's numbers, the trial reaches both
 * needs and costs no more. Returns whether it does. */
bool answer_replace(struct knapsack *k)
{
        struct sums sums = set_sums(k, k->trial);

        if (sums.weight < k->weight_min || sums.relief < k->relief_min || sums.cost > k->answer_cost)
                return false;
        memcpy(k->best, k->trial, k->n * sizeof(*k->best));
        k->answer_cost = sums.cost;
        work_charge_pass(k, k->n);
        return true;
}

/* Searches for one need alone, which bounds from below what both cost; or for both. What is found becomes the
 * answer if it reaches both. Returns the bound. */
static int64_t trial_search(struct knapsack *k, enum need need, int64_t floor, uint64_t limit)
{
        int64_t bound;

        k->floor = floor;
        k->limit = limit;
        k->best_cost = k->answer_cost;
        items_load(k, need);
        if (need == NEED_BOTH)
                price_balance(k);
        bound = need_search(k);
        if (k->best_cost < k->answer_cost)
                answer_replace(k);
        return bound;
}

/* Makes one set of what reaches one need and what reaches the other: what both hold, and of the rest the
 * cheapest for their size until both needs are met. */
static void trial_unite(struct knapsack *k)
{
        struct sums sums;
        size_t n = 0;

        k->price.unit_weight = 1;
        k->price.unit_relief = 1;
        items_load(k, NEED_BOTH);
        for (size_t i = 0; i < k->n_items; i++) {
                uint32_t id = k->item[i].id;

                k->trial[id] = k->spare[id] && k->other[id];
                if (k->spare[id] != k->other[id])
                        k->item[n++] = k->item[i];
        }
        items_sort(k, k->item, n);
        sums = set_sums(k, k->trial);
        for (size_t i = 0; i < n && (sums.weight < k->weight_min || sums.relief < k->relief_min); i++) {
                k->trial[k->item[i].id] = true;
                sums_add_load(k, &sums, &k->loads[k->item[i].id]);
        }
        work_charge_pass(k, 2 * k->n_items);
        answer_replace(k);
}

/* Both needs are open: each alone, and only if neither answer is one, both together. What the prices of each
 * alone settle need not be looked at together. */
static int64_t stage_both(struct knapsack *k, int64_t floor, uint64_t start, uint64_t budget)
{
        bool weight_first = (wide)k->weight_min * k->all.relief >= (wide)k->relief_min * k->all.weight;
        enum need first = weight_first ? NEED_WEIGHT : NEED_RELIEF;
        enum need second = weight_first ? NEED_RELIEF : NEED_WEIGHT;

        floor = trial_search(k, first, floor, start + budget / SHARES * SHARE_FIRST);
        if (k->answer_cost <= floor)
                return floor;
        memcpy(k->spare, k->trial, k->n * sizeof(*k->spare));
        floor = trial_search(k, second, floor, start + budget / SHARES * SHARE_SECOND);
        if (k->answer_cost <= floor)
                return floor;
        memcpy(k->other, k->trial, k->n * sizeof(*k->other));
        trial_unite(k);
        for (int i = 0; i < 2; i++) {
                items_load(k, i ? second : first);
                price_find(k);
                fates_settle(k);
        }
        return trial_search(k, NEED_BOTH, floor, start + budget);
}

/* Finds the cheapest set, at cost_utility and cost_each, and settles what every set as cheap agrees on.
 * Returns the bound. */
static int64_t stage_run(struct knapsack *k, int64_t cost_utility, int64_t cost_each, int64_t floor,
                         uint64_t budget)
{
        bool weight, relief;

        k->cost_utility = cost_utility;
        k->cost_each = cost_each;
        k->answer_cost = set_sums(k, k->best).cost;
        k->fixed = (struct sums){ 0 };
        k->grain = 0;
        for (size_t i = 0; i < k->n; i++) {
                if (k->grain != 1)
                        k->grain = (int64_t)gcd((uint64_t)cost_of(k, &k->loads[i]), (uint64_t)k->grain);
                if (k->fate[i] == FATE_SHED)
                        sums_add_load(k, &k->fixed, &k->loads[i]);
        }
        k->grain = i64_max(k->grain, 1);
        work_charge_pass(k, 2 * k->n);

        weight = k->fixed.weight < k->weight_min;
        relief = k->fixed.relief < k->relief_min;
        if (weight && relief)
                floor = stage_both(k, floor, k->spent, budget);
        else
                floor = trial_search(k, weight ? NEED_WEIGHT : NEED_RELIEF, floor, k->spent + budget);
        fates_settle(k);
        return floor;
}

/* The stages, each among what the one before it left open. Returns the bound on the loss. */
uint64_t stages_run(struct knapsack *k, uint64_t work, bool *ret_ties_settled)
{
        uint64_t share = work / SHARES;
        int64_t each = (int64_t)k->n + 1, bound;

        *ret_ties_settled = false;
        bound = stage_run(k, 1, 0, 0, share * SHARE_STAGE);
        if (k->answer_cost <= bound) {
                int64_t least = stage_run(k, each, 1, bound * each + 1, share * SHARE_COUNT);

                k->limit = k->spent + share * SHARE_TIES;
                *ret_ties_settled = ties_search(k) && k->answer_cost <= least;
        }
        return (uint64_t)bound;
}
