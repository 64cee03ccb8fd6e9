/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The controller itself, as the daemon starts it, on a faked host. */
#pragma once

#include "controller.h"
#include "fake_world.h"
#include "journal_fixture.h"

struct controlled {
        struct controller c;
        struct config config;
        struct loop loop;
        struct module module;           /* there is none */
        struct folder folder;           /* of its journal, "journal" */
        struct world *world;
};

/* The defaults, for 64 candidates and a rate at which memory can be filled that is not measured. The test may change
 * them before controlled_start; rules in them are its own. */
void controlled_configure(struct controlled *d);

/* Starts it on the world, which is borrowed; it looks when the loop turns. */
void controlled_start(struct controlled *d, struct world *w);

/* Ends it, and the world with it. */
void controlled_end(struct controlled *d);
