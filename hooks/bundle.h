/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The bundle that a runtime is about to make a container from. */
#pragma once

#include "serve/config.h"

/* The largest that are known have some 100 KiB; annotations of Kubernetes are bounded at 256 KiB in all. */
#define BUNDLE_SPEC_MAX (16 * MIB)

/* The text of a config.json with the hook in it, new; NULL in *ret_text where nothing is to be done: no
 * annotation asks for a utility (hooks/claim.h), or the hook is there. 0, or a negative errno with *ret_error
 * filled. Pure. */
int bundle_edit(const char *text, const char *hook, char **ret_text, struct config_error *ret_error);

/* Puts the hook into config.json of the bundle where bundle_edit says so; else the file is as it was to the
 * last byte. It is exchanged as a whole and keeps owner and mode. It must be a regular file and no link,
 * belong to root or the caller and be writable by its owner alone; the hook must be a program, for a runtime
 * starts nothing with a hook that is not there. 0, or a negative errno with *ret_error filled, and nothing is
 * changed then. */
int bundle_add_hook(const char *bundle, const char *hook, struct config_error *ret_error);
