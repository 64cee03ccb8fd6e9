/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A test program of many verbs: "PROGRAM VERB ARGUMENT...". */
#pragma once

#include <stdio.h>
#include <string.h>

struct verb {
        const char *name, *arguments, *help;
        int n_arguments;                /* at least */
        int (*run)(char **arguments);   /* returns an exit status */
};

/* Runs the verb that the command line asks for; without one, or with too few arguments, lists them all on
 * standard error. Returns the exit status, 2 for a wrong call. */
static inline int verbs_run(const char *program, const struct verb *verbs, size_t n, int argc, char **argv)
{
        for (size_t i = 0; i < n && argc > 1; i++)
                if (strcmp(argv[1], verbs[i].name) == 0 && argc - 2 >= verbs[i].n_arguments)
                        return verbs[i].run(argv + 2);

        for (size_t i = 0; i < n; i++)
                fprintf(stderr, "%s %s %s: %s\n", program, verbs[i].name, verbs[i].arguments, verbs[i].help);
        return 2;
}
