/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The second witness of a shortage: the kernel has begun to reclaim. */
#ifndef JETTISON_WITNESS_H
#define JETTISON_WITNESS_H

#include <linux/types.h>

/* Joins the tracepoints that are there. To do without is no error. */
void witness_init(void);
void witness_exit(void);

/* Those that were joined: JETTISON_HAS_RECLAIM, JETTISON_HAS_KSWAPD. */
u32 witness_features(void);

#endif
