/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon did, and why. Reads the file, not the daemon: the journal is there for when the daemon is
 * not. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/explain.h"
#include "cli/names.h"
#include "cli/show.h"
#include "cli/verb.h"
#include "record/tail.h"

#define FOLLOW_STEP_US (250 * USEC_PER_MSEC)   /* a person's eye is no faster */

struct journal_request {
        const char *file;
        struct history_filter filter;
        uint64_t round;         /* 0: all */
        bool explain, last, follow, json;
};

static int cannot_read(const struct verb *verb, const char *path, int error)
{
        CLEANUP(free_p) char *why = history_complaint(path, error);

        return verb_fail(verb, EXIT_FAILED, "%s", why);
}

static void say_losses(const struct verb *verb, const struct history *h)
{
        if (h->n_torn)
                verb_fail(verb, 0, "torn lines that were skipped: %zu", h->n_torn);
        if (h->n_dropped)
                verb_fail(verb, 0, "lines that the daemon could not write: %llu",
                          (unsigned long long)h->n_dropped);
}

static bool is_filtered(const struct journal_request *q)
{
        return q->filter.cgroup || q->filter.container || q->filter.since_us;
}

/* The rounds that are asked for, with names where they are shown or asked for. */
static int read_rounds(const struct journal_request *q, enum history_keep keep, uint64_t number,
                       struct history *ret_history)
{
        int r = history_read(q->file, keep, number, ret_history);

        if (r < 0)
                return r;
        if (q->explain || q->json || q->filter.container)
                history_tell_names(ret_history);
        history_keep(ret_history, &q->filter);
        return 0;
}

static void print_json(const struct round *r)
{
        json_t *object = history_json(r);

        show_json(object, stdout);
        json_decref(object);
}

static int journal_list(const struct verb *verb, const struct journal_request *q)
{
        const struct term term = term_of(stdout);
        struct history history;
        int r = read_rounds(q, q->round ? HISTORY_ONE : HISTORY_ALL, q->round, &history);

        if (r < 0)
                return cannot_read(verb, q->file, r);
        for (size_t i = 0; q->json && i < history.n; i++)
                print_json(&history.rounds[i]);
        if (!q->json)
                explain_rounds(&history, stdout, &term);
        say_losses(verb, &history);
        history_fini(&history);
        return EXIT_SUCCESS;
}

/* The number of the last round that is meant; 0: there is none. The journal is read twice for it, since no
 * more than the rounds of one number are kept whole. */
static int find_last(const struct journal_request *q, uint64_t *ret_number)
{
        struct history history;
        int r = read_rounds(q, HISTORY_ALL, 0, &history);

        if (r < 0)
                return r;
        *ret_number = history.n ? history.rounds[history.n - 1].number : 0;
        history_fini(&history);
        return 0;
}

static int no_round(const struct verb *verb, const struct journal_request *q)
{
        if (is_filtered(q))
                return verb_fail(verb, EXIT_FAILED, "%s holds no such round", q->file);
        if (!q->round)
                return verb_fail(verb, EXIT_FAILED, "%s holds no round", q->file);
        return verb_fail(verb, EXIT_FAILED, "%s holds no round %llu", q->file, (unsigned long long)q->round);
}

static int journal_explain(const struct verb *verb, const struct journal_request *q)
{
        const struct term term = term_of(stdout);
        uint64_t number = q->round;
        struct history history;
        int code = EXIT_SUCCESS, r = 0;

        if (q->last && !number && is_filtered(q)) {
                r = find_last(q, &number);
                if (r == 0 && !number)
                        return no_round(verb, q);
        }
        if (r == 0)
                r = read_rounds(q, number ? HISTORY_ONE : HISTORY_LAST, number, &history);
        if (r < 0)
                return cannot_read(verb, q->file, r);
        if (history.n == 0)
                code = no_round(verb, q);
        else if (q->json)
                print_json(&history.rounds[history.n - 1]);
        else
                explain_round(&history.rounds[history.n - 1], stdout, &term);
        say_losses(verb, &history);
        history_fini(&history);
        return code;
}

/* Names are looked up anew for each line: containers come and go meanwhile. */
static void tell_name(json_t *line)
{
        json_t *list = must(json_pack("[O?]", line));
        struct names *names = names_new("");

        names_tell(names, list);
        names_free(names);
        json_decref(list);
}

static bool follow_line(void *request, const char *text, size_t len)
{
        const struct journal_request *q = request;
        json_t *line = json_loadb(text, len, 0, NULL);

        tell_name(line);
        if (line && (!q->round || field_u64(line, "round") == q->round) &&
            (!q->filter.cgroup || history_line_mentions(line, q->filter.cgroup)) &&
            (!q->filter.container || names_match(line, q->filter.container))) {
                if (q->json)
                        show_json(line, stdout);
                else
                        explain_line(line, stdout);
        }
        json_decref(line);
        return true;
}

static int journal_follow(const struct verb *verb, struct journal_request *q)
{
        const struct timespec step = { .tv_nsec = (long)(FOLLOW_STEP_US * NSEC_PER_USEC) };
        struct tail t = TAIL_INIT;
        int r = 0;

        tail_open(&t, q->file, TAIL_END, NULL);
        while (r == 0) {
                r = tail_read(&t, follow_line, q);
                if (fflush(stdout) != 0)
                        r = -errno;
                if (r == 0)
                        nanosleep(&step, NULL);
        }
        tail_close(&t);
        return cannot_read(verb, q->file, r);
}

/* "", "last" or "explain ROUND". */
static int take_arguments(const struct verb *verb, struct journal_request *q, int argc, char **argv)
{
        int n = argc - optind;
        const char *what = n > 0 ? argv[optind] : "";

        if (n == 1 && strcmp(what, "last") == 0) {
                q->explain = q->last = true;
        } else if (strcmp(what, "explain") == 0) {
                if (n == 1 && !q->round)
                        return verb_usage(verb, "ROUND is missing");
                if (n == 2 && !history_parse_round(argv[optind + 1], &q->round))
                        return verb_usage(verb, "'%s' is not a round", argv[optind + 1]);
                if (n > 2)
                        return verb_usage(verb, "unexpected argument '%s'", argv[optind + 2]);
                q->explain = true;
        } else if (n > 0) {
                const char *word = strcmp(what, "last") == 0 ? argv[optind + 1] : what;

                return verb_usage(verb, "unexpected argument '%s'", word);
        }
        if (q->explain && q->follow)
                return verb_usage(verb, "--follow shows lines as they come, it cannot explain");
        if (q->filter.since_us && q->follow)
                return verb_usage(verb, "--follow shows lines as they come, --since those of the past");
        return EXIT_SUCCESS;
}

static bool parse_since(const char *text, void *ret_since_us)
{
        return text_time_parse(text, (uint64_t)time(NULL) * USEC_PER_SEC, ret_since_us) == 0;
}

static int run_journal(const struct verb *verb, int argc, char **argv)
{
        struct journal_request q = { .file = JOURNAL_PATH };
        const struct command_option options[] = {
                { "follow", .flag = &q.follow },
                { "round", .parse = history_parse_round, .to = &q.round, .form = "a round" },
                { "cgroup", .text = &q.filter.cgroup },
                { "container", .text = &q.filter.container },
                { "since", .parse = parse_since, .to = &q.filter.since_us,
                  .form = "a time such as 2h or 2026-01-31 17:04" },
                { "file", .text = &q.file },
                { "json", .flag = &q.json },
                { 0 },
        };
        int code;

        if (!verb_options(verb, argc, argv, options, &code))
                return code;
        code = take_arguments(verb, &q, argc, argv);
        if (code != EXIT_SUCCESS)
                return code;
        if (q.follow)
                return journal_follow(verb, &q);
        return q.explain ? journal_explain(verb, &q) : journal_list(verb, &q);
}

const struct verb verb_journal = {
        .name = "journal",
        .arguments = "[OPTION]... [last | explain ROUND]",
        .summary = "List the rounds, or explain one: who died, who was spared, and why",
        .help = "  last                  explain the last round\n"
                "  explain ROUND         explain a round; the latest, if the number was used again\n"
                "  --follow              print new lines as they come\n"
                "  --round N             only this round\n"
                "  --cgroup TEXT         only rounds with a victim whose path contains TEXT\n"
                "  --container NAME      only rounds with a victim of this name, or whose id begins so\n"
                "  --since TIME          only later ones: 2h, or 2026-01-31, or '2026-01-31 17:04'\n"
                "  --file FILE           and its rotated FILE.1, FILE.2, ... (default: " JOURNAL_PATH ")\n"
                "  --json                one line of JSON per round; with --follow, the lines themselves\n",
        .run = run_journal,
};
