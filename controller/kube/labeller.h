/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Writes utilities onto cgroups. */
#pragma once

#include "kube/model.h"
#include "kube/pod.h"
#include "kube/rules.h"

/* What stands in for LABEL_NAME of sense/label.h where that must not be written. */
#define LABEL_NAME_USER "user.jettison.name"

/* The hierarchy is looked through no deeper: the kubelet's groups lie 3 to 5 below its root. */
#define LABELLER_DEPTH_MAX 12u

/* One container, or a scope that is none's, or (with UNIT_POD) a pod: what it would get and what it has. */
struct labelled {
        const struct pod *pod;
        const struct pod_container *container;  /* NULL: the pod itself, or what can only be its sandbox */
        const char *path;                       /* of its cgroup; NULL: there is none */
        struct utility utility;
        const char *current;                    /* the label that is there, "" for none */
};

struct labeller {
        int root_fd;                    /* of the hierarchy, O_RDONLY|O_DIRECTORY; borrowed */
        const struct rules *rules;      /* borrowed */
        const char *own_uid;            /* of the own pod, or NULL; borrowed */
        void (*show)(void *who, const struct labelled *l);      /* in place of writing, unless it is NULL */
        void *who;
        bool untrusted;                 /* trusted.* was refused, which the log has been told */
        bool failing; /* in the last pass a label could not be written; the log was told of the first */
        uint64_t writes;                /* labels, since the start */
        size_t found, missing;          /* running containers with and without a cgroup, in the last pass */
};

#define LABELLER_INIT { .root_fd = -1 }

/* Rates all pods and sees to it that every cgroup of theirs bears its label. A label that is as it should be
 * is not written; so a pass over a quiet node reads only. 'current': whether the pods are what the API server
 * has now; what can only be a sandbox is looked for only then. 0, or -ENOMEM, or -errno when the hierarchy's
 * root cannot be read. */
int labeller_run(struct labeller *l, const struct pods *pods, bool current);
