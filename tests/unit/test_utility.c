/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels: the two forms that count, and everything else. */
#include "base/utility.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

static const struct utility untouched = { .value = 4711, .tier = 99, .protect = true };

static bool same(struct utility a, struct utility b)
{
        return a.value == b.value && a.tier == b.tier && a.protect == b.protect;
}

Test(utility, labels)
{
#define TEXT(s) s, sizeof(s) - 1
        static const struct {
                const char *label, *text;
                size_t len;
                int ret;
                struct utility utility;
        } rows[] = {
                { "nothing", TEXT("0"), 0, { .value = 0 } },
                { "a value", TEXT("50"), 0, { .value = 50 } },
                { "the highest", TEXT("1000"), 0, { .value = 1000 } },
                { "with a tier", TEXT("2:50"), 0, { .value = 50, .tier = 2 } },
                { "the highest tier", TEXT("15:1000"), 0, { .value = 1000, .tier = 15 } },
                { "tier 0", TEXT("0:7"), 0, { .value = 7 } },
                { "leading zeros are decimal", TEXT("010"), 0, { .value = 10 } },
                { "as long as can be", TEXT("0000000000000007"), 0, { .value = 7 } },
                { "protect", TEXT("protect"), 0, { .protect = true } },
                { "no NUL behind it", "50garbage", 2, 0, { .value = 50 } },
                { "protect, no NUL behind it", "protected", 7, 0, { .protect = true } },
                { "one too high", TEXT("1001"), -EINVAL, { 0 } },
                { "would wrap 16 bits", TEXT("65546"), -EINVAL, { 0 } },
                { "would wrap 32 bits", TEXT("4294967306"), -EINVAL, { 0 } },
                { "tier too high", TEXT("16:1"), -EINVAL, { 0 } },
                { "tier would wrap 8 bits", TEXT("257:1"), -EINVAL, { 0 } },
                { "too long", TEXT("00000000000000007"), -EINVAL, { 0 } },
                { "empty", TEXT(""), -EINVAL, { 0 } },
                { "colon alone", TEXT(":"), -EINVAL, { 0 } },
                { "no value", TEXT("2:"), -EINVAL, { 0 } },
                { "no tier", TEXT(":5"), -EINVAL, { 0 } },
                { "two colons", TEXT("1:2:3"), -EINVAL, { 0 } },
                { "negative", TEXT("-1"), -EINVAL, { 0 } },
                { "plus", TEXT("+1"), -EINVAL, { 0 } },
                { "blank before", TEXT(" 1"), -EINVAL, { 0 } },
                { "newline behind", TEXT("1\n"), -EINVAL, { 0 } },
                { "NUL behind", TEXT("1\0"), -EINVAL, { 0 } },
                { "NUL between", TEXT("1\0002"), -EINVAL, { 0 } },
                { "fraction", TEXT("1.5"), -EINVAL, { 0 } },
                { "hexadecimal", TEXT("0x1"), -EINVAL, { 0 } },
                { "capital", TEXT("Protect"), -EINVAL, { 0 } },
                { "protect with more", TEXT("protected"), -EINVAL, { 0 } },
                { "protect with NUL", TEXT("protect\0"), -EINVAL, { 0 } },
                { "protect with a tier", TEXT("2:protect"), -EINVAL, { 0 } },
                { "other digits", TEXT("\xd9\xa1"), -EINVAL, { 0 } },
                { "not UTF-8", TEXT("\xff\xfe"), -EINVAL, { 0 } },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct utility u = untouched;
                int r = utility_parse(rows[i].text, rows[i].len, &u);

                cr_expect(r == rows[i].ret, "%s: gave %d", rows[i].label, r);
                cr_expect(same(u, r == 0 ? rows[i].utility : untouched), "%s: left %u:%u%s", rows[i].label,
                          u.tier, u.value, u.protect ? " protect" : "");
        }
}

/* A label is read from a buffer of just its length: a sanitizer sees every byte too many. */
Test(utility, nothing_is_read_beyond_the_length)
{
        for (size_t len = 0; len <= UTILITY_TEXT_MAX + 1; len++) {
                CLEANUP(free_p) char *exact = malloc(len > 0 ? len : 1);
                struct utility u = untouched;

                cr_assert(exact);
                memset(exact, '0', len);
                cr_expect((utility_parse(exact, len, &u) == 0) == (len > 0 && len <= UTILITY_TEXT_MAX),
                          "%zu bytes", len);
                if (len >= 7) {
                        memcpy(exact, "protect", 7);
                        cr_expect((utility_parse(exact, len, &u) == 0) == (len == 7), "%zu bytes", len);
                }
        }
}

Test(utility, what_is_written_can_be_read)
{
        char text[UTILITY_TEXT_MAX + 1];
        struct utility back;

        for (unsigned tier = 0; tier <= TIER_MAX; tier++)
                for (unsigned value = 0; value <= UTILITY_MAX; value++) {
                        struct utility u = { .value = (uint16_t)value, .tier = (uint8_t)tier };

                        cr_assert(utility_format(u, text) == text);
                        cr_assert(strlen(text) <= UTILITY_TEXT_MAX);
                        cr_assert(utility_parse(text, strlen(text), &back) == 0, "\"%s\"", text);
                        cr_assert(same(u, back), "\"%s\"", text);
                        cr_assert(tier > 0 || !strchr(text, ':'), "tier 0 is written: \"%s\"", text);
                }
        utility_format((struct utility){ .value = 5, .tier = 3, .protect = true }, text);
        cr_assert(strcmp(text, "protect") == 0);
}

/* Values that no label can have are still written inside the buffer. */
Test(utility, a_broken_value_stays_in_the_buffer)
{
        char text[UTILITY_TEXT_MAX + 1];

        utility_format((struct utility){ .value = UINT16_MAX, .tier = UINT8_MAX }, text);
        cr_assert(strcmp(text, "255:65535") == 0);
}

/* Each is worth more than all before it, and nothing is worth more than itself. */
Test(utility, protect_before_tier_before_value)
{
        static const char *const ascending[] = { "0",     "1",    "999",     "1000",   "1:0", "1:1000",
                                                 "2:500", "15:0", "15:1000", "protect" };
        const struct utility plain = { .protect = true };
        const struct utility odd = { .value = 1000, .tier = 15, .protect = true };
        struct utility list[ARRAY_SIZE(ascending)];

        for (size_t i = 0; i < ARRAY_SIZE(list); i++)
                cr_assert(utility_parse(ascending[i], strlen(ascending[i]), &list[i]) == 0);
        for (size_t i = 0; i < ARRAY_SIZE(list); i++)
                for (size_t j = 0; j < ARRAY_SIZE(list); j++)
                        cr_expect(utility_is_above(list[i], list[j]) == (i > j), "%s, %s", ascending[i],
                                  ascending[j]);
        cr_expect(!utility_is_above(odd, plain) && !utility_is_above(plain, odd));
}
