/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Each message is one datagram to the manager's socket, which libsystemd opens anew every time; that is
 * why the sandbox leaves socket() to local datagrams. A datagram waits if the manager's queue is full: it
 * holds some hundred, and the watchdog's messages are seconds apart, so a manager that reads nothing is
 * noticed by its own means long before. A message that is lost costs a line of status, or in the
 * watchdog's case a restart, which is what the watchdog is for. */
#include "serve/notify.h"

#include <stdio.h>

#ifdef HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#endif

#include "base/loop.h"

static void tell(const char *message)
{
#ifdef HAVE_SYSTEMD
        sd_notify(0, message);
#else
        (void)message;
#endif
}

void notify_ready(void)
{
        tell("READY=1");
}

void notify_reloading(void)
{
        char message[64];

        snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%llu",
                 (unsigned long long)loop_now_us());
        tell(message);
}

void notify_stopping(void)
{
        tell("STOPPING=1");
}

void notify_status(const char *text)
{
        char message[512];

        snprintf(message, sizeof(message), "STATUS=%s", text);
        tell(message);
}

void notify_alive(void)
{
        tell("WATCHDOG=1");
}

uint64_t notify_watchdog_us(void)
{
        uint64_t interval_us = 0;

#ifdef HAVE_SYSTEMD
        if (sd_watchdog_enabled(0, &interval_us) <= 0)
                interval_us = 0;
#endif
        return interval_us;
}
