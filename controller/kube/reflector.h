/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The node's pods, as the API server has them: a list, then a watch, for ever. */
#pragma once

#include "kube/api.h"
#include "kube/pod.h"
#include "kube/retry.h"
#include "record/lines.h"

/* A longer line of a watch is skipped, with a word in the log. An object in etcd has at most 1.5 MiB
 * (--max-request-bytes). */
#define REFLECTOR_LINE_MAX (4 * MIB)

/* Objects asked for at a time, the most that such an answer may have (300 kB each, when 10 kB are usual), and
 * the longest that it may take, however it trickles. */
#define REFLECTOR_PAGE     100u
#define REFLECTOR_PAGE_MAX (32 * MIB)
#define REFLECTOR_PAGE_US  (120 * USEC_PER_SEC)

/* A watch that stood this long was a good one, however it ended: pauses are short again. */
#define REFLECTOR_GOOD_US (10 * USEC_PER_SEC)

enum reflector_state { REFLECTOR_IDLE, REFLECTOR_LISTING, REFLECTOR_WATCHING, REFLECTOR_STATE_N };

struct reflector {
        struct api *api;                /* borrowed, as the next */
        const char *node;
        uint64_t watch_us;              /* after this long the server is asked to end a watch */
        enum reflector_state state;
        struct pods pods;               /* as of the last list and what was told since */
        uint64_t changes;               /* grows whenever they change */
        bool is_listed;                 /* a list has come in once */
        bool is_current;                /* … and a watch stands, so that they are what the server has */
        uint64_t failures;              /* since the start */
        uint64_t due_us;                /* when to go on; UINT64_MAX: a call is under way */

        struct api_call call;           /* the rest is its own */
        struct lines lines;             /* of a watch, or all of a page in one */
        struct pods next;               /* of the list that is coming in */
        char *token;                    /* where that goes on; NULL: at its beginning */
        char *version;                  /* from where to watch; NULL: list first */
        struct retry retry;
        bool was_unauthorized;          /* a new token was tried at once, and only once */
        uint64_t since_us, events;      /* when the watch was begun, and what it has told */
};

/* node: metadata.name of the node; borrowed. */
void reflector_init(struct reflector *r, struct api *api, const char *node, uint64_t watch_us);
void reflector_fini(struct reflector *r);

/* Does what is due. To be called when due_us is over. */
void reflector_run(struct reflector *r, uint64_t now_us);
