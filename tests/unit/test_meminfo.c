/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/meminfo: kibibytes to bytes, nothing believed that is not whole, nothing larger than its whole. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/base.h"
#include "fake_world.h"
#include "sense/meminfo.h"

#define FACTS(mt, ma, st, sf) \
        { .memory_total = (mt), .memory_available = (ma), .swap_total = (st), .swap_free = (sf) }

static const struct {
        const char *label, *text;
        int expected;
        struct domain_facts facts;
} cases[] = {
        { "plain",
          "MemTotal:       16384 kB\nMemFree: 100 kB\nMemAvailable:    8192 kB\nSwapTotal: 4 kB\nSwapFree: 2 "
          "kB\n",
          0, FACTS(16384 * KIB, 8192 * KIB, 4 * KIB, 2 * KIB) },
        { "another order", "SwapFree: 2 kB\nSwapTotal: 4 kB\nMemAvailable: 1 kB\nMemTotal: 9 kB\n", 0,
          FACTS(9 * KIB, KIB, 4 * KIB, 2 * KIB) },
        { "no swap", "MemTotal: 9 kB\nMemAvailable: 1 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", 0,
          FACTS(9 * KIB, KIB, 0, 0) },
        { "more available than there is",
          "MemTotal: 9 kB\nMemAvailable: 10 kB\nSwapTotal: 4 kB\nSwapFree: 5 kB\n", 0,
          FACTS(9 * KIB, 9 * KIB, 4 * KIB, 4 * KIB) },
        { "past 64 bits",
          "MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", 0,
          FACTS(UINT64_MAX, KIB, 0, 0) },
        { "no MemAvailable (Linux before 3.14)",
          "MemTotal: 9 kB\nMemFree: 1 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", -EINVAL, FACTS(0, 0, 0, 0) },
        { "no swap lines", "MemTotal: 9 kB\nMemAvailable: 1 kB\n", -EINVAL, FACTS(0, 0, 0, 0) },
        { "cut in the last line", "MemTotal: 9 kB\nMemAvailable: 1 kB\nSwapTotal: 0 kB\nSwapFree: 12",
          -EINVAL, FACTS(0, 0, 0, 0) },
        { "no memory at all", "MemTotal: 0 kB\nMemAvailable: 0 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
          -EINVAL, FACTS(0, 0, 0, 0) },
        { "no number", "MemTotal: x kB\nMemAvailable: 1 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", -EINVAL,
          FACTS(0, 0, 0, 0) },
        { "negative", "MemTotal: 9 kB\nMemAvailable: -1 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n", -EINVAL,
          FACTS(0, 0, 0, 0) },
        { "nothing", "", -EINVAL, FACTS(0, 0, 0, 0) },
};

static bool same(const struct domain_facts *a, const struct domain_facts *b)
{
        return a->memory_total == b->memory_total && a->memory_available == b->memory_available &&
               a->swap_total == b->swap_total && a->swap_free == b->swap_free;
}

Test(meminfo, parse)
{
        static const struct domain_facts before = FACTS(1, 2, 3, 4);

        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                struct domain_facts facts = before;

                cr_expect_eq(meminfo_parse(cases[i].text, &facts), cases[i].expected, "%s", cases[i].label);
                cr_expect(same(&facts, cases[i].expected ? &before : &cases[i].facts), "%s: %lu %lu %lu %lu",
                          cases[i].label, facts.memory_total, facts.memory_available, facts.swap_total,
                          facts.swap_free);
        }
}

Test(meminfo, the_kernels_own)
{
        int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct meminfo m = MEMINFO_INIT;
        struct domain_facts facts = { 0 };

        cr_assert_eq(meminfo_open(&m, proc_fd), 0);
        cr_expect_eq(meminfo_read(&m, &facts), 0);
        cr_expect_eq(facts.memory_total, (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE));
        cr_expect_gt(facts.memory_available, 0);
        cr_expect_leq(facts.memory_available, facts.memory_total);
        cr_expect_leq(facts.swap_free, facts.swap_total);
        meminfo_close(&m);
        cr_expect_eq(m.fd, -1);
        close(proc_fd);
}

Test(meminfo, parse_lists)
{
        static const struct {
                const char *text;
                uint64_t pages;
        } texts[] = {
                { "", 0 },
                { "Node 0, zone DMA\n  pagesets\n    cpu: 0\n              count:    12\n              high:  28\n",
                  12 },
                { "              count: 1\n              count: 20\n              high_min: 5\n", 21 },
                { "              count: 1\n              count: 20", 1 },            /* cut off */
                { "  recount: 7\n  counts 7\n  count:\n  count: x\n  count: -1\n  count: max\n", 0 },
                { "  count: 99999999999999999999999999999999999999999\n  count: 3\n", 3 },
                { "  count: 9000000000000000000\n  count: 9000000000000000000\n  count: 9000000000000000000\n",
                  UINT64_MAX },
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                cr_expect_eq(meminfo_parse_lists(texts[i].text), texts[i].pages, "case %zu: %lu", i,
                             meminfo_parse_lists(texts[i].text));
}

/* More text than one read takes, on most machines. */
Test(meminfo, lists_of_this_machine)
{
        int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct domain_facts facts = { 0 };
        struct meminfo m = MEMINFO_INIT;

        cr_assert_eq(meminfo_open(&m, proc_fd), 0);
        cr_assert_eq(meminfo_read(&m, &facts), 0);
        cr_expect_geq(m.zoneinfo_fd, 0);
        cr_expect_lt(meminfo_lists(&m), facts.memory_total / 4);
        meminfo_close(&m);
        cr_expect_eq(meminfo_lists(&m), 0, "closed");
        close(proc_fd);
}

Test(meminfo, kept_open)
{
        size_t before = world_descriptors();
        struct meminfo m = MEMINFO_INIT;
        struct domain_facts facts = { .memory_total = 7 };
        struct world w;

        world_make(&w, "");
        cr_assert_eq(meminfo_open(&m, w.fixture.proc_fd), 0);
        cr_expect_eq(meminfo_read(&m, &facts), 0);
        cr_expect_eq(facts.memory_available, 4 * GIB);
        world_write(&w, "proc/meminfo",
                    "MemTotal: 9 kB\nMemAvailable: 1 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
        cr_expect_eq(meminfo_read(&m, &facts), 0);
        cr_expect_eq(facts.memory_available, KIB);
        world_write(&w, "proc/meminfo", "garbage\n");
        cr_expect_lt(meminfo_read(&m, &facts), 0);
        cr_expect_eq(facts.memory_available, KIB, "as it was");
        meminfo_close(&m);
        meminfo_close(&m);
        cr_expect_lt(meminfo_read(&m, &facts), 0);
        world_remove(&w);
        cr_expect_eq(world_descriptors(), before);
}

Test(meminfo, not_there)
{
        struct meminfo m = MEMINFO_INIT;
        int fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        cr_expect_eq(meminfo_open(&m, fd), -ENOENT);
        meminfo_close(&m);
        close(fd);
}
