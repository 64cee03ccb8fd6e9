/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal: JSON lines, append-only, rotated by size, written by a thread of its own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/sink.h"

struct journal_options {
        const char *path;       /* "" or NULL: no file; lines still reach the kernel log if kmsg is set */
        uint64_t size_max;      /* bytes at which the file is rotated; 0: never */
        uint32_t keep;          /* how many rotated files stay: path.1 is the newest */
        bool kmsg;              /* one line per kill in the kernel's log */
};

struct journal;

/* Opens the file (0640, made with its folder if need be), sizes all buffers and starts the writing thread. A
 * file that cannot be opened is told to the log and tried again for each line. Returns NULL with *ret_error a
 * negative errno when memory or a thread is not to be had, or the path is too long. The options are copied. */
struct journal *journal_new(const struct journal_options *options, int *ret_error);

/* Waits up to one second for what is queued to be written. Returns NULL. */
struct journal *journal_free(struct journal *j);

/* Touches the memory that a round among this many containers writes its lines to, so that it is there by
 * then. Called again when there are more. */
void journal_reserve(struct journal *j, size_t n);

/* Begins a line {"what":what,"round":round,"time_usec":now, … and returns where to add members. round 0 is
 * left out. The sink is borrowed and valid until journal_end; a line that is not ended is forgotten. Never
 * blocks, never allocates. */
struct sink *journal_begin(struct journal *j, const char *what, uint64_t round);

/* Closes the line and queues it. A line that found no room in its buffer or in the queue is dropped and
 * counted; the next line that is written says "dropped":N. */
void journal_end(struct journal *j);

/* Queues one line for the kernel's log, if the options say so; any byte is allowed, control bytes become
 * '?'. */
void journal_kmsg(struct journal *j, const char *format, ...) PRINTF(2, 3);

/* Asks the thread to reopen the file, for rotation by others. */
void journal_reopen(struct journal *j);

uint64_t journal_dropped(const struct journal *j);

/* Could the file not be opened or written the last time? */
bool journal_is_failing(const struct journal *j);
