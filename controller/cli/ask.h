/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One question to the daemon over its control socket, one answer. */
#pragma once

#include <jansson.h>

#include "cli/verb.h"

#define ASK_SOCKET "/run/jettison/control.sock"

/* Sends one line and reads one. 0 with the reply, a new object whose "ok" is true; or an exit code, after
 * one line on standard error that says what to do. */
int ask(const struct verb *verb, const char *socket_path, const char *request, json_t **ret_reply);

/* The same, but a refusal is a reply as well; and whether it is none. */
int ask_any(const struct verb *verb, const char *socket_path, const char *request, json_t **ret_reply);
bool ask_is_granted(const json_t *reply);

/* A member of the reply that must be there, borrowed; NULL after one line on standard error. */
const json_t *ask_member(const struct verb *verb, const json_t *reply, const char *name);

/* The request {"verb":what} with the domain and need that are not NULL. New. */
char *ask_request(const char *what, const char *domain, const uint64_t *need);
