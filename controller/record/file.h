/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's file: whole lines appended, rotated by size, lost and found again when the disk is. One
 * thread's alone. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/uio.h>

struct record_file {
        char path[PATH_MAX];
        int fd;
        bool regular;           /* else neither rotated nor repaired */
        bool torn;              /* it ends inside a line */
        uint64_t size, size_max;
        uint32_t keep;
        uint64_t announced;     /* drops that the file tells of */
        uint64_t complained_us; /* when the log last heard of a failure; 0: never */
        bool failing;
};

#define RECORD_FILE_INIT { .fd = -1 }

/* Opens path for appending (0640; its folder is made, 0750, if that alone is missing). A last line without
 * its end is given one. 'path' is copied. size_max 0: never rotated. A failure is told to the log; the next
 * write tries once more. 0 or -ENAMETOOLONG. */
int record_file_open(struct record_file *f, const char *path, uint64_t size_max, uint32_t keep);
void record_file_close(struct record_file *f);

/* Could it be opened? Makes nothing. 0 or a negative errno. */
int record_file_check(const char *path);

/* Closes and opens it by name again; a failure as above. */
void record_file_reopen(struct record_file *f);

/* Appends one line "{…}\n" that lies in two pieces, the first not empty. If 'dropped' has grown since a
 * line last said so, this one starts with "dropped":N. All of it or nothing (0 or a negative errno); the
 * log is told of failures once a minute. */
int record_file_write(struct record_file *f, const struct iovec line[static 2], uint64_t dropped);

/* Asks the disk to keep what was written; waits for it. */
void record_file_sync(struct record_file *f);
