/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A table for people: columns as wide as they need to be, and cut where the terminal ends. */
#pragma once

#include <stddef.h>

#include "cli/text.h"

enum cut {
        CUT_NEVER,
        CUT_END,                /* "a long rea..." */
        CUT_FRONT,              /* ".../docker-abc.scope": the end of a path says most */
        CUT_AWAY,               /* as CUT_END; and a column in which all cells are empty is left out */
};

struct column {
        const char *title;
        enum cut cut;
        bool right;             /* aligned to the right */
};

struct table {
        const struct column *columns;           /* borrowed */
        size_t n_columns;
        char **cells;           /* row by row */
        enum style *styles;     /* of each row */
        size_t n_cells, n_rows;
};

void table_init(struct table *t, const struct column *columns, size_t n_columns);
void table_fini(struct table *t);

/* Begins a row; cells that are not given stay empty. */
void table_row(struct table *t, enum style style);

/* Adds a cell to the row: printable ASCII, stolen. Cells beyond the last column are an error of the
 * program. */
void table_cell(struct table *t, char *text);
void table_size(struct table *t, uint64_t bytes);
void table_number(struct table *t, uint64_t number);

/* Prints the titles and the rows. A terminal narrower than the columns that may not be cut gets lines that
 * are too long. */
void table_print(const struct table *t, FILE *out, const struct term *term);
