/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Messages to the service manager. Nothing happens when there is none. */
#pragma once

#include <stdint.h>

/* Where NOTIFY_SOCKET says; before the system-call filter, which lets no socket be made. 0, also when nobody
 * wants messages; or -errno, and then nobody is told anything. */
int notify_open(void);
void notify_close(void);

void notify_ready(void);                        /* started, or done with reloading */
void notify_reloading(void);
void notify_stopping(void);
void notify_alive(void);                        /* to the watchdog; never waits */

/* How often notify_alive() is expected at least, microseconds; 0: nobody is watching. Twice as often is
 * wise. */
uint64_t notify_watchdog_us(void);
