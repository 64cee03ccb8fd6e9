/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is kept of a pod, and all pods of the node. Pure but for memory. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utility.h"

/* The annotations, as those of hooks/claim.h. */
#define POD_KEY_UTILITY   "jettison.io/utility"
#define POD_KEY_CONTAINER "jettison.io/utility."

#define POD_ID_SIZE 65  /* 64 hex digits and a NUL */

enum qos { QOS_BEST_EFFORT, QOS_BURSTABLE, QOS_GUARANTEED, QOS_N };

enum pod_phase {
        POD_WAITING,    /* not started, or ended and may be started again at any time */
        POD_RUNNING,
        POD_DONE,       /* ended, and not started again in this sandbox */
        POD_PHASE_N,
};

struct pod_container {
        char *name;                     /* owned */
        char id[POD_ID_SIZE];           /* "" as long as it has none, or one of another form */
        char last_id[POD_ID_SIZE];      /* of the one before it, that ended */
        enum pod_phase phase;
        bool has_claim;                 /* by the annotation with its name */
        bool is_wrong;                  /* that one is no utility; the pod's is not asked in its place */
        struct utility claim;
        struct utility utility;         /* what model_rate has found; means nothing before */
        bool found;                     /* scratch of the labeller: its cgroup is there */
};

struct pod {
        char *uid;              /* of the object. Owned, as all texts */
        char *key;              /* by which its cgroup is named: the UID, or a static pod's hash */
        char *namespace, *name;
        int32_t priority;
        bool has_priority;      /* somebody chose it: it is not 0, or a class is named */
        enum qos qos;
        bool is_static;         /* the kubelet has it from a file; this is its mirror */
        bool is_over;           /* succeeded or failed: none of its containers will run again */
        bool is_told;           /* its status tells of every container of its specification */
        bool has_claim;         /* by the annotation for all of its containers */
        bool is_wrong;          /* an annotation of ours, here or of a container, is no utility */
        struct utility claim;
        size_t n;               /* containers of every kind: also init and ephemeral ones */
        struct pod_container containers[];
};

/* Reads an object of kind Pod. 0 with *ret_pod new; -EBADMSG when it is none (no uid, namespace or name that
 * is a DNS name, or one that is longer than Kubernetes allows); -ENOMEM. What is missing otherwise counts as
 * empty.
 *
 * A static pod is one with the annotation kubernetes.io/config.mirror and a kubernetes.io/config.hash of 32
 * hex digits. The annotation kubernetes.io/config.source alone says nothing: anybody may write it into a pod,
 * the kubelet corrects it only in its own memory. A pod with config.mirror that did not come from a kubelet
 * is never run by one (kubelet pkg/kubelet/kubelet.go), and cannot get the annotation later (API validation).
 */
int pod_read(const json_t *object, struct pod **ret_pod);
struct pod *pod_free(struct pod *p);

/* Its container with this id, or with this last id; NULL. Borrowed. */
struct pod_container *pod_find_container(struct pod *p, const char *id);

/* Whether whatever else runs in its sandbox can only be the sandbox: every container of the specification has
 * a status, and each is running with an id or done for good. */
bool pod_is_settled(const struct pod *p);

/* ---- all pods, by uid ---- */

struct pods {
        void *tree;
        size_t n;
};

#define PODS_INIT { 0 }

/* Takes p in the place of the one with the same uid. 0, p is stolen; or -ENOMEM, it is not. */
int pods_put(struct pods *pods, struct pod *p);
struct pod *pods_find(const struct pods *pods, const char *uid);        /* borrowed; NULL */
void pods_remove(struct pods *pods, const char *uid);
void pods_clear(struct pods *pods);

/* All of them, in no order that means anything: an array of pods->n borrowed pointers, new; NULL when there
 * is no memory. */
struct pod **pods_list(const struct pods *pods);
