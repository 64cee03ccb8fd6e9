/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One domain under watch: its witnesses, and when to look at it next. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/loop.h"
#include "decide/reach.h"
#include "decide/shortage.h"
#include "sense/pressure.h"
#include "sense/scan.h"

struct watch {
        struct domain domain;
        struct domain_facts facts;      /* of the last look */
        uint64_t looked_us;             /* when that was; 0: never */
        uint64_t fall;                  /* bytes a second that available memory fell by lately */
        struct reach reach;             /* how far a round goes now, as chosen by reach_plan */
        struct loss lost;               /* by the rounds of this shortage so far */
        struct shortage shortage;       /* judged from them */
        uint32_t stall_permyriad;       /* likewise */
        uint64_t next_look_us;          /* when it wants to be looked at; LOOP_NEVER: when it is woken */
        uint64_t again_us;              /* the pause after a look that came to nothing */
        bool gone;                      /* the domain does not exist (any more): the place is free */
        uint64_t oom_us;                /* when the kernel last ran out of memory in it; 0: never */
        uint64_t deaf_until_us;         /* pressure before this moment belongs to a round that is over */

        uint64_t hold_until_us;         /* no round before that … */
        uint64_t hold_above;            /* … while this much is available, bytes */
        uint64_t round_us;              /* when the last one ended, or somebody died in it; 0: never */
        uint64_t given_us;              /* when a victim last gave memory back; 0: never */
        uint64_t primed_us;             /* when all its files were last read in advance */
        uint64_t complained_us;         /* last word on a shortage that nobody can help; 0: none yet */

        struct stall_meter meter;
        struct loop *loop;
        struct loop_source pressure;    /* memory.pressure with its trigger; fd -1: there is none */
        struct loop_source events;      /* memory.events.local; fd -1 for the host */
        void (*woken)(struct watch *w); /* a witness has spoken: look at once */
};

/* Starts to watch the domain: opens its pressure trigger and memory.events.local. What is not there is not
 * missed: has_psi says so. The loop and the callback are borrowed. */
void watch_start(struct watch *w, struct loop *loop, struct scanner *s, const struct policy *policy,
                 void (*woken)(struct watch *w));
void watch_stop(struct watch *w);

bool watch_has_pressure(const struct watch *w);

/* Looks: reads the facts as cheaply as the moment allows, judges them, and sets next_look_us so far ahead
 * as memory could not fill up meanwhile. CGROUPFS_OK, CGROUPFS_GONE, or -errno. */
int watch_look(struct watch *w, struct scanner *s, const struct policy *policy);

/* When the next line will be crossed if memory goes on falling as it does: µs from the last look; LOOP_NEVER
 * if it does not fall. */
uint64_t watch_time_left(const struct watch *w, const struct policy *policy);

/* Lets no round begin for a time: one that was just tried came to nothing. With 'above' it is a pause, which holds
 * only while that many bytes are available, no stall is seen and the kernel has memory. */
void watch_hold(struct watch *w, uint64_t time_us, uint64_t above);
bool watch_is_held(const struct watch *w, uint64_t now_us);

/* Somebody was struck for it. If he gave memory back, what lies on the processors' lists counts as any other
 * memory for a while. */
void watch_note_victim(struct watch *w, bool gave);

/* Somebody was lost to it: the rounds of this shortage may reach further. */
void watch_note_lost(struct watch *w, struct utility utility);

/* After a round: what was measured before it is forgotten. */
void watch_reset(struct watch *w, const struct policy *policy);
