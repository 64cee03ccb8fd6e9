/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The events, and each reader's place in them. */
#ifndef JETTISON_EVENTS_H
#define JETTISON_EVENTS_H

#include <linux/types.h>
#include <linux/wait.h>

#include "jettison_uapi.h"

/* How many are kept for readers that are behind. */
#define EVENTS_KEPT 256

struct events_reader {
	u64 next;		/* sequence of the next it has not seen */
};

/* Readers sleep here. */
extern wait_queue_head_t events_wait;

/*
 * Records one event: kind, round, cgroup, value and detail are the caller's,
 * the rest is filled in here. From any context but NMI; never sleeps.
 */
void events_add(const struct jettison_event *event);

/* Shorthand for kinds that carry nothing. */
void events_tell(enum jettison_event_kind kind);

u64 events_count(void);

/* From here on: what has happened before is not for this reader. */
void events_reader_init(struct events_reader *reader);
bool events_pending(const struct events_reader *reader);

/* The next one, with how many were missed before it. False: there is none. */
bool events_take(struct events_reader *reader, struct jettison_event *event);

/* Nobody tells events any more: waits until the last wake-up is over. */
void events_exit(void);

bool events_selftest(void);

#endif
