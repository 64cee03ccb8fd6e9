/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container's annotations ask for, and what they tell of where it comes from. */
#pragma once

#include <jansson.h>

#include "base/utility.h"
#include "serve/config.h"

/* Answers of claim_read. */
enum { CLAIM_NONE, CLAIM_FOUND };

#define CLAIM_KEY_MAX    256    /* bytes with the NUL; a key of Kubernetes' has at most 253 + 1 + 63 */
#define CLAIM_ORIGINS    3      /* keys that may tell one thing */

struct claim {
        char key[CLAIM_KEY_MAX];                /* of the annotation that counts */
        struct utility utility;
        /* Each list as far as told, NULL behind it; borrowed from the annotations. Who may add annotations
         * may make one of several be untrue, but none be missing. */
        const char *namespaces[CLAIM_ORIGINS + 1];
        const char *images[CLAIM_ORIGINS + 1];
        const char *pod, *container;            /* their names; borrowed; NULL: not told */
};

/* Reads the annotations, an object. CLAIM_FOUND; CLAIM_NONE when no utility is asked for, or when this is a
 * pod's sandbox, which must not become a candidate; or -EINVAL with *ret_error filled when what counts is not
 * a utility: a lesser annotation is not asked in its place. Pure.
 *
 * What counts, the first that is there:
 *   jettison.io/utility.CONTAINER   CONTAINER as the runtime tells it
 *   io.jettison.utility
 *   jettison.io/utility
 *
 * Keys of the runtimes: containerd internal/cri/annotations; cri-o internal/factory/container, which also
 * passes on the kubelet's labels io.kubernetes.container.name and io.kubernetes.pod.namespace (kubelet
 * pkg/types/labels.go). podman and Docker tell neither namespace nor image. */
int claim_read(const json_t *annotations, struct claim *ret_claim, struct config_error *ret_error);
