/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon makes sure of for itself: that there is one, and that it outlives the shortage it is
 * there for. Each function tells the log what is wrong and what helps; the returned error needs no second
 * line. */
#pragma once

#include <stdint.h>

#define INSTANCE_LOCK_PATH "/run/jettison/lock"

/* Becomes the only instance: 0 with a descriptor that holds the lock for as long as it is open. -EBUSY if
 * another has it; the log names its process. The folder is made (0755) if it is missing. */
int instance_lock(const char *path, int *ret_fd);

/* Goes into a protected group, first of all: memory that has been used before stays charged where it was.
 * 'group' is "auto": the own one if it is a systemd service, else /jettison; "" for none; or the path of
 * one to be made, beginning with '/'. 'memory_min' is the memory in bytes that is never reclaimed from it.
 * 0, or a negative errno; both are safe to go on with: -EINVAL for a path that is none, -ENOENT without a
 * unified hierarchy with the memory controller. */
int instance_enter_group(const char *group, uint64_t memory_min);

/* The last to be killed and the first to run: oom_score_adj -1000, or the lowest that is permitted; nice
 * -20, and the same for its session's group if it leads one. Before any thread is started. What is refused is
 * told and left. */
void instance_raise_priority(void);

/* Raises the soft limit of open files to the hard one, and both to 'wanted' if that is more and permitted.
 * 0, or -EPERM if fewer than 'wanted' remain (which also stands in the log). */
int instance_raise_files(uint64_t wanted);
