/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a journal's numbers have come to. */
#pragma once

#include <stdint.h>

/* The highest number of a round at the end of the journal or, where that tells of none, of the last one that was
 * rotated away. 0: none is told of, or it cannot be read. Reads up to a MiB of each. */
uint64_t last_round(const char *path);
