/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals to real processes, listed in plain files that stand for cgroup.procs. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "act/signals.h"
#include "base/base.h"
#include "base/loop.h"
#include "fake_group.h"

static struct world w;

static int open_dir(const char *path)
{
        int fd = openat(w.fs.root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        cr_assert_geq(fd, 0, "%s", path);
        return fd;
}

static void await_dead(struct group *g, size_t expected)
{
        size_t alive = g->n;

        for (int i = 0; i < 500 && alive > expected; i++) {
                alive = group_update(g);
                if (alive > expected)
                        usleep(10000);
        }
        cr_expect_eq(alive, expected, "%zu are alive", alive);
}

Test(signals, all_die)
{
        size_t before = world_descriptors();
        struct group top, inner, hidden;
        uint32_t n = 77;
        int fd;

        world_make(&w, "/a\n/a/inner/deeper\n/a/.hidden\n");
        group_start(&top, &w, "a", 3, CHILD_SLEEPS);
        group_start(&inner, &w, "a/inner/deeper", 2, CHILD_IGNORES_TERM);
        group_start(&hidden, &w, "a/.hidden", 2, CHILD_SLEEPS);
        fd = open_dir("a");
        cr_expect_eq(signals_kill(fd, &n), 0);
        cr_expect_eq(n, 7, "%u", n);
        await_dead(&top, 0);
        await_dead(&inner, 0);
        await_dead(&hidden, 0);
        cr_expect_eq(signals_kill(fd, &n), 0);
        cr_expect_eq(n, 0, "nobody is left");
        close(fd);
        world_remove(&w);
        cr_expect_eq(world_descriptors(), before);
}

Test(signals, term_asks)
{
        struct group polite, deaf;
        uint32_t n;
        int fd;

        world_make(&w, "/a\n/a/b\n");
        group_start(&polite, &w, "a", 2, CHILD_SLEEPS);
        group_start(&deaf, &w, "a/b", 2, CHILD_IGNORES_TERM);
        fd = open_dir("a");
        cr_expect_eq(signals_send(fd, SIGTERM, &n), 0);
        cr_expect_eq(n, 4);
        await_dead(&polite, 0);
        cr_expect_eq(group_update(&deaf), 2);
        cr_expect_eq(signals_send(fd, 0, &n), 0);
        cr_expect_eq(n, 2);
        cr_expect_eq(signals_kill(fd, &n), 0);
        await_dead(&deaf, 0);
        close(fd);
        world_remove(&w);
}

/* More than are held at a time, in one group, with one read and with several. */
Test(signals, many)
{
        struct group g;
        uint32_t n;
        int fd, pids[GROUP_MAX], procs_fd;

        world_make(&w, "/a\n");
        group_start(&g, &w, "a", 500, CHILD_SLEEPS);
        fd = open_dir("a");
        procs_fd = openat(fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
        cr_expect_eq(signals_list(procs_fd, pids, 10), 10);
        cr_expect_eq(signals_list(procs_fd, pids, GROUP_MAX), 500);
        cr_expect_eq(memcmp(pids, g.children, 500 * sizeof(*pids)), 0);
        close(procs_fd);
        cr_expect_eq(signals_send(fd, SIGTERM, &n), 0);
        cr_expect_eq(n, 500, "%u of 500 were asked", n);
        await_dead(&g, 0);
        close(fd);
        world_remove(&w);
        group_end(&g);
}

Test(signals, long_lists_are_read_whole)
{
        CLEANUP(free_p) char *text = malloc(64 * 1024);
        static int pids[6000];
        size_t len = 0, n = 0;
        int fd;

        world_make(&w, "/a\n");
        for (int pid = 5; n < 5000; pid += pid < 50 ? 1 : pid < 900 ? 2 : 11, n++)
                len += (size_t)sprintf(text + len, "%d\n", pid);
        world_write(&w, "cgroup/a/cgroup.procs", text);
        fd = openat(w.fs.root_fd, "a/cgroup.procs", O_RDONLY | O_CLOEXEC);
        cr_expect_eq(signals_list(fd, pids, ARRAY_SIZE(pids)), 5000);
        for (size_t i = 0, pid = 5; i < 5000; pid += pid < 50 ? 1 : pid < 900 ? 2 : 11, i++)
                cr_assert_eq(pids[i], (int)pid, "number %zu", i);
        world_write(&w, "cgroup/a/cgroup.procs", "12\n0\n-3\nx\n4294967400\n\n13\n14");
        cr_expect_eq(signals_list(fd, pids, ARRAY_SIZE(pids)), 2, "numbers of whole lines");
        cr_expect_eq(pids[1], 13);
        cr_expect_eq(signals_list(fd, pids, 0), 0);
        cr_expect_eq(signals_list(-1, pids, 5), 0);
        close(fd);
        world_remove(&w);
}

/* As deep as the tree is walked. */
Test(signals, deep)
{
        char path[256] = "a";
        struct group g;
        uint32_t n;
        int fd;

        world_make(&w, "/a\n");
        for (int i = 0; i < 60; i++)
                strcat(path, "/d");
        world_mkdir(&w, path);
        world_write(&w, "cgroup/a/cgroup.procs", "");
        snprintf(g.path, sizeof(g.path), "a");
        cr_assert_lt(strlen(path), sizeof(g.path));
        group_start(&g, &w, path, 1, CHILD_SLEEPS);
        fd = open_dir("a");
        cr_expect_eq(signals_kill(fd, &n), 0);
        cr_expect_eq(n, 1);
        await_dead(&g, 0);
        close(fd);
        world_remove(&w);
        group_end(&g);
}

/* A list that is longer than one read and changes between two: its lines move, and what was a number's tail
 * must not be taken for a number. Only listed, not struck: it would hit strangers if it were wrong. */
Test(signals, moving_lines_make_no_numbers)
{
        static char lists[2][16384];
        static int pids[3000];
        pid_t writer;
        int fd;

        world_make(&w, "/a\n");
        for (size_t i = 0, len = 0; i < 2000; i++)
                len += (size_t)sprintf(lists[0] + len, "%d\n", 700000 + (int)i);
        for (size_t i = 0, len = (size_t)sprintf(lists[1], "900\n"); i < 2000; i++)
                len += (size_t)sprintf(lists[1] + len, "%d\n", 700000 + (int)i);
        writer = fork();
        if (writer == 0)
                for (unsigned i = 0;; i++)
                        tree_fixture_write(&w.fixture, "cgroup/a/cgroup.procs", lists[i % 2]);
        fd = openat(w.fs.root_fd, "a/cgroup.procs", O_RDONLY | O_CLOEXEC);
        for (uint64_t until_us = loop_now_us() + USEC_PER_SEC; loop_now_us() < until_us;) {
                size_t n = signals_list(fd, pids, ARRAY_SIZE(pids));

                for (size_t i = 0; i < n; i++)
                        cr_assert(pids[i] == 900 || (pids[i] >= 700000 && pids[i] < 702000),
                                  "%d is in no list", pids[i]);
        }
        kill(writer, SIGKILL);
        waitpid(writer, NULL, 0);
        close(fd);
        world_remove(&w);
}

/* It has left the group since somebody else read the list: a process that lives but is not listed. */
Test(signals, who_is_not_listed_is_spared)
{
        struct group in, out;
        uint32_t n;
        int fd;

        world_make(&w, "/a\n/b\n");
        group_start(&in, &w, "a", 2, CHILD_SLEEPS);
        group_start(&out, &w, "b", 2, CHILD_SLEEPS);
        fd = open_dir("a");
        cr_expect_eq(signals_kill(fd, &n), 0);
        cr_expect_eq(n, 2);
        await_dead(&in, 0);
        cr_expect_eq(group_update(&out), 2);
        close(fd);
        group_end(&out);
        world_remove(&w);
}

Test(signals, ended_is_no_error)
{
        struct group g;
        char text[64];
        uint32_t n;
        int fd;

        world_make(&w, "/a\n");
        group_start(&g, &w, "a", 1, CHILD_SLEEPS);
        snprintf(text, sizeof(text), "%d\n", g.children[0]);
        group_end(&g);
        world_write(&w, "cgroup/a/cgroup.procs", text);
        fd = open_dir("a");
        cr_expect_eq(signals_kill(fd, &n), 0);
        cr_expect_eq(n, 0);
        world_rmdir(&w, "a");
        cr_expect_eq(signals_kill(fd, &n), 0, "the group itself is gone");
        cr_expect_eq(signals_send(fd, SIGTERM, &n), 0);
        close(fd);
        world_remove(&w);
}

Test(signals, failures_are_told)
{
        struct rlimit limit, few;
        struct group g;
        uint32_t n;
        int fd, next;

        world_make(&w, "/a\n");
        group_start(&g, &w, "a", 2, CHILD_SLEEPS);
        fd = open_dir("a");
        getrlimit(RLIMIT_NOFILE, &limit);
        next = dup(fd);
        close(next);
        for (rlim_t room = 0; room < 3; room++) { /* for the directory, the list, a pidfd: none of them */
                few = (struct rlimit){ (rlim_t)next + room, limit.rlim_max };
                setrlimit(RLIMIT_NOFILE, &few);
                cr_expect_eq(signals_kill(fd, &n), -EMFILE, "room for %lu", (unsigned long)room);
                cr_expect_eq(n, 0);
        }
        setrlimit(RLIMIT_NOFILE, &limit);
        cr_expect_eq(group_update(&g), 2);
        cr_expect_eq(signals_kill(fd, &n), 0);
        await_dead(&g, 0);
        close(fd);
        world_remove(&w);
}

Test(signals, reaping_strangers_does_no_harm)
{
        size_t before = world_descriptors();
        struct group g;
        int pids[4];

        world_make(&w, "/a\n");
        group_start(&g, &w, "a", 1, CHILD_SLEEPS);
        pids[0] = g.children[0];
        pids[1] = getpid();
        pids[2] = INT32_MAX;
        pids[3] = 1;
        signals_reap(pids, 4);
        signals_reap(pids, 0);
        usleep(20000);
        cr_expect(group_lives(&g, 0), "it was not being killed");
        group_end(&g);
        world_remove(&w);
        cr_expect_eq(world_descriptors(), before);
}
