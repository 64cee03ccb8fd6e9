/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Timers live in user space: the loop knows a few dozen at most, looks through them before it sleeps, and
 * hands the nearest to epoll_pwait2 as its time-out. A timer descriptor would cost a read and a re-arm on
 * each expiry, which would double the system calls of a calm daemon. Events are taken in batches small
 * enough that a signal or a deadline never waits behind a long queue. A callback may unwatch any source:
 * the batch is scanned for it. */
#include "base/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <time.h>

#include "base/base.h"

#define LOOP_BATCH 16

static struct epoll_event batch[LOOP_BATCH];
static int n_batch;

int loop_init(struct loop *l)
{
        *l = (struct loop)LOOP_INIT;
        l->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        return l->epoll_fd < 0 ? -errno : 0;
}

void loop_fini(struct loop *l)
{
        close_p(&l->epoll_fd);
        *l = (struct loop)LOOP_INIT;
}

uint64_t loop_now_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / NSEC_PER_USEC;
}

int loop_watch(struct loop *l, struct loop_source *source, uint32_t epoll_events)
{
        struct epoll_event event = { .events = epoll_events, .data.ptr = source };

        return epoll_ctl(l->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) < 0 ? -errno : 0;
}

void loop_unwatch(struct loop *l, struct loop_source *source)
{
        epoll_ctl(l->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
        for (int i = 0; i < n_batch; i++)
                if (batch[i].data.ptr == source)
                        batch[i].data.ptr = NULL;
}

int loop_add_timer(struct loop *l, struct loop_timer *timer)
{
        if (l->n_timers == ARRAY_SIZE(l->timers))
                return -ENOSPC;
        timer->due_us = LOOP_NEVER;
        l->timers[l->n_timers++] = timer;
        return 0;
}

static uint64_t nearest_due(const struct loop *l)
{
        uint64_t due_us = LOOP_NEVER;

        for (size_t i = 0; i < l->n_timers; i++)
                due_us = u64_min(due_us, l->timers[i]->due_us);
        return due_us;
}

static void run_timers(struct loop *l)
{
        uint64_t now_us = loop_now_us();

        for (size_t i = 0; i < l->n_timers; i++) {
                struct loop_timer *timer = l->timers[i];

                if (timer->due_us > now_us)
                        continue;
                timer->due_us = LOOP_NEVER;
                timer->due(timer);
        }
}

int loop_turn(struct loop *l, uint64_t timeout_us)
{
        uint64_t due_us = nearest_due(l);
        struct timespec wait, *limit = NULL;

        if (due_us != LOOP_NEVER)
                timeout_us = u64_min(timeout_us, u64_less(due_us, loop_now_us()));
        if (timeout_us != LOOP_NEVER) {
                wait.tv_sec = (time_t)(timeout_us / USEC_PER_SEC);
                wait.tv_nsec = (long)(timeout_us % USEC_PER_SEC * NSEC_PER_USEC);
                limit = &wait;
        }

        n_batch = epoll_pwait2(l->epoll_fd, batch, LOOP_BATCH, limit, NULL);
        l->wakeups++;
        if (n_batch < 0 && errno != EINTR)
                return -errno;
        for (int i = 0; i < n_batch; i++) {
                struct loop_source *source = batch[i].data.ptr;

                if (source)
                        source->ready(source, batch[i].events);
        }
        n_batch = 0;
        run_timers(l);
        return 0;
}

int loop_run(struct loop *l)
{
        int r = 0;

        while (!l->stop && r >= 0)
                r = loop_turn(l, LOOP_NEVER);
        return r;
}
