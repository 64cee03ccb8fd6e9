/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whoever may start a container may annotate it, and on a shared node that is every tenant. A ceiling is what
 * keeps "protect" from meaning "I do not want to die". The first ceiling that matches counts, as with the
 * rules of the daemon's configuration, so that an exception stands before its rule.
 *
 * A mistake in the file must not open what the operator meant to close: the file is taken as a whole or not
 * at all, and what the caller then puts in its place (CEILINGS_BROKEN) gives nobody more than having said
 * nothing. */
#include "hooks/ceiling.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/glob.h"
#include "serve/config_private.h"

/* Where in the file the reader is. */
struct spot {
        const struct config_file *file;         /* borrowed */
        struct config_error *error;             /* borrowed */
        uint32_t ordinals[3];                   /* member, ceiling, member */
        size_t depth;
        char name[64];                          /* "ceilings[2].utility" */
};

static int refuse(const struct spot *at, const char *expected, const json_t *value)
{
        char found[FOUND_TEXT_MAX];

        return config_error_set(at->error, -EINVAL, at->file->name,
                                config_file_line(at->file, at->ordinals, at->depth),
                                "%s: expected %s, found %s", at->name, expected,
                                config_found(value, found));
}

static int refuse_key(const struct spot *at, const char *known)
{
        return config_error_set(at->error, -EINVAL, at->file->name,
                                config_file_line(at->file, at->ordinals, at->depth),
                                "%s: unknown key, expected %s", at->name, known);
}

static int read_utility(const struct spot *at, const json_t *value, struct utility *ret_utility)
{
        return config_utility(value, ret_utility) < 0 ? refuse(at, EXPECTED_UTILITY, value) : 0;
}

/* *ret_pattern is new. */
static int read_pattern(const struct spot *at, const json_t *value, const char *expected, char **ret_pattern)
{
        CLEANUP(free_p) char *pattern = NULL;

        if (!json_is_string(value))
                return refuse(at, expected, value);
        if (asprintf(&pattern, "/%s", json_string_value(value)) < 0) {
                pattern = NULL;
                return -ENOMEM;
        }
        if (pattern[1] == '\0' || glob_check(pattern) < 0)
                return refuse(at, expected, value);
        *ret_pattern = pattern;
        pattern = NULL;
        return 0;
}

static int read_namespace(const struct spot *at, const json_t *value, char **ret_pattern)
{
        static const char expected[] = "a pattern of namespaces such as \"batch-*\"";

        if (json_is_string(value) && strchr(json_string_value(value), '/'))
                return refuse(at, expected, value);
        return read_pattern(at, value, expected, ret_pattern);
}

/* What was read so far is *c's, also after an error. */
static int read_ceiling(struct spot *at, json_t *object, struct ceiling *c)
{
        static const char image[] = "a pattern of image names such as \"docker.io/library/*\"";
        size_t len = strlen(at->name);
        bool has_utility = false;
        const char *member;
        json_t *value;
        int r = 0;

        if (!json_is_object(object))
                return refuse(at, "an object", object);
        at->ordinals[at->depth++] = 0;
        json_object_foreach(object, member, value) {
                snprintf(at->name + len, sizeof(at->name) - len, ".%s", member);
                if (strcmp(member, "utility") == 0) {
                        has_utility = true;
                        r = read_utility(at, value, &c->utility);
                } else if (strcmp(member, "namespace") == 0) {
                        r = read_namespace(at, value, &c->namespace);
                } else if (strcmp(member, "image") == 0) {
                        r = read_pattern(at, value, image, &c->image);
                } else {
                        r = refuse_key(at, "\"namespace\", \"image\" or \"utility\"");
                }
                if (r < 0)
                        return r;
                at->ordinals[at->depth - 1]++;
        }
        at->depth--;
        at->name[len] = '\0';
        if (!has_utility)
                return refuse(at, "a \"utility\"", object);
        if (!c->namespace && !c->image)
                return refuse(at, "a \"namespace\", an \"image\" or both", object);
        return 0;
}

static int read_list(struct spot *at, const json_t *list, struct ceilings *c)
{
        size_t len = strlen(at->name), i;
        json_t *element;
        int r = 0;

        if (!json_is_array(list))
                return refuse(at, "a list of ceilings", list);
        c->list = calloc(json_array_size(list) + 1, sizeof(*c->list));
        if (!c->list)
                return -ENOMEM;
        at->depth++;
        json_array_foreach(list, i, element) {
                at->ordinals[1] = (uint32_t)i;
                snprintf(at->name + len, sizeof(at->name) - len, "[%zu]", i);
                r = read_ceiling(at, element, &c->list[c->n++]);
                if (r < 0)
                        return r;
        }
        at->depth--;
        return 0;
}

static int read_root(const struct config_file *f, struct ceilings *c, struct config_error *e)
{
        struct spot at = { .file = f, .error = e, .depth = 1 };
        const char *member;
        json_t *value;
        int r;

        json_object_foreach(f->root, member, value) {
                snprintf(at.name, sizeof(at.name), "%s", member);
                if (strcmp(member, "default") == 0)
                        r = read_utility(&at, value, &c->otherwise);
                else if (strcmp(member, "ceilings") == 0)
                        r = read_list(&at, value, c);
                else
                        r = refuse_key(&at, "\"default\" or \"ceilings\"");
                if (r < 0)
                        return r;
                at.ordinals[0]++;
        }
        return 0;
}

int ceilings_load(const char *path, bool required, struct ceilings *ret_ceilings,
                  struct config_error *ret_error)
{
        CLEANUP(ceilings_fini) struct ceilings c = CEILINGS_DEFAULT;
        CLEANUP(config_file_close) struct config_file f = { 0 };
        int r;

        r = config_file_open(AT_FDCWD, path, path, &f, ret_error);
        if (r == -ENOENT && required)
                return config_error_set(ret_error, r, path, 0, "%s", strerrordesc_np(ENOENT));
        if (r == 0)
                r = read_root(&f, &c, ret_error);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret_ceilings = c;
        c = (struct ceilings){ 0 };
        return 0;
}

void ceilings_fini(struct ceilings *c)
{
        for (size_t i = 0; i < c->n; i++) {
                free(c->list[i].namespace);
                free(c->list[i].image);
        }
        free(c->list);
        *c = (struct ceilings){ 0 };
}

/* Whether a is worth more than b. */
static bool is_above(struct utility a, struct utility b)
{
        if (a.protect || b.protect)
                return a.protect && !b.protect;
        return a.tier != b.tier ? a.tier > b.tier : a.value > b.value;
}

/* NULL matches only where anything will do. */
static bool matches(const char *pattern, const char *text)
{
        char path[4096];          /* a reference is at most 255 + 128 bytes and a digest */

        if (!pattern)
                return true;
        return text && (size_t)snprintf(path, sizeof(path), "/%s", text) < sizeof(path) &&
               glob_match(pattern, path);
}

static struct utility ceiling_of(const struct ceilings *c, const char *namespace, const char *image)
{
        for (size_t i = 0; i < c->n; i++)
                if (matches(c->list[i].namespace, namespace) && matches(c->list[i].image, image))
                        return c->list[i].utility;
        return c->otherwise;
}

bool ceilings_lower(const struct ceilings *c, struct claim *claim)
{
        bool lowered = false;

        /* Once each for what is told, or once with nothing. */
        for (size_t i = 0; i == 0 || claim->namespaces[i]; i++)
                for (size_t j = 0; j == 0 || claim->images[j]; j++) {
                        struct utility most = ceiling_of(c, claim->namespaces[i], claim->images[j]);

                        if (is_above(claim->utility, most)) {
                                claim->utility = most;
                                lowered = true;
                        }
                }
        return lowered;
}
