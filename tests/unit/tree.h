/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree of cgroups and processes in a temporary folder, made from a few lines of text: plain files that
 * look like the kernel's, and real extended attributes. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct tree_fixture {
        char root[64];          /* "/tmp/jettison-tree-…"; "" when there is none */
        char cgroup[80];        /* root/cgroup: stands for /sys/fs/cgroup */
        char proc[80];          /* root/proc: stands for /proc */
        int cgroup_fd, proc_fd; /* O_RDONLY|O_DIRECTORY */
        size_t attributes_refused;      /* extended attributes that could not be set */
};

#define TREE_FIXTURE_INIT { .cgroup_fd = -1, .proc_fd = -1 }

/* Makes the tree: one directory per line, a path and words behind it, between blanks. Directories above it
 * are made as well, but bare.
 *
 * A path without '/proc' in front is a cgroup's; "/" is the root. It gets cgroup.procs, cgroup.events,
 * cgroup.kill, memory.current, memory.swap.current, memory.stat and memory.pressure as of an empty cgroup,
 * and then its words:
 *   cgroup.procs=12,13         one per line; cgroup.events then says "populated 1"
 *   populated=0 frozen=1       in cgroup.events
 *   anon=4096 file=0           any other key without a dot is a line of memory.stat
 *   some.avg10=12.34           in memory.pressure; some or full; avg10, avg60, avg300 (two decimals) or total
 *   user.NAME=x trusted.NAME=x security.NAME=x     an extended attribute of the directory
 *   memory.max=max             anything else with a dot is a file with that in it
 *   -memory.swap.current       that file is not there
 * /proc/PID has comm, oom_score, oom_score_adj and status, as of a plain process: "process", 666, 0, and
 * RssShmem of nothing. Each word NAME=x is a file, but RssShmem=x (kB) a line of status.
 * /proc/meminfo: each word is a line in kB, MemTotal=1024. /proc/pressure/memory: as for memory.pressure.
 *
 * 0, or -errno with nothing left behind. -EINVAL: a word that is none of these. */
int tree_fixture_make(struct tree_fixture *t, const char *text);

/* Writes one file of the tree anew: "cgroup/web-7/memory.current", "1024\n". 0 or -errno. */
int tree_fixture_write(const struct tree_fixture *t, const char *path, const char *text);

/* Removes the folder with all that is in it; takes a fixture that was never made. */
void tree_fixture_remove(struct tree_fixture *t);
