/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench.h"

#include <stdlib.h>
#include <time.h>

uint64_t thread_nsec(void)
{
        struct timespec t;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int u64_compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

uint64_t median_of(uint64_t *values, size_t n)
{
        qsort(values, n, sizeof(*values), u64_compare);
        return values[n / 2];
}
