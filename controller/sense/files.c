/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Four reads of kept descriptors for a candidate, one more for each of its parts, and three calls for each
 * process. Nothing tells whether a file would say what it said the last time, so each is read each time. */
#include "sense/files.h"

#include <errno.h>

#include "base/base.h"
#include "base/ktext.h"

/* The processes of a candidate and of its parts. */
static int sum_processes(const struct procfs *p, struct tree *t, uint32_t index, bool with_shmem,
                         struct procfs_sum *sum)
{
        struct node *n = tree_node(t, index);
        int fd = node_file(n, FILE_PROCS);
        int r = fd < 0 ? fd : procfs_add(p, fd, with_shmem, sum);

        if (r == -ENOENT || r == -ENODEV)
                r = CGROUPFS_GONE;
        if (n->first_part == NODE_NONE || r == CGROUPFS_GONE)
                return r;
        for (uint32_t i = n->first_part; i != NODE_NONE; i = tree_node(t, i)->next_part)
                if ((fd = node_file(tree_node(t, i), FILE_PROCS)) >= 0)
                        procfs_add(p, fd, with_shmem, sum);
        return CGROUPFS_OK;
}

/* Are there processes in it or below? Asked where none was found: they may be in a part that was not
 * opened. */
static bool is_populated(struct node *n)
{
        uint64_t populated = 0;
        char text[256];

        return node_read(n, FILE_EVENTS, text, sizeof(text)) == CGROUPFS_OK &&
               ktext_find(text, "populated", &populated) == 0 && populated > 0;
}

int files_read(const struct procfs *p, struct tree *t, uint32_t index, struct facts *ret_facts)
{
        struct node *n = tree_node(t, index);
        struct facts facts = FACTS_INIT;
        int r = node_read_u64(n, FILE_CURRENT, &facts.memory);

        if (r == CGROUPFS_OK)
                r = facts.memory == KTEXT_MAX ? -EINVAL : memstat_read(n, &facts.stat);
        if (r == CGROUPFS_OK)
                r = sum_processes(p, t, index, memstat_has_shmem(&facts.stat, facts.memory), &facts.sum);
        if (r != CGROUPFS_OK)
                return r;
        facts.populated = facts.sum.processes > 0 || is_populated(n);
        if (node_read_u64(n, FILE_SWAP, &facts.swap) != CGROUPFS_OK || facts.swap == KTEXT_MAX)
                facts.swap = 0;
        *ret_facts = facts;
        return CGROUPFS_OK;
}
