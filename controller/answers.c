/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is said to those who ask. Nothing here changes what is watched or decided: a look that somebody asked for
 * leaves the watch's own facts alone. */
#include "answers.h"

#include <unistd.h>

#include "base/base.h"
#include "record/write.h"
#include "report.h"

static void write_watch(struct sink *s, struct controller *c, const struct watch *w,
                        const struct domain_facts *facts)
{
        const struct policy *p = &c->config->policy;
        bool mine = c->round.active && c->round.watch == w;
        const char *state = !mine ? "watching" : deed_is_settling(&c->deed) ? "settling" : "acting";

        json_open(s, NULL, '{');
        json_text(s, "path", w->domain.path);
        json_text(s, "level", level_name(w->shortage.level));
        json_text(s, "state", w->gone && !c->round.active ? "gone" : state);
        json_u64(s, "memory_total", facts->memory_total);
        json_u64(s, "memory_available", shortage_available(facts));
        json_u64(s, "swap_total", facts->swap_total);
        json_u64(s, "swap_free", facts->swap_free);
        json_hundredths(s, "stall", w->stall_permyriad);
        json_u64(s, "act_available", amount_bytes(p->act_available, facts->memory_total));
        json_u64(s, "target_available", amount_bytes(p->target_available, facts->memory_total));
        json_close(s, '}');
}

static void write_module(struct sink *s, struct controller *c)
{
        static const char *const states[] = {
                [JETTISON_ORDER_NONE] = "none",
                [JETTISON_ORDER_STANDING] = "standing",
                [JETTISON_ORDER_ACTING] = "acting",
                [JETTISON_ORDER_OVER] = "over",
        };
        struct jettison_info info;

        if (!module_is_open(c->module) || module_info(c->module, &info) < 0)
                return;
        json_u64(s, "events_missed", c->module->missed);
        json_u64(s, "looks_failed", c->scanner.census.failures);
        json_open(s, "order", '{');
        json_text(s, "state", info.order_state < ARRAY_SIZE(states) ? states[info.order_state] : "unknown");
        json_u64(s, "round", info.order_round);
        json_u64(s, "victims", info.order_victims);
        json_u64(s, "next", info.order_next);
        json_u64(s, "age_usec", info.order_age_ms * USEC_PER_MSEC);
        json_u64(s, "left_usec", info.order_left_ms * USEC_PER_MSEC);
        json_close(s, '}');
}

static uint64_t count_candidates(struct controller *c)
{
        uint64_t n = 0;

        for (uint32_t i = 1; i < tree_size(c->scanner.tree); i++)
                n += tree_node(c->scanner.tree, i)->kind == NODE_CANDIDATE &&
                     !tree_node(c->scanner.tree, i)->gone;
        return n;
}

void answer_status(void *context, const struct control_request *request UNUSED, struct sink *s)
{
        struct controller *c = context;
        bool pressure = c->n_watches > 0 && watch_has_pressure(&c->watches[0]);

        json_text(s, "version", JETTISON_VERSION);
        json_u64(s, "pid", (uint64_t)getpid());
        json_u64(s, "uptime_usec", loop_now_us() - c->started_us);
        json_text(s, "feed", report_feed(c));
        json_bool(s, "dry_run", c->config->act.dry_run);
        json_bool(s, "pressure", pressure);
        json_bool(s, "swap", c->n_watches > 0 && c->watches[0].facts.swap_total > 0);
        json_u64(s, "rounds", c->rounds);
        json_u64(s, "victims", c->victims);
        json_u64(s, "wakeups", c->loop->wakeups);
        json_u64(s, "journal_dropped", journal_dropped(c->journal));
        json_u64(s, "bad_labels", c->scanner.bad_labels);
        json_u64(s, "bad_files", c->scanner.bad_files);
        json_u64(s, "left_out", tree_left_out(c->scanner.tree));
        json_u64(s, "candidates", count_candidates(c));
        json_text(s, "config", c->config->files);
        report_write_degraded(c, s);
        write_module(s, c);
        json_open(s, "domains", '[');
        for (size_t i = 0; i < c->n_watches; i++) {
                const struct watch *w = &c->watches[i];
                struct domain_facts now = w->facts;

                if (!c->round.active && !w->gone)
                        scan_look(&c->scanner, &w->domain, UINT64_MAX, &now);
                write_watch(s, c, w, &now);
        }
        json_close(s, ']');
}

static void tell_plan(struct controller *c, const struct control_request *request, bool with_plan,
                        struct sink *s)
{
        const struct snapshot *snapshot;
        uint64_t solve_us;
        const struct plan *plan = controller_plan(c, request->domain, request->has_need ? request->need : 0,
                                                  &snapshot, &solve_us);

        if (!plan) {
                control_fail(s, c->round.active ? "a round is under way; ask again in a moment"
                                                : "no such domain is watched; see \"jettison status\"");
                return;
        }
        snapshot_write(s, "snapshot", snapshot, plan->need);
        if (with_plan)
                plan_write(s, "plan", plan, snapshot, solve_us);
        if (s->full)
                control_fail(s, "the answer does not fit");
}

void answer_snapshot(void *context, const struct control_request *request, struct sink *reply)
{
        tell_plan(context, request, false, reply);
}

void answer_plan(void *context, const struct control_request *request, struct sink *reply)
{
        tell_plan(context, request, true, reply);
}
