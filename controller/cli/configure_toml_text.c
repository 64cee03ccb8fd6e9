/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The strings of a TOML text, decoded. What has been read once is well formed, so nothing is checked
 * again. */
#include <string.h>

#include "base/base.h"
#include "cli/configure_toml.h"
#include "cli/text.h"

/* One string on one line, from its quote on. NULL where it holds an escape beyond the simple ones, or is
 * of the kind with three quotes. */
static char *decode(const char *begin, const char *end)
{
        static const char letters[] = "\"\\btnfr", meant[] = "\"\\\b\t\n\f\r";
        CLEANUP(free_p) char *out = must(malloc((size_t)(end - begin) + 1));
        char quote = *begin, *to = out;

        if (end - begin >= 6 && begin[1] == quote && begin[2] == quote)
                return NULL;
        for (const char *p = begin + 1; p < end - 1; p++) {
                const char *letter;

                if (*p != '\\' || quote == '\'') {
                        *to++ = *p;
                        continue;
                }
                letter = strchr(letters, *++p);
                if (!letter)
                        return NULL;
                *to++ = meant[letter - letters];
        }
        *to = '\0';
        to = out;
        out = NULL;
        return to;
}

char *toml_string(const struct toml *t, const struct toml_item *item)
{
        return item->kind == TOML_STRING ? decode(t->text + item->begin, t->text + item->end) : NULL;
}

/* The byte behind a string that begins at p. */
static const char *behind_string(const char *p)
{
        char quote = *p++;

        for (; *p != quote; p++)
                if (*p == '\\' && quote == '"')
                        p++;
        return p + 1;
}

char **toml_strings(const struct toml *t, const struct toml_item *item, size_t *ret_end)
{
        const char *p = t->text + item->begin + 1, *end = t->text + item->end - 1, *last = p;
        CLEANUP(strings_free_p) char **strings = NULL;
        char **found;
        size_t n = 0;

        if (item->kind != TOML_ARRAY)
                return NULL;
        strings = must(calloc(1, sizeof(*strings)));
        while (p < end) {
                if (*p == '#') {
                        p += strcspn(p, "\n");
                } else if (strchr(" \t\r\n,", *p)) {
                        p++;
                } else if ((*p != '"' && *p != '\'') || (p[1] == *p && p[2] == *p)) {
                        return NULL;
                } else {
                        last = behind_string(p);
                        strings = must(reallocarray(strings, n + 2, sizeof(*strings)));
                        strings[n + 1] = NULL;
                        strings[n] = decode(p, last);
                        if (!strings[n++])
                                return NULL;
                        p = last;
                }
        }
        if (ret_end)
                *ret_end = (size_t)(last - t->text);
        found = strings;
        strings = NULL;
        return found;
}

void strings_free(char **strings)
{
        for (size_t i = 0; strings && strings[i]; i++)
                free(strings[i]);
        free(strings);
}
