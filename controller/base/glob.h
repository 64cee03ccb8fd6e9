/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns over cgroup paths. Pure; bytes, not characters. */
#pragma once

#include <stdbool.h>

/* A pattern is an absolute path whose components may hold
 *   *        any bytes of one component, also none
 *   ?        one byte
 *   [a-z_]   one byte of the class; [!a-z] or [^a-z] one that is not
 *   \c       c itself, also inside a class
 * and of which a component that is just two stars stands for any number of components, also none. A backslash
 * in a path is an ordinary byte (systemd writes "\x2d"); in a pattern it takes two, or a '?'. */

/* Whether the pattern matches the whole path, which starts with '/'. Takes time in proportion to the product
 * of both lengths at most, and no memory. The pattern should be one that glob_check accepts; any other is
 * safe, but what it matches is not promised. */
bool glob_match(const char *pattern, const char *path);

/* 0, or -EINVAL: not absolute, an empty component (also behind a last '/'), a class that is empty, open or
 * backwards, a backslash with nothing behind it, two stars beside other bytes in one component. */
int glob_check(const char *pattern);
