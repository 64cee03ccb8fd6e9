/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One round: from a shortage to its verified outcome. */
#pragma once

#include "controller.h"

int round_init(struct controller *c);

/* Begins a round for a domain that was judged short. It goes on by itself, through the loop, and ends with
 * watch looks as before. */
void round_begin(struct controller *c, struct watch *w);
