/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks whether a line was crossed, when something has used memory. */
#ifndef JETTISON_WATCH_H
#define JETTISON_WATCH_H

#include "jettison_uapi.h"

/* Starts the timers and joins the tracepoints that are there; 0 or -errno. */
int watch_init(void);
void watch_exit(void);

/* Takes other lines (checked by the caller), and looks at once. */
void watch_set_lines(const struct jettison_watch *lines);

/* Back to the share of all memory and swap that the parameters name. */
void watch_reset_lines(void);

/* Fills in lines, samples and features. */
void watch_describe(struct jettison_info *info);

/* Looks, unless somebody has since the last tick. Any context but NMI. */
void watch_look(void);

bool watch_selftest(void);

#endif
