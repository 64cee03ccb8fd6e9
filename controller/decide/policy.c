/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The defaults.
 *
 * Act at 10 % available, or 4 GiB on a large host: a fast allocator on a swapless machine went from 10 % to
 * the kernel's own killer in 0.35 … 1 s, and a reaction takes up to 0.3 s; 4 GiB is 0.7 s at 6 GiB/s, the
 * fill rate that earlyoom measured. A share of a terabyte would be waste. Restore 15 % or 6 GiB, so that
 * the next allocation does not start the next round, but not at once (reach.c). Arm at 30 %, the report's
 * threshold.
 *
 * Pressure alone is not believed (one container thrashing at its own limit drove the host's pressure to 87
 * % with 74 % of memory free), but a host that stands still for a fifth of each second with less than 20 %
 * available is thrashing: reclaim finds pages only by taking those in use. */
#include "decide/policy.h"

#include "base/base.h"
#include "decide/knapsack.h"

#define SHARE(percent)        { .permyriad = (percent) * 100, .bytes = UINT64_MAX }
#define CAPPED(percent, size) { .permyriad = (percent) * 100, .bytes = (size) }

const struct policy policy_default = {
        .arm_available = SHARE(30),
        .act_available = CAPPED(10, 4 * GIB),
        .act_swap = SHARE(10),
        .target_available = CAPPED(15, 6 * GIB),
        .target_swap = SHARE(15),
        .slow_start = true,
        .stall_available = CAPPED(20, 8 * GIB),
        .stall_kind = STALL_FULL,
        .stall_permyriad = 2000,
        .stall_window_us = USEC_PER_SEC,
        .weigh_memory = true,
        .cover = COVER_BOTH,
        .work = KNAPSACK_WORK,
};
