/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kube.json: what it may say, what is refused and how. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "config_fixture.h"
#include "kube/rules.h"

TestSuite(kube_rules, .init = fixture_make, .fini = fixture_remove);

static int load(const char *text, struct rules *rules, struct config_error *e)
{
        fixture_write("jettison.json", text);
        *e = (struct config_error){ 0 };
        return rules_load(fixture_path, true, rules, e);
}

static const struct {
        const char *label, *text, *says;        /* says: behind the file's name */
} wrong[] = {
        { "garbage", "x", ":1: not JSON" },
        { "a list", "[]", ":1: expected an object" },
        { "an unknown key", "{\n\n\"wieght\": 1}",
          ":3: wieght: unknown key, expected \"namespaces\", \"priorities\", \"qos\" or \"unit\"" },
        { "no list", "{\"namespaces\":\n{}}", ": namespaces: expected a list, found" },
        { "no object", "{\"namespaces\":[\n5]}", ":2: namespaces[0]: expected an object, found 5" },
        { "no namespace", "{\"namespaces\":[\n{\"weight\":5}]}",
          ":2: namespaces[0]: expected a \"namespace\"" },
        { "an unknown key inside",
          "{\"namespaces\":[{\"namespace\":\"a\"},\n{\"namespace\":\"b\",\n\"wait\":5}]}",
          ":3: namespaces[1].wait: unknown key, expected \"namespace\", \"weight\" or \"ceiling\"" },
        { "weight too high", "{\"namespaces\":[{\"namespace\":\"a\",\"weight\":1001}]}",
          ":1: namespaces[0].weight: expected a number from 0 to 1000, found 1001" },
        { "weight below 0", "{\"namespaces\":[{\"namespace\":\"a\",\"weight\":-1}]}", "found -1" },
        { "weight a text", "{\"namespaces\":[{\"namespace\":\"a\",\"weight\":\"5\"}]}",
          "a number from 0 to 1000" },
        { "ceiling", "{\"namespaces\":[{\"namespace\":\"a\",\"ceiling\":\"16:1\"}]}",
          ":1: namespaces[0].ceiling: expected a utility: 0 to 1000" },
        { "pattern", "{\"namespaces\":[{\"namespace\":\"[a\"}]}", "a pattern of namespaces" },
        { "pattern with a slash", "{\"namespaces\":[{\"namespace\":\"a/b\"}]}", "a pattern of namespaces" },
        { "empty pattern", "{\"namespaces\":[{\"namespace\":\"\"}]}", "a pattern of namespaces" },
        { "no steps", "{\"priorities\":[]}", ":1: priorities: expected at least one step" },
        { "a step without from", "{\"priorities\":[{\"utility\":1}]}", "priorities[0]: expected a \"from\"" },
        { "a critical step", "{\"priorities\":[{\"from\":2000000000,\"utility\":1}]}",
          "priorities[0].from: expected a priority below 2000000000, found 2000000000" },
        { "steps out of order", "{\"priorities\":[{\"from\":5,\"utility\":1},\n{\"from\":5,\"utility\":2}]}",
          ":2: priorities[1]: expected a \"from\" above the one before" },
        { "steps that fall",
          "{\"priorities\":[{\"from\":5,\"utility\":\"1:1\"},\n{\"from\":6,\"utility\":900}]}",
          ":2: priorities[1]: expected a \"utility\" not below the one before" },
        { "qos", "{\"qos\":{\n\"Guarantied\":5}}",
          ":2: qos.Guarantied: unknown key, expected \"Guaranteed\"" },
        { "qos too much", "{\"qos\":{\"Burstable\":5000}}", "qos.Burstable: expected a utility" },
        { "unit", "{\"unit\":\"node\"}", ":1: unit: expected \"container\" or \"pod\", found \"node\"" },
        { "twice", "{\"unit\":\"pod\",\"unit\":\"pod\"}", ":1: not JSON: duplicate" },
};

Test(kube_rules, wrong)
{
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                struct rules rules = { .n_steps = 77 };
                struct config_error e;

                cr_assert(load(wrong[i].text, &rules, &e) < 0, "%s", wrong[i].label);
                cr_assert(strstr(e.text, wrong[i].says), "%s: %s", wrong[i].label, e.text);
                cr_assert(strncmp(e.text, fixture_path, strlen(fixture_path)) == 0, "%s", wrong[i].label);
                cr_assert(rules.n_steps == 77, "%s", wrong[i].label);
        }
}

Test(kube_rules, right)
{
        struct rules rules;
        struct config_error e;
        const struct namespace_rule *rule;

        cr_assert(load("{\"namespaces\":[{\"namespace\":\"prod-*\",\"ceiling\":\"2:800\",\"weight\":600},"
                       "{\"ceiling\":0,\"namespace\":\"mute\"},{\"namespace\":\"*\",\"weight\":0}],"
                       "\"priorities\":[{\"from\":-5,\"utility\":3},{\"from\":10,\"utility\":\"1:0\"}],"
                       "\"qos\":{\"BestEffort\":\"1:2\"},\"unit\":\"pod\"}", &rules, &e) == 0, "%s", e.text);
        rule = rules_namespace(&rules, "prod-eu");
        cr_assert(rule->has_weight && rule->weight == 600 && rule->ceiling.tier == 2 &&
                  rule->ceiling.value == 800);
        rule = rules_namespace(&rules, "mute");
        cr_assert(!rule->has_weight && rule->ceiling.value == 0);
        rule = rules_namespace(&rules, "prod");
        cr_assert(rule->has_weight && rule->weight == 0 && rule->ceiling.value == UTILITY_MAX);
        cr_assert(rules_priority(&rules, INT32_MIN).value == 3);
        cr_assert(rules_priority(&rules, 9).value == 3);
        cr_assert(rules_priority(&rules, 10).tier == 1);
        cr_assert(rules.qos[QOS_BEST_EFFORT].tier == 1 && rules.qos[QOS_GUARANTEED].value == 20);
        cr_assert(rules.unit == UNIT_POD);
        rules_fini(&rules);
        rules_fini(&rules);
}

Test(kube_rules, without_a_file)
{
        struct rules rules;
        struct config_error e = { 0 };
        uint32_t before = 0;
        static const int32_t priorities[] = { INT32_MIN,
                                              -10,
                                              -1,
                                              0,
                                              1,
                                              999,
                                              1000,
                                              10000,
                                              100000,
                                              1000000,
                                              100000000,
                                              1000000000,
                                              PRIORITY_CRITICAL - 1 };

        cr_assert(rules_load(fixture_path, true, &rules, &e) == -ENOENT && strstr(e.text, fixture_path));
        cr_assert(rules_load(fixture_path, false, &rules, &e) == 0);
        cr_assert(!rules_namespace(&rules, "any")->has_weight);
        cr_assert(rules_namespace(&rules, "any")->ceiling.value == UTILITY_MAX);
        for (size_t i = 0; i < ARRAY_SIZE(priorities); i++) {
                uint32_t value = rules_priority(&rules, priorities[i]).value;

                cr_assert(value >= before, "%d", priorities[i]);
                before = value;
        }
        cr_assert(rules_priority(&rules, 0).value == UTILITY_DEFAULT && rules_priority(&rules, -1).value < 5);
        cr_assert(rules_priority(&rules, 1).value > rules.qos[QOS_GUARANTEED].value);
        rules_fini(&rules);
}

Test(kube_rules, others_can_write_it)
{
        struct rules rules;
        struct config_error e = { 0 };

        fixture_write("jettison.json", "{}");
        cr_assert(chmod(fixture_path, 0666) == 0);
        cr_assert(rules_load(fixture_path, true, &rules, &e) == -EPERM);
}
