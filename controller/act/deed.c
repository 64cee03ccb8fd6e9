/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A deed passes through three states.
 *
 * GRACE: SIGTERM has been sent, the victim may save and shrink. The period shrinks with the memory that is
 * left, is measured anew at every tick, and ends in a strike whatever the victim does.
 *
 * DYING: cgroup.kill was written (or signals sent) by a thread of the strike pool, and the victim is
 * awaited. If the write has not returned by its deadline, it hangs behind cgroup_mutex, and another thread
 * signals every process instead. If it has returned and the group is still populated, it is struck again:
 * kernels before 6.14 (stable: February 2025, "kill_seq") let a fork race past one write. A victim that
 * keeps shrinking is dying, however slowly, and nothing else is struck for memory that is on its way; when
 * all of it has come back the deed is soon done, even if a process takes seconds over the rest of its exit. One
 * that neither dies nor shrinks for the settling time is stuck. So is one that is filled up again as often
 * as it was emptied: being empty is not progress once it has been struck. But where all threads hang in
 * earlier victims, this one was not struck, and nothing is held against it. Memory is reaped early once; a
 * thread that waits for it is not followed by another.
 *
 * SETTLING: nobody is left in it. Memory that is expected comes back within milliseconds; what has not come
 * by then lies in a tmpfs or is shared with someone else, and the outcome says so.
 *
 * Only the victim's own memory.current is read here. A cgroup that is removed while we look takes its last
 * figure with it; then what it held counts as freed, and the domain's own measurement, taken by whoever
 * ordered the deed, has the last word. */
#include "act/deed.h"

#include <errno.h>
#include <sys/epoll.h>

#include "base/base.h"

/* Between looks at a dying victim; cgroup.events wakes us earlier than that when it is gone. */
#define TICK_US (5 * USEC_PER_MSEC)

/* First pause before a strike is repeated; doubles. Ten repeats are 100 s, past every deadline. */
#define REPEAT_US   (100 * USEC_PER_MSEC)
#define REPEATS_MAX 10

/* How long an empty group's memory is awaited, since kernel threads give back what exit has queued within a few
 * RCU periods; and the last process of a group whose memory is back. */
#define RETURN_US (250 * USEC_PER_MSEC)

/* A fall of memory.current that counts as progress. */
#define PROGRESS_BYTES (256 * KIB)

static struct node *victim(const struct deed *d)
{
        return tree_node(d->order.tree, d->order.node);
}

static void finish(struct deed *d, enum outcome outcome)
{
        struct deed_result result;

        if (d->events.fd >= 0)
                loop_unwatch(d->loop, &d->events);
        d->events.fd = -1;
        d->tick.due_us = LOOP_NEVER;
        if (d->state != DEED_IDLE)
                victim(d)->pins--;
        d->state = DEED_IDLE;
        d->result.outcome = outcome;
        if (d->struck_us)
                d->result.settle_us = loop_now_us() - d->struck_us;
        result = d->result;
        d->done(d->context, &result);
}

/* How much has come back, and whether the group is still populated. */
enum life { LIFE_POPULATED, LIFE_EMPTY, LIFE_GONE };

static enum life look(struct deed *d)
{
        struct node *n = victim(d);
        uint64_t populated, memory;
        char text[256];
        int r = node_read(n, FILE_EVENTS, text, sizeof(text));

        if (r == CGROUPFS_GONE)
                return LIFE_GONE;
        if (r != CGROUPFS_OK || ktext_find(text, "populated", &populated) < 0)
                populated = 1;          /* not known to be dead */
        if (node_read_u64(n, FILE_CURRENT, &memory) == CGROUPFS_OK) {
                if (u64_add(memory, PROGRESS_BYTES) <= d->memory) {
                        d->progress_us = loop_now_us();
                        d->memory = memory;
                }
                d->result.freed = u64_less(d->order.memory, memory);
        }
        return populated ? LIFE_POPULATED : LIFE_EMPTY;
}

static void submit(struct deed *d, enum strike_kind kind)
{
        struct node *n = victim(d);
        struct strike_order order = {
                .ticket = d->order.node,
                .kind = kind,
                .dir_fd = n->dir_fd,
                .kill_fd = kind == STRIKE_GROUP ? node_file(n, FILE_KILL) : -1,
                .procs_fd = node_file(n, FILE_PROCS),
                .reap = !d->struck_us,
        };

        if (kind == STRIKE_GROUP && order.kill_fd < 0)
                order.kind = STRIKE_EACH;       /* a threaded cgroup has none */
        d->submitted_us = loop_now_us();
        d->returned = false;
        d->wanted = order.kind;
        d->waiting = strikers_submit(d->strikers, &order) < 0;
        if (d->waiting)
                return;                         /* all threads are taken; the next tick tries again */
        n->pins++;
        d->strikes++;
}

static void strike(struct deed *d)
{
        if (d->state != DEED_SETTLING)
                d->progress_us = loop_now_us();
        d->state = DEED_DYING;
        d->strikes = 0;
        submit(d, d->options->method == STRIKE_SIGNALS ? STRIKE_EACH : STRIKE_GROUP);
}

static uint64_t grace_left(const struct deed *d, uint64_t now_us)
{
        uint64_t grace_us = u64_scale(d->options->grace_us, d->patience(d->context), PERMYRIAD);

        return u64_less(d->started_us + grace_us, now_us);
}

/* A victim may be gone before the thread that struck it comes to say so: then it was the strike that was ordered
 * last. */
static void assume_strike(struct deed *d)
{
        if (d->struck_us || d->strikes == 0 || d->waiting || d->wanted == STRIKE_TERM)
                return;
        d->struck_us = d->submitted_us;
        d->result.method = d->wanted;
        d->result.strike_us = u64_max(u64_less(d->struck_us, d->order.trigger_us), 1);
        d->result.dead_us = u64_less(d->dead_at_us, d->struck_us);
}

static void judge(struct deed *d)
{
        uint64_t freed = d->result.freed, expected = d->order.expected;

        assume_strike(d);
        if (freed >= expected / 2)
                finish(d, OUTCOME_FREED);
        else
                finish(d, freed >= expected / 20 && freed > 0 ? OUTCOME_PARTIAL : OUTCOME_NOT_FREED);
}

static bool has_come_back(const struct deed *d)
{
        return d->result.freed >= u64_scale(d->order.expected, 9, 10);
}

static void on_dead(struct deed *d, enum life life, uint64_t now_us)
{
        if (d->state != DEED_SETTLING) {
                d->state = DEED_SETTLING;
                d->dead_at_us = now_us;
                d->result.dead_us = d->struck_us ? now_us - d->struck_us : 0;
                if (!d->struck_us)
                        d->progress_us = now_us;        /* it went by itself */
        }
        if (life == LIFE_GONE)
                d->result.freed = d->order.memory;
        if (life == LIFE_GONE || has_come_back(d) || now_us - d->dead_at_us >= RETURN_US)
                judge(d);
}

static enum outcome failure(const struct deed *d)
{
        if (d->waiting && d->strikes == 0 && !d->struck_us)
                return OUTCOME_NOT_STRUCK;
        return d->result.strike_us || !d->returned ? OUTCOME_STUCK : OUTCOME_REFUSED;
}

/* Still alive after the strike: help it along, or give up. */
static void on_alive(struct deed *d, uint64_t now_us)
{
        uint64_t waited_us = now_us - d->submitted_us;

        if (d->state == DEED_DYING && d->returned && d->order.expected > 0 && has_come_back(d) &&
            now_us - d->progress_us >= RETURN_US)
                judge(d);
        else if (now_us - d->progress_us >= d->options->settle_us)
                finish(d, failure(d));
        else if (d->state == DEED_SETTLING)     /* someone joined it after it was empty */
                strike(d);
        else if (d->waiting)
                submit(d, d->wanted);
        else if (!d->returned && waited_us >= d->options->strike_deadline_us)
                submit(d, STRIKE_EACH);
        else if (d->returned && d->strikes <= REPEATS_MAX &&
                 waited_us >= REPEAT_US << u64_min(d->strikes - 1, 10))
                submit(d, d->result.method == STRIKE_GROUP ? STRIKE_GROUP : STRIKE_EACH);
}

static void on_tick(struct deed *d)
{
        enum life life = look(d);
        uint64_t now_us = loop_now_us();        /* after the look, which notes when there was progress */

        d->tick.due_us = now_us + TICK_US;
        if (life != LIFE_POPULATED)
                on_dead(d, life, now_us);
        else if (d->state != DEED_GRACE)
                on_alive(d, now_us);
        else if (grace_left(d, now_us) == 0)
                strike(d);
        else if (d->waiting)
                submit(d, d->wanted);
}

static void on_due(struct loop_timer *timer)
{
        on_tick(CONTAINER_OF(timer, struct deed, tick));
}

static void on_events(struct loop_source *source, uint32_t events UNUSED)
{
        on_tick(CONTAINER_OF(source, struct deed, events));
}

/* A thread reports. Reports of a deed that is over count for nothing. */
static void on_struck(void *context, const struct strike_report *r)
{
        struct deed *d = context;

        if (d->state == DEED_IDLE || r->ticket != d->order.node || r->kind == STRIKE_TERM)
                return;
        d->returned = true;
        if (!d->struck_us)
                d->result.method = r->kind;
        d->result.processes = (uint32_t)u64_max(d->result.processes, r->signalled);
        if (r->error < 0 && r->kind == STRIKE_GROUP) {
                submit(d, STRIKE_EACH);
                return;
        }
        if (r->error < 0 && r->signalled == 0)
                return;
        if (!d->struck_us) {
                d->struck_us = r->done_us;
                d->result.strike_us = u64_max(u64_less(r->done_us, d->order.trigger_us), 1);
        }
        on_tick(d);
}

static void on_released(void *context, uint64_t ticket)
{
        struct deed *d = context;

        tree_node(d->order.tree, (uint32_t)ticket)->pins--;
}

int deed_init(struct deed *d, struct loop *loop, const struct act_options *options,
              uint32_t (*patience)(void *context),
              void (*done)(void *context, const struct deed_result *result), void *context)
{
        *d = (struct deed){ .options = options,
                            .loop = loop,
                            .events = { .ready = on_events, .fd = -1 },
                            .tick = { .due = on_due },
                            .patience = patience,
                            .done = done,
                            .context = context };
        d->strikers = strikers_new(loop, on_struck, on_released, d);
        if (!d->strikers)
                return -ENOMEM;
        return loop_add_timer(loop, &d->tick);
}

void deed_fini(struct deed *d)
{
        d->strikers = strikers_free(d->strikers);
}

bool deed_is_idle(const struct deed *d)
{
        return d->state == DEED_IDLE;
}

bool deed_is_settling(const struct deed *d)
{
        return d->state == DEED_SETTLING || (d->state == DEED_DYING && d->returned);
}

void deed_prepare(const struct deed *d, struct node *n)
{
        node_file(n, FILE_CURRENT);
        node_file(n, FILE_EVENTS);
        node_file(n, FILE_PROCS);
        if (d->options->method == STRIKE_CGROUP_KILL && !d->options->dry_run)
                node_file(n, FILE_KILL);
}

void deed_start(struct deed *d, const struct deed_order *order)
{
        struct node *n = tree_node(order->tree, order->node);
        int events_fd;

        d->order = *order;
        d->result = (struct deed_result){ 0 };
        d->struck_us = d->dead_at_us = 0;
        d->strikes = 0;
        d->waiting = d->returned = false;
        d->memory = order->memory;
        if (n->id != order->id || n->kind != NODE_CANDIDATE || look(d) != LIFE_POPULATED) {
                d->result.freed = 0;
                finish(d, OUTCOME_VANISHED);
                return;
        }
        if (d->options->dry_run) {
                finish(d, OUTCOME_DRY_RUN);
                return;
        }
        n->pins++;
        d->started_us = loop_now_us();
        d->tick.due_us = d->started_us + TICK_US;
        if (d->options->grace_us > 0) {
                d->state = DEED_GRACE;
                submit(d, STRIKE_TERM);
        } else {
                strike(d);
        }
        events_fd = node_file(n, FILE_EVENTS);  /* an event before this is told at once */
        if (events_fd >= 0) {
                d->events.fd = events_fd;
                if (loop_watch(d->loop, &d->events, EPOLLPRI) < 0)
                        d->events.fd = -1;
        }
}

static const char *const outcome_names[] = {
        [OUTCOME_FREED] = "freed",         [OUTCOME_PARTIAL] = "partial",   [OUTCOME_NOT_FREED] = "not-freed",
        [OUTCOME_STUCK] = "stuck",         [OUTCOME_VANISHED] = "vanished", [OUTCOME_REFUSED] = "refused",
        [OUTCOME_NOT_STRUCK] = "not-struck", [OUTCOME_DRY_RUN] = "dry-run",
};
_Static_assert(ARRAY_SIZE(outcome_names) == OUTCOME_N, "name every outcome");

bool outcome_is_shed(enum outcome o)
{
        return o <= OUTCOME_STUCK;
}

const char *outcome_name(enum outcome o)
{
        return (size_t)o < OUTCOME_N ? outcome_names[o] : "unknown";
}
