/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Workloads that come back as often as they are shed. Pure: time comes in as a number. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BACKOFF_FAMILIES 64

struct backoff {
        struct family {
                uint64_t key;           /* hash of the path without what changes from one start to the next */
                uint64_t last_us;       /* when one of it was last shed */
                uint64_t pause_us;      /* how long the next of it should be left alone, if it can be */
                uint32_t sheds;         /* in a row */
        } families[BACKOFF_FAMILIES];
};

/* Notes that a cgroup of this path was shed. Each time within twice its pause doubles the pause (from
 * 'first_us' on, to at most 64 times that); a quieter workload starts anew. Returns how often in a row it
 * has been shed. */
uint32_t backoff_note(struct backoff *b, const char *path, uint64_t now_us, uint64_t first_us);

/* Until when a cgroup of this path should be left alone: 0 unless it has been shed at least twice in a
 * row. */
uint64_t backoff_until(const struct backoff *b, const char *path);
