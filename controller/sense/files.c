/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Four reads of kept descriptors for a candidate, one more for each of its parts, and three calls for each
 * process. Nothing tells whether a file would say what it said the last time, so each is read each time. */
#include "sense/files.h"

#include <errno.h>

#include "base/base.h"
#include "base/ktext.h"

static int add_processes(const struct procfs *p, struct node *n, bool with_shmem, struct procfs_sum *sum)
{
        int fd = node_file(n, FILE_PROCS);
        int r = fd < 0 ? fd : procfs_add(p, fd, with_shmem, sum);

        return r == -ENOENT || r == -ENODEV ? CGROUPFS_GONE : r;
}

/* The processes of a candidate and of its parts. A threaded cgroup does not list any: those of a part are in
 * the candidate's list, and those of the candidate in none but its parts'. */
static int sum_processes(const struct procfs *p, struct tree *t, uint32_t index, bool with_shmem,
                         struct procfs_sum *sum)
{
        struct node *n = tree_node(t, index);
        int r = add_processes(p, n, with_shmem, sum);

        if (r != CGROUPFS_OK && (r != -EOPNOTSUPP || n->first_part == NODE_NONE))
                return r;
        for (uint32_t i = n->first_part; i != NODE_NONE; i = tree_node(t, i)->next_part) {
                r = add_processes(p, tree_node(t, i), with_shmem, sum);
                if (r < 0 && r != -EOPNOTSUPP)
                        return r;
        }
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
