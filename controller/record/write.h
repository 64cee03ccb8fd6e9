/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshot and plan as JSON, in the form that docs/interfaces.md promises to other programs. */
#pragma once

#include "base/sink.h"
#include "decide/plan.h"
#include "decide/snapshot.h"

/* Each writes one JSON object as a member named key, or as an element or the whole text when key is NULL.
 * A snapshot that does not fit leaves the sink full. A plan that does not fit leaves out its last entries and
 * counts them ("victims_left_out", "kept_left_out"), with 1 KiB to spare for what comes behind it. */
void snapshot_write(struct sink *s, const char *key, const struct snapshot *snapshot, uint64_t need);

/* solve_us: what the decision took, measured by the caller. The snapshot is the one the plan was made
 * from. */
void plan_write(struct sink *s, const char *key, const struct plan *plan, const struct snapshot *snapshot,
                uint64_t solve_us);
