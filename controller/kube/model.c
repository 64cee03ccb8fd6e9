/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two decide here, on two levels. The operator says what namespaces are worth to each other; who deploys into
 * a namespace says which of his pods he would rather lose. With numbers alone the second could outbid the
 * first, so they are taken as a ranking: each namespace is scaled by its own largest number, and a factor
 * common to all cancels out. The rounding is label_scale's, so that a delegated user subtree and a namespace
 * are treated alike.
 *
 * The ceiling is applied to the scaled value and not to the number: cutting numbers before they are compared
 * would change the ranking, and with it what a common factor does. Without a weight nothing is scaled and
 * both are the same. */
#include "kube/model.h"

#include <string.h>

#include "base/base.h"
#include "sense/label.h"

bool model_is_protected(const struct pod *p, const char *own_uid)
{
        return p->is_static || p->priority >= PRIORITY_CRITICAL || (own_uid && strcmp(p->uid, own_uid) == 0);
}

struct utility model_pod(const struct pod *p)
{
        struct utility dearest = { 0 };

        for (size_t i = 0; i < p->n; i++)
                if (utility_is_above(p->containers[i].utility, dearest))
                        dearest = p->containers[i].utility;
        return dearest;
}

/* The annotation that counts for a container; NULL. */
static const struct utility *claim_of(const struct pod *p, const struct pod_container *c)
{
        if (c->has_claim)
                return &c->claim;
        return p->has_claim && !c->is_wrong ? &p->claim : NULL;
}

static struct utility number_of(const struct pod *p, const struct pod_container *c, const struct rules *rules,
                                struct utility ceiling)
{
        const struct utility *claim = claim_of(p, c);

        if (!claim)
                return p->has_priority ? rules_priority(rules, p->priority) : rules->qos[p->qos];
        if (ceiling.protect || (!claim->protect && claim->tier <= ceiling.tier))
                return *claim;
        return (struct utility){ .value = UTILITY_MAX, .tier = ceiling.tier };
}

/* The pods [begin, end) are those of one namespace. */
static void rate_namespace(struct pod **begin, struct pod **end, const struct rules *rules,
                           const char *own_uid)
{
        const struct namespace_rule *rule = rules_namespace(rules, (*begin)->namespace);
        uint16_t largest[TIER_MAX + 1] = { 0 };

        for (struct pod **p = begin; p < end; p++)
                for (size_t i = 0; i < (*p)->n; i++) {
                        struct pod_container *c = &(*p)->containers[i];

                        c->utility = model_is_protected(*p, own_uid)
                                             ? (struct utility){ .protect = true }
                                             : number_of(*p, c, rules, rule->ceiling);
                        if (!c->utility.protect && !(*p)->is_over &&
                            c->utility.value > largest[c->utility.tier])
                                largest[c->utility.tier] = c->utility.value;
                }
        for (struct pod **p = begin; p < end; p++)
                for (size_t i = 0; i < (*p)->n; i++) {
                        struct pod_container *c = &(*p)->containers[i];
                        uint16_t pair[2] = { c->utility.value, largest[c->utility.tier] };

                        if (c->utility.protect)
                                continue;
                        if (rule->has_weight) {
                                label_scale(pair, 2, rule->weight);
                                c->utility.value = pair[0];
                        }
                        if (claim_of(*p, c) && utility_is_above(c->utility, rule->ceiling))
                                c->utility = rule->ceiling;
                }
}

static int compare_namespace(const void *a, const void *b)
{
        const struct pod *const *p = a, *const *q = b;

        return strcmp((*p)->namespace, (*q)->namespace);
}

void model_rate(struct pod **pods, size_t n, const struct rules *rules, const char *own_uid)
{
        qsort(pods, n, sizeof(struct pod *), compare_namespace);
        for (size_t begin = 0, end; begin < n; begin = end) {
                for (end = begin + 1; end < n && strcmp(pods[end]->namespace, pods[begin]->namespace) == 0;
                     end++)
                        ;
                rate_namespace(pods + begin, pods + end, rules, own_uid);
        }
}
