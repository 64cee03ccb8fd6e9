// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A strike is a pass over all processes under RCU, as the kernel's own killer
 * makes it; the list of a cgroup's tasks is not exported. Who belongs to the
 * cgroup is asked of each process; one that changes its cgroup in that very
 * moment may be taken for what it was.
 *
 * SIGKILL needs no memory, wakes frozen and stopped processes, and is obeyed
 * by the first process of a container, since it comes from outside. It is sent
 * through the pid of the group: if it were sent to the leader's task, it would
 * be lost when that thread has exited before the others.
 *
 * Spared are PID 1, kernel threads, and who has oom_score_adj -1000. To kill a
 * process that shares its memory with a spared one, as a child does from vfork
 * to exec, does the spared one no harm: nothing is reaped here.
 *
 * When has a victim given up its memory? A task parts with its mm before it
 * tears the mm down, so "no task has an mm" is too early by the time that
 * takes. But only afterwards does it become a zombie; so it is when none of
 * the victim's threads is anything else. Somebody may stay for another reason
 * than memory, closing a file that hangs: the deadline is for that.
 *
 * Every look is a strike, because a child that was forked during the last one
 * is in the list of processes a moment before it is in its cgroup. Once its
 * parent has the signal, it forks no more. And a cgroup where everybody is
 * dying by another hand, as through cgroup.kill, is a victim like any other,
 * with nobody signalled.
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/memcontrol.h>
#include <linux/oom.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>

#include "compat.h"
#include "events.h"
#include "victim.h"

u64 victim_memory(struct cgroup *cgrp)
{
	struct cgroup_subsys_state *css;
	u64 pages = 0;

	rcu_read_lock();
	css = rcu_dereference(cgrp->subsys[memory_cgrp_id]);
	if (css)
		pages = page_counter_read(&mem_cgroup_from_css(css)->memory);
	rcu_read_unlock();
	return pages << PAGE_SHIFT;
}

/* A dump kills all threads but the one that writes it. */
static bool dump_is_killed(struct task_struct *task)
{
	struct task_struct *thread;

	for_each_thread(task, thread) {
		if (!sigismember(&thread->pending.signal, SIGKILL))
			return false;
	}
	return true;
}

/* As the kernel sees it; but it waits for core dumps, and we do not. */
static bool is_dying(struct task_struct *task)
{
	struct signal_struct *signal = task->signal;

	if (READ_ONCE(signal->core_state))
		return dump_is_killed(task);
	return (READ_ONCE(signal->flags) & SIGNAL_GROUP_EXIT) ||
	       ((task->flags & PF_EXITING) && thread_group_empty(task));
}

static bool is_spared(struct task_struct *task)
{
	return is_global_init(task) || (task->flags & PF_KTHREAD) ||
	       READ_ONCE(task->signal->oom_score_adj) == OOM_SCORE_ADJ_MIN;
}

static bool may_hold_memory(struct task_struct *task)
{
	struct task_struct *thread;

	for_each_thread(task, thread) {
		if (!READ_ONCE(thread->exit_state))
			return true;
	}
	return false;
}

/* How many are dying, those included that are killed by this call. */
static u32 cgroup_strike(struct cgroup *cgrp, u32 *signalled)
{
	struct task_struct *task;
	u32 dying = 0;

	rcu_read_lock();
	for_each_process(task) {
		if (!cgroup_is_descendant(task_dfl_cgroup(task), cgrp) ||
		    !may_hold_memory(task))
			continue;
		if (is_dying(task)) {
			dying++;
		} else if (!is_spared(task) && !kill_pid(task_tgid(task), SIGKILL, 1)) {
			dying++;
			(*signalled)++;
		}
	}
	rcu_read_unlock();
	return dying;
}

static void victim_tell(const struct victim *victim, enum jettison_event_kind kind, u64 value)
{
	struct jettison_event event = {
		.kind = kind,
		.round = victim->round,
		.cgroup = cgroup_id(victim->cgrp),
		.value = value,
		.detail = victim->signalled,
	};

	events_add(&event);
}

static void victim_tell_struck(const struct victim *victim, u64 memory)
{
	static char path[256];		/* under the caller's lock */

	victim_tell(victim, JETTISON_STRUCK, memory);
	cgroup_path(victim->cgrp, path, sizeof(path));
	pr_info("round %llu: struck cgroup %llu, %s (%u processes, %llu KiB)\n",
		victim->round, cgroup_id(victim->cgrp), path, victim->signalled, memory >> 10);
}

static void victim_tell_died(const struct victim *victim, u64 now)
{
	u64 us = div_u64(now - victim->struck_ns, NSEC_PER_USEC);

	victim_tell(victim, JETTISON_DIED, us);
	pr_info("round %llu: cgroup %llu died after %llu us (%u processes)\n",
		victim->round, cgroup_id(victim->cgrp), us, victim->signalled);
}

bool victim_strike(struct victim *victim, struct cgroup *cgrp, u64 round,
		   u64 now, u64 deadline_ns)
{
	bool is_stuck = victim->state == VICTIM_STUCK && victim->cgrp == cgrp;
	u64 memory = victim_memory(cgrp);
	u32 signalled = 0, dying = cgroup_strike(cgrp, &signalled);

	if (!dying || (is_stuck && !signalled))
		return false;
	cgroup_get(cgrp);
	if (victim->cgrp)
		cgroup_put(victim->cgrp);
	*victim = (struct victim){
		.state = VICTIM_DYING,
		.cgrp = cgrp,
		.round = round,
		.struck_ns = now,
		.deadline_ns = deadline_ns,
		.signalled = signalled,
	};
	victim_tell_struck(victim, memory);
	return true;
}

enum victim_state victim_look(struct victim *victim, u64 now)
{
	if (victim->state != VICTIM_DYING)
		return victim->state;
	if (!cgroup_strike(victim->cgrp, &victim->signalled)) {
		victim->state = VICTIM_GONE;
		victim_tell_died(victim, now);
	} else if (now >= victim->deadline_ns) {
		victim->state = VICTIM_STUCK;
	}
	return victim->state;
}

bool victim_is_current(void)
{
	return current->mm && !mm_flags_test(MMF_OOM_SKIP, current->mm) &&
	       !READ_ONCE(current->signal->core_state) && is_dying(current);
}

/* Whoever loads the module lives, and may be killed unless it is protected. */
bool victim_selftest(void)
{
	bool is_protected = current->signal->oom_score_adj == OOM_SCORE_ADJ_MIN ||
			    is_global_init(current);
	struct task_struct *init;
	bool passed;

	rcu_read_lock();
	init = pid_task(find_pid_ns(1, &init_pid_ns), PIDTYPE_PID);
	passed = init && is_spared(init) && !is_dying(init) &&
		 is_spared(&init_task) &&
		 is_spared(current) == is_protected &&
		 may_hold_memory(current) && !is_dying(current) &&
		 !victim_is_current();
	rcu_read_unlock();
	if (!passed)
		pr_err("selftest: victim failed\n");
	return passed;
}
