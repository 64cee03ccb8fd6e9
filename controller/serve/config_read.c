/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading is one walk over the parsed tree, with the table of keys in hand. The walk carries its place with
 * it in two forms: as a name for people ("rules[2].utility") and as ordinals, from which the line is found
 * when something is refused. Objects nest as the dots in the names do; a name that is neither a key nor the
 * beginning of one is refused, since a misspelt limit that is silently passed over would be noticed only when
 * it fails to protect. */
#include "serve/config_private.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/sink.h"

/* Keys are shorter than this; nothing longer is near one. */
#define SUGGEST_MAX 40u

int reader_refuse(struct reader *r, const char *format, ...)
{
        size_t line = config_file_line(r->file, r->ordinals, r->depth);
        char text[sizeof(r->error->text)];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        return config_error_set(r->error, -EINVAL, r->file->name, line, "%s: %s", r->name, text);
}

static void say_bound(struct sink *s, const struct key *key, const char *before, uint64_t bound)
{
        json_t *value = key->type->put(key, bound);
        char text[FOUND_TEXT_MAX];

        sink_format(s, "%s%s", before, config_found(value, text));
        json_decref(value);
}

int reader_refuse_type(struct reader *r, const struct key *key, const json_t *value)
{
        char expected[256], found[FOUND_TEXT_MAX];
        struct sink s;

        sink_init(&s, expected, sizeof(expected));
        if (key->words)
                for (size_t i = 0; key->words[i]; i++)
                        sink_format(&s, "%s\"%s\"", i > 0 ? " or " : "", key->words[i]);
        else
                sink_text(&s, key->type->expected);
        if (key->type->put && key->max > 0) {
                if (key->min > 0)
                        say_bound(&s, key, ", from ", key->min);
                say_bound(&s, key, key->min > 0 ? " to " : ", at most ", key->max);
        }
        if (key->type->accept)
                sink_format(&s, ", at most %llu bytes", (unsigned long long)key->max);
        return reader_refuse(r, "expected %s, found %s", expected, config_found(value, found));
}

static void enter(struct reader *r, size_t ordinal)
{
        r->ends[r->depth] = strlen(r->name);
        r->ordinals[r->depth] = (uint32_t)ordinal;
        r->depth++;
}

static void enter_member(struct reader *r, size_t ordinal, const char *name)
{
        size_t len = strlen(r->name);

        enter(r, ordinal);
        snprintf(r->name + len, sizeof(r->name) - len, "%s%s", len > 0 ? "." : "", name);
}

void reader_enter(struct reader *r, size_t i)
{
        size_t len = strlen(r->name);

        enter(r, i);
        snprintf(r->name + len, sizeof(r->name) - len, "[%zu]", i);
}

void reader_leave(struct reader *r)
{
        r->depth--;
        r->name[r->ends[r->depth]] = '\0';
}

/* How many bytes to insert, remove, exchange or swap with their neighbour to come from a to b. */
static unsigned distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
        unsigned char d[SUGGEST_MAX + 1][SUGGEST_MAX + 1];

        for (size_t i = 0; i <= n_a; i++)
                for (size_t j = 0; j <= n_b; j++) {
                        unsigned least = (unsigned)(i + j);

                        if (i > 0 && j > 0) {
                                unsigned differ = a[i - 1] != b[j - 1];

                                least = d[i - 1][j - 1] + differ;
                                least = d[i - 1][j] + 1u < least ? d[i - 1][j] + 1u : least;
                                least = d[i][j - 1] + 1u < least ? d[i][j - 1] + 1u : least;
                        }
                        if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                            d[i - 2][j - 2] + 1u < least)
                                least = d[i - 2][j - 2] + 1u;
                        d[i][j] = (unsigned char)least;
                }
        return d[n_a][n_b];
}

/* The key, or the group of keys, whose name is nearest; one slip in six bytes and one more is near. 0 bytes:
 * none is. */
static size_t suggest(const struct key *keys, size_t n_keys, const char *name, const char **ret_name)
{
        size_t len = strlen(name), best_len = 0;
        unsigned best = 2 + (unsigned)len / 6;

        for (size_t i = 0; len <= SUGGEST_MAX && i < n_keys; i++)
                for (const char *end = keys[i].name; *end != '\0';) {
                        size_t n = (size_t)((end = strchrnul(end + 1, '.')) - keys[i].name);
                        unsigned d = n <= SUGGEST_MAX ? distance(name, len, keys[i].name, n) : best;

                        if (d < best) {
                                best = d;
                                best_len = n;
                                *ret_name = keys[i].name;
                        }
                }
        return best_len;
}

static int refuse_unknown(struct reader *r, const struct key *keys, size_t n_keys)
{
        const char *near;
        size_t len = suggest(keys, n_keys, r->name + r->table, &near);

        if (len == 0)
                return reader_refuse(r, "unknown key");
        return reader_refuse(r, "unknown key, did you mean \"%.*s\"?", (int)len, near);
}

static void store(void *field, size_t width, uint64_t number)
{
        if (width == sizeof(bool))
                *(bool *)field = number != 0;
        else if (width == sizeof(uint32_t))
                *(uint32_t *)field = (uint32_t)number;
        else
                *(uint64_t *)field = number;
}

static int read_number(const struct key *key, const json_t *value, void *field)
{
        uint64_t number;
        int ret = key->type->get(key, value, &number);

        if (ret < 0)
                return ret;
        if (key->max > 0 && (number < key->min || number > key->max))
                return -EINVAL;
        store(field, key->type->width, number);
        return 0;
}

/* Remembers who set a key of the configuration itself. */
static int note_origin(struct reader *r, const struct key *key)
{
        size_t n_keys;
        char **origin = &r->origins[key - config_keys(&n_keys)];

        free(*origin);
        if (asprintf(origin, "%s:%zu", r->file->name, config_file_line(r->file, r->ordinals, r->depth)) < 0) {
                *origin = NULL;
                return -ENOMEM;
        }
        return 0;
}

static int read_value(struct reader *r, const struct key *key, json_t *value, void *base)
{
        void *field = (char *)base + key->offset;
        int ret = key->type->get ? read_number(key, value, field) : key->type->read(r, key, value, field);

        if (ret == -EINVAL && r->error->text[0] == '\0')
                return reader_refuse_type(r, key, value);
        if (ret < 0 || r->table > 0)
                return ret;
        return note_origin(r, key);
}

static const struct key *find_key(const struct key *keys, size_t n_keys, const char *name)
{
        for (size_t i = 0; i < n_keys; i++)
                if (strcmp(keys[i].name, name) == 0)
                        return &keys[i];
        return NULL;
}

static bool is_group(const struct key *keys, size_t n_keys, const char *name)
{
        size_t len = strlen(name);

        for (size_t i = 0; i < n_keys; i++)
                if (strncmp(keys[i].name, name, len) == 0 && keys[i].name[len] == '.')
                        return true;
        return false;
}

static int read_members(struct reader *r, const struct key *keys, size_t n_keys, json_t *object, void *base)
{
        const char *member;
        json_t *value;
        size_t i = 0;
        int ret = 0;

        json_object_foreach(object, member, value) {
                const struct key *key;
                char found[FOUND_TEXT_MAX];

                enter_member(r, i++, member);
                key = find_key(keys, n_keys, r->name + r->table);
                if (strchr(member, '.'))
                        ret = reader_refuse(r, "unknown key, a dot stands for an object inside an object");
                else if (key)
                        ret = read_value(r, key, value, base);
                else if (!is_group(keys, n_keys, r->name + r->table))
                        ret = refuse_unknown(r, keys, n_keys);
                else if (json_is_object(value))
                        ret = read_members(r, keys, n_keys, value, base);
                else
                        ret = reader_refuse(r, "expected an object, found %s", config_found(value, found));
                if (ret < 0)
                        return ret;
                reader_leave(r);
        }
        return 0;
}

int reader_object(struct reader *r, const struct key *keys, size_t n_keys, json_t *object, void *base)
{
        size_t len = strlen(r->name), table = r->table;
        int ret;

        r->table = len > 0 ? len + 1 : 0;
        ret = read_members(r, keys, n_keys, object, base);
        r->table = table;
        return ret;
}
