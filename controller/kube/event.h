/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Kubernetes is told of a kill. Pure but for memory. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#include "base/utility.h"
#include "kube/pod.h"

#define EVENT_NOTE_MAX 1024u    /* bytes with the NUL; the API allows 1 kB (api/events/v1) */
#define EVENT_KEPT_MAX 3u       /* how many of the kept a note names */

/* One of those who were kept. */
struct event_kept {
        char who[300];          /* NAMESPACE/POD/CONTAINER, or a cgroup's path */
        struct utility utility;
};

struct event {
        const struct pod *pod;                  /* borrowed, as the next */
        const struct pod_container *container;  /* NULL: the whole pod */
        const char *node;
        uint64_t time_us;               /* of the day, since 1970 */
        uint64_t cgroup;                /* id of the victim */
        uint64_t need, freed, expected; /* bytes; need 0: not known */
        bool has_utility;
        struct utility utility;
        struct event_kept kept[EVENT_KEPT_MAX]; /* the dearest */
        size_t n_kept, n_kept_more;
};

/* metadata.name: the same for the same kill whenever it is told, another for any other. At most 253 bytes. */
#define EVENT_NAME_SIZE 254u
char *event_name(const struct event *e, char name[static EVENT_NAME_SIZE]);

/* The sentence for people. */
char *event_note(const struct event *e, char note[static EVENT_NOTE_MAX]);

/* An object of events.k8s.io/v1, kind Event: reason Jettisoned, action Kill, type Warning. New; NULL when
 * there is no memory. */
json_t *event_object(const struct event *e);

/* A patch of the pod's status that sets the condition DisruptionTarget, only if the pod still has this uid.
 * New; NULL when there is no memory. */
json_t *event_disruption(const struct event *e);
