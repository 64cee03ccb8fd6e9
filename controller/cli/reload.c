/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon answers before it reads its files, since it does not while a round is under way. What came of it
 * stands in the journal, which is read from the moment of asking on. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/ask.h"
#include "cli/history.h"
#include "cli/show.h"
#include "record/tail.h"

#define STEP_US  (100 * USEC_PER_MSEC)
#define STEPS    20u            /* two seconds: a reload takes milliseconds, unless it waits for a round */

/* Takes the first line of a reload, and no more. */
static bool take_line(void *who, const char *text, size_t len)
{
        json_t **found = who, *line = json_loadb(text, len, 0, NULL);

        if (strcmp(field_text(line, "what"), "reload") == 0) {
                *found = line;
                return false;
        }
        json_decref(line);
        return true;
}

/* The journal's line. New; NULL: it did not come, or the journal cannot be read. */
static json_t *await_line(struct tail *t)
{
        const struct timespec step = { .tv_nsec = (long)(STEP_US * NSEC_PER_USEC) };
        json_t *found = NULL;

        for (unsigned i = 0; i < STEPS && tail_read(t, take_line, &found) == 0; i++)
                nanosleep(&step, NULL);
        return found;
}

static int reload(const struct verb *verb, const char *socket, const char *file)
{
        CLEANUP(free_p) char *request = ask_request("reload", NULL, NULL), *error = NULL;
        json_t *reply = NULL, *line = NULL;
        struct tail t = TAIL_INIT;
        int code;

        tail_open(&t, file, TAIL_END, NULL);
        code = ask(verb, socket, request, &reply);
        json_decref(reply);
        if (code == EXIT_SUCCESS)
                line = await_line(&t);
        tail_close(&t);
        if (code != EXIT_SUCCESS)
                return code;
        error = show_text(line, "error");
        if (!line)
                puts("Asked for; what comes of it will be in the journal.");
        else if (json_is_true(json_object_get(line, "ok")))
                puts("The new configuration is in force.");
        else
                code = verb_fail(verb, EXIT_CONFIG, "%s; the old configuration stays in force", error);
        json_decref(line);
        return code;
}

static int run_reload(const struct verb *verb, int argc, char **argv)
{
        const char *socket = ASK_SOCKET, *file = JOURNAL_PATH;
        const struct command_option options[] = {
                { "socket", .text = &socket },
                { "file", .text = &file },
                { 0 },
        };
        int code;

        if (!verb_options_only(verb, argc, argv, options, &code))
                return code;
        return reload(verb, socket, file);
}

const struct verb verb_reload = {
        .name = "reload",
        .arguments = "[OPTION]...",
        .summary = "Have the daemon read its configuration again",
        .help = "  --socket PATH         of the daemon (default: " ASK_SOCKET ")\n"
                "  --file FILE           the journal, which tells what came of it\n"
                "                        (default: " JOURNAL_PATH ")\n",
        .run = run_reload,
};
