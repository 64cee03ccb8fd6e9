/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Weight is what a container takes up in the sack: its memory and, at the kernel's own rate of exchange,
 * its oom score. In mm/oom_kill.c a point of oom_score_adj is a thousandth of the memory that the badness
 * is measured against, so a point weighs a thousandth of the domain's memory unless the operator says
 * otherwise. In the report the score alone was the weight; weigh_memory off and a unit of 1 give that back.
 *
 * A container cannot hold more than its domain has. What claims to is cut down to it, so that one false
 * number can neither overflow a sum nor make a cgroup look like the answer to every need. */
#include "decide/price.h"

#include "base/base.h"

struct price price_of(const struct snapshot_cgroup *c, const struct domain_facts *facts, bool swap_short,
                      const struct policy *policy)
{
        uint64_t memory_max = u64_max(facts->memory_total, 1);
        uint64_t all_max = u64_add(memory_max, facts->swap_total);
        uint64_t unit = policy->oom_score_unit ? policy->oom_score_unit : u64_max(memory_max / 1000, 1);
        unsigned __int128 points = (unsigned __int128)unit * c->oom_score;
        struct price price = {
                .weight = policy->weigh_memory ? u64_min(c->memory, memory_max) : 0,
                .relief = u64_min(c->relief, memory_max),
        };

        price.weight += points > all_max ? all_max : (uint64_t)points;
        if (swap_short)
                price.relief += u64_min(c->swap, facts->swap_total);
        return price;
}
