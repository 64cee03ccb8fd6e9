/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would be shed? The daemon answers for the host as it is. A snapshot from a file, or from the journal,
 * is decided here, by the same code and with the same bytes as a result: that is what makes a journal worth
 * keeping. Nothing is ever killed. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/ktext.h"
#include "base/units.h"
#include "cli/ask.h"
#include "cli/history.h"
#include "cli/names.h"
#include "cli/read.h"
#include "cli/show.h"
#include "decide/plan.h"
#include "record/write.h"
#include "serve/config.h"

struct plan_request {
        const char *snapshot, *domain, *config, *socket, *file;
        uint64_t need, round;
        bool has_need, json;
};

static uint64_t clock_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / NSEC_PER_USEC;
}

/* An upper bound on the text of one cgroup besides its path: a dozen numbers, their names, a reason. */
#define ENTRY_TEXT_MAX 640u

/* What either text takes at most: a byte of a path becomes six. */
static size_t text_size(const struct snapshot *s)
{
        return 4 * KIB + 6 * (s->names_len + strlen(s->domain)) + s->n * ENTRY_TEXT_MAX;
}

static json_t *plan_json(const struct plan *plan, const struct snapshot *snapshot, uint64_t solve_us)
{
        size_t size = text_size(snapshot);
        CLEANUP(free_p) char *text = must(malloc(size));
        struct sink s;

        sink_init(&s, text, size);
        plan_write(&s, NULL, plan, snapshot, solve_us);
        return must(json_loadb(s.text, s.len, 0, NULL));
}

static json_t *snapshot_json(const struct snapshot *snapshot, uint64_t need)
{
        size_t size = text_size(snapshot);
        CLEANUP(free_p) char *text = must(malloc(size));
        struct sink s;

        sink_init(&s, text, size);
        snapshot_write(&s, NULL, snapshot, need);
        return must(json_loadb(s.text, s.len, 0, NULL));
}

/* Decides, and gives the plan as new JSON. */
static json_t *decide(const struct snapshot *snapshot, const struct shortage *shortage,
                      const struct policy *policy)
{
        size_t n_max = snapshot->n + 1;
        struct planner *planner = must(planner_new(n_max));
        struct plan plan = { 0 };
        uint64_t began_us;
        json_t *json;

        must(plan_init(&plan, n_max) < 0 ? NULL : &plan);
        began_us = clock_us();
        plan_make(&plan, planner, snapshot, shortage, policy);
        json = plan_json(&plan, snapshot, clock_us() - began_us);
        plan_fini(&plan);
        planner_free(planner);
        return json;
}

/* The need is what the caller says, else what the snapshot says, else what the policy makes of its facts.
 * Pressure that was measured over ten seconds stands in for the window that only the daemon can watch. */
static struct shortage shortage_of(const struct plan_request *q, const struct reading *reading,
                                   const struct policy *policy)
{
        const struct domain_facts *facts = &reading->snapshot.facts;
        uint32_t stall = policy->stall_kind == STALL_FULL ? facts->psi.full.avg10 : facts->psi.some.avg10;
        struct shortage shortage = shortage_judge(facts, facts->has_psi ? stall : 0, false, PERMYRIAD, policy);

        if (!q->has_need && !reading->has_need)
                return shortage;
        shortage.swap_short = facts->swap_total > 0 &&
                              facts->swap_free < amount_bytes(policy->act_swap, facts->swap_total);
        shortage.need = q->has_need ? q->need : reading->need;
        shortage.level = shortage.need > 0 ? LEVEL_SHORT : LEVEL_CALM;
        return shortage;
}

static void print_plan(const struct plan_request *q, const json_t *plan, const json_t *snapshot)
{
        const struct term term = term_of(stdout);
        struct names *names;

        if (q->json) {
                show_json(plan, stdout);
                return;
        }
        names = names_new("");
        names_tell(names, json_object_get(plan, "victims"));
        names_tell(names, json_object_get(plan, "kept"));
        names_free(names);
        show_plan(plan, snapshot, stdout, &term);
}

static int plan_reading(const struct verb *verb, const struct plan_request *q, const struct reading *reading)
{
        struct config_error error;
        struct shortage shortage;
        struct config config;
        json_t *plan, *snapshot;

        if (config_load(q->config ? q->config : CONFIG_PATH, q->config != NULL, &config, &error) < 0)
                return verb_fail(verb, EXIT_CONFIG, "%s", error.text);
        shortage = shortage_of(q, reading, &config.policy);
        plan = decide(&reading->snapshot, &shortage, &config.policy);
        snapshot = snapshot_json(&reading->snapshot, shortage.need);
        config_fini(&config);
        print_plan(q, plan, snapshot);
        json_decref(plan);
        json_decref(snapshot);
        return EXIT_SUCCESS;
}

static int plan_file(const struct verb *verb, const struct plan_request *q)
{
        struct read_error error;
        struct reading reading;
        int code;

        if (read_snapshot_file(q->snapshot, &reading, &error) < 0)
                return verb_fail(verb, EXIT_FAILED, "%s: %s", q->snapshot, error.text);
        code = plan_reading(verb, q, &reading);
        read_fini(&reading);
        return code;
}

/* Says what is decided on, for people. */
static void print_replay(const struct plan_request *q, const struct round *r)
{
        CLEANUP(free_p) char *when = text_time(history_time_us(r));

        if (!q->json)
                printf("Round %llu, %s, decided anew by %s.\n\n", (unsigned long long)r->number, when,
                       q->config ? q->config : "today's configuration");
}

static int plan_round(const struct verb *verb, const struct plan_request *q, const struct round *r)
{
        const json_t *snapshot = json_object_get(r->intent, "snapshot");
        unsigned long long number = r->number;
        struct read_error error;
        struct reading reading;
        int code;

        if (!r->intent)
                return verb_fail(verb, EXIT_FAILED, "round %llu: its intent is not in the journal any more",
                                 number);
        if (history_is_order(r))
                return verb_fail(verb, EXIT_FAILED, "round %llu was a standing order of the kernel module, "
                                 "which is journalled without its snapshot", number);
        if (!snapshot)
                return verb_fail(verb, EXIT_FAILED, "round %llu was journalled without its snapshot: it was "
                                 "too large for a line", number);
        if (read_snapshot(snapshot, &reading, &error) < 0)
                return verb_fail(verb, EXIT_FAILED, "round %llu: %s", number, error.text);
        print_replay(q, r);
        code = plan_reading(verb, q, &reading);
        read_fini(&reading);
        return code;
}

/* The latest round of that number. */
static int plan_journal(const struct verb *verb, const struct plan_request *q)
{
        struct history history;
        const char *file = q->file ? q->file : JOURNAL_PATH;
        int r = history_read(file, HISTORY_ONE, q->round, &history), code;

        if (r < 0) {
                CLEANUP(free_p) char *why = history_complaint(file, r);

                return verb_fail(verb, EXIT_FAILED, "%s", why);
        }
        if (history.n == 0)
                code = verb_fail(verb, EXIT_FAILED, "%s holds no round %llu", file,
                                 (unsigned long long)q->round);
        else
                code = plan_round(verb, q, &history.rounds[history.n - 1]);
        history_fini(&history);
        return code;
}

static int plan_live(const struct verb *verb, const struct plan_request *q)
{
        CLEANUP(free_p) char *request = ask_request("plan", q->domain, q->has_need ? &q->need : NULL);
        json_t *reply = NULL;
        int code = ask(verb, q->socket, request, &reply);
        const json_t *plan = code == EXIT_SUCCESS ? ask_member(verb, reply, "plan") : NULL;

        if (plan)
                print_plan(q, plan, json_object_get(reply, "snapshot"));
        else if (code == EXIT_SUCCESS)
                code = EXIT_FAILED;
        json_decref(reply);
        return code;
}

static int check(const struct verb *verb, const struct plan_request *q)
{
        bool live = !q->snapshot && !q->round;

        if (q->snapshot && q->round)
                return verb_usage(verb, "--snapshot and --round at once");
        if (!live && q->domain)
                return verb_usage(verb, "--domain is of the live host; a snapshot has its own");
        if (live && q->config)
                return verb_usage(verb, "--config goes with --snapshot or --round; the daemon has its own");
        if (!q->round && q->file)
                return verb_usage(verb, "--file goes with --round");
        return EXIT_SUCCESS;
}

static bool parse_need(const char *text, void *request)
{
        struct plan_request *q = request;

        q->has_need = size_parse(text, &q->need) == 0 && q->need <= READ_BYTES_MAX;
        return q->has_need;
}

static int run_plan(const struct verb *verb, int argc, char **argv)
{
        struct plan_request q = { .socket = ASK_SOCKET };
        const struct command_option options[] = {
                { "snapshot", .text = &q.snapshot },
                { "round", .parse = history_parse_round, .to = &q.round, .form = "a round" },
                { "file", .text = &q.file },
                { "need", .parse = parse_need, .to = &q, .form = "a size such as 4G or 512M" },
                { "domain", .text = &q.domain },
                { "config", .text = &q.config },
                { "socket", .text = &q.socket },
                { "json", .flag = &q.json },
                { 0 },
        };
        int code;

        if (!verb_options_only(verb, argc, argv, options, &code))
                return code;
        code = check(verb, &q);
        if (code != EXIT_SUCCESS)
                return code;
        if (q.round)
                return plan_journal(verb, &q);
        return q.snapshot ? plan_file(verb, &q) : plan_live(verb, &q);
}

const struct verb verb_plan = {
        .name = "plan",
        .arguments = "[OPTION]...",
        .summary = "Show what would be shed, and why; kills nothing",
        .help = "  --snapshot FILE       a snapshot, or '-' for standard input (default: ask the daemon)\n"
                "  --round N             the snapshot that round N was decided on, from the journal\n"
                "  --file JOURNAL        with --round (default: " JOURNAL_PATH ")\n"
                "  --need SIZE           to be freed, such as 4G (default: as the snapshot or policy says)\n"
                "  --domain PATH         of the live host (default: /)\n"
                "  --config FILE         policy for a snapshot or round (default: " CONFIG_PATH ", if there)\n"
                "  --socket PATH         of the daemon (default: " ASK_SOCKET ")\n"
                "  --json                the plan as one line of JSON\n",
        .run = run_plan,
};
