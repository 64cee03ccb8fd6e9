/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Annotations are one flat space of names that the runtime, the engine and the user all write to. Runtimes
 * write their own names last, so those are true; but a user may add a name that another runtime uses (on
 * CRI-O all annotations of a pod arrive here). Therefore whatever may tell the namespace or the image is
 * gathered, all of it, and a ceiling is looked up for each: an untrue one among them can only lower it.
 * For the container's name the first will do: it selects among annotations that the same user wrote. */
#include "hooks/claim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "serve/config_private.h"

#define KEY_OCI       "io.jettison.utility"
#define KEY_POD       "jettison.io/utility"
#define KEY_CONTAINER "jettison.io/utility."

static const char *const keys_name[] = {
        "io.kubernetes.cri.container-name",
        "io.kubernetes.container.name",
        "io.kubernetes.cri-o.ContainerName",    /* of a container that no kubelet asked for */
};
static const char *const keys_pod[] = {
        "io.kubernetes.cri.sandbox-name",
        "io.kubernetes.pod.name",
};
static const char *const keys_namespace[] = {
        "io.kubernetes.cri.sandbox-namespace",
        "io.kubernetes.pod.namespace",
        "io.kubernetes.cri-o.Namespace",
};
static const char *const keys_image[] = {
        "io.kubernetes.cri.image-name",
        "io.kubernetes.cri-o.ImageName",
};
static const char *const keys_type[] = {
        "io.kubernetes.cri.container-type",
        "io.kubernetes.cri-o.ContainerType",
};
_Static_assert(ARRAY_SIZE(keys_namespace) <= CLAIM_ORIGINS && ARRAY_SIZE(keys_image) <= CLAIM_ORIGINS,
               "room for all");

static const char *text_of(const json_t *annotations, const char *key)
{
        return json_string_value(json_object_get(annotations, key));
}

static void gather(const json_t *annotations, const char *const *keys, size_t n_keys, const char **texts)
{
        size_t n = 0;

        for (size_t i = 0; i < n_keys; i++) {
                const char *text = text_of(annotations, keys[i]);

                if (text)
                        texts[n++] = text;
        }
        texts[n] = NULL;
}

static const char *first(const json_t *annotations, const char *const *keys, size_t n_keys)
{
        const char *text = NULL;

        for (size_t i = 0; i < n_keys && !text; i++)
                text = text_of(annotations, keys[i]);
        return text;
}

static bool is_sandbox(const json_t *annotations)
{
        for (size_t i = 0; i < ARRAY_SIZE(keys_type); i++) {
                const char *type = text_of(annotations, keys_type[i]);

                if (type && strcmp(type, "sandbox") == 0)
                        return true;
        }
        return false;
}

/* The annotation that counts, with its key; NULL when there is none. */
static const json_t *find_value(const json_t *annotations, char key[static CLAIM_KEY_MAX])
{
        static const char *const plain[] = { KEY_OCI, KEY_POD };
        const char *name = first(annotations, keys_name, ARRAY_SIZE(keys_name));
        const json_t *value = NULL;

        /* A name that does not fit is no name of Kubernetes'. */
        if (name && snprintf(key, CLAIM_KEY_MAX, KEY_CONTAINER "%s", name) < CLAIM_KEY_MAX)
                value = json_object_get(annotations, key);
        for (size_t i = 0; i < ARRAY_SIZE(plain) && !value; i++) {
                strcpy(key, plain[i]);
                value = json_object_get(annotations, key);
        }
        return value;
}

int claim_read(const json_t *annotations, struct claim *ret_claim, struct config_error *ret_error)
{
        struct claim claim = { 0 };
        const json_t *value = find_value(annotations, claim.key);
        const char *text = json_string_value(value);

        if (!value || is_sandbox(annotations))
                return CLAIM_NONE;
        if (!text)
                return config_error_set(ret_error, -EINVAL, "annotation", 0,
                                        "%s: expected a text, found something else", claim.key);
        if (utility_parse(text, json_string_length(value), &claim.utility) < 0)
                return config_error_set(ret_error, -EINVAL, "annotation", 0,
                                        "%s: expected a utility: 0 to 1000, TIER:VALUE with a tier of 0 to "
                                        "15, or protect; found \"%.64s\"", claim.key, text);
        gather(annotations, keys_namespace, ARRAY_SIZE(keys_namespace), claim.namespaces);
        gather(annotations, keys_image, ARRAY_SIZE(keys_image), claim.images);
        claim.pod = first(annotations, keys_pod, ARRAY_SIZE(keys_pod));
        claim.container = first(annotations, keys_name, ARRAY_SIZE(keys_name));
        *ret_claim = claim;
        return CLAIM_FOUND;
}
