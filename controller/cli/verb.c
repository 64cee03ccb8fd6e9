/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What all verbs do alike: their options, read from a table, and what they say when something is wrong. */
#include "cli/verb.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>

#include "cli/text.h"

#define OPTIONS_MAX 15
#define FIRST_VALUE 256         /* of getopt, behind all letters */

static void print_help(const struct verb *verb)
{
        printf("Usage: jettison %s %s\n%s.\n\n%s  -h, --help            this text\n", verb->name,
               verb->arguments, verb->summary, verb->help);
}

/* Says what is wrong with the last word, unless it was a call for help. */
static int stop(const struct verb *verb, int found, const char *word)
{
        if (found == 'h') {
                print_help(verb);
                return EXIT_SUCCESS;
        }
        if (found == ':')
                return verb_usage(verb, "option '%s' needs a value", word);
        return verb_usage(verb, "unknown or incomplete option '%s'", word);
}

static bool take(const struct verb *verb, const struct verb_option *o, const char *value)
{
        if (o->flag)
                *o->flag = true;
        else if (o->text)
                *o->text = value;
        else if (!o->parse(value, o->to)) {
                verb_usage(verb, "'%s' is not %s", value, o->form);
                return false;
        }
        return true;
}

bool verb_options(const struct verb *verb, int argc, char **argv, const struct verb_option *options, int *ret_code)
{
        struct option known[OPTIONS_MAX + 2] = { { "help", no_argument, NULL, 'h' } };

        for (size_t i = 0; options[i].name && i < OPTIONS_MAX; i++)
                known[i + 1] = (struct option){ options[i].name, options[i].flag ? no_argument : required_argument,
                                                NULL, FIRST_VALUE + (int)i };
        *ret_code = EXIT_USAGE;
        for (;;) {
                int at = optind > 0 ? optind : 1;
                int found = getopt_long(argc, argv, verb->in_order ? "+:h" : ":h", known, NULL);

                if (found == -1)
                        return true;
                if (found < FIRST_VALUE) {
                        *ret_code = stop(verb, found, found == ':' || optind > at ? argv[optind - 1] : argv[at]);
                        return false;
                }
                if (!take(verb, &options[found - FIRST_VALUE], optarg))
                        return false;
        }
}

bool verb_options_only(const struct verb *verb, int argc, char **argv, const struct verb_option *options,
                       int *ret_code)
{
        if (!verb_options(verb, argc, argv, options, ret_code))
                return false;
        if (optind < argc)
                verb_usage(verb, "unexpected argument '%s'", argv[optind]);
        return optind == argc;
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
