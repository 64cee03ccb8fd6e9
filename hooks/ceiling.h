/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an annotation may ask for at most: the operator's word over the user's. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/utility.h"
#include "hooks/claim.h"
#include "serve/config.h"

#define CEILING_PATH "/etc/jettison/hook.json"

/* Patterns are NULL where anything will do, else owned and as glob_match takes them. */
struct ceiling {
        char *namespace, *image;
        struct utility utility;
};

struct ceilings {
        struct ceiling *list;           /* owned; the first that matches counts */
        size_t n;
        struct utility otherwise;       /* when none does */
};

/* Nobody configured anything: a value is theirs to choose, but neither a tier nor protect is. */
#define CEILINGS_DEFAULT { .otherwise = { .value = UTILITY_MAX } }

/* Nobody can say what is allowed: nothing above what a container without any label has. */
#define CEILINGS_BROKEN  { .otherwise = { .value = UTILITY_DEFAULT } }

/* Reads a file such as
 *   { "default": 500,
 *     "ceilings": [ { "namespace": "kube-system", "utility": "protect" },
 *                   { "namespace": "batch-*", "image": "ghcr.io/lab/app:*", "utility": 50 } ] }
 * A namespace is held against its pattern as one component, an image's name as a relative path, with
 * the wildcards of base/glob.h; a ceiling with both needs both. The file has to be one that config_file_open
 * takes (owner, mode, size, depth). One that is not there is an error only if 'required', and else
 * CEILINGS_DEFAULT. 0 with *ret_ceilings made anew, or a negative errno with *ret_error filled (not for
 * -ENOMEM). */
int ceilings_load(const char *path, bool required, struct ceilings *ret_ceilings,
                  struct config_error *ret_error);
void ceilings_fini(struct ceilings *c);

/* Lowers what is claimed to the ceiling for where it comes from; where several namespaces or images are told,
 * to the lowest of their ceilings. Tier before value, and protect above all. Returns whether it was higher.
 * Pure. */
bool ceilings_lower(const struct ceilings *c, struct claim *claim);
