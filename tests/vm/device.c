/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel module's other side, for tests: one verb for each thing that can be asked of /dev/jettison, or
 * that must be on the machine while it is asked. Nothing here trusts the module: what it says is held
 * against files, and what it must refuse is asked for. A verb that judges prints a line per judgement,
 * which the scenario turns into a test; one that holds something holds it until it is killed.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "device.h"
#include "verbs.h"

static int rows_failed;

int failed(const char *what)
{
        fprintf(stderr, "device: %s: %s\n", what, strerror(errno));
        return 1;
}

void stay(void)
{
        for (;;)
                pause();
}

void wait_ms(unsigned ms)
{
        struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };

        nanosleep(&t, NULL);
}

uint64_t now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

int device_open(int flags)
{
        int fd = open(JETTISON_DEVICE, flags | O_CLOEXEC);

        if (fd < 0)
                exit(failed(JETTISON_DEVICE));
        return fd;
}

struct jettison_info device_info(int fd)
{
        struct jettison_info info = { .version = JETTISON_ABI };

        if (ioctl(fd, JETTISON_INFO, &info) < 0)
                exit(failed("JETTISON_INFO"));
        return info;
}

uint64_t group_id(const char *path)
{
        struct stat st;

        if (stat(path, &st) < 0)
                exit(failed(path));
        return st.st_ino;
}

bool row(bool passed, const char *format, ...)
{
        va_list list;

        printf("%s ", passed ? "ok" : "not ok");
        va_start(list, format);
        vprintf(format, list);
        va_end(list);
        putchar('\n');
        fflush(stdout);
        rows_failed += !passed;
        return passed;
}

int rows_status(void)
{
        return rows_failed > 0;
}

static int verb_info(char **arguments)
{
        struct jettison_info i = device_info(device_open(O_RDONLY));
        const struct {
                const char *name;
                uint64_t value;
        } lines[] = {
                { "features", i.features }, { "order_state", i.order_state },
                { "memory_total", i.memory_total }, { "memory_available", i.memory_available },
                { "swap_total", i.swap_total }, { "swap_free", i.swap_free },
                { "available_low", i.available_low }, { "available_high", i.available_high },
                { "swap_low", i.swap_low }, { "swap_high", i.swap_high },
                { "order_round", i.order_round }, { "order_age_ms", i.order_age_ms },
                { "order_left_ms", i.order_left_ms }, { "order_victims", i.order_victims },
                { "order_next", i.order_next }, { "samples", i.samples }, { "events", i.events },
        };

        for (size_t n = 0; n < sizeof(lines) / sizeof(*lines); n++)
                if (!arguments[0])
                        printf("%s %llu\n", lines[n].name, (unsigned long long)lines[n].value);
                else if (strcmp(arguments[0], lines[n].name) == 0)
                        printf("%llu\n", (unsigned long long)lines[n].value);
        return 0;
}

static int verb_id(char **arguments)
{
        printf("%llu\n", (unsigned long long)group_id(arguments[0]));
        return 0;
}

static int verb_hold(char **arguments)
{
        (void)arguments;
        device_open(O_RDONLY);
        printf("ready\n");
        fflush(stdout);
        stay();
}

/* Root in every other respect. */
static int verb_capless(char **arguments)
{
        struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[2];

        if (syscall(SYS_capget, &head, data) < 0 || prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN) < 0)
                return failed("capabilities");
        data[0].effective &= ~(1u << CAP_SYS_ADMIN);
        data[0].permitted &= ~(1u << CAP_SYS_ADMIN);
        data[0].inheritable &= ~(1u << CAP_SYS_ADMIN);
        if (syscall(SYS_capset, &head, data) < 0)
                return failed("capset");
        execvp(arguments[0], arguments);
        return failed(arguments[0]);
}

/* Unloads and loads again. That somebody has it open meanwhile is a reason to wait. */
static int verb_reload(char **arguments)
{
        unsigned times = (unsigned)strtoul(arguments[0], NULL, 10), refused = 0;
        int fd = open(arguments[1], O_RDONLY | O_CLOEXEC);

        if (fd < 0)
                return failed(arguments[1]);
        for (unsigned n = 0; n < times; n++) {
                while (syscall(SYS_delete_module, "jettison", O_NONBLOCK) < 0) {
                        if (errno != EAGAIN && errno != EBUSY)
                                return failed("delete_module");
                        refused++;
                        wait_ms(1);
                }
                if (syscall(SYS_finit_module, fd, "", 0) < 0)
                        return failed("finit_module");
        }
        printf("# %u times loaded and unloaded; %u times it was in use\n", times, refused);
        return 0;
}

/* Opens, asks, waits a little for an event, and closes: for ever. While there is no module, it waits. */
static int verb_readers(char **arguments)
{
        unsigned n = (unsigned)strtoul(arguments[0], NULL, 10);

        while (n-- > 1 && fork() > 0)
                continue;
        for (unsigned turn = n;; turn++) {
                int fd = open(JETTISON_DEVICE, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
                struct pollfd wait = { .fd = fd, .events = POLLIN };
                struct jettison_event events[4];

                if (fd < 0) {
                        wait_ms(2);
                        continue;
                }
                device_info(fd);
                poll(&wait, 1, (int)(turn % 3));
                if (read(fd, events, sizeof(events)) < 0 && errno != EAGAIN)
                        return failed("read");
                close(fd);
                wait_ms(2 + turn % 16);
        }
}

static const struct verb verbs[] = {
        { "info", "[FIELD]", "print what JETTISON_INFO says", 0, verb_info },
        { "id", "PATH", "print the id of a cgroup", 1, verb_id },
        { "hold", "", "have the device open", 0, verb_hold },
        { "capless", "COMMAND...", "run COMMAND without CAP_SYS_ADMIN", 1, verb_capless },
        { "reload", "TIMES FILE", "unload the module and load it from FILE", 2, verb_reload },
        { "readers", "N", "N processes that open, read and close", 1, verb_readers },
        { "refusals", "", "ask for what must be refused", 0, verb_refusals },
        { "events", "[MS]", "print events, the first after MS", 0, verb_events },
        { "watch", "LOW HIGH SWAP_LOW SWAP_HIGH", "set lines, in MiB, and print events", 4, verb_watch },
        { "order", "ROUND EXPIRES_MS DEADLINE_MS GROUP...", "leave an order, print events", 4, verb_order },
        { "renew", "PID ROUND EXPIRES_MS DEADLINE_MS GROUP...",
          "keep PID from dying, and judge what becomes of an order that is renewed", 5, verb_renew },
        { "flood", "N", "cause N events and judge what a reader gets who slept", 1, verb_flood },
        { "snapshots", "N", "judge N snapshots of everything", 1, verb_snapshots },
        { "find", "ID", "0: the snapshot has this cgroup; 1: there is none", 1, verb_find },
        { "shorts", "GROUP", "judge what short buffers and odd ids give", 1, verb_shorts },
        { "compare", "GROUP [all]", "judge the snapshot below GROUP by the files", 1, verb_compare },
        { "zoo", "", "be processes of many kinds", 0, verb_zoo },
        { "swing", "MIB MORE_MIB TIMES", "hold memory, and more of it from time to time", 3, verb_swing },
        { "grip", "MIB FILE", "hold memory and write FILE", 2, verb_grip },
        { "churn", "GROUP N", "make and remove N groups with processes, for ever", 2, verb_churn },
        { "fuzz", "SECONDS SEED", "ask for anything, in four processes", 2, verb_fuzz },
};

int main(int argc, char **argv)
{
        return verbs_run("device", verbs, sizeof(verbs) / sizeof(*verbs), argc, argv);
}
