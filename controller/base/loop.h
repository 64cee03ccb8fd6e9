/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The event loop: descriptors, timers, signals. The only clock of the daemon. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOOP_TIMERS_MAX 32
#define LOOP_NEVER      UINT64_MAX

struct loop;

/* A descriptor that is watched. Embedded in whoever cares for it; the loop borrows it until loop_unwatch. */
struct loop_source {
        void (*ready)(struct loop_source *source, uint32_t epoll_events);
        int fd;
};

/* A deadline. Embedded likewise. due_us is LOOP_NEVER while it is not set. */
struct loop_timer {
        void (*due)(struct loop_timer *timer);
        uint64_t due_us;
};

struct loop {
        int epoll_fd;
        bool stop;
        struct loop_timer *timers[LOOP_TIMERS_MAX];
        size_t n_timers;
        uint64_t wakeups;       /* how often epoll_wait has returned */
};

#define LOOP_INIT { .epoll_fd = -1 }

int loop_init(struct loop *l);
void loop_fini(struct loop *l);

/* CLOCK_MONOTONIC in microseconds. Answered by the vDSO: no system call. */
uint64_t loop_now_us(void);

int loop_watch(struct loop *l, struct loop_source *source, uint32_t epoll_events);
void loop_unwatch(struct loop *l, struct loop_source *source);

/* Makes a timer known (once, at start); -ENOSPC past LOOP_TIMERS_MAX. It is set by writing due_us. */
int loop_add_timer(struct loop *l, struct loop_timer *timer);

/* Runs until 'stop' is set: one epoll_wait per turn, whose time-out is the nearest timer, so that an idle
 * turn costs one system call and no timer descriptor exists. Returns 0 or -errno. */
int loop_run(struct loop *l);

/* One turn, at most timeout_us long; for the rehearsal and for tests. */
int loop_turn(struct loop *l, uint64_t timeout_us);
