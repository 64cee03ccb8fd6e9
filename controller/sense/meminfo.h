/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The host's memory and swap, and the memory of a cgroup against its limits. */
#pragma once

#include <stdint.h>

#include "decide/snapshot.h"

/* /proc/meminfo and /proc/zoneinfo, kept open. */
struct meminfo {
        int fd;
        int zoneinfo_fd;        /* -1: there is none */
};

#define MEMINFO_INIT { .fd = -1, .zoneinfo_fd = -1 }

/* proc: the directory that plays /proc. 0 or -errno. */
int meminfo_open(struct meminfo *m, int proc_fd);
void meminfo_close(struct meminfo *m);

/* Fills memory and swap of *facts. One system call. 0, or -errno with *facts as it was (-EINVAL: a line is
 * missing). */
int meminfo_read(const struct meminfo *m, struct domain_facts *facts);

/* Bytes of free memory that MemAvailable does not count, since they lie on the processors' own lists. What a
 * victim has freed is there first; since Linux 6.7 (pcp->high_max in mm/page_alloc.c) as much as an eighth of
 * memory may be, for seconds. A system call for every 16 KiB of text, of which the kernel writes some 500
 * bytes for each processor. 0 where it cannot be read. */
uint64_t meminfo_lists(const struct meminfo *m);

/* The kernel's text → facts; pure. */
int meminfo_parse(const char *text, struct domain_facts *facts);

/* Pages on the lists, by whole lines of /proc/zoneinfo; pure. */
uint64_t meminfo_parse_lists(const char *text);
