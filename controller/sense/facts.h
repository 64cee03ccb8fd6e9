/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a feed tells of one candidate, with all that lies inside it. Both feeds give the same. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sense/memstat.h"
#include "sense/procfs.h"

struct facts {
        uint64_t memory, swap;  /* bytes */
        struct memstat stat;
        struct procfs_sum sum;  /* shmem_mapped counts only where memstat_has_shmem */
        bool populated;         /* there are processes, perhaps where they were not counted */
        char comm[16];          /* the name of sum.first_pid; "" where the feed did not come by it */
};

#define FACTS_INIT { .sum = PROCFS_SUM_INIT }
