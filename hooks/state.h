/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container runtime tells its hooks: the OCI state (runtime-spec, runtime.md, "State"), and the
 * annotations that go with it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "serve/config.h"

/* States have a few KiB; annotations of Kubernetes are bounded at 256 KiB in all. */
#define STATE_SIZE_MAX (1 * MIB)

struct state {
        json_t *root;                   /* owned */
        const char *id;                 /* borrowed from root, as all below */
        const char *bundle;             /* NULL: not told */
        const json_t *annotations;      /* an object; NULL: it has none */
        pid_t pid;                      /* in the runtime's PID namespace; 0: not told */
        bool late;                      /* the container's own program runs already, or has ended */
};

#define STATE_INIT { 0 }

/* Reads fd (borrowed) to its end, whatever comes, so that the writer is never cut off. 0 with *ret_text new
 * (not ended by NUL), -EFBIG when there were more than STATE_SIZE_MAX bytes, or another negative errno; with
 * *ret_error filled. */
int state_drain(int fd, char **ret_text, size_t *ret_len, struct config_error *ret_error);

/* Parses a state of len bytes. Members that are not known are passed over; a member that is there twice, or
 * is not of the specification's type, is refused. 0, or a negative errno with *ret_error filled. Pure. */
int state_parse(const char *text, size_t len, struct state *ret_state, struct config_error *ret_error);

/* Takes the annotations from the bundle's config.json, for a state that has none. The file must belong to
 * root or the caller and must not be writable by others. *ret_root is new and owns what *ret_annotations
 * (NULL: none there either) points to. 0, or a negative errno with *ret_error filled (not for -ENOMEM). */
int state_read_bundle(const struct state *s, json_t **ret_root, const json_t **ret_annotations,
                      struct config_error *ret_error);

void state_fini(struct state *s);
