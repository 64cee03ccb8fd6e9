/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon writes its JSON itself, since jansson allocates and nothing may be allocated during a round. A
 * test reads every line back with jansson. Only what cannot go wrong is offered: members in order, strings
 * escaped, commas kept by one flag (an opening bracket clears it, any value sets it).
 *
 * An intent names every container, and is written before the first strike. So what it is made of, numbers and
 * plain text, goes without stdio, and text in runs instead of bytes. */
#include "base/sink.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sink_init(struct sink *s, char *buffer, size_t size)
{
        *s = (struct sink){ .text = buffer, .size = size };
        buffer[0] = '\0';
}

void sink_bytes(struct sink *s, const char *bytes, size_t len)
{
        if (s->full || len >= s->size - s->len) {
                s->full = true;
                return;
        }
        memcpy(s->text + s->len, bytes, len);
        s->len += len;
        s->text[s->len] = '\0';
}

void sink_text(struct sink *s, const char *text)
{
        sink_bytes(s, text, strlen(text));
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

/* How many bytes from here stand for themselves in a string. */
static size_t plain_run(const char *bytes, size_t len)
{
        size_t n = 0;

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
        if (s->comma)
                sink_text(s, ",");
        s->comma = true;
        if (!key)
                return;
        sink_json_string(s, key, strlen(key));
        sink_text(s, ":");
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
        char digits[20];
        size_t at = sizeof(digits);

        value = u64_min(value, INT64_MAX);
        do
                digits[--at] = (char)('0' + value % 10);
        while ((value /= 10) > 0);
        json_key(s, key);
        sink_bytes(s, digits + at, sizeof(digits) - at);
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
