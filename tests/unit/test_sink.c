/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the sink writes as JSON, jansson reads back; and what does not fit is never written. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "base/base.h"
#include "base/sink.h"

/* The bytes behind a JSON string that stands for bytes: code points up to U+00FF, one each. Returns their
 * number. */
static size_t bytes_of(const json_t *string, unsigned char *ret_bytes)
{
        const unsigned char *text = (const unsigned char *)json_string_value(string);
        size_t n = 0;

        for (size_t i = 0; i < json_string_length(string); i++)
                if (text[i] < 0x80)
                        ret_bytes[n++] = text[i];
                else if (++i < json_string_length(string))
                        ret_bytes[n++] = (unsigned char)((text[i - 1] & 0x03) << 6 | (text[i] & 0x3f));
        return n;
}

static void expect_bytes(const char *what, const unsigned char *bytes, size_t len)
{
        char buffer[8192];
        unsigned char back[8192];
        json_error_t error;
        struct sink s;
        json_t *value;

        sink_init(&s, buffer, sizeof(buffer));
        sink_json_string(&s, (const char *)bytes, len);
        cr_assert_not(s.full);
        cr_assert_eq(strlen(s.text), s.len, "%s: a NUL within", what);
        for (size_t i = 0; i < s.len; i++)
                cr_assert(s.text[i] >= 0x20 && s.text[i] < 0x7f, "%s: byte %#x written", what,
                          (unsigned)s.text[i]);
        value = json_loads(s.text, JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
        cr_assert(value && json_is_string(value), "%s: %s does not parse: %s", what, s.text, error.text);
        cr_expect(bytes_of(value, back) == len && memcmp(back, bytes, len) == 0, "%s: %s reads differently",
                  what, s.text);
        json_decref(value);
}

Test(sink, every_byte_comes_back)
{
        unsigned char all[256];

        for (size_t i = 0; i < 256; i++) {
                char what[16];

                all[i] = (unsigned char)i;
                snprintf(what, sizeof(what), "byte %#zx", i);
                expect_bytes(what, &all[i], 1);
                for (size_t at = 0; at < 17; at++) {
                        unsigned char among[17];

                        memset(among, 'a', sizeof(among));
                        among[at] = (unsigned char)i;
                        expect_bytes(what, among, sizeof(among));
                }
        }
        expect_bytes("all bytes", all, 256);
        expect_bytes("none", all, 0);
}

Test(sink, random_bytes_come_back)
{
        for (unsigned seed = 1; seed <= 500; seed++) {
                unsigned char bytes[300];
                unsigned dice = seed;
                size_t len = (size_t)rand_r(&dice) % sizeof(bytes);
                char what[32];

                for (size_t i = 0; i < len; i++)
                        bytes[i] = (unsigned char)rand_r(&dice);
                snprintf(what, sizeof(what), "seed %u", seed);
                expect_bytes(what, bytes, len);
        }
}

/* One of everything, nested, empty ones as well. */
static void write_all(struct sink *s)
{
        json_open(s, NULL, '{');
        json_u64(s, "zero", 0);
        json_u64(s, "large", INT64_MAX);
        json_bool(s, "yes", true);
        json_bool(s, "no", false);
        json_text(s, "text", "a \"quoted\" \\ line\n\x01\xff");
        json_text(s, "none", NULL);
        json_text(s, "a key", "");
        json_open(s, "empty object", '{');
        json_close(s, '}');
        json_open(s, "empty list", '[');
        json_close(s, ']');
        json_open(s, "list", '[');
        json_u64(s, NULL, 1);
        json_open(s, NULL, '[');
        json_text(s, NULL, "deep");
        json_close(s, ']');
        json_open(s, NULL, '{');
        json_hundredths(s, "share", 1234);
        json_close(s, '}');
        json_bool(s, NULL, false);
        json_close(s, ']');
        json_hundredths(s, "small", 5);
        json_close(s, '}');
}

Test(sink, nested)
{
        char buffer[1024];
        json_error_t error;
        struct sink s;
        json_t *all, *expected;

        sink_init(&s, buffer, sizeof(buffer));
        write_all(&s);
        cr_assert_not(s.full);
        all = json_loads(s.text, JSON_REJECT_DUPLICATES, &error);
        cr_assert(all, "%s: %s", s.text, error.text);
        expected = json_pack("{s:i, s:I, s:b, s:b, s:s, s:n, s:s, s:{}, s:[], s:[i, [s], {s:f}, b], s:f}",
                             "zero", 0, "large", (json_int_t)INT64_MAX, "yes", 1, "no", 0, "text",
                             "a \"quoted\" \\ line\n\x01\xc3\xbf", "none", "a key", "", "empty object",
                             "empty list", "list", 1, "deep", "share", 12.34, 0, "small", 0.05);
        cr_assert(expected);
        cr_expect(json_equal(all, expected), "%s", s.text);
        json_decref(all);
        json_decref(expected);
}

static const struct {
        const char *label;
        uint64_t value;
        const char *text;
} hundredths[] = {
        { "nothing", 0, "0.00" },
        { "one", 1, "0.01" },
        { "a tenth", 10, "0.10" },
        { "just below one", 99, "0.99" },
        { "one whole", 100, "1.00" },
        { "all of it", 10000, "100.00" },
        { "the most", UINT64_MAX, "184467440737095516.15" },
};

Test(sink, hundredths)
{
        for (size_t i = 0; i < ARRAY_SIZE(hundredths); i++) {
                char buffer[64];
                struct sink s;

                sink_init(&s, buffer, sizeof(buffer));
                json_hundredths(&s, NULL, hundredths[i].value);
                cr_expect_str_eq(s.text, hundredths[i].text, "%s: %s", hundredths[i].label, s.text);
        }
}

/* A number that jansson refuses would make a whole line of the journal unreadable. */
Test(sink, numbers_come_back)
{
        static const uint64_t numbers[][2] = {  /* written, read */
                { 0, 0 },
                { 734003200, 734003200 },
                { INT64_MAX, INT64_MAX },
                { (uint64_t)INT64_MAX + 1, INT64_MAX },
                { UINT64_MAX, INT64_MAX },
        };

        for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
                char buffer[64];
                struct sink s;
                json_t *value;

                sink_init(&s, buffer, sizeof(buffer));
                json_u64(&s, NULL, numbers[i][0]);
                value = json_loads(s.text, JSON_DECODE_ANY, NULL);
                cr_expect(value, "%s does not parse", s.text);
                cr_expect_eq((uint64_t)json_integer_value(value), numbers[i][1], "%s", s.text);
                json_decref(value);
        }
}

/* In a buffer of every size, exactly allocated: what is there is the beginning of the whole text, ended by
 * NUL; 'full' says whether anything is missing; and nothing is written once it is full. */
Test(sink, buffers_of_every_size)
{
        char whole[1024];
        struct sink reference;

        sink_init(&reference, whole, sizeof(whole));
        write_all(&reference);
        cr_assert_not(reference.full);
        for (size_t size = 1; size <= reference.len + 2; size++) {
                CLEANUP(free_p) char *buffer = malloc(size);
                struct sink s;
                size_t len;

                sink_init(&s, buffer, size);
                write_all(&s);
                cr_expect_lt(s.len, size, "size %zu: %zu bytes", size, s.len);
                cr_expect_eq(s.text[s.len], '\0', "size %zu: not ended", size);
                cr_expect(memcmp(s.text, whole, s.len) == 0, "size %zu: %s", size, s.text);
                cr_expect_eq(s.full, size <= reference.len, "size %zu: full is %d", size, s.full);
                len = s.len;
                if (s.full) {
                        sink_bytes(&s, "x", 1);
                        sink_bytes(&s, "", 0);
                        sink_text(&s, "x");
                        sink_format(&s, "%d", 1);
                        cr_expect(s.full && s.len == len && s.text[len] == '\0',
                                  "size %zu: written when full", size);
                }
        }
}

/* The same for each writer alone, at the edge of what fits. */
Test(sink, edges)
{
        for (size_t size = 1; size <= 12; size++) {
                CLEANUP(free_p) char *one = malloc(size), *other = malloc(size);
                struct sink s, f;

                sink_init(&s, one, size);
                sink_text(&s, "0123456789");
                sink_init(&f, other, size);
                sink_format(&f, "%s", "0123456789");
                cr_expect_eq(s.full, size < 11, "text in %zu", size);
                cr_expect_eq(f.full, size < 11, "format in %zu", size);
                cr_expect_str_eq(s.text, size < 11 ? "" : "0123456789", "text in %zu: %s", size, s.text);
                cr_expect_str_eq(f.text, size < 11 ? "" : "0123456789", "format in %zu: %s", size, f.text);
        }
}
