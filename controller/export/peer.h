/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon as seen from here: asked at most once a second, and never waited for longer than a limit. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "export/status.h"

/* An answer, or that there was none, is good for so long: many scrapers cost the daemon no more than one. */
#define PEER_CACHE_US (1 * USEC_PER_SEC)

struct peer {
        const char *socket;   /* borrowed */
        uint64_t wait_us;     /* for an answer */
        uint64_t asked_us;    /* when the last question was over, CLOCK_MONOTONIC; 0: never asked */
        bool answered;        /* ever */
        uint64_t silent_us;   /* since when no question has been answered; 0: the last one was */
        uint64_t took_us;     /* the last question */
        int error;            /* of the last question: 0 or a negative errno */
        struct status status; /* the last answer, perhaps not to the last question */
};

/* Asks, unless that was done within PEER_CACHE_US. Returns 'error'. */
int peer_ask(struct peer *p);

void peer_fini(struct peer *p);
