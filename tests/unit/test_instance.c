/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Limits and priorities cannot be had back, so every case runs in a child, which ends with 0 when all was
 * as it should be; what it told the log is read as well. What needs more rights than the machine gives is
 * skipped, and says so. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/base.h"
#include "child_fixture.h"
#include "serve/instance.h"

static char folder[64], path[128];

static void folder_make(void)
{
        snprintf(folder, sizeof(folder), "/tmp/jettison-instance-XXXXXX");
        cr_assert(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/run/lock", folder);
}

static void folder_remove(void)
{
        unlink(path);
        *strrchr(path, '/') = '\0';
        rmdir(path);
        cr_expect_eq(rmdir(folder), 0);
}

/* The number that a file holds. */
static long number_in(const char *file)
{
        FILE *f = fopen(file, "re");
        long number = -1;

        MUST(f && fscanf(f, "%ld", &number) == 1);
        fclose(f);
        return number;
}

static uint64_t limit_of(__rlimit_resource_t which)
{
        struct rlimit limit;

        MUST(getrlimit(which, &limit) == 0);
        return limit.rlim_cur;
}

static void lock_again(void)
{
        int fd = -1;

        MUST(instance_lock(path, &fd) == -EBUSY && fd == -1);
}

static void lock_and_crash(void)
{
        int fd;

        MUST(instance_lock(path, &fd) == 0);
        raise(SIGKILL);
}

Test(instance, only_one)
{
        char pid[32];
        int fd = -1, again = -1;
        struct stat st;

        folder_make();
        cr_assert_eq(instance_lock(path, &fd), 0);
        cr_expect_eq(number_in(path), getpid());
        cr_assert_eq(stat(path, &st), 0);
        cr_expect_eq(st.st_mode & 022, 0);
        snprintf(pid, sizeof(pid), "as process %d:", getpid());
        expect_done(lock_again);
        cr_expect(strstr(told, pid) && strstr(told, path), "told: %s", told);
        cr_expect_eq(number_in(path), getpid(), "who was refused must leave the file as it is");
        close(fd);

        cr_assert_eq(child_run(lock_and_crash), 256 + SIGKILL); /* leaves its number, not its lock */
        cr_assert_eq(instance_lock(path, &again), 0);
        cr_expect_eq(number_in(path), getpid());
        close(again);
        folder_remove();
}

static void lock_a_link(void)
{
        int fd;

        MUST(instance_lock(path, &fd) == -ELOOP);
}

static void lock_nowhere(void)
{
        int fd;

        MUST(instance_lock("/no/such/folder/lock", &fd) == -ENOENT);
}

Test(instance, lock_is_no_link)
{
        folder_make();
        snprintf(path, sizeof(path), "%s/lock", folder);
        cr_assert_eq(symlink("/tmp/jettison-elsewhere", path), 0);
        expect_done(lock_a_link);
        cr_expect_eq(access("/tmp/jettison-elsewhere", F_OK), -1);
        expect_done(lock_nowhere);
        cr_assert_eq(unlink(path), 0);
        cr_assert_eq(rmdir(folder), 0);
}

static bool oom_score_adj_takes(long value)
{
        int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
        bool takes = fd >= 0 && dprintf(fd, "%ld", value) > 0;

        close_p(&fd);
        return takes;
}

/* Of the session's group; -20 where there are none. */
static int autogroup_nice(void)
{
        FILE *file = fopen("/proc/self/autogroup", "re");
        int nice = -20;

        if (file) {
                MUST(fscanf(file, "/autogroup-%*d nice %d", &nice) == 1);
                fclose(file);
        }
        return nice;
}

static void raise_priority(void)
{
        long adj;

        setsid();
        MUST(oom_score_adj_takes(321));
        instance_raise_priority();
        adj = number_in("/proc/self/oom_score_adj");
        MUST(adj == -1000 || (adj < 321 && !oom_score_adj_takes(adj - 1)));
        MUST(geteuid() != 0 || (getpriority(PRIO_PROCESS, 0) == -20 && autogroup_nice() == -20));
}

static void raise_priority_as_nobody(void)
{
        int before = getpriority(PRIO_PROCESS, 0);

        if (setuid(65534) < 0 && dprintf(STDERR_FILENO, "needs root"))
                _exit(SKIPPED);
        prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);     /* or its own files in /proc are not its own */
        raise_priority();
        MUST(getpriority(PRIO_PROCESS, 0) == before);
}

Test(instance, priority)
{
        expect_done(raise_priority);
        expect_done(raise_priority_as_nobody);
        cr_expect(strstr(told, "CAP_SYS_RESOURCE") && strstr(told, "Nice=-20"), "told: %s", told);
}

static void raise_files(void)
{
        struct rlimit limit = { .rlim_cur = 64, .rlim_max = 4096 };

        MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        MUST(instance_raise_files(128) == 0 && limit_of(RLIMIT_NOFILE) == 4096);
}

static void raise_files_too_far(void)
{
        struct rlimit limit = { .rlim_cur = 64, .rlim_max = 4096 };

        MUST(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        MUST(instance_raise_files(UINT64_C(1) << 40) == -EPERM);        /* more than fs.nr_open can be */
        MUST(limit_of(RLIMIT_NOFILE) == 4096);
}

Test(instance, files)
{
        expect_done(raise_files);
        cr_expect_str_eq(told, "");
        expect_done(raise_files_too_far);
        cr_expect(strstr(told, "LimitNOFILE="), "told: %s", told);
}

static void enter_nothing(void)
{
        MUST(instance_enter_group("", 32 * MIB) == 0);
}

static void enter_bad_names(void)
{
        MUST(instance_enter_group("jettison", 32 * MIB) == -EINVAL);
        MUST(instance_enter_group("/", 32 * MIB) == -EINVAL);
        MUST(instance_enter_group("/a/../../b", 32 * MIB) == -EINVAL);
}

static void enter_without_hierarchy(void)
{
        char controllers[256] = "";
        FILE *f = fopen("/sys/fs/cgroup/cgroup.controllers", "re");

        if (f && fgets(controllers, sizeof(controllers), f) && strstr(controllers, "memory") &&
            dprintf(STDERR_FILENO, "this machine has the memory controller on cgroup2: the VM tests try it"))
                _exit(SKIPPED);
        if (f)
                fclose(f);
        MUST(instance_enter_group("auto", 32 * MIB) == -ENOENT);
        MUST(instance_enter_group("/jettison-test", 32 * MIB) == -ENOENT);
}

Test(instance, group_names)
{
        expect_done(enter_nothing);
        cr_expect_str_eq(told, "");
        expect_done(enter_bad_names);
        cr_expect(strstr(told, "'jettison' is no path"), "told: %s", told);
}

Test(instance, group_without_hierarchy)
{
        expect_done(enter_without_hierarchy);
        cr_expect(strstr(told, "memory controller"), "told: %s", told);
}
