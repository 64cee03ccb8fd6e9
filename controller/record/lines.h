/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream cut into lines. Pure but for memory. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lines {
        char *text;             /* owned: the line that is not whole yet */
        size_t len, size;
        size_t size_max;        /* longer lines, without their newline, are skipped */
        bool skipping;          /* inside one that is too long */
        uint64_t skipped;       /* how many were */
        uint64_t taken;         /* bytes up to the end of the last whole line */
        uint64_t pending;       /* bytes behind it */
};

#define LINES_INIT(max) { .size_max = (max) }

/* Takes n bytes and calls 'line' for each line that is whole by then, with its bytes (valid during the call),
 * without its newline. 'taken' is up to date inside the call. A call that returns false ends it: what is left
 * of the bytes is dropped. 0, -ECANCELED after that, or -ENOMEM. */
int lines_take(struct lines *l, const char *bytes, size_t n,
               bool (*line)(void *who, const char *text, size_t len), void *who);

/* Forgets the beginning of a line and both counts of bytes; gives the memory back. */
void lines_clear(struct lines *l);
