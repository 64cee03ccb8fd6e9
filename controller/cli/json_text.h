/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things stand in a JSON text that jansson has accepted, for edits that leave all else as it is. */
#pragma once

#include <stdbool.h>

struct json_place {
        const char *key;        /* the member's opening quote */
        const char *value, *end;        /* the first byte of its value, the byte behind it */
};

/* The text's value: behind the white space. Borrowed, as all below. */
const char *json_text_root(const char *text);

/* Finds a member of the object whose brace stands at 'object'. False: there is none of that name, or its name
 * is written with escapes. Pure. */
bool json_text_find(const char *object, const char *name, struct json_place *ret_place);
