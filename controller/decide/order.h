/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In which order candidates should go if nobody will be there to decide. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "decide/snapshot.h"

/* Writes to 'indices' which of the snapshot's cgroups may die, cheapest first: by tier, utility, size (larger
 * first, by powers of two), id; at most n_max. What would free nothing is left out. Returns how many. Pure. */
size_t order_make(const struct snapshot *snapshot, uint32_t *indices, size_t n_max);

/* A victim that holds less than this should not be taken while there is another: a sixty-fourth of the
 * memory. */
uint64_t order_least(const struct snapshot *snapshot);
