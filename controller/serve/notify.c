/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each message is one datagram to the manager's socket, which libsystemd opens anew every time; that is
 * why the sandbox leaves socket() to local datagrams. A datagram waits if the manager's queue is full: it
 * holds some hundred, and the watchdog's messages are seconds apart, so a manager that reads nothing is
 * noticed by its own means long before. A message that is lost costs a line of status, or in the
 * watchdog's case a restart, which is what the watchdog is for. */
#include "serve/notify.h"

#ifdef HAVE_SYSTEMD

#include <systemd/sd-daemon.h>

#include "base/loop.h"

void notify_ready(void)
{
        sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
        sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)loop_now_us());
}

void notify_stopping(void)
{
        sd_notify(0, "STOPPING=1");
}

void notify_status(const char *text)
{
        sd_notifyf(0, "STATUS=%s", text);
}

void notify_alive(void)
{
        sd_notify(0, "WATCHDOG=1");
}

uint64_t notify_watchdog_us(void)
{
        uint64_t interval_us = 0;

        return sd_watchdog_enabled(0, &interval_us) > 0 ? interval_us : 0;
}

#endif
