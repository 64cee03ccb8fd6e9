/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: one JSON object per line each way, served from the loop without ever blocking it. */
#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/loop.h"
#include "base/sink.h"

#define CONTROL_CLIENTS_MAX 16                  /* people and their scripts; a newcomer replaces the idlest */
#define CONTROL_LINE_MAX    (8 * 1024)          /* of a request with its newline: a path, with room */
#define CONTROL_LINE_US     (1 * USEC_PER_SEC)  /* from the first byte of a request to its newline */
#define CONTROL_REPLY_US    (5 * USEC_PER_SEC)  /* for a reply to be read; others wait meanwhile */

/* What was asked. Unknown members, wrong types and a need below 0 have been refused before. */
struct control_request {
        char verb[32];
        char domain[PATH_MAX];  /* begins with '/'; "" when the request names none */
        bool has_need;
        uint64_t need;          /* bytes */
};

/* One thing that can be asked for. The table is borrowed. */
struct control_verb {
        const char *name;
        bool root_only;         /* not for members of the group */
        /* Adds members to a reply that has begun with {"ok":true; it is closed by the caller. Must not
         * keep the sink. */
        void (*serve)(void *context, const struct control_request *request, struct sink *reply);
};

struct control;

/* Listens at 'path', in a folder that is made (0755) if it is missing. The socket is 0600, or 0660 and of
 * 'group' (name or number) when that is not "". A socket nobody listens at is replaced. Returns NULL with
 * *ret_error a negative errno: -EADDRINUSE when somebody listens there, -EEXIST when something that is no
 * socket stands there, -ENOENT for an unknown group. 'reply_size' bytes are set aside for a
 * reply, which may not be longer. Needs CAP_CHOWN if there is a group. Loop, verbs and
 * context are borrowed. */
struct control *control_new(struct loop *loop, const char *path, const char *group,
                            const struct control_verb *verbs, size_t n_verbs, size_t reply_size,
                            void *context, int *ret_error);

/* After the last turn of the loop: closes everything and removes the socket. Takes NULL. Returns NULL. */
struct control *control_free(struct control *c);

/* Turns a reply, whatever was added to it, into {"ok":false,"error":text}. Nothing may be added after it. */
void control_fail(struct sink *reply, const char *text);
