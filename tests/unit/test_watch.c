/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A watch over faked figures: when it looks next, what it says, how it ends. A plain file cannot be waited
 * for with epoll, so that the watch has no witness in a faked tree but its timer; pressure that fires is
 * played by a pair of sockets in the trigger's place (out-of-band data is what EPOLLPRI means there), and the
 * host's real file is opened where there is one. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/base.h"
#include "fake_world.h"
#include "sense/watch.h"

static struct world w;
static struct loop loop;
static struct watch watch;
static int woken;

static void on_woken(struct watch *who)
{
        cr_assert_eq(who, &watch);
        woken++;
}

/* In a world that is there. */
static void begin_in(const char *domain)
{
        world_scanner(&w);
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        cr_assert_eq(loop_init(&loop), 0);
        watch = (struct watch){ .domain = w.host, .pressure.fd = -1, .events.fd = -1 };
        woken = 0;
        if (domain) {
                watch.domain = (struct domain){ .node = tree_find_path(w.scanner.tree, domain) };
                cr_assert_neq(watch.domain.node, NODE_NONE);
                watch.domain.id = tree_node(w.scanner.tree, watch.domain.node)->id;
                strcpy(watch.domain.path, domain);
        }
        watch_start(&watch, &loop, &w.scanner, &policy_default, on_woken);
}

static void begin(const char *text, const char *domain)
{
        world_make(&w, text);
        begin_in(domain);
}

static void finish(void)
{
        watch_stop(&watch);
        loop_fini(&loop);
        world_remove(&w);
}

static void meminfo(uint64_t available_mib, uint64_t swap_mib, uint64_t swap_free_mib)
{
        char text[200];

        snprintf(text, sizeof(text),
                 "MemTotal: %llu kB\nMemAvailable: %llu kB\nSwapTotal: %llu kB\nSwapFree: %llu kB\n",
                 8ull << 20, (unsigned long long)available_mib << 10, (unsigned long long)swap_mib << 10,
                 (unsigned long long)swap_free_mib << 10);
        world_write(&w, "proc/meminfo", text);
}

/* Lines of the default policy on 8 GiB: armed below 2457 MiB, short below 819. The fill rate is 1 GiB a
 * second. */
static const struct {
        const char *label;
        uint64_t available_mib, swap_mib, swap_free_mib;
        enum level level;
        uint64_t pause_us;      /* until the next look */
} looks[] = {
        { "plenty", 8192, 0, 0, LEVEL_CALM, 5600000 },
        { "just above the arming line", 2458, 0, 0, LEVEL_CALM, 20000 },
        { "a second above it", 2458 + 1024, 0, 0, LEVEL_CALM, 1000390 },
        { "armed, a second above the acting line", 820 + 1024, 0, 0, LEVEL_ARMED, 1000781 },
        { "armed, at the acting line", 820, 0, 0, LEVEL_ARMED, 20000 },
        { "short", 700, 0, 0, LEVEL_SHORT, 20000 },
        { "nothing left", 0, 0, 0, LEVEL_SHORT, 20000 },
        { "low, but there is swap", 700, 1024, 1024, LEVEL_ARMED, 900000 },
        { "low, and swap is used up", 700, 1024, 50, LEVEL_SHORT, 20000 },
};

Test(watch, next_look)
{
        begin("", NULL);
        for (size_t i = 0; i < ARRAY_SIZE(looks); i++) {
                uint64_t before_us = loop_now_us(), pause_us;

                meminfo(looks[i].available_mib, looks[i].swap_mib, looks[i].swap_free_mib);
                watch.looked_us = watch.fall = 0;       /* it did not fall from row to row */
                cr_expect_eq(watch_look(&watch, &w.scanner, &policy_default), CGROUPFS_OK, "%s",
                             looks[i].label);
                cr_expect_eq(watch.shortage.level, looks[i].level, "%s: %s", looks[i].label,
                             level_name(watch.shortage.level));
                pause_us = watch.next_look_us - before_us;
                cr_expect(pause_us + 1000 > looks[i].pause_us && pause_us < looks[i].pause_us + 100000,
                          "%s: %lu µs", looks[i].label, pause_us);
        }
        w.options.timer_max_us = 100000;
        meminfo(8192, 0, 0);
        watch_look(&watch, &w.scanner, &policy_default);
        cr_expect_leq(watch.next_look_us, loop_now_us() + 100000, "never longer than the longest");
        w.options.fill_rate_bytes = 0;
        cr_expect_eq(watch_look(&watch, &w.scanner, &policy_default), CGROUPFS_OK,
                     "a rate of nothing divides nothing");
        finish();
}

/* Where memory falls, the next look is aimed at the crossing. The acting line is at 819.2 MiB. */
static const struct {
        const char *label;
        uint64_t before_mib, after_mib; /* in 10 s, of which a busy machine adds little */
        uint64_t pause_us;              /* at most, and more than three quarters of it */
} falls[] = {
        { "it does not fall", 825, 825, 20000 },
        { "slowly", 826, 825, 20000 },
        { "across before the shortest pause is over", 4825, 825, 17000 },
        { "in no time at all", 8020, 820, 5000 },
        { "across already", 850, 810, 20000 },
};

Test(watch, aims_at_the_crossing)
{
        begin("", NULL);
        for (size_t i = 0; i < ARRAY_SIZE(falls); i++) {
                uint64_t pause_us;

                watch.looked_us = watch.fall = 0;
                meminfo(falls[i].before_mib, 0, 0);
                watch_look(&watch, &w.scanner, &policy_default);
                watch.looked_us -= 10 * USEC_PER_SEC;
                meminfo(falls[i].after_mib, 0, 0);
                watch_look(&watch, &w.scanner, &policy_default);
                pause_us = watch.next_look_us - watch.looked_us;
                cr_expect(pause_us <= falls[i].pause_us && pause_us > falls[i].pause_us * 3 / 4, "%s: %lu µs",
                          falls[i].label, pause_us);
        }
        finish();
}

/* What victims freed may lie on the processors' lists. */
Test(watch, lists_count_after_a_victim)
{
        world_make(&w, "");
        world_write(&w, "proc/zoneinfo", "      count: 5000\n");
        begin_in(NULL);
        meminfo(810, 0, 0);
        watch_look(&watch, &w.scanner, &policy_default);
        cr_expect_gt(watch.facts.memory_lists, 0);
        cr_expect_eq(watch.shortage.level, LEVEL_SHORT);
        watch_note_victim(&watch, false);
        watch_look(&watch, &w.scanner, &policy_default);
        cr_expect_eq(watch.shortage.level, LEVEL_SHORT, "that gave nothing");
        watch_note_victim(&watch, true);
        watch_look(&watch, &w.scanner, &policy_default);
        cr_expect_eq(watch.shortage.level, LEVEL_ARMED);
        watch.given_us -= 301 * USEC_PER_SEC;
        watch_look(&watch, &w.scanner, &policy_default);
        cr_expect_eq(watch.shortage.level, LEVEL_SHORT);
        finish();
}

/* What was lost belongs to one shortage, however many rounds it has. */
Test(watch, what_was_lost_is_forgotten)
{
        begin("", NULL);
        meminfo(700, 0, 0);
        cr_expect_eq(watch.reach.share, PERMYRIAD / REACH_STEPS);
        watch_note_lost(&watch, (struct utility){ .value = 10 });
        watch_note_lost(&watch, (struct utility){ .value = 20, .tier = 3 });
        watch_reset(&watch, &policy_default);
        watch_look(&watch, &w.scanner, &policy_default);
        cr_expect(watch.lost.utility[0] == 10 && watch.lost.utility[3] == 20);
        watch.round_us = loop_now_us() - 301 * USEC_PER_SEC;
        watch_look(&watch, &w.scanner, &policy_default);
        cr_expect(watch.lost.utility[0] == 0 && watch.lost.utility[3] == 0);
        finish();
}

/* Half a GiB in half a second; then nothing, which is believed by and by. */
Test(watch, falls)
{
        uint64_t fall;

        begin("", NULL);
        meminfo(2000, 0, 0);
        watch_look(&watch, &w.scanner, &policy_default);
        cr_expect_eq(watch_time_left(&watch, &policy_default), LOOP_NEVER, "one look tells of no fall");
        watch.looked_us -= USEC_PER_SEC / 2;
        meminfo(1488, 0, 0);
        watch_look(&watch, &w.scanner, &policy_default);
        fall = watch.fall;
        cr_expect(fall <= GIB && fall > GIB / 2, "%lu", fall);
        cr_expect_eq(watch_time_left(&watch, &policy_default),
                     u64_scale(shortage_headroom(&watch.facts, &policy_default), USEC_PER_SEC, fall));
        watch_look(&watch, &w.scanner, &policy_default);
        cr_expect_eq(watch.fall, fall / 2);
        meminfo(8000, 0, 0);
        for (int i = 0; i < 40; i++, watch.looked_us -= USEC_PER_MSEC)
                watch_look(&watch, &w.scanner, &policy_default);
        cr_expect_eq(watch_time_left(&watch, &policy_default), LOOP_NEVER);
        finish();
}

Test(watch, unreadable)
{
        begin("", NULL);
        world_write(&w, "proc/meminfo", "x\n");
        cr_expect_lt(watch_look(&watch, &w.scanner, &policy_default), 0);
        cr_expect_eq(watch.shortage.level, LEVEL_CALM, "what is not known is no shortage");
        cr_expect_leq(watch.next_look_us, loop_now_us() + 200 * USEC_PER_MSEC, "but it is looked at again");
        for (int i = 0; i < 20; i++)
                watch_look(&watch, &w.scanner, &policy_default);
        cr_expect_gt(watch.next_look_us, loop_now_us() + w.options.timer_max_us / 2, "ever more seldom");
        cr_expect_leq(watch.next_look_us, loop_now_us() + w.options.timer_max_us);
        meminfo(8192, 0, 0);
        cr_expect_eq(watch_look(&watch, &w.scanner, &policy_default), CGROUPFS_OK);
        world_write(&w, "proc/meminfo", "x\n");
        watch_look(&watch, &w.scanner, &policy_default);
        cr_expect_leq(watch.next_look_us, loop_now_us() + 200 * USEC_PER_MSEC, "until it can be read again");
        finish();
}

Test(watch, a_domain_goes)
{
        size_t before = world_descriptors();

        begin("/k memory.max=1073741824 memory.current=1073741824 memory.events=x\n", "/k");
        cr_expect_eq(watch_look(&watch, &w.scanner, &policy_default), CGROUPFS_OK);
        cr_expect_eq(watch.shortage.level, LEVEL_SHORT);
        cr_expect_eq(watch.facts.memory_total, GIB);
        world_rmdir(&w, "k");
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        cr_expect_eq(watch_look(&watch, &w.scanner, &policy_default), CGROUPFS_GONE);
        cr_expect_eq(watch.next_look_us, LOOP_NEVER);
        cr_expect_eq(watch.shortage.level, LEVEL_CALM);
        watch_stop(&watch);
        watch_stop(&watch);
        cr_expect_eq(watch.pressure.fd, -1);
        cr_expect_eq(watch.events.fd, -1);
        finish();
        cr_expect_eq(world_descriptors(), before);
}

Test(watch, nothing_to_wait_for_is_not_missed)
{
        size_t before;

        begin("/k memory.max=max\n", "/k");
        cr_expect(!watch_has_pressure(&watch), "a plain file cannot be waited for");
        cr_expect_eq(watch.next_look_us, 0, "it wants to be looked at");
        before = world_descriptors();
        watch_start(&watch, &loop, &w.scanner, &policy_default, on_woken);
        cr_expect_eq(world_descriptors(), before, "what could not be watched was closed");
        cr_expect_eq(watch_look(&watch, &w.scanner, &policy_default), -ENODATA, "no limit: no domain");
        finish();
}

/* A pipe with a name can be waited for, and one that is held open at both ends is opened at once. */
static uint64_t make_pipe(const char *name)
{
        struct stat stat;
        char path[256];

        snprintf(path, sizeof(path), "%s/k/%s", w.fixture.cgroup, name);
        unlink(path);
        cr_assert_eq(mkfifo(path, 0600), 0);
        cr_assert_geq(open(path, O_RDWR | O_CLOEXEC), 0);
        cr_assert_eq(lstat(path, &stat), 0);
        return (uint64_t)stat.st_ino;
}

static uint64_t inode_of(int fd)
{
        struct stat stat;

        return fstat(fd, &stat) == 0 ? (uint64_t)stat.st_ino : 0;
}

Test(watch, its_own_events)
{
        uint64_t all, local;

        world_make(&w, "/k memory.max=1073741824\n");
        all = make_pipe("memory.events");
        begin_in("/k");
        cr_expect_eq(inode_of(watch.events.fd), all, "an old kernel has no others");
        watch_stop(&watch);
        local = make_pipe("memory.events.local");
        watch_start(&watch, &loop, &w.scanner, &policy_default, on_woken);
        cr_expect_eq(inode_of(watch.events.fd), local);
        finish();
}

/* Two ends of a TCP connection; one urgent byte on it raises EPOLLPRI, as a trigger does. */
static void connect_pair(int ends[2])
{
        struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
        socklen_t len = sizeof(a);
        CLEANUP(close_p) int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (bind(listener, (struct sockaddr *)&a, len) < 0 || listen(listener, 1) < 0 ||
            getsockname(listener, (struct sockaddr *)&a, &len) < 0)
                cr_skip("no loopback network here");
        ends[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        cr_assert_eq(connect(ends[0], (struct sockaddr *)&a, len), 0);
        ends[1] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        cr_assert_geq(ends[1], 0);
}

Test(watch, a_trigger_wakes)
{
        uint64_t before_us = loop_now_us();
        int ends[2];

        begin("/k memory.max=1073741824 memory.current=1073741824\n", "/k");
        connect_pair(ends);
        watch.pressure.fd = ends[1];
        cr_assert_eq(loop_watch(&loop, &watch.pressure, EPOLLPRI), 0);
        cr_expect_eq(loop_turn(&loop, 1000), 0);
        cr_expect_eq(woken, 0);
        cr_assert_eq(send(ends[0], "!", 1, MSG_OOB), 1);
        cr_expect_eq(loop_turn(&loop, USEC_PER_SEC), 0);
        cr_expect_eq(woken, 1);
        cr_expect_geq(watch.meter.woken_us, before_us);
        cr_expect(watch_has_pressure(&watch));
        close(ends[0]);
        finish();
}

Test(watch, a_trigger_that_fails_is_closed)
{
        struct linger none = { .l_onoff = 1 };
        size_t before;
        int ends[2];

        begin("/k memory.max=max\n", "/k");
        before = world_descriptors();
        connect_pair(ends);
        watch.pressure.fd = ends[1];
        cr_assert_eq(loop_watch(&loop, &watch.pressure, EPOLLPRI), 0);
        setsockopt(ends[0], SOL_SOCKET, SO_LINGER, &none, sizeof(none));
        close(ends[0]);                         /* a reset: EPOLLERR at the other end */
        cr_expect_eq(loop_turn(&loop, USEC_PER_SEC), 0);
        cr_expect_eq(woken, 1);
        cr_expect(!watch_has_pressure(&watch));
        cr_expect_eq(world_descriptors(), before);
        cr_expect_eq(loop_turn(&loop, 1000), 0);
        cr_expect_eq(woken, 1, "and is silent from then on");
        finish();
}

/* Both counters of /k at total_us. Written after watch_start, whose trigger a plain file keeps as its text.
 */
static void pressure(unsigned total_us)
{
        char text[200];

        snprintf(text, sizeof(text), "some avg10=0.00 avg60=0.00 avg300=0.00 total=%u\n"
                                     "full avg10=0.00 avg60=0.00 avg300=0.00 total=%u\n", total_us, total_us);
        world_write(&w, "cgroup/k/memory.pressure", text);
}

Test(watch, a_trigger_stands_for_the_first_window)
{
        struct policy p = policy_default;

        p.stall_window_us = 400 * USEC_PER_MSEC;
        begin("/k memory.max=1073741824 memory.current=900000000\n", "/k");
        pressure(1000);
        watch.pressure.fd = openat(tree_node(w.scanner.tree, watch.domain.node)->dir_fd, "memory.pressure",
                                   O_RDONLY | O_CLOEXEC);
        cr_assert_geq(watch.pressure.fd, 0);
        cr_expect_eq(watch_look(&watch, &w.scanner, &p), CGROUPFS_OK);
        cr_expect(watch.facts.has_psi);
        cr_expect_eq(watch.facts.psi.full.total_us, 1000);
        cr_expect_eq(watch.stall_permyriad, 0, "it was not woken");

        watch.meter.woken_us = loop_now_us();
        cr_expect_eq(watch_look(&watch, &w.scanner, &p), CGROUPFS_OK);
        cr_expect_eq(watch.stall_permyriad, p.stall_permyriad, "the trigger's own measurement");
        cr_expect_eq(watch.shortage.witness, WITNESS_STALL);

        usleep(410000);
        cr_expect_eq(watch_look(&watch, &w.scanner, &p), CGROUPFS_OK);
        cr_expect_eq(watch.stall_permyriad, 0, "the counter has stood still");
        cr_expect_neq(watch.shortage.witness, WITNESS_STALL);

        usleep(410000);
        pressure(1000 + 800000);
        cr_expect_eq(watch_look(&watch, &w.scanner, &p), CGROUPFS_OK);
        cr_expect_eq(watch.stall_permyriad, PERMYRIAD, "it has run as fast as time");
        cr_expect_eq(watch.shortage.witness, WITNESS_STALL);

        watch.meter.samples[0].at_us -= 10 * USEC_PER_SEC;       /* the last looks were long ago */
        watch.meter.n = watch.meter.next = 1;
        watch.meter.woken_us = loop_now_us();
        cr_expect_eq(watch_look(&watch, &w.scanner, &p), CGROUPFS_OK);
        cr_expect_eq(watch.stall_permyriad, p.stall_permyriad, "the trigger is not doubted for their sake");

        watch_reset(&watch, &p);
        watch.meter.woken_us = loop_now_us();
        cr_expect_eq(watch_look(&watch, &w.scanner, &p), CGROUPFS_OK);
        cr_expect_eq(watch.stall_permyriad, 0, "after a round it is deaf for a window");
        finish();
}

Test(watch, the_hosts_own_pressure)
{
        CLEANUP(close_p) int fd = open("/proc/pressure/memory", O_RDWR | O_CLOEXEC);
        size_t before;

        if (fd < 0)
                cr_skip("no pressure here");
        world_make(&w, "");
        before = world_descriptors();
        cr_assert_eq(scan_init(&w.scanner, &w.fs, "/proc", &w.options, NULL), 0);
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        cr_assert_eq(loop_init(&loop), 0);
        watch = (struct watch){ .domain = w.host };
        watch_start(&watch, &loop, &w.scanner, &policy_default, on_woken);
        if (!watch_has_pressure(&watch))
                cr_skip("the trigger was refused");
        cr_expect_eq(watch_look(&watch, &w.scanner, &policy_default), CGROUPFS_OK);
        watch_stop(&watch);
        cr_expect(!watch_has_pressure(&watch));
        loop_fini(&loop);
        scan_fini(&w.scanner);
        cr_expect_eq(world_descriptors(), before);
        world_remove(&w);
}
