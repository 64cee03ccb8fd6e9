/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A picture of the daemon that is drawn again each second: what 'status --follow' and 'top' share. */
#pragma once

#include <jansson.h>

#include "cli/text.h"
#include "cli/verb.h"

/* Asks the daemon and prints. An exit code; anything but 0 ends it. */
typedef int live_draw(const struct verb *verb, const void *request, const struct term *term);

/* Draws until that fails, and returns its exit code. */
int live_follow(const struct verb *verb, live_draw *draw, const void *request);

/* Makes room for the next picture, where a cursor can be moved; elsewhere it stands below the last. */
void live_erase(const struct term *term);

/* Domains of the daemon's status as a table; they are told their names. */
void live_domains(json_t *domains, const struct term *term);
