/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hands: threads that do what can block (cgroup.kill, signals, process_mrelease), so that the loop
 * never waits. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"

enum strike_kind {
        STRIKE_TERM,            /* SIGTERM to every process, through pidfds */
        STRIKE_GROUP,           /* 1 → cgroup.kill */
        STRIKE_EACH,            /* SIGKILL to every process, through pidfds, until none is left */
        STRIKE_ORDER,           /* the kernel module did, by its standing order: never submitted, only told
                                 * of */
        STRIKE_KIND_N,
};

/* What to do to one cgroup. The descriptors are borrowed until the report has come: whoever submits must
 * keep them open. */
struct strike_order {
        uint64_t ticket;        /* the caller's, given back in the report */
        enum strike_kind kind;
        int dir_fd, kill_fd, procs_fd;
        bool reap;              /* process_mrelease afterwards, which may wait for as long as a victim likes */
};

struct strike_report {
        uint64_t ticket;
        enum strike_kind kind;
        int error;              /* 0, or -errno of the deed: of cgroup.kill, or of the first signal that
                                 * failed */
        uint32_t signalled;     /* processes; cgroup.kill does not tell how many, then 0 */
        uint64_t started_us, done_us;   /* CLOCK_MONOTONIC: before and after the deed itself, reaping not
                                         * included */
};

struct strikers;

/* Starts the threads. 'struck' is called on the loop's thread for each order, once the deed is done;
 * 'released' (may be NULL) when its thread has let go of the descriptors, reaping done. NULL when threads
 * or memory are not to be had. */
struct strikers *strikers_new(struct loop *loop, void (*struck)(void *context, const struct strike_report *),
                              void (*released)(void *context, uint64_t ticket), void *context);

/* Ends the threads; one that is blocked in the kernel is left behind. Returns NULL. */
struct strikers *strikers_free(struct strikers *s);

/* Hands an order to a thread that is free. 0, or -EBUSY when all of them are blocked. Never waits, never
 * allocates. */
int strikers_submit(struct strikers *s, const struct strike_order *order);

const char *strike_name(enum strike_kind k);    /* "SIGTERM", "cgroup.kill", … */
