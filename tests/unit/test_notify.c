/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service manager's end is a socket of the test's own. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base.h"
#include "base/loop.h"
#include "serve/notify.h"

/* Listens at a name as NOTIFY_SOCKET has it, and sets that. */
static int listen_at(const char *name)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

        memcpy(address.sun_path, name, strlen(name));
        if (name[0] == '@')
                address.sun_path[0] = '\0';
        cr_assert_eq(bind(fd, (struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
        setenv("NOTIFY_SOCKET", name, 1);
        return fd;
}

/* The next message; "" when there is none. Valid until the next call. */
static const char *heard(int fd)
{
        static char text[128];
        ssize_t n = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

        text[n > 0 ? n : 0] = '\0';
        return text;
}

static void tell_all(int fd)
{
        cr_assert_eq(notify_open(), 0);
        notify_ready();
        cr_expect_str_eq(heard(fd), "READY=1");
        notify_reloading();
        cr_expect_eq(strncmp(heard(fd), "RELOADING=1\nMONOTONIC_USEC=", 27), 0);
        notify_alive();
        cr_expect_str_eq(heard(fd), "WATCHDOG=1");
        notify_stopping();
        cr_expect_str_eq(heard(fd), "STOPPING=1");
        cr_expect_str_eq(heard(fd), "");
        notify_close();
        notify_ready();
        cr_expect_str_eq(heard(fd), "", "told after the end");
}

Test(notify, path)
{
        char folder[] = "/tmp/jettison-notify-XXXXXX", name[64];
        int fd;

        cr_assert(mkdtemp(folder));
        snprintf(name, sizeof(name), "%s/manager", folder);
        fd = listen_at(name);
        tell_all(fd);

        /* A manager that was started anew is heard of at the same path. */
        cr_assert_eq(notify_open(), 0);
        close(fd);
        unlink(name);
        notify_ready();
        fd = listen_at(name);
        notify_ready();
        cr_expect_str_eq(heard(fd), "READY=1");
        notify_close();
        close(fd);
        unlink(name);
        rmdir(folder);
}

Test(notify, abstract_name)
{
        char name[64];
        int fd;

        snprintf(name, sizeof(name), "@jettison-notify-%d", getpid());
        fd = listen_at(name);
        tell_all(fd);
        close(fd);
}

/* A manager that reads nothing costs no time with the watchdog's messages, and little with the others. */
Test(notify, deaf_manager)
{
        uint64_t begun_us;
        char name[64];
        int fd;

        snprintf(name, sizeof(name), "@jettison-notify-%d", getpid());
        fd = listen_at(name);
        cr_assert_eq(notify_open(), 0);
        begun_us = loop_now_us();
        for (int i = 0; i < 10000; i++)
                notify_alive();
        cr_expect_lt(loop_now_us() - begun_us, USEC_PER_SEC);
        begun_us = loop_now_us();
        notify_ready();
        cr_expect(loop_now_us() - begun_us > 50 * USEC_PER_MSEC && loop_now_us() - begun_us < USEC_PER_SEC);
        notify_close();
        close(fd);
}

Test(notify, nobody_and_nonsense)
{
        char path[256];

        unsetenv("NOTIFY_SOCKET");
        cr_expect_eq(notify_open(), 0);
        notify_ready();
        setenv("NOTIFY_SOCKET", "", 1);
        cr_expect_eq(notify_open(), 0);
        notify_ready();
        setenv("NOTIFY_SOCKET", "vsock:2:9999", 1);
        cr_expect_eq(notify_open(), -EAFNOSUPPORT);
        setenv("NOTIFY_SOCKET", "@", 1);
        cr_expect_eq(notify_open(), -EAFNOSUPPORT);
        memset(path, 'a', sizeof(path));
        path[0] = '/';
        path[sizeof(path) - 1] = '\0';
        setenv("NOTIFY_SOCKET", path, 1);
        cr_expect_eq(notify_open(), -ENAMETOOLONG);
        notify_alive();
}

Test(notify, watchdog)
{
        static const struct {
                const char *label, *interval, *process;
                uint64_t expected_us;
        } cases[] = {
                { "nobody watches", NULL, NULL, 0 },
                { "any process", "10000000", NULL, 10000000 },
                { "this process", "10000000", "own", 10000000 },
                { "another process", "10000000", "1", 0 },
                { "no number of a process", "10000000", "me", 0 },
                { "no number", "soon", NULL, 0 },
                { "max is none", "max", NULL, 0 },
                { "nothing", "", NULL, 0 },
                { "zero", "0", NULL, 0 },
        };
        char own[32];

        snprintf(own, sizeof(own), "%d", getpid());
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const char *process = cases[i].process;

                unsetenv("WATCHDOG_USEC");
                unsetenv("WATCHDOG_PID");
                if (cases[i].interval)
                        setenv("WATCHDOG_USEC", cases[i].interval, 1);
                if (process)
                        setenv("WATCHDOG_PID", strcmp(process, "own") == 0 ? own : process, 1);
                cr_expect_eq(notify_watchdog_us(), cases[i].expected_us, "%s", cases[i].label);
        }
}
