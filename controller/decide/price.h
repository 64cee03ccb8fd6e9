/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From facts to items: the only place where bytes and scores become weight, and swap becomes relief. */
#pragma once

#include "decide/policy.h"
#include "decide/snapshot.h"

struct price {
        uint64_t weight;        /* memory + oom_score_unit × oom score, bytes (or points, if memory is not
                                 * weighed) */
        uint64_t relief;        /* bytes its death frees of what is short */
};

/* Prices one cgroup. swap_short: swap is what is short, so what it holds there counts as relief too. */
struct price price_of(const struct snapshot_cgroup *c, const struct domain_facts *facts, bool swap_short,
                      const struct policy *policy);
