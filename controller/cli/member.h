/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of a JSON object, read by a table: each checked, none missing, none unknown, every error with its
 * place. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"

enum member_kind {
        MEMBER_UINT,              /* → uint64_t */
        MEMBER_BOOL,              /* → bool */
        MEMBER_BYTES,             /* a string of bytes → char *, new */
        MEMBER_PERCENT,           /* → uint32_t, hundredths */
        MEMBER_LEFT,              /* an object or array that is read elsewhere → const json_t * */
        MEMBER_N,
};

struct member {
        const char *name;
        enum member_kind kind;
        bool required;
        uint64_t max;           /* of a MEMBER_UINT */
        void *value;            /* borrowed; left as it is when the member is not there */
        bool *found;            /* may be NULL */
};

/* The place that is being read. */
struct place {
        const char *prefix;     /* "", "domain.", "cgroups[3]." */
        char *why;              /* borrowed; receives "PLACE: what is wrong" … */
        size_t why_size;
};

/* Reads the members into the values they point to, and refuses members that are not in the table. 0 or
 * -EINVAL. */
int place_read(const struct place *p, const struct member *members, size_t n, const json_t *object);

/* Fills the place's error; 'name' is appended to the prefix. Returns -EINVAL. */
int place_refuse(const struct place *p, const char *name, const char *format, ...) PRINTF(3, 4);

/* "a string", "null", …: what a value is, for messages. */
const char *member_type(const json_t *value);
