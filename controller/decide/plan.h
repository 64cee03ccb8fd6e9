/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The decision: act or not, how much, whom, in what order, who was spared and why. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decide/knapsack.h"
#include "decide/policy.h"
#include "decide/shortage.h"
#include "decide/snapshot.h"

enum verdict {
        VERDICT_CALM,           /* nothing is needed */
        VERDICT_ACT,            /* the victims reach the need */
        VERDICT_INSUFFICIENT,   /* everything that may die is in the plan and still does not reach */
        VERDICT_NO_CANDIDATE,   /* nothing may die */
        VERDICT_N,
};

/* What the plan says of one cgroup. Everything from FATE_KEPT_DEARER on is kept; the word is the reason. */
enum fate {
        FATE_SHED,
        FATE_KEPT_DEARER,       /* shedding others loses less */
        FATE_KEPT_SMALL,        /* worth less than one that goes, but it would not do in its place */
        FATE_KEPT_TIER,         /* of a higher tier, and lower tiers cover the need */
        FATE_KEPT_USELESS,      /* its death would free nothing */
        FATE_KEPT_CALM,         /* nothing is needed */
        FATE_KEPT_BARRED,       /* see its 'barred' */
        FATE_N,
};

struct plan_entry {
        uint32_t index;         /* into the snapshot's cgroups */
        enum fate fate;
        uint64_t weight, relief;
};

struct plan {
        enum verdict verdict;
        uint64_t need;          /* bytes of relief the victims must reach */
        uint64_t capacity;      /* weight that may stay */
        uint64_t weight_total;  /* Σ weight of all candidates */
        uint64_t weight, relief;        /* Σ over the victims */
        uint64_t utility_lost;
        uint64_t bound;         /* proven, tier by tier: given what the higher tiers give, none loses less */
        bool optimal;           /* utility_lost == bound */
        uint64_t work;          /* what the solver spent of its budget */
        size_t n_victims;
        size_t n;               /* entries: the victims first, in the order in which they go; then the kept,
                                 * by id */
        struct plan_entry *entries;
        size_t capacity_n;      /* entries there is room for */
};

/* Makes plans for up to n_max cgroups. All memory it will ever need is allocated here. */
struct planner;
struct planner *planner_new(size_t n_max);              /* new; NULL when there is no memory */
struct planner *planner_free(struct planner *p);        /* returns NULL */

int plan_init(struct plan *p, size_t n_max);            /* -ENOMEM */
void plan_fini(struct plan *p);

/* Decides. Pure: the same snapshot, shortage and policy give the same plan, byte for byte. Only level and
 * need of the shortage, and whether swap is short, are looked at. Tiers are settled from the top: the
 * highest tier that has to give loses as little as it can, then the next lower one gives what is still
 * missing. Victims are ordered cheapest first, so that a round which ends early has lost the least. Returns
 * the verdict. */
enum verdict plan_make(struct plan *plan, struct planner *planner, const struct snapshot *snapshot,
                       const struct shortage *shortage, const struct policy *policy);

const char *verdict_name(enum verdict v);       /* "act", "calm", "insufficient", "no-candidate" */
const char *fate_name(enum fate f);             /* "shed", "worth more", … */
/* The reason in one phrase, whether it lies in the plan or in the facts. */
const char *plan_why(const struct plan_entry *e, const struct snapshot *snapshot);
