/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way back: fields, through the table of keys, to JSON text. Because loader and dump use the same table
 * and each notation writes what it reads, the dump of the defaults is the installed configuration, and a dump
 * can be loaded. */
#include "serve/config_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

json_t *config_write_key(const struct key *key, const void *base)
{
        const void *field = (const char *)base + key->offset;
        uint64_t number = 0;

        if (!key->type->put)
                return key->type->write(key, field);
        if (key->type->width == sizeof(bool))
                number = *(const bool *)field;
        else if (key->type->width == sizeof(uint32_t))
                number = *(const uint32_t *)field;
        else
                number = *(const uint64_t *)field;
        return key->type->put(key, number);
}

/* Puts value, which is stolen, at a dotted name below root. */
static int put_at(json_t *root, const char *name, json_t *value)
{
        char group[READER_NAME_MAX];
        const char *dot;

        for (; (dot = strchr(name, '.')); name = dot + 1) {
                snprintf(group, sizeof(group), "%.*s", (int)(dot - name), name);
                if (!json_object_get(root, group) && json_object_set_new(root, group, json_object()) < 0) {
                        json_decref(value);
                        return -ENOMEM;
                }
                root = json_object_get(root, group);
        }
        return json_object_set_new(root, name, value) < 0 ? -ENOMEM : 0;
}

json_t *config_write(const struct key *keys, size_t n_keys, const void *base)
{
        json_t *object = json_object();

        for (size_t i = 0; i < n_keys; i++) {
                json_t *value = config_write_key(&keys[i], base);

                if (json_is_null(value))
                        continue;
                if (put_at(object, keys[i].name, value) < 0) {
                        json_decref(object);
                        return NULL;
                }
        }
        return object;
}

char *config_dump(const struct config *c)
{
        CLEANUP(free_p) char *text = NULL;
        size_t n_keys;
        const struct key *keys = config_keys(&n_keys);
        json_t *root = config_write(keys, n_keys, c);
        char *lines;

        text = root ? json_dumps(root, JSON_INDENT(8)) : NULL;
        json_decref(root);
        if (!text || asprintf(&lines, "%s\n", text) < 0)
                return NULL;
        return lines;
}
