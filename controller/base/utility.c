/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A label is an extended attribute: bytes with a length, written by whoever may write it. So it is read with
 * nothing but its length, and only the two forms that utility_format writes (and leading zeros) are taken; a
 * label that is nearly right says nothing, rather than something its author did not mean. */
#include "base/utility.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char protect[] = "protect";

/* All of text[0 … len) as a number up to max. */
static bool read_number(const char *text, size_t len, unsigned max, unsigned *ret_number)
{
        unsigned number = 0;

        if (len == 0)
                return false;
        for (size_t i = 0; i < len; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return false;
                number = number * 10 + (unsigned)(text[i] - '0');
                if (number > max)
                        return false;
        }
        *ret_number = number;
        return true;
}

int utility_parse(const char *text, size_t len, struct utility *ret_utility)
{
        unsigned tier = 0, value;
        const char *colon;

        if (len == 0 || len > UTILITY_TEXT_MAX)
                return -EINVAL;
        if (len == sizeof(protect) - 1 && memcmp(text, protect, len) == 0) {
                *ret_utility = (struct utility){ .protect = true };
                return 0;
        }

        colon = memchr(text, ':', len);
        if (colon) {
                size_t n = (size_t)(colon - text);

                if (!read_number(text, n, TIER_MAX, &tier))
                        return -EINVAL;
                text += n + 1;
                len -= n + 1;
        }
        if (!read_number(text, len, UTILITY_MAX, &value))
                return -EINVAL;
        *ret_utility = (struct utility){ .value = (uint16_t)value, .tier = (uint8_t)tier };
        return 0;
}

char *utility_format(struct utility u, char buffer[static UTILITY_TEXT_MAX + 1])
{
        if (u.protect)
                memcpy(buffer, protect, sizeof(protect));
        else if (u.tier > 0)
                snprintf(buffer, UTILITY_TEXT_MAX + 1, "%u:%u", u.tier, u.value);
        else
                snprintf(buffer, UTILITY_TEXT_MAX + 1, "%u", u.value);
        return buffer;
}

bool utility_is_above(struct utility a, struct utility b)
{
        if (a.protect || b.protect)
                return a.protect && !b.protect;
        return a.tier != b.tier ? a.tier > b.tier : a.value > b.value;
}
