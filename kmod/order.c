// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When an allocation has failed for the whole machine, out_of_memory() asks
 * the OOM notifiers first. If one of them says that memory was freed, the
 * kernel lets the allocation try again instead of killing somebody; the
 * allocator comes back here as often as it fails. So this notifier can carry
 * out a plan: strike the first victim, say "freed" for as long as it is dying,
 * and only then strike the next. It is the last of the notifiers: if another
 * one, a balloon, has given memory back, nobody need die.
 *
 * WHERE IT RUNS. In the task whose allocation failed, or SysRq-f's work, under
 * oom_lock, hence never twice at a time. It may sleep, as direct reclaim does.
 * It must not allocate, which would lead back here, nor wait for anybody who
 * might. All state is therefore under one spinlock, inside which nothing
 * allocates or sleeps: ids are resolved into referenced cgroups by the call
 * that brings the order, and SIGKILL needs no memory. The lock is taken in
 * process context only, by the notifier, by calls of the device, and by the
 * work that looks after a victim. It is held for a pass over all processes,
 * which is what a strike takes, and for a line of log.
 *
 * Having said "freed" it sleeps one tick, outside the lock and RCU, still
 * under oom_lock. Others whose allocations fail do not queue for that: the
 * allocator only tries it, and sleeps a tick itself if it is taken. So all of
 * them go at the pace of ticks, and the dying get the CPU: with a hundredth of
 * the weight of those who wait they died in half the time. Who does queue, a
 * cgroup at its own limit, waits a tick longer. To exit, and to be reaped,
 * takes no oom_lock, only to allocate on the way out; and for a task that is
 * dying and still has its memory this notifier does nothing, so that the
 * kernel opens its reserves to it and sends its reaper. (The kernel refuses,
 * and chooses a victim of its own, if that memory is shared with a process
 * that lives on.) All this is alike in 6.1, 6.12 and 7.2.
 *
 * ONE AT A TIME. The victim stands beside the order, and is waited for until
 * its own deadline whatever order has come meanwhile: nobody shall be killed
 * for memory that is on its way back. The allocation may have failed just
 * before the victim's end, so whoever finds it gone is sent to try once more
 * before the next is struck. Usually nobody comes any more. Then a work, which
 * looks every 10 ms from the strike on, tells of the end.
 *
 * WHAT IT CANNOT SEE. An administrator's SysRq-f looks like any shortage,
 * only that the kernel kills its own choice as well; and so does an allocation
 * that may not touch file systems, at which the kernel's own killer waits.
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/cgroup.h>
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/notifier.h>
#include <linux/oom.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "events.h"
#include "memory.h"
#include "order.h"
#include "snapshot.h"
#include "turns.h"
#include "victim.h"

/* As the specification limits these events. */
#define OOM_EVERY_NS (100 * NSEC_PER_MSEC)
#define PLENTY_EVERY_NS NSEC_PER_SEC

/* Dying takes from a few to some hundred milliseconds. */
#define LOOK_EVERY_MS 10

struct order {
	enum jettison_order_state state;
	u64 round;
	u64 available_max;
	u64 given_ns, expires_ns;
	u64 deadline_ns;	/* that a victim gets, from its strike */
	struct turns turns;
};

static DEFINE_SPINLOCK(order_lock);	/* of all these */
static struct order standing;
static struct victim victim;
static u64 oom_told_ns, plenty_told_ns;
static bool selftesting;	/* tell nobody */

static void order_look(struct work_struct *work);
static DECLARE_DELAYED_WORK(order_work, order_look);

static void stand_aside(u64 round, u64 cgroup, enum jettison_aside why)
{
	static const char * const reasons[JETTISON_ASIDE_N] = {
		[JETTISON_ASIDE_DONE] = "nobody of the order is left",
		[JETTISON_ASIDE_STUCK] = "a victim did not die in time",
		[JETTISON_ASIDE_PLENTY] = "the machine has memory",
		[JETTISON_ASIDE_EXPIRED] = "the order has expired",
	};
	struct jettison_event event = {
		.kind = JETTISON_ASIDE,
		.round = round,
		.cgroup = cgroup,
		.detail = why,
	};

	if (selftesting)
		return;
	events_add(&event);
	pr_info("round %llu: standing aside: %s\n", round, reasons[why]);
}

/* The standing order is over, if there is one. */
static void order_end(u64 round, u64 cgroup, enum jettison_aside why)
{
	if (standing.state != JETTISON_ORDER_NONE)
		standing.state = JETTISON_ORDER_OVER;
	stand_aside(round, cgroup, why);
}

/* Is the victim dying, and in time? */
static bool order_waits(u64 now)
{
	if (victim.state != VICTIM_DYING)
		return false;
	if (victim_look(&victim, now) == VICTIM_STUCK)
		order_end(victim.round, cgroup_id(victim.cgrp), JETTISON_ASIDE_STUCK);
	return victim.state == VICTIM_DYING;
}

static void order_look_later(void)
{
	schedule_delayed_work(&order_work, msecs_to_jiffies(LOOK_EVERY_MS));
}

static void order_look(struct work_struct *work)
{
	spin_lock(&order_lock);
	if (order_waits(ktime_get_ns()))
		order_look_later();
	spin_unlock(&order_lock);
}

/* Then one node or cpuset is short, and only the kernel knows which. */
static bool order_sees_plenty(u64 now)
{
	struct memory_facts facts;

	memory_read(&facts);
	if (facts.available <= standing.available_max)
		return false;
	if (!plenty_told_ns || now - plenty_told_ns >= PLENTY_EVERY_NS) {
		plenty_told_ns = now;
		stand_aside(standing.round, 0, JETTISON_ASIDE_PLENTY);
	}
	return true;
}

/* Gives turns until somebody is struck; false if there is nobody. */
static bool order_strike(u64 now)
{
	struct cgroup *cgrp;

	while ((cgrp = turns_take(&standing.turns))) {
		if (victim_strike(&victim, cgrp, standing.round, now,
				  now + standing.deadline_ns)) {
			standing.state = JETTISON_ORDER_ACTING;
			order_look_later();
			return true;
		}
	}
	return false;
}

/* Memory is out. True: the allocation shall try again. */
static bool order_act(u64 now)
{
	if (order_waits(now))
		return true;
	if (victim.state == VICTIM_GONE) {
		victim.state = VICTIM_NONE;
		return true;
	}
	if (standing.state != JETTISON_ORDER_STANDING &&
	    standing.state != JETTISON_ORDER_ACTING)
		return false;
	if (now >= standing.expires_ns) {
		order_end(standing.round, 0, JETTISON_ASIDE_EXPIRED);
		return false;
	}
	if (order_sees_plenty(now))
		return false;
	if (order_strike(now))
		return true;
	order_end(standing.round, 0, JETTISON_ASIDE_DONE);
	return false;
}

static void tell_oom(u64 now)
{
	if (oom_told_ns && now - oom_told_ns < OOM_EVERY_NS)
		return;
	oom_told_ns = now;
	events_tell(JETTISON_OOM);
}

static int order_notify(struct notifier_block *block, unsigned long unused,
			void *data)
{
	unsigned long *freed = data;
	u64 now = ktime_get_ns();
	bool again = false;

	spin_lock(&order_lock);
	tell_oom(now);
	if (!*freed && !victim_is_current())
		again = order_act(now);
	spin_unlock(&order_lock);

	/* The current task may be one of those just struck. */
	if (again && !victim_is_current()) {
		(*freed)++;
		schedule_timeout_killable(1);
	}
	return NOTIFY_OK;
}

static struct notifier_block order_notifier = {
	.notifier_call = order_notify,
	.priority = INT_MIN,		/* the last */
};

/* The new order takes the place of the old, which is then the caller's. */
static void order_replace(struct order *order)
{
	spin_lock(&order_lock);
	if (victim.state == VICTIM_DYING &&
	    turns_begin_after(&order->turns, victim.cgrp)) {
		order->state = JETTISON_ORDER_ACTING;
		victim.round = order->round;
	}
	swap(standing, *order);
	spin_unlock(&order_lock);
}

int order_set(struct jettison_order *call)
{
	u64 now = ktime_get_ns();
	struct order order = {
		.state = call->n ? JETTISON_ORDER_STANDING : JETTISON_ORDER_NONE,
		.round = call->round,
		.available_max = call->available_max,
		.given_ns = now,
		.expires_ns = now + (u64)call->expires_ms * NSEC_PER_MSEC,
		.deadline_ns = (u64)call->deadline_ms * NSEC_PER_MSEC,
	};
	int r;

	if (!snapshot_possible())
		return -EOPNOTSUPP;
	r = turns_resolve(&order.turns, call);
	if (!r) {
		call->n_taken = order.turns.n;
		order_replace(&order);
	}
	turns_put(&order.turns);
	return r;
}

void order_clear(void)
{
	struct order order = { .state = JETTISON_ORDER_NONE };
	struct victim none = { .state = VICTIM_NONE };

	spin_lock(&order_lock);
	swap(standing, order);
	swap(victim, none);
	spin_unlock(&order_lock);
	cancel_delayed_work_sync(&order_work);
	turns_put(&order.turns);
	if (none.cgrp)
		cgroup_put(none.cgrp);
}

void order_describe(struct jettison_info *info)
{
	u64 now = ktime_get_ns();

	spin_lock(&order_lock);
	info->order_state = standing.state;
	if (standing.state != JETTISON_ORDER_NONE) {
		info->order_round = standing.round;
		info->order_victims = standing.turns.n;
		info->order_next = turns_had(&standing.turns);
		info->order_age_ms = div_u64(now - standing.given_ns, NSEC_PER_MSEC);
		if (now < standing.expires_ns)
			info->order_left_ms = div_u64(standing.expires_ns - now, NSEC_PER_MSEC);
		else
			info->order_state = JETTISON_ORDER_OVER;
	}
	spin_unlock(&order_lock);
}

int order_init(void)
{
	return register_oom_notifier(&order_notifier);
}

void order_exit(void)
{
	unregister_oom_notifier(&order_notifier);
	order_clear();
}

/* What an order answers at second 1 when nobody of it can be struck. */
static bool selftest_act(void)
{
	static const struct {
		const char *label;
		enum jettison_order_state state, after;
		u64 expires_ns, available_max;
		enum victim_state victim;
		bool again;
	} rows[] = {
		{ "none", JETTISON_ORDER_NONE, JETTISON_ORDER_NONE, 2, U64_MAX },
		{ "over", JETTISON_ORDER_OVER, JETTISON_ORDER_OVER, 2, U64_MAX },
		{ "expired", JETTISON_ORDER_STANDING, JETTISON_ORDER_OVER, 1, U64_MAX },
		{ "plenty", JETTISON_ORDER_ACTING, JETTISON_ORDER_ACTING, 2, 0 },
		{ "done", JETTISON_ORDER_ACTING, JETTISON_ORDER_OVER, 2, U64_MAX },
		{ "victim gone", JETTISON_ORDER_ACTING, JETTISON_ORDER_ACTING, 2, U64_MAX,
		  VICTIM_GONE, true },
		{ "victim stuck", JETTISON_ORDER_STANDING, JETTISON_ORDER_OVER, 2, U64_MAX,
		  VICTIM_STUCK, false },
	};
	bool passed = true;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		standing.state = rows[i].state;
		standing.expires_ns = rows[i].expires_ns * NSEC_PER_SEC;
		standing.available_max = rows[i].available_max;
		victim.state = rows[i].victim;
		if (order_act(NSEC_PER_SEC) == rows[i].again && standing.state == rows[i].after &&
		    victim.state != VICTIM_GONE)
			continue;
		pr_err("selftest: order, row %s\n", rows[i].label);
		passed = false;
	}
	return passed;
}

/* Nobody has given an order yet. */
bool order_selftest(void)
{
	bool passed = victim_selftest();

	passed &= turns_selftest();
	spin_lock(&order_lock);
	selftesting = true;
	passed &= selftest_act();
	selftesting = false;
	standing = (struct order){};
	victim = (struct victim){};
	plenty_told_ns = 0;
	spin_unlock(&order_lock);
	return passed;
}
