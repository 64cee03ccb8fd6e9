/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The sink: whatever bytes are written as a string come back from jansson; whatever is written member by
 * member is one JSON text; and what does not fit is left out without a step beyond the buffer. */
#include <jansson.h>

#include "base/base.h"
#include "base/sink.h"
#include "fuzz.h"

#define DEPTH_MAX 16u

/* The bytes behind a JSON string: code points up to U+00FF, one each. */
static void expect_bytes(const json_t *string, const uint8_t *bytes, size_t len)
{
        const uint8_t *text = (const uint8_t *)json_string_value(string);
        size_t n = json_string_length(string), at = 0;

        for (size_t i = 0; i < n; i++, at++) {
                uint8_t byte = text[i];

                if (byte >= 0x80) {
                        EXPECT(++i < n);
                        byte = (uint8_t)((byte & 0x03) << 6 | (text[i] & 0x3f));
                }
                EXPECT(at < len && bytes[at] == byte);
        }
        EXPECT(at == len);
}

static void try_string(const uint8_t *data, size_t size)
{
        size_t room = 6 * size + 3;
        CLEANUP(free_p) char *text = malloc(room);
        struct sink s;
        json_t *value;

        EXPECT(text);
        sink_init(&s, text, room);
        sink_json_string(&s, (const char *)data, size);
        EXPECT(!s.full && strlen(text) == s.len);
        for (size_t i = 0; i < s.len; i++)
                EXPECT(text[i] >= 0x20 && text[i] < 0x7f);
        value = json_loadb(text, s.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
        EXPECT(json_is_string(value));
        expect_bytes(value, data, size);
        json_decref(value);
}

/* Keys hold nothing that is escaped; of various lengths, none included. */
static const char *key_of(const char *open, size_t depth, char which)
{
        static const char letters[] = "a_key_of_letters";

        return open[depth] == '{' ? letters + (uint8_t)which % sizeof(letters) : NULL;
}

/* Each byte is one call; the rest of the data is what a text says. */
static void write_calls(struct sink *s, const char *calls)
{
        char open[DEPTH_MAX + 1];
        size_t depth = 0;

        json_open(s, NULL, open[0] = '{');
        for (const char *p = calls; *p != '\0'; p++) {
                const char *key = key_of(open, depth, *p);

                switch (*p & 7) {
                case 0:
                case 1:
                        if (depth < DEPTH_MAX) {
                                json_open(s, key, "{["[*p & 1]);
                                open[++depth] = "{["[*p & 1];
                        }
                        break;
                case 2:
                        if (depth > 0)
                                json_close(s, open[depth--] == '{' ? '}' : ']');
                        break;
                case 3:
                        json_u64(s, key, UINT64_MAX / (uint8_t)*p);
                        break;
                case 4:
                        json_hundredths(s, key, (uint8_t)*p);
                        break;
                case 5:
                        json_text(s, key, *p & 8 ? p : NULL);
                        break;
                default:
                        json_bool(s, key, *p & 8);
                }
        }
        for (;; depth--) {
                json_close(s, open[depth] == '{' ? '}' : ']');
                if (depth == 0)
                        return;
        }
}

static void try_calls(const char *calls, size_t room)
{
        CLEANUP(free_p) char *text = malloc(room);
        struct sink s;
        json_t *value;

        EXPECT(text);
        sink_init(&s, text, room);
        write_calls(&s, calls);
        EXPECT(s.len < room && strlen(text) == s.len);
        if (s.full)
                return;
        value = json_loadb(text, s.len, 0, NULL);
        EXPECT(json_is_object(value));
        json_decref(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP(free_p) char *calls = fuzz_text(data, size);

        try_string(data, size);
        try_calls(calls, 16 * KIB);
        try_calls(calls, size + 1);
        return 0;
}
