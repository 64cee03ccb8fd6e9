/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The facts of one instant about one domain: what the choice is made from, and all it is made from. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ktext.h"
#include "base/utility.h"

/* A memory limit and the subtree under it. Bytes. For the host: /proc/meminfo. For a cgroup: the smallest
 * limit among it and its ancestors, and what is left below it with clean file cache counted as available. */
struct domain_facts {
        uint64_t memory_total, memory_available;
        uint64_t memory_lists;          /* of what is available: on the processors' own free lists, which the
                                         * kernel's MemAvailable leaves out, and so does the acting line … */
        bool lists_count;               /* … unless this is set */
        uint64_t swap_total, swap_free;
        struct psi psi;
        bool has_psi;
};

/* Why a cgroup may not die, whatever its utility; seen by whoever made the snapshot. */
enum barred {
        BARRED_NOT,             /* it is a candidate */
        BARRED_LABEL,           /* its label says protect */
        BARRED_RULE,            /* the configuration protects it */
        BARRED_SELF,            /* the controller's own group */
        BARRED_SHIELDED,        /* holds PID 1 or a process with oom_score_adj ≤ -900, as kubelets and sshd
                                 * have */
        BARRED_DYING,           /* already struck; its memory is on its way back */
        BARRED_STUCK,           /* struck before and did not die in time */
        BARRED_BARREN,          /* struck before and freed next to nothing */
        BARRED_N,
};

struct snapshot_cgroup {
        uint64_t id;            /* the cgroup id: inode of its directory */
        uint64_t memory;        /* memory.current */
        uint64_t swap;          /* memory.swap.current */
        uint64_t relief;        /* bytes of memory that killing it is expected to free */
        uint64_t oom_score;     /* Σ over its processes of what their oom_score is above neutral */
        uint32_t processes;
        struct utility utility;
        enum barred barred;
        uint32_t path;          /* offset of its path in 'names'; any bytes but NUL */
        uint32_t slot;          /* the maker's own handle on it */
};

struct snapshot {
        uint64_t time_us;       /* CLOCK_REALTIME when it was begun */
        const char *domain;     /* the domain's path, "/" for the host; borrowed */
        struct domain_facts facts;
        struct snapshot_cgroup *cgroups;        /* sorted by id, no id twice */
        size_t n, capacity;
        char *names;            /* NUL-ended paths, one behind the other */
        size_t names_len, names_size;
        uint32_t left_out;      /* cgroups that found no room */
};

/* Allocates room for 'capacity' cgroups and 'names_size' bytes of paths; -ENOMEM. All that a snapshot ever
 * needs. */
int snapshot_init(struct snapshot *s, size_t capacity, size_t names_size);
void snapshot_fini(struct snapshot *s);

/* Empties it for the next instant; keeps the memory. */
void snapshot_reset(struct snapshot *s, const char *domain);

/* A new, zeroed entry with its path copied in, or NULL when there is no room (counted in left_out). */
struct snapshot_cgroup *snapshot_add(struct snapshot *s, uint64_t id, const char *path);

/* Sorts by id and drops entries whose id has been seen. Call it once all are added. */
void snapshot_sort(struct snapshot *s);

const char *snapshot_path(const struct snapshot *s, const struct snapshot_cgroup *c);
const struct snapshot_cgroup *snapshot_find(const struct snapshot *s, uint64_t id);

/* "protected by its label", …: one phrase for people and for the journal. */
const char *barred_name(enum barred b);
