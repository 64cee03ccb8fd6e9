/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The module feed: facts of candidates from the records of one look of the kernel module. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sense/facts.h"
#include "sense/module.h"
#include "sense/tree.h"

struct census {
        struct module *module;          /* borrowed; NULL: there is none, and the rest is empty */
        struct tree *tree;              /* borrowed */
        struct tally *tallies;          /* by the tree's index */
        uint32_t *owners;               /* by record: the candidate that it counts for, or NODE_NONE */
        uint32_t owners_max;
        uint32_t pass;                  /* number of the last one */
        uint64_t failures;              /* looks that came to nothing, ever */
};

/* module: NULL, or one that is not open, if there is none: then it succeeds, and there is never anything to
 * be had. Room for the tree's nodes, and for twice as many records. 0 or -ENOMEM. */
int census_init(struct census *c, struct tree *t, struct module *module);
void census_fini(struct census *c);

/* Looks at a cgroup (its id; 0: the root) and counts all that is below it. If 'walk' is set, the tree is
 * brought up to date before. *ret_host: memory and swap of the host. 0; -ENODEV without module; or -errno:
 * nothing is known, files have to be read. */
int census_look(struct census *c, uint64_t cgroup, uint32_t score_neutral, bool walk,
                struct domain_facts *ret_host);

/* The second half of census_look: counts records, parents before children; from anything else no good comes,
 * but no harm either. */
int census_take(struct census *c, const struct jettison_cgroup *records, uint32_t n, bool walk);

/* What the last look said of the candidate at this index of the tree; reads its memory.stat if that may say
 * something new. now_us: CLOCK_MONOTONIC. CGROUPFS_OK; CGROUPFS_GONE: it was not seen; or -errno. */
int census_read(struct census *c, uint32_t index, uint64_t now_us, struct facts *ret_facts);
