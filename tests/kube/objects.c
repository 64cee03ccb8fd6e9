/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "objects.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

json_t *object_json(const char *text)
{
        CLEANUP(free_p) char *copy = strdup(text);
        json_error_t e = { 0 };
        json_t *value;

        for (char *c = copy; *c; c++)
                if (*c == '\'')
                        *c = '"';
        value = json_loads(copy, 0, &e);
        cr_assert(value, "%s: %s", e.text, text);
        return value;
}

struct pod *object_pod(const char *text)
{
        json_t *object = object_json(text);
        struct pod *p = NULL;
        int r = pod_read(object, &p);

        json_decref(object);
        cr_assert(r == 0, "%s: %d", text, r);
        return p;
}

struct pod *object_plain(const char *namespace, const char *name, char digit)
{
        char id[POD_ID_SIZE] = "", text[1024];

        memset(id, digit, sizeof(id) - 1);
        snprintf(text, sizeof(text),
                 "{'metadata':{'uid':'%c2345678-1234-1234-1234-123456789abc','namespace':'%s','name':'%s'},"
                 "'spec':{'containers':[{'name':'main'}]},'status':{'qosClass':'Burstable','"
                 "containerStatuses':"
                 "[{'name':'main','containerID':'containerd://%s','state':{'running':{}}}]}}",
                 digit, namespace, name, id);
        return object_pod(text);
}

uint32_t object_random(uint64_t *state, uint32_t below)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return (uint32_t)(*state >> 32) % below;
}

unsigned object_rounds(unsigned rounds)
{
        const char *text = getenv("JETTISON_TEST_ROUNDS");

        return text ? (unsigned)atoi(text) : rounds;
}
