/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A specification is not written anew from what was read of it: it may hold numbers that jansson has no type
 * for (no limit is 2^64 - 1), and what is only put into the text cannot change the rest. */
#include "cli/spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cli/json_text.h"

#define STAGE "createRuntime"

bool spec_is_hook(const json_t *object, const char *hook)
{
        const char *path = json_string_value(json_object_get(object, "path"));

        return path && strcmp(basename(path), basename(hook)) == 0;
}

static bool stage_has_hook(const json_t *hooks, const char *stage, const char *hook)
{
        size_t index;
        json_t *entry;

        json_array_foreach(json_object_get(hooks, stage), index, entry)
                if (spec_is_hook(entry, hook))
                        return true;
        return false;
}

/* A member that is null is one that is not there, but its name is taken. */
static const json_t *member(const json_t *object, const char *name)
{
        const json_t *value = json_object_get(object, name);

        return json_is_null(value) ? NULL : value;
}

/* What the piece is, by how much of hooks.createRuntime is there. */
static int format_piece(const json_t *hooks, const json_t *stage, bool named, const char *hook,
                        char **ret_piece)
{
        char *piece = NULL;
        int n;

        if (stage)
                n = asprintf(&piece, "\n            " SPEC_HOOK_ENTRY "%s", hook,
                             json_array_size(stage) > 0 ? "," : "\n        ");
        else if (hooks && named)
                n = asprintf(&piece, "[\n            " SPEC_HOOK_ENTRY "\n        ]", hook);
        else if (hooks)
                n = asprintf(&piece, "\n        \"" STAGE "\": [\n            " SPEC_HOOK_ENTRY "\n"
                             "        ]%s", hook, json_object_size(hooks) > 0 ? "," : "\n    ");
        else
                n = asprintf(&piece, "%s{\n        \"" STAGE "\": [\n            " SPEC_HOOK_ENTRY "\n"
                             "        ]\n    }%s", named ? "" : "\n    \"hooks\": ", hook, named ? "" : ",");
        if (n < 0)
                return -ENOMEM;
        *ret_piece = piece;
        return 0;
}

/* Behind the opening bracket of the innermost that is there, or in the place of a null. */
static int make_splice(const char *text, const json_t *spec, const char *hook, struct splice *ret_splice)
{
        const json_t *hooks = member(spec, "hooks"), *stage = member(hooks, STAGE);
        const char *at = json_text_root(text);
        struct json_place place;
        bool named = false;
        size_t cut = 0;

        if (json_object_get(spec, "hooks")) {
                if (!json_text_find(at, "hooks", &place))
                        return -EINVAL;
                at = place.value;
                named = !hooks;
        }
        if (json_object_get(hooks, STAGE)) {
                if (!json_text_find(at, STAGE, &place))
                        return -EINVAL;
                at = place.value;
                named = !stage;
        }
        if (named)
                cut = (size_t)(place.end - place.value);
        else
                at++;
        ret_splice->at = (size_t)(at - text);
        ret_splice->cut = cut;
        return format_piece(hooks, stage, named, hook, &ret_splice->piece);
}

int spec_splice(const char *text, const json_t *spec, const char *hook, struct splice *ret_splice,
                const char **ret_why)
{
        const json_t *hooks = member(spec, "hooks"), *stage = member(hooks, STAGE);
        struct splice splice = { 0 };
        int r = 0;

        *ret_why = "hooks: expected an object with lists";
        if (!json_is_string(json_object_get(spec, "ociVersion"))) {
                *ret_why = "ociVersion: expected a string, as in an OCI specification";
                return -EINVAL;
        }
        if ((hooks && !json_is_object(hooks)) || (stage && !json_is_array(stage)))
                return -EINVAL;
        if (!stage_has_hook(hooks, STAGE, hook) && !stage_has_hook(hooks, "prestart", hook))
                r = make_splice(text, spec, hook, &splice);
        if (r == -EINVAL)
                *ret_why = "hooks: expected names without escapes";
        if (r == 0)
                *ret_splice = splice;
        return r;
}
