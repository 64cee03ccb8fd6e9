// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Ids become referenced cgroups when the order comes, because looking one up
 * under memory pressure, or from the namespace of whoever runs out of memory,
 * is not possible. A reference keeps a removed cgroup from being mistaken for
 * another; there is simply nobody left in it.
 *
 * A plan is made to free enough with the least loss. When an allocation has
 * failed it is late, and killing a cgroup that holds next to nothing helps
 * nobody: what is too small when its turn comes waits until nothing else is
 * left. Sizes are asked at every turn, at most 64 of them.
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/printk.h>

#include "turns.h"
#include "victim.h"

static_assert(JETTISON_ORDER_MAX <= 64);	/* bits of had */

/* The root is no victim, nor is what lies outside the domain. */
static int cgroup_check(struct cgroup *cgrp, struct cgroup *domain)
{
	if (!cgroup_parent(cgrp))
		return -EINVAL;
	return cgroup_is_descendant(cgrp, domain) ? 0 : -EXDEV;
}

static int resolve_all(struct turns *turns, const struct jettison_order *call,
		       struct cgroup *domain)
{
	int r = 0;

	for (u32 i = 0; i < call->n && !r; i++) {
		struct cgroup *cgrp = cgroup_get_from_id(call->cgroups[i]);

		if (IS_ERR(cgrp))
			continue;
		turns->cgroups[turns->n++] = cgrp;
		r = cgroup_check(cgrp, domain);
	}
	return r;
}

int turns_resolve(struct turns *turns, const struct jettison_order *call)
{
	struct cgroup *domain;
	int r;

	turns->memory_least = call->memory_least;
	if (!call->domain)
		return resolve_all(turns, call, &cgrp_dfl_root.cgrp);
	domain = cgroup_get_from_id(call->domain);
	if (IS_ERR(domain))
		return -EXDEV;		/* nothing lies below it any more */
	r = resolve_all(turns, call, domain);
	cgroup_put(domain);
	return r;
}

void turns_put(struct turns *turns)
{
	while (turns->n > 0)
		cgroup_put(turns->cgroups[--turns->n]);
}

/* The first that is large enough, else the first; or n. */
static u32 turns_next(const struct turns *turns)
{
	u32 first = turns->n;

	for (u32 i = 0; i < turns->n; i++) {
		if (turns->had & BIT_ULL(i))
			continue;
		if (victim_memory(turns->cgroups[i]) >= turns->memory_least)
			return i;
		first = min(first, i);
	}
	return first;
}

struct cgroup *turns_take(struct turns *turns)
{
	u32 i = turns_next(turns);

	if (i == turns->n)
		return NULL;
	turns->had |= BIT_ULL(i);
	return turns->cgroups[i];
}

bool turns_begin_after(struct turns *turns, const struct cgroup *cgrp)
{
	if (!turns->n || turns->cgroups[0] != cgrp)
		return false;
	turns->had |= BIT_ULL(0);
	return true;
}

u32 turns_had(const struct turns *turns)
{
	return hweight64(turns->had);
}

/* As many as there may be, all of the same size: one after the other. */
static bool selftest_all(u64 memory_least)
{
	struct turns turns = { .n = JETTISON_ORDER_MAX, .memory_least = memory_least };
	u32 i;

	for (i = 0; i < turns.n; i++)
		turns.cgroups[i] = &cgrp_dfl_root.cgrp;
	if (!turns_begin_after(&turns, &cgrp_dfl_root.cgrp))
		return false;
	for (i = 1; i < turns.n; i++) {
		if (turns_had(&turns) != i || turns_next(&turns) != i || !turns_take(&turns))
			return false;
	}
	return turns_had(&turns) == turns.n && !turns_take(&turns);
}

bool turns_selftest(void)
{
	struct turns none = {};
	bool passed = selftest_all(0) && selftest_all(U64_MAX) &&
		      !turns_take(&none) &&
		      !turns_begin_after(&none, &cgrp_dfl_root.cgrp);

	if (!passed)
		pr_err("selftest: turns failed\n");
	return passed;
}
