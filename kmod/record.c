// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What the files of a cgroup say, as the kernel has it: each number is the
 * counter behind a file, read without a lock, as the file's own read does it.
 *
 * The exceptions are the LRU lists. memory.stat adds up counters per CPU,
 * which is not exported, and includes the descendants. Here the sizes are
 * taken that reclaim itself goes by, per zone: those of the four classic lists,
 * and those of the generations, where pages that can be evicted are instead
 * when the multi-gen LRU is on. It can be switched at any time; no page is in
 * both.
 */
#include <linux/cgroup.h>
#include <linux/math64.h>
#include <linux/memcontrol.h>
#include <linux/mm.h>
#include <linux/psi_types.h>
#include <linux/sched.h>

#include "record.h"

static u64 pages_to_bytes(u64 pages)
{
	return pages << PAGE_SHIFT;
}

/* Pages. */
struct lists {
	long anon, file, unevictable;
};

static void lists_add(struct lists *lists, const struct mem_cgroup_per_node *node)
{
	for (int zone = 0; zone < MAX_NR_ZONES; zone++) {
		const unsigned long *size = node->lru_zone_size[zone];

		lists->anon += READ_ONCE(size[LRU_INACTIVE_ANON]) +
			       READ_ONCE(size[LRU_ACTIVE_ANON]);
		lists->file += READ_ONCE(size[LRU_INACTIVE_FILE]) +
			       READ_ONCE(size[LRU_ACTIVE_FILE]);
		lists->unevictable += READ_ONCE(size[LRU_UNEVICTABLE]);
	}
}

/* With the multi-gen LRU, pages that can be evicted are in these instead. */
static void lists_add_generations(struct lists *lists, const struct mem_cgroup_per_node *node)
{
#ifdef CONFIG_LRU_GEN
	for (int gen = 0; gen < MAX_NR_GENS; gen++) {
		const long (*size)[MAX_NR_ZONES] = node->lruvec.lrugen.nr_pages[gen];

		for (int zone = 0; zone < MAX_NR_ZONES; zone++) {
			lists->anon += READ_ONCE(size[LRU_GEN_ANON][zone]);
			lists->file += READ_ONCE(size[LRU_GEN_FILE][zone]);
		}
	}
#endif
}

/* Generations are brought up to date in batches: a sum may be below 0. */
static void read_lists(struct jettison_cgroup *record, struct mem_cgroup *memcg)
{
	struct lists lists = {};
	int nid;

	for_each_node_state(nid, N_MEMORY) {
		lists_add(&lists, memcg->nodeinfo[nid]);
		lists_add_generations(&lists, memcg->nodeinfo[nid]);
	}
	record->lru_anon = pages_to_bytes(max(lists.anon, 0L));
	record->lru_file = pages_to_bytes(max(lists.file, 0L));
	record->lru_unevictable = pages_to_bytes(lists.unevictable);
}

/* The root has none of its own: the machine's is not exported. */
static void read_psi(struct jettison_cgroup *record, struct cgroup *cgrp)
{
#ifdef CONFIG_PSI
	struct psi_group *psi = cgrp->psi;

	if (!psi || !READ_ONCE(psi->enabled))
		return;
	record->flags |= JETTISON_CGROUP_PSI;
	record->psi_some_us = div_u64(READ_ONCE(psi->total[PSI_AVGS][PSI_MEM_SOME]), NSEC_PER_USEC);
	record->psi_full_us = div_u64(READ_ONCE(psi->total[PSI_AVGS][PSI_MEM_FULL]), NSEC_PER_USEC);
#endif
}

void record_read(struct jettison_cgroup *record, struct cgroup_subsys_state *css)
{
	struct mem_cgroup *memcg = mem_cgroup_from_css(css);
	struct cgroup *cgrp = css->cgroup;

	record->memory = pages_to_bytes(page_counter_read(&memcg->memory));
	record->swap = pages_to_bytes(page_counter_read(&memcg->swap));
	read_lists(record, memcg);
	read_psi(record, cgrp);
	if (cgroup_is_populated(cgrp))
		record->flags |= JETTISON_CGROUP_POPULATED;
	if (READ_ONCE(memcg->oom_group))
		record->flags |= JETTISON_CGROUP_OOM_GROUP;
	if (test_bit(CGRP_FROZEN, &cgrp->flags))
		record->flags |= JETTISON_CGROUP_FROZEN;
}

void record_add_process(struct jettison_cgroup *record,
			struct task_struct *task,
			const struct process_facts *facts, u32 score_neutral)
{
	if (record->processes++ == 0) {
		record->first_pid = task_tgid_nr(task);
		get_task_comm(record->comm, task);
	}
	if (is_global_init(task))
		record->flags |= JETTISON_CGROUP_INIT;
	if (facts->score > score_neutral)
		record->oom_score += facts->score - score_neutral;
	record->shmem_mapped += facts->shmem;
	record->oom_score_adj_min = min_t(s32, record->oom_score_adj_min, facts->adj);
}
