/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pressure: the kernel's triggers, which wake, and the meter, which measures how much was stalled. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ktext.h"
#include "decide/policy.h"

/* Opens DIR/name (memory.pressure, or pressure/memory below /proc) and sets a trigger on it: EPOLLPRI is
 * raised when tasks stood still for the policy's share of its window. One trigger per descriptor; closing
 * it removes the trigger. Where the window is refused (without CAP_SYS_RESOURCE the kernel grants multiples
 * of 2 s only), the next such multiple is asked for with the same share. The same descriptor reads the
 * pressure itself. Descriptor, or -errno (-EOPNOTSUPP: booted with psi=0). */
int pressure_open(int dir_fd, const char *name, const struct policy *policy);

/* Reads a descriptor of pressure_open. 0 or -errno. */
int pressure_read(int fd, struct psi *ret_psi);

/* Samples of one counter, so that a share of any recent window can be told from its change. */
struct stall_meter {
        struct stall_sample {
                uint64_t at_us, total_us;
        } samples[32];
        size_t n, next;
        uint64_t woken_us;      /* when the trigger last fired */
};

void stall_meter_reset(struct stall_meter *m);

/* Takes a sample; of samples closer together than a sixteenth of the window only the last is kept, so that
 * the ring always spans the window. A counter that runs backwards, or a clock that does, starts the meter
 * anew. */
void stall_meter_add(struct stall_meter *m, uint64_t now_us, uint64_t total_us, uint64_t window_us);

/* Share of the last window_us that was stalled, in permyriad: from the newest sample and the youngest that
 * is at least a window older, and two at most. 0 while there is none. */
uint32_t stall_meter_share(const struct stall_meter *m, uint64_t window_us);

/* Is there such a sample? */
bool stall_meter_spans(const struct stall_meter *m, uint64_t window_us);
