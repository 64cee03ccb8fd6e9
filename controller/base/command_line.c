/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/command_line.h"

#include <stdint.h>
#include <stdio.h>

#include "base/base.h"
#include "base/units.h"

#define FIRST_VALUE 256         /* of getopt, behind all letters */
#define LETTERS_MAX (2 + 2 * COMMAND_OPTIONS_MAX + sizeof("hV"))

struct known {
        struct option options[COMMAND_OPTIONS_MAX + 3];
        char letters[LETTERS_MAX];
        size_t n;
};

/* What getopt wants to know. */
static struct known know(const struct command_option *options, bool in_order)
{
        struct known k = { .options = { { "help", no_argument, NULL, 'h' }, { "version", no_argument, NULL, 'V' } } };
        size_t n_letters = 0;

        if (in_order)
                k.letters[n_letters++] = '+';
        k.letters[n_letters++] = ':';
        k.letters[n_letters++] = 'h';
        k.letters[n_letters++] = 'V';
        for (; options[k.n].name && k.n < COMMAND_OPTIONS_MAX; k.n++) {
                const struct command_option *o = &options[k.n];

                k.options[k.n + 2] = (struct option){ o->name, o->flag ? no_argument : required_argument, NULL,
                                                      FIRST_VALUE + (int)k.n };
                if (!o->letter)
                        continue;
                k.letters[n_letters++] = o->letter;
                if (!o->flag)
                        k.letters[n_letters++] = ':';
        }
        return k;
}

/* The option that getopt has found; NULL for the others. */
static const struct command_option *option_of(const struct command_option *options, size_t n, int found)
{
        if (found >= FIRST_VALUE)
                return &options[found - FIRST_VALUE];
        for (size_t i = 0; i < n; i++)
                if (options[i].letter && options[i].letter == found)
                        return &options[i];
        return NULL;
}

static bool take(const struct command_option *o, const char *value, char *problem)
{
        if (o->flag)
                *o->flag = true;
        else if (o->text)
                *o->text = value;
        else if (!o->parse(value, o->to)) {
                snprintf(problem, COMMAND_PROBLEM_MAX, "--%s: '%s' is not %s", o->name, value, o->form);
                return false;
        }
        return true;
}

enum command_end command_line_read(const struct command_option *options, bool in_order, int argc, char **argv,
                                   char problem[static COMMAND_PROBLEM_MAX])
{
        const struct known known = know(options, in_order);

        for (;;) {
                int at = optind > 0 ? optind : 1;
                int found = getopt_long(argc, argv, known.letters, known.options, NULL);
                const struct command_option *o = option_of(options, known.n, found);

                if (found == -1)
                        return COMMAND_READ;
                if (found == 'h')
                        return COMMAND_HELP;
                if (found == 'V')
                        return COMMAND_VERSION;
                if (o && !take(o, optarg, problem))
                        return COMMAND_WRONG;
                if (o)
                        continue;
                snprintf(problem, COMMAND_PROBLEM_MAX,
                         found == ':' ? "option '%s' needs a value" : "unknown or incomplete option '%s'",
                         found == ':' || optind > at ? argv[optind - 1] : argv[at]);
                return COMMAND_WRONG;
        }
}

enum command_end command_line_read_only(const struct command_option *options, int argc, char **argv,
                                        char problem[static COMMAND_PROBLEM_MAX])
{
        enum command_end end = command_line_read(options, false, argc, argv, problem);

        if (end != COMMAND_READ || optind >= argc)
                return end;
        snprintf(problem, COMMAND_PROBLEM_MAX, "unexpected argument '%s'", argv[optind]);
        return COMMAND_WRONG;
}

int command_line_wrong(const char *program, const char *problem)
{
        fprintf(stderr, "%s: %s; see %s --help\n", program, problem, program);
        return EXIT_USAGE;
}

int command_line_run(const char *program, const char *help, const struct command_option *options, int argc,
                     char **argv)
{
        char problem[COMMAND_PROBLEM_MAX];

        switch (command_line_read_only(options, argc, argv, problem)) {
        case COMMAND_HELP:
                fputs(help, stdout);
                return EXIT_DONE;
        case COMMAND_VERSION:
                printf("%s " JETTISON_VERSION "\n", program);
                return EXIT_DONE;
        case COMMAND_WRONG:
                return command_line_wrong(program, problem);
        case COMMAND_READ:
                break;
        }
        return -1;
}

bool command_parse_duration(const char *text, void *to)
{
        return duration_parse(text, to) == 0;
}
