/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Amounts come from people: configuration files, command lines, labels. They are read digit by digit, since
 * the C library's readers skip blanks, take signs, follow the locale and saturate where they should refuse.
 * Whatever does not fit its type, is not exact in its unit, or has a byte too many is refused as a whole.
 *
 * For people to read, the largest unit that is not larger than the value is taken; one decimal is shown below
 * a hundred units unless the value is whole. Everything is rounded down: a size is never claimed that is not
 * there, and no rounding can carry a number into the next unit. */
#include "base/units.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/ktext.h"

/* Decimals in a duration: enough for a microsecond in seconds. */
#define DECIMALS_MAX 6

struct unit {
        const char *name;
        uint64_t factor;
};

/* Largest first. */
static const struct unit size_units[] = {
        { "EiB", UINT64_C(1) << 60 }, { "PiB", UINT64_C(1) << 50 }, { "TiB", UINT64_C(1) << 40 },
        { "GiB", GIB },               { "MiB", MIB },               { "KiB", KIB },
        { "B", 1 },
};

static const struct unit duration_units[] = {
        { "h", 3600 * USEC_PER_SEC }, { "min", 60 * USEC_PER_SEC }, { "s", USEC_PER_SEC },
        { "ms", USEC_PER_MSEC },      { "us", 1 },
};

/* Reads "12.34%"; returns what is behind it, or NULL. */
static const char *read_share(const char *p, uint32_t *ret_permyriad)
{
        uint64_t value;

        if (!(p = ktext_digits(p, &value)) || value > 100)
                return NULL;
        value *= 100;
        if (*p == '.') {
                uint64_t decimals;
                const char *end = ktext_digits(p + 1, &decimals);

                if (!end || end - p > 3)
                        return NULL;
                value += end - p == 2 ? decimals * 10 : decimals;
                p = end;
        }
        if (*p != '%' || value > PERMYRIAD)
                return NULL;
        *ret_permyriad = (uint32_t)value;
        return p + 1;
}

int share_parse(const char *text, uint32_t *ret_permyriad)
{
        uint32_t permyriad;
        const char *end = read_share(text, &permyriad);

        if (!end || *end != '\0')
                return -EINVAL;
        *ret_permyriad = permyriad;
        return 0;
}

int size_parse(const char *text, uint64_t *ret_bytes)
{
        static const char multiples[] = "KMGT";
        const char *p, *multiple;
        uint64_t bytes;

        if (!(p = ktext_digits(text, &bytes)))
                return -EINVAL;
        multiple = *p != '\0' ? strchr(multiples, *p) : NULL;
        if (multiple) {
                if (__builtin_mul_overflow(bytes, UINT64_C(1) << (10 * (multiple - multiples + 1)), &bytes))
                        return -EINVAL;
                p++;
        }
        if (multiple && p[0] == 'i' && p[1] == 'B')
                p += 2;
        else if (*p == 'B')
                p++;
        if (*p != '\0')
                return -EINVAL;
        *ret_bytes = bytes;
        return 0;
}

int amount_parse(const char *text, struct amount *ret_amount)
{
        struct amount a = { .bytes = UINT64_MAX, .permyriad = PERMYRIAD };
        const char *end = read_share(text, &a.permyriad);

        if (end && *end == '\0') {
                *ret_amount = a;
                return 0;
        }
        if (end && *end != ',')
                return -EINVAL;
        /* The largest number means "no absolute part", so it cannot be one. */
        if (size_parse(end ? end + 1 : text, &a.bytes) < 0 || a.bytes == UINT64_MAX)
                return -EINVAL;
        *ret_amount = a;
        return 0;
}

uint64_t amount_bytes(struct amount a, uint64_t total)
{
        return u64_min(a.bytes, u64_scale(total, a.permyriad, PERMYRIAD));
}

static uint64_t duration_factor(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(duration_units); i++)
                if (strcmp(duration_units[i].name, name) == 0)
                        return duration_units[i].factor;
        return 0;
}

int duration_parse(const char *text, uint64_t *ret_us)
{
        uint64_t us, decimals = 0, tens = 1, factor;
        const char *p;

        if (!(p = ktext_digits(text, &us)))
                return -EINVAL;
        if (*p == '.') {
                const char *end = ktext_digits(p + 1, &decimals);

                if (!end || end - p - 1 > DECIMALS_MAX)
                        return -EINVAL;
                for (p++; p < end; p++)
                        tens *= 10;
        }
        factor = duration_factor(p);
        if (factor == 0 && strcmp(text, "0") != 0)
                return -EINVAL;
        if (decimals * factor % tens != 0 || __builtin_mul_overflow(us, factor, &us) ||
            __builtin_add_overflow(us, decimals * factor / tens, &us))
                return -EINVAL;
        *ret_us = us;
        return 0;
}

/* The last unit's factor is 1. */
static void format_value(uint64_t value, const struct unit *unit, char *buffer, size_t size)
{
        uint64_t whole, rest;

        while (unit->factor > 1 && value < unit->factor)
                unit++;
        whole = value / unit->factor;
        rest = value % unit->factor;
        if (rest == 0 || whole >= 100)
                snprintf(buffer, size, "%llu %s", (unsigned long long)whole, unit->name);
        else
                snprintf(buffer, size, "%llu.%u %s", (unsigned long long)whole,
                         (unsigned)(rest * 10 / unit->factor), unit->name);
}

char *size_format(uint64_t bytes, char buffer[static SIZE_TEXT_MAX])
{
        format_value(bytes, size_units, buffer, SIZE_TEXT_MAX);
        return buffer;
}

char *duration_format(uint64_t us, char buffer[static DURATION_TEXT_MAX])
{
        format_value(us, duration_units, buffer, DURATION_TEXT_MAX);
        return buffer;
}
