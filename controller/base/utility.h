/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What it is worth to let a container run to completion. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UTILITY_MAX     1000u   /* coarse on purpose: fine utilities that follow memory are what makes a
                                 * knapsack hard */
#define UTILITY_DEFAULT 10u     /* of a container nobody labelled */
#define TIER_MAX        15u

struct utility {
        uint16_t value;         /* 0 … UTILITY_MAX, higher is kept */
        uint8_t tier;           /* 0 … TIER_MAX, strict: lower tiers go first */
        bool protect;           /* never a candidate; value and tier mean nothing then */
};

/* The longest label that is read: "15:1000", "protect"; anything longer is not a label. */
#define UTILITY_TEXT_MAX 16u

/* "[tier:]value" or "protect": ASCII decimal, nothing around it, no sign, no leading '+'. 'text' holds len
 * bytes and needs no NUL. 0, or -EINVAL with *ret_utility as it was. */
int utility_parse(const char *text, size_t len, struct utility *ret_utility);

/* The inverse; the tier is written only when it is not 0. buffer holds UTILITY_TEXT_MAX + 1 bytes. Returns
 * buffer. */
char *utility_format(struct utility u, char buffer[static UTILITY_TEXT_MAX + 1]);

/* Whether a is worth more than b: protect before tier before value. */
bool utility_is_above(struct utility a, struct utility b);
