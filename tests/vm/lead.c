/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who speaks first when memory runs out: the module's line, the kernel's pressure trigger, or a look at
 * /proc/meminfo each 100 ms? Waits for all three until the kernel has no memory left, as the module's event of
 * that says, and prints how many milliseconds before it the module told, and each was heard here in user
 * space; "-" if it was not.
 *   lead PERCENT         of memory, where the line is and what the looks wait for
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../../kmod/jettison_uapi.h"

#define LOOK_MS 100

enum { TOLD, LINE, PRESSURE, LOOK, WITNESS_N };  /* TOLD: when the module told, LINE: when it was heard */

static uint64_t spoke_ns[WITNESS_N];

static uint64_t now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void speak(int witness)
{
        if (!spoke_ns[witness])
                spoke_ns[witness] = now_ns();
}

static uint64_t read_kib(int fd, const char *key)
{
        char text[4096];
        ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
        char *at;

        text[n > 0 ? n : 0] = '\0';
        at = strstr(text, key);
        return at ? strtoull(at + strlen(key), NULL, 10) : 0;
}

static int fail(const char *what)
{
        perror(what);
        return 1;
}

static void print(uint64_t out_ns)
{
        for (int i = 0; i < WITNESS_N; i++)
                if (spoke_ns[i] && spoke_ns[i] < out_ns)
                        printf("%llu ", (unsigned long long)(out_ns - spoke_ns[i]) / 1000000);
                else
                        printf("- ");
        printf("\n");
}

/* Takes the module's events; true once the kernel is out of memory. */
static bool take_events(int device, uint64_t *ret_out_ns)
{
        struct jettison_event e;

        while (read(device, &e, sizeof(e)) == sizeof(e)) {
                if (e.kind == JETTISON_AVAILABLE_LOW) {
                        spoke_ns[TOLD] = e.time_ns;
                        speak(LINE);
                }
                if (e.kind == JETTISON_OOM) {
                        *ret_out_ns = e.time_ns;
                        return true;
                }
        }
        return false;
}

int main(int argc, char **argv)
{
        static const char trigger[] = "some 150000 1000000";
        int device = open(JETTISON_DEVICE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        int pressure = open("/proc/pressure/memory", O_RDWR | O_NONBLOCK | O_CLOEXEC);
        int meminfo = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
        uint64_t look_ns = now_ns(), out_ns, line;
        struct jettison_watch watch = { .version = JETTISON_ABI };
        struct pollfd fds[] = { { device, POLLIN, 0 }, { pressure, POLLPRI, 0 } };

        if (argc != 2 || device < 0 || pressure < 0 || meminfo < 0)
                return fail("lead");
        line = read_kib(meminfo, "MemTotal:") * strtoull(argv[1], NULL, 10) / 100;
        watch.available_low = line << 10;
        watch.available_high = watch.available_low + watch.available_low / 8;
        if (ioctl(device, JETTISON_WATCH, &watch) < 0 || write(pressure, trigger, sizeof(trigger)) < 0 ||
            mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
                return fail("lead");
        puts("ready");
        fflush(stdout);
        for (;;) {
                int64_t left_ms = ((int64_t)look_ns - (int64_t)now_ns()) / 1000000;

                if (left_ms <= 0) {
                        look_ns = now_ns() + LOOK_MS * 1000000;
                        left_ms = LOOK_MS;
                        if (read_kib(meminfo, "MemAvailable:") < line)
                                speak(LOOK);
                }
                poll(fds, 2, (int)left_ms);
                if (fds[1].revents & POLLPRI)
                        speak(PRESSURE);
                if (take_events(device, &out_ns)) {
                        print(out_ns);
                        return 0;
                }
        }
}
