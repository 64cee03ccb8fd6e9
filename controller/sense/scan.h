/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From what the kernel tells, through files or through the module, to a snapshot. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "decide/snapshot.h"
#include "sense/census.h"
#include "sense/meminfo.h"
#include "sense/module.h"
#include "sense/options.h"
#include "sense/procfs.h"
#include "sense/tree.h"

/* A memory limit and the subtree under it. */
struct domain {
        char path[1024];        /* "/" for the host */
        bool is_host;
        uint32_t node;          /* its directory in the tree; NODE_NONE while it does not exist; the root
                                 * for the host */
        uint64_t id;            /* … and that directory's id */
};

struct scanner {
        struct tree *tree;
        struct census census;   /* the module feed */
        struct procfs procfs;
        struct meminfo meminfo;
        int vmstat_fd;          /* /proc/vmstat, -1 if there is none */
        const struct sense_options *options;
        uint16_t *numbers;      /* scratch for the scaling of user labels: cgroups_max each */
        uint32_t *members;
        uint64_t fill_rate_bytes;       /* the configured one, or as measured at the start */
        uint64_t bad_labels;    /* labels that could not be parsed, ever */
        uint64_t bad_files;     /* kernel files that could not be parsed, ever */
};

/* Opens what it needs below 'proc'. module: NULL or not open: files are read. All borrowed; -errno. */
int scan_init(struct scanner *s, const struct cgroupfs *fs, const char *proc,
              const struct sense_options *options, struct module *module);
void scan_fini(struct scanner *s);

/* Takes other options, as tree_reconfigure does. The fill rate stays as it was measured unless they name
 * one. */
int scan_reconfigure(struct scanner *s, const struct sense_options *options);

/* Memory and swap of a domain, as cheap as can be. For the host: one read, and /proc/zoneinfo as well when
 * less than 'enough' bytes are available without it. For a cgroup: two for each limit above it, and
 * memory.stat and /proc/meminfo as well when less than 'enough' bytes are left without them. 0, CGROUPFS_GONE
 * or -errno. */
int scan_look(struct scanner *s, const struct domain *d, uint64_t enough, struct domain_facts *ret_facts);

/* All facts: candidates below the domain with their memory, relief, scores and utilities. They come from the
 * module, and from files where there is none or it does not answer. Brings the tree up to date first if
 * 'walk' is set. now_us: CLOCK_MONOTONIC, for what is barred for a time. Fills *ret_snapshot, whose buffers are the
 * caller's. 0, CGROUPFS_GONE (the domain is), or -errno (the root is lost). */
int scan_run(struct scanner *s, const struct domain *d, bool walk, uint64_t now_us,
             struct snapshot *ret_snapshot);

/* How many processes the kernel's own killer has killed since boot; 0 if it does not say. */
uint64_t scan_kernel_kills(const struct scanner *s);
