/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel writes three kinds of text that concern memory: a lone number or "max"; lines of "key number";
 * and the two lines of a pressure file. All of it may be cut short (the buffer was too small, the file is
 * someone else's), so nothing is believed that is not followed by its end: a number at the very end of a
 * text without newline might be the first digits of a longer one. Only a lone value may end without
 * newline, since it is read whole. */
#include "base/ktext.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
        return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *p)
{
        while (*p == ' ' || *p == '\t')
                p++;
        return p;
}

const char *ktext_digits(const char *p, uint64_t *ret_value)
{
        uint64_t value = 0;

        if (!is_digit(*p))
                return NULL;
        for (; is_digit(*p); p++)
                if (__builtin_mul_overflow(value, 10, &value) ||
                    __builtin_add_overflow(value, (uint64_t)(*p - '0'), &value))
                        return NULL;
        *ret_value = value;
        return p;
}

int ktext_u64(const char *text, uint64_t *ret_value)
{
        const char *p = skip_blanks(text);
        uint64_t value = KTEXT_MAX;

        if (strncmp(p, "max", 3) == 0)
                p += 3;
        else if (!(p = ktext_digits(p, &value)))
                return -EINVAL;

        while (*p == ' ' || *p == '\t' || *p == '\n')
                p++;
        if (*p != '\0')
                return -EINVAL;
        *ret_value = value;
        return 0;
}

/* One bit for each first letter, so that a line that is nobody's costs one test. Letters 64 apart share a bit. */
static uint64_t letter_bit(char c)
{
        return UINT64_C(1) << ((unsigned char)c & 63);
}

/* The key that a line begins with, and where its value may stand. */
static const struct ktext_key *find_key(const struct ktext_key *keys, size_t n_keys, const char *line,
                                        const char **ret_behind)
{
        for (size_t i = 0; i < n_keys; i++) {
                const char *name = keys[i].name, *p = line;

                if (*name != *p)
                        continue;
                while (*name && *name == *p)
                        name++, p++;
                if (*name == '\0' && (*p == ' ' || *p == '\t')) {
                        *ret_behind = p;
                        return &keys[i];
                }
        }
        return NULL;
}

size_t ktext_keys(const char *text, const struct ktext_key *keys, size_t n_keys)
{
        uint64_t seen = 0, letters = 0;
        size_t found = 0;

        for (size_t i = 0; i < n_keys; i++)
                letters |= letter_bit(keys[i].name[0]);
        for (const char *line = text, *end; found < n_keys && (end = strchr(line, '\n')); line = end + 1) {
                const struct ktext_key *key;
                uint64_t bit, value;
                const char *behind;

                if (!(letters & letter_bit(*line)) || !(key = find_key(keys, n_keys, line, &behind)))
                        continue;
                bit = UINT64_C(1) << (key - keys);
                if ((seen & bit) || !ktext_digits(skip_blanks(behind), &value))
                        continue;
                *key->value = value;
                seen |= bit;
                found++;
        }
        return found;
}

int ktext_find(const char *text, const char *name, uint64_t *ret_value)
{
        const struct ktext_key key = { .name = name, .value = ret_value };

        return ktext_keys(text, &key, 1) == 1 ? 0 : -ENOENT;
}

const char *ktext_cgroup(const char *text, size_t *ret_len)
{
        for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
                if (strncmp(text, "0::/", 4) != 0)
                        continue;
                *ret_len = (size_t)(end - (text + 3));
                return text + 3;
        }
        return NULL;
}

/* "avg10=12.34" → 1234. Exactly two decimals, as kernel/sched/psi.c prints them. */
static const char *read_average(const char *p, const char *name, uint32_t *ret_average)
{
        size_t len = strlen(name);
        uint64_t whole;

        if (strncmp(p, name, len) != 0 || !(p = ktext_digits(p + len, &whole)) || whole > 100)
                return NULL;
        if (p[0] != '.' || !is_digit(p[1]) || !is_digit(p[2]))
                return NULL;
        whole = whole * 100 + (uint64_t)(p[1] - '0') * 10 + (uint64_t)(p[2] - '0');
        if (whole > 10000)
                return NULL;
        *ret_average = (uint32_t)whole;
        return skip_blanks(p + 3);
}

static const char *read_psi_line(const char *p, const char *name, struct psi_line *ret_line)
{
        size_t len = strlen(name);

        if (strncmp(p, name, len) != 0 || p[len] != ' ')
                return NULL;
        p = skip_blanks(p + len);
        if (!(p = read_average(p, "avg10=", &ret_line->avg10)) ||
            !(p = read_average(p, "avg60=", &ret_line->avg60)) ||
            !(p = read_average(p, "avg300=", &ret_line->avg300)))
                return NULL;
        if (strncmp(p, "total=", 6) != 0 || !(p = ktext_digits(p + 6, &ret_line->total_us)) || *p != '\n')
                return NULL;
        return p + 1;
}

int ktext_psi(const char *text, struct psi *ret_psi)
{
        struct psi psi;
        const char *p = read_psi_line(text, "some", &psi.some);

        if (!p || !read_psi_line(p, "full", &psi.full))
                return -EINVAL;
        *ret_psi = psi;
        return 0;
}
