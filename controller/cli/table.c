/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Widths are settled in two steps: each column gets what its longest cell needs; then, as long as the line
 * is longer than the terminal, the widest column that may be cut gives up one character. So a long path
 * suffers first, and two long columns end up equally wide. A column of width 0 is not there. */
#include "cli/table.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "base/units.h"

#define GAP       2u            /* blanks between columns */
#define DOTS      "..."
#define WIDTH_MIN 12u           /* a column that is cut below this says nothing any more */

void table_init(struct table *t, const struct column *columns, size_t n_columns)
{
        *t = (struct table){ .columns = columns, .n_columns = n_columns };
}

void table_fini(struct table *t)
{
        for (size_t i = 0; i < t->n_cells; i++)
                free(t->cells[i]);
        free(t->cells);
        free(t->styles);
        *t = (struct table){ 0 };
}

static void fill_row(struct table *t)
{
        while (t->n_cells < t->n_rows * t->n_columns)
                table_cell(t, must(strdup("")));
}

void table_row(struct table *t, enum style style)
{
        fill_row(t);
        t->styles = must(reallocarray(t->styles, t->n_rows + 1, sizeof(*t->styles)));
        t->cells = must(reallocarray(t->cells, t->n_cells + t->n_columns, sizeof(*t->cells)));
        t->styles[t->n_rows++] = style;
}

void table_cell(struct table *t, char *text)
{
        assert(t->n_cells < t->n_rows * t->n_columns);
        t->cells[t->n_cells++] = text;
}

void table_size(struct table *t, uint64_t bytes)
{
        char text[SIZE_TEXT_MAX];

        table_cell(t, must(strdup(size_format(bytes, text))));
}

void table_number(struct table *t, uint64_t number)
{
        table_cell(t, text_format("%llu", (unsigned long long)number));
}

static const char *cell_at(const struct table *t, size_t row, size_t column)
{
        size_t i = row * t->n_columns + column;

        return i < t->n_cells ? t->cells[i] : "";
}

static void widths_want(const struct table *t, size_t *widths)
{
        for (size_t c = 0; c < t->n_columns; c++) {
                for (size_t r = 0; r < t->n_rows; r++)
                        widths[c] = u64_max(widths[c], strlen(cell_at(t, r, c)));
                if (widths[c] > 0 || t->columns[c].cut != CUT_AWAY)
                        widths[c] = u64_max(widths[c], strlen(t->columns[c].title));
        }
}

static void widths_fit(const struct table *t, size_t *widths, size_t room)
{
        size_t total = 0;

        for (size_t c = 0; c < t->n_columns; c++)
                total += widths[c] ? widths[c] + GAP : 0;
        total = u64_less(total, GAP);
        for (; total > room; total--) {
                size_t widest = t->n_columns;

                for (size_t c = 0; c < t->n_columns; c++)
                        if (t->columns[c].cut != CUT_NEVER && widths[c] > WIDTH_MIN &&
                            (widest == t->n_columns || widths[c] > widths[widest]))
                                widest = c;
                if (widest == t->n_columns)
                        return;
                widths[widest]--;
        }
}

static void print_cut(FILE *out, const char *text, size_t len, size_t width, enum cut cut)
{
        size_t kept = width - strlen(DOTS);

        if (len <= width)
                fputs(text, out);
        else if (cut == CUT_FRONT)
                fprintf(out, DOTS "%s", text + len - kept);
        else
                fprintf(out, "%.*s" DOTS, (int)kept, text);
}

/* One line; row n_rows stands for the titles. The blanks behind the last cell are left out. */
static void print_row(const struct table *t, FILE *out, size_t row, const size_t *widths)
{
        size_t blanks = 0;

        for (size_t c = 0; c < t->n_columns; c++) {
                const struct column *column = &t->columns[c];
                const char *text = row == t->n_rows ? column->title : cell_at(t, row, c);
                size_t len = strlen(text), shown = u64_min(len, widths[c]);

                if (widths[c] == 0)
                        continue;
                if (shown > 0) {
                        blanks += column->right ? widths[c] - shown : 0;
                        fprintf(out, "%*s", (int)blanks, "");
                        print_cut(out, text, len, widths[c], column->cut);
                        blanks = column->right ? 0 : widths[c] - shown;
                } else {
                        blanks += widths[c];
                }
                blanks += GAP;
        }
}

void table_print(const struct table *t, FILE *out, const struct term *term)
{
        CLEANUP(free_p) size_t *widths = must(calloc(t->n_columns, sizeof(*widths)));

        widths_want(t, widths);
        if (term->width)
                widths_fit(t, widths, term->width);
        for (size_t i = 0; i <= t->n_rows; i++) {
                size_t row = i == 0 ? t->n_rows : i - 1;
                enum style style = i == 0 ? STYLE_BOLD : t->styles[row];

                fputs(style_begin(term, style), out);
                print_row(t, out, row, widths);
                fprintf(out, "%s\n", style_end(term, style));
        }
}
