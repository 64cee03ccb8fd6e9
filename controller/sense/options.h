/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operator asked of the eyes: which cgroups count, what they are worth, how often to look. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utility.h"
#include "sense/container.h"

/* oom_score of an idle process with oom_score_adj 0: fs/proc/base.c gives (1000 + badness) × 2/3. */
#define OOM_SCORE_NEUTRAL 666

/* One line of the configuration's "rules". The first whose pattern matches a cgroup's path speaks for it. */
struct rule {
        char *match;            /* glob over the whole path: '*' within a component, a "**" component any
                                 * number of them */
        bool candidate;         /* cgroups it matches may die even if they are neither labelled nor
                                 * containers */
        bool ignore;            /* not a candidate; what lies inside it may be */
        bool has_utility;       /* 'utility' speaks where there is no label; protect outranks any label */
        struct utility utility;
};

enum labels_user {
        LABELS_USER_DELEGATED,  /* user.* ranks candidates inside a delegated user subtree, and nowhere else
                                 * counts */
        LABELS_USER_NEVER,
        LABELS_USER_ALWAYS,     /* user.* counts like trusted.*: for machines whose users are trusted */
        LABELS_USER_N,
};

enum kill_unit { KILL_UNIT_CONTAINER, KILL_UNIT_POD, KILL_UNIT_N };

struct sense_options {
        struct rule *rules;             /* owned by the configuration */
        size_t n_rules;
        struct utility utility_default[POD_CLASS_N];    /* POD_NONE: of all that are no pod of Kubernetes' */
        uint32_t oom_score_neutral;     /* what an idle process scores; only what is above it weighs */
        bool containers;                /* recognise containers by their leaf names */
        enum kill_unit kill_unit;
        enum labels_user labels_user;
        uint32_t cgroups_max;           /* candidates a snapshot holds; sizes every buffer */

        char **domains;                 /* paths of cgroups with a memory.max to be watched besides … */
        size_t n_domains;
        bool host;                      /* … the host itself */
        bool domains_auto;              /* and every cgroup with a limit that holds candidates */

        uint64_t timer_min_us, timer_max_us;    /* how often available memory is looked at, at most and at
                                                 * least */
        uint64_t fill_rate_bytes;               /* per second: the fastest that memory can be filled; 0: not
                                                 * known */
};
