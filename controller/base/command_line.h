/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of every program here, read from a table of its options. */
#pragma once

#include <getopt.h>             /* optind */
#include <stdbool.h>
#include <stddef.h>

/* The exit codes that docs/interfaces.md promises, of all programs. */
enum {
        EXIT_DONE,
        EXIT_FAILED,
        EXIT_USAGE,
        EXIT_CONFIG,
        EXIT_KERNEL,                    /* the kernel or the cgroup hierarchy lacks something */
        EXIT_UNREACHABLE,               /* the daemon does not answer */
};

/* An option: a flag, a text, or something that is parsed, whatever of the three has a place. A table of up to
 * COMMAND_OPTIONS_MAX ends with { 0 }; --help, -h, --version and -V are not in it, and are always understood. */
struct command_option {
        const char *name;               /* without its dashes */
        char letter;                    /* 'c' for -c as well */
        bool *flag;
        const char **text;              /* borrowed from argv */
        bool (*parse)(const char *text, void *to);
        void *to;
        const char *form;               /* what is parsed: it stands behind "'TEXT' is not " */
};

#define COMMAND_OPTIONS_MAX 20
#define COMMAND_PROBLEM_MAX 512

enum command_end {
        COMMAND_READ,                   /* optind is the first argument */
        COMMAND_HELP,
        COMMAND_VERSION,
        COMMAND_WRONG,                  /* 'problem' says what, in the words of the command line */
};

/* Reads the options, in_order: no further than to the first argument. Prints nothing, and ends at the first
 * call for help and at the first mistake. */
enum command_end command_line_read(const struct command_option *options, bool in_order, int argc, char **argv,
                                   char problem[static COMMAND_PROBLEM_MAX]);

/* The same for a command line without arguments. */
enum command_end command_line_read_only(const struct command_option *options, int argc, char **argv,
                                        char problem[static COMMAND_PROBLEM_MAX]);

/* The same for a program: prints its help, its version, or on standard error what is wrong. -1 to go on, else the
 * exit code. */
int command_line_run(const char *program, const char *help, const struct command_option *options, int argc,
                     char **argv);

/* "PROGRAM: PROBLEM; see PROGRAM --help" on standard error. Returns EXIT_USAGE. */
int command_line_wrong(const char *program, const char *problem);

/* For the field 'parse'. To a uint64_t of microseconds: "30s". */
bool command_parse_duration(const char *text, void *to);
