/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A round, in the order of its lines:
 *
 *      facts           scan_run        a snapshot of the domain, or the one that was just taken in advance
 *      choice          reach_plan      how far to go, and the set that loses least for that
 *      look again      watch_look      after a scan: meanwhile memory may have come back
 *      intent          journal         before the deed, so that a crash can be told from a decision
 *      order           standing_follow what the kernel module would do if we did not get to it
 *      deed            deed_start      one victim; the loop goes on while it dies
 *      measurement     on_done         what it gave back, and what is still missing
 *      … and again, with a fresh plan for what is still missing, until it is nothing or nobody is left
 *      outcome         journal
 *
 * A plan for everything is made at the beginning and journalled; after each victim the rest is planned anew
 * from fresh facts, because the victim may have given more or less than was expected, and then somebody
 * cheaper may do. A round whose plan was insufficient ends as soon as its domain is no longer short: those
 * who remain cannot reach the target anyway.
 *
 * Nothing here allocates, opens a file that could have been opened before, or waits; and what is said for people
 * is said when the strike is on its way. */
#include "round.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/log.h"
#include "report.h"
#include "standing.h"

/* After a shortage in which nobody may die, and after a dry run, which changes nothing: when the question
 * is asked again. */
#define HOLD_US     (500 * USEC_PER_MSEC)
#define DRY_HOLD_US (10 * USEC_PER_SEC)

/* How long a victim that did not die, or freed nothing, is left out. Long enough for many rounds, short
 * enough that a hung disk which recovers is not held against its users for ever. */
#define STRUCK_OUT_US (300 * USEC_PER_SEC)

/* How long one that the module has struck may take to die: longer than the module waits for it. */
#define DYING_US (5 * USEC_PER_SEC)

/* After this long the next victim is left to another round. What is restarted as fast as it is shed would
 * otherwise keep one round going for ever, and every other domain, each pause and a reload waiting for it.
 * As long as the longest grace period that can be configured. */
#define ROUND_US (60 * USEC_PER_SEC)

static void next_victim(struct controller *c);

void round_end(struct controller *c, const char *result)
{
        struct round *r = &c->round;

        watch_look(r->watch, &c->scanner, &c->config->policy);
        report_outcome(c, result);
        r->active = false;
        watch_reset(r->watch, &c->config->policy);
        for (size_t i = 0; i < c->n_watches; i++)
                if (!c->watches[i].gone)
                        c->watches[i].next_look_us = 0;
        if (r->watch->gone)
                c->walk_timer.due_us = 0;
        if (controller_host(c))
                controller_host(c)->primed_us = 0;      /* and with it the standing order is made anew */
        c->look_timer.due_us = 0;
}

/* Below this no pause counts. */
static uint64_t critical_bytes(const struct controller *c, const struct watch *w)
{
        return amount_bytes(c->config->policy.act_available, w->facts.memory_total) / 2;
}

/* All victims belong to workloads that keep coming back, and memory is not critical yet: bear it a little. */
static bool is_pausing(struct controller *c, const struct watch *w, uint64_t now_us)
{
        uint64_t until_us = LOOP_NEVER;

        if (c->round.shortage.witness != WITNESS_AVAILABLE || w->facts.memory_available < critical_bytes(c, w))
                return false;
        for (size_t i = 0; i < c->plan.n_victims; i++) {
                const struct snapshot_cgroup *v = &c->snapshot.cgroups[c->plan.entries[i].index];

                until_us = u64_min(until_us, backoff_until(&c->backoff, snapshot_path(&c->snapshot, v)));
        }
        return until_us > now_us;
}

static bool is_primed(const struct controller *c, const struct watch *w)
{
        return c->primed == w && loop_now_us() - w->primed_us <= PRIMED_US;
}

/* A snapshot taken in advance is used once, with what the look just found of the domain itself. */
static int take_facts(struct controller *c, struct watch *w, bool primed)
{
        if (!primed)
                return controller_scan(c, w, true);
        c->primed = NULL;
        c->snapshot.facts = w->facts;
        return CGROUPFS_OK;
}

/* Facts and choice, for what is missing now. Until there is a reason to choose it anew, the reach stands. */
static enum verdict plan_round(struct controller *c, struct watch *w, bool primed, bool anew)
{
        struct reach_question question = controller_question(c, w, &c->round.shortage);
        uint64_t begun_us;

        if (take_facts(c, w, primed) != CGROUPFS_OK)
                return VERDICT_CALM;
        question.coming = standing_in_flight(c);
        question.anew = anew;
        begun_us = loop_now_us();
        reach_plan(&c->plan, c->planner, &question, &w->reach);
        c->round.solve_us = loop_now_us() - begun_us;
        return c->plan.verdict;
}

/* The round of a dry run: everything but the deed. */
static void pretend(struct controller *c)
{
        const struct deed_result untouched = { .outcome = OUTCOME_DRY_RUN };

        for (size_t i = 0; i < c->plan.n_victims; i++)
                report_victim(c, &c->snapshot.cgroups[c->plan.entries[i].index], &c->plan.entries[i],
                              &untouched);
        watch_hold(c->round.watch, DRY_HOLD_US, 0);
        round_end(c, "dry-run");
}

/* The scan took its time. */
static bool is_still_short(struct controller *c, struct watch *w)
{
        return watch_look(w, &c->scanner, &c->config->policy) == CGROUPFS_OK && w->shortage.level == LEVEL_SHORT;
}

static void begin(struct controller *c, struct watch *w)
{
        uint64_t trigger_us = loop_now_us();
        bool primed = is_primed(c, w);

        c->round = (struct round){ .number = c->round.number, .watch = w, .trigger_us = trigger_us,
                                   .shortage = w->shortage };
        c->round.verdict = plan_round(c, w, primed, !primed);
        c->round.available_before = c->snapshot.facts.memory_available;
        if (c->round.verdict == VERDICT_CALM) {
                watch_hold(w, HOLD_US / 10, 0);
                return;
        }
        if (c->round.verdict == VERDICT_NO_CANDIDATE || is_pausing(c, w, trigger_us)) {
                watch_hold(w, HOLD_US, c->round.verdict == VERDICT_NO_CANDIDATE ? 0 : critical_bytes(c, w));
                report_helpless(c);
                return;
        }
        if (!primed && !is_still_short(c, w))
                return;

        c->round.active = true;
        c->round.number++;
        c->rounds++;
        c->round.need = c->plan.need;
        c->round.expected = c->plan.relief;
        c->round.kernel_kills_before = c->kernel_kills;
        report_intent(c);
        standing_follow(c);
        if (c->config->act.dry_run)
                pretend(c);
        else
                next_victim(c);
}

void round_begin(struct controller *c, struct watch *w)
{
        log_hold();
        begin(c, w);
        log_release();
}

bool round_adopt(struct controller *c, uint64_t number, uint64_t available)
{
        struct watch *host = controller_host(c);

        if (!host)
                return false;
        c->primed = NULL;       /* taken before what has been done already */
        c->round = (struct round){ .active = true, .number = u64_max(number, c->round.number), .watch = host,
                                   .verdict = VERDICT_ACT,
                                   .shortage = { LEVEL_SHORT, WITNESS_KERNEL, 0, false },
                                   .trigger_us = loop_now_us(), .available_before = available,
                                   .kernel_kills_before = scan_kernel_kills(&c->scanner) };
        c->rounds++;
        return true;
}

static void next_victim(struct controller *c)
{
        const struct plan_entry *entry = &c->plan.entries[0];
        const struct snapshot_cgroup *v = &c->snapshot.cgroups[entry->index];
        const struct deed_order order = { .tree = c->scanner.tree,
                                          .node = v->slot,
                                          .id = v->id,
                                          .memory = v->memory,
                                          .expected = u64_min(entry->relief, v->relief),
                                          .trigger_us = c->round.trigger_us };

        deed_start(&c->deed, &order);
}

void round_bar(struct controller *c, uint64_t id, enum barred why)
{
        uint32_t index = tree_find(c->scanner.tree, id);
        struct node *n = index == NODE_NONE ? NULL : tree_node(c->scanner.tree, index);

        if (!n)
                return;
        n->struck = why;
        n->struck_until_us = loop_now_us() + (why == BARRED_DYING ? DYING_US : STRUCK_OUT_US);
}

void round_note_shed(struct controller *c, struct watch *w, uint64_t id, struct utility utility)
{
        uint32_t index = tree_find(c->scanner.tree, id), sheds = 1;
        const char *path = index == NODE_NONE ? NULL : tree_path(c->scanner.tree, index);

        if (path)
                sheds = backoff_note(&c->backoff, path, loop_now_us(), c->config->act.backoff_us);
        if (sheds == 1)
                watch_note_lost(w, utility);    /* who comes back each time was not lost */
        else if ((sheds & (sheds - 1)) == 0)
                log_warning("%s was shed %u times in a row: whatever restarts it should wait longer", path, sheds);
}

/* What a deed's outcome means for the rounds to come. */
static void mark_victim(struct controller *c, const struct snapshot_cgroup *v,
                        const struct deed_result *result)
{
        bool gave = result->outcome == OUTCOME_FREED || result->outcome == OUTCOME_PARTIAL;

        watch_note_victim(c->round.watch, gave);
        if (!gave)
                round_bar(c, v->id, result->outcome == OUTCOME_NOT_FREED ? BARRED_BARREN : BARRED_STUCK);
        if (outcome_is_shed(result->outcome))
                round_note_shed(c, c->round.watch, v->id, v->utility);
}

/* Is the round done? For a plan that cannot reach the target, no longer being short will do. */
static bool is_done(struct controller *c)
{
        struct round *r = &c->round;
        struct watch *w = r->watch;

        if (watch_look(w, &c->scanner, &c->config->policy) != CGROUPFS_OK)
                return true;
        if (r->verdict == VERDICT_INSUFFICIENT)
                return shortage_judge(&w->facts, 0, false, w->reach.share, &c->config->policy).level != LEVEL_SHORT;
        return shortage_need(&w->facts, r->shortage.witness, r->shortage.swap_short, w->reach.share,
                             &c->config->policy) == 0;
}

/* Has the host run short while one of its subtrees has a round? Asked when a look at it is due. */
static bool is_host_waiting(struct controller *c)
{
        struct watch *host = controller_host(c);
        uint64_t now_us = loop_now_us();

        return host && host != c->round.watch && host->next_look_us <= now_us &&
               watch_look(host, &c->scanner, &c->config->policy) == CGROUPFS_OK &&
               host->shortage.level == LEVEL_SHORT && !watch_is_held(host, now_us);
}

static void go_on(struct controller *c, const struct deed_result *result)
{
        struct round *r = &c->round;
        const struct plan_entry *entry = &c->plan.entries[0];
        const struct snapshot_cgroup *v = &c->snapshot.cgroups[entry->index];
        enum verdict verdict;
        bool eaten;

        report_victim(c, v, entry, result);
        r->freed += result->freed;
        if (result->outcome != OUTCOME_VANISHED && result->outcome != OUTCOME_NOT_STRUCK) {
                r->struck++;
                c->victims++;
                mark_victim(c, v, result);
        }
        if (c->called)
                controller_take_events(c);      /* the module may have struck somebody meanwhile */
        if (is_done(c)) {
                round_end(c, "recovered");
                return;
        }
        if (is_host_waiting(c)) {
                round_end(c, "short");
                return;
        }
        eaten = r->watch->facts.memory_available <= r->available_before;     /* as fast as it comes */
        verdict = r->verdict = plan_round(c, r->watch, false, eaten);
        if (verdict == VERDICT_CALM)
                round_end(c, standing_in_flight(c) > 0 ? "standing order" : "recovered");
        else if (verdict == VERDICT_NO_CANDIDATE)
                round_end(c, "short");
        else if (loop_now_us() - r->trigger_us >= ROUND_US)
                round_end(c, "short");
        else {
                report_replan(c);
                standing_follow(c);
                next_victim(c);
        }
}

static void on_done(void *context, const struct deed_result *result)
{
        log_hold();
        go_on(context, result);
        log_release();
}

/* All of the grace period while memory is at the acting line, none when it is used up, or the host waits. */
static uint32_t patience(void *context)
{
        struct controller *c = context;
        struct watch *w = c->round.watch;
        uint64_t line;

        if (is_host_waiting(c) || watch_look(w, &c->scanner, &c->config->policy) != CGROUPFS_OK)
                return 0;
        line = amount_bytes(c->config->policy.act_available, w->facts.memory_total);
        return (uint32_t)u64_min(u64_scale(w->facts.memory_available, PERMYRIAD, u64_max(line, 1)),
                                 PERMYRIAD);
}

int round_init(struct controller *c)
{
        return deed_init(&c->deed, c->loop, &c->config->act, patience, on_done, c);
}

struct rehearsal {
        bool over;
        enum outcome outcome;
};

static void on_rehearsed(void *context, const struct deed_result *result)
{
        struct rehearsal *rehearsal = context;

        rehearsal->over = true;
        rehearsal->outcome = result->outcome;
}

/* There is no round whose memory could be asked: a grace period ends at its first tick. */
static uint32_t no_patience(void *context UNUSED)
{
        return 0;
}

int controller_rehearse(struct controller *c, uint64_t id, uint64_t timeout_us)
{
        struct rehearsal rehearsal = { 0 };
        uint64_t until_us = loop_now_us() + timeout_us;
        struct deed_order order = { .tree = c->scanner.tree, .id = id, .trigger_us = loop_now_us() };

        order.node = tree_find(c->scanner.tree, id);
        if (order.node == NODE_NONE)
                return -ENOENT;
        tree_node(c->scanner.tree, order.node)->kind = NODE_CANDIDATE;
        c->round.active = true;         /* the deed is in use: what is short must wait for its round */
        c->deed.patience = no_patience;
        c->deed.done = on_rehearsed;
        c->deed.context = &rehearsal;
        deed_start(&c->deed, &order);
        while (!rehearsal.over && loop_now_us() < until_us)
                if (loop_turn(c->loop, until_us - loop_now_us()) < 0)
                        break;
        if (!rehearsal.over)
                return -ETIMEDOUT;
        c->deed.patience = patience;
        c->deed.done = on_done;
        c->deed.context = c;
        c->round.active = false;
        c->look_timer.due_us = 0;
        return rehearsal.outcome == OUTCOME_FREED ? 0 : -EPROTO;
}
