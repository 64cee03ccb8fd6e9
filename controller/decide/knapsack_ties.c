/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tie search: of all sets that lose least and are smallest, the one that frees most; of those, the lowest
 * ids.
 *
 * Two certificates say what may be left open. The price of the needs, as in the search before: an item goes
 * by its sign if going against it would cost more than the answer. And a price of cost in terms of relief,
 * from the linear relaxation of "most relief at no more cost": an item goes by its sign if going against it
 * would free less than the answer. What remains is as a rule a handful. For these, plain dynamic programming
 * in one direction, the items with the largest penalty first, with both certificates as bounds.
 *
 * If no open item weighs less than it frees, and the answer frees no less than must be weighed, then all that
 * frees as much as the answer weighs enough. Then weights are left out, and of two states with the same cost
 * only the one with more relief is kept, without a search on the staircase.
 *
 * The order by ids fits in because it is kept by whatever is added: of two partial sets over the same decided
 * items, the one that holds the first item in which they differ stays ahead, however both are completed. As a
 * mask with the lowest id in the highest bit, ahead is simply greater. */
#include <string.h>

#include "decide/knapsack_private.h"

struct tie_state { /* sums of what has been shed of the open items */
        int64_t weight, relief, cost, size;
        mask set;
};

struct tie_step {
        int64_t cost, relief;
        mask set;
};

struct ties {
        struct knapsack *k;
        struct tie_state *list[2];
        struct tie_step *stair;
        size_t n, n_max, n_stair;
        int64_t last_relief;                /* of the state kept last */
        int64_t relief_cost, relief_relief; /* what cost is worth: relief_relief per relief_cost */
        int64_t need_weight;                /* what the fixed items leave to be done */
        int64_t relief_least;               /* of the answer, less what is fixed */
        wide cost_slack, relief_slack;      /* what penalties a state may have, scaled by the price */
        struct sums rest;                   /* of the undecided items */
};

static wide relief_sign(const struct ties *t, int64_t relief, int64_t cost)
{
        return (wide)relief * t->relief_cost - (wide)cost * t->relief_relief;
}

static wide magnitude(wide value)
{
        return value < 0 ? -value : value;
}

/* Settles the open items whose going against the price of relief would free less than the answer does. */
static void relief_settle(struct ties *t)
{
        struct knapsack *k = t->k;
        size_t at;
        int64_t room = k->answer_cost - k->fixed.cost;
        wide bound;

        for (size_t i = 0; i < k->n_items; i++)
                k->item[i].size = (int64_t)k->loads[k->item[i].id].relief;
        at = items_break(k, BY_COST, room);
        t->relief_cost = at < k->n_items ? k->item[at].cost : 1;
        t->relief_relief = at < k->n_items ? k->item[at].size : 0;
        bound = (wide)room * t->relief_relief;
        for (size_t i = 0; i < k->n_items; i++) {
                wide sign = relief_sign(t, k->item[i].size, k->item[i].cost);

                bound += sign > 0 ? sign : 0;
        }
        for (size_t i = 0; i < k->n_items; i++) {
                wide sign = relief_sign(t, k->item[i].size, k->item[i].cost);

                if (bound - magnitude(sign) < (wide)t->relief_least * t->relief_cost)
                        fate_settle(k, i, sign > 0);
        }
        work_charge_pass(k, 3 * k->n_items);
}

/* One state on the staircase hides another with no more relief at no less cost; at the same of both, the one
 * ahead. */
static bool tie_enter(struct ties *t, const struct tie_state *s)
{
        struct tie_step *stair = t->stair;
        size_t first = 0, last = t->n_stair, above;

        while (first < last) { /* first step that costs no more */
                size_t middle = first + (last - first) / 2;

                if (stair[middle].cost > s->cost)
                        first = middle + 1;
                else
                        last = middle;
        }
        above = first;
        if (first < t->n_stair) {
                struct tie_step *step = &stair[first];

                if (step->relief > s->relief || (step->relief == s->relief && step->cost < s->cost))
                        return false;
                if (step->relief == s->relief) {
                        bool ahead = s->set > step->set;

                        step->set = ahead ? s->set : step->set;
                        return ahead;
                }
                first += step->cost == s->cost;
        }
        while (above > 0 && stair[above - 1].relief <= s->relief)
                above--;
        work_charge(t->k, (t->n_stair - first) / 16);
        memmove(&stair[above + 1], &stair[first], (t->n_stair - first) * sizeof(*stair));
        t->n_stair += above + 1 - first;
        stair[above] = (struct tie_step){ s->cost, s->relief, s->set };
        return true;
}

/* Whether a completion of the state may reach the needs, cost no more than the answer and free no less. */
static bool tie_hopeful(const struct ties *t, const struct tie_state *s)
{
        const struct price *p = &t->k->price;

        return s->weight + t->rest.weight >= t->need_weight &&
               s->relief + t->rest.relief >= t->relief_least &&
               relief_sign(t, s->relief, s->cost) + t->relief_slack >= 0 &&
               (wide)s->cost * p->size - (wide)s->size * p->cost <= t->cost_slack;
}

/* Whether the state is worth keeping. With no need of weight they come by rising cost, and the last one kept
 * is the whole staircase. */
static bool tie_keep(struct ties *t, const struct tie_state *s)
{
        bool weighs = t->need_weight > 0;

        if ((!weighs && s->relief <= t->last_relief) || !tie_hopeful(t, s))
                return false;
        t->last_relief = s->relief;
        return !weighs || tie_enter(t, s);
}

/* Order of merging: who may hide another comes before it. */
static bool tie_before(const struct tie_state *a, const struct tie_state *b)
{
        if (a->weight != b->weight)
                return a->weight > b->weight;
        if (a->cost != b->cost)
                return a->cost < b->cost;
        if (a->relief != b->relief)
                return a->relief > b->relief;
        return a->set > b->set;
}

static struct tie_state tie_with(const struct tie_state *s, const struct tie_state *one)
{
        return (struct tie_state){ s->weight + one->weight, s->relief + one->relief, s->cost + one->cost,
                                   s->size + one->size, s->set | one->set };
}

static bool tie_merge(struct ties *t, const struct item *item)
{
        const struct tie_state one = { item->weight, item->relief, item->cost, item->size,
                                       (mask)1 << (TIE_ITEMS - 1 - item->in) };
        const struct tie_state *old = t->list[0], *end = old + t->n, *next = old;
        struct tie_state *out = t->list[1], more = tie_with(next, &one);

        t->n_stair = 0;
        t->last_relief = -1;
        work_charge(t->k, 2 * t->n);
        while (old < end || next < end) {
                bool grow = old == end || (next < end && !tie_before(old, &more));
                const struct tie_state *s = grow ? &more : old++;

                if (out == t->list[1] + t->n_max)
                        return false;
                if (tie_keep(t, s))
                        *out++ = *s;
                if (grow && ++next < end)
                        more = tie_with(next, &one);
        }
        t->n = (size_t)(out - t->list[1]);
        out = t->list[0];
        t->list[0] = t->list[1];
        t->list[1] = out;
        return true;
}

/* Takes the item out of what is undecided, and merges the list with itself and the item. */
static bool ties_decide(struct ties *t, const struct item *item)
{
        wide reduced = price_reduced(&t->k->price, item), sign = relief_sign(t, item->relief, item->cost);

        t->cost_slack += reduced < 0 ? reduced : 0;
        t->relief_slack -= sign > 0 ? sign : 0;
        t->rest.weight -= item->weight;
        t->rest.relief -= item->relief;
        return tie_merge(t, item);
}

/* The items in the order of the search: largest penalty first. Few, and so sorted by insertion. */
static void ties_order(struct ties *t)
{
        struct knapsack *k = t->k;

        for (size_t i = 1; i < k->n_items; i++) {
                struct item item = k->item[i];
                wide penalty = magnitude(price_reduced(&k->price, &item));
                size_t j = i;

                for (; j > 0 && magnitude(price_reduced(&k->price, &k->item[j - 1])) < penalty; j--)
                        k->item[j] = k->item[j - 1];
                k->item[j] = item;
                work_charge(k, (i - j) / 4 + 1);
        }
}

/* Whether every set that frees as much as the answer weighs enough: then its weight need not be looked at. */
static bool weight_implied(const struct ties *t)
{
        const struct knapsack *k = t->k;

        for (size_t i = 0; i < k->n_items; i++) {
                const struct load *load = &k->loads[k->item[i].id];

                if (load->weight < load->relief)
                        return false;
        }
        return t->relief_least >= k->weight_min - k->fixed.weight;
}

/* The open items as the search wants them: 'in' is the rank of the id, 'relief' is true, not clipped. */
static void ties_load(struct ties *t)
{
        struct knapsack *k = t->k;

        for (size_t i = 0; i < k->n_items; i++)
                k->item[i].in = (uint32_t)i;
        price_find(k);
        t->need_weight = weight_implied(t) ? 0 : i64_max(0, k->weight_min - k->fixed.weight);
        t->cost_slack = (wide)k->answer_cost * k->price.size - k->price.bound;
        t->relief_slack = (wide)(k->answer_cost - k->fixed.cost) * t->relief_relief -
                          (wide)t->relief_least * t->relief_cost;
        for (size_t i = 0; i < k->n_items; i++) {
                struct item *item = &k->item[i];
                wide sign;

                item->weight = i64_min((int64_t)k->loads[item->id].weight, t->need_weight);
                item->relief = (int64_t)k->loads[item->id].relief;
                sign = relief_sign(t, item->relief, item->cost);
                t->relief_slack += sign > 0 ? sign : 0;
                sums_add(&t->rest, item);
        }
        work_charge_pass(k, 2 * k->n_items);
}

/* The pool of the list search, cut anew. */
static void ties_pool(struct ties *t)
{
        char *pool = t->k->pool;

        t->n_max = t->k->pool_size / (2 * sizeof(struct tie_state) + sizeof(struct tie_step));
        t->list[0] = (struct tie_state *)pool;
        t->list[1] = t->list[0] + t->n_max;
        t->stair = (struct tie_step *)(t->list[1] + t->n_max);
}

/* The best of what the search ended with becomes the trial. */
static bool ties_answer(struct ties *t)
{
        struct knapsack *k = t->k;
        const struct tie_state *best = NULL;

        for (size_t i = 0; i < t->n; i++) {
                const struct tie_state *s = &t->list[0][i];

                if (s->weight < t->need_weight || s->relief < t->relief_least)
                        continue;
                if (!best || s->cost < best->cost ||
                    (s->cost == best->cost &&
                     (s->relief > best->relief || (s->relief == best->relief && s->set > best->set))))
                        best = s;
        }
        if (!best)
                return false;
        for (size_t i = 0; i < k->n; i++)
                k->trial[i] = k->fate[i] == FATE_SHED;
        for (size_t i = 0; i < k->n_items; i++)
                k->trial[k->item[i].id] = best->set >> (TIE_ITEMS - 1 - k->item[i].in) & 1;
        work_charge_pass(k, k->n + t->n);
        return true;
}

/* When too many are open for one mask, all but those around the break stay as the answer has them. */
static bool ties_fit(struct knapsack *k, enum need need)
{
        items_load(k, need);
        if (k->n_items <= TIE_ITEMS)
                return true;
        price_find(k);
        for (size_t i = 0; i < k->n_items; i++)
                if (i < k->sorted_low || i >= k->sorted_high)
                        fate_settle(k, i, k->best[k->item[i].id]);
        work_charge_pass(k, k->n_items);
        items_load(k, need);
        return false;
}

bool ties_search(struct knapsack *k)
{
        const enum need need = k->need;
        int64_t relief = 0;
        struct ties t = { .k = k, .n = 1 };
        bool fit;

        for (size_t i = 0; i < k->n; i++)
                relief += k->best[i] ? (int64_t)k->loads[i].relief : 0;
        items_load(k, need);
        work_charge_pass(k, k->n);
        t.relief_least = relief - k->fixed.relief;
        relief_settle(&t);
        fit = ties_fit(k, need);
        t.relief_least = relief - k->fixed.relief;
        ties_load(&t);
        ties_order(&t);
        ties_pool(&t);
        t.list[0][0] = (struct tie_state){ 0 };
        for (size_t i = 0; i < k->n_items; i++)
                if (t.n == 0 || k->spent >= k->limit || !ties_decide(&t, &k->item[i]))
                        return false;
        return ties_answer(&t) && answer_replace(k) && fit;
}
