/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every line once, whatever becomes of the file meanwhile. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "kube/tail.h"
#include "objects.h"

static char folder[] = "/tmp/jettison-tail-XXXXXX", path[64], heard[4096];
static int folder_fd = -1;

static void make(void)
{
        cr_assert(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/j", folder);
        folder_fd = open(folder, O_RDONLY | O_DIRECTORY);
}

static void remove_all(void)
{
        static const char *const names[] = { "j", "j.1", "j.2", "j.3", "cursor" };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
                unlinkat(folder_fd, names[i], 0);
        close(folder_fd);
        rmdir(folder);
}

TestSuite(kube_tail, .init = make, .fini = remove_all);

static void put(const char *text)
{
        FILE *f = fopen(path, "a");

        cr_assert(f && fputs(text, f) >= 0 && fclose(f) == 0);
}

static void turn(void)
{
        renameat(folder_fd, "j.2", folder_fd, "j.3");
        renameat(folder_fd, "j.1", folder_fd, "j.2");
        renameat(folder_fd, "j", folder_fd, "j.1");
}

static bool hear(void *who UNUSED, const char *text, size_t len)
{
        strncat(heard, text, len);
        strcat(heard, "|");
        return true;
}

static const char *read_all(struct tail *t)
{
        heard[0] = '\0';
        cr_assert(tail_read(t, hear, NULL) == 0);
        return heard;
}

Test(kube_tail, from_its_end)
{
        struct tail t = TAIL_INIT;

        put("old\n");
        cr_assert(tail_open(&t, path, NULL) == 0);
        cr_assert_str_eq(read_all(&t), "");
        put("new\nha");
        cr_assert_str_eq(read_all(&t), "new|");
        put("lf\n");
        cr_assert_str_eq(read_all(&t), "half|");
        tail_close(&t);
}

Test(kube_tail, a_file_that_comes_later)
{
        struct tail t = TAIL_INIT;

        cr_assert(tail_open(&t, path, NULL) == 0);
        cr_assert_str_eq(read_all(&t), "");
        put("first\n");
        cr_assert_str_eq(read_all(&t), "first|");
        tail_close(&t);
}

Test(kube_tail, rotations)
{
        struct tail t = TAIL_INIT;

        put("old\n");
        cr_assert(tail_open(&t, path, NULL) == 0);
        put("1\n");
        turn();
        cr_assert_str_eq(read_all(&t), "1|");
        put("2\n");
        turn();
        put("3\n");
        turn();
        put("4\n");
        cr_assert_str_eq(read_all(&t), "2|3|4|");
        cr_assert_str_eq(read_all(&t), "");
        tail_close(&t);
}

Test(kube_tail, a_file_that_shrank)
{
        struct tail t = TAIL_INIT;

        put("a long line\n");
        cr_assert(tail_open(&t, path, NULL) == 0);
        cr_assert(truncate(path, 0) == 0);
        put("short\n");
        cr_assert_str_eq(read_all(&t), "short|");
        tail_close(&t);
}

static const char long_line[] = "{\"what\":\"start\",\"time_usec\":1795403868936174,\"version\":\"0.1.0\"}\n";

/* Opens a second time where the first left off. */
static const char *again(const struct tail_place *place)
{
        struct tail t = TAIL_INIT;

        cr_assert(tail_open(&t, path, place) == 0);
        read_all(&t);
        tail_close(&t);
        return heard;
}

Test(kube_tail, after_a_restart)
{
        struct tail t = TAIL_INIT;
        struct tail_place place;

        put(long_line);
        cr_assert(tail_open(&t, path, NULL) == 0);
        put("1\n");
        read_all(&t);
        put("2");               /* not whole yet */
        read_all(&t);
        cr_assert(tail_place_save(folder_fd, "cursor", &(struct tail_place){ 0 }) == 0);
        place = tail_place(&t);
        cr_assert(tail_place_save(folder_fd, "cursor", &place) == 0);
        tail_close(&t);
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
Test(kube_tail, another_file_of_the_same_inode)
{
        struct tail t = TAIL_INIT;
        struct tail_place place;

        put(long_line);
        cr_assert(tail_open(&t, path, NULL) == 0);
        place = tail_place(&t);
        tail_close(&t);
        cr_assert(truncate(path, 0) == 0);
        put("{\"what\":\"start\",\"time_usec\":1795403868936175,\"version\":\"0.1.0\"}\nx\n");
        again(&place);
        cr_assert(strlen(heard) > 60 && strstr(heard, "|x|"), "%s", heard);
}

Test(kube_tail, cursors_that_are_none)
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
