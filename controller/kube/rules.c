/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A mistake must not open what the operator meant to close, so a file is taken as a whole or not at all, and
 * the program does not start with a broken one. */
#include "kube/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/glob.h"
#include "serve/config_private.h"

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

/* ---- namespaces ---- */

static int read_pattern(struct spot *at, json_t *value, void *target)
{
        static const char expected[] = "a pattern of namespaces such as \"batch-*\"";
        struct namespace_rule *rule = target;

        if (json_is_string(value) && strchr(json_string_value(value), '/'))
                return spot_refuse(at, expected, value);
        return spot_pattern(at, value, expected, &rule->pattern);
}

static int read_weight(struct spot *at, json_t *value, void *target)
{
        struct namespace_rule *rule = target;
        json_int_t number = json_integer_value(value);

        if (!json_is_integer(value) || number < 0 || number > UTILITY_MAX)
                return spot_refuse(at, "a number from 0 to 1000", value);
        rule->weight = (uint16_t)number;
        rule->has_weight = true;
        return 0;
}

static int read_ceiling(struct spot *at, json_t *value, void *target)
{
        struct namespace_rule *rule = target;

        return spot_utility(at, value, &rule->ceiling);
}

static const struct spot_member members_namespace[] = {
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
        int r = spot_list(at, list, members_namespace, ARRAY_SIZE(members_namespace),
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
                return spot_refuse(at, "a priority below 2000000000", value);
        step->from = (int32_t)number;
        return 0;
}

static int read_step_utility(struct spot *at, json_t *value, void *target)
{
        struct priority_step *step = target;

        return spot_utility(at, value, &step->utility);
}

static const struct spot_member members_step[] = {
        { "from", read_from, true },
        { "utility", read_step_utility, true },
};

static int read_priorities(struct spot *at, json_t *list, void *target)
{
        struct rules *rules = target;
        void *array = NULL;
        int r = spot_list(at, list, members_step, ARRAY_SIZE(members_step), sizeof(*rules->steps), &array,
                          &rules->n_steps);

        rules->steps = array;
        if (r < 0)
                return r;
        if (rules->n_steps == 0)
                return spot_refuse(at, "at least one step", list);
        for (size_t i = 1; i < rules->n_steps; i++) {
                const struct priority_step *a = &rules->steps[i - 1], *b = &rules->steps[i];

                if (b->from <= a->from)
                        return spot_refuse_element(at, "a \"from\" above the one before", list, i);
                if (utility_is_above(a->utility, b->utility))
                        return spot_refuse_element(at, "a \"utility\" not below the one before", list, i);
        }
        return 0;
}

/* ---- the rest ---- */

static int read_guaranteed(struct spot *at, json_t *value, void *target)
{
        return spot_utility(at, value, &((struct rules *)target)->qos[QOS_GUARANTEED]);
}

static int read_burstable(struct spot *at, json_t *value, void *target)
{
        return spot_utility(at, value, &((struct rules *)target)->qos[QOS_BURSTABLE]);
}

static int read_best_effort(struct spot *at, json_t *value, void *target)
{
        return spot_utility(at, value, &((struct rules *)target)->qos[QOS_BEST_EFFORT]);
}

static const struct spot_member members_qos[] = {
        { "Guaranteed", read_guaranteed, false },
        { "Burstable", read_burstable, false },
        { "BestEffort", read_best_effort, false },
};

static int read_qos(struct spot *at, json_t *object, void *target)
{
        return spot_object(at, object, members_qos, ARRAY_SIZE(members_qos), target);
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
        return spot_refuse(at, "\"container\" or \"pod\"", value);
}

static const struct spot_member members_root[] = {
        { "namespaces", read_namespaces, false },
        { "priorities", read_priorities, false },
        { "qos", read_qos, false },
        { "unit", read_unit, false },
};

int rules_load(const char *path, bool required, struct rules *ret_rules, struct config_error *ret_error)
{
        CLEANUP(rules_fini) struct rules rules = rules_default;
        int r = spot_load(path, required, members_root, ARRAY_SIZE(members_root), &rules, ret_error);

        if (r < 0)
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
