/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long to wait before the next try. Pure. */
#pragma once

#include <stdint.h>

#include "base/base.h"

/* What client-go does with a lost API server, in order of magnitude: a second at first, half a minute to a
 * minute when it stays away, so that 5,000 nodes ask it less than a hundred times a second. */
#define RETRY_BASE_US USEC_PER_SEC
#define RETRY_CAP_US  (60 * USEC_PER_SEC)

/* A server's own "Retry-After" is obeyed up to this. */
#define RETRY_AFTER_MAX_US (600 * USEC_PER_SEC)

struct retry {
        uint32_t failures;      /* in a row */
};

/* Counts a failure and returns the pause after it: anything from 0 to base · 2^failures, at most the cap, as
 * 'random' (all 64 bits of it) has it; but no less than 'after_us', what the server asked for (0: nothing).
 */
uint64_t retry_next_us(struct retry *r, uint64_t random, uint64_t after_us);

static inline void retry_reset(struct retry *r)
{
        r->failures = 0;
}
