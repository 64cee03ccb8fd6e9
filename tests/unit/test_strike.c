/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pool: orders in, reports out, on the loop's thread and in order; who is busy says so. A pipe without a
 * reader plays the cgroup.kill that does not return: a write to a full one blocks. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "act/strike.h"
#include "base/base.h"
#include "fake_group.h"

#define EVENTS_MAX 4096

static struct world w;
static struct loop loop;
static struct strikers *pool;
static pthread_t loop_thread;

static struct event {
        bool released;
        uint64_t ticket;
        struct strike_report report;
} events[EVENTS_MAX];
static size_t n_events;

static void on_struck(void *context, const struct strike_report *r)
{
        cr_assert_eq(context, &loop);
        cr_assert(pthread_equal(pthread_self(), loop_thread));
        cr_assert_lt(n_events, (size_t)EVENTS_MAX);
        events[n_events++] = (struct event){ .ticket = r->ticket, .report = *r };
}

static void on_released(void *context, uint64_t ticket)
{
        cr_assert_eq(context, &loop);
        cr_assert(pthread_equal(pthread_self(), loop_thread));
        cr_assert_lt(n_events, (size_t)EVENTS_MAX);
        events[n_events++] = (struct event){ .released = true, .ticket = ticket };
}

static void begin(const char *text)
{
        world_make(&w, text);
        cr_assert_eq(loop_init(&loop), 0);
        loop_thread = pthread_self();
        pool = strikers_new(&loop, on_struck, on_released, &loop);
        cr_assert_not_null(pool);
}

static void finish(void)
{
        pool = strikers_free(pool);
        loop_fini(&loop);
        world_remove(&w);
}

static void await(size_t n)
{
        for (uint64_t until_us = loop_now_us() + 5 * USEC_PER_SEC; n_events < n && loop_now_us() < until_us;)
                cr_assert_eq(loop_turn(&loop, 100 * USEC_PER_MSEC), 0);
        cr_assert_geq(n_events, n, "%zu of %zu events came", n_events, n);
}

static struct strike_order order_of(const char *path, enum strike_kind kind, uint64_t ticket)
{
        struct strike_order o = { .ticket = ticket, .kind = kind, .kill_fd = -1 };

        o.dir_fd = openat(w.fs.root_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cr_assert_geq(o.dir_fd, 0);
        o.procs_fd = openat(o.dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
        if (kind == STRIKE_GROUP)
                o.kill_fd = openat(o.dir_fd, "cgroup.kill", O_WRONLY | O_CLOEXEC);
        return o;
}

static void close_order(struct strike_order *o)
{
        close_p(&o->dir_fd);
        close_p(&o->procs_fd);
        close_p(&o->kill_fd);
}

Test(strike, names)
{
        cr_expect_str_eq(strike_name(STRIKE_TERM), "SIGTERM");
        cr_expect_str_eq(strike_name(STRIKE_GROUP), "cgroup.kill");
        cr_expect_str_eq(strike_name(STRIKE_EACH), "signals");
        cr_expect_str_eq(strike_name(STRIKE_KIND_N), "unknown");
}

Test(strike, each)
{
        size_t before = world_descriptors();
        struct strike_order o;
        struct group g;
        uint64_t asked_us;

        begin("/a\n");
        group_start(&g, &w, "a", 5, CHILD_IGNORES_TERM);
        o = order_of("a", STRIKE_EACH, 42);
        asked_us = loop_now_us();
        cr_expect_eq(strikers_submit(pool, &o), 0);
        await(2);
        cr_expect(!events[0].released && events[0].ticket == 42);
        cr_expect_eq(events[0].report.kind, STRIKE_EACH);
        cr_expect_eq(events[0].report.error, 0);
        cr_expect_eq(events[0].report.signalled, 5);
        cr_expect_geq(events[0].report.started_us, asked_us);
        cr_expect_geq(events[0].report.done_us, events[0].report.started_us);
        cr_expect_leq(events[0].report.done_us, loop_now_us());
        cr_expect(events[1].released && events[1].ticket == 42, "released after the report");
        for (int i = 0; i < 300 && group_update(&g) > 0; i++)
                usleep(10000);
        cr_expect_eq(group_update(&g), 0);
        close_order(&o);
        finish();
        group_end(&g);
        cr_expect_eq(world_descriptors(), before);
}

Test(strike, group_and_term)
{
        struct strike_order kill, term;
        struct group g;
        char text[8] = "";
        int fd;

        begin("/a\n");
        group_start(&g, &w, "a", 3, CHILD_SLEEPS);
        kill = order_of("a", STRIKE_GROUP, 1);
        cr_expect_eq(strikers_submit(pool, &kill), 0);
        await(2);
        cr_expect_eq(events[0].report.error, 0);
        fd = openat(kill.dir_fd, "cgroup.kill", O_RDONLY | O_CLOEXEC);
        cr_expect_eq(pread(fd, text, sizeof(text), 0), 1);
        cr_expect_str_eq(text, "1");
        close(fd);
        cr_expect_eq(group_update(&g), 3, "a plain file kills nobody");

        term = order_of("a", STRIKE_TERM, 2);
        cr_expect_eq(strikers_submit(pool, &term), 0);
        await(4);
        cr_expect_eq(events[2].report.kind, STRIKE_TERM);
        cr_expect_eq(events[2].report.signalled, 3);
        for (int i = 0; i < 300 && group_update(&g) > 0; i++)
                usleep(10000);
        cr_expect_eq(group_update(&g), 0);
        close_order(&kill);
        close_order(&term);
        finish();
        group_end(&g);
}

Test(strike, errors_are_told)
{
        struct strike_order o;

        begin("/a\n");
        o = order_of("a", STRIKE_GROUP, 1);
        close_p(&o.kill_fd);
        o.kill_fd = openat(o.dir_fd, "cgroup.kill", O_RDONLY | O_CLOEXEC);
        cr_expect_eq(strikers_submit(pool, &o), 0);
        await(2);
        cr_expect_eq(events[0].report.error, -EBADF);
        cr_expect_eq(events[0].report.signalled, 0);
        close_order(&o);
        finish();
}

Test(strike, all_busy)
{
        struct strike_order orders[4];
        int pipes[3][2];

        begin("/a\n");
        for (size_t i = 0; i < 3; i++) {
                fill_pipe(pipes[i]);
                orders[i] = order_of("a", STRIKE_GROUP, i);
                close_p(&orders[i].kill_fd);
                orders[i].kill_fd = pipes[i][1];
                cr_expect_eq(strikers_submit(pool, &orders[i]), 0);
        }
        orders[3] = order_of("a", STRIKE_EACH, 3);
        for (int i = 0; i < 20; i++) {
                cr_expect_eq(strikers_submit(pool, &orders[3]), -EBUSY);
                loop_turn(&loop, 1000);
        }
        cr_expect_eq(n_events, 0);

        release_pipe(pipes[1]);
        await(2);
        cr_expect_eq(events[0].ticket, 1, "the one that was let go");
        cr_expect_eq(strikers_submit(pool, &orders[3]), 0, "its thread is free again");
        await(4);
        cr_expect_eq(events[2].ticket, 3);
        for (size_t i = 0; i < 3; i += 2)
                release_pipe(pipes[i]);
        await(8);
        for (size_t i = 0; i < 3; i++)
                close(pipes[i][0]);
        for (size_t i = 0; i < 4; i++)
                close_order(&orders[i]);
        finish();
}

/* Many orders, as fast as they go: each is reported once, then released once. */
Test(strike, many_orders)
{
        struct strike_order o;
        uint64_t next = 0;

        begin("/a\n");
        o = order_of("a", STRIKE_GROUP, 0);
        while (next < 1000) {
                o.ticket = next;
                if (strikers_submit(pool, &o) == 0)
                        next++;
                else
                        cr_assert_eq(loop_turn(&loop, USEC_PER_SEC), 0);
        }
        await(2000);
        cr_expect_eq(n_events, 2000);
        for (uint64_t ticket = 0; ticket < 1000; ticket++) {
                size_t reports = 0, releases = 0;

                for (size_t i = 0; i < n_events; i++) {
                        if (events[i].ticket != ticket)
                                continue;
                        cr_assert(!events[i].released || reports == 1, "released before the report");
                        reports += !events[i].released;
                        releases += events[i].released;
                }
                cr_assert(reports == 1 && releases == 1, "ticket %lu: %zu reports", ticket, reports);
        }
        close_order(&o);
        finish();
}

Test(strike, freed_with_an_order_under_way)
{
        struct strike_order o;
        struct group g;

        for (int i = 0; i < 20; i++) {
                begin("/a\n");
                group_start(&g, &w, "a", 2, CHILD_SLEEPS);
                o = order_of("a", STRIKE_EACH, 1);
                cr_expect_eq(strikers_submit(pool, &o), 0);
                finish();
                close_order(&o);
                group_end(&g);
        }
}

/* What was left behind must stay: the thread comes back to it. */
static struct strikers *volatile left_behind;

Test(strike, freed_while_one_hangs)
{
        struct strike_order o;
        uint64_t begun_us;
        int ends[2];

        begin("/a\n");
        fill_pipe(ends);
        o = order_of("a", STRIKE_GROUP, 1);
        close_p(&o.kill_fd);
        o.kill_fd = ends[1];
        cr_expect_eq(strikers_submit(pool, &o), 0);
        left_behind = pool;
        usleep(100000);                 /* an order that was not begun would be dropped */
        begun_us = loop_now_us();
        finish();
        cr_expect_geq(loop_now_us() - begun_us, 500 * USEC_PER_MSEC, "it was waited for …");
        cr_expect_lt(loop_now_us() - begun_us, 3 * USEC_PER_SEC, "… and left behind");
        cr_expect_null(pool);
        /* The write now fails, and the thread comes back to memory that it still may use. Nothing tells
         * when it has, so its descriptors are left to it. */
        close(ends[0]);
        usleep(50000);
}
