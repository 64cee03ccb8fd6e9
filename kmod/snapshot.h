/* SPDX-License-Identifier: GPL-2.0-or-later */
/* All memory cgroups and processes, into a buffer that is there already. */
#ifndef JETTISON_SNAPSHOT_H
#define JETTISON_SNAPSHOT_H

#include <linux/mm_types.h>
#include <linux/mutex.h>

#include "jettison_uapi.h"

/* A reader's buffer: what user space has mapped, and an index of ids, which
 * it has not.
 */
struct snapshot_buffer {
	struct mutex lock;	/* one snapshot at a time */
	void *records;		/* vmalloc_user, NULL while there is none */
	size_t size;
	u32 *index;		/* hash of cgroup ids; private */
	unsigned int index_bits;
	atomic_t mappings;
};

void snapshot_buffer_init(struct snapshot_buffer *buffer);
void snapshot_buffer_free(struct snapshot_buffer *buffer);

/* Allocates for, and maps into, this area. 0 or -errno of the specification. */
int snapshot_buffer_map(struct snapshot_buffer *buffer,
			struct vm_area_struct *vma);

/* Is memory on cgroup v2? */
bool snapshot_possible(void);

/* The call, its structure checked already. 0, or -errno; -ENOSPC with
 * call->needed filled in.
 */
int snapshot_take(struct snapshot_buffer *buffer,
		  struct jettison_snapshot *call);

bool snapshot_selftest(void);

#endif
