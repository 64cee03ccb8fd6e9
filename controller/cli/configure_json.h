/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Edits of JSON texts that leave all else in them as it is. */
#pragma once

#include "cli/configure_patch.h"
#include "cli/spec.h"

/* Puts the hook into hooks.createRuntime of a specification, first of its list. 0 with the pieces added to
 * *patch, none if a hook of that program's name is there for createRuntime or prestart; -EINVAL with *ret_why
 * (new, "line N: …" or "hooks: …") when the text is no specification. */
int spec_add_hook(const char *text, const char *hook, struct patch *patch, char **ret_why);

/* The program's entry in a list of hooks, as one line. New. */
char *spec_hook_entry(const char *hook);
