/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Journals in a temporary folder: written through the journal itself, read back line by line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "record/journal.h"

struct folder {
        char path[64];
};

struct folder folder_make(void);

/* With all that is in it; folders in it must be empty. */
void folder_remove(const struct folder *f);

/* The path of a file in it; valid until the fourth next call. */
const char *folder_file(const struct folder *f, const char *name);

/* Fails the test when it cannot be opened. */
struct journal *open_journal(const char *path, uint64_t size_max, uint32_t keep);

/* A line with its number as round and a filling of 'len' bytes. */
void put_line(struct journal *j, uint64_t number, size_t len);

/* At most a second. */
void pause_us(uint64_t us);

/* What a journal holds: lines that parse, their numbers in ascending order, drops that they tell of. */
struct content {
        size_t n, n_torn;
        uint64_t first, last, dropped;
        bool ascending;
};

/* Adds one line to what is known. */
void take_line(struct content *c, const char *text, size_t len);
struct content read_journal(const char *path);
