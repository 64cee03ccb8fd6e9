/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What /proc says of a cgroup's processes. Nothing that takes a process's mmap_lock is read. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sense/options.h"

/* At or below this oom_score_adj a process is taken to be one the machine cannot do without (kubelet has
 * -999, sshd -1000). */
#define OOM_SCORE_ADJ_SHIELD (-900)

struct procfs {
        int fd;                 /* O_DIRECTORY of what plays /proc */
        uint32_t neutral; /* the score that weighs nothing; OOM_SCORE_NEUTRAL unless the operator says so */
};

/* Sums over some processes. */
struct procfs_sum {
        uint64_t oom_score;     /* Σ max(0, oom_score − neutral) */
        uint64_t shmem_mapped;  /* Σ RssShmem, bytes; read only when asked for */
        uint32_t processes;
        int oom_score_adj_min;  /* the lowest seen, of those that were looked at because their score is
                                 * below neutral */
        int first_pid;
        bool has_init;          /* PID 1 is among them */
};

#define PROCFS_SUM_INIT { .oom_score_adj_min = 1000 }

int procfs_open(struct procfs *p, const char *path);
void procfs_close(struct procfs *p);

/* Adds the processes listed in a kept cgroup.procs descriptor to *sum. Processes that end meanwhile are
 * passed over. 0, CGROUPFS_GONE, or -errno (-EOPNOTSUPP: a threaded cgroup, whose processes its domain's
 * root lists). */
int procfs_add(const struct procfs *p, int procs_fd, bool with_shmem, struct procfs_sum *sum);

/* The name of a process, NUL-ended, "" when it is gone. It may hold any bytes and proves nothing. */
void procfs_comm(const struct procfs *p, int pid, char comm[static 16]);
