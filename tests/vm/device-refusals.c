/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The specification's refusals, one by one. A call that is good in all respects is spoilt in a single one;
 * what comes back must be the error that the specification names, the structure must be as it was, and so
 * must lines and order. That the good calls are granted is tested as well: a module that refuses everything
 * fails here.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

#define BUFFER_BYTES (1u << 20)         /* more than a snapshot of the test VM needs */
#define CALL_BYTES   1024u              /* more than any call's structure */

enum call { CALL_INFO, CALL_WATCH, CALL_SNAPSHOT, CALL_ORDER, CALL_N };

static const struct {
        const char *name;
        unsigned long number;
        size_t bytes;
} calls[CALL_N] = {
        [CALL_INFO] = { "info", JETTISON_INFO, sizeof(struct jettison_info) },
        [CALL_WATCH] = { "watch", JETTISON_WATCH, sizeof(struct jettison_watch) },
        [CALL_SNAPSHOT] = { "snapshot", JETTISON_SNAPSHOT, sizeof(struct jettison_snapshot) },
        [CALL_ORDER] = { "order", JETTISON_ORDER, sizeof(struct jettison_order) },
};

union good {
        struct jettison_info info;
        struct jettison_watch watch;
        struct jettison_snapshot snapshot;
        struct jettison_order order;
        char bytes[CALL_BYTES];
};

static union good good_call(enum call call)
{
        union good good;

        memset(&good, 0, sizeof(good));
        good.info.version = JETTISON_ABI;
        if (call == CALL_WATCH) {
                good.watch.available_low = 1 << 20;
                good.watch.available_high = 2 << 20;
        } else if (call == CALL_ORDER) {
                good.order.expires_ms = 60000;
                good.order.deadline_ms = 10000;
                good.order.round = 3;
        }
        return good;
}

#define FIELD(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)

/* A field of four or eight bytes, and what it is set to. */
static const struct {
        const char *label;
        enum call call;
        size_t offset, bytes;
        uint64_t value;
        int expected;
} fields[] = {
        { "info as it should be", CALL_INFO, FIELD(jettison_info, version), 1, 0 },
        { "info of version 0", CALL_INFO, FIELD(jettison_info, version), 0, EPROTONOSUPPORT },
        { "info of version 2", CALL_INFO, FIELD(jettison_info, version), 2, EPROTONOSUPPORT },
        { "info with a flag", CALL_INFO, FIELD(jettison_info, flags), 1, EOPNOTSUPP },
        { "info, reserved[0]", CALL_INFO, FIELD(jettison_info, reserved[0]), 1, EINVAL },
        { "info, reserved[3]", CALL_INFO, FIELD(jettison_info, reserved[3]), 1ull << 63, EINVAL },

        { "watch as it should be", CALL_WATCH, FIELD(jettison_watch, version), 1, 0 },
        { "watch of version 2", CALL_WATCH, FIELD(jettison_watch, version), 2, EPROTONOSUPPORT },
        { "watch with a flag", CALL_WATCH, FIELD(jettison_watch, flags), 1u << 31, EOPNOTSUPP },
        { "watch, reserved[0]", CALL_WATCH, FIELD(jettison_watch, reserved[0]), 1, EINVAL },
        { "watch, reserved[1]", CALL_WATCH, FIELD(jettison_watch, reserved[1]), 1, EINVAL },
        { "watch, low above high", CALL_WATCH, FIELD(jettison_watch, available_low), (2 << 20) + 1, EINVAL },
        { "watch, low at high", CALL_WATCH, FIELD(jettison_watch, available_low), 2 << 20, 0 },
        { "watch, swap's low above high", CALL_WATCH, FIELD(jettison_watch, swap_low), 1, EINVAL },

        { "snapshot as it should be", CALL_SNAPSHOT, FIELD(jettison_snapshot, version), 1, 0 },
        { "snapshot with processes", CALL_SNAPSHOT, FIELD(jettison_snapshot, flags), 1, 0 },
        { "snapshot of version 0", CALL_SNAPSHOT, FIELD(jettison_snapshot, version), 0, EPROTONOSUPPORT },
        { "snapshot with an unknown flag", CALL_SNAPSHOT, FIELD(jettison_snapshot, flags), 3, EOPNOTSUPP },
        { "snapshot, reserved", CALL_SNAPSHOT, FIELD(jettison_snapshot, reserved), 1, EINVAL },
        { "snapshot, neutral 2000", CALL_SNAPSHOT, FIELD(jettison_snapshot, score_neutral), 2000, 0 },
        { "snapshot, neutral 2001", CALL_SNAPSHOT, FIELD(jettison_snapshot, score_neutral), 2001, EINVAL },
        { "snapshot of no cgroup", CALL_SNAPSHOT, FIELD(jettison_snapshot, cgroup), 1ull << 60, ENOENT },

        { "order as it should be", CALL_ORDER, FIELD(jettison_order, version), 1, 0 },
        { "order of version 2", CALL_ORDER, FIELD(jettison_order, version), 2, EPROTONOSUPPORT },
        { "order with a flag", CALL_ORDER, FIELD(jettison_order, flags), 1, EOPNOTSUPP },
        { "order that never holds", CALL_ORDER, FIELD(jettison_order, expires_ms), 0, EINVAL },
        { "order for 1 ms", CALL_ORDER, FIELD(jettison_order, expires_ms), 1, 0 },
        { "order for too long", CALL_ORDER, FIELD(jettison_order, expires_ms), 60001, EINVAL },
        { "order without patience", CALL_ORDER, FIELD(jettison_order, deadline_ms), 0, EINVAL },
        { "order with too much of it", CALL_ORDER, FIELD(jettison_order, deadline_ms), 10001, EINVAL },
        { "order of 65", CALL_ORDER, FIELD(jettison_order, n), JETTISON_ORDER_MAX + 1, EINVAL },
        { "order of 2^32 - 1", CALL_ORDER, FIELD(jettison_order, n), 0xffffffff, EINVAL },
        { "order of 64 that are none", CALL_ORDER, FIELD(jettison_order, n), JETTISON_ORDER_MAX, 0 },
};

static const unsigned long unknown[] = {
        _IO('J', 0), _IO('J', 1), _IO('J', 5), _IOW('J', 1, struct jettison_info), _IOWR('J', 1, int),
        _IOWR('J', 4, char[4096]), _IOWR('K', 1, struct jettison_info), 0, 0xffffffff,
};

static const struct {
        const char *label;
        int open_flags, protection, flags;
        size_t bytes;
        off_t offset;
        int expected;
} mappings[] = {
        { "a page", O_RDONLY, PROT_READ, MAP_SHARED, PAGE_BYTES, 0, 0 },
        { "64 MiB", O_RDONLY, PROT_READ, MAP_SHARED, JETTISON_BUFFER_MAX, 0, 0 },
        { "more than 64 MiB", O_RDONLY, PROT_READ, MAP_SHARED, JETTISON_BUFFER_MAX + PAGE_BYTES, 0, EINVAL },
        { "a terabyte", O_RDONLY, PROT_READ, MAP_SHARED | MAP_NORESERVE, 1ull << 40, 0, EINVAL },
        { "at an offset", O_RDONLY, PROT_READ, MAP_SHARED, PAGE_BYTES, PAGE_BYTES, EINVAL },
        { "private", O_RDONLY, PROT_READ, MAP_PRIVATE, PAGE_BYTES, 0, EINVAL },
        { "private, opened for writing", O_RDWR, PROT_READ, MAP_PRIVATE, PAGE_BYTES, 0, EINVAL },
        { "for writing", O_RDONLY, PROT_READ | PROT_WRITE, MAP_SHARED, PAGE_BYTES, 0, EACCES },
        { "for writing, opened for it", O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED, PAGE_BYTES, 0, EACCES },
        { "a page, opened for writing", O_RDWR, PROT_READ, MAP_SHARED, PAGE_BYTES, 0, 0 },
};

static int result(int r)
{
        return r < 0 ? errno : 0;
}

/* What a refused call must leave alone. */
static bool is_unchanged(const struct jettison_info *a, const struct jettison_info *b)
{
        return a->available_low == b->available_low && a->available_high == b->available_high &&
               a->swap_low == b->swap_low && a->swap_high == b->swap_high &&
               a->order_state == b->order_state && a->order_round == b->order_round;
}

/* Whether somebody else can set lines: not if this descriptor holds them. */
static bool is_held(const struct jettison_info *info)
{
        struct jettison_watch same = {
                .version = JETTISON_ABI,
                .available_low = info->available_low, .available_high = info->available_high,
                .swap_low = info->swap_low, .swap_high = info->swap_high,
        };
        int fd = device_open(O_RDONLY), r = result(ioctl(fd, JETTISON_WATCH, &same));

        close(fd);
        return r == EBUSY;
}

static void try_call(const char *label, enum call call, union good *asked, int expected)
{
        int fd = device_open(O_RDONLY), got;
        void *buffer = mmap(NULL, BUFFER_BYTES, PROT_READ, MAP_SHARED, fd, 0);
        struct jettison_info before = device_info(fd), after;
        union good answer = *asked;
        bool untouched;

        got = buffer == MAP_FAILED ? -1 : result(ioctl(fd, calls[call].number, &answer));
        after = device_info(fd);
        untouched = got == 0 || (is_unchanged(&before, &after) && !is_held(&before) &&
                                 memcmp(&answer, asked, sizeof(answer)) == 0);
        row(got == expected && untouched, "%s: %s%s", label, strerror(expected),
            got != expected ? ", but it was not" : untouched ? "" : ", but something has changed");
        if (got != expected)
                printf("# %s: %s\n", label, strerror(got));
        munmap(buffer, BUFFER_BYTES);
        close(fd);
}

static void try_fields(void)
{
        for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
                union good asked = good_call(fields[i].call);

                memcpy(asked.bytes + fields[i].offset, &fields[i].value, fields[i].bytes);
                try_call(fields[i].label, fields[i].call, &asked, fields[i].expected);
        }
}

/* The domain and what lies outside it; the root. */
static void try_cgroups(void)
{
        union good asked = good_call(CALL_ORDER);
        char inside[] = "/sys/fs/cgroup/refusals-a", outside[] = "/sys/fs/cgroup/refusals-b";

        if (mkdir(inside, 0755) < 0 || mkdir(outside, 0755) < 0)
                row(false, "two groups: %s", strerror(errno));
        asked.order.n = 1;
        asked.order.domain = group_id(inside);
        asked.order.cgroups[0] = group_id(inside);
        try_call("order within its domain", CALL_ORDER, &asked, 0);
        asked.order.cgroups[0] = group_id(outside);
        try_call("order outside its domain", CALL_ORDER, &asked, EXDEV);
        rmdir(inside);
        rmdir(outside);
}

/* Each call with its structure where it cannot be read, or not be written back. */
static void try_pointers(void)
{
        char *pages = mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        int fd = device_open(O_RDONLY);

        munmap(pages + PAGE_BYTES, PAGE_BYTES);
        for (enum call call = 0; call < CALL_N; call++) {
                union good good = good_call(call);
                bool answers = _IOC_DIR(calls[call].number) & _IOC_READ;
                struct jettison_info before = device_info(fd), after;
                void *bad[] = { NULL, pages + PAGE_BYTES, pages + PAGE_BYTES - 8, (void *)-PAGE_BYTES };

                memcpy(pages + PAGE_BYTES - 8, &good, 8);
                for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
                        row(result(ioctl(fd, calls[call].number, bad[i])) == EFAULT,
                            "%s at an address that is none, %zu: %s", calls[call].name, i, strerror(EFAULT));
                memcpy(pages, &good, calls[call].bytes);
                mprotect(pages, PAGE_BYTES, PROT_READ);
                if (answers)
                        row(result(ioctl(fd, calls[call].number, pages)) == EFAULT,
                            "%s that cannot be answered: %s", calls[call].name, strerror(EFAULT));
                mprotect(pages, PAGE_BYTES, PROT_READ | PROT_WRITE);
                after = device_info(fd);
                row(is_unchanged(&before, &after) && !is_held(&before), "… nothing has changed");
        }
        close(fd);
        munmap(pages, PAGE_BYTES);
}

static void try_mappings(void)
{
        for (size_t i = 0; i < sizeof(mappings) / sizeof(*mappings); i++) {
                int fd = device_open(mappings[i].open_flags), got;
                void *memory = mmap(NULL, mappings[i].bytes, mappings[i].protection, mappings[i].flags, fd,
                                    mappings[i].offset);

                got = memory == MAP_FAILED ? errno : 0;
                row(got == mappings[i].expected, "buffer, %s: %s", mappings[i].label,
                    strerror(mappings[i].expected));
                if (got != mappings[i].expected)
                        printf("# %s: %s\n", mappings[i].label, strerror(got));
                if (!got)
                        munmap(memory, mappings[i].bytes);
                close(fd);
        }
}

static bool maps(int fd, size_t bytes, void **ret_memory)
{
        void *memory = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);

        if (memory == MAP_FAILED)
                return false;
        *ret_memory = memory;
        return true;
}

/* One buffer at a time, for as long as any part of it is mapped. It is not for children. */
static void try_one_mapping(void)
{
        union good asked = good_call(CALL_SNAPSHOT);
        int fd = device_open(O_RDWR);
        void *memory = NULL, *other;
        pid_t child;

        row(result(ioctl(fd, JETTISON_SNAPSHOT, &asked)) == ENXIO,
            "snapshot without a buffer: %s", strerror(ENXIO));
        row(maps(fd, BUFFER_BYTES, &memory), "a buffer");
        row(!maps(fd, PAGE_BYTES, &other) && errno == EBUSY, "a second one: %s", strerror(EBUSY));
        row(mprotect(memory, BUFFER_BYTES, PROT_READ | PROT_WRITE) < 0 && errno == EACCES,
            "write access to it later: %s", strerror(EACCES));
        child = fork();
        if (child == 0)
                stay();
        munmap((char *)memory + PAGE_BYTES, BUFFER_BYTES - 2 * PAGE_BYTES);
        row(!maps(fd, BUFFER_BYTES, &other) && errno == EBUSY,
            "both ends are still there: %s", strerror(EBUSY));
        munmap(memory, BUFFER_BYTES);
        if (row(maps(fd, 2 * BUFFER_BYTES, &memory), "another size, when nothing is there any more")) {
                close(fd);
                row(((volatile char *)memory)[2 * BUFFER_BYTES - 1] == 0, "it outlives the descriptor");
                munmap(memory, 2 * BUFFER_BYTES);
        }
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
}

static void try_reading(void)
{
        int fd = device_open(O_RDONLY | O_NONBLOCK), holder = device_open(O_RDONLY);
        struct jettison_event events[2];
        void *volatile nowhere = NULL;
        union good watch = good_call(CALL_WATCH);

        row(read(fd, events, sizeof(*events)) < 0 && errno == EAGAIN,
            "reading, nothing there: %s", strerror(EAGAIN));
        row(read(fd, events, sizeof(*events) - 1) < 0 && errno == EINVAL,
            "reading a part: %s", strerror(EINVAL));
        watch.watch.available_low = watch.watch.available_high = UINT64_MAX;
        row(ioctl(holder, JETTISON_WATCH, &watch) == 0, "an event");
        row(read(fd, events, 0) < 0 && errno == EINVAL, "reading nothing: %s", strerror(EINVAL));
        row(read(fd, nowhere, sizeof(*events)) < 0 && errno == EFAULT,
            "reading to nowhere: %s", strerror(EFAULT));
        row(read(fd, events, 2 * sizeof(*events) - 1) == sizeof(*events) &&
                    events[0].kind == JETTISON_AVAILABLE_LOW,
            "it is still there, and comes whole");
        close(holder);
        close(fd);
}

/* Lines and order have one holder, until its last descriptor is closed. */
static void try_holding(void)
{
        int first = device_open(O_RDONLY), second = device_open(O_RDONLY), copy;
        struct jettison_info before = device_info(first), after;
        union good watch = good_call(CALL_WATCH), order = good_call(CALL_ORDER);

        row(ioctl(first, JETTISON_WATCH, &watch) == 0, "one takes the lines");
        row(result(ioctl(second, JETTISON_WATCH, &watch)) == EBUSY, "another does not: %s", strerror(EBUSY));
        row(result(ioctl(second, JETTISON_ORDER, &order)) == EBUSY, "nor the order: %s", strerror(EBUSY));
        row(ioctl(first, JETTISON_ORDER, &order) == 0, "the first does");
        after = device_info(second);
        row(after.available_low == watch.watch.available_low &&
                    after.available_high == watch.watch.available_high,
            "all see the lines");
        copy = dup(first);
        close(first);
        row(result(ioctl(second, JETTISON_WATCH, &watch)) == EBUSY, "a copy holds on: %s", strerror(EBUSY));
        close(copy);
        after = device_info(second);
        row(is_unchanged(&before, &after), "closing gives back the lines of before");
        row(ioctl(second, JETTISON_WATCH, &watch) == 0, "the other may now");
        close(second);
}

static void try_namespace(void)
{
        int status = -1;
        pid_t child = fork();

        if (child == 0) {
                if (unshare(CLONE_NEWUSER) < 0)
                        _exit(errno);
                _exit(open(JETTISON_DEVICE, O_RDONLY) < 0 ? errno : 0);
        }
        waitpid(child, &status, 0);
        row(WIFEXITED(status) && WEXITSTATUS(status) == EPERM, "opening it in another user namespace: %s",
            strerror(EPERM));
}

int verb_refusals(char **arguments)
{
        int fd = device_open(O_RDONLY);

        (void)arguments;
        try_namespace();
        try_fields();
        try_cgroups();
        try_pointers();
        for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
                char bytes[PAGE_BYTES] = { 1 };

                row(result(ioctl(fd, unknown[i], bytes)) == ENOTTY,
                    "call %#lx: %s", unknown[i], strerror(ENOTTY));
        }
        try_mappings();
        try_one_mapping();
        try_reading();
        try_holding();
        close(fd);
        return rows_status();
}
