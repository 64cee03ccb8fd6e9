/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration: one file and its drop-ins, JSON, every key optional. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "act/options.h"
#include "decide/policy.h"
#include "record/journal.h"
#include "sense/options.h"

#define CONFIG_PATH "/etc/jettison/jettison.json"

enum feed_kind { FEED_AUTO, FEED_FILES, FEED_MODULE, FEED_N };

struct config {
        struct policy policy;
        struct sense_options sense;
        struct act_options act;
        struct journal_options journal;
        enum feed_kind feed;
        char *control_path;             /* of the control socket */
        char *control_group;            /* whose members may ask questions; "" for root alone */
        char *group;                    /* the controller's own cgroup: "auto", "" for none, or a path */
        uint64_t group_memory_min;      /* protected memory of it, bytes */
        char *files;                    /* the files that were read, ", " between them, for people */
};

/* Where and why a configuration was refused. */
struct config_error {
        char text[512];         /* "FILE:LINE: key: expected …, found …" */
};

/* Defaults alone. 0 or -ENOMEM. */
int config_init(struct config *c);
void config_fini(struct config *c);

/* Frees the domains; none is left, nor the host. */
void config_free_domains(struct sense_options *o);

/* Reads 'path' and then path's folder + "jettison.d" + "*.json" in name order, each overriding single keys
 * of what came before it ("rules" and "domains" of a later file replace the earlier ones). A missing 'path'
 * is an error only if 'required'; a missing folder never is. Files must be regular, at most 1 MiB, owned by
 * root or the caller and not writable by others, and so must the folder. 0 with *ret_config made anew (what
 * it owned before is the caller's to free), or a negative errno with *ret_error filled and *ret_config as
 * it was. */
int config_load(const char *path, bool required, struct config *ret_config, struct config_error *ret_error);

/* The effective configuration as JSON text with every key, new, to be freed; NULL when there is no memory.
 * What it gives can be loaded again and means the same. */
char *config_dump(const struct config *c);
