/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The label of a cgroup, written. */
#pragma once

#include <stdbool.h>

#include "base/utility.h"

/* Writes the label that counts (LABEL_TRUSTED_NAME of sense/label.h) and the one that mirrors it for people.
 * Who may not write the first is left with the second, and *ret_trusted is false. dir_fd is borrowed. 0, or
 * -errno when neither could be written, or the first for another reason than that it is not allowed. */
int label_write(int dir_fd, struct utility u, bool *ret_trusted);
