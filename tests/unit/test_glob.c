/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Patterns over cgroup paths, held against a plain recursive matcher as well. */
#include "base/glob.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base.h"

Test(glob, matches)
{
        static const struct {
                const char *label, *pattern, *path;
                bool match;
        } rows[] = {
                { "same", "/a/b", "/a/b", true },
                { "shorter path", "/a/b", "/a", false },
                { "longer path", "/a", "/a/b", false },
                { "longer name", "/a", "/ab", false },
                { "shorter name", "/ab", "/a", false },
                { "root", "/", "/", true },
                { "root is not below", "/", "/a", false },
                { "nothing is the root", "/a", "/", false },
                { "a star is no root", "/*", "/", false },
                { "star", "/system.slice/*.service", "/system.slice/ssh.service", true },
                { "star takes nothing", "/a*", "/a", true },
                { "star stays in its component", "/*", "/a/b", false },
                { "star stays inside a slice", "/system.slice/*.service", "/system.slice/x.slice/y.service",
                  false },
                { "two stars apart", "/*a*b", "/xxaxxaxxb", true },
                { "two stars apart, no end", "/*a*b", "/xxaxxaxxbx", false },
                { "the last star gives way", "/*ab", "/aaab", true },
                { "star at the end", "/ab*", "/abcde", true },
                { "star in the middle component", "/a/*/c", "/a/b/c", true },
                { "star is one component", "/a/*/c", "/a/b/b/c", false },
                { "star is not no component", "/a/*/c", "/a/c", false },
                { "star takes a leading dot", "/*", "/.hidden", true },
                { "question mark", "/a?c", "/abc", true },
                { "question mark takes a byte", "/a?c", "/ac", false },
                { "question mark takes no slash", "/a?c", "/a/c", false },
                { "question mark takes one byte of two", "/?", "/\xc3\xa4", false },
                { "question marks take both", "/\?\?", "/\xc3\xa4", true },
                { "class", "/[abc]x", "/bx", true },
                { "class, not in it", "/[abc]x", "/dx", false },
                { "range", "/w[0-9]", "/w7", true },
                { "range, outside", "/w[0-9]", "/wa", false },
                { "range of high bytes", "/[\x80-\xff]", "/\xc3", true },
                { "two ranges", "/[a-cx-z]", "/y", true },
                { "negated", "/[!a]", "/b", true },
                { "negated with ^", "/[^a]", "/a", false },
                { "negated takes no slash", "/a[!b]c", "/a/c", false },
                { "a ! that is not first", "/[a!]", "/!", true },
                { "- first", "/[-a]", "/-", true },
                { "- last", "/[a-]", "/-", true },
                { "] escaped in a class", "/[\\]]", "/]", true },
                { "class behind a star", "/*[0-9]", "/abc7", true },
                { "star in a class is a star", "/[*]", "/*", true },
                { "star in a class is only that", "/[*]", "/a", false },
                { "escaped star", "/a\\*", "/a*", true },
                { "escaped star is only that", "/a\\*", "/ab", false },
                { "escaped bracket", "/\\[a]", "/[a]", true },
                { "a backslash in a path", "/a\\\\x2db", "/a\\x2db", true },
                { "a backslash for a question mark", "/a?x2db", "/a\\x2db", true },
                { "a backslash for a star", "/docker*.scope", "/docker\\x2dabc.scope", true },
                { "an escape is not a backslash", "/a\\x2db", "/a\\x2db", false },
                { "any: none", "/a/**", "/a", true },
                { "any: one", "/a/**", "/a/b", true },
                { "any: many", "/a/**", "/a/b/c/d", true },
                { "any: not beside", "/a/**", "/ab", false },
                { "any alone: root", "/**", "/", true },
                { "any alone: all", "/**", "/a/b", true },
                { "any in front", "/**/x", "/x", true },
                { "any in front of depth", "/**/x", "/a/b/x", true },
                { "any in front, whole names", "/**/x", "/a/bx", false },
                { "any in front, to the end", "/**/x", "/x/y", false },
                { "any between: none", "/a/**/b", "/a/b", true },
                { "any between: two", "/a/**/b", "/a/x/y/b", true },
                { "any between: the later one", "/a/**/b", "/a/b/x/b", true },
                { "any twice", "/**/a/**/b", "/x/a/y/a/z/b", true },
                { "any twice in a row", "/a/**/**/b", "/a/b", true },
                { "any, then a star", "/**/*.service", "/a/b/c.service", true },
                { "any, then two", "/**/a/b", "/a/a/b", true },
                { "any, then two, apart", "/**/a/b", "/a/x/b", false },
                { "a pod", "/kubepods.slice/**/cri-containerd-*.scope",
                  "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod1.slice/"
                  "cri-containerd-9.scope",
                  true },
                { "pattern not absolute", "a", "/a", false },
                { "path not absolute", "/a", "a", false },
                { "empty pattern", "", "/", false },
                { "empty path", "/", "", false },
                { "control bytes", "/a*", "/a\n\x01\x7f", true },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                cr_expect(glob_match(rows[i].pattern, rows[i].path) == rows[i].match, "%s: \"%s\" and \"%s\"",
                          rows[i].label, rows[i].pattern, rows[i].path);
}

Test(glob, checks)
{
        static const struct {
                const char *label, *pattern;
                bool good;
        } rows[] = {
                { "root", "/", true },
                { "plain", "/a/b", true },
                { "stars", "/*/a*b*c", true },
                { "any", "/**/a/**", true },
                { "class", "/[a-z_][!0-9]", true },
                { "class of one range", "/[a-a]", true },
                { "escapes", "/\\*\\\\\\[", true },
                { "escape in a class", "/[\\]\\\\]", true },
                { "closing bracket alone", "/a]", true },
                { "high bytes", "/\xff\xfe", true },
                { "empty", "", false },
                { "not absolute", "a/b", false },
                { "empty component", "/a//b", false },
                { "slash at the end", "/a/", false },
                { "two slashes", "//", false },
                { "any, slash at the end", "/**/", false },
                { "two stars and more", "/a**", false },
                { "more and two stars", "/**a", false },
                { "three stars", "/***", false },
                { "open class", "/[a", false },
                { "open class at the end", "/[", false },
                { "class open to the slash", "/[a/b]", false },
                { "empty class", "/[]", false },
                { "empty negated class", "/[!]", false },
                { "range backwards", "/[z-a]", false },
                { "range backwards by one", "/[b-a]", false },
                { "range without end", "/[a-", false },
                { "escape at the end", "/a\\", false },
                { "escape of a slash", "/a\\/b", false },
                { "escape at the end of a class", "/[a\\", false },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                cr_expect(glob_check(rows[i].pattern) == (rows[i].good ? 0 : -EINVAL), "%s: \"%s\"",
                          rows[i].label, rows[i].pattern);
}

/* The oracle: says the same by recursion, byte by byte, for patterns without classes. */
static bool oracle(const char *p, const char *s)
{
        if (strncmp(p, "/**", 3) == 0 && (p[3] == '\0' || p[3] == '/')) {
                if (oracle(p + 3, s))
                        return true;
                for (; *s == '/';) {
                        s = strchrnul(s + 1, '/');
                        if (oracle(p + 3, s))
                                return true;
                }
                return false;
        }
        if (*p == '\0')
                return *s == '\0';
        if (*p == '*')
                return oracle(p + 1, s) || (*s != '\0' && *s != '/' && oracle(p, s + 1));
        if (*p == '?')
                return *s != '\0' && *s != '/' && oracle(p + 1, s + 1);
        if (*p == '\\' && p[1] != '\0')
                p++;
        return *p == *s && oracle(p + 1, s + 1);
}

static uint32_t next_random(uint32_t *state)
{
        *state = *state * 1664525u + 1013904223u;
        return *state >> 16;
}

static void random_text(char *text, size_t len, const char *alphabet, uint32_t *state)
{
        text[0] = '/';
        for (size_t i = 1; i < len; i++)
                text[i] = alphabet[next_random(state) % strlen(alphabet)];
        text[len] = '\0';
}

Test(glob, agrees_with_the_oracle)
{
        uint32_t state = 20240229, seed = state;
        size_t matched = 0, compared = 0;

        for (size_t i = 0; i < 400000; i++) {
                char pattern[16], path[16];

                random_text(pattern, 2 + next_random(&state) % 10, "aab//**?\\", &state);
                random_text(path, 2 + next_random(&state) % 10, "aab/", &state);
                if (glob_check(pattern) < 0 || glob_check(path) < 0)
                        continue;
                compared++;
                matched += oracle(pattern, path);
                cr_assert(glob_match(pattern, path) == oracle(pattern, path), "seed %u: \"%s\" and \"%s\"",
                          seed, pattern, path);
        }
        cr_assert(compared > 20000 && matched > 1000, "only %zu compared, %zu matched", compared, matched);
}

/* Malformed patterns promise nothing, but are read inside their bounds (run under a sanitizer). */
Test(glob, any_bytes_are_safe)
{
        uint32_t state = 7;

        for (size_t i = 0; i < 200000; i++) {
                size_t len = 2 + next_random(&state) % 12;
                CLEANUP(free_p) char *pattern = malloc(len + 1);
                char path[16];

                random_text(pattern, len, "a/*?[]!^-\\\xff", &state);
                random_text(path, 2 + next_random(&state) % 10, "a/[\\\xff", &state);
                glob_match(pattern, path);
                glob_check(pattern);
        }
}

/* Stars that all must give way: a matcher that tries every split would not come back. */
Test(glob, no_blow_up, .timeout = 10)
{
        char pattern[4096], path[4096];
        size_t p = 0;
        clock_t start = clock();

        pattern[p++] = '/';
        while (p < 2000) {
                pattern[p++] = '*';
                pattern[p++] = 'a';
        }
        pattern[p++] = 'b';
        pattern[p] = '\0';
        path[0] = '/';
        memset(path + 1, 'a', 4000);
        path[4001] = '\0';
        cr_expect(!glob_match(pattern, path));

        p = 0;
        while (p < 2000) {
                memcpy(pattern + p, "/**/a", 5);
                p += 5;
        }
        strcpy(pattern + p, "/b");
        for (size_t i = 0; i < 4000; i += 2)
                memcpy(path + i, "/a", 2);
        path[4000] = '\0';
        cr_expect(glob_check(pattern) == 0);
        cr_expect(!glob_match(pattern, path));
        cr_expect(clock() - start < 2 * CLOCKS_PER_SEC, "took %.1f s",
                  (double)(clock() - start) / CLOCKS_PER_SEC);
}
