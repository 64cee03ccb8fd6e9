/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standing order: carried out when the kernel itself runs dry. */
#ifndef JETTISON_ORDER_H
#define JETTISON_ORDER_H

#include "jettison_uapi.h"

/* Joins the kernel's OOM notifiers; 0 or -errno. */
int order_init(void);
void order_exit(void);

/* The call, its structure checked already (version, flags, bounds). Resolves
 * the ids, which may sleep, and puts the new order in the place of the old.
 * 0, or -errno of the specification, with the old order still standing.
 */
int order_set(struct jettison_order *call);

/* Takes it back: its device is being closed. */
void order_clear(void);

/* Fills in what concerns the order. */
void order_describe(struct jettison_info *info);

bool order_selftest(void);

#endif
