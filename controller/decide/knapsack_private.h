/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the solver share among themselves. Nobody else includes this. */
#pragma once

#include "decide/knapsack.h"

/* Room for one list of states, as wide as the default budget lets it be (knapsack_list.c) and doubled by an
 * item, and for the flips that lead to them. Two lists, the staircase and the history come to some 600 KiB,
 * whatever n is, and stay in memory, so there is no more: nearly three times as many states and eight times
 * as many flips brought not one proof more (tests/bench/bench_knapsack.c). */
#define POOL_STATES 6144u
#define POOL_NODES  8192u

/* So many items around the break item are searched first, for a good answer to prune with, if there are more
 * than twice as many. Measured: of 100 items 64 take longer than 24 to 48, of 1000 it makes no difference. */
#define CORE_ITEMS 32u

/* The tie search keeps its sets as masks of one machine word pair. */
#define TIE_ITEMS 128u

#define NODE_NONE UINT32_MAX

typedef __int128 wide;
typedef unsigned __int128 mask;

/* A loaded item. 'size' is what it is worth to the (surrogate) constraint, 'cost' what shedding it costs. */
struct item {
        int64_t size;
        int64_t weight, relief; /* clipped to the need */
        int64_t cost;
        uint32_t id; /* index into the caller's loads */
        uint32_t in; /* shed, as long as no state says otherwise */
};

/* A partial solution: what it has beyond the needs (negative: what it lacks), and at what cost. */
struct state {
        int64_t weight, relief;
        int64_t cost;
        uint32_t node; /* newest flip that distinguishes it from the base, or NODE_NONE */
};

struct node {
        uint32_t parent;
        uint32_t item;
};

struct step { /* of the staircase of undominated (cost, relief) */
        int64_t cost, relief;
};

/* A dual certificate: at cost/size per unit of the surrogate, no set costs less than bound/size. An item's
 * penalty |cost_i · size − size_i · cost| is by how much, over size, that bound rises when the item goes
 * against its sign. */
struct price {
        int64_t unit_weight, unit_relief; /* size_i = unit_weight · weight_i + unit_relief · relief_i */
        int64_t cost, size;               /* of the break item */
        wide bound;
};

enum fate { FATE_OPEN, FATE_SHED, FATE_KEPT };

enum need { NEED_WEIGHT, NEED_RELIEF, NEED_BOTH };

struct sums {
        int64_t weight, relief, cost;
};

struct knapsack {
        size_t n_max;

        /* the question, and what has been spent on it */
        const struct load *loads;
        size_t n;
        int64_t weight_min, relief_min;
        struct sums all;
        uint64_t spent;
        uint64_t seed;

        /* the stage: what an item costs, the best set known that reaches both needs, and what is settled */
        int64_t cost_utility, cost_each; /* an item costs utility · cost_utility + cost_each */
        int64_t grain;                   /* every cost is a multiple of this */
        int64_t answer_cost;             /* of 'best' */
        struct sums fixed;               /* of the items whose fate is FATE_SHED; unclipped */

        /* the search: item[0 … n_items) are those whose fate is open */
        enum need need;
        int64_t need_weight, need_relief; /* what the fixed items leave to be done; with NEED_RELIEF the */
        size_t n_items;                   /* relief takes the place of the weight */
        size_t sorted_low, sorted_high;   /* these, about the break, are sorted; the rest is on its side */
        struct price price;
        struct sums base;  /* of all items that are 'in', in excess of the needs */
        int64_t best_cost; /* of 'trial', or what it has to beat */
        int64_t floor;     /* nothing costs less, so that searching may end */
        uint64_t limit;    /* 'spent' at which searching must end */
        size_t n_nodes;
        uint32_t best_node;

        /* the arena */
        struct item *item;     /* n_max */
        struct node *node;     /* POOL_NODES + 2 n_max: two chains of flips always fit */
        uint32_t *renamed;     /* as many */
        struct state *list[2]; /* POOL_STATES each */
        struct step *stair;    /* POOL_STATES */
        int64_t *key;          /* POOL_STATES; where the staircase is, which is not needed meanwhile */
        void *pool;            /* the four above are its parts */
        size_t pool_size;
        uint8_t *fate;                      /* n_max */
        bool *best, *trial, *spare, *other; /* n_max each */
};

static inline void work_charge(struct knapsack *k, uint64_t units)
{
        k->spent += units;
}

/* A linear pass over items takes about an eighth of the time of as many states. */
static inline void work_charge_pass(struct knapsack *k, size_t n)
{
        k->spent += n / 8 + 1;
}

/* splitmix64: pivots must not follow the input's order, and must be the same each time. */
static inline uint64_t random_next(struct knapsack *k)
{
        uint64_t z = (k->seed += UINT64_C(0x9e3779b97f4a7c15));

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

static inline int64_t i64_min(int64_t a, int64_t b)
{
        return a < b ? a : b;
}

static inline int64_t i64_max(int64_t a, int64_t b)
{
        return a > b ? a : b;
}

/* Negative: the price says shed it. Positive: keep it. Scaled by price->size. */
static inline wide price_reduced(const struct price *p, const struct item *item)
{
        return (wide)item->cost * p->size - (wide)item->size * p->cost;
}

/* Whether some set that costs at most 'target' may hold the item against its sign. */
static inline bool price_leaves_open(const struct price *p, const struct item *item, int64_t target)
{
        wide reduced = price_reduced(p, item);

        return p->bound + (reduced < 0 ? -reduced : reduced) <= (wide)target * p->size;
}

static inline void sums_add(struct sums *sums, const struct item *item)
{
        sums->weight += item->weight;
        sums->relief += item->relief;
        sums->cost += item->cost;
}

static inline int64_t base_size(const struct knapsack *k)
{
        return k->price.unit_weight * k->base.weight + k->price.unit_relief * k->base.relief;
}

/* knapsack_break.c */
enum measure { BY_SIZE, BY_COST };

/* Sorts by cost per size; finds the break item by selection, see knapsack_break.c. */
void items_sort(struct knapsack *k, struct item *items, size_t n);
size_t items_break(struct knapsack *k, enum measure measure, int64_t amount);
size_t price_find(struct knapsack *k);
int64_t price_bound(const struct price *p);
void price_balance(struct knapsack *k);
size_t price_reduce(struct knapsack *k, int64_t target, size_t *ret_middle);

/* knapsack_list.c: searches item[low … high), of which those before 'middle' are in, and sorts what it needs
 * of them. Improves best_cost and trial. Returns the least cost that a set it gave up might have; INT64_MAX
 * when it gave up nothing. */
int64_t list_search(struct knapsack *k, size_t low, size_t middle, size_t high);

/* knapsack_ties.c: among the sets that cost what 'best' costs finds the one with the most relief, then the
 * lowest ids. Returns whether that is certain. */
bool ties_search(struct knapsack *k);

/* knapsack_stage.c */
void items_load(struct knapsack *k, enum need need);
void fate_settle(struct knapsack *k, size_t at, bool shed);
bool answer_replace(struct knapsack *k);
void set_prune(struct knapsack *k, bool *set);
uint64_t stages_run(struct knapsack *k, uint64_t work, bool *ret_ties_settled);
