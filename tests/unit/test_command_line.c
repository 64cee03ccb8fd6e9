/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Command lines as people type them, and what is said about them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/command_line.h"

#define WORDS_MAX 8

static bool once, dry_run;
static const char *file;
static uint64_t wait_us;

static const struct command_option options[] = {
        { "once", .flag = &once },
        { "dry-run", 'n', .flag = &dry_run },
        { "file", 'f', .text = &file },
        { "wait", .parse = command_parse_duration, .to = &wait_us, .form = "a time such as 30s" },
        { 0 },
};

static char problem[COMMAND_PROBLEM_MAX];
static char *words[WORDS_MAX + 2];

/* Splits the line at its spaces and reads it. */
static enum command_end read_line(const char *line, bool in_order)
{
        static char text[256];
        int n = 1;

        snprintf(text, sizeof(text), "%s", line);
        memset(words, 0, sizeof(words));
        words[0] = (char *)"program";
        for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
                words[n++] = word;
        optind = 0;
        once = dry_run = false;
        file = NULL;
        wait_us = 0;
        problem[0] = '\0';
        return in_order ? command_line_read(options, true, n, words, problem)
                        : command_line_read_only(options, n, words, problem);
}

Test(command_line, understood)
{
        cr_assert_eq(read_line("", false), COMMAND_READ);
        cr_expect(!once && !dry_run && !file);
        cr_assert_eq(read_line("--once --file a --wait 2s", false), COMMAND_READ);
        cr_expect(once && !dry_run);
        cr_expect_str_eq(file, "a");
        cr_expect_eq(wait_us, 2 * USEC_PER_SEC);
        cr_assert_eq(read_line("-nfb", false), COMMAND_READ);
        cr_expect(dry_run);
        cr_expect_str_eq(file, "b");
        cr_assert_eq(read_line("--file=c --dry", false), COMMAND_READ, "what is not ambiguous may be shortened");
        cr_expect(dry_run);
        cr_assert_eq(read_line("--file a -f b", false), COMMAND_READ);
        cr_expect_str_eq(file, "b", "the last one counts");
}

Test(command_line, help_and_version_come_before_mistakes_behind_them)
{
        cr_expect_eq(read_line("--help --nonsense", false), COMMAND_HELP);
        cr_expect_eq(read_line("-nh", false), COMMAND_HELP);
        cr_expect_eq(read_line("-V", false), COMMAND_VERSION);
        cr_expect_eq(read_line("--version x", false), COMMAND_VERSION);
}

Test(command_line, in_order_leaves_the_rest_to_a_command)
{
        cr_assert_eq(read_line("--once make -n --help", true), COMMAND_READ);
        cr_expect(once && !dry_run);
        cr_expect_str_eq(words[optind], "make");
        cr_assert_eq(read_line("-- --once", true), COMMAND_READ);
        cr_expect(!once);
        cr_expect_str_eq(words[optind], "--once");
}

Test(command_line, mistakes_are_named_in_its_own_words)
{
        static const struct {
                const char *line, *says;
        } cases[] = {
                { "--nonsense", "unknown or incomplete option '--nonsense'" },
                { "--once --nonsense=1", "unknown or incomplete option '--nonsense=1'" },
                { "-x", "unknown or incomplete option '-x'" },
                { "-nx", "unknown or incomplete option '-nx'" },
                { "--dry-run=yes", "unknown or incomplete option '--dry-run=yes'" },
                { "--file", "option '--file' needs a value" },
                { "-nf", "option '-nf' needs a value" },
                { "--wait soon", "--wait: 'soon' is not a time such as 30s" },
                { "--wait=", "--wait: '' is not a time such as 30s" },
                { "--once superfluous", "unexpected argument 'superfluous'" },
                { "superfluous --once", "unexpected argument 'superfluous'" },
                { "-- --once", "unexpected argument '--once'" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                cr_expect_eq(read_line(cases[i].line, false), COMMAND_WRONG, "%s", cases[i].line);
                cr_expect_str_eq(problem, cases[i].says);
        }
}

/* What is typed may be longer than what is said. */
Test(command_line, long_words_are_cut)
{
        char word[2 * COMMAND_PROBLEM_MAX];
        char *argv[] = { (char *)"program", word, NULL };

        memset(word, 'x', sizeof(word));
        word[sizeof(word) - 1] = '\0';
        optind = 0;
        cr_assert_eq(command_line_read_only(options, 2, argv, problem), COMMAND_WRONG);
        cr_expect_eq(strlen(problem), COMMAND_PROBLEM_MAX - 1);
}
