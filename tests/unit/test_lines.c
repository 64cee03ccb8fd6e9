/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A stream cut into lines: the same lines wherever it is cut, and none that is too long. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "oracle.h"
#include "record/lines.h"

struct heard {
        char text[256];
        size_t n, stop_at;
};

static bool hear(void *who, const char *text, size_t len)
{
        struct heard *h = who;

        strncat(h->text, text, len);
        strcat(h->text, "|");
        return ++h->n != h->stop_at;
}

Test(lines, wherever_it_is_cut)
{
        static const char stream[] = "one\n\ntwo and a half\n1234567890123456789\nthree\nrest";
        struct dice d = { 42 };

        for (unsigned round = 0; round < 2000; round++) {
                struct lines l = LINES_INIT(16);
                struct heard h = { 0 };

                for (size_t at = 0, n; at < sizeof(stream) - 1; at += n) {
                        n = u64_min(1 + dice_below(&d, 9), sizeof(stream) - 1 - at);
                        cr_assert(lines_take(&l, stream + at, n, hear, &h) == 0);
                }
                cr_assert_str_eq(h.text, "one||two and a half|three|", "round %u", round);
                cr_assert(l.skipped == 1 && l.taken == sizeof(stream) - 1 - 4 && l.pending == 4);
                lines_clear(&l);
        }
}

Test(lines, a_line_as_long_as_allowed)
{
        struct lines l = LINES_INIT(4);
        struct heard h = { 0 };

        cr_assert(lines_take(&l, "1234\n12345\n", 11, hear, &h) == 0);
        cr_assert_str_eq(h.text, "1234|");
        lines_clear(&l);
}

Test(lines, no_more_is_wanted)
{
        struct lines l = LINES_INIT(64);
        struct heard h = { .stop_at = 2 };

        cr_assert(lines_take(&l, "a\nb\nc\n", 6, hear, &h) == -ECANCELED);
        cr_assert_str_eq(h.text, "a|b|");
        cr_assert(l.taken == 4);
        lines_clear(&l);
}

Test(lines, a_line_without_end_takes_no_memory)
{
        static char much[1 << 16];
        struct lines l = LINES_INIT(1 << 20);
        struct heard h = { 0 };

        memset(much, 'x', sizeof(much));
        for (int i = 0; i < 1000; i++)
                cr_assert(lines_take(&l, much, sizeof(much), hear, &h) == 0);
        cr_assert(l.size <= 1 << 20);
        cr_assert(lines_take(&l, "\nb\n", 3, hear, &h) == 0);
        cr_assert_str_eq(h.text, "b|");
        cr_assert(l.skipped == 1 && l.taken == 1000 * sizeof(much) + 3);
        lines_clear(&l);
}
