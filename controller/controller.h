/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The controller: the only place where sense, decide, act and record meet. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "act/backoff.h"
#include "act/deed.h"
#include "base/loop.h"
#include "decide/plan.h"
#include "record/journal.h"
#include "sense/module.h"
#include "sense/scan.h"
#include "sense/watch.h"
#include "serve/config.h"

#define WATCHES_MAX 32

/* One pass from trigger to verified outcome. */
struct round {
        bool active;
        uint64_t number;
        struct watch *watch;            /* the domain it is for */
        struct shortage shortage;       /* as judged when it began; the need is brought up to date */
        enum verdict verdict;
        uint64_t trigger_us;            /* CLOCK_MONOTONIC */
        uint64_t available_before;
        uint64_t solve_us;
        uint64_t need, expected, freed; /* bytes, over the whole round */
        uint32_t struck;                /* victims so far */
        uint64_t kernel_kills_before;
};

/* What was last left with the kernel module, and what the module made of it. */
struct standing {
        struct order {
                uint64_t round;         /* its acts go under this number; 0: none was left */
                uint32_t n;
                struct ordered {
                        uint64_t id, relief;    /* when it was left */
                        struct utility utility;
                } victims[JETTISON_ORDER_MAX];
        } order;
        bool refused;                   /* the module took no order, and that was said */
        bool missed;                    /* it knew fewer cgroups than were named, and that was said */
        bool acting;                    /* the round under way is the module's */
        uint64_t victim;                /* that it struck and that is not dead yet; 0: none */
        uint64_t memory;                /* of the victim that it struck last, bytes */
        struct loop_timer over;         /* nothing more is heard of it: the round is over */
};

struct controller {
        const struct config *config;    /* borrowed; replaced by controller_reload */
        struct loop *loop;
        struct journal *journal;        /* borrowed */
        struct module *module;          /* borrowed; not open with the files feed */
        struct scanner scanner;
        struct watch watches[WATCHES_MAX];
        size_t n_watches;
        bool left_out;                  /* there were more domains than places, and that was said */
        struct snapshot snapshot;
        struct watch *primed;           /* the snapshot is of this watch, of its primed_us; NULL: of somebody
                                         * else, or used */
        uint64_t kernel_kills;          /* by the kernel's own killer, ever, when the snapshot was taken */
        struct planner *planner;
        struct plan plan;
        struct deed deed;
        struct backoff backoff;
        struct round round;
        struct standing standing;
        struct loop_timer look_timer, walk_timer;
        struct loop_source news;        /* new cgroups */
        struct loop_source events;      /* the module's */
        bool called;                    /* the module calls when the host's memory falls: no timer needed */
        bool host_low;                  /* it has called, and not yet said that there is plenty again */
        uint32_t n_ready;               /* nodes of the tree that memory was last made ready for */
        uint64_t walked_us;             /* when the tree was last walked for domains */
        bool walk_again;                /* what was new then may not have been labelled or limited yet */
        uint64_t started_us;
        uint64_t rounds, victims;       /* since the start */
};

/* Sizes and opens all it needs. The config, loop, file system, module and journal are borrowed. 0 or
 * -errno. */
int controller_init(struct controller *c, const struct config *config, struct loop *loop,
                    const struct cgroupfs *fs, const char *proc, struct module *module,
                    struct journal *journal);
void controller_fini(struct controller *c);

/* The watch of the host; NULL when the host is none of the domains. Borrowed. */
struct watch *controller_host(struct controller *c);

/* Takes what the module has to say. Only while it calls. */
void controller_take_events(struct controller *c);

/* A full snapshot of the watch's domain into the controller's buffer, with what only its looks know.
 * CGROUPFS_OK, CGROUPFS_GONE, or -errno. 'walk': also look for new cgroups. */
int controller_scan(struct controller *c, struct watch *w, bool walk);

/* How far a round of this watch goes, and whom it sheds, by the snapshot as it is now; chosen anew. */
struct reach_question controller_question(const struct controller *c, const struct watch *w, struct shortage *shortage);

/* Starts to watch the configured domains and takes a first full snapshot and plan, striking nobody: every
 * file that a round needs is opened, every page touched. 0, or -errno if the host cannot be watched at
 * all. */
int controller_start(struct controller *c);

/* A full snapshot of one watched domain, and a plan made from it for this need (0: for what the policy
 * finds), without any consequence. NULL when no such domain is watched or a round is using the buffers.
 * Both are the controller's, valid until the loop turns. */
const struct plan *controller_plan(struct controller *c, const char *domain, uint64_t need,
                                   const struct snapshot **ret_snapshot, uint64_t *ret_solve_us);

/* Is a round active, or has a strike not returned yet? */
bool controller_is_busy(const struct controller *c);

/* Takes another configuration, with as many candidates as before. 0; -EBUSY while it is busy. */
int controller_reload(struct controller *c, const struct config *config);

/* For the start-up's rehearsal: strikes the cgroup with this id like a victim, whatever the rules say of it, and
 * waits for the outcome at most 'timeout_us'. 0 if it died as it should; -ENOENT if the tree had no room for it;
 * else -errno. */
int controller_rehearse(struct controller *c, uint64_t id, uint64_t timeout_us);
