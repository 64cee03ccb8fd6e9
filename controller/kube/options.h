/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of jettison-kube, and what its pod's environment says. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/command_line.h"

struct options {
        const char *server; /* owned when it comes from the environment; for as long as the process */
        const char *token_file, *ca_file, *node;
        const char *own_uid;            /* $POD_UID, or NULL */
        const char *config;             /* NULL: RULES_PATH, which may be missing */
        const char *cgroup_root;        /* NULL: where it is mounted */
        const char *journal;            /* "" when no events are to be sent */
        const char *state;              /* folder */
        uint64_t timeout_us, watch_us;
        bool once, dry_run, json, verbose, disruption_target;
};

/* Parses; prints help, version or what is wrong. -1 to go on, else the exit code. The texts are argv's and the
 * environment's. */
int options_parse(struct options *o, int argc, char **argv);
