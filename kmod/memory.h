/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory and swap of the machine, and what a process holds of them. */
#ifndef JETTISON_MEMORY_H
#define JETTISON_MEMORY_H

#include <linux/sched.h>
#include <linux/types.h>

/* Bytes. */
struct memory_facts {
	u64 total, available;
	u64 swap_total, swap_free;
};

/*
 * Total swap is not exported to modules; it is read from the kernel's own
 * meminfo, on a mount of procfs that nobody else sees.
 */
int memory_init(void);
void memory_exit(void);

/* As /proc/meminfo has them; swap_total as last refreshed. Any context. */
void memory_read(struct memory_facts *facts);

/* Reads swap_total anew. Process context; may sleep. */
void memory_refresh(void);

/* Pages that oom_score_adj and oom_score are shares of. Any context. */
unsigned long memory_score_pages(void);

struct process_facts {
	bool has_mm;		/* else all below but adj are 0 */
	u64 rss, swap, page_tables, shmem;
	u32 score;		/* as /proc/PID/oom_score has it */
	s16 adj;
};

/* One thread group, by any thread. Under RCU; takes task_lock. */
void process_read(struct task_struct *task, unsigned long score_pages,
		  struct process_facts *facts);

bool memory_selftest(void);

#endif
