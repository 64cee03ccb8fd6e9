/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the knapsack is held against: slow ways to the same answers, and the families of inputs to try them
 * on. */
#pragma once

#include "decide/knapsack.h"

/* splitmix64 */
struct dice {
        uint64_t state;
};

uint64_t dice_next(struct dice *d);
uint64_t dice_below(struct dice *d, uint64_t n); /* 0 … n − 1 */

/* Memory is lognormal about 300 MiB in pages; utilities as the name says. */
enum family {
        FAMILY_ANY,           /* 0 … 100, independent of memory */
        FAMILY_TIERS,         /* one of seven */
        FAMILY_MEMORY_PLUS,   /* MiB + 100 */
        FAMILY_MEMORY,        /* MiB */
        FAMILY_ONE,           /* 1 */
        FAMILY_BYTES,         /* follows memory as finely as 1000000 allows */
        FAMILY_NEAR_MEMORY,   /* MiB · (0.9 … 1.1) */
        FAMILY_FINE,          /* 0 … 1000000, independent of memory */
        FAMILY_REPLICAS,      /* groups of ten that are nearly alike */
        FAMILY_COARSE_MEMORY, /* MiB / 64 */
        FAMILY_N,
};

extern const char *const family_name[FAMILY_N];

/* Fills n loads: relief is the memory, and so is the weight. */
void family_roll(enum family family, struct dice *d, struct load *loads, size_t n);

/* Relief becomes a half to all of the memory, weight the memory and 0 … 10 thousandths of the total. */
void family_mix(struct dice *d, struct load *loads, size_t n);

/* Loads of small numbers, full of ties, zeroes, equals and giants. */
void loads_roll_small(struct dice *d, struct load *loads, size_t n);

struct oracle {
        uint64_t loss, relief;
        size_t n_shed;
        bool shed[20];
};

/* Every subset, under the full order of ties. n ≤ 20. False when none reaches. */
bool oracle_subsets(const struct load *loads, size_t n, uint64_t weight_min, uint64_t relief_min,
                    struct oracle *ret_oracle);

/* One need, exact in bytes: most weight for each loss, by the table. UINT64_MAX when none reaches. */
uint64_t oracle_table(const struct load *loads, size_t n, uint64_t weight_min);

/* Two needs: depth first, with the fractional answer of either need as bound. UINT64_MAX when none reaches.
 */
uint64_t oracle_branch(const struct load *loads, size_t n, uint64_t weight_min, uint64_t relief_min);
