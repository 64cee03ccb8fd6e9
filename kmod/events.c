// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One ring keeps the last EVENTS_KEPT events, and a reader is nothing but the
 * sequence of the next event it has not seen. So an event costs the same
 * however many readers there are, no reader can hold up the rest, and one that
 * sleeps too long misses the oldest events and is told how many: what the ring
 * no longer holds is the difference of two sequences.
 *
 * Events are told from wherever the kernel notices that memory is short: the
 * timer's soft interrupt, any context that may wake kswapd, the OOM notifier.
 * The ring's lock is therefore a raw one, taken with interrupts off, and held
 * for copying one record. Under it nothing is called but the clock, so it can
 * stand innermost.
 *
 * Readers are woken by an irq_work, that is, from an interrupt of its own as
 * soon as interrupts are on again. To wake somebody takes locks of the wait
 * queue, of epoll and of the scheduler; whatever the teller holds, they are
 * not nested inside it, and none of it has to be known here. On a PREEMPT_RT
 * kernel, where those locks sleep and a tracepoint's probe must not, irq_work
 * runs in a thread. Many events told in a row wake once.
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/irq_work.h>
#include <linux/ktime.h>
#include <linux/poll.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "events.h"
#include "memory.h"

struct ring {
	raw_spinlock_t lock;
	u64 next;		/* sequence of the next event; the first is 1 */
	struct jettison_event kept[EVENTS_KEPT];
};

static struct ring events_ring = {
	.lock = __RAW_SPIN_LOCK_UNLOCKED(events_ring.lock),
	.next = 1,
};

DECLARE_WAIT_QUEUE_HEAD(events_wait);

static void ring_add(struct ring *ring, const struct jettison_event *event)
{
	struct jettison_event *slot;
	unsigned long flags;

	raw_spin_lock_irqsave(&ring->lock, flags);
	slot = &ring->kept[ring->next % EVENTS_KEPT];
	*slot = *event;
	slot->sequence = ring->next;
	slot->time_ns = ktime_get_ns();
	WRITE_ONCE(ring->next, ring->next + 1);
	raw_spin_unlock_irqrestore(&ring->lock, flags);
}

static bool ring_take(struct ring *ring, struct events_reader *reader,
		      struct jettison_event *event)
{
	unsigned long flags;
	u64 oldest, dropped = 0;
	bool found;

	raw_spin_lock_irqsave(&ring->lock, flags);
	oldest = ring->next > EVENTS_KEPT ? ring->next - EVENTS_KEPT : 1;
	if (reader->next < oldest) {
		dropped = oldest - reader->next;
		reader->next = oldest;
	}
	found = reader->next < ring->next;
	if (found) {
		*event = ring->kept[reader->next % EVENTS_KEPT];
		event->dropped = dropped;
		reader->next++;
	}
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return found;
}

static u64 ring_next(struct ring *ring)
{
	unsigned long flags;
	u64 next;

	raw_spin_lock_irqsave(&ring->lock, flags);
	next = ring->next;
	raw_spin_unlock_irqrestore(&ring->lock, flags);
	return next;
}

static void events_wake(struct irq_work *work)
{
	wake_up_interruptible_poll(&events_wait, EPOLLIN | EPOLLRDNORM);
}

static DEFINE_IRQ_WORK(events_work, events_wake);

void events_add(const struct jettison_event *event)
{
	struct jettison_event full = *event;
	struct memory_facts facts;

	memory_read(&facts);
	full.version = JETTISON_ABI;
	full.available = facts.available;
	full.swap_free = facts.swap_free;
	full.reserved = 0;
	ring_add(&events_ring, &full);
	irq_work_queue(&events_work);
}

void events_tell(enum jettison_event_kind kind)
{
	struct jettison_event event = { .kind = kind };

	events_add(&event);
}

u64 events_count(void)
{
	return ring_next(&events_ring) - 1;
}

void events_reader_init(struct events_reader *reader)
{
	reader->next = ring_next(&events_ring);
}

bool events_pending(const struct events_reader *reader)
{
	return READ_ONCE(reader->next) < ring_next(&events_ring);
}

bool events_take(struct events_reader *reader, struct jettison_event *event)
{
	return ring_take(&events_ring, reader, event);
}

void events_exit(void)
{
	irq_work_sync(&events_work);
}

/* Adds this many, with their number in the ring as value. */
static void selftest_add(struct ring *ring, unsigned int n)
{
	while (n--) {
		struct jettison_event event = { .value = ring->next };

		ring_add(ring, &event);
	}
}

static bool selftest_take(struct ring *ring, struct events_reader *reader,
			  u64 sequence, u64 dropped)
{
	struct jettison_event event = {};

	if (ring_take(ring, reader, &event) && event.sequence == sequence &&
	    event.value == sequence && event.dropped == dropped)
		return true;
	pr_err("selftest: event %llu after %llu, not %llu after %llu\n",
	       event.sequence, event.dropped, sequence, dropped);
	return false;
}

bool events_selftest(void)
{
	struct ring *ring = kzalloc(sizeof(*ring), GFP_KERNEL);
	struct events_reader fast = { .next = 1 }, slow = { .next = 1 };
	struct jettison_event event;
	bool passed;

	if (!ring)
		return false;
	raw_spin_lock_init(&ring->lock);
	ring->next = 1;
	passed = !ring_take(ring, &fast, &event);
	selftest_add(ring, 2);
	passed &= selftest_take(ring, &fast, 1, 0);
	passed &= selftest_take(ring, &fast, 2, 0);
	passed &= !ring_take(ring, &fast, &event);

	/* The ring is full, and nothing is lost: then it has run over. */
	selftest_add(ring, EVENTS_KEPT - 2);
	passed &= selftest_take(ring, &slow, 1, 0);
	selftest_add(ring, 11);
	passed &= selftest_take(ring, &slow, 12, 10);
	passed &= selftest_take(ring, &slow, 13, 0);
	passed &= selftest_take(ring, &fast, 12, 9);
	if (!passed)
		pr_err("selftest: events failed\n");
	kfree(ring);
	return passed;
}
