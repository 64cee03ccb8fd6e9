/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What has to be done to a specification is known to cli/spec.c, which jettison-runtime uses as well; here it
 * becomes a patch that can be undone. */
#include "cli/configure_json.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "cli/text.h"

char *spec_hook_entry(const char *hook)
{
        return text_format(SPEC_HOOK_ENTRY, hook);
}

int spec_add_hook(const char *text, const char *hook, struct patch *patch, char **ret_why)
{
        json_error_t error;
        json_t *spec = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
        struct splice splice = { 0 };
        const char *why;
        int r;

        if (!spec) {
                *ret_why = text_format("line %d: %s", error.line, error.text);
                return -EINVAL;
        }
        r = spec_splice(text, spec, hook, &splice, &why);
        json_decref(spec);
        if (r == -ENOMEM)
                must(NULL);
        if (r < 0)
                *ret_why = must(strdup(why));
        else if (splice.piece)
                patch_replace(patch, splice.at, must(strndup(text + splice.at, splice.cut)), splice.piece);
        return r;
}
