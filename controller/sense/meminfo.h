/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's memory and swap, and the memory of a cgroup against its limits. */
#pragma once

#include <stdint.h>

#include "decide/snapshot.h"

/* /proc/meminfo, kept open. One system call a reading. */
struct meminfo {
        int fd;
};

#define MEMINFO_INIT { .fd = -1 }

/* proc: the directory that plays /proc. 0 or -errno. */
int meminfo_open(struct meminfo *m, int proc_fd);
void meminfo_close(struct meminfo *m);

/* Fills memory and swap of *facts. 0, or -errno with *facts as it was (-EINVAL: a line is missing). */
int meminfo_read(const struct meminfo *m, struct domain_facts *facts);

/* The kernel's text → facts; pure. */
int meminfo_parse(const char *text, struct domain_facts *facts);
