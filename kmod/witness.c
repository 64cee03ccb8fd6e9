// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A busy CPU without a tick (nohz_full) has no timer that would look at the
 * lines. But memory cannot be used up without reclaim being started, and there
 * the kernel has tracepoints: kswapd is woken at the low watermark, tasks
 * reclaim directly at the min watermark. The probes here look at once, at most
 * once a tick, however many tasks reclaim.
 *
 * The tracepoints are not exported by name, but found by it. Their arguments
 * differ among kernels and are of no use here, so a probe takes only the first
 * one, which is its own. To be called with more arguments than it takes does a
 * function no harm where the first of them come in registers and the caller
 * clears away the rest, as on x86-64 and arm64; only control flow integrity
 * forbids it, and there the probes stay out.
 *
 * kswapd may be woken wherever memory may be allocated, interrupts included. A
 * probe takes no lock that is ever held while memory is allocated: the raw
 * locks of lines and events. Readers are woken later and elsewhere (events.c).
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/jiffies.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "compat.h"
#include "events.h"
#include "watch.h"
#include "witness.h"

static unsigned long reclaim_told;	/* jiffies; READ_ONCE, cmpxchg */

static void probe_kswapd(void *unused)
{
	watch_look();
}

static void probe_reclaim(void *unused)
{
	unsigned long last = READ_ONCE(reclaim_told), now = jiffies;

	watch_look();
	if (time_after_eq(now, last + HZ) &&
	    cmpxchg(&reclaim_told, last, now) == last)
		events_tell(JETTISON_RECLAIM);
}

static struct witness {
	const char *name;
	u32 feature;
	void (*probe)(void *unused);
	struct tracepoint *point;	/* NULL: not there, or not joined */
} witnesses[] = {
	{ "mm_vmscan_wakeup_kswapd", JETTISON_HAS_KSWAPD, probe_kswapd },
	{ "mm_vmscan_direct_reclaim_begin", JETTISON_HAS_RECLAIM, probe_reclaim },
};

static void witness_match(struct tracepoint *point, void *unused)
{
	for (size_t i = 0; i < ARRAY_SIZE(witnesses); i++) {
		if (!strcmp(point->name, witnesses[i].name))
			witnesses[i].point = point;
	}
}

void witness_init(void)
{
	if (!COMPAT_SHORT_PROBES) {
		pr_info("this kernel's tracepoints cannot be joined, doing without\n");
		return;
	}
	reclaim_told = jiffies - HZ;
	for_each_kernel_tracepoint(witness_match, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(witnesses); i++) {
		struct witness *w = &witnesses[i];

		if (w->point && tracepoint_probe_register(w->point, w->probe, NULL))
			w->point = NULL;
		if (!w->point)
			pr_info("no tracepoint %s, doing without\n", w->name);
	}
}

void witness_exit(void)
{
	if (!COMPAT_SHORT_PROBES)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(witnesses); i++) {
		struct witness *w = &witnesses[i];

		if (w->point)
			tracepoint_probe_unregister(w->point, w->probe, NULL);
		w->point = NULL;
	}
	tracepoint_synchronize_unregister();
}

u32 witness_features(void)
{
	u32 features = 0;

	for (size_t i = 0; i < ARRAY_SIZE(witnesses); i++) {
		if (witnesses[i].point)
			features |= witnesses[i].feature;
	}
	return features;
}
