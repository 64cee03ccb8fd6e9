/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /dev/jettison: the calls of the specification, and who may make them. */
#ifndef JETTISON_DEVICE_H
#define JETTISON_DEVICE_H

#include "jettison_uapi.h"

/* From here on programs may call; 0 or -errno. */
int device_init(void);

/* Nobody has it open. */
void device_exit(void);

/* What JETTISON_INFO answers. Process context; may sleep. */
void device_describe(struct jettison_info *info);

bool device_selftest(void);

#endif
