// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * User space would open four files per cgroup and three per process. Here two
 * passes suffice: one over the memory cgroups in pre-order, which writes their
 * records, and one over all processes, which adds each to the record of the
 * cgroup where its memory is charged.
 *
 * Both run under RCU and nothing else, in one section, so that what was found
 * in the first pass is valid memory in the second. A cgroup that is being
 * removed is skipped: its css lingers for as long as a page is charged to it.
 * The rest is racy as all such reading is, and harmless: counters are read one
 * by one, a process that changes its cgroup between the passes counts where it
 * is then, and one in a cgroup that was not there in the first pass is
 * skipped. Most kernels do not preempt the section. It costs what the kernel's
 * own killer spends on looking at all processes, and a share per cgroup.
 *
 * When the buffer is too short, cgroups and processes are counted on without
 * being recorded, so that "needed" is one call's work.
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/cgroup.h>
#include <linux/ktime.h>
#include <linux/memcontrol.h>
#include <linux/oom.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>

#include "buffer.h"
#include "memory.h"
#include "record.h"

/* What one call is about. */
struct pass {
	struct snapshot_buffer *buffer;
	struct jettison_cgroup *cgroups;	/* in the buffer */
	struct cgroup *topmost;
	u32 n_cgroups;
	bool list;				/* the processes as well */
	u32 n_processes;			/* of the list */
	u32 score_neutral;
};

bool snapshot_possible(void)
{
	return !mem_cgroup_disabled() &&
	       cgroup_subsys_on_dfl(memory_cgrp_subsys);
}

/*
 * Parents come first, so all but the topmost find theirs; except one that came
 * into being during the pass below a parent that was not ready when it was
 * looked at. It is skipped as well.
 */
static void pass_add_cgroup(struct pass *pass, struct cgroup_subsys_state *css)
{
	bool fits = pass->n_cgroups < buffer_room(pass->buffer);
	struct jettison_cgroup *record, *parent = NULL;

	if (css->cgroup != pass->topmost) {
		parent = buffer_find(pass->buffer, cgroup_id(css->parent->cgroup));
		if (!parent && fits)
			return;
	}
	if (!fits) {
		pass->n_cgroups++;
		return;
	}
	record = &pass->cgroups[pass->n_cgroups];
	*record = (struct jettison_cgroup){
		.id = cgroup_id(css->cgroup),
		.parent = parent ? parent->id : 0,
		.parent_index = parent ? parent - pass->cgroups : JETTISON_NO_PARENT,
		.oom_score_adj_min = OOM_SCORE_ADJ_MAX,
	};
	record_read(record, css);
	buffer_remember(pass->buffer, pass->n_cgroups++);
}

/* A removed cgroup says so at once, its css only after a grace period. */
static bool is_online(const struct cgroup_subsys_state *css)
{
	return css->flags & css->cgroup->self.flags & CSS_ONLINE;
}

static void pass_cgroups(struct pass *pass, struct cgroup_subsys_state *topmost)
{
	struct cgroup_subsys_state *css;

	css_for_each_descendant_pre(css, topmost) {
		if (is_online(css))
			pass_add_cgroup(pass, css);
	}
}

/* Processes are listed behind the cgroups, for as long as there is room. */
static void pass_list_process(struct pass *pass, struct task_struct *task,
			      u64 cgroup, const struct process_facts *facts)
{
	struct jettison_process *list = (void *)(pass->cgroups + pass->n_cgroups);
	struct jettison_process *record = &list[pass->n_processes++];

	if ((void *)(record + 1) > pass->buffer->records + pass->buffer->size)
		return;
	*record = (struct jettison_process){
		.pid = task_tgid_nr(task),
		.cgroup = cgroup,
		.rss = facts->rss,
		.swap = facts->swap,
		.page_tables = facts->page_tables,
		.oom_score = facts->score,
		.oom_score_adj = facts->adj,
	};
	get_task_comm(record->comm, task);
}

/*
 * A thread group of which no thread lives holds nothing, and has a cgroup
 * until its parent has heard of its end: cgroup.procs does not name it either.
 */
static void pass_processes(struct pass *pass)
{
	unsigned long score_pages = memory_score_pages();
	bool short_of_room = pass->n_cgroups > buffer_room(pass->buffer);
	struct task_struct *task;

	for_each_process(task) {
		struct cgroup *cgrp = task_css(task, memory_cgrp_id)->cgroup;
		struct process_facts facts;
		struct jettison_cgroup *record;

		if (!atomic_read(&task->signal->live) ||
		    !cgroup_is_descendant(cgrp, pass->topmost))
			continue;
		record = buffer_find(pass->buffer, cgroup_id(cgrp));
		if (!record && !short_of_room)
			continue;
		process_read(task, score_pages, &facts);
		if (record)
			record_add_process(record, task, &facts, pass->score_neutral);
		if (pass->list)
			pass_list_process(pass, task, cgroup_id(cgrp), &facts);
	}
}

/* -ENOENT: the cgroup is being removed, or has no memory controller. */
static int pass_run(struct pass *pass)
{
	struct cgroup_subsys_state *css;

	buffer_forget(pass->buffer);
	rcu_read_lock();
	css = rcu_dereference(pass->topmost->subsys[memory_cgrp_id]);
	if (css) {
		pass_cgroups(pass, css);
		pass_processes(pass);
	}
	rcu_read_unlock();
	return pass->n_cgroups ? 0 : -ENOENT;
}

static int pass_answer(const struct pass *pass, struct jettison_snapshot *call)
{
	struct memory_facts facts;

	memory_read(&facts);
	call->memory_total = facts.total;
	call->memory_available = facts.available;
	call->swap_total = facts.swap_total;
	call->swap_free = facts.swap_free;
	call->n_cgroups = pass->n_cgroups;
	call->n_processes = pass->n_processes;
	call->needed = (u64)pass->n_cgroups * sizeof(struct jettison_cgroup) +
		       (u64)pass->n_processes * sizeof(struct jettison_process);
	return call->needed > pass->buffer->size ? -ENOSPC : 0;
}

/* The topmost as a reference of the caller's; the root's counts for nothing. */
static struct cgroup *topmost_get(u64 id)
{
	if (id)
		return cgroup_get_from_id(id);
	cgroup_get(&cgrp_dfl_root.cgrp);
	return &cgrp_dfl_root.cgrp;
}

static int snapshot_take_locked(struct snapshot_buffer *buffer,
				struct jettison_snapshot *call)
{
	struct pass pass = {
		.buffer = buffer,
		.cgroups = buffer->records,
		.list = call->flags & JETTISON_SNAPSHOT_PROCESSES,
		.score_neutral = call->score_neutral,
	};
	u64 time_ns = ktime_get_ns();
	int r;

	if (!buffer->records)
		return -ENXIO;
	pass.topmost = topmost_get(call->cgroup);
	if (IS_ERR(pass.topmost))
		return PTR_ERR(pass.topmost);
	r = pass_run(&pass);
	if (!r) {
		call->time_ns = time_ns;
		r = pass_answer(&pass, call);
	}
	cgroup_put(pass.topmost);
	return r;
}

int snapshot_take(struct snapshot_buffer *buffer,
		  struct jettison_snapshot *call)
{
	int r;

	if (!snapshot_possible())
		return -EOPNOTSUPP;
	mutex_lock(&buffer->lock);
	r = snapshot_take_locked(buffer, call);
	mutex_unlock(&buffer->lock);
	return r;
}

/* Of this machine: what must hold whatever runs on it. */
static bool selftest_tree(const struct jettison_cgroup *cgroups,
			  const struct jettison_snapshot *call)
{
	u32 i, processes = 0, inits = 0;

	for (i = 0; i < call->n_cgroups; i++) {
		const struct jettison_cgroup *record = &cgroups[i];
		u32 up = record->parent_index;

		if (i == 0 ? up != JETTISON_NO_PARENT || record->parent :
			     up >= i || cgroups[up].id != record->parent)
			return false;
		if (!record->processes != (record->oom_score_adj_min == OOM_SCORE_ADJ_MAX &&
					   !record->first_pid))
			return false;
		processes += record->processes;
		inits += !!(record->flags & JETTISON_CGROUP_INIT);
	}
	return processes && processes == call->n_processes && inits == 1;
}

bool snapshot_selftest(void)
{
	struct jettison_snapshot call = { .flags = JETTISON_SNAPSHOT_PROCESSES };
	struct snapshot_buffer buffer;
	bool passed = buffer_selftest();
	int r = 0;

	snapshot_buffer_init(&buffer);
	if (buffer_alloc(&buffer, PAGE_SIZE))
		return false;
	if (snapshot_possible()) {
		r = snapshot_take(&buffer, &call);
		while (r == -ENOSPC && !buffer_alloc(&buffer, PAGE_ALIGN(call.needed)))
			r = snapshot_take(&buffer, &call);
		passed &= !r && selftest_tree(buffer.records, &call);
	}
	snapshot_buffer_free(&buffer);
	if (!passed)
		pr_err("selftest: snapshot of %u cgroups, %u processes: %d\n",
		       call.n_cgroups, call.n_processes, r);
	return passed;
}
