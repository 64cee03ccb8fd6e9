/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is to be told to the API server: a queue that is bounded, in order, and slow on purpose. */
#pragma once

#include "kube/api.h"
#include "kube/retry.h"

/* Kills come one at a time and minutes apart; 256 are a day of an ailing node. */
#define POSTER_QUEUE 256u

/* Ten at once, then one each second: a round of many victims is told at once, a node that sheds without end
 * does not keep the API server busy. */
#define POSTER_BURST       10u
#define POSTER_INTERVAL_US USEC_PER_SEC

struct poster_item {
        const char *method, *content_type;      /* static texts */
        char *path, *body;                      /* owned */
};

struct poster {
        struct api *api;                        /* borrowed */
        struct poster_item items[POSTER_QUEUE]; /* a ring: n from 'first' on */
        size_t first, n;
        bool busy;                              /* the first is under way */
        bool was_unauthorized;
        uint64_t credit_us, credited_us;        /* the bucket, and when it was last filled */
        uint64_t due_us;                        /* when to go on; UINT64_MAX: not by time */
        uint64_t sent, dropped, refused;        /* since the start */
        struct retry retry;
        struct api_call call;
};

void poster_init(struct poster *p, struct api *api, uint64_t now_us);
void poster_fini(struct poster *p);

/* Queues one; path and body are stolen, also when one is NULL for want of memory (then it counts as dropped).
 * When there is no room the oldest that is not under way is dropped. */
void poster_put(struct poster *p, const char *method, const char *content_type, char *path, char *body);

/* Sends what is due. To be called when due_us is over, and after poster_put. A server that cannot be reached
 * or is busy (429, 5xx) is asked again after a pause; 409 says that it has been told already; what it refuses
 * otherwise is dropped with a word in the log. */
void poster_run(struct poster *p, uint64_t now_us);
