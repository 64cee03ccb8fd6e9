/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who would go first? As long as memory is plentiful nothing is needed and no plan names anybody, so
 * all that rounds may restore is asked for: from the acting line back to the target. While a round is under way
 * the daemon answers no plan, and the domain stands alone. */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "cli/ask.h"
#include "cli/live.h"
#include "cli/names.h"
#include "cli/show.h"

#define LINES_BESIDES 10u       /* of a screen: the domain, folded where it is narrow, sentence, titles */

struct top_request {
        const char *socket, *domain;
        bool json;
};

/* The status of the domain that is asked for, borrowed; else NULL after one line on standard error. */
static json_t *find_domain(const struct verb *verb, const struct top_request *q, const json_t *status)
{
        json_t *domain;
        size_t i;

        json_array_foreach(json_object_get(status, "domains"), i, domain) {
                CLEANUP(free_p) char *path = text_from_json(field_text(domain, "path"));

                if (!q->domain || (path && strcmp(path, q->domain) == 0))
                        return domain;
        }
        verb_fail(verb, 0, "no such domain is watched; see 'jettison status'");
        return NULL;
}

static bool is_short(const json_t *domain)
{
        return strcmp(field_text(domain, "level"), "short") == 0;
}

/* The plan for what is needed now, or would be, with its snapshot; or a refusal. */
static int ask_plan(const struct verb *verb, const struct top_request *q, const json_t *domain,
                    json_t **ret_reply)
{
        uint64_t need = u64_less(field_u64(domain, "target_available"), field_u64(domain, "act_available"));
        CLEANUP(free_p) char *path = text_from_json(field_text(domain, "path"));
        CLEANUP(free_p) char *request = ask_request("plan", path, is_short(domain) ? NULL : &need);

        return ask_any(verb, q->socket, request, ret_reply);
}

static int compare_weights(const void *a, const void *b)
{
        uint64_t x = field_u64(*(json_t *const *)a, "weight"), y = field_u64(*(json_t *const *)b, "weight");

        return x > y ? -1 : x < y;
}

/* The heaviest first. */
static void sort_by_weight(json_t *list)
{
        size_t n = json_array_size(list);
        CLEANUP(free_p) json_t **entries = must(calloc(n + 1, sizeof(json_t *)));

        for (size_t i = 0; i < n; i++)
                entries[i] = json_incref(json_array_get(list, i));
        qsort(entries, n, sizeof(json_t *), compare_weights);
        json_array_clear(list);
        for (size_t i = 0; i < n; i++)
                json_array_append_new(list, entries[i]);
}

/* Leaves 'room' entries of the list, and returns how many that are. */
static size_t cut(json_t *list, size_t room)
{
        while (json_array_size(list) > room)
                json_array_remove(list, json_array_size(list) - 1);
        return json_array_size(list);
}

/* Each victim's place in the order. New. */
static json_t *turns(const json_t *victims)
{
        json_t *map = must(json_object()), *entry;
        size_t i;

        json_array_foreach(victims, i, entry) {
                CLEANUP(free_p) char *key = text_format("%llu", (unsigned long long)field_u64(entry, "id"));

                json_object_set_new(map, key, must(json_string(i == 0 ? "first" : "next")));
        }
        return map;
}

static void print_need(const json_t *domain, const json_t *plan)
{
        CLEANUP(free_p) char *need = show_size(plan, "need"), *relief = show_size(plan, "relief");
        size_t n = show_count(plan, "victims");

        if (is_short(domain))
                printf("\nShort: %s are needed", need);
        else
                printf("\nAt the acting line %s would be needed", need);
        if (n == 0)
                printf("; nobody would go.\n\n");
        else
                printf("; %zu would go and free %s.\n\n", n, relief);
}

static void print_candidates(json_t *reply, const struct term *term)
{
        const json_t *plan = json_object_get(reply, "plan");
        json_t *victims = json_object_get(plan, "victims"), *kept = json_object_get(plan, "kept");
        size_t n = show_count(plan, "victims") + show_count(plan, "kept");
        size_t room = term->height ? u64_max(u64_less(term->height, LINES_BESIDES), 1) : SIZE_MAX;
        json_t *map = turns(victims);
        struct names *names = names_new("");
        size_t shown;

        sort_by_weight(kept);
        shown = cut(victims, room);
        shown += cut(kept, room - shown);
        names_tell(names, victims);
        names_tell(names, kept);
        names_free(names);
        show_entries(plan, json_object_get(reply, "snapshot"), map, stdout, term);
        if (n > shown)
                printf("... and %zu more\n", n - shown);
        json_decref(map);
}

static void print_picture(json_t *domain, json_t *reply, const struct term *term)
{
        CLEANUP(free_p) char *refusal = show_text(reply, "error");
        json_t *list = must(json_pack("[O]", domain));

        live_erase(term);
        live_domains(list, term);
        json_decref(list);
        if (ask_is_granted(reply)) {
                print_need(domain, json_object_get(reply, "plan"));
                print_candidates(reply, term);
        } else {
                printf("\nNo plan: %s.\n", refusal);
        }
        if (term->tty && !term->steers)
                putchar('\n');
}

static void print_json(json_t *domain, const json_t *reply)
{
        json_t *object = must(json_pack("{s:O, s:O?, s:O?}", "domain", domain,
                                        "snapshot", json_object_get(reply, "snapshot"),
                                        "plan", json_object_get(reply, "plan")));

        show_json(object, stdout);
        json_decref(object);
}

static int draw_top(const struct verb *verb, const void *request, const struct term *term)
{
        const struct top_request *q = request;
        CLEANUP(free_p) char *line = ask_request("status", NULL, NULL);
        json_t *status = NULL, *reply = NULL, *domain;
        int code = ask(verb, q->socket, line, &status);

        if (code != EXIT_SUCCESS)
                return code;
        domain = find_domain(verb, q, status);
        code = domain ? ask_plan(verb, q, domain, &reply) : EXIT_FAILED;
        if (code == EXIT_SUCCESS && q->json)
                print_json(domain, reply);
        else if (code == EXIT_SUCCESS)
                print_picture(domain, reply, term);
        json_decref(reply);
        json_decref(status);
        return code;
}

static int run_top(const struct verb *verb, int argc, char **argv)
{
        struct top_request q = { .socket = ASK_SOCKET };
        const struct command_option options[] = {
                { "domain", .text = &q.domain },
                { "socket", .text = &q.socket },
                { "json", .flag = &q.json },
                { 0 },
        };
        const struct term term = term_of(stdout);
        int code;

        if (!verb_options_only(verb, argc, argv, options, &code))
                return code;
        return term.tty || q.json ? live_follow(verb, draw_top, &q) : draw_top(verb, &q, &term);
}

const struct verb verb_top = {
        .name = "top",
        .arguments = "[OPTION]...",
        .summary = "Watch the candidates of a domain, and who would go first",
        .help = "  --domain PATH         a watched one (default: the first)\n"
                "  --socket PATH         of the daemon (default: " ASK_SOCKET ")\n"
                "  --json                one line of JSON each second\n",
        .run = run_top,
};
