/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The linear relaxation: what can be known without searching.
 *
 * With one constraint, take items by cost per size, cheapest first, until the need is reached: the item that
 * reaches it is the break item, and taking just the part of it that is needed is the cheapest fractional
 * answer. Its cost per size is the price of the constraint. By that price every item has a sign (shed it,
 * keep it) and a penalty, the least that going against the sign adds to the bound. An item whose penalty
 * lifts the bound over the best known answer is settled without search; as a rule that is nearly all of them.
 * The break item is found by selection, not by sorting, so all of this is linear. The items around it come
 * out sorted, those before and behind them in no order but on their side; whoever needs more sorts it.
 *
 * Two constraints are added up into one, with integer weights. Whatever the weights, the sum is implied by
 * both, so its price is a valid certificate; the best weights make it as good as the linear relaxation of
 * both together. Where the sum is exactly met, one constraint is over-filled and the other short, and the short
 * one deserves more weight; the weights at which neither is are found by interpolation. */
#include "decide/knapsack_private.h"

/* Interval below which the selection sorts; also what the first search for a good answer takes. */
#define SELECT_ITEMS  CORE_ITEMS
#define INSERT_ITEMS  32u  /* up to this insertion sort is as fast */

/* How finely the two needs are weighed against each other: until what is lacking of one is this part of the break
 * item. Measured with 10,000 items: coarser, the base solution is off balance by so many items that a better set is
 * out of reach of the search (of alike items 33 too many were shed); finer, nothing is gained. */
#define BALANCE_STEPS  (INT64_C(1) << 20)
#define BALANCE_PARTS  256
#define BALANCE_ROUNDS 16

/* Total order: cheaper per size, then larger, then lower id. Products stay below 2^102. */
static inline bool item_before(const struct item *a, const struct item *b)
{
        unsigned __int128 left = (unsigned __int128)(uint64_t)a->cost * (uint64_t)b->size;
        unsigned __int128 right = (unsigned __int128)(uint64_t)b->cost * (uint64_t)a->size;

        if (left != right)
                return left < right;
        if (a->size != b->size)
                return a->size > b->size;
        return a->id < b->id;
}

static inline void item_swap(struct item *a, struct item *b)
{
        struct item t = *a;

        *a = *b;
        *b = t;
}

static void items_insert(struct item *items, size_t n)
{
        for (size_t i = 1; i < n; i++) {
                struct item t = items[i];
                size_t j = i;

                for (; j > 0 && item_before(&t, &items[j - 1]); j--)
                        items[j] = items[j - 1];
                items[j] = t;
        }
}

/* n ≥ 3. Returns where the pivot came to lie. */
static size_t items_part(struct knapsack *k, struct item *items, size_t n)
{
        size_t i = 0, j = n, a = random_next(k) % n, b = random_next(k) % n, c = random_next(k) % n;
        struct item pivot;

        if (item_before(&items[b], &items[a])) {
                size_t t = a;

                a = b;
                b = t;
        }
        if (item_before(&items[c], &items[b]))
                b = item_before(&items[c], &items[a]) ? a : c;
        item_swap(&items[0], &items[b]);
        pivot = items[0];
        for (;;) {
                do
                        i++;
                while (i < n && item_before(&items[i], &pivot));
                do
                        j--;
                while (item_before(&pivot, &items[j]));
                if (i >= j)
                        break;
                item_swap(&items[i], &items[j]);
        }
        item_swap(&items[0], &items[j]);
        work_charge_pass(k, 2 * n);
        return j;
}

/* Recurses into the smaller part only, so never deeper than log2(n). */
void items_sort(struct knapsack *k, struct item *items, size_t n)
{
        while (n > INSERT_ITEMS) {
                size_t middle = items_part(k, items, n);
                size_t above = n - middle - 1;

                if (middle < above) {
                        items_sort(k, items, middle);
                        items += middle + 1;
                        n = above;
                } else {
                        items_sort(k, items + middle + 1, above);
                        n = middle;
                }
        }
        items_insert(items, n);
        work_charge_pass(k, 8 * n);
}

/* Reorders k->item so that the break item is in its place: the first at which the sum of the measure reaches
 * the amount. Those before it come before it in order; [sorted_low, sorted_high) around it is sorted. n_items
 * when nothing reaches. */
size_t items_break(struct knapsack *k, enum measure measure, int64_t amount)
{
        size_t low = 0, high = k->n_items;
        int64_t sum = 0;

        while (high - low > SELECT_ITEMS) {
                size_t pivot = low + items_part(k, k->item + low, high - low);
                int64_t below = 0;

                for (size_t i = low; i < pivot; i++)
                        below += measure == BY_SIZE ? k->item[i].size : k->item[i].cost;
                if (sum + below >= amount) {
                        high = pivot;
                } else {
                        sum += below;
                        low = pivot;
                }
        }
        items_insert(k->item + low, high - low);
        work_charge_pass(k, 8 * (high - low));
        k->sorted_low = low;
        k->sorted_high = high;
        for (size_t i = low; i < high; i++) {
                sum += measure == BY_SIZE ? k->item[i].size : k->item[i].cost;
                if (sum >= amount)
                        return i;
        }
        return high;
}

/* Finds the price of the constraint for the loaded items, given price.unit_*. Returns their break. */
size_t price_find(struct knapsack *k)
{
        struct price *p = &k->price;
        int64_t size = 0, cost = k->fixed.cost;
        int64_t need = p->unit_weight * k->need_weight + p->unit_relief * k->need_relief;
        size_t at = items_break(k, BY_SIZE, need);

        for (size_t i = 0; i < at; i++) {
                size += k->item[i].size;
                cost += k->item[i].cost;
        }
        work_charge_pass(k, at / 2);
        p->cost = at < k->n_items ? k->item[at].cost : 0;
        p->size = at < k->n_items ? k->item[at].size : 1;
        p->bound = (wide)cost * p->size + (wide)(need - size) * p->cost;
        return at;
}

/* The bound as a whole number of costs. */
int64_t price_bound(const struct price *p)
{
        return (int64_t)((p->bound + p->size - 1) / p->size);
}

/* The largest factor with which a sum stays below 2^61. */
static int64_t unit_largest(int64_t sum)
{
        int64_t unit = 1;

        while (sum >> 60 == 0 && unit < INT64_C(1) << 30) {
                sum = sum * 2 + 1;
                unit *= 2;
        }
        return unit;
}

static void price_weigh(struct knapsack *k, int64_t step, int64_t weight_unit, int64_t relief_unit)
{
        struct price *p = &k->price;

        p->unit_weight = i64_max(1, (int64_t)((wide)weight_unit * step / BALANCE_STEPS));
        p->unit_relief = i64_max(1, (int64_t)((wide)relief_unit * (BALANCE_STEPS - step) / BALANCE_STEPS));
        for (size_t i = 0; i < k->n_items; i++)
                k->item[i].size = p->unit_weight * k->item[i].weight + p->unit_relief * k->item[i].relief;
        work_charge_pass(k, k->n_items);
}

/* What the fractional answer has of the weight beyond its need, or lacks of it. Of the relief it is the other way
 * round, for their sum is exactly met. */
static int64_t price_excess(struct knapsack *k, size_t at)
{
        const struct price *p = &k->price;
        const struct item *b = &k->item[at];
        int64_t weight = -k->need_weight;
        int64_t need = p->unit_weight * k->need_weight + p->unit_relief * k->need_relief;

        for (size_t i = 0; i < at; i++) {
                weight += k->item[i].weight;
                need -= k->item[i].size;
        }
        work_charge_pass(k, at);
        return weight + (int64_t)((wide)need * b->weight / b->size);
}

static bool is_balanced(const struct knapsack *k, size_t at, int64_t excess)
{
        return (wide)(excess < 0 ? -excess : excess) * k->price.unit_weight * BALANCE_PARTS <= k->item[at].size;
}

/* Finds the weights of the sum for which its bound is highest. Both needs are scaled alike first, as far as a
 * signed word leaves room, so that the middle of the range stands for both counting the same. What the one end lacks
 * and the other has too much is halved when it is not the end that moves (the Illinois method): otherwise one
 * end would stay where it is. */
void price_balance(struct knapsack *k)
{
        const int64_t weight_unit = unit_largest(k->all.weight), relief_unit = unit_largest(k->all.relief);
        int64_t first = 1, last = BALANCE_STEPS - 1, lack = 0, excess = 0; /* 0: not known yet */
        int64_t best = BALANCE_STEPS / 2, best_bound = -1;

        for (int round = 0; round < BALANCE_ROUNDS && first <= last && k->spent < k->limit; round++) {
                bool between = lack > 0 && excess > 0;
                int64_t part = between ? lack : 1, whole = between ? lack + excess : 2;
                int64_t step = first + (int64_t)((wide)(last - first) * part / whole), found;
                size_t at;

                price_weigh(k, step, weight_unit, relief_unit);
                at = price_find(k);
                if (price_bound(&k->price) >= best_bound) {
                        best_bound = price_bound(&k->price);
                        best = step;
                }
                if (at == k->n_items)
                        break;
                found = price_excess(k, at);
                if (is_balanced(k, at, found))
                        break;
                if (found < 0) {
                        first = step + 1;
                        lack = -found;
                        excess /= 2;
                } else {
                        last = step - 1;
                        excess = found;
                        lack /= 2;
                }
        }
        price_weigh(k, best, weight_unit, relief_unit);
}

/* Moves the items that a set costing at most 'target' may hold against their sign to the front, as they are
 * ordered; the others go by their sign. Sets 'in' and the base sums. Returns how many are at the front;
 * *ret_middle is their break. */
size_t price_reduce(struct knapsack *k, int64_t target, size_t *ret_middle)
{
        const struct price *p = &k->price;
        size_t n_open = 0, middle = 0, low = 0, high = 0;

        k->base = (struct sums){ -k->need_weight, -k->need_relief, k->fixed.cost };
        for (size_t i = 0; i < k->n_items; i++) {
                struct item *item = &k->item[i];

                item->in = 0;
                if (price_leaves_open(p, item, target)) {
                        low += i < k->sorted_low;
                        high += i < k->sorted_high;
                        item_swap(item, &k->item[n_open++]);
                } else if (price_reduced(p, item) < 0) {
                        item->in = 1;
                        sums_add(&k->base, item);
                }
        }
        work_charge_pass(k, k->n_items);
        k->sorted_low = low;
        k->sorted_high = high;
        while (middle < n_open && base_size(k) + k->item[middle].size < 0) {
                k->item[middle].in = 1;
                sums_add(&k->base, &k->item[middle++]);
        }
        *ret_middle = middle;
        return n_open;
}
