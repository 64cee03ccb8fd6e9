/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How far a round goes: how much of the way from the acting line to the target it restores, and for how much. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/utility.h"
#include "decide/plan.h"

#define REACH_STEPS 4

/* What a shortage has cost, or may cost, by tier; tiers are compared from the top. */
struct loss {
        uint64_t utility[TIER_MAX + 1];
};

void loss_add(struct loss *loss, struct utility utility);

struct reach {
        uint32_t share;         /* of that way, permyriad */
        struct loss limit;      /* what the shortage may have cost in all when it is reached */
};

/* The shortest: one step; all of the way without slow start. It may cost nothing yet. */
struct reach reach_shortest(const struct policy *policy);

struct reach_question {
        const struct snapshot *snapshot;
        const struct policy *policy;
        struct shortage *shortage;      /* as shortage_judge said; its need becomes that of the reach */
        const struct loss *lost;        /* what the shortage has cost so far */
        uint64_t coming;                /* bytes that need not be freed, since they come back anyway */
        bool anew;                      /* choose the reach, whatever was chosen before */
};

/* Plans a round. Goes as far as was chosen before if it still costs no more than its limit; else, or 'anew', the
 * reach is chosen: as far as the plan loses no more than twice of what was lost so far, or than the plan for the
 * shortest reach does if that is more. Nothing is planned if the shortest reach is restored already: then the
 * verdict is VERDICT_CALM.
 *
 * Pure, like plan_make, which it calls up to six times; but no further once the solver has spent its budget
 * (policy.work) on one of them, so that no more than three budgets are spent. */
enum verdict reach_plan(struct plan *plan, struct planner *planner, const struct reach_question *q,
                        struct reach *reach);
