/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hook's filter: what the hook does still works, and what it could be turned to does not, yet kills
 * nobody. Every case is a process of its own, since a filter is for good. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "hooks/filter.h"

static long start_program(void)
{
        static char name[] = "/bin/true";
        char *arguments[] = { name, NULL };

        return execv(name, arguments);
}

static long start_process(void)
{
        return syscall(SYS_fork);
}

static long open_network(void)
{
        return socket(AF_INET, SOCK_DGRAM, 0);
}

static long open_stream(void)
{
        return socket(AF_UNIX, SOCK_STREAM, 0);
}

static long send_signal(void)
{
        return kill(getppid(), 0);
}

static long trace(void)
{
        return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long mount_something(void)
{
        return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static long remove_something(void)
{
        return unlink("/tmp/no-such-file");
}

static long map(int protection)
{
        /* A sanitizer's mmap() makes calls of its own. */
        long memory = syscall(SYS_mmap, NULL, 4 * MIB, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0L);

        return memory == -1 ? -1 : 0;
}

static long map_code(void)
{
        return map(PROT_READ | PROT_EXEC);
}

static long open_file(void)
{
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static long open_log(void)
{
        return socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
}

static long map_memory(void)
{
        return map(PROT_READ | PROT_WRITE);
}

static const struct {
        const char *label;
        long (*call)(void);
        bool allowed;
} cases[] = {
        { "start a program", start_program, false },
        { "start a process", start_process, false },
        { "a socket of the network", open_network, false },
        { "a stream", open_stream, false },
        { "a signal", send_signal, false },
        { "trace", trace, false },
        { "mount", mount_something, false },
        { "remove a file", remove_something, false },
        { "executable memory", map_code, false },
        { "open a file", open_file, true },
        { "the log", open_log, true },
        { "memory", map_memory, true },
};

/* Exit statuses that nothing else uses. */
enum { ALLOWED = 40, REFUSED, OTHERWISE, NO_FILTER };

/* How it went in a process of its own, which ends as it can: a sanitizer's _exit() makes calls of its own. */
static int outcome(long (*call)(void))
{
        pid_t child = fork();
        int status;

        if (child == 0) {
                if (filter_enter() < 0)
                        _exit(NO_FILTER);
                syscall(SYS_exit_group, call() >= 0 ? ALLOWED : errno == EPERM ? REFUSED : OTHERWISE);
        }
        waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 100 + WTERMSIG(status);
}

Test(hook_filter, what_it_lets_through)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int found = outcome(cases[i].call);

                cr_expect_eq(found, cases[i].allowed ? ALLOWED : REFUSED, "%s: %d", cases[i].label, found);
        }
}
