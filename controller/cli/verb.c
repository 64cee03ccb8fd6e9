/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all verbs do alike: their options, and what they say when something is wrong. */
#include "cli/verb.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/text.h"

/* Whether the verb goes on; what ends it has been said. */
static bool go_on(const struct verb *verb, enum command_end end, const char *problem, int *ret_code)
{
        switch (end) {
        case COMMAND_READ:
                return true;
        case COMMAND_HELP:
                printf("Usage: jettison %s %s\n%s.\n\n%s  -h, --help            this text\n", verb->name,
                       verb->arguments, verb->summary, verb->help);
                *ret_code = EXIT_SUCCESS;
                break;
        case COMMAND_VERSION:
                puts("jettison " JETTISON_VERSION);
                *ret_code = EXIT_SUCCESS;
                break;
        case COMMAND_WRONG:
                *ret_code = verb_usage(verb, "%s", problem);
                break;
        }
        return false;
}

bool verb_options(const struct verb *verb, int argc, char **argv, const struct command_option *options, int *ret_code)
{
        char problem[COMMAND_PROBLEM_MAX];

        return go_on(verb, command_line_read(options, verb->in_order, argc, argv, problem), problem, ret_code);
}

bool verb_options_only(const struct verb *verb, int argc, char **argv, const struct command_option *options,
                       int *ret_code)
{
        char problem[COMMAND_PROBLEM_MAX];

        return go_on(verb, command_line_read_only(options, argc, argv, problem), problem, ret_code);
}

static void say(const struct verb *verb, const char *format, va_list args)
{
        char text[1024];
        CLEANUP(free_p) char *shown = NULL;

        vsnprintf(text, sizeof(text), format, args);
        shown = text_show(text);
        fprintf(stderr, "jettison %s: %s", verb->name, shown);
}

int verb_usage(const struct verb *verb, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        say(verb, format, args);
        va_end(args);
        fprintf(stderr, "; see 'jettison %s --help'\n", verb->name);
        return EXIT_USAGE;
}

int verb_fail(const struct verb *verb, int code, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        say(verb, format, args);
        va_end(args);
        fputc('\n', stderr);
        return code;
}
