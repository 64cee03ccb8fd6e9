/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Debian has no TOML library for C, and one that turns a text into values would be of little use here: an
 * edit that leaves every comment and blank in its place needs to know where things stand, not what they
 * mean. So this is a recursive descent over the grammar that notes the span of each header and value.
 *
 * A program's own reader is stricter about numbers and dates. It is more lenient nowhere that matters: a
 * text that is refused here is not edited, and what an edit puts in is a string or an array of strings under
 * a key that is proven not to be there, so it cannot make a valid text invalid. */
#include "cli/configure_toml.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cli/text.h"

#define DEPTH_MAX 32            /* arrays and inline tables in each other; configurations have two or three */

struct reader {
        struct toml *toml;
        const char *p;
        size_t line;
        char *table;            /* owned: the path of the header above */
        bool in_array;          /* of tables */
        unsigned depth;
        struct toml_error *error;
};

static int refuse(struct reader *r, const char *format, ...) PRINTF(2, 3);
static int read_value(struct reader *r, const char *path);
static int read_pair(struct reader *r, const char *prefix);

static int refuse(struct reader *r, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        vsnprintf(r->error->text, sizeof(r->error->text), format, args);
        va_end(args);
        r->error->line = r->line;
        return -EINVAL;
}

static void skip_blanks(struct reader *r)
{
        r->p += strspn(r->p, " \t");
}

/* Blanks, line ends and comments. */
static void skip_lines(struct reader *r)
{
        for (;;) {
                r->p += strspn(r->p, " \t\r");
                if (*r->p == '#')
                        r->p += strcspn(r->p, "\n");
                if (*r->p != '\n')
                        return;
                r->line++;
                r->p++;
        }
}

/* What may follow a pair or a header on its line. */
static int end_line(struct reader *r)
{
        skip_blanks(r);
        if (*r->p == '#')
                r->p += strcspn(r->p, "\n");
        if (*r->p == '\r')
                r->p++;
        if (*r->p != '\n' && *r->p != '\0')
                return refuse(r, "expected the end of the line");
        return 0;
}

static struct toml_item *add_item(struct reader *r, enum toml_kind kind, const char *path)
{
        struct toml *t = r->toml;

        t->items = must(reallocarray(t->items, t->n_items + 1, sizeof(*t->items)));
        t->items[t->n_items] = (struct toml_item){
                .kind = kind, .path = must(strdup(path)), .line = r->line,
                .table_len = kind == TOML_HEADER ? strlen(path) : strlen(r->table),
                .begin = (size_t)(r->p - t->text), .end = (size_t)(r->p - t->text),
        };
        return &t->items[t->n_items++];
}

/* A string on one line; stands behind it afterwards. */
static int skip_string(struct reader *r)
{
        char quote = *r->p++;

        for (; *r->p != quote; r->p++) {
                if (*r->p == '\0' || *r->p == '\n')
                        return refuse(r, "a string without its end");
                if (*r->p == '\\' && quote == '"' && r->p[1] != '\0' && r->p[1] != '\n')
                        r->p++;
        }
        r->p++;
        return 0;
}

/* Up to two quotes may stand before the three that end it. */
static int skip_long_string(struct reader *r)
{
        char quote = *r->p;

        for (r->p += 3; !(r->p[0] == quote && r->p[1] == quote && r->p[2] == quote); r->p++) {
                if (*r->p == '\0')
                        return refuse(r, "a string without its end");
                if (*r->p == '\n')
                        r->line++;
                if (*r->p == '\\' && quote == '"' && r->p[1] != '\0' && r->p[1] != '\n')
                        r->p++;
        }
        for (r->p += 3; *r->p == quote; r->p++)
                ;
        return 0;
}

/* One part of a key, appended to the path. */
static int read_part(struct reader *r, char **path)
{
        static const char bare[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
        const char *begin = r->p;
        size_t len = strspn(r->p, bare);
        char *longer;

        if (*r->p == '"' || *r->p == '\'') {
                if (skip_string(r) < 0)
                        return -EINVAL;
                begin++;
                len = (size_t)(r->p - begin) - 1;
                if (memchr(begin, '\\', len) && begin[-1] == '"')
                        return refuse(r, "a key with an escape is not understood");
        } else if (len == 0) {
                return refuse(r, "expected a key");
        } else {
                r->p += len;
        }
        longer = text_format("%s%s%.*s", *path, (*path)[0] ? TOML_DOT : "", (int)len, begin);
        free(*path);
        *path = longer;
        return 0;
}

/* A dotted key below 'prefix'; *ret_path is new even when it fails. */
static int read_key(struct reader *r, const char *prefix, char **ret_path)
{
        *ret_path = must(strdup(prefix));
        for (;;) {
                skip_blanks(r);
                if (read_part(r, ret_path) < 0)
                        return -EINVAL;
                skip_blanks(r);
                if (*r->p != '.')
                        return 0;
                r->p++;
        }
}

static int read_array(struct reader *r)
{
        for (r->p++;;) {
                skip_lines(r);
                if (*r->p == ']')
                        break;
                /* Elements have no path of their own, so they are kept out of the list. */
                if (read_value(r, NULL) < 0)
                        return -EINVAL;
                skip_lines(r);
                if (*r->p == ',')
                        r->p++;
                else if (*r->p != ']')
                        return refuse(r, "expected ',' or ']' in the array");
        }
        r->p++;
        return 0;
}

static int read_inline(struct reader *r, const char *path)
{
        bool was = r->in_array;

        r->in_array = was || !path;
        r->p++;
        skip_blanks(r);
        while (*r->p != '}') {
                if (read_pair(r, path ? path : "") < 0)
                        return -EINVAL;
                skip_blanks(r);
                if (*r->p == ',')
                        r->p++;
                else if (*r->p != '}')
                        return refuse(r, "expected ',' or '}' in the inline table");
                skip_blanks(r);
        }
        r->p++;
        r->in_array = was;
        return 0;
}

static int read_scalar(struct reader *r)
{
        static const char *const words[] = { "true", "false", "inf", "nan", "+inf", "-inf", "+nan", "-nan" };
        size_t len = strcspn(r->p, " \t\r\n#,]}");

        for (size_t i = 0; i < ARRAY_SIZE(words); i++)
                if (strlen(words[i]) == len && strncmp(r->p, words[i], len) == 0) {
                        r->p += len;
                        return 0;
                }
        if (len == 0 || !strchr("+-0123456789", *r->p) ||
            strspn(r->p, "0123456789abcdefABCDEFoxTZ+-_.:") < len)
                return refuse(r, "expected a value");
        r->p += len;
        /* A date may have a blank before its time. */
        if (len == 10 && *r->p == ' ' && strspn(r->p + 1, "0123456789") == 2 && r->p[3] == ':')
                r->p += 1 + strcspn(r->p + 1, " \t\r\n#,]}");
        return 0;
}

/* A value, noted under 'path' unless that is NULL. */
static int read_value(struct reader *r, const char *path)
{
        bool is_long = strncmp(r->p, "\"\"\"", 3) == 0 || strncmp(r->p, "'''", 3) == 0;
        enum toml_kind kind = *r->p == '"' || *r->p == '\'' ? TOML_STRING :
                              *r->p == '[' ? TOML_ARRAY : *r->p == '{' ? TOML_INLINE : TOML_SCALAR;
        size_t index = r->toml->n_items;
        bool noted = path && !r->in_array;
        int code;

        if (++r->depth > DEPTH_MAX)
                return refuse(r, "nested too deeply");
        if (noted)
                add_item(r, kind, path);
        switch (kind) {
        case TOML_STRING:
                code = is_long ? skip_long_string(r) : skip_string(r);
                break;
        case TOML_ARRAY:
                code = read_array(r);
                break;
        case TOML_INLINE:
                code = read_inline(r, path);
                break;
        default:
                code = read_scalar(r);
        }
        if (noted)
                r->toml->items[index].end = (size_t)(r->p - r->toml->text);
        r->depth--;
        return code;
}

static int read_pair(struct reader *r, const char *prefix)
{
        CLEANUP(free_p) char *path = NULL;

        if (read_key(r, prefix, &path) < 0)
                return -EINVAL;
        if (*r->p != '=')
                return refuse(r, "expected '=' behind the key");
        r->p++;
        skip_blanks(r);
        if (!r->in_array && (toml_value(r->toml, path) || toml_header(r->toml, path)))
                return refuse(r, "%s is there already", strrchr(path, TOML_DOT[0]) ?
                              strrchr(path, TOML_DOT[0]) + 1 : path);
        return read_value(r, path);
}

static bool ends_part(char c)
{
        return c == '\0' || c == TOML_DOT[0];
}

static bool path_within(const char *path, const char *above)
{
        size_t len = strlen(above);

        return strncmp(path, above, len) == 0 && ends_part(path[len]);
}

/* [table] or [[array of tables]]. What follows an array's header belongs to its last element, and so does a
 * [table] below its path. */
static int read_header(struct reader *r, char **array)
{
        CLEANUP(free_p) char *path = NULL;
        const char *begin = r->p;
        bool is_array = r->p[1] == '[';

        r->p += is_array ? 2 : 1;
        if (read_key(r, "", &path) < 0)
                return -EINVAL;
        if (*r->p != ']' || (is_array && r->p[1] != ']'))
                return refuse(r, "expected ']' behind the table's name");
        if (is_array) {
                free(*array);
                *array = must(strdup(path));
        }
        r->in_array = *array && path_within(path, *array);
        if (!r->in_array) {
                struct toml_item *item;

                if (toml_header(r->toml, path) || toml_value(r->toml, path))
                        return refuse(r, "this table is there already");
                item = add_item(r, TOML_HEADER, path);
                item->begin = (size_t)(begin - r->toml->text);
                item->end = (size_t)(begin - r->toml->text) + strcspn(begin, "\r\n");
        }
        r->p += is_array ? 2 : 1;
        free(r->table);
        r->table = path;
        path = NULL;
        return end_line(r);
}

int toml_read(const char *text, struct toml *ret_toml, struct toml_error *ret_error)
{
        struct toml t = { .text = text };
        struct reader r = { .toml = &t, .p = text, .line = 1, .table = must(strdup("")), .error = ret_error };
        char *array = NULL;
        int code = 0;

        if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
                r.p += 3;
        for (skip_lines(&r); code == 0 && *r.p != '\0'; skip_lines(&r)) {
                code = *r.p == '[' ? read_header(&r, &array) : read_pair(&r, r.table);
                if (code == 0)
                        code = end_line(&r);
        }
        free(r.table);
        free(array);
        if (code < 0)
                toml_fini(&t);
        else
                *ret_toml = t;
        return code;
}

void toml_fini(struct toml *t)
{
        for (size_t i = 0; i < t->n_items; i++)
                free(t->items[i].path);
        free(t->items);
        *t = (struct toml){ 0 };
}

const struct toml_item *toml_header(const struct toml *t, const char *path)
{
        for (size_t i = 0; i < t->n_items; i++)
                if (t->items[i].kind == TOML_HEADER && strcmp(t->items[i].path, path) == 0)
                        return &t->items[i];
        return NULL;
}

const struct toml_item *toml_value(const struct toml *t, const char *path)
{
        for (size_t i = 0; i < t->n_items; i++)
                if (t->items[i].kind != TOML_HEADER && strcmp(t->items[i].path, path) == 0)
                        return &t->items[i];
        return NULL;
}

/* Of the path and all that is above it, a part that a value lies at or below, while the value's own header
 * stands further up. */
const struct toml_item *toml_obstacle(const struct toml *t, const char *path)
{
        for (size_t i = 0; i < t->n_items; i++) {
                const struct toml_item *item = &t->items[i];
                size_t common = 0;

                if (item->kind == TOML_HEADER)
                        continue;
                for (size_t n = 1; n <= strlen(path) && item->path[n - 1] == path[n - 1]; n++)
                        if (ends_part(path[n]) && ends_part(item->path[n]))
                                common = n;
                if (common > item->table_len)
                        return item;
        }
        return NULL;
}
