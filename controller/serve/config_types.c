/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each notation is a pair: what reads it and what writes it, side by side, so that what is dumped can be
 * loaded and means the same. Values are written in the largest unit that divides them. One notation per type:
 * a size is always text with a unit, so that nobody has to know whether a number counted bytes, kibibytes or
 * pages. */
#include "serve/config_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

/* From here on a fixed capacity is read as bytes rather than as points of the oom score. */
#define CAPACITY_AS_SIZE MIB

/* Enough for "18446744073709551615us". */
#define VALUE_TEXT_MAX 32

/* ---- numbers ---- */

static int get_bool(const struct key *key UNUSED, const json_t *value, uint64_t *ret_number)
{
        if (!json_is_boolean(value))
                return -EINVAL;
        *ret_number = json_is_true(value);
        return 0;
}

static json_t *put_bool(const struct key *key UNUSED, uint64_t number)
{
        return json_boolean(number);
}

static int get_word(const struct key *key, const json_t *value, uint64_t *ret_number)
{
        for (size_t i = 0; json_is_string(value) && key->words[i]; i++)
                if (strcmp(json_string_value(value), key->words[i]) == 0) {
                        *ret_number = i;
                        return 0;
                }
        return -EINVAL;
}

static json_t *put_word(const struct key *key, uint64_t number)
{
        return json_string(key->words[number]);
}

static int get_number(const struct key *key UNUSED, const json_t *value, uint64_t *ret_number)
{
        if (!json_is_integer(value) || json_integer_value(value) < 0)
                return -EINVAL;
        *ret_number = (uint64_t)json_integer_value(value);
        return 0;
}

static json_t *put_number(const struct key *key UNUSED, uint64_t number)
{
        return json_integer((json_int_t)number);
}

static int get_size(const struct key *key UNUSED, const json_t *value, uint64_t *ret_number)
{
        return json_is_string(value) ? size_parse(json_string_value(value), ret_number) : -EINVAL;
}

static void write_size(uint64_t bytes, char text[static VALUE_TEXT_MAX])
{
        static const char *const units[] = { "", "K", "M", "G", "T" };
        size_t i = 0;

        while (bytes > 0 && bytes % KIB == 0 && i + 1 < ARRAY_SIZE(units)) {
                bytes /= KIB;
                i++;
        }
        snprintf(text, VALUE_TEXT_MAX, "%llu%s", (unsigned long long)bytes, units[i]);
}

static json_t *put_size(const struct key *key UNUSED, uint64_t number)
{
        char text[VALUE_TEXT_MAX];

        write_size(number, text);
        return json_string(text);
}

/* 0 stands for "auto", so it cannot be had as a size. */
static int get_auto_size(const struct key *key, const json_t *value, uint64_t *ret_number)
{
        uint64_t unit = 0;

        if (json_is_string(value) && strcmp(json_string_value(value), "auto") == 0) {
                *ret_number = 0;
                return 0;
        }
        if (get_size(key, value, &unit) < 0 || unit == 0)
                return -EINVAL;
        *ret_number = unit;
        return 0;
}

static json_t *put_auto_size(const struct key *key, uint64_t number)
{
        return number == 0 ? json_string("auto") : put_size(key, number);
}

static int get_duration(const struct key *key UNUSED, const json_t *value, uint64_t *ret_number)
{
        return json_is_string(value) ? duration_parse(json_string_value(value), ret_number) : -EINVAL;
}

static json_t *put_duration(const struct key *key UNUSED, uint64_t number)
{
        static const struct {
                const char *name;
                uint64_t factor;
        } units[] = { { "h", 3600 * USEC_PER_SEC }, { "min", 60 * USEC_PER_SEC }, { "s", USEC_PER_SEC },
                      { "ms", USEC_PER_MSEC },      { "us", 1 } };
        char text[VALUE_TEXT_MAX];
        size_t i = 0;

        if (number == 0)
                return json_string("0");
        while (number % units[i].factor != 0)
                i++;
        snprintf(text, sizeof(text), "%llu%s", (unsigned long long)(number / units[i].factor), units[i].name);
        return json_string(text);
}

static int get_share(const struct key *key UNUSED, const json_t *value, uint64_t *ret_number)
{
        uint32_t permyriad;

        if (!json_is_string(value) || share_parse(json_string_value(value), &permyriad) < 0)
                return -EINVAL;
        *ret_number = permyriad;
        return 0;
}

static void write_share(uint32_t permyriad, char text[static VALUE_TEXT_MAX])
{
        unsigned whole = permyriad / 100, decimals = permyriad % 100;

        if (decimals == 0)
                snprintf(text, VALUE_TEXT_MAX, "%u%%", whole);
        else if (decimals % 10 == 0)
                snprintf(text, VALUE_TEXT_MAX, "%u.%u%%", whole, decimals / 10);
        else
                snprintf(text, VALUE_TEXT_MAX, "%u.%02u%%", whole, decimals);
}

static json_t *put_share(const struct key *key UNUSED, uint64_t number)
{
        char text[VALUE_TEXT_MAX];

        write_share((uint32_t)number, text);
        return json_string(text);
}

const struct key_type type_bool = {
        .expected = "true or false",
        .width = sizeof(bool), .get = get_bool, .put = put_bool,
};
const struct key_type type_word = {
        .expected = "a word",
        .width = sizeof(uint32_t), .get = get_word, .put = put_word,
};
const struct key_type type_number = {
        .expected = "a whole number",
        .width = sizeof(uint32_t), .get = get_number, .put = put_number,
};
const struct key_type type_size = {
        .expected = "a size such as \"16M\"",
        .width = sizeof(uint64_t), .get = get_size, .put = put_size,
};
const struct key_type type_share = {
        .expected = "a share such as \"20%\"",
        .width = sizeof(uint32_t), .get = get_share, .put = put_share,
};
const struct key_type type_duration = {
        .expected = "a duration such as \"1s\"",
        .width = sizeof(uint64_t), .get = get_duration, .put = put_duration,
};
const struct key_type type_auto_size = {
        .expected = "\"auto\" or a size such as \"4K\"",
        .width = sizeof(uint64_t), .get = get_auto_size, .put = put_auto_size,
};

/* ---- amounts, capacity, utility ---- */

static int read_amount(struct reader *r UNUSED, const struct key *key UNUSED, json_t *value, void *field)
{
        return json_is_string(value) ? amount_parse(json_string_value(value), field) : -EINVAL;
}

static json_t *write_amount(const struct key *key UNUSED, const void *field)
{
        const struct amount *a = field;
        char share[VALUE_TEXT_MAX], size[VALUE_TEXT_MAX];

        write_share(a->permyriad, share);
        write_size(a->bytes, size);
        if (a->bytes == UINT64_MAX)
                return json_string(share);
        if (a->permyriad == PERMYRIAD)
                return json_string(size);
        return json_sprintf("%s,%s", share, size);
}

static int read_capacity(struct reader *r UNUSED, const struct key *key, json_t *value, void *field)
{
        struct policy *policy = field;
        uint64_t capacity = 0;
        bool fixed = !json_is_string(value) || strcmp(json_string_value(value), "dynamic") != 0;

        if (fixed && get_number(key, value, &capacity) < 0 && get_size(key, value, &capacity) < 0)
                return -EINVAL;
        if (fixed && (capacity < key->min || capacity > key->max))
                return -EINVAL;
        policy->capacity_fixed = fixed;
        policy->capacity = capacity;
        return 0;
}

static json_t *write_capacity(const struct key *key, const void *field)
{
        const struct policy *policy = field;

        if (!policy->capacity_fixed)
                return json_string("dynamic");
        if (policy->capacity < CAPACITY_AS_SIZE)
                return put_number(key, policy->capacity);
        return put_size(key, policy->capacity);
}

static int read_utility(struct reader *r UNUSED, const struct key *key UNUSED, json_t *value, void *field)
{
        return config_utility(value, field);
}

static json_t *write_utility(const struct key *key UNUSED, const void *field)
{
        char text[UTILITY_TEXT_MAX + 1];

        return json_string(utility_format(*(const struct utility *)field, text));
}

static int read_rule_utility(struct reader *r, const struct key *key, json_t *value, void *field)
{
        struct rule *rule = field;
        int ret = read_utility(r, key, value, &rule->utility);

        rule->has_utility = ret == 0;
        return ret;
}

static json_t *write_rule_utility(const struct key *key, const void *field)
{
        const struct rule *rule = field;

        return rule->has_utility ? write_utility(key, &rule->utility) : json_null();
}

const struct key_type type_amount = {
        .expected = "a share or a size such as \"10%\", \"4G\" or \"10%,4G\"",
        .read = read_amount, .write = write_amount,
};
const struct key_type type_capacity = {
        .expected = "\"dynamic\", a whole number from 1 on or a size such as \"4G\"",
        .read = read_capacity, .write = write_capacity,
};
const struct key_type type_utility = {
        .expected = EXPECTED_UTILITY,
        .read = read_utility, .write = write_utility,
};
const struct key_type type_rule_utility = {
        .expected = EXPECTED_UTILITY,
        .read = read_rule_utility, .write = write_rule_utility,
};
