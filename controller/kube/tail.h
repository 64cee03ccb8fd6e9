/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's lines as they are written, over rotations and restarts. */
#pragma once

#include <limits.h>
#include <stdint.h>

#include "base/base.h"
#include "kube/lines.h"

/* The journal's longest line has 512 KiB (record/journal.c). */
#define TAIL_LINE_MAX (1 * MIB)

/* How many rotated files are looked at for the one that was being read (journal.keep is 4 unless configured).
 */
#define TAIL_KEEP_MAX 100u

/* Where in which file. */
struct tail_place {
        uint64_t inode;
        uint64_t mark;          /* of the file's first bytes: an inode's number is used again */
        uint64_t offset;        /* of a line's beginning, bytes */
};

struct tail {
        char path[PATH_MAX];
        int fd;                 /* -1: there is no such file now */
        struct tail_place file; /* the open one, and where in it the lines begin */
        struct lines lines;
};

#define TAIL_INIT { .fd = -1, .lines = LINES_INIT(TAIL_LINE_MAX) }

/* Opens the file at the place, also if it was rotated since; or, if that file is not found or there is no
 * place (NULL), the current one: at its beginning if there was a place, at its end if there was none. A file
 * that is not there yet will be read from its beginning. 0, or -ENAMETOOLONG. */
int tail_open(struct tail *t, const char *path, const struct tail_place *place);
void tail_close(struct tail *t);

/* Calls 'line' for each whole line that has been written since, as lines_take does. A file that was rotated
 * is read to its end, then the next newer one; one that has shrunk is read from its beginning. 0 or -errno.
 */
int tail_read(struct tail *t, bool (*line)(void *who, const char *text, size_t len), void *who);

/* Behind the last line that was given out; inside the call, behind the one at hand. */
struct tail_place tail_place(const struct tail *t);

/* A place as a small file, written whole or not at all. dir_fd is borrowed. 0 or -errno; -EBADMSG when what
 * is there is none. */
int tail_place_save(int dir_fd, const char *name, const struct tail_place *place);
int tail_place_load(int dir_fd, const char *name, struct tail_place *ret_place);
