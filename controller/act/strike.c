/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cgroup.kill takes cgroup_mutex, behind which a storm of mkdir and rmdir has been measured to hold a
 * writer for half a second; process_mrelease waits for a victim's mmap_lock. Neither may hold up the loop,
 * and neither may hold up the other: so there are three threads, each with room for one order. One may be
 * stuck in cgroup.kill, the second sends signals instead, and the third is left for the next victim. Who
 * repeats a strike asks for no process_mrelease again, or one victim would take all three.
 *
 * An order is handed over under a mutex that is held for a few instructions only, never across a system
 * call that can block; a report comes back the same way and wakes the loop through an eventfd. */
#include "act/strike.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>

#include "act/signals.h"
#include "base/base.h"

#define THREADS      3
#define STACK_BYTES  (128 * KIB)        /* signals.c takes 90 in a tree as deep as it follows */
#define STACK_USED   (20 * KIB)         /* touched at the start: enough for eight levels */
#define REAP_MAX     64                 /* processes whose memory is taken back early; the rest go by their
                                         * own exit */

enum phase { PHASE_IDLE, PHASE_ORDERED, PHASE_STRUCK, PHASE_DONE };

struct striker {
        struct strikers *pool;
        pthread_t thread;
        pthread_mutex_t mutex;
        pthread_cond_t ordered;
        enum phase phase;
        bool reported;          /* the report has been given to the loop */
        bool stop;
        struct strike_order order;
        struct strike_report report;
};

struct strikers {
        struct striker strikers[THREADS];
        size_t n;
        struct loop *loop;
        struct loop_source wake;
        void (*struck)(void *context, const struct strike_report *);
        void (*released)(void *context, uint64_t ticket);
        void *context;
};

static void set_phase(struct striker *s, enum phase phase)
{
        uint64_t one = 1;
        ssize_t n;

        pthread_mutex_lock(&s->mutex);
        s->phase = phase;
        pthread_mutex_unlock(&s->mutex);
        n = write(s->pool->wake.fd, &one, sizeof(one));
        (void)n;
}

static int kill_group(const struct strike_order *o)
{
        return write(o->kill_fd, "1", 1) == 1 ? 0 : -errno;
}

static void carry_out(struct striker *s)
{
        const struct strike_order *o = &s->order;
        struct strike_report *r = &s->report;
        int pids[REAP_MAX];

        *r = (struct strike_report){ .ticket = o->ticket, .kind = o->kind };
        r->started_us = loop_now_us();
        switch (o->kind) {
        case STRIKE_TERM:
                r->error = signals_send(o->dir_fd, SIGTERM, &r->signalled);
                break;
        case STRIKE_GROUP:
                r->error = kill_group(o);
                break;
        default:
                r->error = signals_kill(o->dir_fd, &r->signalled);
        }
        r->done_us = loop_now_us();
        set_phase(s, PHASE_STRUCK);
        if (o->reap && o->kind != STRIKE_TERM)          /* who is gone by now needs no help */
                signals_reap(pids, signals_list(o->procs_fd, pids, REAP_MAX));
        set_phase(s, PHASE_DONE);
}

static void *striker_main(void *argument)
{
        struct striker *s = argument;

        for (;;) {
                bool stop;

                pthread_mutex_lock(&s->mutex);
                while (s->phase != PHASE_ORDERED && !s->stop)
                        pthread_cond_wait(&s->ordered, &s->mutex);
                stop = s->stop;
                pthread_mutex_unlock(&s->mutex);
                if (stop)
                        return NULL;
                carry_out(s);
        }
}

/* Gives the loop what one thread has to say. A thread that is done becomes idle only here, so that its slot
 * is not reused before the report was read. */
static void collect(struct strikers *pool, struct striker *s)
{
        bool struck, done;

        pthread_mutex_lock(&s->mutex);
        done = s->phase == PHASE_DONE;
        struck = (done || s->phase == PHASE_STRUCK) && !s->reported;
        s->reported = s->reported || struck;
        pthread_mutex_unlock(&s->mutex);

        if (struck)
                pool->struck(pool->context, &s->report);
        if (!done)
                return;
        pthread_mutex_lock(&s->mutex);
        s->phase = PHASE_IDLE;
        pthread_mutex_unlock(&s->mutex);
        if (pool->released)
                pool->released(pool->context, s->order.ticket);
}

static void on_wake(struct loop_source *source, uint32_t events UNUSED)
{
        struct strikers *pool = CONTAINER_OF(source, struct strikers, wake);
        uint64_t count;
        ssize_t n = read(source->fd, &count, sizeof(count));

        (void)n;
        for (size_t i = 0; i < pool->n; i++)
                collect(pool, &pool->strikers[i]);
}

/* From the top, where the thread's own variables are, so that its first strike is not the first to use it. */
static void stack_touch(pthread_t thread)
{
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), top, from;
        pthread_attr_t attributes;
        void *stack;
        size_t size;

        if (pthread_getattr_np(thread, &attributes) != 0)
                return;
        if (pthread_attr_getstack(&attributes, &stack, &size) == 0) {
                top = (uintptr_t)stack + size;
                from = (top - STACK_USED) / page * page;
                madvise((void *)from, top - from, MADV_POPULATE_WRITE);
        }
        pthread_attr_destroy(&attributes);
}

static int start_thread(struct strikers *pool, struct striker *s)
{
        pthread_attr_t attributes;
        sigset_t all, before;
        int r;

        s->pool = pool;
        pthread_mutex_init(&s->mutex, NULL);
        pthread_cond_init(&s->ordered, NULL);
        pthread_attr_init(&attributes);
        pthread_attr_setstacksize(&attributes, STACK_BYTES);
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        r = pthread_create(&s->thread, &attributes, striker_main, s);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        pthread_attr_destroy(&attributes);
        if (r != 0)
                return -r;
        pthread_setname_np(s->thread, "jettison-strike");
        stack_touch(s->thread);
        return 0;
}

struct strikers *strikers_new(struct loop *loop, void (*struck)(void *context, const struct strike_report *),
                              void (*released)(void *context, uint64_t ticket), void *context)
{
        struct strikers *pool = calloc(1, sizeof(*pool));

        if (!pool)
                return NULL;
        pool->loop = loop;
        pool->struck = struck;
        pool->released = released;
        pool->context = context;
        pool->wake = (struct loop_source){ .ready = on_wake, .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
        if (pool->wake.fd < 0 || loop_watch(loop, &pool->wake, EPOLLIN) < 0)
                return strikers_free(pool);
        for (; pool->n < THREADS; pool->n++)
                if (start_thread(pool, &pool->strikers[pool->n]) < 0)
                        return strikers_free(pool);
        return pool;
}

/* Waits a second for a thread; one that hangs in the kernel keeps its memory, since it will come back to
 * it. */
static bool end_thread(struct striker *s)
{
        struct timespec until;

        pthread_mutex_lock(&s->mutex);
        s->stop = true;
        pthread_cond_signal(&s->ordered);
        pthread_mutex_unlock(&s->mutex);
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec++;
        if (pthread_timedjoin_np(s->thread, NULL, &until) == 0)
                return true;
        pthread_detach(s->thread);
        return false;
}

struct strikers *strikers_free(struct strikers *pool)
{
        bool ended = true;

        if (!pool)
                return NULL;
        for (size_t i = 0; i < pool->n; i++)
                ended = end_thread(&pool->strikers[i]) && ended;
        if (pool->wake.fd >= 0)
                loop_unwatch(pool->loop, &pool->wake);
        if (!ended)
                return NULL;
        close_p(&pool->wake.fd);
        free(pool);
        return NULL;
}

int strikers_submit(struct strikers *pool, const struct strike_order *order)
{
        for (size_t i = 0; i < pool->n; i++) {
                struct striker *s = &pool->strikers[i];
                bool idle;

                pthread_mutex_lock(&s->mutex);
                idle = s->phase == PHASE_IDLE;
                if (idle) {
                        s->order = *order;
                        s->reported = false;
                        s->phase = PHASE_ORDERED;
                }
                pthread_mutex_unlock(&s->mutex);
                if (idle) {
                        pthread_cond_signal(&s->ordered);       /* who wakes finds the mutex free */
                        return 0;
                }
        }
        return -EBUSY;
}

static const char *const strike_names[] = {
        [STRIKE_TERM] = "SIGTERM",
        [STRIKE_GROUP] = "cgroup.kill",
        [STRIKE_EACH] = "signals",
        [STRIKE_ORDER] = "standing order",
};
_Static_assert(ARRAY_SIZE(strike_names) == STRIKE_KIND_N, "name every strike");

const char *strike_name(enum strike_kind k)
{
        return (size_t)k < STRIKE_KIND_N ? strike_names[k] : "unknown";
}
