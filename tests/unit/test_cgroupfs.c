/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hierarchy as a directory: what is refused and with which words, and how files are read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/ktext.h"
#include "fake_world.h"
#include "sense/cgroupfs.h"

static struct world w;

static void make_world(void)
{
        world_make(&w, "/a memory.current=4096 memory.max=max\n");
}

static void remove_world(void)
{
        world_remove(&w);
}

TestSuite(cgroupfs, .init = make_world, .fini = remove_world);

static int open_root(const char *root, struct cgroupfs_lack *lack)
{
        struct cgroupfs fs = { .root_fd = -7, .mount = "as it was" };
        int r = cgroupfs_open(root, &fs, lack);

        if (r < 0)
                cr_expect(fs.root_fd == -7 && strcmp(fs.mount, "as it was") == 0, "written on failure");
        else
                cgroupfs_close(&fs);
        return r;
}

Test(cgroupfs, refusals_name_the_reason)
{
        size_t before = world_descriptors();
        struct cgroupfs_lack lack;
        char longer[400];

        cr_expect_eq(open_root("/nonexistent/hierarchy", &lack), -ENOENT);
        cr_expect_not_null(strstr(lack.text, "/nonexistent/hierarchy"));

        world_write(&w, "cgroup/cgroup.controllers", "cpu io memoryless\n");
        cr_expect_eq(open_root(w.fixture.cgroup, &lack), -EOPNOTSUPP);
        cr_expect_not_null(strstr(lack.text, "memory controller"));
        cr_expect_not_null(strstr(lack.text, w.fixture.cgroup));

        cr_expect_eq(open_root(w.fixture.proc, &lack), -EOPNOTSUPP);
        cr_expect_not_null(strstr(lack.text, "cgroup.controllers"));

        snprintf(longer, sizeof(longer), "%s", w.fixture.cgroup);
        while (strlen(longer) < 300)
                strcat(longer, "/.");
        cr_expect_eq(open_root(longer, &lack), -ENAMETOOLONG, "a cut path would be another directory");
        cr_expect_eq(world_descriptors(), before);
}

Test(cgroupfs, controllers)
{
        static const struct {
                const char *label, *text;
                int expected;
        } cases[] = {
                { "alone", "memory\n", 0 },
                { "among others", "cpuset cpu io memory hugetlb pids\n", 0 },
                { "no newline", "cpu memory", 0 },
                { "none", "\n", -EOPNOTSUPP },
                { "empty", "", -EOPNOTSUPP },
                { "part of a word", "xmemory memoryx\n", -EOPNOTSUPP },
        };
        struct cgroupfs_lack lack;

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                world_write(&w, "cgroup/cgroup.controllers", cases[i].text);
                cr_expect_eq(open_root(w.fixture.cgroup, &lack), cases[i].expected, "%s", cases[i].label);
        }
}

Test(cgroupfs, close_twice)
{
        struct cgroupfs fs = CGROUPFS_INIT;

        cgroupfs_close(&fs);
        cr_expect_eq(fs.root_fd, -1);
        cgroupfs_close(&fs);
}

Test(cgroupfs, finds_what_is_mounted)
{
        struct cgroupfs_lack lack = { "" };
        struct cgroupfs fs;
        int r = cgroupfs_open(NULL, &fs, &lack);

        /* Whichever this machine has: v2 with memory opens, anything else is named. */
        if (r == 0) {
                cr_expect_geq(fs.root_fd, 0);
                cr_expect_neq(fs.mount[0], '\0');
                cgroupfs_close(&fs);
        } else {
                cr_expect_gt(strlen(lack.text), 20, "%s", lack.text);
        }
}

Test(cgroupfs, reading)
{
        int dir_fd = openat(w.fs.root_fd, "a", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd;
        size_t before = world_descriptors();
        char text[64];

        cr_expect_eq(cgroupfs_read(dir_fd, "memory.current", text, sizeof(text)), CGROUPFS_OK);
        cr_expect_str_eq(text, "4096\n");
        cr_expect_eq(cgroupfs_read(dir_fd, "memory.peak", text, sizeof(text)), CGROUPFS_GONE);
        cr_expect_eq(cgroupfs_read(dir_fd, ".", text, sizeof(text)), -EISDIR);

        world_rmdir(&w, "a");
        cr_expect_eq(cgroupfs_read(dir_fd, "memory.current", text, sizeof(text)), CGROUPFS_GONE);
        cr_expect_eq(cgroupfs_open_file(dir_fd, "memory.current", O_RDONLY), -ENOENT);
        cr_expect_eq(cgroupfs_pread(-1, text, sizeof(text)), -EBADF);
        cr_expect_eq(world_descriptors(), before);

        world_write(&w, "cgroup/one", "1\n");
        fd = cgroupfs_open_file(w.fs.root_fd, "one", O_RDONLY);
        cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        for (int i = 0; i < 3; i++) {
                snprintf(text, sizeof(text), "%d\n", i);
                world_write(&w, "cgroup/one", text);
                cr_expect_eq(cgroupfs_pread(fd, text, sizeof(text)), CGROUPFS_OK);
                cr_expect_eq(text[0], '0' + i, "a kept descriptor reads from the beginning");
        }
        close(fd);
        close(dir_fd);
}

Test(cgroupfs, a_full_buffer_is_cut_at_a_line)
{
        static const struct {
                const char *label, *text, *expected;
                size_t size;
        } cases[] = {
                { "fits", "ab\ncd\n", "ab\ncd\n", 16 },
                { "room to spare, no newline", "ab\ncd", "ab\ncd", 16 },
                { "cut within a line", "ab\ncdef\n", "ab\n", 6 },
                { "cut behind a line", "ab\ncd\n", "ab\n", 4 },
                { "one byte short", "ab\ncd\n", "ab\n", 6 },
                { "exactly full", "ab\ncd\n", "ab\ncd\n", 7 },
                { "one line too long", "abcdef\n", "", 4 },
                { "nothing", "", "", 4 },
                { "no room at all", "ab\n", "", 1 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[17];

                memset(text, 'x', sizeof(text));
                world_write(&w, "cgroup/file", cases[i].text);
                cr_expect_eq(cgroupfs_read(w.fs.root_fd, "file", text, cases[i].size), CGROUPFS_OK, "%s",
                             cases[i].label);
                cr_expect_str_eq(text, cases[i].expected, "%s", cases[i].label);
                cr_expect_eq(text[16], 'x', "%s: written past the end", cases[i].label);
        }
}

Test(cgroupfs, id_is_the_inode)
{
        struct stat st;
        uint64_t id = 0;

        cr_assert_eq(fstat(w.fs.root_fd, &st), 0);
        cr_expect_eq(cgroupfs_id(w.fs.root_fd, &id), 0);
        cr_expect_eq(id, (uint64_t)st.st_ino);
        cr_expect_eq(cgroupfs_id(-1, &id), -EBADF);
        cr_expect_eq(id, (uint64_t)st.st_ino);
}

Test(cgroupfs, own_path)
{
        char path[1024] = "as it was", small[1] = { 'x' };
        int r = cgroupfs_own_path(-1, path, sizeof(path));

        if (r < 0)
                cr_skip("no cgroup v2 here");
        cr_expect(path[0] == '\0' || (path[0] == '/' && path[1] != '\0'), "'%s'", path);
        cr_expect_null(strchr(path, '\n'));
        cr_expect_eq(cgroupfs_own_path(-1, small, 1), path[0] ? -ENAMETOOLONG : 0);
}
