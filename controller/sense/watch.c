/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three things wake a watch: the kernel's pressure trigger, a change of memory.events.local (the domain ran
 * into its limit), and a timer. The timer is set to the time in which the fastest allocator could use up what is
 * left above the acting line, so that a plentiful domain is looked at seldom and no shortage begins unseen;
 * each look in plenty is one read. Close to the line that would be without pause, so timer.min bounds it; but
 * where memory is seen to fall, the next look is aimed at the moment of the crossing.
 *
 * A trigger says that tasks stood still, not that they still do. The meter measures that, but only from the
 * second sample on; until it spans a window, the trigger's own measurement stands for it. After a round
 * both are forgotten for a window: they would speak of the time before. */
#include "sense/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>

#include "base/base.h"

/* A domain that cannot be read, or has no limit yet (it is made first and limited then): when to look again at
 * first; then twice as long each time. */
#define AGAIN_US (200 * USEC_PER_MSEC)

/* By how much timer.min is undercut to see a crossing when it happens. */
#define AIM 4

/* Rounds with less than this between them are of one shortage. */
#define EPISODE_US (300 * USEC_PER_SEC)

/* How long the kernel's word that it ran out of memory stands. */
#define OOM_US USEC_PER_SEC

/* The file changes on every allocation that meets the limit; the kernel passes on one per 10 ms
 * (CGROUP_FILE_NOTIFY_MIN_INTV). */
static void on_events(struct loop_source *source, uint32_t events)
{
        struct watch *w = CONTAINER_OF(source, struct watch, events);
        char text[512];

        if ((events & EPOLLERR) && cgroupfs_pread(source->fd, text, sizeof(text)) != CGROUPFS_OK) {
                loop_unwatch(w->loop, source);  /* the domain is gone; the next look finds that out */
                close_p(&source->fd);
                source->fd = -1;
        } else {
                cgroupfs_pread(source->fd, text, sizeof(text));
        }
        w->woken(w);
}

static void on_pressure(struct loop_source *source, uint32_t events)
{
        struct watch *w = CONTAINER_OF(source, struct watch, pressure);

        if (events & EPOLLERR) {                /* the file is gone, or pressure was switched off for this
                                                 * cgroup */
                loop_unwatch(w->loop, source);
                close_p(&source->fd);
                source->fd = -1;
        } else {
                w->meter.woken_us = loop_now_us();
        }
        w->woken(w);
}

/* memory.events tells of everybody below as well, so that a container at its own limit would wake the watches
 * of all that is above it (memcg_memory_event() in include/linux/memcontrol.h). Before 5.2 there is no other. */
static int open_events(int dir_fd)
{
        int fd = cgroupfs_open_file(dir_fd, "memory.events.local", O_RDONLY);

        return fd == -ENOENT ? cgroupfs_open_file(dir_fd, "memory.events", O_RDONLY) : fd;
}

static void watch_source(struct watch *w, struct loop_source *source, int fd,
                         void (*ready)(struct loop_source *, uint32_t))
{
        *source = (struct loop_source){ .ready = ready, .fd = fd < 0 ? -1 : fd };
        if (source->fd >= 0 && loop_watch(w->loop, source, EPOLLPRI) < 0) {
                close_p(&source->fd);
                source->fd = -1;
        }
}

void watch_start(struct watch *w, struct loop *loop, struct scanner *s, const struct policy *policy,
                 void (*woken)(struct watch *w))
{
        int dir_fd, pressure_fd, events_fd = -1;

        w->loop = loop;
        w->woken = woken;
        w->gone = false;
        w->next_look_us = w->again_us = 0;
        w->reach = reach_shortest(policy);
        w->lost = (struct loss){ 0 };
        w->facts = (struct domain_facts){ .memory_total = UINT64_MAX };  /* the first look reads everything */
        stall_meter_reset(&w->meter);
        if (w->domain.is_host) {
                pressure_fd = pressure_open(s->procfs.fd, "pressure/memory", policy);
        } else {
                dir_fd = tree_node(s->tree, w->domain.node)->dir_fd;
                pressure_fd = pressure_open(dir_fd, "memory.pressure", policy);
                events_fd = open_events(dir_fd);
        }
        watch_source(w, &w->pressure, pressure_fd, on_pressure);
        watch_source(w, &w->events, events_fd, on_events);
}

void watch_stop(struct watch *w)
{
        struct loop_source *sources[] = { &w->pressure, &w->events };

        for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
                if (sources[i]->fd >= 0)
                        loop_unwatch(w->loop, sources[i]);
                close_p(&sources[i]->fd);
                sources[i]->fd = -1;
        }
        w->next_look_us = LOOP_NEVER;
        w->gone = true;
}

bool watch_has_pressure(const struct watch *w)
{
        return w->pressure.fd >= 0;
}

static uint32_t measure_stall(struct watch *w, uint64_t now_us, const struct policy *policy)
{
        const struct psi_line *line =
                policy->stall_kind == STALL_FULL ? &w->facts.psi.full : &w->facts.psi.some;
        bool woken;

        w->facts.has_psi = w->pressure.fd >= 0 && pressure_read(w->pressure.fd, &w->facts.psi) == 0;
        if (!w->facts.has_psi || now_us < w->deaf_until_us)
                return 0;
        stall_meter_add(&w->meter, now_us, line->total_us, policy->stall_window_us);
        woken = w->meter.woken_us > w->deaf_until_us && now_us - w->meter.woken_us < policy->stall_window_us;
        if (stall_meter_spans(&w->meter, policy->stall_window_us) || !woken)
                return stall_meter_share(&w->meter, policy->stall_window_us);
        return policy->stall_permyriad;
}

/* What a victim freed may lie on the processors' lists for long: on a host of 594 MiB up to 31 MiB, since
 * they may hold as much as the low watermark, which transparent huge pages raise to a twentieth of so small a
 * host (6.1). Another round would go for it; so after one, what lies there counts as much as anything. */
static bool is_given_back(const struct watch *w, uint64_t now_us)
{
        return w->given_us > 0 && now_us - w->given_us <= EPISODE_US;
}

static bool is_after_round(const struct watch *w, uint64_t now_us)
{
        return w->round_us > 0 && now_us - w->round_us <= EPISODE_US;
}

/* Has the kernel said just now that it has no memory left? */
static bool is_out(const struct watch *w, uint64_t now_us)
{
        return w->oom_us > 0 && now_us - w->oom_us < OOM_US;
}

/* From here on a look need not be exact. For a cgroup that is the arming line; for the host, where exactness
 * costs more the more processors there are, the highest line that a round restores. */
static uint64_t enough_bytes(const struct watch *w, const struct policy *p)
{
        uint64_t total = w->facts.memory_total;

        if (!w->domain.is_host)
                return amount_bytes(p->arm_available, total);
        return u64_max(amount_bytes(p->target_available, total), amount_bytes(p->stall_available, total));
}

/* The rate since the last look, or half of the rate before: memory falls in steps, and one look may find
 * none. */
static void measure_fall(struct watch *w, uint64_t available_before, uint64_t now_us)
{
        uint64_t fallen = u64_less(available_before, w->facts.memory_available);

        if (w->looked_us > 0 && now_us > w->looked_us)
                w->fall = u64_max(u64_scale(fallen, USEC_PER_SEC, now_us - w->looked_us), w->fall / 2);
        w->looked_us = now_us;
}

uint64_t watch_time_left(const struct watch *w, const struct policy *policy)
{
        return w->fall ? u64_scale(shortage_headroom(&w->facts, policy), USEC_PER_SEC, w->fall) : LOOP_NEVER;
}

/* Short enough for the fastest allocator; and where memory falls, shorter still, so as to look when it crosses. */
static uint64_t pause_until_next(const struct watch *w, const struct scanner *s, const struct policy *policy)
{
        uint64_t headroom = shortage_headroom(&w->facts, policy), least_us = s->options->timer_min_us;
        uint64_t pause_us = u64_max(u64_scale(headroom, USEC_PER_SEC, s->fill_rate_bytes), least_us);
        uint64_t aimed_us = u64_max(watch_time_left(w, policy), least_us / AIM);

        if (headroom > 0)
                pause_us = u64_min(pause_us, aimed_us);
        return u64_min(pause_us, s->options->timer_max_us);
}

int watch_look(struct watch *w, struct scanner *s, const struct policy *policy)
{
        uint64_t now_us = loop_now_us(), available_before = w->facts.memory_available;
        int r = scan_look(s, &w->domain, enough_bytes(w, policy), &w->facts);

        if (r != CGROUPFS_OK) {
                w->gone = r == CGROUPFS_GONE;
                w->again_us = u64_min(u64_max(2 * w->again_us, AGAIN_US), s->options->timer_max_us);
                w->next_look_us = w->gone ? LOOP_NEVER : now_us + w->again_us;
                w->shortage = (struct shortage){ .level = LEVEL_CALM };
                return r;
        }
        w->again_us = 0;
        measure_fall(w, available_before, now_us);
        w->facts.lists_count = is_given_back(w, now_us);
        w->stall_permyriad = 0;
        if (!is_after_round(w, now_us))
                w->lost = (struct loss){ 0 };
        w->shortage = shortage_judge(&w->facts, 0, false, w->reach.share, policy);
        if (w->shortage.level != LEVEL_CALM) {
                w->stall_permyriad = measure_stall(w, now_us, policy);
                w->shortage = shortage_judge(&w->facts, w->stall_permyriad, is_out(w, now_us), w->reach.share, policy);
        }
        w->next_look_us = now_us + pause_until_next(w, s, policy);
        if (w->hold_above == 0)         /* nothing that could be seen before would begin a round */
                w->next_look_us = u64_max(w->next_look_us, w->hold_until_us);
        return CGROUPFS_OK;
}

void watch_hold(struct watch *w, uint64_t time_us, uint64_t above)
{
        w->hold_until_us = loop_now_us() + time_us;
        w->hold_above = above;
}

bool watch_is_held(const struct watch *w, uint64_t now_us)
{
        bool pausing = w->hold_above > 0 && w->shortage.witness == WITNESS_AVAILABLE;

        return now_us < w->hold_until_us && (w->hold_above == 0 || pausing) &&
               w->facts.memory_available >= w->hold_above;
}

void watch_note_victim(struct watch *w, bool gave)
{
        w->round_us = loop_now_us();
        if (gave)
                w->given_us = w->round_us;
}

void watch_note_lost(struct watch *w, struct utility utility)
{
        loss_add(&w->lost, utility);
}

void watch_reset(struct watch *w, const struct policy *policy)
{
        stall_meter_reset(&w->meter);
        w->deaf_until_us = loop_now_us() + policy->stall_window_us;
        w->oom_us = 0;
        watch_note_victim(w, false);
}
