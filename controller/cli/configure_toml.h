/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the tables, keys and values of a TOML text stand. For editing: nothing is converted, and what is
 * not asked for is only checked for its form. TOML 1.0 with these limits: dates and numbers are not
 * checked beyond their characters, and a key with an escape is refused. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum toml_kind {
        TOML_HEADER,            /* [table]; begin … end is the header's line without its end */
        TOML_STRING,            /* begin … end with the quotes */
        TOML_ARRAY,             /* with the brackets */
        TOML_INLINE,            /* an inline table, with the braces; its keys are items of their own */
        TOML_SCALAR,            /* number, boolean, date */
        TOML_N,
};

/* Between the parts of a path: a control character, which no key may hold. */
#define TOML_DOT "\x1f"

struct toml_item {
        enum toml_kind kind;
        char *path;             /* owned: the table's path and the key, joined by TOML_DOT */
        size_t begin, end;      /* bytes of the text */
        size_t line;            /* of the beginning, from 1 */
        size_t table_len;       /* how much of the path is that of the header above; of a header, all */
};

struct toml {
        const char *text;       /* borrowed */
        struct toml_item *items;
        size_t n_items;
};

struct toml_error {
        size_t line;
        char text[128];
};

/* Reads a text; what stands in arrays of tables is checked and left out. 0 with a new toml for toml_fini, or
 * -EINVAL with *ret_error filled. */
int toml_read(const char *text, struct toml *ret_toml, struct toml_error *ret_error);
void toml_fini(struct toml *t);

/* The item of that path and kind TOML_HEADER, or of any other kind. Borrowed; NULL when there is none. */
const struct toml_item *toml_header(const struct toml *t, const char *path);
const struct toml_item *toml_value(const struct toml *t, const char *path);

/* The value that keeps a header [path] from being added: it is what the path or a table above it is made of,
 * an inline table or dotted keys. Borrowed; NULL when there is none. */
const struct toml_item *toml_obstacle(const struct toml *t, const char *path);

/* The text of a TOML_STRING item, new. NULL for other kinds. */
char *toml_string(const struct toml *t, const struct toml_item *item);

/* The strings of an array, new, ended by NULL; for strings_free. *ret_end (may be NULL): the
 * byte behind the last one, or behind the opening bracket. NULL when it holds anything but plain
 * strings. */
char **toml_strings(const struct toml *t, const struct toml_item *item, size_t *ret_end);

/* Frees a list that NULL ends. Takes NULL. */
void strings_free(char **strings);

static inline void strings_free_p(char ***strings)
{
        strings_free(*strings);
}
