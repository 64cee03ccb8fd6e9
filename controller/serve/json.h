/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Members of a JSON object from which nothing is demanded: what is missing, or something else, counts as
 * nothing. */
#pragma once

#include <jansson.h>
#include <stdint.h>

/* 0 as well for what is below it. */
static inline uint64_t field_u64(const json_t *object, const char *name)
{
        json_int_t value = json_integer_value(json_object_get(object, name));

        return value > 0 ? (uint64_t)value : 0;
}

/* "" when there is none; borrowed from the object. */
static inline const char *field_text(const json_t *object, const char *name)
{
        const char *text = json_string_value(json_object_get(object, name));

        return text ? text : "";
}
