/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel module carries a standing order out when memory is used up and this daemon has not had the CPU.
 * The sizes that a knapsack would be solved with are those of the last snapshot, and exactly those have changed
 * since: whatever has filled the memory was small then. A plan made of old sizes would take the training that
 * was large already and leave the job that has grown.
 *
 * What has not changed is what each is worth. So the order goes by worth alone, and leaves the question of
 * size to the moment: one victim at a time is taken until the kernel finds memory, and one that is too small
 * to help (order_least) is passed over for the next. Of all single victims that help, this takes the one that
 * costs least, which is what the knapsack would say if one is enough; a few small ones might have cost less.
 * The daemon's own rounds, which have fresh sizes, know that.
 *
 * Size decides among equals, by powers of two, so that the order does not change with every page. */
#include "decide/order.h"

#include "base/base.h"

#define LEAST_SHARE 64

static unsigned magnitude(uint64_t bytes)
{
        return bytes ? 64 - (unsigned)__builtin_clzll(bytes) : 0;
}

static bool goes_before(const struct snapshot_cgroup *a, const struct snapshot_cgroup *b)
{
        if (a->utility.tier != b->utility.tier)
                return a->utility.tier < b->utility.tier;
        if (a->utility.value != b->utility.value)
                return a->utility.value < b->utility.value;
        if (magnitude(a->relief) != magnitude(b->relief))
                return magnitude(a->relief) > magnitude(b->relief);
        return a->id < b->id;
}

size_t order_make(const struct snapshot *s, uint32_t *indices, size_t n_max)
{
        size_t n = 0;

        for (size_t i = 0; i < s->n; i++) {
                size_t at = n;

                if (s->cgroups[i].barred != BARRED_NOT || u64_add(s->cgroups[i].relief, s->cgroups[i].swap) == 0)
                        continue;
                while (at > 0 && goes_before(&s->cgroups[i], &s->cgroups[indices[at - 1]]))
                        at--;
                if (at == n_max)
                        continue;
                if (n < n_max)
                        n++;
                for (size_t j = n - 1; j > at; j--)
                        indices[j] = indices[j - 1];
                indices[at] = (uint32_t)i;
        }
        return n;
}

uint64_t order_least(const struct snapshot *s)
{
        return s->facts.memory_total / LEAST_SHARE;
}
