/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hook's command line. */
#pragma once

#include <stdbool.h>

#include "base/command_line.h"

struct options {
        const char *config;     /* NULL: CEILING_PATH, which may be missing */
        const char *cgroup_root; /* NULL: where it is mounted */
        const char *proc_root;
        bool dry_run, strict;
};

/* Parses, and prints help or version where it is asked for. --strict counts wherever it stands, also behind what is
 * wrong. The texts are argv's. */
enum command_end options_parse(struct options *o, int argc, char **argv, char problem[static COMMAND_PROBLEM_MAX]);
