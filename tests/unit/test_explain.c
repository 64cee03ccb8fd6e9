/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon's own journal wrote, put together to rounds and explained: two lives of the daemon, a
 * round that was cut off by a crash, a torn line, a hostile name. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cli/explain.h"
#include "cli/show.h"
#include "decide/plan.h"
#include "record/journal.h"
#include "record/write.h"

/* tests/data/journal.jsonl is made by "JETTISON_RECORD=FILE test_explain --filter
 * explain/rounds_are_put_together", where FILE is not there yet. */
#define RECORD "JETTISON_RECORD"

struct daemon {
        char folder[64], path[256];
        struct journal *journal;
        struct snapshot snapshot;
        struct plan plan;
        struct planner *planner;
};

static void add(struct snapshot *s, uint64_t id, const char *path, uint64_t mib, struct utility utility,
                enum barred barred)
{
        struct snapshot_cgroup *c = snapshot_add(s, id, path);

        c->memory = c->relief = mib * MIB;
        c->oom_score = id;
        c->processes = 2;
        c->utility = utility;
        c->barred = barred;
}

static struct daemon daemon_make(void)
{
        struct daemon d = { .folder = "/tmp/jettison-explain-XXXXXX" };
        const struct shortage shortage = { .level = LEVEL_SHORT, .need = 900 * MIB };

        cr_assert(mkdtemp(d.folder));
        cr_assert(snapshot_init(&d.snapshot, 8, 1024) == 0 && plan_init(&d.plan, 8) == 0);
        snprintf(d.path, sizeof(d.path), "%s/j", d.folder);
        if (getenv(RECORD))
                snprintf(d.path, sizeof(d.path), "%s", getenv(RECORD));
        d.planner = planner_new(8);
        snapshot_reset(&d.snapshot, "/");
        d.snapshot.facts = (struct domain_facts){ .memory_total = 4 * GIB, .memory_available = 100 * MIB };
        add(&d.snapshot, 1, "/hog\033[2J", 512, (struct utility){ .value = 5 }, BARRED_NOT);
        add(&d.snapshot, 2, "/job", 512, (struct utility){ .value = 8 }, BARRED_NOT);
        add(&d.snapshot, 3, "/training", 640, (struct utility){ .value = 90 }, BARRED_NOT);
        add(&d.snapshot, 4, "/db", 640, (struct utility){ .protect = true }, BARRED_LABEL);
        snapshot_sort(&d.snapshot);
        cr_assert_eq(plan_make(&d.plan, d.planner, &d.snapshot, &shortage, &policy_default), VERDICT_ACT);
        cr_assert_eq(d.plan.n_victims, 2);
        return d;
}

static void daemon_start(struct daemon *d)
{
        const struct journal_options options = { .path = d->path };
        int error;

        d->journal = journal_new(&options, &error);
        cr_assert(d->journal);
        json_text(journal_begin(d->journal, "start", 0), "version", "0.1.0");
        journal_end(d->journal);
}

/* Who was named to the kernel module. */
static void daemon_order(struct daemon *d, uint64_t round)
{
        struct sink *s = journal_begin(d->journal, "order", round);

        json_text(s, "domain", "/");
        json_text(s, "witness", "kernel");
        json_open(s, "victims", '[');
        for (uint64_t id = 1; id <= 2; id++) {
                json_open(s, NULL, '{');
                json_u64(s, "id", id);
                json_text(s, "path", id == 1 ? "/hog" : "/job");
                json_close(s, '}');
        }
        json_close(s, ']');
        journal_end(d->journal);
}

static void daemon_intent(struct daemon *d, uint64_t round)
{
        struct sink *s = journal_begin(d->journal, "intent", round);

        json_text(s, "domain", "/");
        json_text(s, "witness", "available");
        json_text(s, "level", "short");
        json_u64(s, "need", d->plan.need);
        json_u64(s, "reach", 25);
        plan_write(s, "plan", &d->plan, &d->snapshot, 12);
        snapshot_write(s, "snapshot", &d->snapshot, d->plan.need);
        journal_end(d->journal);
}

static void daemon_victim(struct daemon *d, uint64_t round, uint64_t id, const char *path,
                          const char *outcome)
{
        struct sink *s = journal_begin(d->journal, "victim", round);

        json_u64(s, "id", id);
        json_text(s, "path", path);
        json_u64(s, "utility", 5);
        json_text(s, "method", "cgroup.kill");
        json_text(s, "outcome", outcome);
        json_u64(s, "expected", 512 * MIB);
        json_u64(s, "freed", 500 * MIB);
        json_u64(s, "processes", 2);
        json_u64(s, "strike_usec", 1500);
        json_u64(s, "dead_usec", 20000);
        json_u64(s, "settle_usec", 90000);
        journal_end(d->journal);
}

/* Still short after a victim: /training, which was to be kept. */
static void daemon_replan(struct daemon *d, uint64_t round)
{
        struct sink *s = journal_begin(d->journal, "replan", round);

        json_u64(s, "available", 600 * MIB);
        json_u64(s, "need", 200 * MIB);
        json_open(s, "victims", '[');
        json_open(s, NULL, '{');
        json_u64(s, "id", 3);
        json_text(s, "path", "/training");
        json_close(s, '}');
        json_close(s, ']');
        journal_end(d->journal);
}

static void daemon_result(struct daemon *d, uint64_t round, const char *result, uint64_t kernel_kills)
{
        struct sink *s = journal_begin(d->journal, "outcome", round);

        json_text(s, "domain", "/");
        json_text(s, "result", result);
        json_u64(s, "need", d->plan.need);
        json_u64(s, "expected", 512 * MIB);
        json_u64(s, "freed", 500 * MIB);
        json_u64(s, "available_before", 100 * MIB);
        json_u64(s, "available_after", 600 * MIB);
        json_u64(s, "victims", 1);
        json_u64(s, "kernel_kills", kernel_kills);
        json_u64(s, "took_usec", 95000);
        journal_end(d->journal);
}

static void daemon_outcome(struct daemon *d, uint64_t round)
{
        daemon_result(d, round, "recovered", 0);
}

/* A shortage in which nothing was done. */
static void daemon_error(struct daemon *d)
{
        struct sink *s = journal_begin(d->journal, "error", 0);

        json_text(s, "domain", "/");
        json_text(s, "text", "nothing may die");
        journal_end(d->journal);
}

/* First life: round 1 ends well, round 2 is cut off and tears its last line. Second life: round 1 again,
 * not ended. */
static struct daemon two_lives(void)
{
        struct daemon d = daemon_make();
        FILE *torn;

        daemon_start(&d);
        daemon_intent(&d, 1);
        daemon_victim(&d, 1, 1, "/hog\033[2J", "freed");
        daemon_outcome(&d, 1);
        daemon_intent(&d, 2);
        journal_free(d.journal);
        torn = fopen(d.path, "a");
        fputs("{\"what\":\"victim\",\"round\":2,\"pa", torn);
        fclose(torn);
        daemon_start(&d);
        daemon_intent(&d, 1);
        journal_free(d.journal);
        return d;
}

static void daemon_free(struct daemon *d)
{
        snapshot_fini(&d->snapshot);
        plan_fini(&d->plan);
        planner_free(d->planner);
        if (!getenv(RECORD))
                unlink(d->path);
        rmdir(d->folder);
}

static char *explained(const struct round *r)
{
        const struct term term = { 0 };
        size_t len;
        char *text;
        FILE *out = open_memstream(&text, &len);

        explain_round(r, out, &term);
        fclose(out);
        return text;
}

static char *listed(const struct history *h)
{
        const struct term term = { 0 };
        size_t len;
        char *text;
        FILE *out = open_memstream(&text, &len);

        explain_rounds(h, out, &term);
        fclose(out);
        return text;
}

/* A line of a table, blanks squeezed: does one begin so? */
static bool has_row(const char *text, const char *begin)
{
        CLEANUP(free_p) char *squeezed = malloc(strlen(text) + 2);
        char wanted[256], *p = squeezed;

        *p++ = '\n';
        for (; *text; text++)
                if (*text != ' ' || p[-1] != ' ')
                        *p++ = *text;
        *p = '\0';
        snprintf(wanted, sizeof(wanted), "\n%s", begin);
        return strstr(squeezed, wanted);
}

Test(explain, rounds_are_put_together)
{
        struct daemon d = two_lives();
        struct history h;

        cr_assert_eq(history_read(d.path, HISTORY_ALL, 0, &h), 0);
        cr_assert_eq(h.n, 3);
        cr_expect_eq(h.n_torn, 1);
        cr_expect(h.rounds[0].number == 1 && h.rounds[0].outcome);
        cr_expect_eq(json_array_size(h.rounds[0].victims), 1);
        cr_expect(h.rounds[1].number == 2 && h.rounds[1].intent && !h.rounds[1].outcome);
        cr_expect(h.rounds[2].number == 1 && !h.rounds[2].outcome, "a new life is a new round 1");
        cr_expect_not(json_object_get(h.rounds[0].intent, "snapshot"));
        history_keep(&h, &(struct history_filter){ .cgroup = "/hog\033" });
        cr_expect_eq(h.n, 3);
        history_keep(&h, &(struct history_filter){ .cgroup = "/job" });
        cr_expect(h.n == 2 && !h.rounds[0].outcome, "who survived a round that ended was no victim of it");
        history_keep(&h, &(struct history_filter){ .cgroup = "training" });
        cr_expect_eq(h.n, 0);
        history_fini(&h);

        cr_assert_eq(history_read(d.path, HISTORY_ONE, 1, &h), 0);
        cr_expect(h.n == 2 && json_object_get(h.rounds[1].intent, "snapshot"));
        history_fini(&h);
        cr_assert_eq(history_read(d.path, HISTORY_LAST, 0, &h), 0);
        cr_expect(h.n == 1 && h.rounds[0].number == 1 && !h.rounds[0].outcome);
        history_fini(&h);
        daemon_free(&d);
}

Test(explain, who_died_who_was_spared_and_why)
{
        static const char *const said[] = {
                "domain /: available memory had fallen below the acting line.",
                "900 MiB had to come back, 25 % of the way from the acting line to the target.\nThe plan was to shed "
                "2 of 4, to free 1 GiB and lose a utility of 13, the least possible.",
                "died    /hog\\x1b[2J", "spared  /job", "worth more", "protected by its label", "cgroup.kill",
                "Outcome: recovered. Needed 900 MiB, expected 512 MiB, measured 500 MiB freed; available "
                "100 MiB before, 600 MiB after.",
                "From the trigger until memory was back: 95 ms.",
        };
        struct daemon d = two_lives();
        struct history h;
        char *text;

        cr_assert_eq(history_read(d.path, HISTORY_ONE, 1, &h), 0);
        text = explained(&h.rounds[0]);
        for (size_t i = 0; i < ARRAY_SIZE(said); i++)
                cr_expect(strstr(text, said[i]), "not said: \"%s\" in:\n%s", said[i], text);
        cr_expect_not(strchr(text, '\033'));
        free(text);
        history_fini(&h);
        daemon_free(&d);
}

Test(explain, interrupted_round_is_shown_as_such)
{
        struct daemon d = two_lives();
        struct history h;
        char *text;

        cr_assert_eq(history_read(d.path, HISTORY_ONE, 2, &h), 0);
        cr_assert_eq(h.n, 1);
        text = explained(&h.rounds[0]);
        cr_expect(strstr(text, "Interrupted: the journal has no outcome"), "%s", text);
        cr_expect(strstr(text, "unknown  /job"), "nobody can know whether it was struck: %s", text);
        free(text);
        history_fini(&h);
        daemon_free(&d);
}

/* A round of which only the end is left, or the middle, is no reason to fail. */
Test(explain, pieces_of_a_round)
{
        struct daemon d = daemon_make();
        struct history h;

        daemon_start(&d);
        daemon_outcome(&d, 7);
        daemon_victim(&d, 8, 1, "/x", "stuck");
        journal_free(d.journal);
        cr_assert_eq(history_read(d.path, HISTORY_ALL, 0, &h), 0);
        cr_assert_eq(h.n, 2);
        for (size_t i = 0; i < h.n; i++) {
                CLEANUP(free_p) char *text = explained(&h.rounds[i]), *list = listed(&h);

                cr_expect(strstr(text, "its intent is not in the journal any more"), "%s", text);
                cr_expect(strstr(list, "In all: rounds 2, victims 2,"), "%s", list);
        }
        history_fini(&h);
        daemon_free(&d);
}

/* Orders come and go; one becomes a round when the module has carried it out, and the last one given is what it
 * carried out. */
Test(explain, order_that_was_carried_out)
{
        struct daemon d = daemon_make();
        struct history h;
        char *text;

        daemon_start(&d);
        daemon_order(&d, 1);
        daemon_intent(&d, 1);
        daemon_outcome(&d, 1);
        daemon_order(&d, 2);
        daemon_order(&d, 2);
        daemon_victim(&d, 2, 1, "/hog", "freed");
        daemon_result(&d, 2, "standing order", 0);
        daemon_order(&d, 3);
        journal_free(d.journal);

        cr_assert_eq(history_read(d.path, HISTORY_ALL, 0, &h), 0);
        cr_assert_eq(h.n, 2, "an order by itself is no round");
        cr_expect_str_eq(field_text(h.rounds[0].intent, "what"), "intent");
        cr_expect_str_eq(field_text(h.rounds[1].intent, "what"), "order");
        text = explained(&h.rounds[1]);
        cr_expect(strstr(text, "the kernel itself had run out of memory"), "%s", text);
        cr_expect(strstr(text, "named 2, cheapest first"), "%s", text);
        cr_expect(has_row(text, "died /hog ") && has_row(text, "not needed /job "), "%s", text);
        cr_expect(strstr(text, "From the trigger to the end of the round: 95 ms."), "%s", text);
        free(text);
        history_fini(&h);

        cr_assert_eq(history_read(d.path, HISTORY_LAST, 0, &h), 0);
        cr_expect(h.n == 1 && h.rounds[0].number == 2);
        history_fini(&h);
        daemon_free(&d);
}

/* Who was to be kept and was chosen later is not called kept; who was to go and was not, spared. */
Test(explain, round_that_was_planned_anew)
{
        static const char *const said[] = {
                "Still short after /hog: 200 MiB needed; /training was chosen.",
                "Killed meanwhile by the kernel's own OOM killer, on the whole host: 2.",
                "From the trigger to the end of the round: 95 ms.",
        };
        struct daemon d = daemon_make();
        struct history h;
        char *text;

        daemon_start(&d);
        daemon_intent(&d, 1);
        daemon_victim(&d, 1, 1, "/hog", "freed");
        daemon_replan(&d, 1);
        daemon_victim(&d, 1, 3, "/training", "freed");
        daemon_result(&d, 1, "short", 2);
        daemon_intent(&d, 2);
        daemon_replan(&d, 2);
        journal_free(d.journal);

        cr_assert_eq(history_read(d.path, HISTORY_ONE, 1, &h), 0);
        text = explained(&h.rounds[0]);
        for (size_t i = 0; i < ARRAY_SIZE(said); i++)
                cr_expect(strstr(text, said[i]), "not said: \"%s\" in:\n%s", said[i], text);
        cr_expect(has_row(text, "died /training ") && strstr(text, "chosen later"), "%s", text);
        cr_expect(has_row(text, "spared /job ") && has_row(text, "kept /db "), "%s", text);
        free(text);
        history_fini(&h);

        cr_assert_eq(history_read(d.path, HISTORY_ONE, 2, &h), 0);
        text = explained(&h.rounds[0]);
        cr_expect(has_row(text, "unknown /training "), "nobody can know whether it was struck: %s", text);
        free(text);
        history_keep(&h, &(struct history_filter){ .cgroup = "/training" });
        cr_expect_eq(h.n, 1);
        history_fini(&h);
        daemon_free(&d);
}

Test(explain, dry_run_is_no_deed)
{
        struct daemon d = daemon_make();
        struct history h;
        char *text;

        daemon_start(&d);
        daemon_intent(&d, 1);
        daemon_victim(&d, 1, 1, "/hog", "dry-run");
        daemon_result(&d, 1, "dry-run", 0);
        journal_free(d.journal);
        cr_assert_eq(history_read(d.path, HISTORY_LAST, 0, &h), 0);
        text = explained(&h.rounds[0]);
        cr_expect(has_row(text, "/hog - 2 "), "%s", text);
        cr_expect(strstr(text, "Nobody was struck: dry run.") && !strstr(text, "cgroup.kill"), "%s", text);
        free(text);
        history_fini(&h);
        daemon_free(&d);
}

Test(explain, sums_and_shortages_not_acted_on)
{
        struct daemon d = two_lives();
        struct history h;
        char *text;

        daemon_start(&d);
        daemon_error(&d);
        daemon_error(&d);
        journal_free(d.journal);
        cr_assert_eq(history_read(d.path, HISTORY_ALL, 0, &h), 0);
        text = listed(&h);
        cr_expect(strstr(text, "In all: rounds 3, victims 1, freed 500 MiB, utility lost 5."), "%s", text);
        cr_expect(strstr(text, "Short and not acted on: /, 2 times, the last ") &&
                  strstr(text, ": nothing may die.\n"), "%s", text);
        free(text);
        history_keep(&h, &(struct history_filter){ .since_us = UINT64_MAX });
        text = listed(&h);
        cr_expect_str_eq(text, "No rounds.\n");
        free(text);
        history_fini(&h);
        daemon_free(&d);
}

Test(explain, lines_of_a_reload)
{
        static const struct {
                const char *line, *said;
        } rows[] = {
                { "{\"what\":\"reload\",\"ok\":true}", "reload  done\n" },
                { "{\"what\":\"reload\",\"ok\":false,\"error\":\"x: no such key\"}",
                  "reload  refused: x: no such key\n" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                json_t *line = json_loads(rows[i].line, 0, NULL);
                CLEANUP(free_p) char *text = NULL;
                size_t len;
                FILE *out = open_memstream(&text, &len);

                explain_line(line, out);
                fclose(out);
                json_decref(line);
                cr_expect(strstr(text, rows[i].said), "%s", text);
        }
}
