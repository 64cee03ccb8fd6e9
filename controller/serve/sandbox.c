/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon reads what tenants name and write, so it is to be assumed that one day a byte of theirs makes
 * it do what they want. The filter decides what that is worth: no program can be started, no process
 * attached to, no file system mounted, and the only signals that leave are TERM and KILL through a pidfd.
 *
 * A list that is too short is a danger as well: a killer that is itself killed by its filter at its first
 * kill is worse than none. Hence every call stands in a table with its reason; whole cycles run in tests
 * under SANDBOX_KILL, where what was forgotten is fatal at once; and in service the forgotten call merely
 * fails with EPERM, as any call may. What only an attacker would ask for ends the process in both modes;
 * SIGSYS goes to all threads, since a single thread that silently dies would leave a daemon that looks
 * alive.
 *
 * Calls that are restricted by an argument have their conditions below the table. Memory can be mapped but
 * never made executable. No socket is made: the one for messages to the service manager exists by now, and
 * accepted ones need no socket(). There is no kill(), no fork and no clone: all threads exist by now (TSYNC
 * extends the filter to them).
 *
 * Pointers cannot be looked behind, so openat() is not bound to paths; the unit's mount namespace does
 * that. */
#include "serve/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/base.h"
#include "base/log.h"
#include "jettison_uapi.h"

#define CALL(name, why)       { #name, SCMP_SYS(name), why }
#define CAPABILITY(name, why) { #name, name, why }

static const struct sandbox_entry calls[] = {
        CALL(epoll_pwait2, "the loop sleeps"),
        CALL(epoll_pwait, "the loop sleeps, where the kernel is older"),
        CALL(epoll_wait, "the loop sleeps, where the kernel is older"),
        CALL(epoll_ctl, "watch clients, victims' cgroup.events, new domains' pressure"),
        CALL(poll, "ask whether standard error takes a line"),
        CALL(ppoll, "ask whether standard error takes a line"),

        CALL(read, "eventfd, signalfd, the module's events, configuration"),
        CALL(pread64, "kept descriptors of cgroupfs and procfs, from their start"),
        CALL(write, "cgroup.kill, pressure triggers, eventfd, log"),
        CALL(pwrite64, "the journal"),
        CALL(writev, "a journal line in one call"),
        CALL(lseek, "directories are read again from their start"),
        CALL(openat, "cgroups and processes as they come; journal and configuration again"),
        CALL(close, "what has been opened"),
        CALL(fcntl, "O_NONBLOCK and close-on-exec; F_DUPFD_CLOEXEC to read a kept directory"),
        CALL(fstat, "a cgroup's identity; the size of a file"),
        CALL(newfstatat, "what the C library calls for stat and fstat"),
        CALL(statx, "what the C library calls for stat, on other machines"),
        CALL(fstatfs, "is this still the unified hierarchy"),
        CALL(getdents64, "walk the hierarchy; the drop-in folder"),
        CALL(fgetxattr, "labels"),
        CALL(ioctl, "ask the kernel module, set its watch, leave an order with it"),
        CALL(inotify_add_watch, "new cgroups are told, not searched for"),
        CALL(inotify_rm_watch, "those that are gone are not watched for ever"),
        CALL(rename, "rotate the journal"),
        CALL(renameat, "rotate the journal, on other machines"),
        CALL(renameat2, "rotate the journal, on other machines"),
        CALL(unlink, "the oldest journal; the control socket, in the end"),
        CALL(unlinkat, "the oldest journal, on other machines"),
        CALL(mkdir, "the journal's folder, if it was removed"),
        CALL(mkdirat, "the journal's folder, on other machines"),
        CALL(ftruncate, "cut a torn journal line"),
        CALL(fdatasync, "an outcome is on the disk before it is believed"),

        CALL(pidfd_open, "hold a process before it is judged"),
        CALL(pidfd_send_signal, "SIGTERM, SIGKILL; 0 asks whether it lives"),
        CALL(process_mrelease, "free a victim's memory before it has exited"),

        CALL(accept4, "clients of the control socket"),
        CALL(recvfrom, "their requests"),
        CALL(sendto, "their replies; messages to the service manager"),
        CALL(getsockopt, "who they are"),
        CALL(shutdown, "end a reply"),

        CALL(futex, "threads wait for each other"),
        CALL(sched_yield, "threads wait for each other"),
        CALL(sched_getaffinity, "malloc() asks how many processors there are"),
        CALL(clock_gettime, "time, where the vDSO cannot tell it"),
        CALL(clock_nanosleep, "pauses of a thread"),
        CALL(nanosleep, "pauses of a thread"),
        CALL(restart_syscall, "a pause goes on after SIGCONT"),

        CALL(set_robust_list, "a thread that was started just before the filter introduces itself"),
        CALL(rseq, "a thread that was started just before the filter introduces itself"),
        CALL(prctl, "a thread that was started just before the filter gives itself a name"),
        CALL(sched_setscheduler, "the record thread, likewise, gives way to the others"),
        CALL(setpriority, "the record thread, likewise, gives way to the others"),

        CALL(brk, "the heap"),
        CALL(mmap, "the heap, the module's buffer when it grows: never executable"),
        CALL(mprotect, "the heap: never executable"),
        CALL(mremap, "the heap: a large block grows"),
        CALL(munmap, "the heap"),
        CALL(madvise, "the heap; a thread's stack when it ends; code that only the start needed"),
        CALL(mlock, "what has been used stays in memory"),
        CALL(sysinfo, "qsort() asks how much memory there is"),
        CALL(getrandom, "jansson and malloc() seed themselves"),

        CALL(rt_sigaction, "abort() restores the default"),
        CALL(rt_sigprocmask, "abort(); a thread ends"),
        CALL(rt_sigreturn, "return from a signal handler"),
        CALL(sigaltstack, "a thread ends"),
        CALL(capget, "can labels still be read, when they are read anew"),
        CALL(getpid, "abort(); is the manager's watchdog for this process"),
        CALL(gettid, "abort()"),
        CALL(getuid, "is the configuration's owner trusted"),
        CALL(geteuid, "is the configuration's owner trusted"),
        CALL(tgkill, "abort(): SIGABRT to itself"),
        CALL(exit, "a thread ends"),
        CALL(exit_group, "the end"),
};

static const struct sandbox_entry calls_fatal[] = {
        CALL(execve, "start a program"),
        CALL(execveat, "start a program"),
        CALL(ptrace, "read or steer another process"),
        CALL(process_vm_readv, "read another process"),
        CALL(process_vm_writev, "steer another process"),
        CALL(kcmp, "compare with another process"),
        CALL(pidfd_getfd, "take a descriptor of another process"),
        CALL(mount, "change what paths mean"),
        CALL(umount2, "change what paths mean"),
        CALL(move_mount, "change what paths mean"),
        CALL(open_tree, "change what paths mean"),
        CALL(fsopen, "change what paths mean"),
        CALL(fsmount, "change what paths mean"),
        CALL(fspick, "change what paths mean"),
        CALL(mount_setattr, "change what paths mean"),
        CALL(pivot_root, "change what paths mean"),
        CALL(chroot, "change what paths mean"),
        CALL(setns, "change what numbers and paths mean"),
        CALL(unshare, "change what numbers and paths mean"),
        CALL(open_by_handle_at, "open without a path"),
        CALL(init_module, "become the kernel"),
        CALL(finit_module, "become the kernel"),
        CALL(delete_module, "change the kernel"),
        CALL(kexec_load, "replace the kernel"),
        CALL(kexec_file_load, "replace the kernel"),
        CALL(bpf, "add to the kernel"),
        CALL(perf_event_open, "watch the kernel"),
        CALL(reboot, "end the kernel"),
        CALL(iopl, "reach the hardware"),
        CALL(ioperm, "reach the hardware"),
        CALL(swapon, "change where memory goes"),
        CALL(swapoff, "change where memory goes"),
        CALL(userfaultfd, "hold the kernel at a page fault"),
        CALL(io_uring_setup, "calls that no filter sees"),
        CALL(io_uring_enter, "calls that no filter sees"),
        CALL(add_key, "the kernel's keys"),
        CALL(request_key, "the kernel's keys"),
        CALL(keyctl, "the kernel's keys"),
};

/* What could kill, as could an order (is_order); cgroup.kill is a file, and a dry run never opens it. */
static const int calls_deadly[] = { SCMP_SYS(pidfd_send_signal), SCMP_SYS(process_mrelease) };

static const struct sandbox_entry capabilities[] = {
        CAPABILITY(CAP_DAC_OVERRIDE, "cgroup.kill and pressure triggers of cgroups that belong to users"),
        CAPABILITY(CAP_KILL, "signals, where cgroup.kill does not return in time"),
        CAPABILITY(CAP_SYS_ADMIN, "trusted.* labels: without it the kernel says that there are none"),
        CAPABILITY(CAP_SYS_RESOURCE, "pressure windows shorter than 2 s, for domains that come later"),
};

static const struct sandbox_entry capabilities_start[] = {
        CAPABILITY(CAP_CHOWN, "give the control socket to its group"),
};

/* One argument of a call, and what it must be. Several lines of one call: any of them. */
static const struct condition {
        int number;
        unsigned argument;
        uint64_t mask, value;
} conditions[] = {
        { SCMP_SYS(mmap), 2, PROT_EXEC, 0 },
        { SCMP_SYS(mprotect), 2, PROT_EXEC, 0 },
        { SCMP_SYS(pidfd_send_signal), 1, UINT32_MAX, 0 },
        { SCMP_SYS(pidfd_send_signal), 1, UINT32_MAX, SIGTERM },
        { SCMP_SYS(pidfd_send_signal), 1, UINT32_MAX, SIGKILL },
        { SCMP_SYS(prctl), 0, UINT32_MAX, PR_SET_NAME },
        { SCMP_SYS(getsockopt), 1, UINT32_MAX, SOL_SOCKET },
        { SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFD },
        { SCMP_SYS(fcntl), 1, UINT32_MAX, F_SETFD },
        { SCMP_SYS(fcntl), 1, UINT32_MAX, F_GETFL },
        { SCMP_SYS(fcntl), 1, UINT32_MAX, F_SETFL },
        { SCMP_SYS(fcntl), 1, UINT32_MAX, F_DUPFD_CLOEXEC },
        { SCMP_SYS(ioctl), 1, UINT32_MAX, JETTISON_INFO },
        { SCMP_SYS(ioctl), 1, UINT32_MAX, JETTISON_WATCH },
        { SCMP_SYS(ioctl), 1, UINT32_MAX, JETTISON_SNAPSHOT },
        { SCMP_SYS(ioctl), 1, UINT32_MAX, JETTISON_ORDER },
};

int sandbox_mode_parse(const char *text, enum sandbox_mode *ret_mode)
{
        static const char *const names[SANDBOX_MODE_N] = {
                [SANDBOX_ERRNO] = "errno", [SANDBOX_KILL] = "kill", [SANDBOX_OFF] = "off",
        };

        for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
                if (strcmp(text, names[i]) == 0) {
                        *ret_mode = (enum sandbox_mode)i;
                        return 0;
                }
        }
        return -EINVAL;
}

static bool is_deadly(int number)
{
        for (size_t i = 0; i < ARRAY_SIZE(calls_deadly); i++)
                if (calls_deadly[i] == number)
                        return true;
        return false;
}

/* What is left with the module kills later. */
static bool is_order(const struct condition *c)
{
        return c->number == SCMP_SYS(ioctl) && c->value == JETTISON_ORDER;
}

static int allow_call(scmp_filter_ctx filter, int number, bool dry_run)
{
        bool conditional = false;
        int r = 0;

        if (number == SCMP_SYS(tgkill))         /* two arguments at once: the conditions know only one */
                return seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 2,
                                        SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)getpid()),
                                        SCMP_A2_32(SCMP_CMP_EQ, SIGABRT));
        for (size_t i = 0; i < ARRAY_SIZE(conditions) && r == 0; i++) {
                const struct condition *c = &conditions[i];

                if (c->number != number)
                        continue;
                conditional = true;
                if (dry_run && is_order(c))
                        continue;
                r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 1,
                                     SCMP_CMP(c->argument, SCMP_CMP_MASKED_EQ, c->mask, c->value));
        }
        return conditional ? r : seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
}

static int filter_fill(scmp_filter_ctx filter, enum sandbox_mode mode, bool dry_run)
{
        int r;

        if ((r = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS)) < 0 ||
            (r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 1)) < 0 ||
            (r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1)) < 0 ||
            (r = seccomp_attr_set(filter, SCMP_FLTATR_API_SYSRAWRC, 1)) < 0 ||
            (r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2)) < 0)  /* a tree */
                return r;
        for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
                if (dry_run && is_deadly(calls[i].number))
                        continue;
                r = allow_call(filter, calls[i].number, dry_run);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < ARRAY_SIZE(calls_fatal) && mode != SANDBOX_KILL; i++) {
                r = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, calls_fatal[i].number, 0);
                if (r < 0)
                        return r;
        }
        return 0;
}

int sandbox_enter(enum sandbox_mode mode, bool dry_run)
{
        scmp_filter_ctx filter;
        int r;

        if (mode == SANDBOX_OFF)
                return 0;
        filter = seccomp_init(mode == SANDBOX_KILL ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_ERRNO(EPERM));
        if (!filter)
                return -ENOMEM;
        r = filter_fill(filter, mode, dry_run);
        if (r == 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        return r;
}

static bool is_kept(int capability)
{
        for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
                if (capabilities[i].number == capability)
                        return true;
        return false;
}

/* The number of threads, which procfs tells as the number of folders. */
static int threads_count(void)
{
        struct stat st;

        return stat("/proc/self/task", &st) < 0 ? -errno : (int)st.st_nlink - 2;
}

int sandbox_drop_capabilities(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
        int n_threads = threads_count();

        if (n_threads != 1)
                return n_threads < 0 ? n_threads : -EBUSY;
        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++)
                if (!(data[capabilities[i].number / 32].permitted & 1u << capabilities[i].number % 32))
                        log_warning("without %s: %s", capabilities[i].name, capabilities[i].why);

        /* Best effort: no_new_privs closes the same way to more rights, through an exec that the filter
         * refuses. */
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
                prctl(PR_CAPBSET_DROP, i, 0, 0, 0);

        for (unsigned i = 0; i < ARRAY_SIZE(data) * 32; i++)
                if (!is_kept((int)i))
                        data[i / 32].permitted &= ~(1u << i % 32);
        for (size_t i = 0; i < ARRAY_SIZE(data); i++) {
                data[i].effective = data[i].permitted;
                data[i].inheritable = 0;
        }
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

const struct sandbox_entry *sandbox_calls(size_t *ret_n)
{
        *ret_n = ARRAY_SIZE(calls);
        return calls;
}

const struct sandbox_entry *sandbox_calls_fatal(size_t *ret_n)
{
        *ret_n = ARRAY_SIZE(calls_fatal);
        return calls_fatal;
}

const struct sandbox_entry *sandbox_capabilities(size_t *ret_n)
{
        *ret_n = ARRAY_SIZE(capabilities);
        return capabilities;
}

const struct sandbox_entry *sandbox_capabilities_start(size_t *ret_n)
{
        *ret_n = ARRAY_SIZE(capabilities_start);
        return capabilities_start;
}

bool sandbox_allows(const char *name, bool dry_run)
{
        for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
                if (strcmp(calls[i].name, name) == 0)
                        return calls[i].number >= 0 && !(dry_run && is_deadly(calls[i].number));
        return false;
}
