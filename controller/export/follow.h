/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file of lines that grows, is rotated (path → path.1 → path.2 …) or cut: each line once, oldest first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Twice the longest line that the daemon writes. */
#define FOLLOW_LINE_MAX (1024 * 1024)

struct follow {
        const char *path;       /* borrowed */
        void (*take)(void *context, const char *line, size_t len);      /* without the newline */
        void *context;          /* borrowed */
        int fd;
        uint64_t offset;        /* of what was not read yet */
        bool skipping;          /* inside a line that is too long */
        uint64_t n_lost;        /* lines that were too long, or that ended with their file */
        size_t len, size;
        char *line;             /* owned: what was read of a line without its end */
};

#define FOLLOW_INIT { .fd = -1 }

/* Takes what is new; at first all there is, path.N … path.1 included as far as they follow one another. 0, or
 * a negative errno when the path cannot be read; it is tried again the next time, and nothing is taken
 * twice. A line that is not ended yet waits for its end. Does not block. */
int follow_read(struct follow *f);

void follow_fini(struct follow *f);
