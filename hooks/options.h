/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hook's command line. */
#pragma once

#include <stdbool.h>

/* Exit codes, as those of the other programs. */
enum {
        EXIT_DONE,
        EXIT_FAILED,            /* only with --strict */
        EXIT_USAGE,             /* only with --strict */
};

/* Answers of options_parse. */
enum {
        OPTIONS_RUN,
        OPTIONS_SHOWN,          /* help or version has been printed */
        OPTIONS_WRONG,          /* what is wrong has been said; what was understood is in the fields */
};

struct options {
        const char *config;     /* NULL: CEILING_PATH, which may be missing */
        const char *cgroup_root; /* NULL: where it is mounted */
        const char *proc_root;
        bool dry_run, strict;
};

/* Parses; --strict counts wherever it stands. The texts are argv's. */
int options_parse(struct options *o, int argc, char **argv);
