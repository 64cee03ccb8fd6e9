/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A sort that allocates nothing: glibc's qsort() does once the array exceeds a kilobyte. Compiled into its caller, so
 * that entries are copied and compared without a call. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* What goes first? 'context' is whatever the caller gave. Equals may come in any order. */
typedef bool heapsort_before(const void *a, const void *b, const void *context);

__attribute__((always_inline)) static inline void heapsort_sift(char *heap, size_t at, size_t n, size_t size,
                                                                char *moving, heapsort_before *before,
                                                                const void *context)
{
        memcpy(moving, heap + at * size, size);
        for (size_t child; (child = 2 * at + 1) < n; at = child) {
                if (child + 1 < n && before(heap + child * size, heap + (child + 1) * size, context))
                        child++;
                if (!before(moving, heap + child * size, context))
                        break;
                memcpy(heap + at * size, heap + child * size, size);
        }
        memcpy(heap + at * size, moving, size);
}

/* Sorts n entries of 'size' bytes each. 'spare' is room for two. */
__attribute__((always_inline)) static inline void heapsort_run(void *entries, size_t n, size_t size, void *spare,
                                                               heapsort_before *before, const void *context)
{
        char *heap = entries, *moving = spare, *last = moving + size;

        for (size_t i = n / 2; i-- > 0;)
                heapsort_sift(heap, i, n, size, moving, before, context);
        while (n > 1) {
                n--;
                memcpy(last, heap, size);
                memcpy(heap, heap + n * size, size);
                memcpy(heap + n * size, last, size);
                heapsort_sift(heap, 0, n, size, moving, before, context);
        }
}
