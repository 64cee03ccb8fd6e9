/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One cgroup whose processes are killed, from the signal to its end. */
#ifndef JETTISON_VICTIM_H
#define JETTISON_VICTIM_H

#include <linux/cgroup.h>
#include <linux/types.h>

enum victim_state {
	VICTIM_NONE,
	VICTIM_DYING,
	VICTIM_GONE,		/* has given up its memory */
	VICTIM_STUCK,		/* has not, by its deadline */
};

struct victim {
	enum victim_state state;
	struct cgroup *cgrp;	/* referenced; NULL as long as there was none */
	u64 round;
	u64 struck_ns, deadline_ns;
	u32 signalled;
};

/* What it and those below it hold, bytes. From any context. */
u64 victim_memory(struct cgroup *cgrp);

/*
 * The caller has a lock around these; none of them sleeps or allocates.
 * Times are of ktime_get_ns().
 *
 * Kills the processes of this cgroup and of those below it, and makes it the
 * victim; tells JETTISON_STRUCK. False, and the victim is as before: nobody
 * there can be killed, and nobody is dying. One that is stuck already counts
 * only if somebody was found who had not been killed.
 */
bool victim_strike(struct victim *victim, struct cgroup *cgrp, u64 round,
		   u64 now, u64 deadline_ns);

/*
 * Looks after a victim that is dying: kills who has come anew, and tells
 * JETTISON_DIED when it is gone. Returns its state.
 */
enum victim_state victim_look(struct victim *victim, u64 now);

/*
 * Is the current task dying, with memory to give back? Then the kernel opens
 * its reserves to it if no notifier says that memory was freed.
 */
bool victim_is_current(void);

bool victim_selftest(void);

#endif
