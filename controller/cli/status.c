/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the domains stand. On a terminal '--follow' overwrites what it printed last; elsewhere it prints one
 * line per domain and second, so that it can be piped and kept. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "cli/ask.h"
#include "cli/names.h"
#include "cli/show.h"

#define BAR_CELLS 20u

struct status_request {
        const char *socket;
        bool follow, json;
};

/* "[############--------]": how much is in use. New. */
static char *bar_text(uint64_t total, uint64_t available)
{
        uint64_t used = u64_less(total, available);
        size_t full = total ? u64_scale(used, BAR_CELLS, total) : 0;
        unsigned long long percent = total ? u64_scale(used, 100, total) : 0;
        char bar[BAR_CELLS + 1];

        memset(bar, '-', BAR_CELLS);
        memset(bar, '#', u64_min(full, BAR_CELLS));
        bar[BAR_CELLS] = '\0';
        return text_format("[%s] %3llu%%", bar, percent);
}

/* "1.2 GiB of 7.7 GiB", or "none" of nothing. New. */
static char *part_text(uint64_t part, uint64_t whole)
{
        char a[SIZE_TEXT_MAX], b[SIZE_TEXT_MAX];

        if (whole == 0)
                return must(strdup("none"));
        return text_format("%s of %s", size_format(part, a), size_format(whole, b));
}

static enum style level_style(const char *level)
{
        if (strcmp(level, "short") == 0)
                return STYLE_RED;
        return strcmp(level, "armed") == 0 ? STYLE_YELLOW : STYLE_PLAIN;
}

static void add_domain(struct table *t, const json_t *domain)
{
        const char *level = field_text(domain, "level");
        uint64_t total = field_u64(domain, "memory_total"), available = field_u64(domain, "memory_available");

        table_row(t, level_style(level));
        table_cell(t, text_show_json(field_text(domain, "path")));
        table_cell(t, names_text(domain));
        table_cell(t, bar_text(total, available));
        table_cell(t, part_text(available, total));
        table_cell(t, part_text(field_u64(domain, "swap_free"), field_u64(domain, "swap_total")));
        table_cell(t, text_format("%.2f%%", json_number_value(json_object_get(domain, "stall"))));
        table_size(t, field_u64(domain, "act_available"));
        table_cell(t, text_show_json(level));
        table_cell(t, text_show_json(field_text(domain, "state")));
}

static void print_domains(const json_t *reply, const struct term *term)
{
        static const struct column columns[] = {
                { "DOMAIN", CUT_FRONT, false },        { "NAME", CUT_AWAY, false },
                { "MEMORY IN USE", CUT_NEVER, false }, { "AVAILABLE", CUT_NEVER, true },
                { "SWAP FREE", CUT_NEVER, true },      { "STALL", CUT_NEVER, true },
                { "ACTS BELOW", CUT_NEVER, true },     { "LEVEL", CUT_NEVER, false },
                { "STATE", CUT_NEVER, false },
        };
        json_t *domains = json_object_get(reply, "domains");
        struct names *names = names_new("");
        struct table table;
        json_t *domain;
        size_t i;

        names_tell(names, domains);
        names_free(names);
        table_init(&table, columns, ARRAY_SIZE(columns));
        json_array_foreach(domains, i, domain)
                add_domain(&table, domain);
        table_print(&table, stdout, term);
        table_fini(&table);
}

static unsigned long long count(const json_t *reply, const char *name)
{
        return field_u64(reply, name);
}

static void print_daemon(const json_t *reply)
{
        CLEANUP(free_p) char *version = text_show_json(field_text(reply, "version"));
        CLEANUP(free_p) char *feed = text_show_json(field_text(reply, "feed"));
        char up[DURATION_TEXT_MAX];

        printf("jettisond %s, process %llu, up %s, feed %s%s\n", version, count(reply, "pid"),
               duration_format(field_u64(reply, "uptime_usec"), up), feed,
               json_is_true(json_object_get(reply, "dry_run")) ? ", DRY RUN: nobody is struck" : "");
        printf("%llu candidates, %llu rounds, %llu victims, %llu wake-ups, %llu journal lines dropped, "
               "%llu bad labels\n\n",
               count(reply, "candidates"), count(reply, "rounds"), count(reply, "victims"),
               count(reply, "wakeups"), count(reply, "journal_dropped"), count(reply, "bad_labels"));
}

/* What the kernel module has been told to do if the kernel runs dry. */
static void print_order(const json_t *reply)
{
        const json_t *order = json_object_get(reply, "order");
        CLEANUP(free_p) char *state = text_show_json(field_text(order, "state"));
        char age[DURATION_TEXT_MAX], left[DURATION_TEXT_MAX];

        if (!order)
                return;
        if (count(order, "victims") == 0) {
                printf("\nNo standing order: memory is plentiful.\n");
                return;
        }
        printf("\nStanding order of round %llu: %llu victims, %s, given %s ago, expires in %s\n",
               count(order, "round"), count(order, "victims"), state,
               duration_format(count(order, "age_usec"), age), duration_format(count(order, "left_usec"), left));
}

static void print_degraded(const json_t *reply, const struct term *term)
{
        json_t *text;
        size_t i;

        json_array_foreach(json_object_get(reply, "degraded"), i, text) {
                CLEANUP(free_p) char *shown = text_show_json(json_string_value(text));

                printf("%s%sDegraded: %s%s\n", i == 0 ? "\n" : "", style_begin(term, STYLE_YELLOW), shown,
                       style_end(term, STYLE_YELLOW));
        }
}

/* A screen for people. */
static void print_screen(const json_t *reply, const struct term *term)
{
        print_daemon(reply);
        print_domains(reply, term);
        print_order(reply);
        print_degraded(reply, term);
}

/* A line for programs that read lines, and for logs. */
static void print_lines(const json_t *reply)
{
        CLEANUP(free_p) char *when = text_time((uint64_t)time(NULL) * USEC_PER_SEC);
        json_t *domain;
        size_t i;

        json_array_foreach(json_object_get(reply, "domains"), i, domain) {
                CLEANUP(free_p) char *path = text_show_json(field_text(domain, "path"));
                CLEANUP(free_p) char *level = text_show_json(field_text(domain, "level"));
                CLEANUP(free_p) char *state = text_show_json(field_text(domain, "state"));
                CLEANUP(free_p) char *memory = part_text(field_u64(domain, "memory_available"),
                                                         field_u64(domain, "memory_total"));
                CLEANUP(free_p) char *swap = part_text(field_u64(domain, "swap_free"),
                                                       field_u64(domain, "swap_total"));

                printf("%s %s available %s, swap %s, stall %.2f%%, %s, %s\n", when, path, memory, swap,
                       json_number_value(json_object_get(domain, "stall")), level, state);
        }
}

static int follow(const struct verb *verb, const struct status_request *q)
{
        CLEANUP(free_p) char *request = ask_request("status", NULL, NULL);
        const struct timespec second = { .tv_sec = 1 };

        for (;;) {
                const struct term term = term_of(stdout);
                json_t *reply = NULL;
                int code = ask(verb, q->socket, request, &reply);

                if (code != EXIT_SUCCESS)
                        return code;
                if (q->json) {
                        show_json(reply, stdout);
                } else if (term.tty) {
                        fputs("\033[H\033[J", stdout);        /* to the upper left, and nothing below it */
                        print_screen(reply, &term);
                } else {
                        print_lines(reply);
                }
                json_decref(reply);
                if (fflush(stdout) != 0)
                        return verb_fail(verb, EXIT_FAILED, "cannot write the output");
                nanosleep(&second, NULL);
        }
}

static int once(const struct verb *verb, const struct status_request *q)
{
        CLEANUP(free_p) char *request = ask_request("status", NULL, NULL);
        const struct term term = term_of(stdout);
        json_t *reply = NULL;
        int code = ask(verb, q->socket, request, &reply);

        if (code != EXIT_SUCCESS)
                return code;
        if (q->json)
                show_json(reply, stdout);
        else
                print_screen(reply, &term);
        json_decref(reply);
        return EXIT_SUCCESS;
}

static int run_status(const struct verb *verb, int argc, char **argv)
{
        static const struct option options[] = {
                { "follow", no_argument, NULL, 'f' }, { "socket", required_argument, NULL, 'S' },
                { "json", no_argument, NULL, 'j' },   VERB_OPTION_HELP,
                { 0 },
        };
        struct status_request q = { .socket = ASK_SOCKET };

        for (int c; (c = verb_option(verb, argc, argv, options)) != VERB_END;)
                switch (c) {
                case 'f':
                        q.follow = true;
                        break;
                case 'S':
                        q.socket = optarg;
                        break;
                case 'j':
                        q.json = true;
                        break;
                default:
                        return verb_stop(c);
                }
        if (optind < argc)
                return verb_usage(verb, "unexpected argument '%s'", argv[optind]);
        return q.follow ? follow(verb, &q) : once(verb, &q);
}

const struct verb verb_status = {
        .name = "status",
        .arguments = "[OPTION]...",
        .summary = "Show the daemon and how its domains stand",
        .help = "  --follow              again each second: in place on a terminal, else line by line\n"
                "  --socket PATH         of the daemon (default: " ASK_SOCKET ")\n"
                "  --json                the daemon's answer as one line of JSON\n",
        .run = run_status,
};
