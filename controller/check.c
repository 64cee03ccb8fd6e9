/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A rule that matches nothing is no error: what it is for may not have been started yet. So matches are
 * counted, for the operator to judge; and a machine without a hierarchy can check a file for another one. */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/glob.h"
#include "base/log.h"
#include "options.h"
#include "record/file.h"
#include "sense/tree.h"
#include "serve/door.h"

static void count_rules(const struct sense_options *o, const struct tree *tree)
{
        for (size_t i = 0; i < o->n_rules; i++) {
                unsigned n = 0;

                for (uint32_t j = 0; j < tree_size(tree); j++)
                        n += glob_match(o->rules[i].match, tree_path(tree, j));
                fprintf(stderr, "rule %zu, \"%s\": matches %u live cgroups\n", i + 1, o->rules[i].match, n);
        }
}

static void find_domains(const struct sense_options *o, const struct tree *tree)
{
        for (size_t i = 0; i < o->n_domains; i++)
                fprintf(stderr, "domain %s: %s\n", o->domains[i],
                        tree_find_path(tree, o->domains[i]) == NODE_NONE ? "does not exist yet" : "exists");
}

/* What only others may write says nothing of the daemon. */
static void try_journal(const char *path)
{
        int r = *path ? record_file_check(path) : 0;

        if (r < 0 && r != -EACCES)
                fprintf(stderr, "journal %s: cannot be opened now: %s\n", path, strerror(-r));
}

bool check_group(const struct config *config)
{
        gid_t gid;

        if (!*config->control_group || door_group(config->control_group, &gid) == 0)
                return true;
        log_error("control.group: there is no group \"%s\"", config->control_group);
        return false;
}

int check_config(const struct config *config, const char *cgroup_root)
{
        CLEANUP(free_p) char *text = config_dump(config);
        CLEANUP(cgroupfs_close) struct cgroupfs fs = CGROUPFS_INIT;
        struct cgroupfs_lack lack;
        int code = check_group(config) ? EXIT_DONE : EXIT_CONFIG, r;
        struct tree *tree;

        fputs(text ? text : "", stdout);
        try_journal(config->journal.path);
        if (cgroupfs_open(cgroup_root, &fs, &lack) < 0) {
                fprintf(stderr, "The rules cannot be tried on live cgroups: %s\n", lack.text);
                return code;
        }
        tree = tree_new(&fs, &config->sense);
        r = tree ? tree_walk(tree) : -ENOMEM;
        if (r >= 0) {
                count_rules(&config->sense, tree);
                find_domains(&config->sense, tree);
        }
        tree_free(tree);
        return r < 0 ? EXIT_FAILED : code;
}
