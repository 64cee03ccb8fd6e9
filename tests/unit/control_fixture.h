/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A control socket with a few verbs in a temporary folder, served by a thread, and clients for it. A timer
 * beside the socket shows whether anything made the loop wait. All of it asserts. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "serve/control.h"

#define CONTROL_FIXTURE_VERBS 4

struct server {
        struct loop loop;
        struct loop_timer tick;
        struct control *control;
        pthread_t thread;
        atomic_bool stop;
        uint64_t tick_us, late_us;
        char folder[64], path[108];
        int served;             /* requests that reached echo, fill or act */
};

extern struct server server;
extern char *reply;             /* the last line that answer() or ask() has read */

/* echo: domain and need again. fill: need bytes of "0123456789…" as "fill". fail: an error. act: echo for
 * root only. */
extern const struct control_verb control_fixture_verbs[CONTROL_FIXTURE_VERBS];

void server_start(const char *group);
void server_stop(void);         /* asserts as well that the loop was never held up and the socket is gone */

int try_connect(void);          /* descriptor or -errno */
int client(void);
void say(int fd, const char *text);

/* Reads one line into 'reply'; slowly: at most step bytes at a time with a pause in between. false: closed
 * before the line was whole. */
bool answer(int fd);
bool answer_slowly(int fd, size_t step, unsigned pause_us);

/* Is 'reply' one JSON object with this "ok" and, if not NULL, this in its error? */
void expect(bool ok, const char *error);

void ask(int fd, const char *request, bool ok, const char *error);      /* say, answer, expect */
void expect_alive(void);
size_t open_files(void);
