/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two witnesses are heard, and neither is believed alone; a third ends all doubt.
 *
 * Available memory: below the acting line a domain is short, provided that swap, where there is any, is
 * nearly used up as well. As long as swap has room the kernel can still make memory, and whether that costs
 * too much is for the second witness to say.
 *
 * Stall: tasks of the domain stood still for a given share of the last window. That proves thrashing only
 * if memory is low too: one container at its own limit stalls its ancestors all the way to the host. Such a
 * round must restore more than the acting line, since the domain was thrashing above it: it restores the
 * line below which stalls count.
 *
 * How much of the way from the line to the target is restored, reach.c chooses. Stalls know no such steps.
 *
 * Memory that is missing and swap that is missing are one sum, since the kernel can make either of the other:
 * what a victim gives beyond the memory that was missing makes up for swap that it did not hold.
 *
 * The kernel, where its module tells: it has run out of memory. That is believed below the acting line,
 * whatever swap or stalls say; above it an allocation was confined to a node or a cpuset, which is nobody's
 * shortage. */
#include "decide/shortage.h"

#include "base/base.h"

static bool is_swap_low(const struct domain_facts *f, const struct policy *p)
{
        return f->swap_free < amount_bytes(p->act_swap, f->swap_total);
}

/* The line is drawn for the figure that operators and other programs read, the kernel's MemAvailable. On a
 * host of 594 MiB (6.1, two processors) 3 to 10 MiB lay on the processors' lists beside it, a third of a
 * second of a leak of 30 MiB/s. */
uint64_t shortage_available(const struct domain_facts *f)
{
        return f->lists_count ? f->memory_available : u64_less(f->memory_available, f->memory_lists);
}

static uint64_t missing_to_line(const struct domain_facts *f, const struct policy *p)
{
        return u64_less(amount_bytes(p->act_available, f->memory_total), shortage_available(f));
}

static enum witness hear_witnesses(const struct domain_facts *f, uint32_t stall_permyriad, bool oom,
                                   const struct policy *p)
{
        bool low = missing_to_line(f, p) > 0;
        bool stalled = p->stall_permyriad > 0 && stall_permyriad >= p->stall_permyriad &&
                       f->memory_available < amount_bytes(p->stall_available, f->memory_total);

        if (low && oom)
                return WITNESS_KERNEL;
        if (stalled)
                return WITNESS_STALL;
        if (low && !p->stall_required && (f->swap_total == 0 || is_swap_low(f, p)))
                return WITNESS_AVAILABLE;
        return WITNESS_NONE;
}

static uint64_t goal(struct amount line, struct amount target, uint64_t total, uint32_t reach)
{
        uint64_t from = amount_bytes(line, total), to = amount_bytes(target, total);

        return from + u64_scale(u64_less(to, from), reach, PERMYRIAD);
}

uint64_t shortage_need(const struct domain_facts *f, enum witness witness, bool swap_short, uint32_t reach,
                       const struct policy *p)
{
        uint64_t memory, need;

        if (witness == WITNESS_STALL)
                reach = PERMYRIAD;
        memory = goal(p->act_available, p->target_available, f->memory_total, reach);
        if (witness == WITNESS_STALL)
                memory = u64_max(memory, amount_bytes(p->stall_available, f->memory_total));
        need = u64_max(u64_less(memory, f->memory_available), missing_to_line(f, p));
        if (swap_short) {
                uint64_t swap = goal(p->act_swap, p->target_swap, f->swap_total, reach);

                need = u64_max(need, u64_less(u64_add(memory, swap), u64_add(f->memory_available, f->swap_free)));
        }
        return need;
}

static bool is_swap_short(const struct domain_facts *f, const struct policy *p)
{
        return f->swap_total > 0 && is_swap_low(f, p);
}

struct shortage shortage_ahead(struct domain_facts *f, const struct policy *p)
{
        uint64_t above = u64_less(shortage_available(f), amount_bytes(p->act_available, f->memory_total));

        f->memory_available -= above;
        f->swap_free = u64_min(f->swap_free, amount_bytes(p->act_swap, f->swap_total));
        return (struct shortage){ LEVEL_SHORT, WITNESS_AVAILABLE, .swap_short = f->swap_total > 0 };
}

struct shortage shortage_given(const struct domain_facts *f, uint64_t need, const struct policy *p)
{
        return (struct shortage){ .level = need > 0 ? LEVEL_SHORT : LEVEL_CALM,
                                  .witness = need > 0 ? WITNESS_AVAILABLE : WITNESS_NONE,
                                  .need = need,
                                  .swap_short = is_swap_short(f, p) };
}

struct shortage shortage_judge(const struct domain_facts *f, uint32_t stall_permyriad, bool oom,
                               uint32_t reach, const struct policy *p)
{
        struct shortage s = { .witness = hear_witnesses(f, stall_permyriad, oom, p) };

        if (f->memory_available < amount_bytes(p->arm_available, f->memory_total))
                s.level = LEVEL_ARMED;
        if (s.witness == WITNESS_NONE)
                return s;

        s.swap_short = is_swap_short(f, p);
        s.need = shortage_need(f, s.witness, s.swap_short, reach, p);
        s.level = s.need > 0 ? LEVEL_SHORT : LEVEL_ARMED;
        return s;
}

uint64_t shortage_headroom(const struct domain_facts *f, const struct policy *p)
{
        uint64_t arm = amount_bytes(p->arm_available, f->memory_total);
        uint64_t act = amount_bytes(p->act_available, f->memory_total);
        uint64_t memory = u64_less(shortage_available(f), act);

        if (f->memory_available > arm)
                return f->memory_available - arm;
        return u64_max(memory, u64_less(f->swap_free, amount_bytes(p->act_swap, f->swap_total)));
}

static const char *const level_names[] = {
        [LEVEL_CALM] = "calm", [LEVEL_ARMED] = "armed", [LEVEL_SHORT] = "short"
};
_Static_assert(ARRAY_SIZE(level_names) == LEVEL_N, "name every level");

const char *level_name(enum level l)
{
        return (size_t)l < LEVEL_N ? level_names[l] : "unknown";
}

static const char *const witness_names[] = {
        [WITNESS_NONE] = "none",
        [WITNESS_AVAILABLE] = "available",
        [WITNESS_STALL] = "stall",
        [WITNESS_KERNEL] = "kernel",
};
_Static_assert(ARRAY_SIZE(witness_names) == WITNESS_N, "name every witness");

const char *witness_name(enum witness w)
{
        return (size_t)w < WITNESS_N ? witness_names[w] : "unknown";
}
