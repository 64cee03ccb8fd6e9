/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operator asked for, as far as the choice depends on it. Plain integers; filled by the
 * configuration. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/units.h"

enum stall_kind { STALL_SOME, STALL_FULL };
enum cover_kind { COVER_BOTH, COVER_WEIGHT, COVER_RELIEF };

struct policy {
        /* Lines below which something happens; shares are of the domain's memory or swap. */
        struct amount arm_available;            /* snapshots and the standing order are kept fresh */
        struct amount act_available;            /* short of memory … */
        struct amount act_swap;                 /* … when swap is this short too, or there is none */
        struct amount target_available;         /* what a round restores, sooner or later */
        struct amount target_swap;
        bool slow_start;                        /* the first round restores less than the target */
        struct amount stall_available;          /* pressure counts only below this line: the second witness */
        enum stall_kind stall_kind;
        uint32_t stall_permyriad;               /* share of stall_window_us that tasks stood still */
        uint64_t stall_window_us;
        bool stall_required;                    /* the report's way: no round without pressure */

        /* Weight of a container in the sack. */
        bool weigh_memory;                      /* memory.current counts */
        uint64_t oom_score_unit;                /* bytes a point is worth; 0: a thousandth of the domain's
                                                 * memory */

        /* What may stay. */
        bool capacity_fixed;                    /* else need / Σ relief of the weight goes */
        uint64_t capacity;                      /* in units of weight; only when fixed */
        enum cover_kind cover;                  /* which sums a plan must reach */

        uint32_t work;                          /* the solver's budget */
};

/* The defaults, each with its reason in policy.c. */
extern const struct policy policy_default;
