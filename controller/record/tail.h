/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal as it is written: each line once, oldest first, over rotations (path → path.1 → path.2 …), cuts
 * and restarts of the reader. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "base/base.h"
#include "record/lines.h"

/* The journal's longest line has 512 KiB (record/journal.c). */
#define TAIL_LINE_MAX (1 * MIB)

/* How many rotated files are looked at: as many as journal.keep allows (serve/config_keys.c). */
#define TAIL_KEEP_MAX 100u

/* Where in which file. */
struct tail_place {
        uint64_t inode;
        uint64_t mark;          /* of the file's first bytes: an inode's number is used again */
        uint64_t offset;        /* of a line's beginning, bytes */
};

/* Where to begin. */
enum tail_start {
        TAIL_OLDEST,            /* at path.N, as far as path.1 … path.N follow one another */
        TAIL_END,               /* behind what the journal holds now */
};

struct tail {
        const char *path;       /* borrowed */
        bool from_oldest;       /* until a file is open */
        int fd;                 /* -1: none was open yet */
        dev_t device;           /* of the open file */
        struct tail_place file; /* the open one, and where in it the lines begin */
        uint64_t n_torn;        /* lines that ended with their file */
        struct lines lines;
};

#define TAIL_INIT { .fd = -1, .lines = LINES_INIT(TAIL_LINE_MAX) }

/* Begins at the place, also if its file was rotated since; if that file is not found, with the current one at
 * its beginning; without a place (NULL), where 'start' says. With TAIL_OLDEST no file is opened before the
 * first tail_read. A file that is not there yet will be read from its beginning. */
void tail_open(struct tail *t, const char *path, enum tail_start start, const struct tail_place *place);
void tail_close(struct tail *t);

/* Calls 'line' for each whole line that has been written since, as lines_take does. A file that was rotated
 * is read to its end, then the next newer one; one that has lost whole lines is read from its beginning. 0, also when
 * the journal was there once and is gone; else a negative errno: it is not there yet (-ENOENT), is no file or
 * cannot be read. It is tried again the next time, and no line is given out twice. Does not block. */
int tail_read(struct tail *t, bool (*line)(void *who, const char *text, size_t len), void *who);

/* Lines that were not given out: too long, or without an end when their file ended. */
uint64_t tail_lost(const struct tail *t);

/* Behind the last line that was given out; inside the call, behind the one at hand. */
struct tail_place tail_place(const struct tail *t);

/* A place as a small file, written whole or not at all. dir_fd is borrowed. 0 or -errno; -EBADMSG when what
 * is there is none. */
int tail_place_save(int dir_fd, const char *name, const struct tail_place *place);
int tail_place_load(int dir_fd, const char *name, struct tail_place *ret_place);
