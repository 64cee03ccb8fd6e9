/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/member.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"

int place_refuse(const struct place *p, const char *name, const char *format, ...)
{
        CLEANUP(free_p) char *shown = text_show(name);
        char why[256];
        va_list args;

        va_start(args, format);
        vsnprintf(why, sizeof(why), format, args);
        va_end(args);
        snprintf(p->why, p->why_size, "%s%.128s: %s", p->prefix, shown, why);
        return -EINVAL;
}

static const char *const kind_names[] = {
        [MEMBER_UINT] = "a whole number",
        [MEMBER_BOOL] = "true or false",
        [MEMBER_BYTES] = "a string",
        [MEMBER_PERCENT] = "a number from 0 to 100",
        [MEMBER_LEFT] = "an object",
};
_Static_assert(ARRAY_SIZE(kind_names) == MEMBER_N, "name every kind");

const char *member_type(const json_t *value)
{
        static const char *const names[] = {
                [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",   [JSON_STRING] = "a string",
                [JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
                [JSON_FALSE] = "false",      [JSON_NULL] = "null",
        };

        return names[json_typeof(value)];
}

static int read_uint(const struct place *p, const struct member *m, const json_t *value)
{
        json_int_t number = json_integer_value(value);

        if (!json_is_integer(value))
                return place_refuse(p, m->name, "expected a whole number, found %s", member_type(value));
        if (number < 0 || (uint64_t)number > m->max)
                return place_refuse(p, m->name, "expected 0 to %llu, found %lld", (unsigned long long)m->max,
                              (long long)number);
        *(uint64_t *)m->value = (uint64_t)number;
        return 0;
}

static int read_bytes(const struct place *p, const struct member *m, const json_t *value)
{
        char *bytes;

        if (!json_is_string(value))
                return place_refuse(p, m->name, "expected a string, found %s", member_type(value));
        bytes = text_from_json(json_string_value(value));
        if (!bytes)
                return place_refuse(p, m->name, "a character above U+00FF: a byte is written as \\u00XX");
        free(*(char **)m->value);
        *(char **)m->value = bytes;
        return 0;
}

static int read_member(const struct place *p, const struct member *m, const json_t *value)
{
        double number;

        switch (m->kind) {
        case MEMBER_UINT:
                return read_uint(p, m, value);
        case MEMBER_BYTES:
                return read_bytes(p, m, value);
        case MEMBER_BOOL:
                if (!json_is_boolean(value))
                        break;
                *(bool *)m->value = json_is_true(value);
                return 0;
        case MEMBER_PERCENT:
                number = json_number_value(value);
                if (!json_is_number(value) || !(number >= 0 && number <= 100))
                        break;
                *(uint32_t *)m->value = (uint32_t)lround(number * 100);
                return 0;
        default:
                *(const json_t **)m->value = value;
                return 0;
        }
        return place_refuse(p, m->name, "expected %s, found %s", kind_names[m->kind], member_type(value));
}

static bool is_known(const struct member *members, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(members[i].name, name) == 0)
                        return true;
        return false;
}

int place_read(const struct place *p, const struct member *members, size_t n, const json_t *object)
{
        const char *name;
        json_t *value;

        for (size_t i = 0; i < n; i++) {
                const json_t *found = json_object_get(object, members[i].name);
                int r = 0;

                if (found)
                        r = read_member(p, &members[i], found);
                else if (members[i].required)
                        r = place_refuse(p, members[i].name, "is missing");
                if (r < 0)
                        return r;
                if (members[i].found)
                        *members[i].found = found != NULL;
        }
        json_object_foreach((json_t *)object, name, value)
                if (!is_known(members, n, name))
                        return place_refuse(p, name, "is not known");
        return 0;
}

