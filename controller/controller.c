/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's one thought, told once:
 *
 *      a watch is due, or a witness has woken it       on_look, on_woken
 *      is its domain short?                            watch_look
 *      if so: facts, choice, deed, measurement         round.c
 *
 * Everything here runs on one thread. One round is under way at a time, over all domains together, so that
 * no memory which one round has on its way is asked for by another. While a domain is armed its snapshot is
 * taken once a second, so that every file is open and every page in place when it counts, and once more when
 * the line is about to be crossed, unless the last will still do then: so the round need not take its own. From
 * it, how far the round will go is chosen in advance, and of the host's the standing order is made (standing.c).
 *
 * Where the kernel module is there, it calls when the host's memory falls, and until then nobody looks. */
#include "controller.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/base.h"
#include "base/log.h"
#include "domains.h"
#include "report.h"
#include "round.h"
#include "serve/memory.h"
#include "standing.h"

/* How often an armed domain's files are opened and read in advance; and if, falling as it does, it will be
 * short within AHEAD_US. */
#define PRIME_US USEC_PER_SEC
#define AHEAD_US (100 * USEC_PER_MSEC)

/* New cgroups come in bursts (a pod is a dozen); the tree is walked once for all of them. */
#define WALK_DELAY_US (200 * USEC_PER_MSEC)

/* Path bytes per candidate in a snapshot: 130 on a Kubernetes node. */
#define NAMES_PER_CANDIDATE 192

/* A cgroup is made first and labelled or limited then, and of that no news comes: the walk is done once more
 * after this time … */
#define WALK_AGAIN_US (2 * USEC_PER_SEC)

/* … and once a minute, on the back of a look, for limits that are set long after. */
#define WALK_IDLE_US (60 * USEC_PER_SEC)

static void set_look_timer(struct controller *c)
{
        uint64_t due_us = LOOP_NEVER;

        if (!c->round.active)
                for (size_t i = 0; i < c->n_watches; i++)
                        due_us = u64_min(due_us, c->watches[i].next_look_us);
        c->look_timer.due_us = due_us;
}

static void watch_domains(struct controller *c);

int controller_scan(struct controller *c, struct watch *w, bool walk)
{
        int r = scan_run(&c->scanner, &w->domain, walk, loop_now_us(), &c->snapshot);

        c->primed = NULL;
        if (!c->round.active)
                c->kernel_kills = scan_kernel_kills(&c->scanner);
        c->snapshot.facts.psi = w->facts.psi;
        c->snapshot.facts.has_psi = w->facts.has_psi;
        c->snapshot.facts.lists_count = w->facts.lists_count;
        return r;
}

static const struct shortage rehearsed = { .level = LEVEL_SHORT, .witness = WITNESS_AVAILABLE, .need = 1 };

/* Takes a full snapshot of the domain and makes a plan from it, striking nobody: every page that a round needs
 * is touched. */
static int rehearse_plan(struct controller *c, struct watch *w)
{
        int r = controller_scan(c, w, false);

        if (r == CGROUPFS_OK) {
                plan_make(&c->plan, c->planner, &c->snapshot, &rehearsed, &c->config->policy);
                journal_reserve(c->journal, c->snapshot.n);
                report_rehearse(c);
        }
        return r;
}

/* There are more cgroups than ever: what a round needs for them is touched and locked before one begins. */
static void make_ready(struct controller *c)
{
        if (tree_size(c->scanner.tree) <= c->n_ready)
                return;
        c->n_ready = tree_size(c->scanner.tree);
        for (size_t i = 0; i < c->n_watches; i++)
                if (!c->watches[i].gone)
                        rehearse_plan(c, &c->watches[i]);
        memory_lock();
}

struct reach_question controller_question(const struct controller *c, const struct watch *w, struct shortage *shortage)
{
        return (struct reach_question){ .snapshot = &c->snapshot, .policy = &c->config->policy, .shortage = shortage,
                                        .lost = &w->lost, .anew = true };
}

/* How far the next round goes, if memory goes on falling. Everything that choosing needs is warm then. */
static void reach_ahead(struct controller *c, struct watch *w)
{
        struct shortage shortage = shortage_ahead(&c->snapshot.facts, &c->config->policy);
        const struct reach_question question = controller_question(c, w, &shortage);

        reach_plan(&c->plan, c->planner, &question, &w->reach);
}

/* Once a second; and just before the line is crossed, but not again when what was read will still do then: a scan
 * that has begun holds up the look that would see the crossing. */
static bool is_prime_due(const struct controller *c, const struct watch *w, uint64_t now_us)
{
        uint64_t age_us = now_us - w->primed_us, left_us = watch_time_left(w, &c->config->policy);

        if (age_us < AHEAD_US || age_us >= PRIME_US)
                return age_us >= PRIME_US;
        return left_us <= AHEAD_US && (c->primed != w || age_us + left_us > PRIMED_US);
}

static void prime(struct controller *c, struct watch *w, uint64_t now_us)
{
        if (!is_prime_due(c, w, now_us))
                return;
        w->primed_us = now_us;
        if (controller_scan(c, w, true) == CGROUPFS_OK) {
                c->primed = w;
                for (size_t i = 0; i < c->snapshot.n; i++)
                        deed_prepare(&c->deed, tree_node(c->scanner.tree, c->snapshot.cgroups[i].slot));
                reach_ahead(c, w);
                if (w->domain.is_host)
                        standing_renew(c);
        }
        if (tree_is_deaf(c->scanner.tree))
                watch_domains(c);       /* nobody else tells of new ones */
        make_ready(c);
}

/* Asks the module to call when the host's memory falls below the arming line. A line that was crossed
 * already is told of at once, so nothing is missed between the look and this. */
static int set_lines(struct controller *c, const struct domain_facts *host)
{
        uint64_t low = amount_bytes(c->config->policy.arm_available, host->memory_total);

        return module_watch(c->module, low, low + low / 8, 0, 0);
}

/* The host has plenty: no need to look before the module calls. The module's line knows nothing of the
 * processors' lists, so it may have called already; then a timer goes on until it says that all is well. */
static void rest(struct controller *c, struct watch *w)
{
        standing_withdraw(c);
        if (set_lines(c, &w->facts) == 0)
                w->next_look_us = LOOP_NEVER;
}

static struct controller *the_controller;

static void on_woken(struct watch *w)
{
        w->next_look_us = 0;
        if (!the_controller->round.active)
                the_controller->look_timer.due_us = 0;
}

struct watch *controller_host(struct controller *c)
{
        for (size_t i = 0; i < c->n_watches; i++)
                if (c->watches[i].domain.is_host && !c->watches[i].gone)
                        return &c->watches[i];
        return NULL;
}

/* What the module tells: the host's memory has crossed a line, the kernel reclaims or has run out of it, or the
 * standing order is being carried out. */
void controller_take_events(struct controller *c)
{
        struct watch *host = controller_host(c);
        struct jettison_event event;
        int r;

        while ((r = module_take_event(c->module, &event)) > 0) {
                standing_take_event(c, &event);
                if (!host)
                        continue;
                if (event.kind == JETTISON_OOM)
                        host->oom_us = loop_now_us();
                if (event.kind == JETTISON_AVAILABLE_LOW || event.kind == JETTISON_AVAILABLE_OK)
                        c->host_low = event.kind == JETTISON_AVAILABLE_LOW;
                on_woken(host);
        }
        if (r < 0) {
                log_errno(r, "the kernel module is lost; going on with files");
                loop_unwatch(c->loop, &c->events);
                c->called = false;
                if (host)
                        on_woken(host);
        }
}

static void on_event(struct loop_source *source, uint32_t events UNUSED)
{
        controller_take_events(CONTAINER_OF(source, struct controller, events));
}

static void look_at(struct controller *c, struct watch *w)
{
        uint64_t now_us;
        int r = watch_look(w, &c->scanner, &c->config->policy);

        if (r == CGROUPFS_GONE) {
                c->walk_timer.due_us = u64_min(c->walk_timer.due_us, loop_now_us() + WALK_DELAY_US);
                return;
        }
        now_us = loop_now_us();
        if (r == 0 && w->shortage.level == LEVEL_CALM && w->domain.is_host && c->called && !c->host_low)
                rest(c, w);
        if (r < 0 || w->shortage.level == LEVEL_CALM)
                return;
        if (w->domain.is_host && c->called)
                controller_take_events(c);      /* before anything new is decided: the module may have acted already */
        if (c->round.active)
                return;
        if (w->shortage.level == LEVEL_SHORT && !watch_is_held(w, now_us))
                round_begin(c, w);
        else
                prime(c, w, now_us);
}

static void on_walk(struct loop_timer *timer);

static void on_look(struct loop_timer *timer)
{
        struct controller *c = CONTAINER_OF(timer, struct controller, look_timer);
        uint64_t now_us = loop_now_us();

        for (size_t i = 0; i < c->n_watches && !c->round.active; i++)
                if (c->watches[i].next_look_us <= now_us)
                        look_at(c, &c->watches[i]);
        if (!c->round.active && c->config->sense.domains_auto && now_us - c->walked_us >= WALK_IDLE_US)
                on_walk(&c->walk_timer);
        set_look_timer(c);
}

/* Brings the watches up to date with the tree. */
static void watch_domains(struct controller *c)
{
        domains_watch(c, on_woken);
        set_look_timer(c);
}

static void on_walk(struct loop_timer *timer)
{
        struct controller *c = CONTAINER_OF(timer, struct controller, walk_timer);

        if (c->round.active) {
                timer->due_us = loop_now_us() + WALK_DELAY_US;
                return;
        }
        tree_take_news(c->scanner.tree);
        if (c->news.fd >= 0)
                loop_watch(c->loop, &c->news, EPOLLIN);
        tree_walk(c->scanner.tree);
        watch_domains(c);
        make_ready(c);
        c->walked_us = loop_now_us();
        if (c->walk_again)
                timer->due_us = c->walked_us + WALK_AGAIN_US;
        c->walk_again = false;
}

/* News are not heard again before the walk: whoever makes directories without pause does not wake us for
 * each. */
static void on_news(struct loop_source *source, uint32_t events UNUSED)
{
        struct controller *c = CONTAINER_OF(source, struct controller, news);

        loop_unwatch(c->loop, source);
        c->walk_again = true;
        c->walk_timer.due_us = u64_min(c->walk_timer.due_us, loop_now_us() + WALK_DELAY_US);
}

int controller_init(struct controller *c, const struct config *config, struct loop *loop,
                    const struct cgroupfs *fs, const char *proc, struct module *module,
                    struct journal *journal)
{
        size_t n_max = config->sense.cgroups_max;
        int r;

        *c = (struct controller){ .config = config, .loop = loop, .module = module, .journal = journal };
        the_controller = c;
        c->started_us = c->walked_us = loop_now_us();
        c->look_timer.due = on_look;
        c->walk_timer.due = on_walk;
        c->planner = planner_new(n_max);
        if (!c->planner)
                return -ENOMEM;
        if ((r = snapshot_init(&c->snapshot, n_max, n_max * NAMES_PER_CANDIDATE)) < 0 ||
            (r = plan_init(&c->plan, n_max)) < 0 ||
            (r = scan_init(&c->scanner, fs, proc, &config->sense, module)) < 0 ||
            (r = loop_add_timer(loop, &c->look_timer)) < 0 || (r = loop_add_timer(loop, &c->walk_timer)) < 0)
                return r;
        c->news = (struct loop_source){ .ready = on_news, .fd = tree_news_fd(c->scanner.tree) };
        if (c->news.fd >= 0)
                loop_watch(loop, &c->news, EPOLLIN);
        c->events = (struct loop_source){ .ready = on_event, .fd = module->fd };
        if (module_is_open(module))
                loop_watch(loop, &c->events, EPOLLIN);
        if ((r = standing_init(c)) < 0)
                return r;
        return round_init(c);
}

void controller_fini(struct controller *c)
{
        for (size_t i = 0; i < c->n_watches; i++)
                watch_stop(&c->watches[i]);
        deed_fini(&c->deed);
        scan_fini(&c->scanner);
        plan_fini(&c->plan);
        snapshot_fini(&c->snapshot);
        c->planner = planner_free(c->planner);
}

/* Only one program at a time can set the module's lines and leave orders. */
static void take_calls(struct controller *c)
{
        int r = set_lines(c, &c->snapshot.facts);

        c->called = r == 0;
        if (r < 0)
                log_warning("the kernel module's watch is not to be had (%s): looking at files instead",
                            r == -EBUSY ? "another program holds it" : strerror(-r));
}

int controller_start(struct controller *c)
{
        int r = tree_walk(c->scanner.tree);

        if (r < 0)
                return log_errno(r, "cannot read the cgroup tree");
        watch_domains(c);
        if (tree_left_out(c->scanner.tree) > 0)
                log_warning("%u cgroups found no room or are nested too deep; raise candidates.max",
                            tree_left_out(c->scanner.tree));
        for (size_t i = 0; i < c->n_watches; i++) {
                struct watch *w = &c->watches[i];

                r = rehearse_plan(c, w);
                if (r < 0 && w->domain.is_host)
                        return log_errno(r, "cannot read the host's memory");
                if (w->domain.is_host && module_is_open(c->module))
                        take_calls(c);
        }
        c->n_ready = tree_size(c->scanner.tree);
        return 0;
}

const struct plan *controller_plan(struct controller *c, const char *domain, uint64_t need,
                                   const struct snapshot **ret_snapshot, uint64_t *ret_solve_us)
{
        struct watch *w = domains_find(c, *domain || !c->n_watches ? domain : c->watches[0].domain.path);
        struct shortage shortage;
        uint64_t begun_us;

        if (!w || c->round.active || controller_scan(c, w, true) != CGROUPFS_OK)
                return NULL;
        begun_us = loop_now_us();
        if (need > 0) {
                shortage = shortage_given(&c->snapshot.facts, need, &c->config->policy);
                plan_make(&c->plan, c->planner, &c->snapshot, &shortage, &c->config->policy);
        } else {
                const struct reach_question question = controller_question(c, w, &shortage);
                struct reach reach = w->reach;

                shortage = shortage_judge(&c->snapshot.facts, w->stall_permyriad, false, reach.share,
                                          &c->config->policy);
                reach_plan(&c->plan, c->planner, &question, &reach);
        }
        *ret_solve_us = loop_now_us() - begun_us;
        *ret_snapshot = &c->snapshot;
        return &c->plan;
}

bool controller_is_busy(const struct controller *c)
{
        return c->round.active || tree_is_pinned(c->scanner.tree);
}

int controller_reload(struct controller *c, const struct config *config)
{
        const struct config *before = c->config;

        if (controller_is_busy(c) || scan_reconfigure(&c->scanner, &config->sense) < 0)
                return -EBUSY;
        standing_withdraw(c);           /* while it still may: by the new one there might be none */
        c->config = config;
        c->deed.options = &config->act;
        c->primed = NULL;
        for (size_t i = 0; i < c->n_watches; i++)
                c->watches[i].reach = reach_shortest(&config->policy);
        domains_reconfigure(c, before);
        tree_walk(c->scanner.tree);
        watch_domains(c);
        return 0;
}
