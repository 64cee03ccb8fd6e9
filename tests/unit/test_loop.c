/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The loop with real pipes and the real clock. No test relies on being fast: only that nothing happens too
 * early, that what is due happens, and in which order. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/time.h>

#include "base/base.h"
#include "base/loop.h"

#define SOON_US (5 * USEC_PER_MSEC)
#define LONG_US (10 * USEC_PER_SEC)     /* a test that waits so long has failed */

struct pipe_source {
        struct loop_source source;
        int write_fd;
        struct loop *loop;
        struct pipe_source *victim;     /* unwatched by the callback */
        unsigned calls;
        uint32_t events;
        bool drains;
};

static void pipe_ready(struct loop_source *source, uint32_t epoll_events)
{
        struct pipe_source *p = CONTAINER_OF(source, struct pipe_source, source);
        char byte;

        p->calls++;
        p->events = epoll_events;
        if (p->drains)
                cr_assert_eq(read(source->fd, &byte, 1), 1);
        if (p->victim)
                loop_unwatch(p->loop, &p->victim->source);
}

static void pipe_open(struct pipe_source *p, struct loop *l)
{
        int fds[2];

        cr_assert_eq(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
        *p = (struct pipe_source){ .source = { .ready = pipe_ready, .fd = fds[0] },
                                   .write_fd = fds[1],
                                   .loop = l };
        cr_assert_eq(loop_watch(l, &p->source, EPOLLIN), 0);
}

static void pipe_close(struct pipe_source *p)
{
        close(p->source.fd);
        close(p->write_fd);
}

struct counted_timer {
        struct loop_timer timer;
        struct loop *loop;
        uint64_t again_us;      /* set anew by the callback, that much later; 0: not */
        unsigned calls;
        uint64_t at_us;         /* when it was called last */
};

static void timer_due(struct loop_timer *timer)
{
        struct counted_timer *t = CONTAINER_OF(timer, struct counted_timer, timer);

        t->calls++;
        t->at_us = loop_now_us();
        if (t->again_us)
                timer->due_us = t->at_us + t->again_us;
}

Test(loop, pipe_is_heard_until_unwatched)
{
        struct loop l = LOOP_INIT;
        struct pipe_source p;

        cr_assert_eq(loop_init(&l), 0);
        pipe_open(&p, &l);
        cr_expect_eq(loop_turn(&l, 0), 0);
        cr_expect_eq(p.calls, 0, "nothing to read");
        cr_assert_eq(write(p.write_fd, "x", 1), 1);
        cr_expect_eq(loop_turn(&l, LONG_US), 0);
        cr_expect_eq(p.calls, 1);
        cr_expect(p.events & EPOLLIN);
        cr_expect_eq(loop_turn(&l, LONG_US), 0);
        cr_expect_eq(p.calls, 2, "unread data is told again");
        loop_unwatch(&l, &p.source);
        cr_expect_eq(loop_turn(&l, 0), 0);
        cr_expect_eq(p.calls, 2, "not watched any more");
        cr_expect_eq(l.wakeups, 4, "one wake-up per turn: %lu", l.wakeups);
        pipe_close(&p);
        loop_fini(&l);
}

Test(loop, closed_pipe_is_told)
{
        struct loop l = LOOP_INIT;
        struct pipe_source p;

        cr_assert_eq(loop_init(&l), 0);
        pipe_open(&p, &l);
        close(p.write_fd);
        cr_expect_eq(loop_turn(&l, LONG_US), 0);
        cr_expect(p.events & EPOLLHUP);
        close(p.source.fd);
        loop_fini(&l);
}

/* Both pipes are ready in one batch; whichever is called first unwatches the other, which must then not be
 * called. */
Test(loop, unwatch_inside_a_callback)
{
        struct loop l = LOOP_INIT;
        struct pipe_source a, b;

        cr_assert_eq(loop_init(&l), 0);
        pipe_open(&a, &l);
        pipe_open(&b, &l);
        a.victim = &b;
        b.victim = &a;
        cr_assert(write(a.write_fd, "x", 1) == 1 && write(b.write_fd, "x", 1) == 1);
        cr_expect_eq(loop_turn(&l, LONG_US), 0);
        cr_expect_eq(a.calls + b.calls, 1, "%u and %u calls", a.calls, b.calls);
        pipe_close(&a);
        pipe_close(&b);
        loop_fini(&l);
}

/* Each unwatches itself and is freed when the turn is over; the loop must know nothing of it then. */
Test(loop, unwatch_oneself)
{
        struct loop l = LOOP_INIT;
        struct pipe_source *p[4];
        unsigned calls = 0;

        cr_assert_eq(loop_init(&l), 0);
        for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
                p[i] = malloc(sizeof(*p[i]));
                pipe_open(p[i], &l);
                p[i]->victim = p[i];
                cr_assert_eq(write(p[i]->write_fd, "x", 1), 1);
        }
        cr_expect_eq(loop_turn(&l, LONG_US), 0);
        for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
                calls += p[i]->calls;
                close(p[i]->write_fd);
                free(p[i]);
        }
        cr_expect_eq(calls, 4, "%u calls", calls);
        cr_expect_eq(loop_turn(&l, 0), 0);
        loop_fini(&l);
}

/* More ready descriptors than one batch takes: none is forgotten. */
Test(loop, more_than_a_batch)
{
        struct pipe_source p[40];
        struct loop l = LOOP_INIT;

        cr_assert_eq(loop_init(&l), 0);
        for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
                pipe_open(&p[i], &l);
                p[i].drains = true;
                cr_assert_eq(write(p[i].write_fd, "x", 1), 1);
        }
        for (size_t turn = 0; turn < ARRAY_SIZE(p); turn++)
                cr_assert_eq(loop_turn(&l, 0), 0);
        for (size_t i = 0; i < ARRAY_SIZE(p); i++) {
                cr_expect_eq(p[i].calls, 1, "pipe %zu: %u calls", i, p[i].calls);
                pipe_close(&p[i]);
        }
        loop_fini(&l);
}

Test(loop, watching_what_is_not_open)
{
        struct loop l = LOOP_INIT;
        struct loop_source s = { .ready = pipe_ready, .fd = -1 };

        cr_assert_eq(loop_init(&l), 0);
        cr_expect_eq(loop_watch(&l, &s, EPOLLIN), -EBADF);
        loop_unwatch(&l, &s);
        loop_fini(&l);
        loop_fini(&l);
        cr_expect_eq(l.epoll_fd, -1, "twice is once");
}

Test(loop, timer_fires_once_and_not_early)
{
        struct loop l = LOOP_INIT;
        struct counted_timer t = { .timer = { .due = timer_due } };
        uint64_t due_us;

        cr_assert_eq(loop_init(&l), 0);
        cr_assert_eq(loop_add_timer(&l, &t.timer), 0);
        cr_expect_eq(t.timer.due_us, LOOP_NEVER, "not set at first");
        cr_expect_eq(loop_turn(&l, 0), 0);
        cr_expect_eq(t.calls, 0);
        t.timer.due_us = due_us = loop_now_us() + SOON_US;
        while (t.calls == 0)
                cr_assert_eq(loop_turn(&l, LONG_US), 0);
        cr_expect_geq(t.at_us, due_us, "early by %lu us", due_us - t.at_us);
        cr_expect_lt(t.at_us, due_us + LONG_US, "the turn did not end with the timer");
        cr_expect_eq(t.timer.due_us, LOOP_NEVER, "unset again");
        cr_expect_eq(loop_turn(&l, 2 * SOON_US), 0);
        cr_expect_eq(t.calls, 1);
        loop_fini(&l);
}

/* Turns that end for another reason look at the timers too, and leave alone what is not due yet. */
Test(loop, busy_turns_do_not_fire_early)
{
        struct loop l = LOOP_INIT;
        struct counted_timer t = { .timer = { .due = timer_due } };
        uint64_t due_us;

        cr_assert_eq(loop_init(&l), 0);
        cr_assert_eq(loop_add_timer(&l, &t.timer), 0);
        t.timer.due_us = due_us = loop_now_us() + SOON_US;
        while (t.calls == 0)
                cr_assert_eq(loop_turn(&l, 0), 0);
        cr_expect_geq(t.at_us, due_us, "early by %lu us", due_us - t.at_us);
        loop_fini(&l);
}

Test(loop, turn_ends_at_its_timeout)
{
        struct loop l = LOOP_INIT;
        struct counted_timer far = { .timer = { .due = timer_due } };
        uint64_t begun_us;

        cr_assert_eq(loop_init(&l), 0);
        cr_assert_eq(loop_add_timer(&l, &far.timer), 0);
        far.timer.due_us = (begun_us = loop_now_us()) + LONG_US;
        cr_expect_eq(loop_turn(&l, SOON_US), 0);
        cr_expect_geq(loop_now_us() - begun_us, SOON_US, "too early");
        cr_expect_lt(loop_now_us() - begun_us, LONG_US, "only with the timer");
        cr_expect_eq(far.calls, 0);
        loop_fini(&l);
}

/* A timer that is past due fires in a turn that does not wait, and one that sets itself anew fires again,
 * later. */
Test(loop, timer_sets_itself_anew)
{
        struct loop l = LOOP_INIT;
        struct counted_timer t = { .timer = { .due = timer_due }, .again_us = SOON_US };
        uint64_t first_us;

        cr_assert_eq(loop_init(&l), 0);
        cr_assert_eq(loop_add_timer(&l, &t.timer), 0);
        t.timer.due_us = 1;
        cr_expect_eq(loop_turn(&l, LOOP_NEVER), 0);
        cr_expect_eq(t.calls, 1);
        first_us = t.at_us;
        while (t.calls == 1)
                cr_assert_eq(loop_turn(&l, LOOP_NEVER), 0);
        cr_expect_geq(t.at_us - first_us, SOON_US);
        loop_fini(&l);
}

/* Timers that are always due keep no descriptor waiting, and a descriptor that is always ready no timer. */
Test(loop, timers_and_pipes_take_turns)
{
        struct loop l = LOOP_INIT;
        struct counted_timer one = { .timer = { .due = timer_due } },
                             other = { .timer = { .due = timer_due } };
        struct pipe_source p;

        cr_assert_eq(loop_init(&l), 0);
        cr_assert_eq(loop_add_timer(&l, &one.timer), 0);
        cr_assert_eq(loop_add_timer(&l, &other.timer), 0);
        pipe_open(&p, &l);
        cr_assert_eq(write(p.write_fd, "x", 1), 1);
        for (unsigned i = 1; i <= 3; i++) {
                one.timer.due_us = other.timer.due_us = 1;
                cr_expect_eq(loop_turn(&l, LOOP_NEVER), 0);
                cr_expect(one.calls == i && other.calls == i && p.calls == i, "turn %u", i);
        }
        pipe_close(&p);
        loop_fini(&l);
}

Test(loop, timers_have_a_limit)
{
        struct loop l = LOOP_INIT;
        struct loop_timer timers[LOOP_TIMERS_MAX + 1];

        cr_assert_eq(loop_init(&l), 0);
        for (size_t i = 0; i < LOOP_TIMERS_MAX; i++)
                cr_assert_eq(loop_add_timer(&l, &timers[i]), 0, "timer %zu", i);
        cr_expect_eq(loop_add_timer(&l, &timers[LOOP_TIMERS_MAX]), -ENOSPC);
        loop_fini(&l);
        cr_expect_eq(l.n_timers, 0);
}

static void stop_due(struct loop_timer *timer)
{
        struct counted_timer *t = CONTAINER_OF(timer, struct counted_timer, timer);

        t->loop->stop = true;
}

Test(loop, runs_until_stopped)
{
        struct loop l = LOOP_INIT;
        struct counted_timer t = { .timer = { .due = stop_due }, .loop = &l };

        cr_assert_eq(loop_init(&l), 0);
        cr_assert_eq(loop_add_timer(&l, &t.timer), 0);
        t.timer.due_us = loop_now_us() + SOON_US;
        cr_expect_eq(loop_run(&l), 0);
        cr_expect(l.stop);
        loop_fini(&l);
        cr_expect_lt(loop_run(&l), 0, "a loop without its descriptor says so");
}

static void on_alarm(int signal UNUSED)
{
}

/* A signal that interrupts the wait is no error, and the timers are looked at all the same. */
Test(loop, interrupted_by_a_signal)
{
        const struct sigaction action = { .sa_handler = on_alarm };
        const struct itimerval soon = { .it_value = { .tv_usec = SOON_US } };
        struct loop l = LOOP_INIT;
        struct pipe_source p;

        cr_assert_eq(loop_init(&l), 0);
        pipe_open(&p, &l);
        cr_assert_eq(sigaction(SIGALRM, &action, NULL), 0);
        cr_assert_eq(setitimer(ITIMER_REAL, &soon, NULL), 0);
        cr_expect_eq(loop_turn(&l, LONG_US), 0);
        cr_assert_eq(write(p.write_fd, "x", 1), 1);
        cr_expect_eq(loop_turn(&l, LONG_US), 0);
        cr_expect_eq(p.calls, 1, "and the loop goes on");
        pipe_close(&p);
        loop_fini(&l);
}
