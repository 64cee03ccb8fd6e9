/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon writes its JSON itself, since jansson allocates and nothing may be allocated during a round. A
 * test reads every line back with jansson. Only what cannot go wrong is offered: members in order, strings
 * escaped, commas kept by one flag (an opening bracket clears it, any value sets it).
 *
 * An intent names every container, and is written before the first strike. So what it is made of, numbers and
 * plain text, goes without stdio; keys, which are this program's own, without a look at their letters; and other
 * text eight bytes at a time. */
#include "base/sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sink_init(struct sink *s, char *buffer, size_t size)
{
        *s = (struct sink){ .text = buffer, .size = size };
        buffer[0] = '\0';
}

/* The place of the next len bytes, which the caller fills; NULL when there is no room for them. */
static char *take_room(struct sink *s, size_t len)
{
        char *place = s->text + s->len;

        if (s->full || len >= s->size - s->len) {
                s->full = true;
                return NULL;
        }
        s->len += len;
        s->text[s->len] = '\0';
        return place;
}

void sink_bytes(struct sink *s, const char *bytes, size_t len)
{
        char *place = take_room(s, len);

        if (place)
                memcpy(place, bytes, len);
}

void sink_text(struct sink *s, const char *text)
{
        sink_bytes(s, text, strlen(text));
}

void sink_u64(struct sink *s, uint64_t value)
{
        char digits[20];
        size_t at = sizeof(digits);

        do
                digits[--at] = (char)('0' + value % 10);
        while ((value /= 10) > 0);
        sink_bytes(s, digits + at, sizeof(digits) - at);
}

void sink_format(struct sink *s, const char *format, ...)
{
        size_t room = s->size - s->len;
        va_list args;
        int n;

        if (s->full)
                return;
        va_start(args, format);
        n = vsnprintf(s->text + s->len, room, format, args);
        va_end(args);
        if (n < 0 || (size_t)n >= room) {
                s->text[s->len] = '\0';
                s->full = true;
                return;
        }
        s->len += (size_t)n;
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* The high bit of a byte is set if it, or one before it, is 0; bytes from 0x80 on do not count. */
static uint64_t zeros(uint64_t word)
{
        return (word - EACH(0x01)) & ~word;
}

static bool is_plain(uint64_t word)
{
        uint64_t below_space = (word - EACH(0x20)) & ~word, high = word;

        return ((below_space | high | zeros(word ^ EACH('"')) | zeros(word ^ EACH('\\')) | zeros(word ^ EACH(0x7f))) &
                EACH(0x80)) == 0;
}

/* How many bytes from here stand for themselves in a string. */
static size_t plain_run(const char *bytes, size_t len)
{
        size_t n = 0;

        for (uint64_t word; len - n >= sizeof(word); n += sizeof(word)) {
                memcpy(&word, bytes + n, sizeof(word));
                if (!is_plain(word))
                        break;
        }
        while (n < len && bytes[n] >= 0x20 && bytes[n] < 0x7f && bytes[n] != '"' && bytes[n] != '\\')
                n++;
        return n;
}

void sink_json_string(struct sink *s, const char *bytes, size_t len)
{
        sink_bytes(s, "\"", 1);
        for (size_t i = 0; i < len;) {
                size_t run = plain_run(bytes + i, len - i);
                unsigned char c;

                sink_bytes(s, bytes + i, run);
                i += run;
                if (i == len)
                        break;
                c = (unsigned char)bytes[i++];
                if (c == '"' || c == '\\')
                        sink_format(s, "\\%c", c);
                else
                        sink_format(s, "\\u%04x", (unsigned)c);
        }
        sink_bytes(s, "\"", 1);
}

static void json_key(struct sink *s, const char *key)
{
        size_t comma = s->comma, len = key ? strlen(key) : 0;
        char *place = take_room(s, comma + len + (key ? 3 : 0));

        s->comma = true;
        if (!place)
                return;
        if (comma)
                *place++ = ',';
        if (!key)
                return;
        *place++ = '"';
        place = (char *)memcpy(place, key, len) + len;
        *place++ = '"';
        *place = ':';
}

void json_open(struct sink *s, const char *key, char bracket)
{
        json_key(s, key);
        sink_bytes(s, &bracket, 1);
        s->comma = false;
}

void json_close(struct sink *s, char bracket)
{
        sink_bytes(s, &bracket, 1);
        s->comma = true;
}

void json_u64(struct sink *s, const char *key, uint64_t value)
{
        json_key(s, key);
        sink_u64(s, u64_min(value, INT64_MAX));
}

void json_bool(struct sink *s, const char *key, bool value)
{
        json_key(s, key);
        sink_text(s, value ? "true" : "false");
}

void json_text(struct sink *s, const char *key, const char *value)
{
        json_key(s, key);
        if (value)
                sink_json_string(s, value, strlen(value));
        else
                sink_text(s, "null");
}

void json_hundredths(struct sink *s, const char *key, uint64_t value)
{
        json_key(s, key);
        sink_format(s, "%llu.%02u", (unsigned long long)(value / 100), (unsigned)(value % 100));
}
