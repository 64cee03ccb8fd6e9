/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The files feed: facts of a candidate from cgroupfs and procfs. */
#pragma once

#include <stdint.h>

#include "sense/facts.h"
#include "sense/procfs.h"
#include "sense/tree.h"

/* Reads the candidate at this index of the tree. CGROUPFS_OK, CGROUPFS_GONE, or -errno: one of its files
 * says nothing that can be understood. */
int files_read(const struct procfs *p, struct tree *t, uint32_t index, struct facts *ret_facts);
