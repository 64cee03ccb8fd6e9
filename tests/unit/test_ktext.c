/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel text, as the kernel writes it and as nobody should. Every text is parsed from a heap block that ends
 * with its NUL, so that a sanitizer sees a read past the end. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/ktext.h"

static char *block_of(const char *text, size_t len)
{
        char *block = malloc(len + 1);

        memcpy(block, text, len);
        block[len] = '\0';
        return block;
}

static const struct {
        const char *label, *text;
        int r;
        uint64_t value;
} numbers[] = {
        { "as the kernel writes it", "734003200\n", 0, 734003200 },
        { "zero", "0\n", 0, 0 },
        { "no newline", "42", 0, 42 },
        { "no limit", "max\n", 0, KTEXT_MAX },
        { "no limit, no newline", "max", 0, KTEXT_MAX },
        { "blanks around", " \t42 \n\n", 0, 42 },
        { "leading zeros", "007\n", 0, 7 },
        { "the most that fits", "18446744073709551615\n", 0, UINT64_MAX },
        { "one more", "18446744073709551616\n", -EINVAL, 0 },
        { "ten times as much", "184467440737095516150\n", -EINVAL, 0 },
        { "a hundred digits",
          "11111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111111"
          "11\n",
          -EINVAL, 0 },
        { "nothing", "", -EINVAL, 0 },
        { "a newline", "\n", -EINVAL, 0 },
        { "newline first", "\n42\n", -EINVAL, 0 },
        { "negative", "-1\n", -EINVAL, 0 },
        { "a plus", "+1\n", -EINVAL, 0 },
        { "hexadecimal", "0x10\n", -EINVAL, 0 },
        { "a fraction", "1.5\n", -EINVAL, 0 },
        { "a unit", "16 kB\n", -EINVAL, 0 },
        { "two numbers", "1 2\n", -EINVAL, 0 },
        { "two lines", "1\n2\n", -EINVAL, 0 },
        { "carriage return", "42\r\n", -EINVAL, 0 },
        { "half of max", "ma\n", -EINVAL, 0 },
        { "more than max", "maximum\n", -EINVAL, 0 },
        { "max and a number", "max 1\n", -EINVAL, 0 },
        { "capitals", "MAX\n", -EINVAL, 0 },
        { "no text", "\xff\xfe\x01", -EINVAL, 0 },
        { "digits of another script", "\xd9\xa1\n", -EINVAL, 0 },
};

Test(ktext, single_values)
{
        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
                CLEANUP(free_p) char *text = block_of(numbers[i].text, strlen(numbers[i].text));
                uint64_t value = 77;
                int r = ktext_u64(text, &value);

                cr_expect_eq(r, numbers[i].r, "%s: %d", numbers[i].label, r);
                cr_expect_eq(value, r < 0 ? 77 : numbers[i].value, "%s: value %lu", numbers[i].label, value);
        }
}

/* Every byte that may stand before, within or behind a number: only blanks and digits go, and newlines
 * behind. */
Test(ktext, any_byte_beside_a_number)
{
        for (int byte = 1; byte < 256; byte++) {
                const char before[] = { (char)byte, '4', '2', '\0' },
                           within[] = { '4', (char)byte, '2', '\0' };
                const char behind[] = { '4', '2', (char)byte, '\0' };
                bool blank = byte == ' ' || byte == '\t', digit = byte >= '0' && byte <= '9';
                uint64_t value;

                cr_expect_eq(ktext_u64(before, &value) == 0, blank || digit, "%#x before", byte);
                cr_expect_eq(ktext_u64(within, &value) == 0, digit, "%#x within", byte);
                cr_expect_eq(ktext_u64(behind, &value) == 0, blank || digit || byte == '\n', "%#x behind",
                             byte);
        }
}

static const char meminfo[] = "MemTotal:       16384000 kB\n"
                              "MemFree:         1024000 kB\n"
                              "MemAvailable:    8192000 kB\n"
                              "Buffers:               0 kB\n"
                              "HugePages_Total:       7\n";

static const struct {
        const char *label, *text;
        size_t found;
        uint64_t oom, oom_kill, anon;   /* 77: not written */
} keyed[] = {
        { "all there", "oom 1\noom_kill 2\nanon 3\n", 3, 1, 2, 3 },
        { "a key twice: the first line counts", "oom 1\noom 9\nanon 3\n", 2, 1, 77, 3 },
        { "another order", "anon 3\noom_kill 2\noom 1\n", 3, 1, 2, 3 },
        { "one key is the beginning of another", "oom_kill 2\noom_kill_group 5\n", 1, 77, 2, 77 },
        { "a key is the beginning of none", "oo 9\nan 9\n", 0, 77, 77, 77 },
        { "others between", "x 9\noom 1\ny\nanon_thp 9\nanon 3\n", 2, 1, 77, 3 },
        { "the last line without its end", "oom 1\nanon 3", 1, 1, 77, 77 },
        { "nothing", "", 0, 77, 77, 77 },
        { "newlines", "\n\n\n", 0, 77, 77, 77 },
        { "a blank first", " oom 1\n", 0, 77, 77, 77 },
        { "a key without its number", "oom\nanon \n", 0, 77, 77, 77 },
        { "its number on the next line", "oom\n1\n", 0, 77, 77, 77 },
        { "negative", "oom -1\nanon 3\n", 1, 77, 77, 3 },
        { "over 64 bits", "oom 18446744073709551616\nanon 3\n", 1, 77, 77, 3 },
        { "the most that fits", "oom 18446744073709551615\n", 1, UINT64_MAX, 77, 77 },
        { "no limit is not a number here", "oom max\n", 0, 77, 77, 77 },
        { "tabs", "oom\t1\n", 1, 1, 77, 77 },
        { "carriage returns stand behind the number", "oom 1\r\nanon 3\r\n", 2, 1, 77, 3 },
        { "no text", "\xff\xfe 1\n\x01\noom 1\n", 1, 1, 77, 77 },
};

Test(ktext, flat_keyed)
{
        for (size_t i = 0; i < ARRAY_SIZE(keyed); i++) {
                CLEANUP(free_p) char *text = block_of(keyed[i].text, strlen(keyed[i].text));
                uint64_t oom = 77, oom_kill = 77, anon = 77;
                const struct ktext_key keys[] = { { "oom", &oom },
                                                  { "oom_kill", &oom_kill },
                                                  { "anon", &anon } };
                size_t found = ktext_keys(text, keys, ARRAY_SIZE(keys));

                cr_expect_eq(found, keyed[i].found, "%s: found %zu", keyed[i].label, found);
                cr_expect_eq(oom, keyed[i].oom, "%s: oom %lu", keyed[i].label, oom);
                cr_expect_eq(oom_kill, keyed[i].oom_kill, "%s: oom_kill %lu", keyed[i].label, oom_kill);
                cr_expect_eq(anon, keyed[i].anon, "%s: anon %lu", keyed[i].label, anon);
        }
}

Test(ktext, find)
{
        uint64_t value = 77;

        cr_expect_eq(ktext_find(meminfo, "MemAvailable:", &value), 0);
        cr_expect_eq(value, 8192000);
        value = 77;
        cr_expect_eq(ktext_find(meminfo, "MemAvailable", &value), -ENOENT, "without its colon");
        cr_expect_eq(ktext_find(meminfo, "Mem", &value), -ENOENT);
        cr_expect_eq(ktext_find(meminfo, "", &value), -ENOENT);
        cr_expect_eq(value, 77, "nothing found, nothing written");
        cr_expect_eq(ktext_keys(meminfo, NULL, 0), 0, "no keys");
}

/* Cut at any byte, a key either has its whole number or none: never the first digits of it. */
Test(ktext, keys_cut_at_every_byte)
{
        for (size_t len = 0; len < sizeof(meminfo); len++) {
                CLEANUP(free_p) char *text = block_of(meminfo, len);
                uint64_t total = 77, available = 77, huge = 77;
                const struct ktext_key keys[] = {
                        { "MemTotal:", &total },
                        { "MemAvailable:", &available },
                        { "HugePages_Total:", &huge },
                };
                size_t found = ktext_keys(text, keys, ARRAY_SIZE(keys));

                cr_expect(total == 77 || total == 16384000, "cut to %zu: MemTotal %lu", len, total);
                cr_expect(available == 77 || available == 8192000, "cut to %zu: MemAvailable %lu", len,
                          available);
                cr_expect(huge == 77 || (huge == 7 && len == sizeof(meminfo) - 1), "cut to %zu: pages %lu",
                          len, huge);
                cr_expect_eq(found, (size_t)(total != 77) + (available != 77) + (huge != 77), "cut to %zu",
                             len);
        }
}

#define SOME "some avg10=12.34 avg60=5.60 avg300=0.01 total=123456789\n"
#define FULL "full avg10=1.00 avg60=0.50 avg300=0.00 total=98765\n"
#define LINE(avg10, total) "some avg10=" avg10 " avg60=0.00 avg300=0.00 total=" total "\n" FULL

static const struct {
        const char *label, *text;
        int r;
        uint32_t avg10;
        uint64_t total_us;
} pressures[] = {
        { "as the kernel writes it", SOME FULL, 0, 1234, 123456789 },
        { "none", LINE("0.00", "0"), 0, 0, 0 },
        { "all of it", LINE("100.00", "1"), 0, 10000, 1 },
        { "more than all of it", LINE("100.01", "1"), -EINVAL, 0, 0 },
        { "twice all of it", LINE("200.00", "1"), -EINVAL, 0, 0 },
        { "an average over 32 bits", LINE("42949673.00", "1"), -EINVAL, 0, 0 },
        { "an average over 64 bits", LINE("18446744073709551616.00", "1"), -EINVAL, 0, 0 },
        { "the largest total", LINE("0.00", "18446744073709551615"), 0, 0, UINT64_MAX },
        { "a total over 64 bits", LINE("0.00", "18446744073709551616"), -EINVAL, 0, 0 },
        { "a negative average", LINE("-1.00", "1"), -EINVAL, 0, 0 },
        { "a negative total", LINE("0.00", "-1"), -EINVAL, 0, 0 },
        { "no total", LINE("0.00", ""), -EINVAL, 0, 0 },
        { "one decimal", LINE("1.0", "1"), -EINVAL, 0, 0 },
        { "three decimals", LINE("1.000", "1"), -EINVAL, 0, 0 },
        { "no decimals", LINE("1", "1"), -EINVAL, 0, 0 },
        { "a comma", LINE("1,00", "1"), -EINVAL, 0, 0 },
        { "no digits", LINE(".00", "1"), -EINVAL, 0, 0 },
        { "not a number", LINE("nan", "1"), -EINVAL, 0, 0 },
        { "carriage return", LINE("0.00", "1\r"), -EINVAL, 0, 0 },
        { "only some", SOME, -EINVAL, 0, 0 },
        { "only full", FULL, -EINVAL, 0, 0 },
        { "the other way round", FULL SOME, -EINVAL, 0, 0 },
        { "some twice", SOME SOME, -EINVAL, 0, 0 },
        { "a line between", SOME "\n" FULL, -EINVAL, 0, 0 },
        { "another name", "somehow avg10=0.00 avg60=0.00 avg300=0.00 total=0\n" FULL, -EINVAL, 0, 0 },
        { "no blank", "someavg10=0.00 avg60=0.00 avg300=0.00 total=0\n" FULL, -EINVAL, 0, 0 },
        { "another order", "some avg60=0.00 avg10=0.00 avg300=0.00 total=0\n" FULL, -EINVAL, 0, 0 },
        { "nothing", "", -EINVAL, 0, 0 },
        { "no text", "\xff\xff", -EINVAL, 0, 0 },
        { "what a later kernel may add", SOME FULL "more avg10=0.00\n", 0, 1234, 123456789 },
};

Test(ktext, pressure)
{
        for (size_t i = 0; i < ARRAY_SIZE(pressures); i++) {
                CLEANUP(free_p) char *text = block_of(pressures[i].text, strlen(pressures[i].text));
                struct psi psi = { .some = { .avg10 = 77, .total_us = 77 } };
                int r = ktext_psi(text, &psi);

                cr_expect_eq(r, pressures[i].r, "%s: %d", pressures[i].label, r);
                cr_expect_eq(psi.some.avg10, r < 0 ? 77 : pressures[i].avg10, "%s: avg10 %u",
                             pressures[i].label, psi.some.avg10);
                cr_expect_eq(psi.some.total_us, r < 0 ? 77 : pressures[i].total_us, "%s: total %lu",
                             pressures[i].label, psi.some.total_us);
        }
}

Test(ktext, pressure_in_full)
{
        struct psi psi;

        cr_assert_eq(ktext_psi(SOME FULL, &psi), 0);
        cr_expect_eq(psi.some.avg60, 560);
        cr_expect_eq(psi.some.avg300, 1);
        cr_expect_eq(psi.full.avg10, 100);
        cr_expect_eq(psi.full.avg60, 50);
        cr_expect_eq(psi.full.avg300, 0);
        cr_expect_eq(psi.full.total_us, 98765);
}

Test(ktext, pressure_cut_at_every_byte)
{
        const char whole[] = SOME FULL;

        for (size_t len = 0; len < sizeof(whole) - 1; len++) {
                CLEANUP(free_p) char *text = block_of(whole, len);
                struct psi psi = { .full = { .total_us = 77 } };

                cr_expect_eq(ktext_psi(text, &psi), -EINVAL, "cut to %zu", len);
                cr_expect_eq(psi.full.total_us, 77, "cut to %zu", len);
        }
}

/* Any one byte exchanged: no crash, no read outside, and an answer only within the contract. */
Test(ktext, pressure_with_one_wrong_byte)
{
        const char whole[] = SOME FULL;

        for (size_t at = 0; at < sizeof(whole) - 1; at++)
                for (int byte = 0; byte < 256; byte++) {
                        CLEANUP(free_p) char *text = block_of(whole, sizeof(whole) - 1);
                        struct psi psi;

                        text[at] = (char)byte;
                        if (ktext_psi(text, &psi) == 0)
                                cr_expect(psi.some.avg10 <= 10000 && psi.full.avg300 <= 10000, "%#x at %zu",
                                          byte, at);
                }
}
