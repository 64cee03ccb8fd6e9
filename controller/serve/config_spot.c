/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of a few keys, without drop-ins and origins, are read by tables of members: a spot goes down into the
 * file and knows ordinals and name of where it is, for whoever refuses what is there. */
#include "serve/config_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/glob.h"

int spot_refuse(const struct spot *at, const char *expected, const json_t *value)
{
        char found[FOUND_TEXT_MAX];

        return config_error_set(at->error, -EINVAL, at->file->name,
                                config_file_line(at->file, at->ordinals, at->depth),
                                "%s: expected %s, found %s", at->name, expected, config_found(value, found));
}

static void enter_element(struct spot *at, size_t len, size_t i)
{
        at->ordinals[at->depth - 1] = (uint32_t)i;
        snprintf(at->name + len, sizeof(at->name) - len, "[%zu]", i);
}

int spot_refuse_element(struct spot *at, const char *expected, const json_t *list, size_t i)
{
        at->depth++;
        enter_element(at, strlen(at->name), i);
        return spot_refuse(at, expected, json_array_get(list, i));
}

static int refuse_member(const struct spot *at, const struct spot_member *members, size_t n)
{
        char known[128];
        size_t len = 0;

        for (size_t i = 0; i < n && len < sizeof(known); i++)
                len += (size_t)snprintf(known + len, sizeof(known) - len, "%s\"%s\"",
                                        i == 0 ? "" : i + 1 == n ? " or " : ", ", members[i].name);
        return config_error_set(at->error, -EINVAL, at->file->name,
                                config_file_line(at->file, at->ordinals, at->depth),
                                "%s: unknown key, expected %s", at->name, known);
}

static int refuse_missing(const struct spot *at, const char *name, const json_t *object)
{
        char expected[64];

        snprintf(expected, sizeof(expected), "a \"%s\"", name);
        return spot_refuse(at, expected, object);
}

static const struct spot_member *find_member(const struct spot_member *members, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(members[i].name, name) == 0)
                        return &members[i];
        return NULL;
}

int spot_object(struct spot *at, json_t *object, const struct spot_member *members, size_t n, void *target)
{
        size_t len = strlen(at->name);
        const char *name;
        json_t *value;
        int r;

        if (!json_is_object(object))
                return spot_refuse(at, "an object", object);
        for (size_t i = 0; i < n; i++)
                if (members[i].needed && !json_object_get(object, members[i].name))
                        return refuse_missing(at, members[i].name, object);
        at->ordinals[at->depth++] = 0;
        json_object_foreach(object, name, value) {
                const struct spot_member *m = find_member(members, n, name);

                snprintf(at->name + len, sizeof(at->name) - len, "%s%.60s", len ? "." : "", name);
                r = m ? m->read(at, value, target) : refuse_member(at, members, n);
                if (r < 0)
                        return r;
                at->ordinals[at->depth - 1]++;
        }
        at->depth--;
        at->name[len] = '\0';
        return 0;
}

int spot_list(struct spot *at, json_t *list, const struct spot_member *members, size_t n_members, size_t size,
              void **ret_array, size_t *ret_n)
{
        size_t len = strlen(at->name), i;
        json_t *element;
        int r;

        if (!json_is_array(list))
                return spot_refuse(at, "a list", list);
        *ret_array = calloc(json_array_size(list) + 1, size);
        if (!*ret_array)
                return -ENOMEM;
        at->depth++;
        json_array_foreach(list, i, element) {
                enter_element(at, len, i);
                *ret_n = i + 1;
                r = spot_object(at, element, members, n_members, (char *)*ret_array + i * size);
                if (r < 0)
                        return r;
        }
        at->depth--;
        at->name[len] = '\0';
        return 0;
}

int spot_utility(struct spot *at, json_t *value, struct utility *ret_utility)
{
        return config_utility(value, ret_utility) < 0 ? spot_refuse(at, EXPECTED_UTILITY, value) : 0;
}

int spot_pattern(struct spot *at, json_t *value, const char *expected, char **ret_pattern)
{
        CLEANUP(free_p) char *pattern = NULL;

        if (!json_is_string(value))
                return spot_refuse(at, expected, value);
        if (asprintf(&pattern, "/%s", json_string_value(value)) < 0) {
                pattern = NULL;
                return -ENOMEM;
        }
        if (pattern[1] == '\0' || glob_check(pattern) < 0)
                return spot_refuse(at, expected, value);
        *ret_pattern = pattern;
        pattern = NULL;
        return 0;
}

int spot_load(const char *path, bool required, const struct spot_member *members, size_t n, void *target,
              struct config_error *ret_error)
{
        CLEANUP(config_file_close) struct config_file f = { 0 };
        struct spot at = { .file = &f, .error = ret_error };
        int r = config_file_open(AT_FDCWD, path, path, &f, ret_error);

        if (r == -ENOENT)
                return required ? config_error_set(ret_error, r, path, 0, "%s", strerrordesc_np(ENOENT)) : 0;
        return r < 0 ? r : spot_object(&at, f.root, members, n, target);
}
