/* SPDX-License-Identifier: GPL-2.0-or-later */
/* containerd's own default specification, as its tool ctr prints it. */
#pragma once

#include "cli/configure.h"

/* The output of 'ctr oci spec', run from below the root; new. 'path' is where the user could put it when
 * there is no ctr. Returns an exit code. */
int ctr_spec(struct configure *c, const char *path, char **ret_text);
