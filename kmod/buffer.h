/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The records in a snapshot's buffer, found by cgroup id. */
#ifndef JETTISON_BUFFER_H
#define JETTISON_BUFFER_H

#include "snapshot.h"

/* All of these under the buffer's lock. */

/* In the place of what was there. size: whole pages. 0 or -ENOMEM. */
int buffer_alloc(struct snapshot_buffer *buffer, size_t size);

/* How many records of cgroups fit. */
u32 buffer_room(const struct snapshot_buffer *buffer);

/* Forgets all ids. */
void buffer_forget(struct snapshot_buffer *buffer);

/*
 * The record with this number has its id, and shall be found by it. At most as
 * many as there is room for, each id once.
 */
void buffer_remember(struct snapshot_buffer *buffer, u32 number);

/* The record with this id, or NULL. */
struct jettison_cgroup *buffer_find(const struct snapshot_buffer *buffer, u64 id);

bool buffer_selftest(void);

#endif
