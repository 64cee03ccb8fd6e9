/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From pods to utilities: a table of what counts before what, and what may not be gained by claiming, tried
 * on random pods. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "kube/model.h"
#include "objects.h"

#define POD(annotations, rest)                                                                               \
        "{'metadata':{'uid':'u','namespace':'ns','name':'p','annotations':{" annotations                     \
        "}},'spec':{'containers':[{'name':'a'},{'name':'b'}]" rest "},'status':{'qosClass':'Guaranteed'}}"
#define U "'jettison.io/utility':"

static const struct {
        const char *label, *pod, *ceiling, *a, *b;
} cases[] = {
        { "nothing said: QoS", POD("", ""), "1000", "20", "20" },
        { "a priority", POD("", ",'priority':1000"), "1000", "50", "50" },
        { "priority 0 by a class", POD("", ",'priority':0,'priorityClassName':'x'"), "1000", "10", "10" },
        { "priority 0 that nobody chose", POD("", ",'priority':0"), "1000", "20", "20" },
        { "a negative priority", POD("", ",'priority':-1"), "1000", "1", "1" },
        { "an annotation before the priority", POD(U "'7'", ",'priority':1000"), "1000", "7", "7" },
        { "one for a container before it", POD(U "'7','jettison.io/utility.b':'9'", ""), "1000", "7", "9" },
        { "one that is none: the priority, not the pod's",
          POD(U "'7','jettison.io/utility.b':'x'", ",'priority':1000"), "1000", "7", "50" },
        { "the pod's is none: the priority", POD(U "'x'", ",'priority':1000"), "1000", "50", "50" },
        { "protect is not for the taking", POD(U "'protect'", ""), "1000", "1000", "1000" },
        { "nor is a tier", POD(U "'3:5'", ""), "1000", "1000", "1000" },
        { "a ceiling", POD(U "'700'", ""), "300", "300", "300" },
        { "a ceiling does not raise", POD(U "'7'", ""), "300", "7", "7" },
        { "a ceiling is for annotations", POD("", ",'priority':1000000"), "300", "400", "400" },
        { "a tier up to the ceiling's", POD(U "'2:900','jettison.io/utility.b':'4:1'", ""), "2:800", "2:800",
          "2:800" },
        { "a lower tier is below the ceiling", POD(U "'1:900'", ""), "2:800", "1:900", "1:900" },
        { "protect where it is allowed", POD(U "'protect'", ""), "protect", "protect", "protect" },
        { "ceiling 0", POD(U "'protect'", ""), "0", "0", "0" },
        { "critical for the cluster", POD(U "'7'", ",'priority':2000000000"), "1000", "protect", "protect" },
        { "the highest that users have", POD("", ",'priority':1000000000"), "1000", "800", "800" },
        { "a mirror",
          POD(U "'7','kubernetes.io/config.mirror':'x','kubernetes.io/config.hash':"
                "'0123456789abcdef0123456789abcdef'",
              ""),
          "1000", "protect", "protect" },
        { "who says that the kubelet has it from a file",
          POD(U "'7','kubernetes.io/config.source':'file'", ""), "1000", "7", "7" },
};

Test(kube_model, what_counts)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char pattern[] = "/ns", text[UTILITY_TEXT_MAX + 1];
                struct namespace_rule rule = { .pattern = pattern };
                struct rules rules = rules_default;
                struct pod *p = object_pod(cases[i].pod);

                utility_parse(cases[i].ceiling, strlen(cases[i].ceiling), &rule.ceiling);
                rules.namespaces = &rule;
                rules.n_namespaces = 1;
                model_rate(&p, 1, &rules, "another");
                cr_assert_str_eq(utility_format(p->containers[0].utility, text), cases[i].a, "%s",
                                 cases[i].label);
                cr_assert_str_eq(utility_format(p->containers[1].utility, text), cases[i].b, "%s",
                                 cases[i].label);
                model_rate(&p, 1, &rules, "u");
                cr_assert(p->containers[0].utility.protect && model_pod(p).protect, "the own pod");
                pod_free(p);
        }
}

/* ---- random pods ---- */

#define PODS 24

struct world {
        struct pod *pods[PODS];         /* in the order of their making */
        struct pod *rated[PODS];        /* the same, in another */
        struct namespace_rule namespaces[4];
        struct rules rules;
};

static char patterns[4][3] = { "/a", "/b", "/c", "/d" };

/* annotated: how many of ten containers claim something. */
static void make_world(struct world *w, uint64_t *seed, unsigned annotated, unsigned most)
{
        *w = (struct world){ .rules = rules_default };
        for (size_t i = 0; i < 4; i++)
                w->namespaces[i] = (struct namespace_rule){
                        .pattern = patterns[i],
                        .has_weight = object_random(seed, 4) > 0,
                        .weight = (uint16_t)object_random(seed, UTILITY_MAX + 1),
                        .ceiling = { .value = UTILITY_MAX },
                };
        w->rules.namespaces = w->namespaces;
        w->rules.n_namespaces = 4;
        for (size_t i = 0; i < PODS; i++) {
                char namespace[2] = { (char)('a' + object_random(seed, 4)), '\0' };
                struct pod *p = object_plain(namespace, "p", (char)('0' + i % 10));

                p->priority = (int32_t)object_random(seed, 3) * 1000;
                p->has_priority = object_random(seed, 2);
                p->qos = (enum qos)object_random(seed, QOS_N);
                p->containers[0].has_claim = object_random(seed, 10) < annotated;
                p->containers[0].claim = (struct utility){ .value = (uint16_t)object_random(seed, most + 1) };
                w->pods[i] = w->rated[i] = p;
        }
}

static void free_world(struct world *w)
{
        for (size_t i = 0; i < PODS; i++)
                pod_free(w->pods[i]);
}

static void rate(struct world *w, struct utility result[static PODS])
{
        model_rate(w->rated, PODS, &w->rules, NULL);
        for (size_t i = 0; i < PODS; i++)
                result[i] = w->pods[i]->containers[0].utility;
}

static bool same(struct utility a, struct utility b)
{
        return a.protect == b.protect && a.tier == b.tier && a.value == b.value;
}

Test(kube_model, inflating_all_of_ones_own_numbers_changes_nothing)
{
        uint64_t seed = 1;

        for (unsigned round = 0; round < object_rounds(3000); round++) {
                struct utility before[PODS], after[PODS];
                unsigned factor = 1 + object_random(&seed, 10);
                char who = (char)('a' + object_random(&seed, 4));
                struct world w;

                make_world(&w, &seed, 10, 100);
                w.namespaces[who - 'a'].has_weight = true;
                w.namespaces[who - 'a'].ceiling.value = (uint16_t)object_random(&seed, UTILITY_MAX + 1);
                rate(&w, before);
                for (size_t i = 0; i < PODS; i++)
                        if (w.pods[i]->namespace[0] == who)
                                w.pods[i]->containers[0].claim.value *= (uint16_t)factor;
                rate(&w, after);
                for (size_t i = 0; i < PODS; i++)
                        cr_assert(same(before[i], after[i]), "round %u, pod %zu: %u became %u", round, i,
                                  before[i].value, after[i].value);
                free_world(&w);
        }
}

/* Whatever a namespace claims: nothing changes elsewhere, and nothing of it is worth more than its weight. */
Test(kube_model, what_one_claims_is_ones_own)
{
        uint64_t seed = 2;

        for (unsigned round = 0; round < object_rounds(3000); round++) {
                struct utility before[PODS], after[PODS];
                char who = (char)('a' + object_random(&seed, 4));
                const struct namespace_rule *rule;
                bool any = false, reached = false;
                struct world w;

                make_world(&w, &seed, 5, UTILITY_MAX);
                rule = &w.namespaces[who - 'a'];
                rate(&w, before);
                for (size_t i = 0; i < PODS; i++) {
                        struct pod_container *c = &w.pods[i]->containers[0];

                        if (w.pods[i]->namespace[0] != who)
                                continue;
                        c->has_claim = object_random(&seed, 2);
                        c->claim = (struct utility){ .value = (uint16_t)object_random(&seed, UTILITY_MAX + 1),
                                                     .tier = (uint8_t)object_random(&seed, TIER_MAX + 1),
                                                     .protect = object_random(&seed, 8) == 0 };
                }
                rate(&w, after);
                for (size_t i = 0; i < PODS; i++) {
                        if (w.pods[i]->namespace[0] != who) {
                                cr_assert(same(before[i], after[i]), "round %u, pod %zu", round, i);
                                continue;
                        }
                        cr_assert(!after[i].protect && after[i].tier == 0, "round %u, pod %zu", round, i);
                        if (!rule->has_weight)
                                continue;
                        any = true;
                        reached |= after[i].value == rule->weight;
                        cr_assert(after[i].value <= rule->weight, "round %u, pod %zu", round, i);
                }
                /* The table of priorities gives nobody 0, and a claim of tier or protect becomes 1000. */
                for (size_t i = 0; i < PODS; i++)
                        if (w.pods[i]->namespace[0] == who && w.pods[i]->containers[0].has_claim &&
                            w.pods[i]->containers[0].claim.value == 0)
                                any = false;
                cr_assert(!any || reached, "round %u: the dearest is worth the weight", round);
                free_world(&w);
        }
}

Test(kube_model, in_whatever_order)
{
        uint64_t seed = 3;

        for (unsigned round = 0; round < object_rounds(1000); round++) {
                struct utility before[PODS], after[PODS];
                struct world w;

                make_world(&w, &seed, 5, UTILITY_MAX);
                rate(&w, before);
                for (size_t i = PODS - 1; i > 0; i--) {
                        size_t j = object_random(&seed, (uint32_t)i + 1);
                        struct pod *p = w.rated[i];

                        w.rated[i] = w.rated[j];
                        w.rated[j] = p;
                }
                rate(&w, after);
                for (size_t i = 0; i < PODS; i++)
                        cr_assert(same(before[i], after[i]), "round %u, pod %zu", round, i);
                free_world(&w);
        }
}

/* A pod that is over holds no memory, and its number no share. */
Test(kube_model, who_is_over_takes_no_part)
{
        struct namespace_rule rule = { .pattern = patterns[0], .has_weight = true, .weight = 500,
                                       .ceiling = { .value = UTILITY_MAX } };
        struct rules rules = rules_default;
        struct pod *pods[] = { object_plain("a", "p", '1'), object_plain("a", "q", '2'),
                               object_plain("a", "r", '3') };
        struct pod *const made[] = { pods[0], pods[1], pods[2] };
        static const uint16_t claims[] = { 100, 50, 1000 };

        rules.namespaces = &rule;
        rules.n_namespaces = 1;
        for (size_t i = 0; i < 3; i++) {
                made[i]->has_claim = true;
                made[i]->claim.value = claims[i];
        }
        made[2]->is_over = true;
        model_rate(pods, 3, &rules, NULL);
        cr_assert(made[0]->containers[0].utility.value == 500 && made[1]->containers[0].utility.value == 250);
        for (size_t i = 0; i < 3; i++)
                pod_free(made[i]);
}

/* Tiers are strict, so each is a ranking of its own. */
Test(kube_model, tiers_do_not_mix)
{
        struct namespace_rule rule = { .pattern = patterns[0], .has_weight = true, .weight = 500,
                                       .ceiling = { .value = UTILITY_MAX, .tier = 1 } };
        struct rules rules = rules_default;
        struct pod *pods[] = { object_plain("a", "p", '1'), object_plain("a", "q", '2'),
                               object_plain("a", "r", '3') };
        struct pod *const made[] = { pods[0], pods[1], pods[2] };
        static const struct utility claims[] = { { .value = 8, .tier = 1 },
                                                 { .value = 4, .tier = 1 },
                                                 { .value = 900 } };

        rules.namespaces = &rule;
        rules.n_namespaces = 1;
        for (size_t i = 0; i < 3; i++) {
                made[i]->has_claim = true;
                made[i]->claim = claims[i];
        }
        model_rate(pods, 3, &rules, NULL);
        cr_assert(same(made[0]->containers[0].utility, (struct utility){ .value = 500, .tier = 1 }));
        cr_assert(same(made[1]->containers[0].utility, (struct utility){ .value = 250, .tier = 1 }));
        cr_assert(same(made[2]->containers[0].utility, (struct utility){ .value = 500 }));
        cr_assert(utility_is_above(made[1]->containers[0].utility, made[2]->containers[0].utility));
        for (size_t i = 0; i < 3; i++)
                pod_free(made[i]);
}
