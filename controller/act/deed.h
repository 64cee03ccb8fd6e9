/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One victim, from the first signal to the measured outcome. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "act/options.h"
#include "act/strike.h"
#include "sense/tree.h"

enum outcome {
        OUTCOME_FREED,          /* it died and its memory came back, as far as was expected */
        OUTCOME_PARTIAL,        /* it died, and less than half of what was expected came back */
        OUTCOME_NOT_FREED,      /* it died, and next to nothing came back */
        OUTCOME_STUCK,          /* it did not die in time, and was not getting smaller either */
        OUTCOME_VANISHED,       /* it was gone, or empty, before it was struck */
        OUTCOME_REFUSED,        /* the kernel did not let us */
        OUTCOME_NOT_STRUCK,     /* no thread was free to strike it: earlier victims hold them all */
        OUTCOME_DRY_RUN,        /* it would have been struck */
        OUTCOME_N,
};

/* What is known of the victim when its turn comes. */
struct deed_order {
        struct tree *tree;      /* borrowed */
        uint32_t node;          /* its index … */
        uint64_t id;            /* … and its id: if they do not belong together any more, it has vanished */
        uint64_t memory;        /* memory.current in the snapshot */
        uint64_t expected;      /* by how much memory.current should fall: the plan's relief, less any swap */
        uint64_t trigger_us;    /* when the round began, CLOCK_MONOTONIC */
};

struct deed_result {
        enum outcome outcome;
        enum strike_kind method;        /* the first strike that came through; others repeat it */
        uint64_t freed;         /* measured: by how much memory.current fell; what the cgroup held, if it
                                 * was removed */
        uint32_t processes;     /* that were signalled; 0 by cgroup.kill, which does not tell */
        uint64_t strike_us;     /* trigger → the strike had returned, or was ordered, if the victim was gone before
                                 * that was told; 0: it never was struck */
        uint64_t dead_us;       /* strike → populated 0; 0: not seen */
        uint64_t settle_us;     /* strike → memory back */
};

struct deed {
        const struct act_options *options;
        struct strikers *strikers;
        struct loop *loop;
        struct loop_timer tick;
        struct loop_source events;      /* cgroup.events of the victim */
        struct deed_order order;
        struct deed_result result;
        enum { DEED_IDLE, DEED_GRACE, DEED_DYING, DEED_SETTLING } state;
        uint64_t started_us, struck_us, submitted_us, dead_at_us;
        uint64_t memory;        /* memory.current when there last was progress */
        uint64_t progress_us;   /* … and when: it fell by enough, or the victim changed otherwise */
        unsigned strikes;
        bool returned;          /* the last strike has reported back */
        bool waiting;           /* no thread was free for … */
        enum strike_kind wanted;        /* … this strike */

        /* How much of the grace period the memory left allows, in permyriad; asked at each tick of it. */
        uint32_t (*patience)(void *context);
        void (*done)(void *context, const struct deed_result *result);
        void *context;
};

/* options are borrowed and may change between deeds. 0 or -ENOMEM. */
int deed_init(struct deed *d, struct loop *loop, const struct act_options *options,
              uint32_t (*patience)(void *context),
              void (*done)(void *context, const struct deed_result *result), void *context);
void deed_fini(struct deed *d);

/* Begins; 'done' is called once, later, from the loop or before this returns. One deed at a time. */
void deed_start(struct deed *d, const struct deed_order *order);

bool deed_is_idle(const struct deed *d);

/* Is its victim struck, and what is awaited is its end or its memory? */
bool deed_is_settling(const struct deed *d);

/* Opens what a deed of this candidate reads and writes, so that it need not be opened then. */
void deed_prepare(const struct deed *d, struct node *n);

/* Was somebody killed, or asked to leave? */
bool outcome_is_shed(enum outcome o);
const char *outcome_name(enum outcome o);       /* "freed", "not-freed", … */
