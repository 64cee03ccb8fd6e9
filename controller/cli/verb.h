/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A verb of the command-line tool: one file, one entry in the table of jettison.c. */
#pragma once

#include <stdbool.h>

#include "base/base.h"
#include "base/command_line.h"

/* Besides the exit codes of all programs, those of 'run', as a shell has them. */
enum {
        EXIT_CANNOT_RUN = 126,
        EXIT_NOT_FOUND = 127,
        EXIT_SIGNAL = 128,              /* + signal */
};

struct verb {
        const char *name;
        const char *arguments;          /* behind the name in the usage line */
        const char *summary;            /* one line */
        const char *help;               /* the options with their defaults, whole lines */
        bool in_order;                  /* options end at the first argument: the rest belongs to a command */
        /* argv[0] is the verb. Returns an exit code. */
        int (*run)(const struct verb *verb, int argc, char **argv);
};

extern const struct verb verb_status, verb_top, verb_snapshot, verb_plan, verb_label, verb_run, verb_journal,
                         verb_reload, verb_check_config, verb_configure;

/* Reads the options; optind is the first argument then. False if the verb ends here with *ret_code: help or version
 * was printed, or what is wrong was said on standard error. */
bool verb_options(const struct verb *verb, int argc, char **argv, const struct command_option *options, int *ret_code);

/* The same for a verb without arguments. */
bool verb_options_only(const struct verb *verb, int argc, char **argv, const struct command_option *options,
                       int *ret_code);

/* "jettison VERB: TEXT; see 'jettison VERB --help'" on standard error. Returns EXIT_USAGE. */
int verb_usage(const struct verb *verb, const char *format, ...) PRINTF(2, 3);

/* "jettison VERB: TEXT" on standard error. Returns 'code'. */
int verb_fail(const struct verb *verb, int code, const char *format, ...) PRINTF(3, 4);
