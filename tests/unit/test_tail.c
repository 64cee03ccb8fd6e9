/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal that is followed: each line once, in order, whatever becomes of the file meanwhile. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "journal_fixture.h"
#include "record/tail.h"

static struct folder folder;
static char path[80], heard[4096];      /* the lines so far, the beginning of each with a bar behind it */
static int folder_fd = -1;
static struct tail tail = TAIL_INIT;

static void make(void)
{
        folder = folder_make();
        snprintf(path, sizeof(path), "%s/j", folder.path);
        folder_fd = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void remove_all(void)
{
        tail_close(&tail);
        close(folder_fd);
        folder_remove(&folder);
}

TestSuite(tail, .init = make, .fini = remove_all);

static void append(const char *name, const char *text)
{
        FILE *file = fopen(folder_file(&folder, name), "a");

        cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void put(const char *text)
{
        append("j", text);
}

static void move(const char *from, const char *to)
{
        cr_assert_eq(renameat(folder_fd, from, folder_fd, to), 0);
}

static void turn(void)
{
        renameat(folder_fd, "j.2", folder_fd, "j.3");
        renameat(folder_fd, "j.1", folder_fd, "j.2");
        renameat(folder_fd, "j", folder_fd, "j.1");
}

static bool hear(void *who UNUSED, const char *text, size_t len)
{
        cr_assert(strlen(heard) + u64_min(len, 20) + 2 < sizeof(heard));
        strncat(heard, text, u64_min(len, 20));
        strcat(heard, "|");
        return true;
}

static void from_oldest(void)
{
        tail_open(&tail, path, TAIL_OLDEST, NULL);
}

static void from_end(void)
{
        tail_open(&tail, path, TAIL_END, NULL);
}

static void expect(const char *lines)
{
        heard[0] = '\0';
        cr_expect_eq(tail_read(&tail, hear, NULL), 0);
        cr_expect_str_eq(heard, lines);
}

/* ---- a file that grows, and where it begins ---- */

Test(tail, grows)
{
        from_oldest();
        cr_expect_eq(tail_read(&tail, hear, NULL), -ENOENT);
        put("a\nb\n");
        expect("a|b|");
        expect("");
        put("c");
        expect("");
        put("d\n\ne");
        expect("cd||");
        put("\n");
        expect("e|");
        cr_expect_eq(tail_lost(&tail), 0);
}

Test(tail, from_its_end)
{
        put("old\n");
        append("j.1", "older\n");
        from_end();
        expect("");
        put("new\nha");
        expect("new|");
        put("lf\n");
        expect("half|");
}

Test(tail, from_its_end_a_file_that_comes_later)
{
        append("j.1", "older\n");
        from_end();
        cr_expect_eq(tail_read(&tail, hear, NULL), -ENOENT);
        put("first\n");
        expect("first|");
}

Test(tail, from_the_oldest)
{
        append("j.4", "unreached\n");
        append("j.2", "a\ntorn");
        append("j.1", "b\n");
        put("c\n");
        from_oldest();
        expect("a|b|c|");
        cr_expect_eq(tail_lost(&tail), 1);
}

/* What is rotated just now would else be told apart from the journal that is about to come. */
Test(tail, from_the_oldest_only_when_the_journal_is_there)
{
        append("j.1", "a\n");
        from_oldest();
        cr_expect_eq(tail_read(&tail, hear, NULL), -ENOENT);
        cr_expect_str_eq(heard, "");
        put("b\n");
        expect("a|b|");
}

Test(tail, from_the_oldest_that_can_be_read)
{
        cr_assert_eq(mkfifo(folder_file(&folder, "j.2"), 0600), 0);
        append("j.3", "a\n");
        append("j.1", "b\n");
        put("c\n");
        from_oldest();
        expect("a|b|c|");
}

/* ---- rotations ---- */

Test(tail, is_rotated)
{
        from_oldest();
        put("a\n");
        expect("a|");
        put("b\n");
        move("j", "j.1");
        expect("b|");
        append("j.1", "c\n");
        expect("c|");
        put("d\n");
        expect("d|");
        cr_expect_eq(tail_lost(&tail), 0);
}

Test(tail, is_rotated_more_than_once_between_two_looks)
{
        from_oldest();
        put("a\n");
        expect("a|");
        put("b\n");
        move("j", "j.3");
        append("j.2", "c\n");
        append("j.1", "d\n");
        put("e\n");
        expect("b|c|d|e|");
}

Test(tail, is_rotated_and_followed_from_its_end)
{
        put("old\n");
        from_end();
        put("1\n");
        turn();
        expect("1|");
        put("2\n");
        turn();
        put("3\n");
        turn();
        put("4\n");
        expect("2|3|4|");
        expect("");
}

Test(tail, is_rotated_over_a_missing_link)
{
        put("a\n");
        from_end();
        put("b\n");
        move("j", "j.4");
        append("j.2", "c\n");
        put("d\n");
        expect("b|c|d|");
}

/* At its second line another is written to the file, which is rotated then. */
static bool hear_and_turn(void *who, const char *text, size_t len)
{
        hear(who, text, len);
        if (strncmp(text, "2", len) == 0) {
                put("3\n");
                turn();
                put("4\n");
        }
        return true;
}

Test(tail, is_rotated_while_it_is_read)
{
        put("1\n2\n");
        from_oldest();
        cr_expect_eq(tail_read(&tail, hear_and_turn, NULL), 0);
        cr_expect_eq(tail_read(&tail, hear, NULL), 0);
        cr_expect_str_eq(heard, "1|2|3|4|");
}

Test(tail, is_taken_away_or_renamed_by_others)
{
        append("j.1", "old\n");
        put("a\n");
        from_oldest();
        expect("old|a|");
        put("b\n");
        move("j", "j-20260101");
        put("c\n");
        expect("b|c|");
        cr_assert_eq(unlink(path), 0);
        expect("");
        put("d\n");
        expect("d|");
}

/* ---- cuts, and what is no line ---- */

Test(tail, is_cut)
{
        put("a\nhalf");
        from_oldest();
        expect("a|");
        cr_assert_eq(truncate(path, 0), 0);
        expect("");
        put("b\n");
        expect("b|");
        cr_expect_eq(tail_lost(&tail), 1);
}

/* The disk was full in the middle of a line. */
Test(tail, is_cut_back_to_the_last_line)
{
        put("a\nb\nhalf");
        from_oldest();
        expect("a|b|");
        cr_assert_eq(truncate(path, 4), 0);
        expect("");
        put("c\nhalf");
        expect("c|");
        cr_assert_eq(truncate(path, 6), 0);
        put("longer than it was\n");
        expect("longer than it was|");
        cr_expect_eq(tail_lost(&tail), 0, "the writer counts what it took back");
}

Test(tail, is_cut_and_written_again)
{
        put("a long line\n");
        from_end();
        cr_assert_eq(truncate(path, 0), 0);
        put("short\n");
        expect("short|");
}

Test(tail, a_line_without_end)
{
        char *block = malloc(TAIL_LINE_MAX);

        memset(block, 'x', TAIL_LINE_MAX - 1);
        block[TAIL_LINE_MAX - 1] = '\0';
        put("a\n");
        put(block);
        put("\n");
        from_oldest();
        expect("a|xxxxxxxxxxxxxxxxxxxx|");
        for (int i = 0; i < 5; i++) {
                put(block);
                expect("");
        }
        put("end\nb\n");
        expect("b|");
        cr_expect_eq(tail_lost(&tail), 1);
        cr_expect_leq(tail.lines.size, 2 * TAIL_LINE_MAX);
        put(block);
        put(block);
        expect("");
        cr_assert_eq(truncate(path, 0), 0);
        expect("");
        cr_expect_eq(tail_lost(&tail), 2, "its end will not come");
        free(block);
}

Test(tail, what_is_no_file)
{
        cr_assert_eq(mkfifo(path, 0600), 0);
        from_oldest();
        cr_expect_eq(tail_read(&tail, hear, NULL), -EINVAL);
        cr_assert_eq(unlink(path), 0);
        put("a\n");
        expect("a|");
        move("j", "j.1");
        cr_assert_eq(mkfifo(path, 0600), 0);
        cr_expect_eq(tail_read(&tail, hear, NULL), -EINVAL, "the next one is none");
        cr_assert_eq(unlink(path), 0);
        put("b\n");
        expect("b|");
}

Test(tail, a_path_that_is_too_long)
{
        static char longest[8192];

        memset(longest, 'x', sizeof(longest) - 1);
        tail_open(&tail, longest, TAIL_END, NULL);
        cr_expect_eq(tail_read(&tail, hear, NULL), -ENAMETOOLONG);
        tail_open(&tail, longest, TAIL_OLDEST, NULL);
        cr_expect_eq(tail_read(&tail, hear, NULL), -ENAMETOOLONG);
}

/* ---- the reader's restarts ---- */

static const char long_line[] = "{\"what\":\"start\",\"time_usec\":1795403868936174,\"version\":\"0.1.0\"}\n";

/* Opens a second time where the first left off. */
static const char *again(const struct tail_place *place)
{
        struct tail t = TAIL_INIT;

        tail_open(&t, path, TAIL_END, place);
        heard[0] = '\0';
        cr_assert_eq(tail_read(&t, hear, NULL), 0);
        tail_close(&t);
        return heard;
}

Test(tail, after_a_restart)
{
        struct tail_place place;

        put(long_line);
        from_end();
        put("1\n");
        expect("1|");
        put("2");               /* not whole yet */
        expect("");
        cr_assert(tail_place_save(folder_fd, "cursor", &(struct tail_place){ 0 }) == 0);
        place = tail_place(&tail);
        cr_assert(tail_place_save(folder_fd, "cursor", &place) == 0);
        tail_close(&tail);
        cr_assert(tail_place_load(folder_fd, "cursor", &place) == 0);
        put("\n3\n");
        cr_assert_str_eq(again(&place), "2|3|");
        turn();
        put("4\n");
        cr_assert_str_eq(again(&place), "2|3|4|");
        turn();
        cr_assert_str_eq(again(&place), "2|3|4|", "there is no journal now");
        unlinkat(folder_fd, "j.1", 0);
        unlinkat(folder_fd, "j.2", 0);
        put("5\n");
        cr_assert_str_eq(again(&place), "5|", "the file is gone: the journal from its beginning");
}

/* An inode's number is used again. */
Test(tail, another_file_of_the_same_inode)
{
        struct tail_place place;

        put(long_line);
        from_end();
        place = tail_place(&tail);
        cr_assert_eq(truncate(path, 0), 0);
        put("{\"what\":\"start\",\"time_usec\":1795403868936175,\"version\":\"0.1.0\"}\nx\n");
        cr_assert_str_eq(again(&place), "{\"what\":\"start\",\"tim|x|");
}

Test(tail, cursors_that_are_none)
{
        static const char *const texts[] = { "", "x", "1 2", "-" };
        struct tail_place place;

        cr_assert(tail_place_load(folder_fd, "cursor", &place) == -ENOENT);
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                int fd = openat(folder_fd, "cursor", O_WRONLY | O_CREAT | O_TRUNC, 0600);

                cr_assert(write(fd, texts[i], strlen(texts[i])) == (ssize_t)strlen(texts[i]));
                close(fd);
                cr_assert(tail_place_load(folder_fd, "cursor", &place) == -EBADMSG, "%s", texts[i]);
        }
}

/* ---- the daemon's own ---- */

static bool count(void *who, const char *text, size_t len)
{
        take_line(who, text, len);
        return true;
}

/* What its journal writes, with its own rotation: looked at now and then, and without a pause, so that it is
 * rotated between any two steps of the reader. */
Test(tail, the_daemon_s_journal, .timeout = 60)
{
        static const struct {
                enum tail_start start;
                uint64_t lines, pause_us;
        } rows[] = { { TAIL_OLDEST, 100, 30000 }, { TAIL_END, 5000, 0 } };

        for (size_t row = 0; row < ARRAY_SIZE(rows); row++) {
                struct content c = { .ascending = true };
                struct journal *j = open_journal(path, 2000, 50);

                tail = (struct tail)TAIL_INIT;
                tail_open(&tail, path, rows[row].start, NULL);
                for (uint64_t i = 1; i <= rows[row].lines; i++) {
                        put_line(j, i, 100 + i * 7 % 300);
                        if (i % 13)
                                continue;
                        pause_us(rows[row].pause_us);
                        while (c.last < i) {
                                int r = tail_read(&tail, count, &c);

                                cr_assert(r == 0 || (r == -ENOENT && tail.fd < 0), "%d", r);
                        }
                }
                journal_free(j);
                cr_expect_eq(tail_read(&tail, count, &c), 0);
                cr_expect_eq(c.n, rows[row].lines);
                cr_expect(c.ascending && c.n_torn == 0 && tail_lost(&tail) == 0);
                tail_close(&tail);
        }
}
