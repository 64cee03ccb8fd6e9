/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal that is followed: each line once, in order, whatever happens to the file. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "export/follow.h"
#include "journal_fixture.h"

static char heard[4096]; /* the lines so far, each with a blank behind it */

static void hear(void *context, const char *line, size_t len)
{
        size_t n = strlen(heard);

        (void)context;
        if (len > 20)
                len = 20;
        cr_assert(n + len + 2 < sizeof(heard));
        memcpy(heard + n, line, len);
        strcpy(heard + n + len, " ");
}

static void append(const char *path, const char *text)
{
        FILE *file = fopen(path, "a");

        cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void expect(struct follow *f, const char *lines)
{
        heard[0] = '\0';
        cr_expect_eq(follow_read(f), 0);
        cr_expect_str_eq(heard, lines);
}

static void move(const struct folder *folder, const char *from, const char *to)
{
        cr_assert_eq(rename(folder_file(folder, from), folder_file(folder, to)), 0);
}

/* The path must outlive the ring of folder_file(). */
static struct follow begin(const struct folder *folder, char path[static 128])
{
        snprintf(path, 128, "%s", folder_file(folder, "j"));
        return (struct follow){ .path = path, .fd = -1, .take = hear };
}

Test(follow, grows)
{
        struct folder folder = folder_make();
        char path[128];
        struct follow f = begin(&folder, path);

        cr_expect_eq(follow_read(&f), -ENOENT);
        append(path, "a\nb\n");
        expect(&f, "a b ");
        expect(&f, "");
        append(path, "c");
        expect(&f, "");
        append(path, "d\n\ne");
        expect(&f, "cd  ");
        append(path, "\n");
        expect(&f, "e ");
        cr_expect_eq(f.n_lost, 0);
        follow_fini(&f);
        folder_remove(&folder);
}

Test(follow, begins_with_what_was_rotated)
{
        struct folder folder = folder_make();
        char path[128];
        struct follow f = begin(&folder, path);

        append(folder_file(&folder, "j.4"), "unreached\n");
        append(folder_file(&folder, "j.2"), "a\ntorn");
        append(folder_file(&folder, "j.1"), "b\n");
        append(path, "c\n");
        expect(&f, "a b c ");
        cr_expect_eq(f.n_lost, 1);
        follow_fini(&f);
        folder_remove(&folder);
}

Test(follow, is_rotated)
{
        struct folder folder = folder_make();
        char path[128];
        struct follow f = begin(&folder, path);

        append(path, "a\n");
        expect(&f, "a ");
        append(path, "b\n");
        move(&folder, "j", "j.1");
        expect(&f, "b ");
        append(folder_file(&folder, "j.1"), "c\n");
        expect(&f, "c ");
        append(path, "d\n");
        expect(&f, "d ");
        cr_expect_eq(f.n_lost, 0);
        follow_fini(&f);
        folder_remove(&folder);
}

Test(follow, is_rotated_more_than_once_between_two_looks)
{
        struct folder folder = folder_make();
        char path[128];
        struct follow f = begin(&folder, path);

        append(path, "a\n");
        expect(&f, "a ");
        append(path, "b\n");
        move(&folder, "j", "j.3");
        append(folder_file(&folder, "j.2"), "c\n");
        append(folder_file(&folder, "j.1"), "d\n");
        append(path, "e\n");
        expect(&f, "b c d e ");
        follow_fini(&f);
        folder_remove(&folder);
}

Test(follow, is_taken_away_or_renamed_by_others)
{
        struct folder folder = folder_make();
        char path[128];
        struct follow f = begin(&folder, path);

        append(folder_file(&folder, "j.1"), "old\n");
        append(path, "a\n");
        expect(&f, "old a ");
        append(path, "b\n");
        move(&folder, "j", "j-20260101");
        append(path, "c\n");
        expect(&f, "b c ");
        cr_assert_eq(unlink(path), 0);
        expect(&f, "");
        append(path, "d\n");
        expect(&f, "d ");
        follow_fini(&f);
        folder_remove(&folder);
}

Test(follow, is_cut)
{
        struct folder folder = folder_make();
        char path[128];
        struct follow f = begin(&folder, path);

        append(path, "a\nhalf");
        expect(&f, "a ");
        cr_assert_eq(truncate(path, 0), 0);
        expect(&f, "");
        append(path, "b\n");
        expect(&f, "b ");
        cr_expect_eq(f.n_lost, 1);
        follow_fini(&f);
        folder_remove(&folder);
}

Test(follow, a_line_without_end)
{
        struct folder folder = folder_make();
        char path[128], *block = malloc(FOLLOW_LINE_MAX);
        struct follow f = begin(&folder, path);

        memset(block, 'x', FOLLOW_LINE_MAX - 1);
        block[FOLLOW_LINE_MAX - 1] = '\0';
        append(path, "a\n");
        append(path, block);
        append(path, "\n");
        expect(&f, "a xxxxxxxxxxxxxxxxxxxx ");
        for (int i = 0; i < 5; i++) {
                append(path, block);
                expect(&f, "");
        }
        append(path, "end\nb\n");
        expect(&f, "b ");
        cr_expect_eq(f.n_lost, 1);
        cr_expect_leq(f.size, 2 * FOLLOW_LINE_MAX);
        free(block);
        follow_fini(&f);
        folder_remove(&folder);
}

Test(follow, what_is_no_file)
{
        struct folder folder = folder_make();
        char path[128];
        struct follow f = begin(&folder, path);

        cr_assert_eq(mkfifo(path, 0600), 0);
        cr_expect_eq(follow_read(&f), -EINVAL);
        cr_assert_eq(unlink(path), 0);
        append(path, "a\n");
        expect(&f, "a ");
        follow_fini(&f);
        folder_remove(&folder);
}

/* What the daemon's own journal writes, with its own rotation; looked at in between at odd moments. */
Test(follow, the_daemon_s_journal, .timeout = 30)
{
        struct folder folder = folder_make();
        char path[128];
        struct follow f = begin(&folder, path);
        struct journal *j = open_journal(path, 2000, 50);
        const char *at = heard;
        int n = 0;

        heard[0] = '\0';
        for (uint64_t i = 1; i <= 100; i++) {
                put_line(j, i, 100 + i * 7 % 300);
                if (i % 13 == 0) {
                        pause_us(30000);
                        cr_expect_eq(follow_read(&f), 0);
                }
        }
        journal_free(j);
        cr_expect_eq(follow_read(&f), 0);
        while ((at = strchr(at, '{'))) {
                at++;
                n++;
        }
        cr_expect_eq(n, 100);
        cr_expect_eq(f.n_lost, 0);
        follow_fini(&f);
        folder_remove(&folder);
}
