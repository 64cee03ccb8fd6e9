/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API server: requests over TLS, any number at a time, from one thread that waits in api_turn alone. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

/* Where Kubernetes puts a pod's credentials. */
#define API_ACCOUNT_DIR "/var/run/secrets/kubernetes.io/serviceaccount"
#define API_TOKEN_PATH  API_ACCOUNT_DIR "/token"
#define API_CA_PATH     API_ACCOUNT_DIR "/ca.crt"

/* A longer token is none; those of service accounts have about 1 kB. */
#define API_TOKEN_MAX (16 * KIB)

struct api_options {
        const char *server;     /* "https://HOST:PORT"; borrowed, as all texts */
        const char *token_file;
        const char *ca_file;
        uint64_t timeout_us;    /* to connect, and how long an answer may stand still */
};

struct api;

/* 0 with *ret_api new; -EINVAL when the server is not https. The options are copied, not the texts. */
int api_new(const struct api_options *options, struct api **ret_api);
struct api *api_free(struct api *a);

enum api_end {
        API_DONE,               /* answered with a status of 2xx, and the whole body has come */
        API_REFUSED,            /* answered with another status */
        API_LOST,               /* no answer, or not all of it; also: the certificate was not accepted */
        API_STOPPED,            /* 'take' did not want more */
        API_END_N,
};

struct api_result {
        enum api_end end;
        long status;            /* of HTTP; 0: it did not come to that */
        uint64_t after_us;      /* "Retry-After"; 0: none */
        const char *why;        /* for people; valid during the call */
};

/* One request. Embedded in whoever makes it, who fills the first part. */
struct api_call {
        const char *method;             /* "GET", "POST", "PATCH" */
        const char *content_type;       /* of the body; NULL without one */
        const char *body;               /* borrowed until it is done; NULL: none */
        uint64_t longest_us;            /* the whole of it; 0: as long as the answer does not stand still */
        bool may_stand_still;           /* a watch: silence is an answer, until longest_us */
        /* A piece of the body of a 2xx answer; false: no more. */
        bool (*take)(struct api_call *c, const char *bytes, size_t len);
        /* The end; the call may be used again from here on. */
        void (*done)(struct api_call *c, const struct api_result *result);

        struct api *api;                /* the rest is the client's: NULL while it is not under way */
        struct api_call *next;
        void *easy, *headers;
        char error[256];                /* CURL_ERROR_SIZE */
        bool stopped;
};

/* Begins it. The path starts with '/'. The token's file is read anew each time, since a token lives for an
 * hour and is replaced before: so a call that was refused with 401 is made with what stands there by then. 0,
 * or a negative errno, and then 'done' is not called. */
int api_start(struct api *a, struct api_call *c, const char *path);

/* Ends it without 'done'; nothing when it is not under way. */
void api_cancel(struct api_call *c);

/* Waits for calls, for one of n descriptors to become readable, or timeout_us; then does what is to be done.
 * 0, or -EIO when the library cannot go on. Time is that of CLOCK_MONOTONIC. */
int api_turn(struct api *a, const int *fds, size_t n, uint64_t timeout_us);

/* CLOCK_MONOTONIC. */
uint64_t api_now_us(void);

/* Text as part of a query. New; NULL when there is no memory. */
char *api_escape(const char *text);
