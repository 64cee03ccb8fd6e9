/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jansson says whether the text is valid and what it holds, but not where. Where a member of a valid text
 * stands is found by walking over it once: outside of strings only the brackets count. Names in a valid text
 * are unique here (duplicates are refused), so the first of a name at its depth is the one. */
#include "cli/json_text.h"

#include <stddef.h>
#include <string.h>

static const char *skip_white(const char *p)
{
        return p + strspn(p, " \t\r\n");
}

/* Behind the string that begins at p. */
static const char *skip_string(const char *p)
{
        for (p++; *p != '"'; p++)
                if (*p == '\\')
                        p++;
        return p + 1;
}

static const char *skip_value(const char *p)
{
        size_t depth = 0;

        do {
                p = skip_white(p);
                if (*p == '"') {
                        p = skip_string(p);
                } else if (strchr("{[", *p)) {
                        depth++;
                        p++;
                } else if (strchr("}]", *p)) {
                        depth--;
                        p++;
                } else if (strchr(",:", *p)) {
                        p++;
                } else {
                        p += strcspn(p, " \t\r\n,:]}");
                }
        } while (depth > 0);
        return p;
}

const char *json_text_root(const char *text)
{
        return skip_white(text);
}

bool json_text_find(const char *object, const char *name, struct json_place *ret_place)
{
        size_t len = strlen(name);
        const char *p = skip_white(object + 1);

        while (*p == '"') {
                struct json_place place = { .key = p };

                p = skip_white(skip_string(p));         /* at the colon */
                place.value = skip_white(p + 1);
                place.end = skip_value(place.value);
                if (strncmp(place.key + 1, name, len) == 0 && place.key[len + 1] == '"') {
                        *ret_place = place;
                        return true;
                }
                p = skip_white(place.end);              /* at the comma or the end */
                if (*p == ',')
                        p = skip_white(p + 1);
        }
        return false;
}
