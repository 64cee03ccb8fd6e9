/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hook is root on the host and parses what tenants wrote. The filter takes away what such a process could
 * be turned to: starting programs, other processes, mounts, networks. It is entered before the first byte is
 * read.
 *
 * What is not in the table fails and does not kill: the exit status of a killed hook would keep the
 * container from starting, which no container may be able to bring about. */
#include "hooks/filter.h"

#include <errno.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "base/base.h"

#define CALL(name, why) { SCMP_SYS(name), why }

static const struct {
        int number;
        const char *why;
} calls[] = {
        CALL(read, "the state, hook.json, config.json, /proc/PID/cgroup"),
        CALL(openat, "the same; the cgroup's directory"),
        CALL(close, "what has been opened"),
        CALL(fstat, "whose file hook.json is"),
        CALL(newfstatat, "what the C library calls for fstat"),
        CALL(statx, "what the C library calls for fstat, on other machines"),
        CALL(fstatfs, "is this the unified hierarchy"),
        CALL(fsetxattr, "the label"),
        CALL(write, "standard output and error"),
        CALL(poll, "does standard error take a line"),
        CALL(ppoll, "does standard error take a line, on other machines"),
        CALL(connect, "the system log"),
        CALL(sendto, "a line for the system log"),
        CALL(brk, "the heap"),
        CALL(munmap, "the heap"),
        CALL(mremap, "the heap: a large block grows"),
        CALL(madvise, "the heap"),
        CALL(getrandom, "jansson and malloc() seed themselves"),
        CALL(clock_gettime, "jansson seeds itself, where the vDSO cannot tell the time"),
        CALL(gettimeofday, "the same"),
        CALL(getpid, "jansson seeds itself"),
        CALL(geteuid, "whose file hook.json may be"),
        CALL(exit_group, "the end"),
};

/* What is allowed with certain arguments only: the heap is never executable, sockets are local datagrams. */
static int add_conditional(scmp_filter_ctx filter)
{
        const uint32_t kind = ~(uint32_t)(SOCK_CLOEXEC | SOCK_NONBLOCK);
        int r;

        if ((r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))) < 0 ||
            (r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                                  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0))) < 0)
                return r;
        return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 2, SCMP_A0_32(SCMP_CMP_EQ, AF_UNIX),
                                SCMP_A1_32(SCMP_CMP_MASKED_EQ, kind, SOCK_DGRAM));
}

int filter_enter(void)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
        int r = 0;

        if (!filter)
                return -ENOMEM;
        for (size_t i = 0; i < ARRAY_SIZE(calls) && r == 0; i++)
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i].number, 0);
        if (r == 0)
                r = add_conditional(filter);
        if (r == 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        return r;
}
