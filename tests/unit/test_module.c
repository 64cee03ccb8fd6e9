/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The device's calls: what is no device, what answers wrongly, events, and a buffer that grows. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "fake_device.h"
#include "fake_world.h"
#include "sense/module.h"

static struct fake_device d;
static struct module m;

static void begin(uint32_t n_cgroups)
{
        if (!fake_device_make(&d))
                cr_skip("this kernel does not hand out system calls");
        cr_assert_eq(module_open(&m, d.path, n_cgroups), 0);
        d.module = &m;
}

static void finish(void)
{
        module_close(&m);
        fake_device_remove(&d);
}

/* Without help: the kernel's own answers. */
Test(module, what_is_no_device)
{
        static const struct {
                const char *path;
                int error;
        } cases[] = {
                { "/nonexistent/device", -ENOENT },
                { "/dev/null", -ENOTTY },
                { "/tmp", -EISDIR },
        };
        size_t before = world_descriptors();

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                int r = module_open(&m, cases[i].path, 100);

                cr_expect_eq(r, cases[i].error, "%s: %d", cases[i].path, r);
                cr_expect_not(module_is_open(&m));
        }
        cr_expect_eq(world_descriptors(), before);
        module_close(&m);
}

Test(module, a_regular_file)
{
        char path[] = "/tmp/jettison-module-XXXXXX";
        int fd = mkstemp(path);

        cr_assert_geq(fd, 0);
        cr_expect_eq(module_open(&m, path, 100), -ENOTTY);
        cr_expect_null(m.buffer);
        close(fd);
        unlink(path);
}

Test(module, what_it_lacks)
{
        size_t before;

        if (!fake_device_make(&d))
                cr_skip("this kernel does not hand out system calls");
        before = world_descriptors();
        d.error = -EPROTONOSUPPORT;
        cr_expect_eq(module_open(&m, d.path, 100), -EPROTONOSUPPORT);
        d.error = 0;
        d.features = JETTISON_HAS_RECLAIM;
        cr_expect_eq(module_open(&m, d.path, 100), -EOPNOTSUPP);
        cr_expect_eq(world_descriptors(), before);
        fake_device_remove(&d);
}

Test(module, every_error_has_a_remedy)
{
        static const int errors[] = { -ENOENT, -EPERM, -ENOTTY, -EPROTONOSUPPORT, -EOPNOTSUPP, -E2BIG };

        for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
                for (size_t j = 0; j < i; j++)
                        cr_expect_str_neq(module_remedy(errors[i]), module_remedy(errors[j]));
}

Test(module, a_look)
{
        struct module_view view;

        begin(10);
        fake_device_add(&d, 1, JETTISON_NO_PARENT)->memory = 77;
        fake_device_add(&d, 5, 0);
        d.host.memory_available = d.host.memory_total + 1;
        cr_assert_eq(module_look(&m, 5, 600, &view), 0);
        cr_expect_eq(view.n, 2);
        cr_expect_eq(view.cgroups[0].memory, 77);
        cr_expect_eq(view.cgroups[1].id, 5);
        cr_expect_eq(view.facts.memory_total, 8 * GIB);
        cr_expect_eq(view.facts.memory_available, 8 * GIB, "never more than there is");
        cr_expect_eq(d.cgroup, 5);
        cr_expect_eq(d.score_neutral, 600);
        cr_expect_eq(d.looks, 1);

        d.host.memory_total = 0;
        cr_expect_eq(module_look(&m, 0, 666, &view), -EIO, "no host");
        d.error = -ENOENT;
        cr_expect_eq(module_look(&m, 5, 666, &view), -ENOENT);
        cr_expect_eq(view.n, 2, "as it was");
        finish();
}

static void add_records(uint32_t n)
{
        while (d.n < n)
                fake_device_add(&d, d.n + 1, d.n == 0 ? JETTISON_NO_PARENT : 0);
}

Test(module, the_buffer_grows)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE), record = sizeof(struct jettison_cgroup);
        struct module_view view;

        begin(4);
        cr_expect_eq(m.buffer_size, page);
        add_records(1000);
        cr_assert_eq(module_look(&m, 0, 666, &view), 0);
        cr_expect_eq(d.looks, 2);
        cr_expect_eq(view.n, 1000);
        cr_expect_eq(view.cgroups[999].id, 1000);
        cr_expect_geq(m.buffer_size, 2 * 1000 * record);
        cr_expect_eq(m.buffer_size % page, 0);

        add_records(2000);
        cr_assert_eq(module_look(&m, 0, 666, &view), 0);
        cr_expect_eq(d.looks, 3, "twice as many fit by now");
        cr_expect_eq(view.cgroups[1999].id, 2000);
        finish();
}

/* Mappings like the buffer, of more than 64 KiB, are refused from here on. */
static void refuse_maps(void)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

        cr_assert_eq(seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOMEM), SCMP_SYS(mmap), 2,
                                      SCMP_A1(SCMP_CMP_GT, 64 * KIB), SCMP_A2_32(SCMP_CMP_EQ, PROT_READ)),
                     0);
        cr_assert_eq(seccomp_load(filter), 0);
        seccomp_release(filter);
}

Test(module, no_memory_to_grow)
{
        struct module_view view;

        begin(100);
        refuse_maps();
        add_records(1000);
        cr_expect_eq(module_look(&m, 0, 666, &view), -ENOMEM);
        cr_expect_not_null(m.buffer, "what fitted before still does");
        d.n = 100;
        cr_assert_eq(module_look(&m, 0, 666, &view), 0);
        cr_expect_eq(view.cgroups[99].id, 100);
        finish();
}

Test(module, never_enough)
{
        size_t before;
        struct module_view view;

        begin(100);
        before = m.buffer_size;
        d.n = JETTISON_BUFFER_MAX / sizeof(struct jettison_cgroup) + 1;
        cr_expect_eq(module_look(&m, 0, 666, &view), -ENOSPC, "more than the module gives");
        cr_expect_eq(m.buffer_size, before);
        d.error = -ENOSPC;
        cr_expect_eq(module_look(&m, 0, 666, &view), -ENOSPC, "however much there is");
        cr_expect_not_null(m.buffer);
        finish();
}

Test(module, watch_and_order)
{
        struct jettison_order order = { .version = 99, .round = 7, .n = 2, .cgroups = { 11, 12 } };
        struct jettison_info info;

        begin(10);
        cr_expect_eq(module_watch(&m, 1, 2, 3, 4), 0);
        cr_expect_eq(d.watch.available_low, 1);
        cr_expect_eq(d.watch.available_high, 2);
        cr_expect_eq(d.watch.swap_low, 3);
        cr_expect_eq(d.watch.swap_high, 4);
        cr_expect_eq(module_order(&m, &order), 0);
        cr_expect_eq(d.order.round, 7);
        cr_expect_eq(d.order.cgroups[1], 12);
        cr_expect_eq(order.n_taken, 2);
        cr_expect_eq(module_info(&m, &info), 0);
        cr_expect_eq(info.memory_total, 8 * GIB);
        d.error = -EBUSY;
        cr_expect_eq(module_watch(&m, 1, 2, 3, 4), -EBUSY);
        cr_expect_eq(module_order(&m, &order), -EBUSY);
        finish();
}

/* Events are read; a pipe tells them as the device does. */
Test(module, events)
{
        struct jettison_event seen, event = { .version = JETTISON_ABI,
                                              .kind = JETTISON_RECLAIM,
                                              .dropped = 3 };
        int ends[2];

        cr_assert_eq(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
        m = (struct module){ .fd = ends[0] };
        cr_expect_eq(module_take_event(&m, &seen), 0, "none yet");
        for (unsigned i = 0; i < 2; i++)
                cr_assert_eq(write(ends[1], &event, sizeof(event)), sizeof(event));
        cr_expect_eq(module_take_event(&m, &seen), 1);
        cr_expect_eq(seen.kind, JETTISON_RECLAIM);
        cr_expect_eq(module_take_event(&m, &seen), 1);
        cr_expect_eq(m.missed, 6);
        cr_expect_eq(module_take_event(&m, &seen), 0);

        event.version++;
        cr_assert_eq(write(ends[1], &event, sizeof(event)), sizeof(event));
        cr_expect_eq(module_take_event(&m, &seen), -EPROTONOSUPPORT);
        cr_assert_eq(write(ends[1], &event, 5), 5);
        cr_expect_eq(module_take_event(&m, &seen), -EIO, "half an event");
        close(ends[1]);
        cr_expect_eq(module_take_event(&m, &seen), -EIO, "the end");
        cr_expect_eq(m.missed, 6);
        module_close(&m);
}
