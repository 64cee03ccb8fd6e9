/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is memory short, by which witness, and how much would have to come back? */
#pragma once

#include <stdint.h>

#include "decide/policy.h"
#include "decide/snapshot.h"

enum level {
        LEVEL_CALM,             /* plenty */
        LEVEL_ARMED,            /* below the arming line: look often, keep a plan ready */
        LEVEL_SHORT,            /* act */
        LEVEL_N,
};

enum witness {
        WITNESS_NONE,
        WITNESS_AVAILABLE,      /* available memory (and swap, where there is any) below the acting line */
        WITNESS_STALL,          /* tasks stand still, and available memory is low as well */
        WITNESS_KERNEL,         /* the kernel itself has run out of memory */
        WITNESS_N,
};

struct shortage {
        enum level level;
        enum witness witness;
        uint64_t need;          /* bytes to free to be where the round is to lead; 0 unless LEVEL_SHORT */
        bool swap_short;        /* part of the need is swap, so freed swap counts as relief */
};

/* Pure judgement on one domain. stall_permyriad: the share of the policy's window that its tasks stood still;
 * oom: the kernel has said just now that it ran out of memory; reach: how much of the way from the acting
 * lines to the targets is to be restored, of PERMYRIAD. */
struct shortage shortage_judge(const struct domain_facts *facts, uint32_t stall_permyriad, bool oom,
                               uint32_t reach, const struct policy *policy);

/* What is still missing to the line that a round begun by this witness restores; 0 when it is reached. */
uint64_t shortage_need(const struct domain_facts *facts, enum witness witness, bool swap_short, uint32_t reach,
                       const struct policy *policy);

/* The shortage as it will begin if memory goes on falling: lets the facts say what they will say then. The need is
 * left to whoever knows the reach. */
struct shortage shortage_ahead(struct domain_facts *facts, const struct policy *policy);

/* A shortage of which the need is given by somebody else, and only the rest is seen in the facts. */
struct shortage shortage_given(const struct domain_facts *facts, uint64_t need, const struct policy *policy);

/* What is compared with the acting line, bytes. */
uint64_t shortage_available(const struct domain_facts *facts);

/* How far available memory may fall before the next line is crossed: what the timer of the files feed is
 * set by. */
uint64_t shortage_headroom(const struct domain_facts *facts, const struct policy *policy);

const char *level_name(enum level l);           /* "calm", "armed", "short" */
const char *witness_name(enum witness w);       /* "available", "stall", "kernel" */
