/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Events as lines of text, for scenarios to search. "late_us" is from the event until this program has it,
 * "gap" how many sequence numbers are missing before it that "dropped" does not account for.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

#define READ_EVENTS 64u         /* as many as one read takes here */
#define RING_EVENTS 256u        /* as many as the module keeps for who sleeps */
#define RENEWED_MS  500u        /* many looks of the module at a victim that does not die */

typedef unsigned long long ull;

static const char *const kinds[JETTISON_EVENT_N] = {
        [JETTISON_AVAILABLE_LOW] = "AVAILABLE_LOW",
        [JETTISON_AVAILABLE_OK] = "AVAILABLE_OK",
        [JETTISON_SWAP_LOW] = "SWAP_LOW",
        [JETTISON_SWAP_OK] = "SWAP_OK",
        [JETTISON_RECLAIM] = "RECLAIM",
        [JETTISON_OOM] = "OOM",
        [JETTISON_STRUCK] = "STRUCK",
        [JETTISON_DIED] = "DIED",
        [JETTISON_ASIDE] = "ASIDE",
};

static void event_print(const struct jettison_event *e, uint64_t gap)
{
        bool known = e->kind > 0 && e->kind < JETTISON_EVENT_N;

        printf("%s sequence=%llu dropped=%llu gap=%llu ms=%llu late_us=%llu available_kib=%llu swap_kib=%llu "
               "round=%llu cgroup=%llu value=%llu detail=%u\n",
               known ? kinds[e->kind] : "UNKNOWN", (ull)e->sequence, (ull)e->dropped, (ull)gap,
               (ull)e->time_ns / 1000000, (ull)(now_ns() - e->time_ns) / 1000, (ull)e->available >> 10,
               (ull)e->swap_free >> 10, (ull)e->round, (ull)e->cgroup, (ull)e->value, e->detail);
}

static int events_print(int fd)
{
        struct jettison_event events[READ_EVENTS];
        uint64_t last = 0;
        ssize_t got;

        while ((got = read(fd, events, sizeof(events))) > 0) {
                for (size_t i = 0; i < (size_t)got / sizeof(*events); i++) {
                        uint64_t expected = last + 1 + events[i].dropped;

                        event_print(&events[i], last ? events[i].sequence - expected : 0);
                        last = events[i].sequence;
                }
                fflush(stdout);
        }
        return failed("read");
}

int verb_events(char **arguments)
{
        int fd = device_open(O_RDONLY);

        printf("ready\n");
        fflush(stdout);
        if (arguments[0])
                wait_ms((unsigned)strtoul(arguments[0], NULL, 10));
        return events_print(fd);
}

int verb_watch(char **arguments)
{
        int fd = device_open(O_RDONLY);
        struct jettison_watch watch = {
                .version = JETTISON_ABI,
                .available_low = strtoull(arguments[0], NULL, 10) << 20,
                .available_high = strtoull(arguments[1], NULL, 10) << 20,
                .swap_low = strtoull(arguments[2], NULL, 10) << 20,
                .swap_high = strtoull(arguments[3], NULL, 10) << 20,
        };

        if (ioctl(fd, JETTISON_WATCH, &watch) < 0)
                return failed("JETTISON_WATCH");
        printf("ready\n");
        fflush(stdout);
        return events_print(fd);
}

/* A round, its two times in ms, and groups in the order of their turn. */
static struct jettison_order order_parse(char **arguments)
{
        struct jettison_order order = {
                .version = JETTISON_ABI,
                .round = strtoull(arguments[0], NULL, 10),
                .expires_ms = (uint32_t)strtoul(arguments[1], NULL, 10),
                .deadline_ms = (uint32_t)strtoul(arguments[2], NULL, 10),
                .available_max = UINT64_MAX,
        };

        for (; arguments[3] && order.n < JETTISON_ORDER_MAX; arguments++)
                order.cgroups[order.n++] = group_id(arguments[3]);
        return order;
}

int verb_order(char **arguments)
{
        struct jettison_order order = order_parse(arguments);
        int fd = device_open(O_RDONLY);

        if (ioctl(fd, JETTISON_ORDER, &order) < 0)
                return failed("JETTISON_ORDER");
        printf("ready taken=%u\n", order.n_taken);
        fflush(stdout);
        return events_print(fd);
}

/* Counts events of a kind, until there is one of another kind; the last one is the answer. */
static unsigned events_until(int fd, uint32_t until, uint32_t counted, struct jettison_event *ret_event)
{
        unsigned n = 0;

        while (read(fd, ret_event, sizeof(*ret_event)) == sizeof(*ret_event)) {
                n += ret_event->kind == counted;
                if (ret_event->kind == until)
                        break;
        }
        return n;
}

/* A process that is traced stops on the way to its end, until it is let go. Memory is out meanwhile, and
 * whoever needs some waits: so nothing is printed before it is over. */
int verb_renew(char **arguments)
{
        pid_t pid = (pid_t)strtol(arguments[0], NULL, 10);
        struct jettison_order order = order_parse(arguments + 1);
        struct jettison_event struck, died;
        struct jettison_info acting;
        int fd = device_open(O_RDONLY), r;
        unsigned n;

        if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0 ||
            ptrace(PTRACE_SEIZE, pid, NULL, PTRACE_O_TRACEEXIT) < 0 || ioctl(fd, JETTISON_ORDER, &order) < 0)
                return failed("an order for a traced process");
        printf("ready\n");
        fflush(stdout);

        n = events_until(fd, JETTISON_STRUCK, JETTISON_STRUCK, &struck);
        waitpid(pid, NULL, __WALL);
        order.round++;
        r = ioctl(fd, JETTISON_ORDER, &order);
        wait_ms(RENEWED_MS);
        acting = device_info(fd);
        ptrace(PTRACE_DETACH, pid, NULL, NULL);
        n += events_until(fd, JETTISON_DIED, JETTISON_STRUCK, &died);

        row(r == 0 && order.n_taken == order.n, "an order is renewed while its first victim dies");
        row(acting.order_state == JETTISON_ORDER_ACTING && acting.order_next == 1 &&
                    acting.order_round == order.round,
            "it goes on where the old one was");
        row(struck.round + 1 == order.round && struck.cgroup == order.cgroups[0] && n == 1,
            "nobody else is struck for %u ms, and nobody twice", RENEWED_MS);
        row(died.round == order.round && died.cgroup == order.cgroups[0] && died.detail == 1 &&
                    died.value >= RENEWED_MS * 1000,
            "the victim dies in the new round (%llu us)", (ull)died.value);
        stay();
}

/* Lines below which memory always is make an event with each call. */
static bool flood_make(int fd, unsigned n)
{
        struct jettison_watch watch = {
                .version = JETTISON_ABI, .available_low = UINT64_MAX, .available_high = UINT64_MAX,
        };

        while (n--)
                if (ioctl(fd, JETTISON_WATCH, &watch) < 0)
                        return false;
        return true;
}

/* Reads all there is; returns how many, and whether each follows the one before. */
static size_t flood_read(int fd, struct jettison_event *first, uint64_t *sequence, bool *ret_dense)
{
        struct jettison_event events[READ_EVENTS];
        size_t n = 0;
        ssize_t got;

        *ret_dense = true;
        while ((got = read(fd, events, sizeof(events))) > 0)
                for (size_t i = 0; i < (size_t)got / sizeof(*events); i++, n++) {
                        if (n == 0)
                                *first = events[i];
                        else if (events[i].sequence != *sequence + 1 || events[i].dropped)
                                *ret_dense = false;
                        *sequence = events[i].sequence;
                }
        return n;
}

int verb_flood(char **arguments)
{
        unsigned n = (unsigned)strtoul(arguments[0], NULL, 10);
        int holder = device_open(O_RDONLY), slow = device_open(O_RDONLY | O_NONBLOCK), late;
        struct pollfd wait = { .fd = slow, .events = POLLIN };
        uint64_t before = device_info(holder).events, last = 0;
        struct jettison_event first = { 0 };
        bool dense = false;
        size_t got;

        row(poll(&wait, 1, 0) == 0, "nothing is waiting before");
        if (!flood_make(holder, n))
                return failed("JETTISON_WATCH");
        late = device_open(O_RDONLY | O_NONBLOCK);
        row(device_info(holder).events >= before + n, "%u lines that are crossed make as many events", n);
        row(poll(&wait, 1, 0) == 1, "poll says so");
        got = flood_read(slow, &first, &last, &dense);
        row(got == RING_EVENTS, "who slept gets the last %u (%zu)", RING_EVENTS, got);
        row(first.dropped == last - before - RING_EVENTS && first.dropped > 0,
            "and is told how many it missed (%llu)", (ull)first.dropped);
        row(first.sequence == before + 1 + first.dropped && dense, "sequence numbers have no other gap");
        row(read(late, &first, sizeof(first)) < 0 && errno == EAGAIN, "a new reader sees nothing of before");
        row(flood_make(holder, 1) && read(late, &first, sizeof(first)) == sizeof(first) &&
                    first.sequence == last + 1 && first.dropped == 0,
            "but what comes then, with nothing missed");
        return rows_status();
}
