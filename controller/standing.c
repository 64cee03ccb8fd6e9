/* SPDX-License-Identifier: GPL-2.0-or-later */
/* If memory runs out faster than this daemon gets the CPU, the kernel would kill by its own rule. So while
 * the host is armed, an order for that case (decide/order.h) lies with the kernel module, is renewed each
 * second and expires by itself. During a round of the host the rest of its plan stands in front. What the
 * module then does is a round like any other: it has a number, nothing else begins while it lasts, and it is
 * journalled: the order when it was given, each victim, the outcome. The order's line stands for the intent.
 *
 * The module tells when a victim was struck and when it is dead, but not that it was the last. The round is
 * over when nothing more is heard for a while. If one of this daemon's own rounds is under way, what the module
 * does is told under that round's number. */
#include "standing.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/log.h"
#include "decide/order.h"
#include "report.h"
#include "round.h"

/* Long enough for a daemon that waits for a disk, short enough that a plan is not carried out which no
 * longer fits: renewed each second. */
#define EXPIRES_US (30 * USEC_PER_SEC)

/* How long the kernel's allocator is kept waiting for one victim: a dying process that does not run frees
 * nothing, and 2 s are the longest that was seen of one that does, on a host under full pressure. */
#define DEADLINE_US (3 * USEC_PER_SEC)

/* Nothing heard after a death for this long: memory was enough. */
#define QUIET_US (300 * USEC_PER_MSEC)

static bool is_same(const struct order *a, const struct order *b)
{
        if (a->round != b->round || a->n != b->n)
                return false;
        for (uint32_t i = 0; i < a->n; i++)
                if (a->victims[i].id != b->victims[i].id)
                        return false;
        return true;
}

static bool is_in(const struct order *o, uint64_t id)
{
        for (uint32_t i = 0; i < o->n; i++)
                if (o->victims[i].id == id)
                        return true;
        return false;
}

static void append(struct order *o, const struct snapshot_cgroup *v)
{
        if (o->n < ARRAY_SIZE(o->victims) && !is_in(o, v->id))
                o->victims[o->n++] = (struct ordered){ v->id, v->relief, v->utility };
}

/* Everybody who may die, cheapest first, behind those that are in the order already. */
static void append_all(const struct controller *c, struct order *o)
{
        uint32_t indices[JETTISON_ORDER_MAX];
        size_t n = order_make(&c->snapshot, indices, ARRAY_SIZE(indices));

        for (size_t i = 0; i < n; i++)
                append(o, &c->snapshot.cgroups[indices[i]]);
}

static void leave(struct controller *c, const struct order *next)
{
        struct jettison_order order = { .round = next->round,
                                        .available_max = amount_bytes(c->config->policy.act_available,
                                                                      c->snapshot.facts.memory_total),
                                        .memory_least = order_least(&c->snapshot),
                                        .expires_ms = EXPIRES_US / USEC_PER_MSEC,
                                        .deadline_ms = DEADLINE_US / USEC_PER_MSEC,
                                        .n = next->n };
        int r;

        for (uint32_t i = 0; i < next->n; i++)
                order.cgroups[i] = next->victims[i].id;
        r = module_order(c->module, &order);
        if (r < 0) {
                if (!c->standing.refused)
                        log_warning("the kernel module takes no order: %s", strerror(-r));
                c->standing.refused = true;
                return;
        }
        if (order.n_taken < order.n && !c->standing.missed) {
                log_warning("the kernel module knows %u of the %u cgroups of an order only", order.n_taken, order.n);
                c->standing.missed = true;
        }
        if (!is_same(&c->standing.order, next) && next->n > 0 && !c->round.active)
                report_order(c, next);
        c->standing.order = *next;
}

static bool is_possible(const struct controller *c)
{
        return module_is_open(c->module) && !c->config->act.dry_run;
}

void standing_renew(struct controller *c)
{
        struct order next = { .round = c->round.number + 1 };

        if (!is_possible(c))
                return;
        append_all(c, &next);
        leave(c, &next);
}

void standing_follow(struct controller *c)
{
        struct order next = { .round = c->round.number };

        if (!is_possible(c) || !c->round.watch->domain.is_host)
                return;
        for (size_t i = 0; i < c->plan.n_victims; i++)
                append(&next, &c->snapshot.cgroups[c->plan.entries[i].index]);
        append_all(c, &next);
        leave(c, &next);
}

void standing_withdraw(struct controller *c)
{
        static const struct order none;

        if (is_possible(c) && c->standing.order.n > 0)
                leave(c, &none);
}

/* What is known of a cgroup that the module speaks of; it may have been in an order before the present
 * one. */
static struct ordered find_victim(const struct controller *c, const struct jettison_event *e)
{
        const struct order *o = &c->standing.order;

        for (uint32_t i = 0; i < o->n; i++)
                if (o->victims[i].id == e->cgroup)
                        return o->victims[i];
        return (struct ordered){ .id = e->cgroup, .relief = c->standing.memory };
}

/* The victim of our own round stands first in the order, and if it is dying already the module takes it for its
 * own. The deed tells of it. */
static bool is_ours(const struct controller *c, const struct jettison_event *e)
{
        return c->round.active && !c->standing.acting && c->deed.order.id == e->cgroup;
}

static void on_struck(struct controller *c, const struct jettison_event *e)
{
        struct standing *s = &c->standing;

        if (is_ours(c, e))
                return;
        if (!c->round.active && round_adopt(c, e->round, e->available))
                s->acting = true;
        s->victim = e->cgroup;
        s->memory = e->value;
        round_bar(c, e->cgroup, BARRED_DYING);
        c->round.struck++;
        c->victims++;
        s->over.due_us = loop_now_us() + DEADLINE_US + USEC_PER_SEC;
}

static void tell_end(struct controller *c, const struct jettison_event *e, bool died)
{
        struct standing *s = &c->standing;
        struct watch *host = controller_host(c);
        struct ordered v = find_victim(c, e);
        struct deed_result result = { .outcome = died ? OUTCOME_FREED : OUTCOME_STUCK,
                                      .method = STRIKE_ORDER,
                                      .freed = died ? s->memory : 0,
                                      .processes = e->detail,
                                      .dead_us = died ? e->value : 0 };

        if (e->cgroup != s->victim)
                return;
        s->victim = 0;
        round_bar(c, e->cgroup, died ? BARRED_NOT : BARRED_STUCK);
        if (host) {
                watch_note_victim(host, died);
                round_note_shed(c, host, e->cgroup, v.utility);
        }
        c->round.expected += s->acting ? v.relief : 0;
        c->round.freed += result.freed;
        report_ordered_victim(c, e->round, &v, &result);
        s->over.due_us = loop_now_us() + (died ? QUIET_US : 0);
}

static void on_aside(struct controller *c, const struct jettison_event *e)
{
        static const char *const whys[JETTISON_ASIDE_N] = {
                [JETTISON_ASIDE_DONE] = "nobody of it is left",
                [JETTISON_ASIDE_STUCK] = "a victim did not die in time",
                [JETTISON_ASIDE_PLENTY] = "there is memory: the allocation was confined to a node or cpuset",
                [JETTISON_ASIDE_EXPIRED] = "it had expired",
        };

        log_warning("the kernel ran out of memory, and the standing order was not carried further: %s",
                    e->detail < JETTISON_ASIDE_N && whys[e->detail] ? whys[e->detail] : "no reason given");
        if (e->detail == JETTISON_ASIDE_STUCK)
                tell_end(c, e, false);
}

uint64_t standing_in_flight(const struct controller *c)
{
        return c->standing.victim ? c->standing.memory : 0;
}

void standing_take_event(struct controller *c, const struct jettison_event *e)
{
        if (e->kind == JETTISON_STRUCK)
                on_struck(c, e);
        else if (e->kind == JETTISON_DIED)
                tell_end(c, e, true);
        else if (e->kind == JETTISON_ASIDE)
                on_aside(c, e);
}

static void on_over(struct loop_timer *timer)
{
        struct controller *c = CONTAINER_OF(timer, struct controller, standing.over);

        timer->due_us = LOOP_NEVER;
        if (!c->standing.acting)
                return;
        c->standing.acting = false;
        round_end(c, "standing order");
}

int standing_init(struct controller *c)
{
        c->standing.over = (struct loop_timer){ .due = on_over, .due_us = LOOP_NEVER };
        return loop_add_timer(c->loop, &c->standing.over);
}
