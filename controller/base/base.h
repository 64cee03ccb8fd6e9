/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What every file may use: cleanup by attribute, ownership handed over by stealing, sums that cannot wrap. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(fn)    __attribute__((cleanup(fn)))
#define PRINTF(f, a)   __attribute__((format(printf, f, a)))
#define ARRAY_SIZE(a)  (sizeof(a) / sizeof(*(a)))
#define UNUSED         __attribute__((unused))

#define CONTAINER_OF(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))

#define KIB (UINT64_C(1) << 10)
#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)

#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC  UINT64_C(1000000)
#define NSEC_PER_USEC UINT64_C(1000)

/* One part in ten thousand: the unit in which every share is kept, so that no decision needs a float. */
#define PERMYRIAD UINT64_C(10000)

static inline void close_p(int *fd)
{
        if (*fd >= 0)
                close(*fd);
}

/* For CLEANUP(free_p) on a pointer of any type. */
static inline void free_p(void *pointer)
{
        free(*(void **)pointer);
}

static inline int steal_fd(int *fd)
{
        int stolen = *fd;

        *fd = -1;
        return stolen;
}

static inline uint64_t u64_min(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

static inline uint64_t u64_max(uint64_t a, uint64_t b)
{
        return a > b ? a : b;
}

/* a − b, or 0 where b is the larger: files are read one after the other, so parts may exceed their whole. */
static inline uint64_t u64_less(uint64_t a, uint64_t b)
{
        return a > b ? a - b : 0;
}

/* a + b, or UINT64_MAX: what a file claims is not trusted to fit. */
static inline uint64_t u64_add(uint64_t a, uint64_t b)
{
        uint64_t sum;

        return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* part of whole, rounded down, in 128 bits on the way. whole > 0; the result is capped at UINT64_MAX. */
static inline uint64_t u64_scale(uint64_t value, uint64_t part, uint64_t whole)
{
        unsigned __int128 scaled = (unsigned __int128)value * part / whole;

        return scaled > UINT64_MAX ? UINT64_MAX : (uint64_t)scaled;
}
