/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom to kill is a covering problem: of all sets that weigh at least so much and free at least so much, find the one
 * whose items are worth least. Weight and relief are nearly the same number as a rule, so one of the two needs nearly always
 * decides; which is why they are not treated alike with all their combinations from the start.
 *
 * Two stages and a tie search, each among what the one before left open. The first stage minimises utility. The
 * second minimises the number of victims among the sets that lose no more, by the same search with utility · (n + 1) + 1 as
 * cost. The tie search then looks for most relief and lowest ids. To do all at once would be as exact and many times
 * slower: a proof about utility alone is cheap, and it settles nearly all items for the rest.
 *
 * A stage solves each need alone first. Dropping a need only adds sets, so the cheapest set for one need bounds the answer from
 * below, and if it happens to reach the other need too, it is the answer. Only if neither does, both are searched
 * together, against the higher of the two bounds. One search is: the price of the need (knapsack_break.c), which bounds the
 * cost of all sets and fixes most items; lists of partial solutions over the rest (knapsack_list.c).
 *
 * Why the answer can be relied on. Every certificate is compared in 128-bit integers: sums stay below 2^62, a cost below
 * 2^37 and their sum below 2^54, so no product reaches 2^127. Items are fixed only by a certificate that no set as good as
 * the best known one does otherwise. What the search gives up for want of room or budget lowers the bound that is
 * reported, never silently the answer. And the answer starts as everything, and is replaced in one place only, by a set
 * whose sums, taken anew from the caller's numbers, reach both needs: a mistake elsewhere could cost a container, but not
 * the need.
 *
 * The budget is counted in units of one state looked at, some 8 ns on the 2.6 GHz machines this was measured on; passes
 * over items are charged by what they take. The linear parts are charged but not refused: no budget buys less than an
 * answer. Nothing depends on time or addresses, and pivots come from a fixed seed: the same question has the same answer. */
#include <errno.h>
#include <string.h>

#include "decide/knapsack_private.h"

/* Every sum of the input stays below this, so that the sum of two of them fits a signed word. */
#define SUM_MAX (UINT64_C(1) << 62)

/* How far the steps may go, in 64ths of the budget. The first three count from the start of a stage, whose share is
 * SHARE_STAGE for utility; a need alone gets little, as it must be searched again if it does not decide. */
#define SHARES 64u
enum { SHARE_FIRST = 12, SHARE_SECOND = 20, SHARE_STAGE = 48, SHARE_COUNT = 8, SHARE_TIES = 8 };

static size_t arena_take(size_t *end, size_t n, size_t size)
{
        size_t start = *end;

        *end += (n * size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
        return start;
}

/* Returns the size of the arena, and cuts it when there is one. */
static size_t arena_cut(struct knapsack *k, size_t n_max)
{
        size_t end = 0, n_nodes = POOL_NODES + n_max;
        size_t list, flipped, stair, key, item, node, renamed, fate, best, trial, spare, other;

        arena_take(&end, 1, sizeof(struct knapsack));
        list = arena_take(&end, POOL_STATES, sizeof(struct state));
        flipped = arena_take(&end, POOL_STATES, sizeof(struct state));
        stair = arena_take(&end, POOL_STATES, sizeof(struct step));
        key = arena_take(&end, POOL_STATES, sizeof(int64_t));
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
                k->key = (int64_t *)(arena + key);
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

        if (n_max > KNAPSACK_ITEMS_MAX || size < knapsack_size(n_max) || (uintptr_t)memory % _Alignof(max_align_t))
                return NULL;
        memset(k, 0, sizeof(*k));
        arena_cut(k, n_max);
        return k;
}

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
                item->weight = i64_min((int64_t)(need == NEED_RELIEF ? load->relief : load->weight), k->need_weight);
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

/* Searches the loaded items for a set that meets the need and costs less than best_cost. Returns what no such set can
 * go below; best_cost when there is none. */
static int64_t need_search(struct knapsack *k)
{
        size_t low, middle, high, n_open;
        uint64_t limit = k->limit;
        int64_t bound, given_up;

        price_find(k, &low, &middle, &high);
        bound = grain_up(k, price_bound(&k->price));
        k->floor = i64_max(k->floor, bound);
        if (k->n_items > 2 * CORE_ITEMS) {
                k->limit = k->spent + (limit > k->spent ? (limit - k->spent) / 8 : 0);
                base_prefix(k, middle);
                list_search(k, low, middle, high);
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
static void set_prune(struct knapsack *k, bool *set)
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

/* The only place where the answer changes: summed up anew from the caller's numbers, the trial reaches both needs and
 * costs no more. Returns whether it does. */
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

/* Searches for one need alone, which bounds from below what both cost; or for both. What is found becomes the answer if
 * it reaches both. Returns the bound. */
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

/* Makes one set of what reaches one need and what reaches the other: what both hold, and of the rest the cheapest for
 * their size until both needs are met. */
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

/* Both needs are open: each alone, and only if neither answer is one, both together. What the prices of each alone
 * settle need not be looked at together. */
static int64_t stage_both(struct knapsack *k, int64_t floor, uint64_t start, uint64_t budget)
{
        bool weight_first = (wide)k->weight_min * k->all.relief >= (wide)k->relief_min * k->all.weight;
        enum need first = weight_first ? NEED_WEIGHT : NEED_RELIEF;
        enum need second = weight_first ? NEED_RELIEF : NEED_WEIGHT;
        size_t low, middle, high;

        floor = trial_search(k, first, floor, start + budget * SHARE_FIRST / SHARES);
        if (k->answer_cost <= floor)
                return floor;
        memcpy(k->spare, k->trial, k->n * sizeof(*k->spare));
        floor = trial_search(k, second, floor, start + budget * SHARE_SECOND / SHARES);
        if (k->answer_cost <= floor)
                return floor;
        memcpy(k->other, k->trial, k->n * sizeof(*k->other));
        trial_unite(k);
        for (int i = 0; i < 2; i++) {
                items_load(k, i ? second : first);
                price_find(k, &low, &middle, &high);
                fates_settle(k);
        }
        return trial_search(k, NEED_BOTH, floor, start + budget);
}

/* Finds the cheapest set, at cost_utility and cost_each, and settles what every set as cheap agrees on. Returns the bound. */
static int64_t stage_run(struct knapsack *k, int64_t cost_utility, int64_t cost_each, int64_t floor, uint64_t budget)
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

/* The stages, each among what the one before it left open. Returns the bound on the loss. */
static uint64_t stages_run(struct knapsack *k, uint64_t work, bool *ret_optimal, bool *ret_ties_settled)
{
        uint64_t share = work / SHARES;
        int64_t each = (int64_t)k->n + 1, bound;

        *ret_ties_settled = false;
        bound = stage_run(k, 1, 0, 0, share * SHARE_STAGE);
        *ret_optimal = k->answer_cost <= bound;
        if (*ret_optimal) {
                int64_t least = stage_run(k, each, 1, bound * each + 1, share * SHARE_COUNT);

                k->limit = k->spent + share * SHARE_TIES;
                *ret_ties_settled = ties_search(k) && k->answer_cost <= least;
        }
        return (uint64_t)bound;
}

int knapsack_cover(struct knapsack *k, const struct load *loads, size_t n, uint64_t weight_min,
                   uint64_t relief_min, uint64_t work, struct cover *ret_cover)
{
        struct cover cover = { .shed = ret_cover->shed, .optimal = true, .ties_settled = true };
        struct sums sums;
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
        memset(k->best, weight_min > 0 || relief_min > 0, n * sizeof(*k->best));
        if (weight_min > 0 || relief_min > 0)
                cover.bound = stages_run(k, work, &cover.optimal, &cover.ties_settled);

        set_prune(k, k->best);
        k->cost_utility = 1;
        k->cost_each = 0;
        sums = set_sums(k, k->best);
        cover.loss = (uint64_t)sums.cost;
        cover.bound = cover.bound < cover.loss ? cover.bound : cover.loss;
        cover.optimal = cover.bound == cover.loss;
        for (size_t i = 0; i < n; i++)
                cover.n_shed += k->best[i];
        cover.weight = (uint64_t)sums.weight;
        cover.relief = (uint64_t)sums.relief;
        cover.work = k->spent;
        memcpy(cover.shed, k->best, n * sizeof(*cover.shed));
        *ret_cover = cover;
        return KNAPSACK_COVERED;
}
