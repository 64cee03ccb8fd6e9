/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The meter, which is arithmetic, and the text of the trigger, as far as a plain file shows it. That the
 * kernel refuses a window and the next multiple of 2 s is asked for cannot be had from a plain file, which
 * takes any text; where this machine has pressure files, the real ones are tried. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/base.h"
#include "fake_world.h"
#include "sense/pressure.h"

#define WINDOW USEC_PER_SEC

static struct stall_meter m;

static void add(uint64_t at_us, uint64_t total_us)
{
        stall_meter_add(&m, at_us, total_us, WINDOW);
}

Test(pressure, needs_a_window)
{
        stall_meter_reset(&m);
        cr_expect_eq(stall_meter_share(&m, WINDOW), 0);
        cr_expect(!stall_meter_spans(&m, WINDOW));
        add(5 * WINDOW, 1000);
        cr_expect(!stall_meter_spans(&m, WINDOW));
        add(5 * WINDOW + WINDOW - 1, 500000);
        cr_expect(!stall_meter_spans(&m, WINDOW));
        cr_expect_eq(stall_meter_share(&m, WINDOW), 0);
        add(6 * WINDOW, 501000);
        cr_expect(stall_meter_spans(&m, WINDOW));
        cr_expect_eq(stall_meter_share(&m, WINDOW), 5000, "%u", stall_meter_share(&m, WINDOW));
}

Test(pressure, shares)
{
        static const struct {
                const char *label;
                uint64_t apart_us, stalled_us;
                uint32_t share;
        } cases[] = {
                { "none", WINDOW, 0, 0 },
                { "a fifth", WINDOW, WINDOW / 5, 2000 },
                { "all", WINDOW, WINDOW, 10000 },
                { "more than time: several counters' clocks", WINDOW, 3 * WINDOW, 10000 },
                { "a longer span", 2 * WINDOW, WINDOW, 5000 },
                { "one that is too long", 2 * WINDOW + 1, 2 * WINDOW, 0 },
                { "too small to count", WINDOW, 99, 0 },
                { "a counter of many years", WINDOW, UINT64_MAX / 2, 10000 },
        };

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                stall_meter_reset(&m);
                add(10, 10);
                add(10 + cases[i].apart_us, 10 + cases[i].stalled_us);
                cr_expect_eq(stall_meter_share(&m, WINDOW), cases[i].share, "%s: %u", cases[i].label,
                             stall_meter_share(&m, WINDOW));
        }
}

/* However often it is fed, the ring spans the window, and the stall of long ago is forgotten. */
Test(pressure, ring_spans_the_window)
{
        static const uint64_t steps_us[] = { 1,     100,    5000,   20000,  62500,
                                             62501, 100000, 300000, 999999, 1999999 };

        for (size_t i = 0; i < ARRAY_SIZE(steps_us); i++) {
                uint64_t at_us = 1000, total_us = 0, until_us = 1000 + 5 * WINDOW;
                size_t fed = 0;

                stall_meter_reset(&m);
                if (steps_us[i] < 100)
                        until_us = 1000 + WINDOW / 50;          /* too many steps for a whole window */
                for (; at_us < until_us; at_us += steps_us[i], fed++) {
                        add(at_us, total_us);
                        total_us += at_us < 3 * WINDOW ? steps_us[i] : 0; /* all stalled, then not at all */
                        cr_assert_leq(m.n, ARRAY_SIZE(m.samples));
                        cr_assert_lt(m.next, ARRAY_SIZE(m.samples));
                        if (at_us >= 1000 + WINDOW + WINDOW / 16 + 2 * steps_us[i])
                                cr_assert(stall_meter_spans(&m, WINDOW),
                                          "step %lu: no span after %zu samples", steps_us[i], fed);
                        if (at_us >= 1000 + WINDOW + WINDOW / 16 + 2 * steps_us[i] && at_us < 3 * WINDOW)
                                cr_assert_geq(stall_meter_share(&m, WINDOW), 9990);
                }
                if (until_us > 3 * WINDOW && steps_us[i] < WINDOW)
                        cr_expect_eq(stall_meter_share(&m, WINDOW), 0, "step %lu: %u", steps_us[i],
                                     stall_meter_share(&m, WINDOW));
        }
}

Test(pressure, backwards_starts_anew)
{
        stall_meter_reset(&m);
        add(1 * WINDOW, 1000);
        add(3 * WINDOW, 2000);
        cr_assert(stall_meter_spans(&m, WINDOW));
        add(4 * WINDOW, 1999);
        cr_expect(!stall_meter_spans(&m, WINDOW), "the counter ran backwards");
        cr_expect_eq(stall_meter_share(&m, WINDOW), 0);
        add(6 * WINDOW, 1999 + WINDOW);
        cr_expect_eq(stall_meter_share(&m, WINDOW), 5000);
        add(6 * WINDOW - 1, 1999 + WINDOW);
        cr_expect(!stall_meter_spans(&m, WINDOW), "the clock ran backwards");
        add(6 * WINDOW - 1, 1999 + WINDOW);
        cr_expect_eq(stall_meter_share(&m, 0), 0, "no window and no time between: %u",
                     stall_meter_share(&m, 0));
}

static struct policy policy_of(enum stall_kind kind, uint32_t permyriad, uint64_t window_us)
{
        struct policy p = policy_default;

        p.stall_kind = kind;
        p.stall_permyriad = permyriad;
        p.stall_window_us = window_us;
        return p;
}

Test(pressure, trigger_text)
{
        static const struct {
                enum stall_kind kind;
                uint32_t permyriad;
                uint64_t window_us;
                const char *text;
        } cases[] = {
                { STALL_FULL, 2000, USEC_PER_SEC, "full 200000 1000000" },
                { STALL_SOME, 3000, 2 * USEC_PER_SEC, "some 600000 2000000" },
                { STALL_SOME, 0, USEC_PER_SEC, "some 1 1000000" },
                { STALL_FULL, 10000, 10 * USEC_PER_SEC, "full 10000000 10000000" },
        };
        size_t before = world_descriptors();
        struct world w;

        world_make(&w, "/a\n");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct policy p = policy_of(cases[i].kind, cases[i].permyriad, cases[i].window_us);
                int fd;
                char text[64] = "";

                world_write(&w, "cgroup/file", "");
                fd = pressure_open(w.fs.root_fd, "file", &p);
                cr_assert_geq(fd, 0);
                cr_expect(fcntl(fd, F_GETFD) & FD_CLOEXEC);
                cr_expect_eq(pread(fd, text, sizeof(text), 0), (ssize_t)strlen(cases[i].text) + 1,
                             "its NUL is written");
                cr_expect_str_eq(text, cases[i].text);
                close(fd);
        }
        cr_expect_eq(pressure_open(w.fs.root_fd, "none", &policy_default), -ENOENT);
        world_remove(&w);
        cr_expect_eq(world_descriptors(), before);
}

Test(pressure, reading)
{
        struct psi psi = { .some.total_us = 7 };
        struct world w;
        int fd;

        world_make(&w, "/a some.total=123 full.total=45 full.avg10=1.25\n");
        fd = openat(w.fs.root_fd, "a/memory.pressure", O_RDONLY | O_CLOEXEC);
        cr_expect_eq(pressure_read(fd, &psi), 0);
        cr_expect_eq(psi.some.total_us, 123);
        cr_expect_eq(psi.full.total_us, 45);
        cr_expect_eq(psi.full.avg10, 125);
        world_write(&w, "cgroup/a/memory.pressure", "full garbage\n");
        cr_expect_eq(pressure_read(fd, &psi), -EINVAL);
        cr_expect_eq(psi.some.total_us, 123, "as it was");
        cr_expect_eq(pressure_read(-1, &psi), -EBADF);
        close(fd);
        world_remove(&w);
}

Test(pressure, a_refused_write_leaks_nothing)
{
        int dir_fd = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        size_t before = world_descriptors();

        cr_expect_eq(pressure_open(dir_fd, "full", &policy_default), -ENOSPC);
        cr_expect_eq(world_descriptors(), before);
        close(dir_fd);
}

Test(pressure, the_kernels_own)
{
        int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct psi psi;
        int fd = pressure_open(proc_fd, "pressure/memory", &policy_default);

        close(proc_fd);
        if (fd < 0)
                cr_skip("no pressure here, or not for us: %s", strerror(-fd));
        cr_expect_eq(pressure_read(fd, &psi), 0);
        cr_expect_leq(psi.full.total_us, psi.some.total_us);
        close(fd);
}
