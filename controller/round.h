/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One round: from a shortage to its verified outcome. */
#pragma once

#include "controller.h"

/* How old a snapshot that was taken in advance may be: what a host's sudden load may delay the scan itself
 * by. */
#define PRIMED_US (200 * USEC_PER_MSEC)

int round_init(struct controller *c);

/* Begins a round for a domain that was judged short. It goes on by itself, through the loop, and ends with
 * watch looks as before. */
void round_begin(struct controller *c, struct watch *w);

/* The kernel module has begun to carry out its standing order: that is the round of this number, of the host,
 * until round_end. False when the host is not watched. */
bool round_adopt(struct controller *c, uint64_t number, uint64_t available);

/* Keeps a cgroup out of the choice: BARRED_DYING for as long as dying may take, BARRED_STUCK and BARRED_BARREN for
 * minutes; BARRED_NOT lets it in again. Nothing if there is no such cgroup any more. */
void round_bar(struct controller *c, uint64_t id, enum barred why);

/* Notes that a cgroup of this utility was shed for that watch: what its shortage has cost, and that a workload which
 * keeps coming back gets its pause. */
void round_note_shed(struct controller *c, struct watch *w, uint64_t id, struct utility utility);

/* Tells the outcome, and lets others begin. */
void round_end(struct controller *c, const char *result);
