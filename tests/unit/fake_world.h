/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fixture tree with what the eyes need to look at it: the hierarchy opened, options at plain values, a
 * scanner and a snapshot. */
#pragma once

#include <stddef.h>

#include "decide/snapshot.h"
#include "sense/cgroupfs.h"
#include "sense/options.h"
#include "sense/scan.h"
#include "tree.h"

struct world {
        struct tree_fixture fixture;
        struct cgroupfs fs;
        struct sense_options options;   /* 64 candidates, containers, utility 10, labels.user delegated */
        struct scanner scanner;
        struct snapshot snapshot;
        struct domain host;
};

/* Makes the tree of the text (unit/tree.h) with the memory controller at its root and 8 GiB in meminfo, 4 of
 * them available, if the text does not say otherwise; no swap. The test fails when that cannot be done. */
void world_make(struct world *w, const char *text);

/* Starts the scanner; afterwards options are only changed through tree_reconfigure. */
void world_scanner(struct world *w);
void world_remove(struct world *w);

/* Makes a bare directory, with all above it; removes one with all in it. Paths begin below cgroup: "a/b". */
void world_mkdir(const struct world *w, const char *path);
void world_rmdir(const struct world *w, const char *path);

/* Writes a file of the tree: "cgroup/a/memory.current". */
void world_write(const struct world *w, const char *path, const char *text);

/* Sets the label trusted.jettison.utility, or removes it with NULL. False where the file system refuses
 * it. */
bool world_label(const struct world *w, const char *path, const char *label);

/* Scans the host with a walk and gives the entry of one path, or NULL. */
const struct snapshot_cgroup *world_scan(struct world *w, const char *path);

/* How many descriptors this process has open. */
size_t world_descriptors(void);
