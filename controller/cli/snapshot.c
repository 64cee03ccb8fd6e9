/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon sees: one domain, one instant. As JSON it can be kept, edited and given to 'jettison plan
 * --snapshot'. */
#include <stdio.h>

#include "cli/ask.h"
#include "cli/names.h"
#include "cli/show.h"

static void print_snapshot(const json_t *snapshot, const struct term *term)
{
        struct names *names = names_new("");

        names_tell(names, json_object_get(snapshot, "cgroups"));
        names_free(names);
        show_snapshot(snapshot, stdout, term);
}

static int run_snapshot(const struct verb *verb, int argc, char **argv)
{
        const char *domain = NULL, *socket = ASK_SOCKET;
        bool json = false;
        const struct command_option options[] = {
                { "domain", .text = &domain },
                { "socket", .text = &socket },
                { "json", .flag = &json },
                { 0 },
        };
        const struct term term = term_of(stdout);
        CLEANUP(free_p) char *request = NULL;
        const json_t *snapshot;
        json_t *reply = NULL;
        int code;

        if (!verb_options_only(verb, argc, argv, options, &code))
                return code;
        request = ask_request("snapshot", domain, NULL);
        code = ask(verb, socket, request, &reply);
        if (code != EXIT_SUCCESS)
                return code;
        snapshot = ask_member(verb, reply, "snapshot");
        if (snapshot && json)
                show_json(snapshot, stdout);
        else if (snapshot)
                print_snapshot(snapshot, &term);
        json_decref(reply);
        return snapshot ? EXIT_SUCCESS : EXIT_FAILED;
}

const struct verb verb_snapshot = {
        .name = "snapshot",
        .arguments = "[OPTION]...",
        .summary = "Show the facts that a choice would be made from",
        .help = "  --domain PATH         of the live host (default: /)\n"
                "  --socket PATH         of the daemon (default: " ASK_SOCKET ")\n"
                "  --json                as one line of JSON, for 'jettison plan --snapshot'\n",
        .run = run_snapshot,
};
