/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whoever may start a container may annotate it, and on a shared node that is every tenant. A ceiling is what
 * keeps "protect" from meaning "I do not want to die". The first ceiling that matches counts, as with the
 * rules of the daemon's configuration, so that an exception stands before its rule.
 *
 * A mistake in the file must not open what the operator meant to close: the file is taken as a whole or not
 * at all, and what the caller then puts in its place (CEILINGS_BROKEN) gives nobody more than having said
 * nothing. */
#include "hooks/ceiling.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/glob.h"
#include "serve/config_private.h"

static int read_namespace(struct spot *at, json_t *value, void *target)
{
        static const char expected[] = "a pattern of namespaces such as \"batch-*\"";
        struct ceiling *c = target;

        if (json_is_string(value) && strchr(json_string_value(value), '/'))
                return spot_refuse(at, expected, value);
        return spot_pattern(at, value, expected, &c->namespace);
}

static int read_image(struct spot *at, json_t *value, void *target)
{
        struct ceiling *c = target;

        return spot_pattern(at, value, "a pattern of image names such as \"docker.io/library/*\"", &c->image);
}

static int read_utility(struct spot *at, json_t *value, void *target)
{
        struct ceiling *c = target;

        return spot_utility(at, value, &c->utility);
}

static const struct spot_member members_ceiling[] = {
        { "namespace", read_namespace, false },
        { "image", read_image, false },
        { "utility", read_utility, true },
};

static int read_default(struct spot *at, json_t *value, void *target)
{
        struct ceilings *c = target;

        return spot_utility(at, value, &c->otherwise);
}

static int read_ceilings(struct spot *at, json_t *list, void *target)
{
        struct ceilings *c = target;
        void *array = NULL;
        int r;

        if (!json_is_array(list))
                return spot_refuse(at, "a list of ceilings", list);
        r = spot_list(at, list, members_ceiling, ARRAY_SIZE(members_ceiling), sizeof(*c->list), &array,
                      &c->n);
        c->list = array;
        for (size_t i = 0; i < c->n && r == 0; i++)
                if (!c->list[i].namespace && !c->list[i].image)
                        r = spot_refuse_element(at, "a \"namespace\", an \"image\" or both", list, i);
        return r;
}

static const struct spot_member members_root[] = {
        { "default", read_default, false },
        { "ceilings", read_ceilings, false },
};

int ceilings_load(const char *path, bool required, struct ceilings *ret_ceilings,
                  struct config_error *ret_error)
{
        CLEANUP(ceilings_fini) struct ceilings c = CEILINGS_DEFAULT;
        int r = spot_load(path, required, members_root, ARRAY_SIZE(members_root), &c, ret_error);

        if (r < 0)
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

                        if (utility_is_above(claim->utility, most)) {
                                claim->utility = most;
                                lowered = true;
                        }
                }
        return lowered;
}
