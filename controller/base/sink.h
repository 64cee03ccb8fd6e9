/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text and JSON written into a buffer of fixed size, without allocating: what the journal, the control
 * socket and the log are made of. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

/* A buffer being filled. The text is always ended by NUL; what does not fit is left out and 'full' says
 * so. */
struct sink {
        char *text;             /* borrowed */
        size_t size, len;
        bool full;
        bool comma;             /* the next JSON member or element needs one */
};

void sink_init(struct sink *s, char *buffer, size_t size);
void sink_bytes(struct sink *s, const char *bytes, size_t len);
void sink_text(struct sink *s, const char *text);
void sink_u64(struct sink *s, uint64_t value);         /* decimal, without stdio */
void sink_format(struct sink *s, const char *format, ...) PRINTF(2, 3);

/* Bytes of any kind as a quoted JSON string that is always valid UTF-8 and one line: printable ASCII as it
 * is, every other byte as \u00XX (so the original bytes can be had back: reliability first, beauty
 * second). */
void sink_json_string(struct sink *s, const char *bytes, size_t len);

/* JSON, member by member. A NULL key makes an array element; any other is written as it is, so it holds nothing that
 * JSON escapes. Commas are kept. */
void json_open(struct sink *s, const char *key, char bracket);          /* '{' or '[' */
void json_close(struct sink *s, char bracket);                          /* '}' or ']' */
/* Readers' integers end at INT64_MAX (jansson refuses the whole text past it); what is larger is written
 * so. */
void json_u64(struct sink *s, const char *key, uint64_t value);
void json_bool(struct sink *s, const char *key, bool value);
void json_text(struct sink *s, const char *key, const char *value);     /* NULL value → null */
/* Hundredths as a number with two decimals: 1234 → 12.34. */
void json_hundredths(struct sink *s, const char *key, uint64_t value);
