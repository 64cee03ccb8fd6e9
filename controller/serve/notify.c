/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The manager's protocol (sd_notify(3), sd_watchdog_enabled(3)) is one datagram to the socket that
 * NOTIFY_SOCKET names, a path or, behind an '@', an abstract name. It is spoken here, since libsystemd
 * would bring seven more libraries and as much memory as all the rest of the daemon has.
 *
 * The socket is made before the filter, which then needs to let none be made. Messages are addressed each
 * by itself, so that a manager which was started anew hears them as well. A manager that reads nothing must
 * not hold up the loop: a message to the watchdog that finds no room is lost at once, and the watchdog's
 * patience is many of them; the others, of which there is one in a while, wait for room a little. */
#include "serve/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/base.h"
#include "base/ktext.h"
#include "base/loop.h"

#define WAIT_US (100 * USEC_PER_MSEC)   /* for room in the manager's queue */

static struct {
        int fd;
        struct sockaddr_un address;
        socklen_t len;
} manager = { .fd = -1 };

int notify_open(void)
{
        const struct timeval wait = { .tv_usec = WAIT_US };
        const char *name = getenv("NOTIFY_SOCKET");
        size_t len = name ? strlen(name) : 0;

        notify_close();
        if (len == 0)
                return 0;
        if ((name[0] != '/' && name[0] != '@') || len < 2)
                return -EAFNOSUPPORT;
        if (len >= sizeof(manager.address.sun_path))
                return -ENAMETOOLONG;
        manager.address = (struct sockaddr_un){ .sun_family = AF_UNIX };
        memcpy(manager.address.sun_path, name, len);
        if (name[0] == '@')
                manager.address.sun_path[0] = '\0';
        manager.len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
        manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (manager.fd < 0)
                return -errno;
        setsockopt(manager.fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
        return 0;
}

void notify_close(void)
{
        close_p(&manager.fd);
        manager.fd = -1;
}

static void tell(const char *message, int flags)
{
        if (manager.fd >= 0)
                (void)!sendto(manager.fd, message, strlen(message), MSG_NOSIGNAL | flags,
                              (const struct sockaddr *)&manager.address, manager.len);
}

void notify_ready(void)
{
        tell("READY=1", 0);
}

void notify_reloading(void)
{
        char message[64];

        snprintf(message, sizeof(message), "RELOADING=1\nMONOTONIC_USEC=%llu",
                 (unsigned long long)loop_now_us());
        tell(message, 0);
}

void notify_stopping(void)
{
        tell("STOPPING=1", 0);
}

void notify_alive(void)
{
        tell("WATCHDOG=1", MSG_DONTWAIT);
}

uint64_t notify_watchdog_us(void)
{
        const char *interval = getenv("WATCHDOG_USEC"), *process = getenv("WATCHDOG_PID");
        uint64_t interval_us, pid;

        if (!interval || ktext_u64(interval, &interval_us) < 0 || interval_us == KTEXT_MAX)
                return 0;
        if (process && (ktext_u64(process, &pid) < 0 || pid != (uint64_t)getpid()))
                return 0;
        return interval_us;
}
