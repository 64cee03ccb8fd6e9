/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What memory.stat says of a cgroup's memory, and what follows from it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sense/tree.h"

/* The lines that are needed, bytes. A line that a kernel does not write counts as 0. */
struct memstat {
        uint64_t file;          /* page cache, shared memory included */
        uint64_t shmem;
        uint64_t file_dirty, file_writeback;
        uint64_t slab_reclaimable;
};

/* The kernel's text → numbers; pure. 0, or -EINVAL: file or shmem, which every kernel writes, is missing,
 * so the text was cut short or is something else. */
int memstat_parse(const char *text, struct memstat *ret_stat);

/* Reads the file of a cgroup. CGROUPFS_OK, CGROUPFS_GONE or -errno. */
int memstat_read(struct node *n, struct memstat *ret_stat);

/* Is there so much shared memory that it matters who has it mapped? */
bool memstat_has_shmem(const struct memstat *stat, uint64_t memory);

/* What the cgroup's death frees, given its memory and how much of its shared memory its own processes map,
 * bytes. */
uint64_t memstat_relief(const struct memstat *stat, uint64_t memory, uint64_t shmem_mapped);

/* Clean cache: what reclaim can take without writing or swapping, bytes. */
uint64_t memstat_clean(const struct memstat *stat);
