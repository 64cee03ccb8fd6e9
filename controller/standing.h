/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The standing order: whom to take in the worst case, left with the kernel module, and what becomes of it. */
#pragma once

#include "controller.h"

/* 0 or -ENOMEM. */
int standing_init(struct controller *c);

/* Leaves an order made from the controller's snapshot of the host, under the number of the round that would be
 * next. Without module, and in a dry run, does nothing. */
void standing_renew(struct controller *c);

/* Leaves what a round of the host has still to do, and whoever else may die behind it, under that round's own
 * number. */
void standing_follow(struct controller *c);

/* Takes the order back: memory is plentiful. */
void standing_withdraw(struct controller *c);

/* What the victim that the module struck last has still to give back, bytes. */
uint64_t standing_in_flight(const struct controller *c);

/* The module tells what it did with the order. */
void standing_take_event(struct controller *c, const struct jettison_event *event);
