/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operator's word: what priorities and namespaces are worth, and how far annotations are believed. */
#pragma once

#include "kube/pod.h"
#include "serve/config.h"

#define RULES_PATH "/etc/jettison/kube.json"

/* A pod with this priority or a higher one belongs to the cluster: only the classes system-cluster-critical
 * (2000000000) and system-node-critical (2000001000) reach it, since those of users end at 1000000000
 * (kubernetes pkg/apis/scheduling/types.go). It is protected. */
#define PRIORITY_CRITICAL INT32_C(2000000000)

struct namespace_rule {
        char *pattern;          /* owned; as glob_match takes it: with '/' in front */
        bool has_weight;
        uint16_t weight;        /* what the namespace's dearest is worth */
        struct utility ceiling; /* the most that an annotation may claim */
};

struct priority_step {
        int32_t from;           /* priorities from this one on, up to the next step */
        struct utility utility;
};

/* What gets the label: each container, or the pod's own cgroup, where "candidates.unit" of the daemon is
 * "pod". */
enum rules_unit { UNIT_CONTAINER, UNIT_POD, UNIT_N };

struct rules {
        struct namespace_rule *namespaces;      /* owned; the first that matches counts */
        size_t n_namespaces;
        struct priority_step *steps;            /* owned; from ascending, utility never descending */
        size_t n_steps;                         /* 0: the built-in steps */
        struct utility qos[QOS_N];
        enum rules_unit unit;
};

/* Without a file.
 *
 * Priorities: who invents classes takes powers of ten (1000, 100000; 1000000 in Kubernetes' own
 * documentation), up to the 10^9 that the API allows. So there is a step for each one or two of them, worth
 * about double the one below: a pod is kept rather than one of the next lower class, and given rather than a
 * crowd of them. No tiers: whether one pod is to outlive any number of others, as a tier says, only the
 * operator can know.
 *
 *   from           utility
 *   (below 0)      1         placeholders that hold room for others (cluster-autoscaler cuts off at −10)
 *   0              10        a class that says nothing more than no class; what an unlabelled container has
 *   1              25
 *   1000           50
 *   10000          100
 *   100000         200
 *   1000000        400
 *   100000000      800
 *
 * QoS classes, of pods for which nobody chose a priority: BestEffort 5, Burstable 10, Guaranteed 20, since
 * who tells what he needs is promised more than who does not; all below the first priority that somebody
 * chose. */
extern const struct rules rules_default;

/* Reads a file such as
 *   { "unit": "container",
 *     "namespaces": [ { "namespace": "prod-*", "weight": 600, "ceiling": "2:800" },
 *                     { "namespace": "*", "weight": 100 } ],
 *     "priorities": [ { "from": 0, "utility": 10 }, { "from": 1000, "utility": "1:50" } ],
 *     "qos": { "Guaranteed": 20, "Burstable": 10, "BestEffort": 5 } }
 * Every key is optional, but "namespace", "from" and "utility" in their lists. A ceiling that is not given is
 * 1000: values are free, tiers and protect are not. Priorities below the first step have its utility, too.
 * The file has to be one that config_file_open takes. One that is not there is an error only if 'required',
 * and else rules_default. 0 with *ret_rules made anew, or a negative errno with *ret_error filled (not for
 * -ENOMEM). */
int rules_load(const char *path, bool required, struct rules *ret_rules, struct config_error *ret_error);
void rules_fini(struct rules *r);

/* The first rule whose pattern matches; one without weight and with the ceiling 1000 when none does.
 * Borrowed. Pure, as is the next. */
const struct namespace_rule *rules_namespace(const struct rules *r, const char *namespace);

/* What a priority is worth, at most PRIORITY_CRITICAL − 1. Never descending with it. */
struct utility rules_priority(const struct rules *r, int32_t priority);
