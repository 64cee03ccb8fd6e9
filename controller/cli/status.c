/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the domains stand. On a terminal '--follow' overwrites what it printed last; elsewhere it prints one
 * line per domain and second, so that it can be piped and kept. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "cli/ask.h"
#include "cli/live.h"
#include "cli/show.h"

struct status_request {
        const char *socket;
        bool follow, json;
};

static unsigned long long count(const json_t *reply, const char *name)
{
        return field_u64(reply, name);
}

static void print_daemon(const json_t *reply)
{
        CLEANUP(free_p) char *version = text_show_json(field_text(reply, "version"));
        CLEANUP(free_p) char *feed = text_show_json(field_text(reply, "feed"));
        CLEANUP(free_p) char *files = text_show_json(field_text(reply, "config"));
        char up[DURATION_TEXT_MAX];

        printf("jettisond %s, process %llu, up %s, feed %s%s\n", version, count(reply, "pid"),
               duration_format(field_u64(reply, "uptime_usec"), up), feed,
               json_is_true(json_object_get(reply, "dry_run")) ? ", DRY RUN: nobody is struck" : "");
        printf("configuration: %s\n", files[0] ? files : "no file, the built-in defaults");
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
        live_domains(json_object_get(reply, "domains"), term);
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
                CLEANUP(free_p) char *memory = show_part(field_u64(domain, "memory_available"),
                                                         field_u64(domain, "memory_total"));
                CLEANUP(free_p) char *swap = show_part(field_u64(domain, "swap_free"),
                                                       field_u64(domain, "swap_total"));

                printf("%s %s available %s, swap %s, stall %.2f%%, %s, %s\n", when, path, memory, swap,
                       json_number_value(json_object_get(domain, "stall")), level, state);
        }
}

static int draw_status(const struct verb *verb, const void *request, const struct term *term)
{
        const struct status_request *q = request;
        CLEANUP(free_p) char *line = ask_request("status", NULL, NULL);
        json_t *reply = NULL;
        int code = ask(verb, q->socket, line, &reply);

        if (code != EXIT_SUCCESS)
                return code;
        if (q->json) {
                show_json(reply, stdout);
        } else if (q->follow && !term->steers) {
                print_lines(reply);
        } else {
                if (q->follow)
                        live_erase(term);
                print_screen(reply, term);
        }
        json_decref(reply);
        return EXIT_SUCCESS;
}

static int run_status(const struct verb *verb, int argc, char **argv)
{
        struct status_request q = { .socket = ASK_SOCKET };
        const struct command_option options[] = {
                { "follow", .flag = &q.follow },
                { "socket", .text = &q.socket },
                { "json", .flag = &q.json },
                { 0 },
        };
        const struct term term = term_of(stdout);
        int code;

        if (!verb_options_only(verb, argc, argv, options, &code))
                return code;
        return q.follow ? live_follow(verb, draw_status, &q) : draw_status(verb, &q, &term);
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
