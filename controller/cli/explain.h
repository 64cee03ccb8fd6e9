/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One round, or one line of the journal, in words. */
#pragma once

#include "cli/history.h"
#include "cli/text.h"

/* What happened, to whom, and why to them. */
void explain_round(const struct round *r, FILE *out, const struct term *term);

/* A line of the journal as a line for people. */
void explain_line(const json_t *line, FILE *out);

/* The rounds as a table, their sums, and the shortages in which nothing was done. */
void explain_rounds(const struct history *h, FILE *out, const struct term *term);
