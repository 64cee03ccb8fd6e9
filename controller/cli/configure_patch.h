/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An edit of a text that puts pieces in, and remembers what they took the place of: so taking them out again
 * is finding them. */
#pragma once

#include <stddef.h>

#define PATCH_MAX 8             /* one edit of configure puts in at most four pieces */

struct patch {
        struct {
                size_t at;      /* byte of the text before the edit */
                char *old;      /* what it takes the place of; owned; NULL: nothing */
                char *piece;    /* owned */
        } items[PATCH_MAX];     /* in the order of their places */
        size_t n;
};

/* Adds a piece (stolen) in its place; pieces of one place keep the order in which they were added. */
void patch_add(struct patch *p, size_t at, char *piece);

/* The same for one that takes the place of what is there, 'old' (stolen). */
void patch_replace(struct patch *p, size_t at, char *old, char *piece);

/* The text with the pieces in it. New. */
char *patch_apply(const struct patch *p, const char *text);

/* The text without the pieces, wherever they stand, and with what they took the place of. *ret_missing counts
 * those that were not found as often as the patch has them, and have been left. New. */
char *patch_take_out(const struct patch *p, const char *text, size_t *ret_missing);

/* Takes a patch that is all zero. */
void patch_fini(struct patch *p);
