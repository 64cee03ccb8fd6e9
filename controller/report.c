/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that is said is said here, in two voices: JSON lines for the journal, which programs read; and
 * one line for people in the log and, for each kill, in the kernel's log, where they look after an incident. What is
 * answered when somebody asks stands in answers.c. */
#include "report.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/log.h"
#include "base/units.h"
#include "record/write.h"
#include "sense/label.h"

#define COMPLAIN_US (60 * USEC_PER_SEC)

/* Room to close a line, with the number of those that were left out. */
#define LINE_END_MAX 64

size_t report_degraded(struct controller *c, const char **phrases, size_t n_max)
{
        bool pressure = false;
        size_t n = 0;

        for (size_t i = 0; i < c->n_watches; i++)
                pressure = pressure || watch_has_pressure(&c->watches[i]);
        if (!pressure && n < n_max)
                phrases[n++] =
                        "no pressure information (boot with psi=1): available memory is the only witness";
        if (tree_is_deaf(c->scanner.tree) && n < n_max)
                phrases[n++] = "no inotify, or no watch left (fs.inotify.max_user_watches): new domains are found "
                               "only when one is armed";
        if (journal_is_failing(c->journal) && n < n_max)
                phrases[n++] = "the journal cannot be written: what happens is not recorded";
        if (tree_left_out(c->scanner.tree) > 0 && n < n_max)
                phrases[n++] = "cgroups are left out (no room, or nested too deep): they are no candidates";
        if (c->config->act.dry_run && n < n_max)
                phrases[n++] = "dry run: nobody is struck";
        return n;
}

void report_write_degraded(struct controller *c, struct sink *s)
{
        const char *phrases[8];
        size_t n = report_degraded(c, phrases, ARRAY_SIZE(phrases));

        json_open(s, "degraded", '[');
        for (size_t i = 0; i < n; i++)
                json_text(s, NULL, phrases[i]);
        json_close(s, ']');
}

const char *report_feed(const struct controller *c)
{
        return module_is_open(c->module) ? "module" : "files";
}

void report_start(struct controller *c)
{
        struct sink *s = journal_begin(c->journal, "start", 0);

        json_text(s, "version", JETTISON_VERSION);
        json_u64(s, "pid", (uint64_t)getpid());
        json_text(s, "feed", report_feed(c));
        json_bool(s, "dry_run", c->config->act.dry_run);
        json_text(s, "config", c->config->files);
        json_open(s, "domains", '[');
        for (size_t i = 0; i < c->n_watches; i++)
                json_text(s, NULL, c->watches[i].domain.path);
        json_close(s, ']');
        report_write_degraded(c, s);
        journal_end(c->journal);
}

void report_stop(struct controller *c, const char *reason)
{
        struct sink *s = journal_begin(c->journal, "stop", 0);

        json_text(s, "reason", reason);
        journal_end(c->journal);
}

void report_reload(struct controller *c, const char *error)
{
        struct sink *s = journal_begin(c->journal, "reload", 0);

        json_bool(s, "ok", error == NULL);
        if (error)
                json_text(s, "error", error);
        journal_end(c->journal);
}

static void write_plan(struct controller *c, struct sink *s, bool with_snapshot)
{
        plan_write(s, "plan", &c->plan, &c->snapshot, c->round.solve_us);
        if (with_snapshot)
                snapshot_write(s, "snapshot", &c->snapshot, c->round.need);
        else
                json_bool(s, "snapshot_left_out", true);
}

static void write_intent(struct controller *c, struct sink *s, bool with_snapshot)
{
        const struct round *r = &c->round;

        json_text(s, "domain", r->watch->domain.path);
        json_text(s, "witness", witness_name(r->shortage.witness));
        json_text(s, "level", level_name(r->shortage.level));
        json_u64(s, "need", r->need);
        if (r->shortage.witness != WITNESS_STALL)
                json_u64(s, "reach", r->watch->reach.share * 100 / PERMYRIAD);
        write_plan(c, s, with_snapshot);
}

void report_intent(struct controller *c)
{
        const struct round *r = &c->round;
        struct sink *s = journal_begin(c->journal, "intent", r->number);
        char need[SIZE_TEXT_MAX], available[SIZE_TEXT_MAX], relief[SIZE_TEXT_MAX];
        struct sink before = *s;

        write_intent(c, s, true);
        if (s->full || s->size - s->len < LINE_END_MAX) {
                *s = before;
                s->text[s->len] = '\0';
                write_intent(c, s, false);
        }
        journal_end(c->journal);
        log_notice("round %llu: %s is short (%s): %s available, %s needed; %zu of %zu go for %s, losing "
                   "utility %llu",
                   (unsigned long long)r->number, r->watch->domain.path, witness_name(r->shortage.witness),
                   size_format(shortage_available(&c->snapshot.facts), available),
                   size_format(r->need, need), c->plan.n_victims,
                   c->plan.n, size_format(c->plan.relief, relief), (unsigned long long)c->plan.utility_lost);
}

void report_rehearse(struct controller *c)
{
        write_plan(c, journal_begin(c->journal, "rehearsal", 0), true);
}

/* A name outlives its container in the journal alone, so it is noted while the cgroup is there. */
static void write_name(struct controller *c, uint64_t id, struct sink *s)
{
        uint32_t index = tree_find(c->scanner.tree, id);
        char name[LABEL_NAME_SIZE];

        if (index != NODE_NONE && label_name_read(tree_node(c->scanner.tree, index)->dir_fd, name)[0] != '\0')
                json_text(s, "name", name);
}

static void tell_victim(struct controller *c, uint64_t round, const struct snapshot_cgroup *v,
                        const char *path, uint64_t relief, const struct deed_result *result)
{
        struct sink *s = journal_begin(c->journal, "victim", round);
        char expected[SIZE_TEXT_MAX], freed[SIZE_TEXT_MAX], text[UTILITY_TEXT_MAX + 1];

        json_u64(s, "id", v->id);
        json_text(s, "path", path);
        write_name(c, v->id, s);
        json_u64(s, "tier", v->utility.tier);
        json_u64(s, "utility", v->utility.value);
        json_text(s, "method", strike_name(result->method));
        json_text(s, "outcome", outcome_name(result->outcome));
        json_u64(s, "expected", relief);
        json_u64(s, "freed", result->freed);
        json_u64(s, "processes", u64_max(result->processes, v->processes));
        json_u64(s, "strike_usec", result->strike_us);
        json_u64(s, "dead_usec", result->dead_us);
        json_u64(s, "settle_usec", result->settle_us);
        journal_end(c->journal);

        size_format(relief, expected);
        size_format(result->freed, freed);
        utility_format(v->utility, text);
        log_notice("round %llu: %s: %s (%s), utility %s, expected %s, freed %s",
                   (unsigned long long)round, path, outcome_name(result->outcome),
                   strike_name(result->method), text, expected, freed);
        if (outcome_is_shed(result->outcome))
                journal_kmsg(c->journal, "round %llu shed %s: utility %s, expected %s, freed %s, %s",
                             (unsigned long long)round, path, text, expected, freed,
                             outcome_name(result->outcome));
}

void report_victim(struct controller *c, const struct snapshot_cgroup *v, const struct plan_entry *entry,
                   const struct deed_result *result)
{
        tell_victim(c, c->round.number, v, snapshot_path(&c->snapshot, v), entry->relief, result);
}

static const char *path_of(struct controller *c, uint64_t id)
{
        uint32_t index = tree_find(c->scanner.tree, id);

        return index == NODE_NONE ? "" : tree_path(c->scanner.tree, index);
}

static void write_item(struct sink *s, uint64_t id, const char *path, struct utility u, uint64_t relief)
{
        json_open(s, NULL, '{');
        json_u64(s, "id", id);
        json_text(s, "path", path);
        json_u64(s, "tier", u.tier);
        json_u64(s, "utility", u.value);
        json_u64(s, "relief", relief);
        json_close(s, '}');
}

void report_replan(struct controller *c)
{
        struct sink *s = journal_begin(c->journal, "replan", c->round.number);
        size_t left_out = 0;

        json_u64(s, "available", c->round.watch->facts.memory_available);
        json_u64(s, "need", c->plan.need);
        json_open(s, "victims", '[');
        for (size_t i = 0; i < c->plan.n_victims && !left_out; i++) {
                const struct plan_entry *entry = &c->plan.entries[i];
                const struct snapshot_cgroup *v = &c->snapshot.cgroups[entry->index];
                struct sink before = *s;

                write_item(s, v->id, snapshot_path(&c->snapshot, v), v->utility, entry->relief);
                if (s->full || s->size - s->len < LINE_END_MAX) {
                        *s = before;
                        s->text[s->len] = '\0';
                        left_out = c->plan.n_victims - i;
                }
        }
        json_close(s, ']');
        if (left_out)
                json_u64(s, "victims_left_out", left_out);
        journal_end(c->journal);
}

void report_order(struct controller *c, const struct order *order)
{
        struct sink *s = journal_begin(c->journal, "order", order->round);

        json_text(s, "domain", c->snapshot.domain);
        json_text(s, "witness", witness_name(WITNESS_KERNEL));
        json_open(s, "victims", '[');
        for (uint32_t i = 0; i < order->n; i++) {
                const struct ordered *v = &order->victims[i];

                write_item(s, v->id, path_of(c, v->id), v->utility, v->relief);
        }
        json_close(s, ']');
        journal_end(c->journal);
}

void report_ordered_victim(struct controller *c, uint64_t round, const struct ordered *v,
                           const struct deed_result *result)
{
        const struct snapshot_cgroup victim = { .id = v->id, .utility = v->utility };

        tell_victim(c, round, &victim, path_of(c, v->id), v->relief, result);
}

void report_outcome(struct controller *c, const char *result)
{
        const struct round *r = &c->round;
        struct sink *s = journal_begin(c->journal, "outcome", r->number);
        uint64_t took_us = loop_now_us() - r->trigger_us;
        char available[SIZE_TEXT_MAX], took[DURATION_TEXT_MAX];

        json_text(s, "domain", r->watch->domain.path);
        json_text(s, "result", result);
        json_u64(s, "need", r->need);
        json_u64(s, "expected", r->expected);
        json_u64(s, "freed", r->freed);
        json_u64(s, "available_before", r->available_before);
        json_u64(s, "available_after", r->watch->facts.memory_available);
        json_u64(s, "victims", r->struck);
        json_u64(s, "kernel_kills", u64_less(scan_kernel_kills(&c->scanner), r->kernel_kills_before));
        json_u64(s, "took_usec", took_us);
        journal_end(c->journal);
        log_notice("round %llu: %s after %s, %u victims, %s available", (unsigned long long)r->number, result,
                   duration_format(took_us, took), r->struck,
                   size_format(r->watch->facts.memory_available, available));
}

void report_helpless(struct controller *c)
{
        struct watch *w = c->round.watch;
        uint64_t now_us = loop_now_us();
        const char *why =
                c->round.verdict == VERDICT_NO_CANDIDATE
                        ? "nothing may die: label or configure candidates"
                        : "only workloads that were just shed would go: pausing until memory is critical";
        struct sink *s;

        if (w->complained_us && now_us - w->complained_us < COMPLAIN_US)
                return;
        w->complained_us = now_us;
        log_warning("%s is short of memory, but %s", w->domain.path, why);
        s = journal_begin(c->journal, "error", 0);
        json_text(s, "domain", w->domain.path);
        json_text(s, "text", why);
        journal_end(c->journal);
}
