/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/units.h"

void *must(void *pointer)
{
        if (pointer)
                return pointer;
        fputs("jettison: no memory\n", stderr);
        exit(EXIT_FAILURE);
}

char *text_show(const char *bytes)
{
        char *shown = must(malloc(strlen(bytes) * 4 + 1)), *p = shown;

        for (; *bytes; bytes++) {
                unsigned char c = (unsigned char)*bytes;

                if (c >= 0x20 && c < 0x7f)
                        *p++ = (char)c;
                else
                        p += sprintf(p, "\\x%02x", c);
        }
        *p = '\0';
        return shown;
}

char *text_from_json(const char *utf8)
{
        char *bytes = must(malloc(strlen(utf8) + 1)), *p = bytes;

        for (const unsigned char *c = (const unsigned char *)utf8; *c; c++) {
                if (*c < 0x80) {
                        *p++ = (char)*c;
                } else if ((*c == 0xc2 || *c == 0xc3) && (c[1] & 0xc0) == 0x80) {
                        *p++ = (char)((*c & 3) << 6 | (c[1] & 0x3f));
                        c++;
                } else {
                        free(bytes);
                        return NULL;
                }
        }
        *p = '\0';
        return bytes;
}

char *text_show_json(const char *utf8)
{
        CLEANUP(free_p) char *bytes = NULL;

        if (!utf8)
                return must(strdup("-"));
        bytes = text_from_json(utf8);
        return text_show(bytes ? bytes : utf8);
}

/* Levenshtein's distance, one row at a time. Words longer than any verb are simply far away. */
size_t text_distance(const char *a, const char *b)
{
        size_t row[64], n = strlen(b);

        if (n >= ARRAY_SIZE(row))
                return n;
        for (size_t j = 0; j <= n; j++)
                row[j] = j;
        for (size_t i = 1; a[i - 1]; i++) {
                size_t diagonal = row[0];

                row[0] = i;
                for (size_t j = 1; j <= n; j++) {
                        size_t above = row[j], best = diagonal + (a[i - 1] != b[j - 1]);

                        best = u64_min(best, u64_min(above, row[j - 1]) + 1);
                        diagonal = above;
                        row[j] = best;
                }
        }
        return row[n];
}

char *text_time(uint64_t time_us)
{
        time_t seconds = (time_t)(time_us / USEC_PER_SEC);
        char text[64] = "?";
        struct tm tm;

        if (localtime_r(&seconds, &tm))
                strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &tm);
        return must(strdup(text));
}

int text_time_parse(const char *text, uint64_t now_us, uint64_t *ret_time_us)
{
        static const char *const forms[] = { "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d" };
        uint64_t before_us;

        if (duration_parse(text, &before_us) == 0) {
                *ret_time_us = u64_less(now_us, before_us);
                return 0;
        }
        for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                struct tm tm = { .tm_isdst = -1 };
                const char *end = strptime(text, forms[i], &tm);
                time_t seconds = end && *end == '\0' ? mktime(&tm) : -1;

                if (seconds >= 0) {
                        *ret_time_us = (uint64_t)seconds * USEC_PER_SEC;
                        return 0;
                }
        }
        return -EINVAL;
}

char *text_format(const char *format, ...)
{
        char *text = NULL;
        va_list args;
        int n;

        va_start(args, format);
        n = vasprintf(&text, format, args);
        va_end(args);
        return must(n < 0 ? NULL : text);
}

struct term term_of(FILE *out)
{
        const char *no_color = getenv("NO_COLOR"), *name = getenv("TERM");
        struct term term = { .tty = isatty(fileno(out)) };
        struct winsize size;

        if (!term.tty)
                return term;
        if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0)
                size = (struct winsize){ 0 };
        term.width = size.ws_col > 0 ? size.ws_col : 80;
        term.height = size.ws_row;
        term.steers = name && strcmp(name, "dumb") != 0;
        term.colour = term.steers && !(no_color && no_color[0]);
        return term;
}

static const char *const style_codes[] = {
        [STYLE_PLAIN] = "",
        [STYLE_BOLD] = "\033[1m",
        [STYLE_RED] = "\033[31m",
        [STYLE_GREEN] = "\033[32m",
        [STYLE_YELLOW] = "\033[33m",
        [STYLE_DIM] = "\033[2m",
};
_Static_assert(ARRAY_SIZE(style_codes) == STYLE_N, "a code for every style");

const char *style_begin(const struct term *term, enum style style)
{
        return term->colour ? style_codes[style] : "";
}

const char *style_end(const struct term *term, enum style style)
{
        return term->colour && style != STYLE_PLAIN ? "\033[0m" : "";
}
