/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's file: rotated, torn, on a full disk, taken away; what is in it always parses. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/base.h"
#include "journal_fixture.h"
#include "record/file.h"
#include "record/last.h"

static void write_file(const char *path, const char *text)
{
        FILE *file = fopen(path, "w");

        cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

Test(journal_file, rotates_by_size)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 4096, 2);
        struct content now, one, two;
        struct stat st;

        for (uint64_t i = 1; i <= 100; i++)
                put_line(j, i, 400);
        journal_free(j);
        two = read_journal(folder_file(&f, "j.2"));
        one = read_journal(folder_file(&f, "j.1"));
        now = read_journal(folder_file(&f, "j"));
        cr_expect(access(folder_file(&f, "j.3"), F_OK) < 0);
        cr_expect_eq(now.last, 100);
        cr_expect(now.first == one.last + 1 && one.first == two.last + 1 && two.first > 1);
        cr_expect(now.n_torn + one.n_torn + two.n_torn == 0);
        cr_expect(stat(folder_file(&f, "j.1"), &st) == 0 && st.st_size <= 4096 && st.st_size > 3000);
        cr_expect_eq(st.st_mode & 0777, 0640 & ~022);
        folder_remove(&f);
}

Test(journal_file, keeps_no_old_file_if_told_so)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 4096, 0);
        struct content c;

        for (uint64_t i = 1; i <= 100; i++)
                put_line(j, i, 400);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect(c.last == 100 && c.first > 50);
        cr_expect(access(folder_file(&f, "j.1"), F_OK) < 0);
        folder_remove(&f);
}

Test(journal_file, rotation_refused_keeps_writing)
{
        struct folder f = folder_make();
        struct journal *j;
        struct content c;

        cr_assert_eq(mkdir(folder_file(&f, "j.1"), 0700), 0);
        j = open_journal(folder_file(&f, "j"), 4096, 1);
        for (uint64_t i = 1; i <= 100; i++)
                put_line(j, i, 400);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect(c.n == 100 && c.n_torn == 0);
        folder_remove(&f);
}

Test(journal_file, torn_last_line_is_ended)
{
        struct folder f = folder_make();
        struct content c;
        struct journal *j;

        write_file(folder_file(&f, "j"), "{\"what\":\"start\"}\n{\"what\":\"inte");
        j = open_journal(folder_file(&f, "j"), 0, 0);
        put_line(j, 1, 0);
        put_line(j, 2, 0);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect_eq(c.n, 3);
        cr_expect_eq(c.n_torn, 1);
        cr_expect_eq(c.last, 2);
        folder_remove(&f);
}

Test(journal_file, full_disk_is_survived_and_told)
{
        struct folder f = folder_make();
        struct journal *j;
        struct content c;

        cr_assert_eq(symlink("/dev/full", folder_file(&f, "j")), 0);
        j = open_journal(folder_file(&f, "j"), 0, 0);
        for (uint64_t i = 1; i <= 10; i++)
                put_line(j, i, 100);
        pause_us(300000);
        cr_expect_eq(journal_dropped(j), 10);
        cr_assert_eq(unlink(folder_file(&f, "j")), 0);
        for (uint64_t i = 11; i <= 12; i++)
                put_line(j, i, 100);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect(c.n == 2 && c.first == 11 && c.dropped == 10 && c.n_torn == 0);
        folder_remove(&f);
}

Test(journal_file, half_a_line_is_cut_off)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 0, 0);
        uint64_t dropped;
        struct content c;

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 10000, RLIM_INFINITY });
        for (uint64_t i = 1; i <= 10; i++)
                put_line(j, i, 3000);
        pause_us(300000);
        dropped = journal_dropped(j);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
        put_line(j, 11, 0);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect(c.n_torn == 0 && c.last == 11 && c.dropped == dropped && dropped > 5);
        cr_expect_eq(c.n + dropped, 11);
        folder_remove(&f);
}

Test(journal_file, reopens_when_asked)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 0, 0);

        put_line(j, 1, 0);
        pause_us(100000);
        cr_assert_eq(rename(folder_file(&f, "j"), folder_file(&f, "old")), 0);
        journal_reopen(j);
        put_line(j, 2, 0);
        journal_free(j);
        cr_expect_eq(read_journal(folder_file(&f, "old")).last, 1);
        cr_expect_eq(read_journal(folder_file(&f, "j")).first, 2);
        folder_remove(&f);
}

Test(journal_file, makes_its_folder_and_no_more)
{
        struct folder f = folder_make();
        struct journal_options options = { .path = folder_file(&f, "a/j") };
        struct journal *j;
        int error = 0;

        j = journal_new(&options, &error);
        cr_assert(j);
        journal_free(j);
        cr_expect_eq(unlink(folder_file(&f, "a/j")), 0);

        options.path = folder_file(&f, "b/c/j");
        j = journal_new(&options, &error);
        cr_assert(j);
        cr_expect(journal_is_failing(j), "its folder's folder is not there");
        journal_free(j);
        folder_remove(&f);
}

Test(journal_file, what_cannot_be_opened_is_opened_later)
{
        struct folder f = folder_make();
        struct journal *j;
        struct content c;

        cr_assert_eq(mkdir(folder_file(&f, "j"), 0755), 0);
        j = open_journal(folder_file(&f, "j"), 0, 0);
        cr_expect(journal_is_failing(j));
        put_line(j, 1, 0);
        pause_us(100000);
        cr_expect_eq(journal_dropped(j), 1);
        cr_assert_eq(rmdir(folder_file(&f, "j")), 0);
        put_line(j, 2, 0);
        pause_us(100000);
        cr_expect_not(journal_is_failing(j));
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect(c.n == 1 && c.first == 2 && c.dropped == 1);
        folder_remove(&f);
}

Test(journal_file, can_it_be_opened)
{
        struct folder f = folder_make();

        cr_expect_eq(record_file_check(folder_file(&f, "j")), 0, "it would be made");
        cr_expect_eq(record_file_check(folder_file(&f, "a/j")), 0, "with its folder");
        cr_expect_eq(record_file_check(folder_file(&f, "a/b/j")), -ENOENT);
        cr_expect_eq(record_file_check(f.path), -EISDIR);
        cr_expect_eq(access(folder_file(&f, "j"), F_OK), -1, "nothing was made");
        journal_free(open_journal(folder_file(&f, "j"), 0, 0));
        cr_expect_eq(record_file_check(folder_file(&f, "j")), 0);
        cr_expect_eq(record_file_check(folder_file(&f, "j/k")), -ENOTDIR);
        folder_remove(&f);
}

static void append(const char *path, const char *text, size_t times)
{
        FILE *file = fopen(path, "a");

        cr_assert(file);
        for (size_t i = 0; i < times; i++)
                cr_assert_geq(fputs(text, file), 0);
        fclose(file);
}

Test(journal_file, last_round)
{
        struct folder f = folder_make();
        struct journal *j;

        cr_expect_eq(last_round(folder_file(&f, "j")), 0, "there is no journal");
        cr_expect_eq(last_round(f.path), 0, "it is none");
        j = open_journal(folder_file(&f, "j"), 0, 0);
        for (uint64_t i = 1; i <= 41; i++)
                put_line(j, i, 3000);
        journal_free(j);
        append(folder_file(&f, "j"), "{\"dropped\":18446744073709551615,\"what\":\"outcome\",\"round\":42,\n", 1);
        append(folder_file(&f, "j"), "{\"what\":\"error\",\"text\":\"\\u0022round\\u0022:99\"}\n", 1);
        append(folder_file(&f, "j"), "{\"what\":\"intent\",\"round\":18446744073709551615,\n", 1);
        append(folder_file(&f, "j"), "{\"what\":\"intent\",\"round\":77", 1);
        cr_expect_eq(last_round(folder_file(&f, "j")), 42, "%lu", last_round(folder_file(&f, "j")));
        append(folder_file(&f, "j"), "\n{\"what\":\"stop\",\"reason\":\"SIGTERM\"}\n", 1000);
        cr_expect_eq(last_round(folder_file(&f, "j")), 77, "the line has its end now");
        cr_assert_eq(rename(folder_file(&f, "j"), folder_file(&f, "j.1")), 0);
        cr_expect_eq(last_round(folder_file(&f, "j")), 77, "the journal itself is gone");
        append(folder_file(&f, "j"), "{\"what\":\"start\"}\n", 1);
        cr_expect_eq(last_round(folder_file(&f, "j")), 77, "rotated away");
        append(folder_file(&f, "j"), "{\"what\":\"intent\",\"round\":7}\n", 1);
        cr_expect_eq(last_round(folder_file(&f, "j")), 7);
        append(folder_file(&f, "j"), "{\"what\":\"stop\",\"reason\":\"SIGTERM\"}\n", 50000);
        cr_expect_eq(last_round(folder_file(&f, "j")), 77, "too far back");
        folder_remove(&f);
}
