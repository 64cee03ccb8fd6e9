/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Text for people: what a container chose for its name must not reach their terminal as it is. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Every byte that is not printable ASCII as \xNN. New. */
char *text_show(const char *bytes);

/* The bytes that base/sink wrote as a JSON string, from the UTF-8 that jansson makes of it: a character up
 * to U+00FF is a byte. New; NULL when there is a character beyond. */
char *text_from_json(const char *utf8);

/* text_show of text_from_json, and of the UTF-8 itself where that says no; NULL is "-". New. */
char *text_show_json(const char *utf8);

/* How many letters have to be added, removed or changed to make b of a. */
size_t text_distance(const char *a, const char *b);

/* "2026-01-31 17:04:05" in local time. New. */
char *text_time(uint64_t time_us);

/* "2026-01-31", with " 17:04" or " 17:04:05" behind it, in local time; or how long before 'now_us', such as
 * "2h". 0 or -EINVAL. */
int text_time_parse(const char *text, uint64_t now_us, uint64_t *ret_time_us);

/* printf into new memory. */
char *text_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The pointer itself; ends the program with exit code 1 and one line when it is NULL. For memory alone. */
void *must(void *pointer);

/* What the output is. */
struct term {
        bool tty;
        bool steers;            /* a terminal whose cursor can be moved: TERM not "dumb" */
        bool colour;            /* likewise, and NO_COLOR not set */
        size_t width;           /* columns; 0: no end */
        size_t height;          /* lines; likewise */
};

struct term term_of(FILE *out);

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_RED, STYLE_GREEN, STYLE_YELLOW, STYLE_DIM, STYLE_N };

/* The escape sequences that begin and end a style; "" where there are no colours. */
const char *style_begin(const struct term *term, enum style style);
const char *style_end(const struct term *term, enum style style);
