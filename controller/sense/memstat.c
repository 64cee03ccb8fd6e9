/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a death frees is not what memory.current says. Page cache stays: it is charged to a cgroup that has
 * no processes any more, and it was counted as available before. Shared memory stays if it lies in a tmpfs,
 * and goes if only the dying had it mapped; the two are told apart by how much of it their own page tables
 * show. Reclaimable slab was available as well. The rest goes: anonymous memory, page tables, kernel
 * stacks, socket buffers. */
#include "sense/memstat.h"

#include <errno.h>

#include "base/base.h"
#include "base/ktext.h"

/* memory.stat has 50 to 70 lines of up to 40 bytes on Linux 6.1 to 6.12. */
#define STAT_SIZE 4096

/* Shared memory below this share of a cgroup's memory is left unexplored, and counted as not freed. */
#define SHMEM_WORTH_A_LOOK 16

int memstat_parse(const char *text, struct memstat *ret_stat)
{
        struct memstat stat = { .file = UINT64_MAX, .shmem = UINT64_MAX };
        const struct ktext_key keys[] = {
                { "file", &stat.file },
                { "shmem", &stat.shmem },
                { "file_dirty", &stat.file_dirty },
                { "file_writeback", &stat.file_writeback },
                { "slab_reclaimable", &stat.slab_reclaimable },
        };

        ktext_keys(text, keys, ARRAY_SIZE(keys));
        if (stat.file == UINT64_MAX || stat.shmem == UINT64_MAX)
                return -EINVAL;
        *ret_stat = stat;
        return 0;
}

int memstat_read(struct node *n, struct memstat *ret_stat)
{
        char text[STAT_SIZE];
        int r = node_read(n, FILE_STAT, text, sizeof(text));

        return r == CGROUPFS_OK ? memstat_parse(text, ret_stat) : r;
}

bool memstat_has_shmem(const struct memstat *stat, uint64_t memory)
{
        return stat->shmem > memory / SHMEM_WORTH_A_LOOK;
}

uint64_t memstat_relief(const struct memstat *stat, uint64_t memory, uint64_t shmem_mapped)
{
        uint64_t goes = memstat_has_shmem(stat, memory) ? u64_min(stat->shmem, shmem_mapped) : 0;

        return u64_less(memory, u64_less(u64_add(stat->file, stat->slab_reclaimable), goes));
}

uint64_t memstat_clean(const struct memstat *stat)
{
        uint64_t held = u64_add(stat->shmem, u64_add(stat->file_dirty, stat->file_writeback));

        return u64_add(u64_less(stat->file, held), stat->slab_reclaimable);
}
