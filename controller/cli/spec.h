/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The hook in an OCI runtime specification (config.json). */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* The hook's entry in a list of hooks, with its path. The timeout, in seconds, is that of the hooks.d entry;
 * the hook ends by itself after 2. */
#define SPEC_HOOK_ENTRY "{ \"path\": \"%s\", \"args\": [\"jettison-hook\"], \"timeout\": 5 }"

/* An edit of a text: at this byte so many are taken away, and the piece put there. */
struct splice {
        size_t at, cut;
        char *piece;            /* owned; NULL: nothing is to be done */
};

/* Whether "path" of this hook is a program of the same name as 'hook', in any folder. */
bool spec_is_hook(const json_t *object, const char *hook);

/* What puts the hook first into the list hooks.createRuntime of the specification that jansson has read from
 * the text, duplicates refused. 'hook' is a path that JSON takes as it is. 0, with no piece if a hook of that
 * program's name is there for createRuntime or prestart; -EINVAL with *ret_why (a constant, "hooks: …") when
 * it is none; -ENOMEM. Pure. */
int spec_splice(const char *text, const json_t *spec, const char *hook, struct splice *ret_splice,
                const char **ret_why);
