/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes, shares, durations: what is taken, what is refused, how they are shown. */
#include "base/units.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/base.h"

#define REFUSED UINT64_MAX

/* Stands in every output before a refusal, and must stand there after it. */
#define UNTOUCHED UINT64_C(0x5a5a5a5a5a5a5a5a)

struct row {
        const char *label, *text;
        uint64_t value;         /* REFUSED: -EINVAL */
};

static void expect_number(const char *what, int (*parse)(const char *, uint64_t *), const struct row *row)
{
        uint64_t value = UNTOUCHED;
        int r = parse(row->text, &value);

        cr_expect(r == (row->value == REFUSED ? -EINVAL : 0), "%s, %s: \"%s\" gave %d", what, row->label,
                  row->text, r);
        cr_expect(value == (row->value == REFUSED ? UNTOUCHED : row->value), "%s, %s: \"%s\" left %llu", what,
                  row->label, row->text, (unsigned long long)value);
}

Test(units, sizes)
{
        static const struct row rows[] = {
                { "nothing", "0", 0 },
                { "bytes", "4096", 4096 },
                { "bytes with B", "4096B", 4096 },
                { "K", "1K", KIB },
                { "KB is binary too", "1KB", KIB },
                { "KiB", "1KiB", KIB },
                { "M", "512M", 512 * MIB },
                { "GiB", "6GiB", 6 * GIB },
                { "T", "3T", 3 * (GIB << 10) },
                { "zero with unit", "0G", 0 },
                { "leading zeros are decimal", "010", 10 },
                { "the largest", "18446744073709551614", UINT64_MAX - 1 },
                { "the largest in T", "16777215T", UINT64_C(16777215) << 40 },
                { "one T too many", "16777216T", REFUSED },
                { "over 64 bits", "18446744073709551616", REFUSED },
                { "far over 64 bits", "99999999999999999999999999999999", REFUSED },
                { "empty", "", REFUSED },
                { "unit alone", "M", REFUSED },
                { "negative", "-1", REFUSED },
                { "plus", "+1", REFUSED },
                { "blank before", " 1", REFUSED },
                { "blank behind", "1 ", REFUSED },
                { "blank between", "1 M", REFUSED },
                { "newline", "1M\n", REFUSED },
                { "small letter", "1m", REFUSED },
                { "iB without a multiple", "1iB", REFUSED },
                { "half a unit", "1Mi", REFUSED },
                { "two units", "1MG", REFUSED },
                { "a B too many", "1MiBB", REFUSED },
                { "unit that is not offered", "1P", REFUSED },
                { "fraction", "1.5G", REFUSED },
                { "hexadecimal", "0x10", REFUSED },
                { "exponent", "1e3", REFUSED },
                { "share", "10%", REFUSED },
                { "other digits", "\xd9\xa1", REFUSED },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect_number("size", size_parse, &rows[i]);
}

Test(units, the_largest_size_is_a_size)
{
        uint64_t bytes = 0;

        cr_assert(size_parse("18446744073709551615", &bytes) == 0);
        cr_assert(bytes == UINT64_MAX);
}

Test(units, durations)
{
        static const struct row rows[] = {
                { "nothing", "0", 0 },
                { "nothing with unit", "0ms", 0 },
                { "microseconds", "500us", 500 },
                { "milliseconds", "20ms", 20000 },
                { "fraction of a second", "1.5s", 1500000 },
                { "every decimal of a second", "0.000001s", 1 },
                { "fraction of an hour", "0.5h", 1800 * USEC_PER_SEC },
                { "minutes", "2min", 120 * USEC_PER_SEC },
                { "hours", "1h", 3600 * USEC_PER_SEC },
                { "exact in microseconds", "1.25ms", 1250 },
                { "the largest", "18446744073709551614us", UINT64_MAX - 1 },
                { "less than a microsecond", "0.5us", REFUSED },
                { "a seventh decimal", "0.0000010s", REFUSED },
                { "not exact", "1.0001ms", REFUSED },
                { "bare number", "5", REFUSED },
                { "zeros", "00", REFUSED },
                { "over 64 bits", "18446744073709551616us", REFUSED },
                { "over 64 bits in hours", "9999999999999h", REFUSED },
                { "the fraction overflows", "18446744073709551.999ms", REFUSED },
                { "empty", "", REFUSED },
                { "unit alone", "s", REFUSED },
                { "no digit before the point", ".5s", REFUSED },
                { "no digit behind the point", "1.s", REFUSED },
                { "two points", "1.5.5s", REFUSED },
                { "comma", "1,5s", REFUSED },
                { "negative", "-1s", REFUSED },
                { "plus", "+1s", REFUSED },
                { "blank before", " 1s", REFUSED },
                { "blank between", "1 s", REFUSED },
                { "blank behind", "1s ", REFUSED },
                { "m is ambiguous", "1m", REFUSED },
                { "capital", "1S", REFUSED },
                { "two units", "1h30min", REFUSED },
                { "exponent", "1e3s", REFUSED },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect_number("duration", duration_parse, &rows[i]);
}

/* share_parse in the shape of the others. */
static int share_as_number(const char *text, uint64_t *ret_number)
{
        uint32_t permyriad = (uint32_t)UNTOUCHED;
        int r = share_parse(text, &permyriad);

        if (r == 0)
                *ret_number = permyriad;
        else
                cr_expect(permyriad == (uint32_t)UNTOUCHED, "share: \"%s\" wrote although it was refused",
                          text);
        return r;
}

Test(units, shares)
{
        static const struct row rows[] = {
                { "nothing", "0%", 0 },
                { "two decimals", "12.34%", 1234 },
                { "one decimal", "12.5%", 1250 },
                { "a zero first", "12.05%", 1205 },
                { "the smallest", "0.01%", 1 },
                { "all", "100%", 10000 },
                { "all, in full", "100.00%", 10000 },
                { "a little more than all", "100.01%", REFUSED },
                { "more than all", "101%", REFUSED },
                { "would wrap", "18446744073709551617%", REFUSED },
                { "three decimals", "12.345%", REFUSED },
                { "three decimals, one of them idle", "12.340%", REFUSED },
                { "no sign", "12", REFUSED },
                { "two signs", "12%%", REFUSED },
                { "sign first", "%12", REFUSED },
                { "blank", "12 %", REFUSED },
                { "empty", "", REFUSED },
                { "sign alone", "%", REFUSED },
                { "no digit before the point", ".5%", REFUSED },
                { "no digit behind the point", "5.%", REFUSED },
                { "negative", "-5%", REFUSED },
                { "with a size", "5%,4G", REFUSED },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                expect_number("share", share_as_number, &rows[i]);
}

Test(units, amounts)
{
        static const struct {
                const char *label, *text;
                int ret;
                struct amount amount;
        } rows[] = {
                { "share", "10%", 0, { UINT64_MAX, 1000 } },
                { "share with decimals", "12.5%", 0, { UINT64_MAX, 1250 } },
                { "size", "4G", 0, { 4 * GIB, 10000 } },
                { "both", "10%,4G", 0, { 4 * GIB, 1000 } },
                { "nothing of it", "0%", 0, { UINT64_MAX, 0 } },
                { "no bytes", "0", 0, { 0, 10000 } },
                { "size first", "4G,10%", -EINVAL, { 0, 0 } },
                { "blank behind the comma", "10%, 4G", -EINVAL, { 0, 0 } },
                { "comma alone", ",", -EINVAL, { 0, 0 } },
                { "nothing behind the comma", "10%,", -EINVAL, { 0, 0 } },
                { "nothing before the comma", ",4G", -EINVAL, { 0, 0 } },
                { "two shares", "10%,20%", -EINVAL, { 0, 0 } },
                { "three parts", "10%,4G,4G", -EINVAL, { 0, 0 } },
                { "over the whole", "110%", -EINVAL, { 0, 0 } },
                { "the number that means none", "18446744073709551615", -EINVAL, { 0, 0 } },
                { "the same behind a share", "10%,18446744073709551615", -EINVAL, { 0, 0 } },
                { "word", "ten", -EINVAL, { 0, 0 } },
                { "empty", "", -EINVAL, { 0, 0 } },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct amount a = { UNTOUCHED, 77 };
                int r = amount_parse(rows[i].text, &a);
                struct amount want = rows[i].ret == 0 ? rows[i].amount : (struct amount){ UNTOUCHED, 77 };

                cr_expect(r == rows[i].ret, "%s: gave %d", rows[i].label, r);
                cr_expect(a.bytes == want.bytes && a.permyriad == want.permyriad, "%s: left %llu and %u",
                          rows[i].label, (unsigned long long)a.bytes, a.permyriad);
        }
}

Test(units, the_smaller_part_of_an_amount_counts)
{
        static const struct {
                const char *label, *text;
                uint64_t total, bytes;
        } rows[] = {
                { "small host", "10%,4G", 10 * GIB, GIB },
                { "large host", "10%,4G", 100 * GIB, 4 * GIB },
                { "share alone", "10%", 100 * GIB, 10 * GIB },
                { "size alone", "4G", 100 * GIB, 4 * GIB },
                { "size larger than the whole", "4G", GIB, GIB },
                { "rounded down", "0.01%", 9999, 0 },
                { "nothing of nothing", "100%", 0, 0 },
                { "does not wrap", "100%", UINT64_MAX, UINT64_MAX },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct amount a;

                cr_assert(amount_parse(rows[i].text, &a) == 0, "%s", rows[i].label);
                cr_expect(amount_bytes(a, rows[i].total) == rows[i].bytes, "%s: %llu", rows[i].label,
                          (unsigned long long)amount_bytes(a, rows[i].total));
        }
}

Test(units, formats)
{
        static const struct {
                uint64_t value;
                const char *size, *duration;
        } rows[] = {
                { 0, "0 B", "0 us" },
                { 85, "85 B", "85 us" },
                { 999, "999 B", "999 us" },
                { 1000, "1000 B", "1 ms" },
                { 1023, "1023 B", "1.0 ms" },
                { 1024, "1 KiB", "1.0 ms" },
                { 1999, "1.9 KiB", "1.9 ms" },
                { 340000, "332 KiB", "340 ms" },
                { MIB - 1, "1023 KiB", "1.0 s" },
                { 2400000, "2.2 MiB", "2.4 s" },
                { 59999999, "57.2 MiB", "59.9 s" },
                { 90 * USEC_PER_SEC, "85.8 MiB", "1.5 min" },
                { 640 * MIB, "640 MiB", "11.1 min" },
                { GIB + GIB / 4, "1.2 GiB", "22.3 min" },
                { 3600 * USEC_PER_SEC, "3.3 GiB", "1 h" },
                { UINT64_C(1) << 60, "1 EiB", "320255973 h" },
                { UINT64_MAX, "15.9 EiB", "5124095576 h" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char text[SIZE_TEXT_MAX];

                cr_expect(size_format(rows[i].value, text) == text);
                cr_expect(strcmp(text, rows[i].size) == 0, "%llu bytes: \"%s\", not \"%s\"",
                          (unsigned long long)rows[i].value, text, rows[i].size);
                cr_expect(duration_format(rows[i].value, text) == text);
                cr_expect(strcmp(text, rows[i].duration) == 0, "%llu us: \"%s\", not \"%s\"",
                          (unsigned long long)rows[i].value, text, rows[i].duration);
        }
}

/* Every text that differs from a good one in one byte is either refused or still well-formed for the type's
 * grammar: here only that nothing crashes and nothing is written on refusal. */
Test(units, one_wrong_byte)
{
        static const char *const good[] = { "10%,4G", "12.34%", "512MiB", "1.5min", "18446744073709551615" };

        for (size_t i = 0; i < ARRAY_SIZE(good); i++)
                for (size_t at = 0; at < strlen(good[i]); at++)
                        for (unsigned byte = 1; byte < 256; byte++) {
                                char text[32];
                                uint64_t number = UNTOUCHED;
                                struct amount a = { UNTOUCHED, 77 };

                                strcpy(text, good[i]);
                                text[at] = (char)byte;
                                if (size_parse(text, &number) < 0)
                                        cr_assert(number == UNTOUCHED, "\"%s\"", text);
                                number = UNTOUCHED;
                                if (duration_parse(text, &number) < 0)
                                        cr_assert(number == UNTOUCHED, "\"%s\"", text);
                                if (amount_parse(text, &a) < 0)
                                        cr_assert(a.bytes == UNTOUCHED && a.permyriad == 77, "\"%s\"", text);
                                else
                                        cr_assert(a.permyriad <= PERMYRIAD, "\"%s\"", text);
                        }
}
