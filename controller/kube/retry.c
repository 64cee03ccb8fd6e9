/* SPDX-License-Identifier: GPL-2.0-or-later */
/* When an API server comes back, all nodes want it at once. The whole pause is left to chance ("full
 * jitter"), which spreads them evenly over it; a fixed part would keep them in step. */
#include "kube/retry.h"

uint64_t retry_next_us(struct retry *r, uint64_t random, uint64_t after_us)
{
        uint64_t longest = RETRY_CAP_US;

        if (r->failures < 16)           /* 2^16 s are beyond the cap; shifting on would wrap */
                longest = u64_min(RETRY_BASE_US << r->failures, RETRY_CAP_US);
        if (r->failures < UINT32_MAX)
                r->failures++;
        return u64_max(random % (longest + 1), u64_min(after_us, RETRY_AFTER_MAX_US));
}
