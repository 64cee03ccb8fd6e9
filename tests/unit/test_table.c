/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that are cut to the terminal, names that are made harmless, and verbs that are nearly right. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cli/table.h"

static const struct column columns[] = {
        { "NAME", CUT_FRONT, false }, { "SIZE", CUT_NEVER, true }, { "WHY", CUT_END, false },
};

/* Two rows on a terminal of that width (0: no terminal); new. */
static char *print(size_t width, bool colour)
{
        const struct term term = { .tty = width > 0, .colour = colour, .width = width };
        struct table t;
        size_t len;
        char *text;
        FILE *out = open_memstream(&text, &len);

        table_init(&t, columns, ARRAY_SIZE(columns));
        table_row(&t, STYLE_RED);
        table_cell(&t, strdup("/machine.slice/first.scope"));
        table_cell(&t, strdup("1.5 GiB"));
        table_cell(&t, strdup("freed next to nothing"));
        table_row(&t, STYLE_PLAIN);
        table_cell(&t, strdup("/b"));
        table_size(&t, 0);
        table_print(&t, out, &term);
        table_fini(&t);
        fclose(out);
        return text;
}

Test(table, as_wide_as_it_needs_to_be)
{
        CLEANUP(free_p) char *text = print(0, false);

        cr_expect_str_eq(text, "NAME                           SIZE  WHY\n"
                               "/machine.slice/first.scope  1.5 GiB  freed next to nothing\n"
                               "/b                              0 B\n");
}

Test(table, cut_where_the_terminal_ends)
{
        CLEANUP(free_p) char *text = print(40, false);

        cr_expect_str_eq(text, "NAME               SIZE  WHY\n"
                               "...first.scope  1.5 GiB  freed next t...\n"
                               "/b                  0 B\n");
}

/* Two rows with this in the second column. New. */
static char *print_away(const char *first, const char *second, size_t width)
{
        static const struct column three[] = {
                { "PATH", CUT_FRONT, false }, { "NAME", CUT_AWAY, false }, { "SIZE", CUT_NEVER, true },
        };
        const struct term term = { .tty = width > 0, .width = width };
        struct table t;
        size_t len;
        char *text;
        FILE *out = open_memstream(&text, &len);

        table_init(&t, three, ARRAY_SIZE(three));
        table_row(&t, STYLE_PLAIN);
        table_cell(&t, strdup("/a"));
        table_cell(&t, strdup(first));
        table_cell(&t, strdup("1"));
        table_row(&t, STYLE_PLAIN);
        table_cell(&t, strdup("/b"));
        table_cell(&t, strdup(second));
        table_print(&t, out, &term);
        table_fini(&t);
        fclose(out);
        return text;
}

Test(table, an_empty_column_may_go)
{
        CLEANUP(free_p) char *none = print_away("", "", 20), *one = print_away("", "web", 0);
        CLEANUP(free_p) char *cut = print_away("", "a name that is long", 24);

        cr_expect_str_eq(none, "PATH  SIZE\n/a       1\n/b\n");
        cr_expect_str_eq(one, "PATH  NAME  SIZE\n/a             1\n/b    web\n");
        cr_expect_str_eq(cut, "PATH  NAME          SIZE\n/a                     1\n/b    a name th...\n");
}

Test(table, no_line_is_longer_than_the_terminal)
{
        for (size_t width = 35; width < 80; width++) {
                CLEANUP(free_p) char *text = print(width, false);

                for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1)
                        cr_expect_leq((size_t)(end - line), width, "%s", text);
                cr_expect(strstr(text, "scope"), "the end of the path is gone: %s", text);
        }
}

Test(table, colours_only_when_asked)
{
        CLEANUP(free_p) char *with = print(80, true), *without = print(80, false);

        cr_expect_not(strchr(without, '\033'));
        cr_expect(strstr(with, "\033[31m/machine.slice"));
        cr_expect(strstr(with, "\033[0m\n"));
}

Test(text, hostile_bytes_are_shown_as_numbers)
{
        CLEANUP(free_p) char *shown = text_show("/a\033[2J\n\r\t\x7f\x80\xff\"\\");
        CLEANUP(free_p) char *json = text_show_json("\xc3\xbf\033\xc2\x80");
        CLEANUP(free_p) char *beyond = text_show_json("\u0100"), *nothing = text_show_json(NULL);

        cr_expect_str_eq(shown, "/a\\x1b[2J\\x0a\\x0d\\x09\\x7f\\x80\\xff\"\\");
        cr_expect_str_eq(json, "\\xff\\x1b\\x80");
        cr_expect_str_eq(beyond, "\\xc4\\x80");
        cr_expect_str_eq(nothing, "-");
}

Test(text, bytes_come_back_from_json)
{
        CLEANUP(free_p) char *bytes = text_from_json("/a\xc3\xa9\xc3\xbf\xc2\x80");

        cr_expect_str_eq(bytes, "/a\xe9\xff\x80");
        cr_expect_not(text_from_json("\u0100"));
        cr_expect_not(text_from_json("\u20ac"));
        cr_expect_not(text_from_json("\xc2"), "cut in the middle of a character");
}

Test(text, distance_counts_letters)
{
        cr_expect_eq(text_distance("status", "status"), 0);
        cr_expect_eq(text_distance("status", "statsu"), 2);
        cr_expect_eq(text_distance("plan", "pln"), 1);
        cr_expect_eq(text_distance("", "plan"), 4);
        cr_expect_eq(text_distance("plan", ""), 4);
        cr_expect_eq(text_distance("kitten", "sitting"), 3);
}
