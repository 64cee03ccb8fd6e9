/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One cgroup's record in a snapshot. */
#ifndef JETTISON_RECORD_H
#define JETTISON_RECORD_H

#include <linux/cgroup.h>

#include "jettison_uapi.h"
#include "memory.h"

/* Both under RCU. */

/* Fills in what is known of the cgroup but for its name, parent, processes. */
void record_read(struct jettison_cgroup *record, struct cgroup_subsys_state *css);

/* One of its processes. Takes task_lock on some kernels. */
void record_add_process(struct jettison_cgroup *record, struct task_struct *task,
			const struct process_facts *facts, u32 score_neutral);

#endif
