/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which domains are watched: the configured ones that exist, and with "auto" every branch of the tree with a
 * limit of its own and a candidate inside. */
#pragma once

#include "controller.h"

/* The watch of the domain with this path, of one that is gone as well; NULL when there is none. Borrowed. */
struct watch *domains_find(struct controller *c, const char *path);

/* After the configuration was replaced: stops all watches, for domains_watch to start anew; unless neither domains
 * nor triggers differ from before, since opening and closing a trigger can wait for cgroup_mutex. */
void domains_reconfigure(struct controller *c, const struct config *before);

/* Brings the watches up to date with the tree: stops those whose cgroup is gone and starts those of new
 * domains, as far as there are places (WATCHES_MAX). woken: as for watch_start. */
void domains_watch(struct controller *c, void (*woken)(struct watch *w));
