/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The knapsack in covering form: of all sets that shed enough, the one whose loss is least. Exactly. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One item. The caller passes items in ascending order of cgroup id; that order is the last tie-break. */
struct load {
        uint64_t weight;  /* its weight in the sack, bytes; may be 0 */
        uint64_t relief;  /* bytes that shedding it frees; may be 0 */
        uint32_t utility; /* 0 … KNAPSACK_UTILITY_MAX, lost when it is shed */
};

#define KNAPSACK_UTILITY_MAX 1000000u /* policy allows 1000; the solver is exact up to here */
#define KNAPSACK_ITEMS_MAX   100000u
#define KNAPSACK_WORK        500000u /* default budget; 2 … 6 ms on a 2.6 GHz core when all is used */

/* The answer. 'shed' is the caller's, n flags, written only on success. */
struct cover {
        bool *shed; /* borrowed: shed[i] says whether item i goes */
        size_t n_shed;
        uint64_t loss;     /* Σ utility of what goes */
        uint64_t bound;    /* proven: no set that is enough loses less; == loss when optimal */
        uint64_t weight;   /* Σ weight of what goes */
        uint64_t relief;   /* Σ relief of what goes */
        uint64_t work;     /* units of the budget that were spent */
        bool optimal;      /* loss == the least possible */
        bool ties_settled; /* … and the tie order below was carried through to its end as well */
};

enum {
        KNAPSACK_COVERED, /* *ret_cover is an answer that reaches both sums */
        KNAPSACK_SHORT,   /* all items together do not reach; *ret_cover is as it was */
};

struct knapsack;

/* Bytes of memory a solver for up to n_max items needs; 0 when n_max is over KNAPSACK_ITEMS_MAX. */
size_t knapsack_size(size_t n_max);

/* Makes a solver inside the caller's memory (size ≥ knapsack_size(n_max), aligned for max_align_t), which
 * stays the caller's and must outlive the solver. Nothing else is ever allocated. NULL when the memory is too
 * small. */
struct knapsack *knapsack_make(void *memory, size_t size, size_t n_max);

/* Finds the set of least Σ utility with Σ weight ≥ weight_min and Σ relief ≥ relief_min. Ties: fewer items,
 * then more relief, then the lower ids (of two sets, the one that holds the first item in which they differ).
 * No item of the answer could be left out of it. Same loads and budget, same answer, on every machine: the
 * budget counts work, not time. When it runs out the best set found is given with a proven bound. Some passes
 * over the items are made whatever the budget, so 'work' of the answer may exceed it by up to 60 n and a
 * round of the search. 'loads' are borrowed for the call. Returns KNAPSACK_COVERED or KNAPSACK_SHORT, or
 * -EINVAL (n over n_max, a utility over the maximum) or -EOVERFLOW (sums that would not fit 62 bits). */
int knapsack_cover(struct knapsack *k, const struct load *loads, size_t n, uint64_t weight_min,
                   uint64_t relief_min, uint64_t work, struct cover *ret_cover);
