/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Odd loads that only the tests need, one verb each, and the two xattr calls that busybox has no program
 * for. Every load runs until it is killed; each is bounded in size, so that a test that goes wrong costs
 * memory of its own group only.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "verbs.h"

#define FORKBOMB_DEPTH_MAX 10u   /* 2047 processes: well below the kernel's limit in the smallest VM */

static int failed(const char *what)
{
        fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
        return 1;
}

static void wait_ms(unsigned ms)
{
        struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

        nanosleep(&t, NULL);
}

static int verb_setxattr(char **arguments)
{
        const char *value = arguments[2];

        if (setxattr(arguments[0], arguments[1], value, strlen(value), 0) < 0)
                return failed(arguments[0]);
        return 0;
}

static int verb_getxattr(char **arguments)
{
        char value[4096];
        ssize_t len = getxattr(arguments[0], arguments[1], value, sizeof(value));

        if (len < 0)
                return failed(arguments[0]);
        printf("%.*s\n", (int)len, value);
        return 0;
}

/* Each process keeps two children alive, down to the given depth: 2^(depth + 1) − 1 processes that come
 * back while they are being killed one by one. */
static int verb_forkbomb(char **arguments)
{
        unsigned depth = (unsigned)strtoul(arguments[0], NULL, 10), children = 0;

        if (depth > FORKBOMB_DEPTH_MAX) {
                errno = ERANGE;
                return failed("DEPTH");
        }
        signal(SIGTERM, SIG_IGN);
        for (;;) {
                pid_t pid = children < 2 && depth > 0 ? fork() : -1;

                if (pid == 0) {
                        children = 0;
                        depth--;
                        continue;
                }
                if (pid > 0)
                        children++;
                else
                        wait_ms(5);
                while (children > 0 && waitpid(-1, NULL, WNOHANG) > 0)
                        children--;
        }
}

/* Keeps cgroup_mutex busy: what cgroup.kill has to wait behind. */
static int verb_mkdirs(char **arguments)
{
        for (unsigned i = 0;; i++) {
                char path[4096];

                snprintf(path, sizeof(path), "%s/storm-%u", arguments[0], i % 64);
                if (mkdir(path, 0755) < 0 && errno != EEXIST)
                        return failed(path);
                rmdir(path);
        }
}

/* Writes a file of the given size and reads it again and again: page cache that is clean, and in use. */
static int verb_readcache(char **arguments)
{
        uint64_t bytes = strtoull(arguments[1], NULL, 10) << 20;
        static char block[1 << 16];
        int fd = open(arguments[0], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        if (fd < 0)
                return failed(arguments[0]);
        for (uint64_t done = 0; done < bytes; done += sizeof(block))
                if (write(fd, block, sizeof(block)) != sizeof(block))
                        return failed(arguments[0]);
        fsync(fd);
        for (;;) {
                if (read(fd, block, sizeof(block)) <= 0 && lseek(fd, 0, SEEK_SET) < 0)
                        return failed(arguments[0]);
        }
}

/* Memory that nothing can reclaim or swap: what makes a machine short without making it busy. */
static int verb_lock(char **arguments)
{
        size_t bytes = strtoull(arguments[0], NULL, 10) << 20;
        char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED || mlock(memory, bytes) < 0)
                return failed("mlock");
        for (;;)
                pause();
}

static bool group_enter(const char *group)
{
        char path[4096];
        int fd;

        snprintf(path, sizeof(path), "%s/cgroup.procs", group);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        return fd >= 0 && write(fd, "0", 1) == 1;
}

/* A supervisor outside the group that starts the same command inside it whenever it has died, as container
 * engines do. */
static int verb_restart(char **arguments)
{
        unsigned pause_ms = (unsigned)strtoul(arguments[1], NULL, 10);

        for (unsigned starts = 1;; starts++) {
                pid_t pid = fork();

                if (pid == 0) {
                        if (group_enter(arguments[0]))
                                execvp(arguments[2], arguments + 2);
                        _exit(failed(arguments[0]));
                }
                if (pid < 0)
                        return failed("fork");
                printf("start %u\n", starts);
                fflush(stdout);
                waitpid(pid, NULL, 0);
                wait_ms(pause_ms);
        }
}

/* Writes a file in memory through a shared mapping: it shows in the page tables of the process, and stays
 * when that dies. */
static int verb_mapfile(char **arguments)
{
        size_t bytes = strtoull(arguments[1], NULL, 10) << 20;
        int fd = open(arguments[0], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        char *memory;

        if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
                return failed(arguments[0]);
        memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (memory == MAP_FAILED)
                return failed("mmap");
        memset(memory, 0x55, bytes);
        for (;;)
                pause();
}

/* Writes all of its memory again and again: what of it does not fit is fetched back all the time. Half of
 * each page is noise, so that compression makes two of one. SIGTERM is ignored. */
static int verb_thrash(char **arguments)
{
        size_t bytes = strtoull(arguments[0], NULL, 10) << 20;
        volatile uint64_t *memory = malloc(bytes);
        uint64_t state = 88172645463325252;

        if (!memory)
                return failed("malloc");
        signal(SIGTERM, SIG_IGN);
        for (;;)
                for (size_t i = 0; i < bytes / sizeof(*memory); i++) {
                        state ^= state << 13;
                        state ^= state >> 7;
                        state ^= state << 17;
                        if (i % 512 < 256)
                                memory[i] = state;
                }
}

static int verb_as(char **arguments)
{
        uid_t uid = (uid_t)strtoul(arguments[0], NULL, 10);

        if (setgroups(0, NULL) < 0 || setgid(uid) < 0 || setuid(uid) < 0)
                return failed("setuid");
        execvp(arguments[1], arguments + 1);
        return failed(arguments[1]);
}

/* "FILE:0xOFFSET" of a function of the C library, as the kernel's uprobe_events wants it. */
static int verb_symbol(char **arguments)
{
        void *address = dlsym(RTLD_DEFAULT, arguments[0]);
        Dl_info info;

        if (!address || !dladdr(address, &info))
                return failed(arguments[0]);
        printf("%s:%#lx\n", info.dli_fname, (unsigned long)((char *)address - (char *)info.dli_fbase));
        return 0;
}

static const struct verb verbs[] = {
        { "setxattr", "PATH NAME VALUE", "label a cgroup", 3, verb_setxattr },
        { "getxattr", "PATH NAME", "print a label", 2, verb_getxattr },
        { "forkbomb", "DEPTH", "2^(DEPTH+1)-1 processes that replace each other", 1, verb_forkbomb },
        { "mkdirs", "GROUP", "make and remove groups in GROUP without pause", 1, verb_mkdirs },
        { "readcache", "FILE MIB", "write a file, then read it for ever", 2, verb_readcache },
        { "lock", "MIB", "hold locked memory", 1, verb_lock },
        { "mapfile", "FILE MIB", "map a file in memory and fill it", 2, verb_mapfile },
        { "thrash", "MIB", "write memory again and again", 1, verb_thrash },
        { "as", "UID COMMAND...", "run COMMAND as this user", 2, verb_as },
        { "symbol", "NAME", "where a function of the C library is", 1, verb_symbol },
        { "restart", "GROUP MS COMMAND...", "run COMMAND in GROUP for ever, MS apart", 3, verb_restart },
};

int main(int argc, char **argv)
{
        return verbs_run("load", verbs, sizeof(verbs) / sizeof(*verbs), argc, argv);
}
