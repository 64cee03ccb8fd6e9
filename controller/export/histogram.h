/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long something took, in buckets. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#define HISTOGRAM_BUCKETS 13            /* the last is for what took longer than all bounds */

struct histogram {
        uint64_t counts[HISTOGRAM_BUCKETS];     /* each bucket's own */
        uint64_t sum_us;                        /* UINT64_MAX at most */
};

/* A bucket holds what took as long as its bound or shorter. */
void histogram_add(struct histogram *h, uint64_t value_us);

void histogram_write(const struct histogram *h, FILE *out, const char *name, const char *help);
