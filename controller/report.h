/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the controller tells by itself, to the journal and to the log. */
#pragma once

#include "controller.h"

void report_start(struct controller *c);
void report_stop(struct controller *c, const char *reason);
void report_reload(struct controller *c, const char *error);    /* NULL: it worked */

void report_intent(struct controller *c);

/* Does what report_intent does with a plan and its snapshot, and writes nothing down. */
void report_rehearse(struct controller *c);
void report_victim(struct controller *c, const struct snapshot_cgroup *v, const struct plan_entry *entry,
                   const struct deed_result *result);

/* After a victim memory is still short: who is to go now, by a plan made from fresh facts. */
void report_replan(struct controller *c);

/* What was left with the kernel module; its line stands for the intent if the module carries it out. And one
 * victim of it. */
void report_order(struct controller *c, const struct order *order);
void report_ordered_victim(struct controller *c, uint64_t round, const struct ordered *v,
                           const struct deed_result *result);
void report_outcome(struct controller *c, const char *result);

/* A shortage in which nobody can be struck; told once a minute. */
void report_helpless(struct controller *c);

/* What the machine lacks and what follows from it, one phrase each; the first 'n_max' of them. Returns how
 * many. */
size_t report_degraded(struct controller *c, const char **ret_phrases, size_t n_max);

/* The same as a member "degraded". */
void report_write_degraded(struct controller *c, struct sink *s);

const char *report_feed(const struct controller *c);    /* "files" or "module" */
