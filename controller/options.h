/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's command line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/command_line.h"
#include "base/log.h"
#include "serve/config.h"
#include "serve/sandbox.h"

struct options {
        const char *config;     /* NULL: CONFIG_PATH, which may be missing */
        const char *cgroup_root, *proc_root;
        const char **domains;   /* of argv; they take the place of the configured ones */
        size_t n_domains;
        enum feed_kind feed;
        enum sandbox_mode sandbox;
        enum log_level log_level;
        bool dry_run, check_config, once;
};

/* Parses; prints help, version or what is wrong. -1 to go on, else the exit code. */
int options_parse(struct options *o, int argc, char **argv);

/* Lets the command line have the last word over the configuration. 0 or -ENOMEM. */
int options_apply(const struct options *o, struct config *config);
