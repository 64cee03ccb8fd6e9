// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * THE PROMISE. A line is noticed to be crossed no later than the time in which
 * the headroom above it could have been used up at the fill rate, plus a tick;
 * and an idle machine does nothing.
 *
 * Whoever uses memory runs on some CPU. Each CPU has a timer that is pinned to
 * it and deferrable: on a CPU that runs it expires with a tick, on one that
 * idles it wakes nobody, and expires with the first tick after the CPU has
 * been woken for something else. After each look a CPU arms its timer for when
 * that look is outdated, its "due" time: nothing can have reached the line
 * before. So every CPU keeps the promise by itself, however tasks move about,
 * and the CPUs need no word with each other.
 *
 * They share their looks all the same. If somebody else has looked during the
 * last half period, the callback adopts that look with its due time instead of
 * looking. On a busy machine of many CPUs there are thus at most two looks a
 * period and not one per CPU.
 *
 * The timer wheel is exact up to 63 ticks and beyond that late by at most an
 * eighth; longer periods are an eighth shorter for it. Below a line there is
 * no hurry, only the upward crossing to be noticed: HZ / 4.
 *
 * New lines may be nearer than what the timers are armed for. So all CPUs are
 * told to arm theirs again, which interrupts even idle ones, once per call.
 *
 * LOCKS. Looks are taken by timers, and by witness.c wherever memory may be
 * allocated, interrupts included. The lock of the lines is a raw one, taken
 * with interrupts off, and held for some comparisons; only the ring of events
 * is locked inside, so that events come in the order of their crossings.
 * "looked" and "due" are read without it: a pair that does not fit costs one
 * look too many or arms a timer for the next tick.
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/cpu.h>
#include <linux/cpuhotplug.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/printk.h>
#include <linux/smp.h>
#include <linux/spinlock.h>

#include "compat.h"
#include "events.h"
#include "memory.h"
#include "watch.h"
#include "witness.h"

static unsigned int share = 30;
module_param(share, uint, 0444);
MODULE_PARM_DESC(share, "lines at loading, percent of memory and of swap; 0: none (30)");

/* What earlyoom measured as the fastest that a machine fills, rounded up. */
static unsigned int fill_rate_mib = 6144;
module_param(fill_rate_mib, uint, 0444);
MODULE_PARM_DESC(fill_rate_mib, "the fastest that memory can be filled, MiB per second (6144)");

#define FILL_RATE_MIB_MAX (1024 * 1024)	/* a tebibyte per second */

struct line {
	u64 low, high;			/* bytes; both 0: none */
	bool below;
	const u32 fell, rose;		/* the events */
};

enum { LINE_AVAILABLE, LINE_SWAP, LINE_N };

static DEFINE_RAW_SPINLOCK(watch_lock);	/* of lines and samples */

static struct line lines[LINE_N] = {
	[LINE_AVAILABLE] = { .fell = JETTISON_AVAILABLE_LOW, .rose = JETTISON_AVAILABLE_OK },
	[LINE_SWAP] = { .fell = JETTISON_SWAP_LOW, .rose = JETTISON_SWAP_OK },
};

static u64 samples;
static unsigned long looked, due;	/* jiffies; READ_ONCE, WRITE_ONCE */

static DEFINE_PER_CPU(struct timer_list, watch_timer);
static int watch_hotplug;		/* the state that cpuhp gave us */

/* The event to tell, or 0. */
static u32 line_judge(struct line *line, u64 left)
{
	if (!line->below && left < line->low) {
		line->below = true;
		return line->fell;
	}
	if (line->below && left > line->high) {
		line->below = false;
		return line->rose;
	}
	return 0;
}

/* For how long a look is good, in ticks: 1 … HZ. */
static unsigned long line_ticks(const struct line *line, u64 left, u64 rate)
{
	u64 ticks;

	if (!line->high)
		return HZ;
	if (line->below)
		return HZ / 4;
	ticks = left > line->low ? div64_u64((left - line->low) * HZ, rate) : 0;
	ticks = clamp_t(u64, ticks, 1, HZ);
	return ticks > 63 ? ticks - ticks / 8 : ticks;
}

static void lines_look(void)
{
	u64 left[LINE_N], rate = (u64)fill_rate_mib << 20;
	unsigned long flags, ticks = HZ, now = jiffies;
	struct memory_facts facts;

	memory_read(&facts);
	left[LINE_AVAILABLE] = facts.available;
	left[LINE_SWAP] = facts.swap_free;

	raw_spin_lock_irqsave(&watch_lock, flags);
	samples++;
	for (int i = 0; i < LINE_N; i++) {
		u32 kind = line_judge(&lines[i], left[i]);

		if (kind)
			events_tell(kind);
		ticks = min(ticks, line_ticks(&lines[i], left[i], rate));
	}
	WRITE_ONCE(looked, now);
	WRITE_ONCE(due, now + ticks);
	raw_spin_unlock_irqrestore(&watch_lock, flags);
}

/* Is it this long since the last look, and are we the one to take the next? */
static bool watch_claim(unsigned long pause)
{
	unsigned long last = READ_ONCE(looked), now = jiffies;

	return time_after_eq(now, last + pause) &&
	       cmpxchg(&looked, last, now) == last;
}

void watch_look(void)
{
	if (watch_claim(1))
		lines_look();
}

static void watch_arm(struct timer_list *timer)
{
	unsigned long next = READ_ONCE(due), soonest = jiffies + 1;

	mod_timer(timer, time_after(next, soonest) ? next : soonest);
}

static void watch_expired(struct timer_list *timer)
{
	long period = READ_ONCE(due) - READ_ONCE(looked);

	if (watch_claim(clamp(period / 2, 1L, (long)HZ)))
		lines_look();
	watch_arm(timer);
}

static int watch_cpu_online(unsigned int cpu)
{
	struct timer_list *timer = per_cpu_ptr(&watch_timer, cpu);

	timer_setup(timer, watch_expired, TIMER_DEFERRABLE | TIMER_PINNED);
	timer->expires = jiffies + 1;
	add_timer_on(timer, cpu);
	return 0;
}

static int watch_cpu_offline(unsigned int cpu)
{
	timer_delete_sync(per_cpu_ptr(&watch_timer, cpu));
	return 0;
}

static void lines_set(const struct jettison_watch *call)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&watch_lock, flags);
	lines[LINE_AVAILABLE].low = call->available_low;
	lines[LINE_AVAILABLE].high = call->available_high;
	lines[LINE_SWAP].low = call->swap_low;
	lines[LINE_SWAP].high = call->swap_high;
	for (int i = 0; i < LINE_N; i++)
		lines[i].below = false;
	raw_spin_unlock_irqrestore(&watch_lock, flags);
	lines_look();
}

static void lines_from_share(struct jettison_watch *call)
{
	struct memory_facts facts;

	memory_read(&facts);
	*call = (struct jettison_watch){
		.available_low = div_u64(facts.total * share, 100),
		.swap_low = div_u64(facts.swap_total * share, 100),
	};
	call->available_high = call->available_low + call->available_low / 8;
	call->swap_high = call->swap_low + call->swap_low / 8;
}

static void watch_arm_here(void *unused)
{
	watch_arm(this_cpu_ptr(&watch_timer));
}

void watch_set_lines(const struct jettison_watch *call)
{
	lines_set(call);
	/* A CPU that is leaving must not get a timer any more. */
	cpus_read_lock();
	on_each_cpu(watch_arm_here, NULL, false);
	cpus_read_unlock();
}

void watch_reset_lines(void)
{
	struct jettison_watch call;

	lines_from_share(&call);
	watch_set_lines(&call);
}

void watch_describe(struct jettison_info *info)
{
	unsigned long flags;

	info->features |= witness_features();
	raw_spin_lock_irqsave(&watch_lock, flags);
	info->available_low = lines[LINE_AVAILABLE].low;
	info->available_high = lines[LINE_AVAILABLE].high;
	info->swap_low = lines[LINE_SWAP].low;
	info->swap_high = lines[LINE_SWAP].high;
	info->samples = samples;
	raw_spin_unlock_irqrestore(&watch_lock, flags);
}

int watch_init(void)
{
	struct jettison_watch call;
	int r;

	if (share > 100 || !fill_rate_mib || fill_rate_mib > FILL_RATE_MIB_MAX) {
		pr_err("share must be 0 to 100, fill_rate_mib 1 to %d\n",
		       FILL_RATE_MIB_MAX);
		return -EINVAL;
	}
	lines_from_share(&call);
	lines_set(&call);
	witness_init();

	r = cpuhp_setup_state(CPUHP_AP_ONLINE_DYN, "jettison:online",
			      watch_cpu_online, watch_cpu_offline);
	if (r < 0) {
		witness_exit();
		return r;
	}
	watch_hotplug = r;
	return 0;
}

void watch_exit(void)
{
	cpuhp_remove_state(watch_hotplug);
	witness_exit();
}

static bool selftest_lines(void)
{
	static const struct {
		u64 left;
		u32 event;
	} rows[] = {
		{ 100, 0 }, { 99, 1 }, { 50, 0 }, { 100, 0 }, { 120, 0 },
		{ 121, 2 }, { 99, 1 }, { 0, 0 }, { 500, 2 },
	};
	struct line line = { .low = 100, .high = 120, .fell = 1, .rose = 2 };
	struct line none = { .fell = 1, .rose = 2 };
	bool passed = true;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 event = line_judge(&line, rows[i].left);

		if (event == rows[i].event && !line_judge(&none, rows[i].left))
			continue;
		pr_err("selftest: line, row %zu: %u\n", i, event);
		passed = false;
	}
	return passed;
}

static bool selftest_ticks(void)
{
	const u64 mib = 1 << 20;
	const struct line above = { .low = 100 * mib, .high = 110 * mib };
	const struct line below = { .low = 1, .high = 1, .below = true }, none = {};
	const struct {
		const struct line *line;
		u64 left, rate;
		unsigned long ticks;
	} rows[] = {
		{ &none, 0, mib, HZ },
		{ &below, 0, mib, HZ / 4 },
		{ &above, 100 * mib, mib, 1 },
		{ &above, 99 * mib, mib, 1 },
		{ &above, 110 * mib, HZ * mib, 10 },
		{ &above, 163 * mib, HZ * mib, 63 },
		{ &above, 164 * mib, HZ * mib, 56 },
		{ &above, U64_MAX >> 12, mib, HZ - HZ / 8 },
	};
	bool passed = true;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned long ticks = line_ticks(rows[i].line, rows[i].left, rows[i].rate);

		if (ticks == rows[i].ticks)
			continue;
		pr_err("selftest: ticks, row %zu: %lu\n", i, ticks);
		passed = false;
	}
	return passed;
}

bool watch_selftest(void)
{
	bool passed = selftest_lines();

	return passed & selftest_ticks();
}
