/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From pods to utilities. Pure: no descriptor, no clock, no memory of its own. */
#pragma once

#include "kube/pod.h"
#include "kube/rules.h"

/* Sets 'utility' of every container of the pods, whose order in the array it changes. own_uid: of the pod
 * that this process runs in, or NULL. Same pods, same rules: same result, in whatever order they stand.
 *
 * 1. Protected, whatever an annotation says: static pods, pods with a priority of PRIORITY_CRITICAL or above,
 *    the own pod.
 * 2. Else a container has a number, and perhaps a tier, from the first that is there of
 *      the annotation jettison.io/utility.CONTAINER,
 *      the annotation jettison.io/utility,
 *      the priority, if somebody chose one,
 *      the QoS class.
 *    An annotation that is no utility counts as not given, and none of the lesser ones is asked in its place.
 * 3. The namespace's ceiling bounds annotations: a tier above the ceiling's becomes the ceiling's, with the
 *    number 1000; so does protect, unless the ceiling is protect.
 * 4. Without a weight of its namespace, the utility is that number; of an annotation, at most the ceiling's.
 *    That is what the OCI hook would write.
 * 5. With a weight, numbers only rank inside the namespace: the largest number among its containers on this
 *    node that are not protected is worth the weight, the others their share of it, rounded to the nearest.
 *    All 0 stay 0. Tiers are strict, so each tier is a ranking of its own. Of an annotation, the utility is at
 *    most the ceiling's after that. Containers of pods that are over take no part.
 *
 * Annotations and priorities meet on one scale, on purpose: an annotation replaces the number that the
 * priority would have given and nothing else. So "5" on one pod makes that one cheap among neighbours that
 * say nothing, which is what it is for, and an operator can tell his tenants the table of priorities to say
 * what numbers mean. It follows, with a weight:
 *   - multiplying all numbers of a namespace changes nothing, if all its containers are annotated;
 *   - raising annotations beside containers that have none can lower only these, which are the same tenant's;
 *   - in no case does anything change in another namespace, nor is anything worth more than the weight. */
void model_rate(struct pod **pods, size_t n, const struct rules *rules, const char *own_uid);

/* Whether every container of the pod is protected by what it is (1. above). */
bool model_is_protected(const struct pod *p, const char *own_uid);

/* The dearest of the pod's containers; value 0 when there are none. */
struct utility model_pod(const struct pod *p);
