/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the journal's lines add up to. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/utility.h"
#include "export/histogram.h"
#include "sense/container.h"

/* The words of docs/interfaces.md, and one for all others, so that no line can add a label's value. */
enum tally_result {
        RESULT_RECOVERED,
        RESULT_SHORT,
        RESULT_DRY_RUN,
        RESULT_STANDING_ORDER,
        RESULT_INTERRUPTED,             /* an intent without an outcome when the daemon was started anew */
        RESULT_OTHER,
        RESULT_N,
};

enum tally_method { METHOD_KILL, METHOD_SIGNALS, METHOD_TERM, METHOD_ORDER, METHOD_NONE, METHOD_OTHER, METHOD_N };

enum tally_outcome {
        DEATH_FREED,
        DEATH_PARTIAL,
        DEATH_NOT_FREED,
        DEATH_STUCK,
        DEATH_REFUSED,
        DEATH_VANISHED,
        DEATH_NOT_STRUCK,
        DEATH_DRY_RUN,
        DEATH_OTHER,
        DEATH_N,
};

/* What was to be lost with whom, by the last plan or standing order. */
struct worth {
        uint64_t id;
        uint32_t tier, utility;
};

struct worths {
        struct worth *list;             /* owned */
        size_t n;
};

struct tally {
        uint64_t rounds[RESULT_N];
        uint64_t kills[RUNTIME_N][METHOD_N][DEATH_N];
        uint64_t freed, expected;               /* bytes; of those who were struck */
        uint64_t utility_lost[TIER_MAX + 1];    /* of those who died, by tier */
        uint64_t unpriced;                      /* of those, without a plan to tell their worth */
        uint64_t kernel_kills;
        uint64_t helpless;                      /* shortages that were not acted on */
        uint64_t starts, reloads_failed;
        uint64_t n_garbage;                     /* lines that make no sense */
        uint64_t last_round_us;                 /* time of day of the last outcome; 0: none */
        struct histogram freed_after, took;
        bool open;                              /* an intent has come, and not its outcome */
        struct worths planned, ordered;
};

/* Takes one line; any bytes. */
void tally_line(struct tally *t, const char *line, size_t len);

void tally_fini(struct tally *t);

/* As in the journal; METHOD_NONE and the last of each: "none", "other". */
const char *tally_result_name(enum tally_result r);
const char *tally_method_name(enum tally_method m);
const char *tally_outcome_name(enum tally_outcome o);
