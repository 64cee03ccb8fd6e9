/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A victim for the rehearsal: a child of ours in a cgroup of its own, made before the system-call filter is
 * entered and struck after it, so that the first real kill is never the first. */
#pragma once

#include <stdint.h>

#include "sense/cgroupfs.h"

struct rehearsal {
        int dir_fd;             /* the cgroup, labelled with utility 0; -1: none could be made */
        int parent_fd;
        uint64_t id;
};

#define REHEARSAL_INIT { .dir_fd = -1, .parent_fd = -1 }

/* Makes the cgroup below the caller's own, and the child, which sleeps until it is struck. 0 or -errno. */
int rehearsal_prepare(struct rehearsal *r, const struct cgroupfs *fs);

/* Removes the cgroup; the child is dead or dies with its parent. */
void rehearsal_clear(struct rehearsal *r);
