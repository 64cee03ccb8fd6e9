/* SPDX-License-Identifier: GPL-2.0-or-later */
/* jansson says whether the text is valid and what it holds, but not where. Where an object of a valid
 * text begins is found by walking over it once: outside of strings only the brackets count. Keys of a
 * valid text are unique here (duplicates are refused), so the first of a name at its depth is the one. */
#include "cli/configure_json.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "cli/text.h"

/* Seconds after which the runtime ends the hook; it ends by itself after 2. As in the hooks.d entry. */
#define HOOK_TIMEOUT_S 5

static const char *skip_white(const char *p)
{
        return p + strspn(p, " \t\r\n");
}

/* Behind the string that begins at p. */
static const char *skip_string(const char *p)
{
        for (p++; *p != '"'; p++)
                if (*p == '\\')
                        p++;
        return p + 1;
}

static const char *skip_value(const char *p)
{
        size_t depth = 0;

        do {
                p = skip_white(p);
                if (*p == '"') {
                        p = skip_string(p);
                } else if (strchr("{[", *p)) {
                        depth++;
                        p++;
                } else if (strchr("}]", *p)) {
                        depth--;
                        p++;
                } else if (strchr(",:", *p)) {
                        p++;
                } else {
                        p += strcspn(p, " \t\r\n,:]}");
                }
        } while (depth > 0);
        return p;
}

/* The value of a member of the object that begins at p; the object has it. */
static const char *member_value(const char *p, const char *name)
{
        size_t len = strlen(name);

        for (p++;; p++) {
                const char *key = skip_white(p);

                p = skip_white(skip_string(key));
                p = skip_white(p + 1);
                if (strncmp(key + 1, name, len) == 0 && key[len + 1] == '"')
                        return p;
                p = skip_white(skip_value(p));
        }
}

char *spec_hook_entry(const char *hook)
{
        return text_format("{ \"path\": \"%s\", \"args\": [\"jettison-hook\"], \"timeout\": %d }", hook,
                           HOOK_TIMEOUT_S);
}

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

/* What has to be put in, and where, depends on how much of hooks.createRuntime is there. */
static void add_pieces(const char *text, const json_t *spec, const char *hook, struct patch *patch)
{
        CLEANUP(free_p) char *entry = spec_hook_entry(hook);
        const json_t *hooks = json_object_get(spec, "hooks");
        const json_t *stage = json_object_get(hooks, "createRuntime");
        const char *at = skip_white(text);
        char *piece;

        if (hooks)
                at = member_value(at, "hooks");
        if (stage)
                at = member_value(at, "createRuntime");
        at++;
        if (stage)
                piece = text_format("\n            %s%s", entry, json_array_size(stage) > 0 ? "," : "\n      "
                                                                                 "  ");
        else if (hooks)
                piece = text_format("\n        \"createRuntime\": [\n            %s\n        ]%s", entry,
                                    json_object_size(hooks) > 0 ? "," : "\n    ");
        else
                piece = text_format("\n    \"hooks\": {\n        \"createRuntime\": [\n            %s\n"
                                    "        ]\n    },", entry);
        patch_add(patch, (size_t)(at - text), piece);
}

int spec_add_hook(const char *text, const char *hook, struct patch *patch, char **ret_why)
{
        json_error_t error;
        json_t *spec = json_loads(text, JSON_REJECT_DUPLICATES, &error);
        const json_t *hooks = json_object_get(spec, "hooks");
        const json_t *stage = json_object_get(hooks, "createRuntime");
        int r = 0;

        if (!spec) {
                *ret_why = text_format("line %d: %s", error.line, error.text);
                return -EINVAL;
        }
        if (!json_string_value(json_object_get(spec, "ociVersion"))) {
                *ret_why = text_format("ociVersion: expected a string, as in an OCI specification");
                r = -EINVAL;
        } else if ((hooks && !json_is_object(hooks)) || (stage && !json_is_array(stage))) {
                *ret_why = text_format("hooks: expected an object with lists");
                r = -EINVAL;
        } else if (!stage_has_hook(hooks, "createRuntime", hook) &&
                   !stage_has_hook(hooks, "prestart", hook)) {
                add_pieces(text, spec, hook, patch);
        }
        json_decref(spec);
        return r;
}
