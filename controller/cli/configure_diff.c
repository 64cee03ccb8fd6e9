/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The longest common subsequence of the lines, by the table of all pairs, after what both texts begin
 * and end with has been set aside. An edit touches a few lines, so the table is small; texts that differ
 * in too many lines for it are shown as one block out and one block in. */
#include "cli/configure_diff.h"

#include <stdint.h>
#include <string.h>

#include "base/base.h"

#define CONTEXT    3
#define TABLE_MAX  (UINT64_C(4) << 20)          /* pairs: 16 MiB */

struct lines {
        const char **at;        /* owned; at[n] is the end of the text */
        size_t n;
};

/* One line of the result. */
struct mark {
        char sign;              /* ' ', '-' or '+' */
        const char *line;
        size_t len, old, new;   /* how many lines of each text stand before it */
};

struct diff {
        struct mark *marks;     /* owned */
        size_t n;
};

static struct lines split(const char *text)
{
        struct lines l = { .at = must(calloc(strlen(text) + 2, sizeof(*l.at))) };

        for (const char *p = text; *p; l.n++) {
                l.at[l.n] = p;
                p += strcspn(p, "\n");
                p += *p == '\n';
                l.at[l.n + 1] = p;
        }
        return l;
}

static size_t line_len(const struct lines *l, size_t i)
{
        return (size_t)(l->at[i + 1] - l->at[i]);
}

static bool same(const struct lines *a, size_t i, const struct lines *b, size_t j)
{
        return line_len(a, i) == line_len(b, j) && memcmp(a->at[i], b->at[j], line_len(a, i)) == 0;
}

static void mark_add(struct diff *d, char sign, const struct lines *l, size_t i)
{
        const struct mark *last = d->n > 0 ? &d->marks[d->n - 1] : NULL;
        size_t old = last ? last->old + (last->sign != '+') : 0;
        size_t new = last ? last->new + (last->sign != '-') : 0;

        d->marks[d->n++] = (struct mark){ sign, l->at[i], line_len(l, i), old, new };
}

/* common[i][j]: how many lines the rests a[i…] and b[j…] have in common. */
static void middle(struct diff *d, const struct lines *a, size_t i, size_t a_end,
                   const struct lines *b, size_t j, size_t b_end)
{
        size_t rows = a_end - i + 1, width = b_end - j + 1, i0 = i, j0 = j;
        bool fits = (uint64_t)rows * width <= TABLE_MAX;
        CLEANUP(free_p) uint32_t *common = must(calloc(fits ? rows * width : 1, sizeof(*common)));

#define COMMON(x, y) common[((x) - i0) * width + ((y) - j0)]
        for (size_t x = a_end; fits && x-- > i0;)
                for (size_t y = b_end; y-- > j0;)
                        COMMON(x, y) = same(a, x, b, y) ? COMMON(x + 1, y + 1) + 1 :
                                       (uint32_t)u64_max(COMMON(x + 1, y), COMMON(x, y + 1));
        while (i < a_end || j < b_end) {
                if (fits && i < a_end && j < b_end && same(a, i, b, j)) {
                        mark_add(d, ' ', a, i++);
                        j++;
                } else if (i < a_end && (j == b_end || !fits || COMMON(i + 1, j) >= COMMON(i, j + 1))) {
                        mark_add(d, '-', a, i++);
                } else {
                        mark_add(d, '+', b, j++);
                }
        }
#undef COMMON
}

static struct diff compare(const struct lines *a, const struct lines *b)
{
        struct diff d = { .marks = must(calloc(a->n + b->n + 1, sizeof(*d.marks))) };
        size_t head = 0, tail = 0;

        while (head < a->n && head < b->n && same(a, head, b, head))
                mark_add(&d, ' ', a, head++);
        while (tail < a->n - head && tail < b->n - head && same(a, a->n - tail - 1, b, b->n - tail - 1))
                tail++;
        middle(&d, a, head, a->n - tail, b, head, b->n - tail);
        for (size_t i = a->n - tail; i < a->n; i++)
                mark_add(&d, ' ', a, i);
        return d;
}

/* Raw for a program; on a terminal nothing may steer it. */
static void print_line(const struct mark *m, FILE *out, const struct term *term)
{
        enum style style = m->sign == '+' ? STYLE_GREEN : m->sign == '-' ? STYLE_RED : STYLE_PLAIN;
        size_t len = m->len - (m->len > 0 && m->line[m->len - 1] == '\n');

        fprintf(out, "%s%c", style_begin(term, style), m->sign);
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)m->line[i];

                if (!term->tty || c == '\t' || (c >= 0x20 && c < 0x7f))
                        putc(c, out);
                else
                        fprintf(out, "\\x%02x", c);
        }
        fprintf(out, "%s\n%s", style_end(term, style), len == m->len ? "\\ No newline at end of file\n" : "");
}

static void print_hunk(const struct diff *d, size_t from, size_t to, FILE *out, const struct term *term)
{
        size_t n_old = 0, n_new = 0;
        const struct mark *first = &d->marks[from];

        for (size_t i = from; i < to; i++) {
                n_old += d->marks[i].sign != '+';
                n_new += d->marks[i].sign != '-';
        }
        fprintf(out, "%s@@ -%zu,%zu +%zu,%zu @@%s\n", style_begin(term, STYLE_DIM),
                first->old + (n_old > 0), n_old, first->new + (n_new > 0), n_new, style_end(term, STYLE_DIM));
        for (size_t i = from; i < to; i++)
                print_line(&d->marks[i], out, term);
}

static void print_hunks(const struct diff *d, FILE *out, const struct term *term)
{
        for (size_t i = 0, end = 0; i < d->n; i = end) {
                size_t from;

                while (i < d->n && d->marks[i].sign == ' ')
                        i++;
                if (i == d->n)
                        return;
                from = i > end + CONTEXT ? i - CONTEXT : end;
                /* The hunk ends where nothing changes for longer than two contexts. */
                end = i;
                for (size_t k = i; k < d->n && k <= end + 2 * CONTEXT; k++)
                        if (d->marks[k].sign != ' ')
                                end = k + 1;
                end = u64_min(end + CONTEXT, d->n);
                print_hunk(d, from, end, out, term);
        }
}

void diff_print(const char *path, const char *before, const char *after, FILE *out, const struct term *term)
{
        struct lines a = split(before ? before : ""), b = split(after ? after : "");
        CLEANUP(free_p) char *shown = text_show(path);
        struct diff d = compare(&a, &b);

        if (!before != !after || (before && after && strcmp(before, after) != 0)) {
                fprintf(out, "%s--- %s%s\n", style_begin(term, STYLE_BOLD), before ? shown : "/dev/null",
                        style_end(term, STYLE_BOLD));
                fprintf(out, "%s+++ %s%s\n", style_begin(term, STYLE_BOLD), after ? shown : "/dev/null",
                        style_end(term, STYLE_BOLD));
                print_hunks(&d, out, term);
        }
        free(a.at);
        free(b.at);
        free(d.marks);
}
