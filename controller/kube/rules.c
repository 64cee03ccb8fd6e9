/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tree of tables reads the file: each object of it has a table of members, a member its reader. A reader
 * that refuses says what it expected; where that was is known from the ordinals on the way.
 *
 * A mistake must not open what the operator meant to close, so a file is taken as a whole or not at all, and
 * the program does not start with a broken one. */
#include "kube/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/glob.h"
#include "serve/config_private.h"

#define EXPECTED_UTILITY "a utility: 0 to 1000, \"TIER:VALUE\" with a tier of 0 to 15, or \"protect\""

#define NAME_LEN_MAX 63u        /* of a namespace */

const struct rules rules_default = {
        .qos = { [QOS_BEST_EFFORT] = { .value = 5 }, [QOS_BURSTABLE] = { .value = 10 },
                 [QOS_GUARANTEED] = { .value = 20 } },
};

static const struct priority_step steps_default[] = {
        { INT32_MIN, { .value = 1 } }, { 0, { .value = UTILITY_DEFAULT } },
        { 1, { .value = 25 } },        { 1000, { .value = 50 } },
        { 10000, { .value = 100 } },   { 100000, { .value = 200 } },
        { 1000000, { .value = 400 } }, { 100000000, { .value = 800 } },
};

static const struct namespace_rule namespace_default = { .ceiling = { .value = UTILITY_MAX } };

/* Where in the file the reader is. */
struct spot {
        const struct config_file *file;         /* borrowed */
        struct config_error *error;             /* borrowed */
        uint32_t ordinals[4];                   /* root's member, element, its member */
        size_t depth;
        char name[96];                          /* "namespaces[2].weight" */
};

struct member {
        const char *name;
        int (*read)(struct spot *at, json_t *value, void *target);
        bool needed;
};

static int refuse(const struct spot *at, const char *expected, const json_t *value)
{
        char found[FOUND_TEXT_MAX];

        return config_error_set(at->error, -EINVAL, at->file->name,
                                config_file_line(at->file, at->ordinals, at->depth),
                                "%s: expected %s, found %s", at->name, expected, config_found(value, found));
}

static int refuse_member(const struct spot *at, const struct member *members, size_t n)
{
        char known[128];
        size_t len = 0;

        for (size_t i = 0; i < n && len < sizeof(known); i++)
                len += (size_t)snprintf(known + len, sizeof(known) - len, "%s\"%s\"",
                                        i == 0 ? "" : i + 1 == n ? " or " : ", ", members[i].name);
        return config_error_set(at->error, -EINVAL, at->file->name,
                                config_file_line(at->file, at->ordinals, at->depth),
                                "%s: unknown key, expected %s", at->name, known);
}

static const struct member *find_member(const struct member *members, size_t n, const char *name)
{
        for (size_t i = 0; i < n; i++)
                if (strcmp(members[i].name, name) == 0)
                        return &members[i];
        return NULL;
}

static int read_object(struct spot *at, json_t *object, const struct member *members, size_t n, void *target)
{
        size_t len = strlen(at->name);
        const char *name;
        json_t *value;
        int r;

        if (!json_is_object(object))
                return refuse(at, "an object", object);
        for (size_t i = 0; i < n; i++)
                if (members[i].needed && !json_object_get(object, members[i].name)) {
                        char expected[64];

                        snprintf(expected, sizeof(expected), "a \"%s\"", members[i].name);
                        return refuse(at, expected, object);
                }
        at->ordinals[at->depth++] = 0;
        json_object_foreach(object, name, value) {
                const struct member *m = find_member(members, n, name);

                snprintf(at->name + len, sizeof(at->name) - len, "%s%.60s", len ? "." : "", name);
                r = m ? m->read(at, value, target) : refuse_member(at, members, n);
                if (r < 0)
                        return r;
                at->ordinals[at->depth - 1]++;
        }
        at->depth--;
        at->name[len] = '\0';
        return 0;
}

/* A list of objects into an array, which the caller owns, also after an error. */
static int read_list(struct spot *at, json_t *list, const struct member *members, size_t n_members,
                     size_t size, void **ret_array, size_t *ret_n)
{
        size_t len = strlen(at->name), i;
        json_t *element;
        int r;

        if (!json_is_array(list))
                return refuse(at, "a list", list);
        *ret_array = calloc(json_array_size(list) + 1, size);
        if (!*ret_array)
                return -ENOMEM;
        at->depth++;
        json_array_foreach(list, i, element) {
                at->ordinals[at->depth - 1] = (uint32_t)i;
                snprintf(at->name + len, sizeof(at->name) - len, "[%zu]", i);
                *ret_n = i + 1;
                r = read_object(at, element, members, n_members, (char *)*ret_array + i * size);
                if (r < 0)
                        return r;
        }
        at->depth--;
        at->name[len] = '\0';
        return 0;
}

static int read_utility(struct spot *at, json_t *value, struct utility *ret_utility)
{
        json_int_t number = json_integer_value(value);

        if (json_is_string(value) &&
            utility_parse(json_string_value(value), json_string_length(value), ret_utility) == 0)
                return 0;
        if (!json_is_integer(value) || number < 0 || number > UTILITY_MAX)
                return refuse(at, EXPECTED_UTILITY, value);
        *ret_utility = (struct utility){ .value = (uint16_t)number };
        return 0;
}

/* ---- namespaces ---- */

static int read_pattern(struct spot *at, json_t *value, void *target)
{
        static const char expected[] = "a pattern of namespaces such as \"batch-*\"";
        struct namespace_rule *rule = target;
        const char *text = json_string_value(value);

        /* The ceiling is 1000 unless a member says otherwise, in whatever order they come. */
        if (!text || !*text || strchr(text, '/'))
                return refuse(at, expected, value);
        if (asprintf(&rule->pattern, "/%s", text) < 0) {
                rule->pattern = NULL;
                return -ENOMEM;
        }
        return glob_check(rule->pattern) < 0 ? refuse(at, expected, value) : 0;
}

static int read_weight(struct spot *at, json_t *value, void *target)
{
        struct namespace_rule *rule = target;
        json_int_t number = json_integer_value(value);

        if (!json_is_integer(value) || number < 0 || number > UTILITY_MAX)
                return refuse(at, "a number from 0 to 1000", value);
        rule->weight = (uint16_t)number;
        rule->has_weight = true;
        return 0;
}

static int read_ceiling(struct spot *at, json_t *value, void *target)
{
        struct namespace_rule *rule = target;

        return read_utility(at, value, &rule->ceiling);
}

static const struct member members_namespace[] = {
        { "namespace", read_pattern, true },
        { "weight", read_weight, false },
        { "ceiling", read_ceiling, false },
};

static int read_namespaces(struct spot *at, json_t *list, void *target)
{
        struct rules *rules = target;
        void *array = NULL;
        json_t *element;
        size_t i;
        int r = read_list(at, list, members_namespace, ARRAY_SIZE(members_namespace),
                          sizeof(*rules->namespaces), &array, &rules->n_namespaces);

        rules->namespaces = array;
        if (r < 0)
                return r;
        json_array_foreach(list, i, element)
                if (!json_object_get(element, "ceiling"))
                        rules->namespaces[i].ceiling = namespace_default.ceiling;
        return 0;
}

/* ---- priorities ---- */

static int read_from(struct spot *at, json_t *value, void *target)
{
        struct priority_step *step = target;
        json_int_t number = json_integer_value(value);

        if (!json_is_integer(value) || number < INT32_MIN || number >= PRIORITY_CRITICAL)
                return refuse(at, "a priority below 2000000000", value);
        step->from = (int32_t)number;
        return 0;
}

static int read_step_utility(struct spot *at, json_t *value, void *target)
{
        struct priority_step *step = target;

        return read_utility(at, value, &step->utility);
}

static const struct member members_step[] = {
        { "from", read_from, true },
        { "utility", read_step_utility, true },
};

static uint32_t rank_of(struct utility u)
{
        return u.protect ? UINT32_MAX : u.tier * (UTILITY_MAX + 1) + u.value;
}

static int read_priorities(struct spot *at, json_t *list, void *target)
{
        struct rules *rules = target;
        void *array = NULL;
        int r = read_list(at, list, members_step, ARRAY_SIZE(members_step), sizeof(*rules->steps), &array,
                          &rules->n_steps);

        rules->steps = array;
        if (r < 0)
                return r;
        if (rules->n_steps == 0)
                return refuse(at, "at least one step", list);
        for (size_t i = 1; i < rules->n_steps; i++) {
                const struct priority_step *a = &rules->steps[i - 1], *b = &rules->steps[i];

                at->ordinals[at->depth++] = (uint32_t)i;
                snprintf(at->name, sizeof(at->name), "priorities[%zu]", i);
                if (b->from <= a->from)
                        return refuse(at, "a \"from\" above the one before", json_array_get(list, i));
                if (rank_of(b->utility) < rank_of(a->utility))
                        return refuse(at, "a \"utility\" not below the one before", json_array_get(list, i));
                at->depth--;
        }
        return 0;
}

/* ---- the rest ---- */

static int read_guaranteed(struct spot *at, json_t *value, void *target)
{
        return read_utility(at, value, &((struct rules *)target)->qos[QOS_GUARANTEED]);
}

static int read_burstable(struct spot *at, json_t *value, void *target)
{
        return read_utility(at, value, &((struct rules *)target)->qos[QOS_BURSTABLE]);
}

static int read_best_effort(struct spot *at, json_t *value, void *target)
{
        return read_utility(at, value, &((struct rules *)target)->qos[QOS_BEST_EFFORT]);
}

static const struct member members_qos[] = {
        { "Guaranteed", read_guaranteed, false },
        { "Burstable", read_burstable, false },
        { "BestEffort", read_best_effort, false },
};

static int read_qos(struct spot *at, json_t *object, void *target)
{
        return read_object(at, object, members_qos, ARRAY_SIZE(members_qos), target);
}

static int read_unit(struct spot *at, json_t *value, void *target)
{
        static const char *const words[UNIT_N] = { [UNIT_CONTAINER] = "container", [UNIT_POD] = "pod" };
        struct rules *rules = target;

        for (enum rules_unit u = 0; u < UNIT_N && json_is_string(value); u++)
                if (strcmp(json_string_value(value), words[u]) == 0) {
                        rules->unit = u;
                        return 0;
                }
        return refuse(at, "\"container\" or \"pod\"", value);
}

static const struct member members_root[] = {
        { "namespaces", read_namespaces, false },
        { "priorities", read_priorities, false },
        { "qos", read_qos, false },
        { "unit", read_unit, false },
};

int rules_load(const char *path, bool required, struct rules *ret_rules, struct config_error *ret_error)
{
        CLEANUP(rules_fini) struct rules rules = rules_default;
        CLEANUP(config_file_close) struct config_file f = { 0 };
        struct spot at = { .file = &f, .error = ret_error };
        int r = config_file_open(AT_FDCWD, path, path, &f, ret_error);

        if (r == -ENOENT && required)
                return config_error_set(ret_error, r, path, 0, "%s", strerrordesc_np(ENOENT));
        if (r == 0)
                r = read_object(&at, f.root, members_root, ARRAY_SIZE(members_root), &rules);
        if (r < 0 && r != -ENOENT)
                return r;
        *ret_rules = rules;
        rules = (struct rules){ 0 };
        return 0;
}

void rules_fini(struct rules *r)
{
        for (size_t i = 0; i < r->n_namespaces; i++)
                free(r->namespaces[i].pattern);
        free(r->namespaces);
        free(r->steps);
        *r = (struct rules){ 0 };
}

const struct namespace_rule *rules_namespace(const struct rules *r, const char *namespace)
{
        char path[NAME_LEN_MAX + 2];

        if ((size_t)snprintf(path, sizeof(path), "/%s", namespace) < sizeof(path))
                for (size_t i = 0; i < r->n_namespaces; i++)
                        if (glob_match(r->namespaces[i].pattern, path))
                                return &r->namespaces[i];
        return &namespace_default;
}

struct utility rules_priority(const struct rules *r, int32_t priority)
{
        const struct priority_step *steps = r->n_steps ? r->steps : steps_default;
        size_t n = r->n_steps ? r->n_steps : ARRAY_SIZE(steps_default), i = 1;

        while (i < n && steps[i].from <= priority)
                i++;
        return steps[i - 1].utility;
}
