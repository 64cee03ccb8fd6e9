/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Matching with wildcards of any length needs no recursion: when a later byte does not fit, only the last
 * star has to be tried again one byte further on. An earlier star could only move the match of what stands
 * between the two to the right, and leftmost is never worse. The same holds one level up, with components for
 * bytes and "**" for the star. So there is one place to come back to per level, and the time is bounded by
 * the product of the lengths, whoever chose the names. */
#include "base/glob.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* One member of a class, escaped or not; NULL where the component ends. */
static const char *read_member(const char *p, unsigned char *ret_byte)
{
        if (*p == '\\')
                p++;
        if (*p == '\0' || *p == '/')
                return NULL;
        *ret_byte = (unsigned char)*p;
        return p + 1;
}

/* The class behind '['. Returns what is behind ']', or NULL when it is malformed, and then nothing was hit.
 */
static const char *read_class(const char *p, unsigned char byte, bool *ret_hit)
{
        bool negated = *p == '!' || *p == '^', hit = false;
        const char *start = p += negated;

        while (*p != ']') {
                unsigned char low, high;

                if (!(p = read_member(p, &low)))
                        return NULL;
                high = low;
                if (p[0] == '-' && p[1] != ']' && !(p = read_member(p + 1, &high)))
                        return NULL;
                if (high < low)
                        return NULL;
                hit |= byte >= low && byte <= high;
        }
        if (p == start)
                return NULL;
        *ret_hit = hit != negated;
        return p + 1;
}

/* The element at p, which is not a star, against one byte. Returns the next element on a hit, else NULL. */
static const char *match_one(const char *p, unsigned char byte)
{
        bool hit = false;

        if (*p == '?')
                return p + 1;
        if (*p == '[')
                return (p = read_class(p + 1, byte, &hit)) && hit ? p : NULL;
        if (*p == '\\')
                p++;
        return *p != '\0' && *p != '/' && (unsigned char)*p == byte ? p + 1 : NULL;
}

/* A component of the pattern, up to '/' or NUL, against name … end. */
static bool match_component(const char *p, const char *name, const char *end)
{
        const char *star = NULL, *again = NULL, *next;

        while (name < end) {
                if (*p == '*') {
                        star = ++p;
                        again = name;
                } else if ((next = match_one(p, (unsigned char)*name))) {
                        p = next;
                        name++;
                } else if (star) {
                        p = star;
                        name = ++again;
                } else {
                        return false;
                }
        }
        while (*p == '*')
                p++;
        return *p == '\0' || *p == '/';
}

/* Whether the component behind the '/' at p is just two stars. */
static bool is_any(const char *p)
{
        return strncmp(p, "/**", 3) == 0 && (p[3] == '\0' || p[3] == '/');
}

/* What stands behind the component that begins with the '/' at p. */
static const char *component_end(const char *p)
{
        return strchrnul(p + 1, '/');
}

bool glob_match(const char *pattern, const char *path)
{
        const char *p = pattern, *any = NULL, *again = NULL;

        if (*pattern != '/' || *path != '/')
                return false;
        /* The root has no components. */
        p += p[1] == '\0';
        path += path[1] == '\0';

        while (*path != '\0') {
                const char *end = component_end(path);

                if (is_any(p)) {
                        p += 3;
                        any = p;
                        again = path;
                } else if (*p != '\0' && match_component(p + 1, path + 1, end)) {
                        p = component_end(p);
                        path = end;
                } else if (any) {
                        p = any;
                        path = again = component_end(again);
                } else {
                        return false;
                }
        }
        while (is_any(p))
                p += 3;
        return *p == '\0';
}

int glob_check(const char *pattern)
{
        const char *p = pattern;
        bool hit;

        if (*p != '/')
                return -EINVAL;
        if (p[1] == '\0')
                return 0;
        while (*p != '\0') {
                if (is_any(p)) {
                        p += 3;
                        continue;
                }
                p++;
                if (*p == '\0' || *p == '/')
                        return -EINVAL;
                while (p && *p != '\0' && *p != '/') {
                        if (p[0] == '*' && p[1] == '*')
                                return -EINVAL;
                        if (*p == '[')
                                p = read_class(p + 1, 0, &hit);
                        else if (*p++ == '\\')
                                p = *p != '\0' && *p != '/' ? p + 1 : NULL;
                }
                if (!p)
                        return -EINVAL;
        }
        return 0;
}
