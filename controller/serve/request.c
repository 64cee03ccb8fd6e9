/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parser is jansson's; it recurses for nested values, and 8 KiB of opening brackets would take 170 KiB of
 * stack before its own limit of 2,048 levels ended it: more than is locked at start. A request is flat, so lines
 * with more than a few brackets are none. What is left to do is to name the first thing that is wrong in terms
 * of the protocol. */
#include "serve/request.h"

#include <jansson.h>
#include <string.h>

#include "base/base.h"

#define BRACKETS_MAX 8

/* Copies a string member. NULL, or what is wrong with it. */
static const char *string_read(const json_t *value, char *buffer, size_t size, const char *complaint)
{
        if (!json_is_string(value) || json_string_length(value) >= size)
                return complaint;
        memcpy(buffer, json_string_value(value), json_string_length(value) + 1);
        return NULL;
}

static const char *request_read(json_t *root, struct control_request *request)
{
        const char *complaint = NULL, *key;
        json_t *value;

        *request = (struct control_request){ 0 };
        if (!json_is_object(root))
                return "a request is one JSON object";
        json_object_foreach (root, key, value) {
                if (strcmp(key, "verb") == 0) {
                        complaint = string_read(value, request->verb, sizeof(request->verb), "unknown verb");
                } else if (strcmp(key, "domain") == 0) {
                        complaint = string_read(value, request->domain, sizeof(request->domain),
                                                "domain: expected a path");
                        if (!complaint && request->domain[0] != '/')
                                complaint = "domain: expected a path that begins with /";
                } else if (strcmp(key, "need") == 0) {
                        if (!json_is_integer(value) || json_integer_value(value) < 0)
                                complaint = "need: expected bytes, a whole number of at least 0";
                        request->need = (uint64_t)json_integer_value(value);
                        request->has_need = true;
                } else {
                        complaint = "a request has the members verb, domain and need and no others";
                }
                if (complaint)
                        return complaint;
        }
        return request->verb[0] ? NULL : "verb is missing";
}

/* Counts what opens outside of strings; deeper than their number nothing can be. */
static bool is_deep(const char *line, size_t len)
{
        unsigned brackets = 0;
        bool quoted = false;

        for (size_t i = 0; i < len; i++)
                if (line[i] == '"')
                        quoted = !quoted;
                else if (quoted && line[i] == '\\')
                        i++;
                else if (!quoted && (line[i] == '{' || line[i] == '['))
                        brackets++;
        return brackets > BRACKETS_MAX;
}

const char *request_parse(const char *line, size_t len, struct control_request *request)
{
        json_error_t error;
        json_t *root = is_deep(line, len) ? NULL : json_loadb(line, len, JSON_REJECT_DUPLICATES, &error);
        const char *complaint = root ? request_read(root, request) : "not valid JSON";

        json_decref(root);
        return complaint;
}
