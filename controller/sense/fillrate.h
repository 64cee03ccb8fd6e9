/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How fast this machine can fill its memory. */
#pragma once

#include <stdint.h>

/* Measures, by filling some, what all processors together can take in a second: bytes, at least
 * FILLRATE_MIN for each. Takes a few milliseconds; for the start, before memory is locked. */
#define FILLRATE_MIN (UINT64_C(1) << 30)
uint64_t fillrate_measure(void);
