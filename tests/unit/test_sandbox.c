/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the sandbox takes away, and whether its tables are right. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/base.h"
#include "base/log.h"
#include "jettison_uapi.h"
#include "sandbox_fixture.h"

/* The tables. */

Test(sandbox, every_name_is_a_call)
{
        const struct sandbox_entry *tables[2];
        size_t sizes[2];

        tables[0] = sandbox_calls(&sizes[0]);
        tables[1] = sandbox_calls_fatal(&sizes[1]);
        for (size_t t = 0; t < 2; t++) {
                for (size_t i = 0; i < sizes[t]; i++) {
                        const struct sandbox_entry *e = &tables[t][i];

                        cr_expect_eq(seccomp_syscall_resolve_name(e->name), e->number, "%s", e->name);
#ifdef __x86_64__
                        cr_expect_geq(e->number, 0, "%s is no call here", e->name);
#endif
                        cr_expect_gt(strlen(e->why), 5, "%s has no reason", e->name);
                        for (size_t j = 0; j < i; j++)
                                cr_expect_str_neq(tables[t][j].name, e->name);
                        cr_expect_eq(sandbox_allows(e->name, false), t == 0, "%s", e->name);
                }
        }
}

Test(sandbox, absent_on_purpose)
{
        static const char *const absent[] = {
                "kill", "tkill", "rt_sigqueueinfo", "execve", "execveat", "fork", "vfork", "clone", "clone3",
                "ptrace", "process_vm_writev", "mount", "setns", "unshare", "bpf", "init_module",
                "kexec_load", "keyctl", "socket", "connect", "bind", "listen", "io_uring_setup",
                "open_by_handle_at", "chmod", "fchmod", "chown", "fsetxattr", "setuid", "capset", "seccomp",
                "recvmsg", "sendmsg", "setsockopt", "munlockall", "symlink", "link", "no_such_call",
        };

        for (size_t i = 0; i < ARRAY_SIZE(absent); i++)
                cr_expect_not(sandbox_allows(absent[i], false), "%s", absent[i]);
        cr_expect(sandbox_allows("pidfd_send_signal", false));
        cr_expect_not(sandbox_allows("pidfd_send_signal", true));
        cr_expect_not(sandbox_allows("process_mrelease", true));
        cr_expect(sandbox_allows("pidfd_open", true));
}

Test(sandbox, modes)
{
        enum sandbox_mode mode = SANDBOX_MODE_N;

        cr_expect_eq(sandbox_mode_parse("kill", &mode), 0);
        cr_expect_eq(mode, SANDBOX_KILL);
        cr_expect_eq(sandbox_mode_parse("errno", &mode), 0);
        cr_expect_eq(mode, SANDBOX_ERRNO);
        cr_expect_eq(sandbox_mode_parse("off", &mode), 0);
        cr_expect_eq(mode, SANDBOX_OFF);
        cr_expect_eq(sandbox_mode_parse("Kill", &mode), -EINVAL);
        cr_expect_eq(sandbox_mode_parse("", &mode), -EINVAL);
        cr_expect_eq(mode, SANDBOX_OFF);
}

/* What is refused. One call each, by number, since the C library would choose another. */

static const struct {
        const char *name;
        long number, arguments[4];
} unexpected[] = {
        { "kill", SYS_kill, { 0, 0 } },
        { "tkill", SYS_tkill, { 1, 0 } },
        { "vfork-like clone", SYS_clone, { SIGCHLD } },
        { "fork", SYS_fork, { 0 } },
        { "clone3", SYS_clone3, { 0, 0 } },
        { "chmod", SYS_chmod, { 0, 0 } },
        { "ioctl, another request", SYS_ioctl, { -1, TCGETS } },
        { "ioctl, another module's", SYS_ioctl, { -1, _IOWR('K', 3, struct jettison_snapshot) } },
        { "ioctl, another size", SYS_ioctl, { -1, _IOWR('J', 3, struct jettison_info) } },
        { "ioctl, the next number", SYS_ioctl, { -1, _IOWR('J', 5, struct jettison_order) } },
        { "connect", SYS_connect, { -1, 0, 0 } },
        { "recvmsg", SYS_recvmsg, { -1, 0, 0 } },
        { "socket, datagram", SYS_socket, { AF_UNIX, SOCK_DGRAM, 0 } },
        { "socket, stream", SYS_socket, { AF_UNIX, SOCK_STREAM, 0 } },
        { "socket, IPv4", SYS_socket, { AF_INET, SOCK_DGRAM, 0 } },
        { "socket, IPv6", SYS_socket, { AF_INET6, SOCK_DGRAM, 0 } },
        { "socket, netlink", SYS_socket, { AF_NETLINK, SOCK_DGRAM, 0 } },
        { "tgkill, another process", SYS_tgkill, { 1, 1, SIGABRT } },
        { "pidfd_send_signal, STOP", SYS_pidfd_send_signal, { -1, SIGSTOP, 0, 0 } },
        { "fcntl, F_SETOWN", SYS_fcntl, { 0, F_SETOWN, 1 } },
        { "prctl, PR_SET_DUMPABLE", SYS_prctl, { PR_SET_DUMPABLE, 1 } },
        { "getsockopt, IPPROTO_IP", SYS_getsockopt, { -1, IPPROTO_IP, 0, 0 } },
        { "mmap, executable", SYS_mmap, { 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS } },
        { "mprotect, executable", SYS_mprotect, { 0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC } },
        { "a call of a later kernel", 9999, { 0 } },
};

static size_t chosen;

static void try_unexpected(enum sandbox_mode mode, bool dry_run)
{
        const long *a = unexpected[chosen].arguments;
        long r;

        MUST(sandbox_enter(mode, dry_run) == 0);
        r = syscall(unexpected[chosen].number, a[0], a[1], a[2], a[3], -1, 0);
        MUST(r == -1 && errno == EPERM);
}

Test(sandbox, unexpected_calls)
{
        for (chosen = 0; chosen < ARRAY_SIZE(unexpected); chosen++) {
                const char *name = unexpected[chosen].name;

                cr_expect(is_done(run(try_unexpected, SANDBOX_ERRNO, false)), "%s: errno", name);
                cr_expect(is_killed(run(try_unexpected, SANDBOX_KILL, false)), "%s: kill", name);
        }
}

/* The module's requests reach the kernel, which finds no descriptor. In a dry run no order does. */
static void try_module(enum sandbox_mode mode, bool dry_run)
{
        static const unsigned long requests[] = { JETTISON_INFO, JETTISON_WATCH, JETTISON_SNAPSHOT };

        MUST(sandbox_enter(mode, dry_run) == 0);
        for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
                MUST(ioctl(-1, requests[i], NULL) < 0 && errno == EBADF);
        MUST(ioctl(-1, JETTISON_ORDER, NULL) < 0 && errno == (dry_run ? EPERM : EBADF));
}

Test(sandbox, module)
{
        cr_expect(is_done(run(try_module, SANDBOX_ERRNO, false)));
        cr_expect(is_done(run(try_module, SANDBOX_KILL, false)));
        cr_expect(is_done(run(try_module, SANDBOX_ERRNO, true)));
        cr_expect(is_killed(run(try_module, SANDBOX_KILL, true)));
}

static void try_fatal(enum sandbox_mode mode, bool dry_run)
{
        size_t n;
        const struct sandbox_entry *fatal = sandbox_calls_fatal(&n);

        MUST(sandbox_enter(mode, dry_run) == 0);
        syscall(fatal[chosen].number, -1, 0, 0, 0, 0, 0);
        _exit(1);
}

Test(sandbox, fatal_calls)
{
        size_t n;
        const struct sandbox_entry *fatal = sandbox_calls_fatal(&n);

        for (chosen = 0; chosen < n; chosen++) {
                cr_expect(is_killed(run(try_fatal, SANDBOX_ERRNO, false)), "%s: errno", fatal[chosen].name);
                cr_expect(is_killed(run(try_fatal, SANDBOX_KILL, true)), "%s: kill", fatal[chosen].name);
        }
}

#ifdef __x86_64__
/* getpid() of a 32-bit program: another table of calls behind the same door. */
static void try_foreign(enum sandbox_mode mode, bool dry_run)
{
        long r;

        signal(SIGSEGV, SIG_DFL);       /* a sanitizer's own would make an exit of it */
        MUST(sandbox_enter(mode, dry_run) == 0);
        __asm__ volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory");
        _exit(1);
}

Test(sandbox, foreign_calls)
{
        int status = run(try_foreign, SANDBOX_ERRNO, false);

        /* SIGSEGV: this kernel has no such door. */
        cr_expect(is_killed(status) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV), "status %x",
                  status);
}
#endif

static void try_off(enum sandbox_mode mode, bool dry_run)
{
        int before = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);

        MUST(sandbox_enter(mode, dry_run) == 0);
        MUST(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == before);
        MUST(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
}

Test(sandbox, off)
{
        cr_expect(is_done(run(try_off, SANDBOX_OFF, false)));
}

/* Capabilities. */

static uint64_t status_hex(const char *key)
{
        char text[8192], *line;
        int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
        ssize_t n = read(fd, text, sizeof(text) - 1);

        close(fd);
        MUST(n > 0);
        text[n] = '\0';
        MUST((line = strstr(text, key)));
        return strtoull(line + strlen(key), NULL, 16);
}

static uint64_t kept_mask(void)
{
        size_t n;
        const struct sandbox_entry *kept = sandbox_capabilities(&n);
        uint64_t mask = 0;

        for (size_t i = 0; i < n; i++)
                mask |= UINT64_C(1) << kept[i].number;
        return mask;
}

/* Of the table this process has perhaps not all. */
static void drop(enum sandbox_mode mode UNUSED, bool dry_run UNUSED)
{
        char path[] = "/tmp/jettison-sandbox-XXXXXX", label[8];
        int fd = mkstemp(path);
        uint64_t expected = kept_mask() & status_hex("CapPrm:");
        bool labels = fsetxattr(fd, "trusted.jettison.utility", "7", 1, 0) == 0;

        MUST(sandbox_drop_capabilities() == 0);
        MUST(status_hex("CapPrm:") == expected && status_hex("CapEff:") == expected);
        MUST(status_hex("CapInh:") == 0 && status_hex("CapBnd:") == 0 && status_hex("CapAmb:") == 0);
        MUST(fchown(fd, 1, 1) < 0 && errno == EPERM);
        MUST(!labels || fgetxattr(fd, "trusted.jettison.utility", label, sizeof(label)) == 1);
        MUST(unlink(path) == 0);
}

static void *idle(void *argument UNUSED)
{
        pause();
        return NULL;
}

static void drop_too_late(enum sandbox_mode mode UNUSED, bool dry_run UNUSED)
{
        pthread_t second;

        MUST(pthread_create(&second, NULL, idle, NULL) == 0);
        MUST(sandbox_drop_capabilities() == -EBUSY);
}

static void drop_without(enum sandbox_mode mode UNUSED, bool dry_run UNUSED)
{
        log_init(0);
        MUST(setuid(65534) == 0);
        MUST(sandbox_drop_capabilities() == 0);
        MUST(status_hex("CapPrm:") == 0 && status_hex("CapEff:") == 0);
}

Test(sandbox, capabilities)
{
        if (geteuid() != 0)
                cr_skip_test("needs root to have something to lose");
        cr_expect(is_done(run(drop, SANDBOX_OFF, false)));
        cr_expect(is_done(run(drop_too_late, SANDBOX_OFF, false)));
        cr_expect(is_done(run(drop_without, SANDBOX_OFF, false)));
}

/* The unit grants what the tables name and nothing else. */
Test(sandbox, unit_grants_the_tables)
{
        char path[512], line[512] = "", word[64];
        size_t n_kept, n_start, n_words = 0;
        const struct sandbox_entry *kept = sandbox_capabilities(&n_kept);
        const struct sandbox_entry *start = sandbox_capabilities_start(&n_start);
        FILE *unit;

        snprintf(path, sizeof(path), "%.*s../../controller/jettisond.service.in",
                 (int)(strrchr(__FILE__, '/') - __FILE__ + 1), __FILE__);
        unit = fopen(path, "re");
        if (!unit)
                cr_skip_test("%s is not to be found from here", path);
        while (fgets(line, sizeof(line), unit))
                if (strncmp(line, "CapabilityBoundingSet=", strlen("CapabilityBoundingSet=")) == 0)
                        break;
        fclose(unit);
        cr_assert(line[0] == 'C', "no CapabilityBoundingSet in the unit");
        line[strcspn(line, "\n")] = ' ';
        for (char *p = strchr(line, '=') + 1; sscanf(p, "%63s", word) == 1; p = strchr(p, ' ') + 1)
                n_words++;
        cr_expect_eq(n_words, n_kept + n_start);
        for (size_t i = 0; i < n_kept + n_start; i++) {
                snprintf(word, sizeof(word), "%s ", i < n_kept ? kept[i].name : start[i - n_kept].name);
                cr_expect(strstr(line, word), "%s is missing in the unit", word);
        }
}
