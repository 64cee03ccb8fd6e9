/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device's attributes: what a person reads, below /sys/class/misc/jettison. */
#ifndef JETTISON_TEXT_H
#define JETTISON_TEXT_H

#include <linux/sysfs.h>

/* Ends with NULL. */
extern const struct attribute_group *text_groups[];

bool text_selftest(void);

#endif
