/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the daemon's journal to events: reads what it says of kills and tells the API server. */
#pragma once

#include <jansson.h>

#include "kube/event.h"
#include "kube/poster.h"
#include "record/tail.h"

struct reporter {
        const struct pods *pods;        /* borrowed, as the next two */
        struct poster *poster;
        const char *node;
        bool disruption_target;         /* pods get that condition as well */
        int state_fd; /* folder of the cursor; -1: none, a restart begins at the journal's end */
        struct tail tail;
        struct tail_place before;       /* in front of the line at hand */
        int read_error;                 /* of the last look at the journal: 0 or a negative errno */

        json_t *plan;                   /* of the round under way; NULL: none */
        bool is_order;                  /* it is the standing order's, which may never be carried out */
        struct tail_place plan_place;   /* where its line is */
        json_int_t round;
        uint64_t need;
        struct tail_place saved;
};

#define REPORTER_INIT { .state_fd = -1, .tail = TAIL_INIT }

/* Begins where the cursor says, else at the journal's end. The path is borrowed, the fields above the gap are
 * the caller's. */
void reporter_open(struct reporter *r, const char *journal);
void reporter_close(struct reporter *r);

/* Reads what has been written, queues an event for each container of a pod that was killed, and saves the
 * cursor when all that it stands for has been told. */
void reporter_run(struct reporter *r);

/* One line of the journal. Never refuses one. */
void reporter_take(struct reporter *r, const char *text, size_t len);
