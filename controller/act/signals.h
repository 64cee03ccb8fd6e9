/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals to all processes of a cgroup and what lies below it, through pidfds, so that no number reused
 * meanwhile is struck. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Sends sig to every process of the cgroup at dir_fd and below. ret_n counts them. 0 or -errno of the first
 * that failed for another reason than having ended. */
int signals_send(int dir_fd, int sig, uint32_t *ret_n);

/* As above with SIGKILL, again and again until no process is left or the rounds are used up (a fork can
 * slip through one round). */
int signals_kill(int dir_fd, uint32_t *ret_n);

/* The processes listed in a kept cgroup.procs, up to n_max. Returns how many. */
size_t signals_list(int procs_fd, int *pids, size_t n_max);

/* Frees the memory of processes that are being killed before they have exited (process_mrelease, Linux
 * 5.15). A process that is not dying is refused by the kernel (EINVAL), so a reused number does no harm. */
void signals_reap(const int *pids, size_t n);
