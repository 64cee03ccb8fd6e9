/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a round goes: how much of the way from the acting line to the target it restores. */
#pragma once

#include <stdint.h>

#include "base/utility.h"
#include "decide/plan.h"

/* A reach is a share of that way, of PERMYRIAD; the shortest is the first of so many steps. */
#define REACH_STEPS 4

/* What a shortage has cost so far, by tier. */
struct loss {
        uint64_t utility[TIER_MAX + 1];
};

void loss_add(struct loss *loss, struct utility utility);

/* Plans a round, and chooses how far it goes: as far as its plan loses no more than twice of what was lost before,
 * or than the plan for the shortest reach does if that is more; tiers are compared from the top. Pure, like
 * plan_make, which it calls up to five times. 'shortage' is what shortage_judge said; its need becomes that of the
 * reach chosen, less the bytes that are 'coming' anyway. The plan is the one for that need. Returns the reach,
 * permyriad. */
uint32_t reach_plan(struct plan *plan, struct planner *planner, const struct snapshot *snapshot,
                    struct shortage *shortage, const struct loss *lost, uint64_t coming,
                    const struct policy *policy);
