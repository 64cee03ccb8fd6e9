/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to the service manager. Nothing happens when there is none, or when built without libsystemd. */
#pragma once

#include <stdint.h>

void notify_ready(void);                        /* started, or done with reloading */
void notify_reloading(void);
void notify_stopping(void);
void notify_status(const char *text);           /* one line for "systemctl status" */
void notify_alive(void);                        /* to the watchdog */

/* How often notify_alive() is expected at least, microseconds; 0: nobody is watching. Twice as often is
 * wise. */
uint64_t notify_watchdog_us(void);
