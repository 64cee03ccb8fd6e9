/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sums over processes: listed ones that are there, ones that are not, and lists of any length. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/base.h"
#include "fake_world.h"
#include "sense/procfs.h"

static struct world w;
static struct procfs p;

static void begin(const char *text)
{
        world_make(&w, text);
        cr_assert_eq(procfs_open(&p, w.fixture.proc), 0);
}

static void finish(void)
{
        procfs_close(&p);
        cr_expect_eq(p.fd, -1);
        world_remove(&w);
}

static struct procfs_sum sum_of(const char *file, bool with_shmem, int expected)
{
        struct procfs_sum sum = PROCFS_SUM_INIT;
        int fd = openat(w.fs.root_fd, file, O_RDONLY | O_CLOEXEC);

        cr_assert_geq(fd, 0);
        cr_expect_eq(procfs_add(&p, fd, with_shmem, &sum), expected);
        close(fd);
        return sum;
}

Test(procfs, sums)
{
        size_t before = world_descriptors();
        struct procfs_sum sum;

        begin("/a cgroup.procs=20,21,22,23\n"
              "/proc/20 oom_score=700 RssShmem=8\n"
              "/proc/21 oom_score=1333 RssShmem=4\n"
              "/proc/22 oom_score=600 oom_score_adj=-100\n");
        sum = sum_of("a/cgroup.procs", false, 0);
        cr_expect_eq(sum.processes, 3, "23 has ended");
        cr_expect_eq(sum.oom_score, 34 + 667, "below neutral counts for nothing: %lu", sum.oom_score);
        cr_expect_eq(sum.oom_score_adj_min, -100);
        cr_expect_eq(sum.shmem_mapped, 0, "not asked for");
        cr_expect_eq(sum.first_pid, 20);
        cr_expect(!sum.has_init);
        cr_expect_eq(sum_of("a/cgroup.procs", true, 0).shmem_mapped, 12 * KIB);
        finish();
        cr_expect_eq(world_descriptors(), before);
}

/* A process of many groups has a long status. The pieces it is read in end at every place of the line. */
Test(procfs, long_status)
{
        CLEANUP(free_p) char *text = malloc(32 * 1024);

        begin("/a cgroup.procs=20\n/proc/20 oom_score=700\n");
        for (size_t groups = 4000; groups < 4200; groups++) {
                char *end = stpcpy(text, "Name:\tRssShmem:\nGroups:\t");

                memset(end, '7', groups);
                strcpy(end + groups, "\nVmRSS:\t 900 kB\nRssShmem:\t 8 kB\nThreads:\t1\n");
                world_write(&w, "proc/20/status", text);
                cr_expect_eq(sum_of("a/cgroup.procs", true, 0).shmem_mapped, 8 * KIB, "%zu", groups);
        }
        world_write(&w, "proc/20/status", "Name:\tkthreadd\n");
        cr_expect_eq(sum_of("a/cgroup.procs", true, 0).shmem_mapped, 0);
        finish();
}

Test(procfs, adjustments)
{
        static const struct {
                const char *label, *score, *adj;
                int expected;
        } cases[] = {
                { "the kernel's never", "0\n", "-1000\n", -1000 },
                { "kubelet", "1\n", "-999\n", -999 },
                { "neutral is not looked at", "666\n", "-1000\n", 1000 },
                { "positive", "600\n", "300\n", 300 },
                { "out of range", "0\n", "-1001\n", 1000 },
                { "garbage", "0\n", "--5\n", 1000 },
                { "nothing", "0\n", "", 1000 },
                { "max", "0\n", "-max\n", 1000 },
        };

        begin("/a cgroup.procs=20\n/proc/20\n");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                world_write(&w, "proc/20/oom_score", cases[i].score);
                world_write(&w, "proc/20/oom_score_adj", cases[i].adj);
                cr_expect_eq(sum_of("a/cgroup.procs", false, 0).oom_score_adj_min, cases[i].expected, "%s",
                             cases[i].label);
        }
        finish();
}

Test(procfs, scores_that_are_none)
{
        static const char *const scores[] = { "", "-1\n", "x\n", "99999999999999999999\n" };

        begin("/a cgroup.procs=20\n/proc/20\n");
        for (size_t i = 0; i < ARRAY_SIZE(scores); i++) {
                world_write(&w, "proc/20/oom_score", scores[i]);
                cr_expect_eq(sum_of("a/cgroup.procs", false, 0).processes, 0, "'%s'", scores[i]);
        }
        world_write(&w, "proc/20/oom_score", "18446744073709551615\n");
        cr_expect_eq(sum_of("a/cgroup.procs", false, 0).oom_score, UINT64_MAX - OOM_SCORE_NEUTRAL);
        finish();
}

Test(procfs, init)
{
        begin("/a cgroup.procs=20,1\n/proc/20\n/proc/1\n");
        cr_expect(sum_of("a/cgroup.procs", false, 0).has_init);
        finish();
}

Test(procfs, lists)
{
        static const struct {
                const char *label, *text;
                uint32_t processes;
        } cases[] = {
                { "empty", "", 0 },
                { "another PID namespace's processes are shown as 0", "0\n0\n20\n", 1 },
                { "the last line is not whole", "20\n21", 1 },
                { "no numbers", "20\nx\n-21\n\n21\n", 2 },
                { "too large", "20\n4294967317\n99999999999999999999\n", 1 },
                { "max", "max\n20\n", 1 },
                { "the same twice", "20\n20\n", 2 },
        };

        begin("/a\n/proc/20\n/proc/21\n");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                world_write(&w, "cgroup/a/cgroup.procs", cases[i].text);
                cr_expect_eq(sum_of("a/cgroup.procs", false, 0).processes, cases[i].processes, "%s",
                             cases[i].label);
        }
        finish();
}

/* Numbers of changing length, so that the buffer ends at every possible place of a line. */
Test(procfs, long_lists)
{
        CLEANUP(free_p) char *text = malloc(64 * 1024);
        size_t len = 0, n = 0;
        char path[128];

        begin("/a\n");
        for (int pid = 7; n < 3000; pid += pid < 100 ? 1 : pid < 1000 ? 3 : 7, n++) {
                len += (size_t)sprintf(text + len, "%d\n", pid);
                snprintf(path, sizeof(path), "%s/%d", w.fixture.proc, pid);
                mkdir(path, 0755);
                snprintf(path, sizeof(path), "proc/%d/oom_score", pid);
                world_write(&w, path, "667\n");
        }
        world_write(&w, "cgroup/a/cgroup.procs", text);
        cr_expect_eq(sum_of("a/cgroup.procs", false, 0).processes, 3000);
        cr_expect_eq(sum_of("a/cgroup.procs", false, 0).oom_score, 3000);
        finish();
}

Test(procfs, gone_and_refused)
{
        struct procfs_sum sum = PROCFS_SUM_INIT;

        begin("/a\n");
        cr_expect_eq(procfs_add(&p, w.fs.root_fd, false, &sum), -EISDIR);
        cr_expect_eq(procfs_add(&p, -1, false, &sum), -EBADF);
        cr_expect_eq(sum.processes, 0);
        cr_expect_eq(procfs_open(&(struct procfs){ .fd = -1 }, "/nonexistent"), -ENOENT);
        finish();
}

Test(procfs, names)
{
        char comm[16];

        begin("/proc/20 comm=pause\n/proc/21\n");
        procfs_comm(&p, 20, comm);
        cr_expect_str_eq(comm, "pause");
        procfs_comm(&p, 22, comm);
        cr_expect_str_eq(comm, "");
        procfs_comm(&p, -1, comm);
        cr_expect_str_eq(comm, "");
        world_write(&w, "proc/21/comm", "pause\nx\n");
        procfs_comm(&p, 21, comm);
        cr_expect_str_eq(comm, "pause");
        world_write(&w, "proc/21/comm", "a name longer than the kernel's fifteen\n");
        procfs_comm(&p, 21, comm);
        cr_expect_str_eq(comm, "a name longer t");
        finish();
}

/* The real /proc: a child of our own. */
Test(procfs, a_real_process)
{
        struct procfs_sum sum = PROCFS_SUM_INIT;
        char text[32], comm[16];
        pid_t child = fork();
        int fd;

        if (child == 0) {
                fd = open("/proc/self/oom_score_adj", O_WRONLY);
                _exit(write(fd, "500", 3) == 3 ? (pause(), 0) : 1);
        }
        world_make(&w, "/a\n");
        cr_assert_eq(procfs_open(&p, "/proc"), 0);
        snprintf(text, sizeof(text), "%d\n", child);
        world_write(&w, "cgroup/a/cgroup.procs", text);
        fd = openat(w.fs.root_fd, "a/cgroup.procs", O_RDONLY | O_CLOEXEC);
        for (int i = 0; i < 100 && sum.oom_score < 300; i++) {
                usleep(10000);
                sum = (struct procfs_sum)PROCFS_SUM_INIT;
                cr_assert_eq(procfs_add(&p, fd, true, &sum), 0);
        }
        cr_expect_eq(sum.processes, 1);
        cr_expect_eq(sum.first_pid, child);
        cr_expect_geq(sum.oom_score, 330, "adjusted by 500: %lu", sum.oom_score);
        procfs_comm(&p, child, comm);
        cr_expect_gt(strlen(comm), 0);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        sum = (struct procfs_sum)PROCFS_SUM_INIT;
        cr_expect_eq(procfs_add(&p, fd, true, &sum), 0);
        cr_expect_eq(sum.processes, 0, "it has ended");
        close(fd);
        finish();
}
