/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns: "PATTERN NUL PATH". A pattern that passes the check matches what a plain recursive matcher (one
 * that keeps its answers) says it does; and each path is matched by itself, escaped. */
#include "base/base.h"
#include "base/glob.h"
#include "fuzz.h"

/* Beyond it the answers take too much room; the matcher itself is still run. */
#define LENGTH_MAX 64u

enum answer { UNKNOWN, YES, NO };

struct oracle {
        const char *pattern, *path;
        uint8_t answers[LENGTH_MAX + 1][LENGTH_MAX + 1];
};

/* Reads one byte of a class, perhaps escaped. */
static unsigned char member(const char **p)
{
        *p += **p == '\\';
        return (unsigned char)*(*p)++;
}

/* The element at p, which is none of '*', '/' and NUL: what is behind it, if it is this byte, else NULL. */
static const char *element(const char *p, unsigned char byte)
{
        bool negated, hit = false;

        if (byte == '\0' || byte == '/')
                return NULL;
        if (*p == '?')
                return p + 1;
        if (*p != '[')
                return member(&p) == byte ? p : NULL;
        negated = *++p == '!' || *p == '^';
        p += negated;
        while (*p != ']') {
                unsigned char low = member(&p), high = low;

                if (p[0] == '-' && p[1] != ']') {
                        p++;
                        high = member(&p);
                }
                hit |= byte >= low && byte <= high;
        }
        return hit != negated ? p + 1 : NULL;
}

static bool fits(struct oracle *o, const char *p, const char *t);

static bool fits_afresh(struct oracle *o, const char *p, const char *t)
{
        if (strncmp(p, "/**", 3) == 0 && (p[3] == '\0' || p[3] == '/'))
                return fits(o, p + 3, t) || (*t == '/' && fits(o, p, t + 1 + strcspn(t + 1, "/")));
        if (*p == '*')
                return fits(o, p + 1, t) || (*t != '\0' && *t != '/' && fits(o, p, t + 1));
        if (*p == '\0' || *p == '/')
                return *p == *t && (*p == '\0' || fits(o, p + 1, t + 1));
        p = element(p, (unsigned char)*t);
        return p && fits(o, p, t + 1);
}

static bool fits(struct oracle *o, const char *p, const char *t)
{
        uint8_t *answer = &o->answers[p - o->pattern][t - o->path];

        if (*answer == UNKNOWN)
                *answer = fits_afresh(o, p, t) ? YES : NO;
        return *answer == YES;
}

static bool is_path(const char *path)
{
        size_t len = strlen(path);

        return path[0] == '/' && !strstr(path, "//") && (len == 1 || path[len - 1] != '/');
}

static void try_oracle(const char *pattern, const char *path)
{
        struct oracle o = { pattern, path, { { UNKNOWN } } };

        if (strlen(pattern) > LENGTH_MAX || strlen(path) > LENGTH_MAX)
                return;
        if (glob_check(pattern) < 0 || !is_path(path))
                return;
        /* The root has no components. */
        pattern += pattern[1] == '\0';
        path += path[1] == '\0';
        EXPECT(glob_match(o.pattern, o.path) == fits(&o, pattern, path));
}

static void try_itself(const char *path)
{
        CLEANUP(free_p) char *pattern = malloc(2 * strlen(path) + 1);
        char *p = pattern;

        EXPECT(pattern);
        for (const char *t = path; *t != '\0'; t++) {
                if (*t != '/')
                        *p++ = '\\';
                *p++ = *t;
        }
        *p = '\0';
        EXPECT(!is_path(path) || (glob_check(pattern) == 0 && glob_match(pattern, path)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP(free_p) char *text = fuzz_text(data, size);
        size_t len = strlen(text);
        CLEANUP(free_p) char *path = fuzz_text(data + u64_min(len + 1, size), size - u64_min(len + 1, size));

        glob_match(text, path);
        try_oracle(text, path);
        try_itself(path);
        return 0;
}
