/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cgroups of an order, and whose turn it is. */
#ifndef JETTISON_TURNS_H
#define JETTISON_TURNS_H

#include <linux/cgroup.h>
#include <linux/types.h>

#include "jettison_uapi.h"

struct turns {
	u32 n;
	u64 had;		/* a bit for each that has had its turn */
	u64 memory_least;
	struct cgroup *cgroups[JETTISON_ORDER_MAX];	/* referenced */
};

/*
 * Takes the cgroups that the call names into turns that are empty; those that
 * are gone are left out. 0 or -errno of the specification; to be put in either
 * case. May sleep.
 */
int turns_resolve(struct turns *turns, const struct jettison_order *call);
void turns_put(struct turns *turns);

/* Gives the next its turn: borrowed; NULL when all have had it. */
struct cgroup *turns_take(struct turns *turns);

/* The first is to have had its turn already, if it is this one. */
bool turns_begin_after(struct turns *turns, const struct cgroup *cgrp);

u32 turns_had(const struct turns *turns);

bool turns_selftest(void);

#endif
