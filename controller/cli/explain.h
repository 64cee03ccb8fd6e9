/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One round, or one line of the journal, in words. */
#pragma once

#include "cli/history.h"
#include "cli/text.h"

/* What happened, to whom, and why to them. */
void explain_round(const struct round *r, FILE *out, const struct term *term);

/* A line of the journal as a line for people. */
void explain_line(const json_t *line, FILE *out);

/* The rounds as a table. 'bytes': only those with a victim whose path contains them; NULL: all. */
void explain_rounds(const struct history *h, const char *bytes, FILE *out, const struct term *term);
