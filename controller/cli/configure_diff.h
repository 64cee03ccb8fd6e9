/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The difference between two texts, for people and for patch(1). */
#pragma once

#include <stdio.h>

#include "cli/text.h"

/* A unified diff with three lines of context; nothing when the texts are the same. NULL: the file is not
 * there, shown as /dev/null. On a terminal everything but printable ASCII and tabs is shown as \xNN. */
void diff_print(const char *path, const char *before, const char *after, FILE *out, const struct term *term);
