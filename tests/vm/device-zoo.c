/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What must be on the machine: processes of all the kinds that a snapshot may get wrong, and memory that
 * comes and goes as told. All of them stay in the cgroup in which they were started, and end with it.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

#define PATH_BYTES 4096u

static char *take(size_t mib, int flags)
{
        char *memory = mmap(NULL, mib << 20, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED)
                exit(failed("mmap"));
        memset(memory, 0x55, mib << 20);
        return memory;
}

static void adjust(const char *adj)
{
        int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, adj, strlen(adj)) < 0)
                exit(failed("oom_score_adj"));
        close(fd);
}

static void *thread_stay(void *unused)
{
        (void)unused;
        stay();
}

static void threads(unsigned n)
{
        pthread_t thread;

        while (n--)
                pthread_create(&thread, NULL, thread_stay, NULL);
}

static void member_plain(void)
{
        take(8, MAP_PRIVATE);
}

static void member_liked_less(void)
{
        adjust("500");
        take(4, MAP_PRIVATE);
}

static void member_liked_more(void)
{
        adjust("-500");
        take(12, MAP_PRIVATE);
}

static void member_spared(void)
{
        adjust("-1000");
        take(2, MAP_PRIVATE);
}

static void member_threads(void)
{
        threads(4);
        take(3, MAP_PRIVATE);
}

static void member_shared(void)
{
        take(6, MAP_SHARED);
}

/* cgroup.kill signals the leader, who has exited, and this thread hears nothing of it. */
static void *thread_orphan(void *unused)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        return thread_stay(unused);
}

/* Its memory goes on to belong to the thread that is left. */
static void member_leaderless(void)
{
        pthread_t thread;

        take(5, MAP_PRIVATE);
        pthread_create(&thread, NULL, thread_orphan, NULL);
        wait_ms(50);
        syscall(SYS_exit, 0);
}

/* Nobody waits for its child. */
static void member_zombie(void)
{
        if (fork() == 0)
                _exit(0);
}

/* The child has its parent's memory, and the parent waits. */
static void member_vfork(void)
{
        take(7, MAP_PRIVATE);
        if (vfork() == 0)
                stay();
}

static void member_odd(void)
{
        prctl(PR_SET_NAME, "a b\n\\\xff\x01(c)\t'\"");
        take(1, MAP_PRIVATE);
}

static void (*const members[])(void) = {
        member_plain, member_liked_less, member_liked_more, member_spared, member_threads,
        member_shared, member_leaderless, member_zombie, member_vfork, member_odd,
};

int verb_zoo(char **arguments)
{
        (void)arguments;
        for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
                if (fork() == 0) {
                        members[i]();
                        stay();
                }
        wait_ms(300);
        printf("ready\n");
        fflush(stdout);
        stay();
}

int verb_swing(char **arguments)
{
        size_t mib = strtoull(arguments[0], NULL, 10), more = strtoull(arguments[1], NULL, 10);
        unsigned times = (unsigned)strtoul(arguments[2], NULL, 10);

        take(mib, MAP_PRIVATE);
        while (times--) {
                char *memory = take(more, MAP_PRIVATE);

                wait_ms(100);
                munmap(memory, more << 20);
                wait_ms(100);
        }
        printf("ready\n");
        fflush(stdout);
        stay();
}

int verb_grip(char **arguments)
{
        int fd = open(arguments[1], O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return failed(arguments[1]);
        take(strtoull(arguments[0], NULL, 10), MAP_PRIVATE);
        printf("ready\n");
        fflush(stdout);
        if (write(fd, "x", 1) < 0)
                return failed(arguments[1]);
        stay();
}

static bool group_enter(const char *group)
{
        char path[2 * PATH_BYTES];
        int fd;

        snprintf(path, sizeof(path), "%s/cgroup.procs", group);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        return fd >= 0 && write(fd, "0", 1) == 1;
}

/* A process in every eighth group: to move one waits for other CPUs, and the others come and go meanwhile. */
static void churn_one(const char *group, unsigned number)
{
        char path[PATH_BYTES];
        pid_t child;

        snprintf(path, sizeof(path), "%s/churn-%u", group, number);
        if (mkdir(path, 0755) < 0)
                exit(failed(path));
        if (number % 8)
                return;
        child = fork();
        if (child == 0)
                _exit(!group_enter(path));
        waitpid(child, NULL, 0);
}

int verb_churn(char **arguments)
{
        unsigned n = (unsigned)strtoul(arguments[1], NULL, 10);

        for (unsigned turn = 0;; turn++) {
                for (unsigned i = 0; i < n; i++)
                        churn_one(arguments[0], i);
                for (unsigned i = 0; i < n; i++) {
                        char path[PATH_BYTES];

                        snprintf(path, sizeof(path), "%s/churn-%u", arguments[0], i);
                        rmdir(path);
                }
                printf("turn %u\n", turn);
                fflush(stdout);
        }
}
