/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both feeds held against each other: the same host in files, and in the records that the module would have
 * of it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "fake_device.h"
#include "fake_world.h"
#include "sense/scan.h"

#define D      "/docker/"
#define OWNER  D "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PAUSE  D "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define EMPTY  D "2222222222222222222222222222222222222222222222222222222222222222"
#define BARE   D "3333333333333333333333333333333333333333333333333333333333333333"
#define SHIELD D "4444444444444444444444444444444444444444444444444444444444444444"

static struct world w;
static struct fake_device d;
static struct module m;
static struct scanner by_module;
static struct snapshot seen;

static void begin(const char *text)
{
        if (!fake_device_make(&d))
                cr_skip("this kernel does not hand out system calls");
        cr_assert_eq(module_open(&m, d.path, 100), 0);
        world_make(&w, text);
        world_scanner(&w);
        cr_assert_eq(scan_init(&by_module, &w.fs, w.fixture.proc, &w.options, &m), 0);
        cr_assert_eq(snapshot_init(&seen, 64, 64 * 192), 0);
}

static void finish(void)
{
        scan_fini(&by_module);
        snapshot_fini(&seen);
        module_close(&m);
        fake_device_remove(&d);
        world_remove(&w);
}

static struct jettison_cgroup *add(const char *path, uint32_t parent_index, uint64_t memory)
{
        struct jettison_cgroup *r;
        struct stat stat;
        char whole[512];

        snprintf(whole, sizeof(whole), "%s%s", w.fixture.cgroup, path);
        cr_assert_eq(lstat(whole, &stat), 0, "%s", whole);
        r = fake_device_add(&d, (uint64_t)stat.st_ino, parent_index);
        r->memory = memory;
        return r;
}

static struct jettison_cgroup *with_processes(struct jettison_cgroup *r, int first_pid, uint32_t n,
                                              uint64_t oom_score, int oom_score_adj_min)
{
        r->flags |= JETTISON_CGROUP_POPULATED;
        r->first_pid = first_pid;
        r->processes = n;
        r->oom_score = oom_score;
        r->oom_score_adj_min = oom_score_adj_min;
        strcpy(r->comm, first_pid == 30 ? "pause" : "process");
        return r;
}

#define HOST                                                                                                \
        OWNER " memory.current=160000 memory.swap.current=70 file=80000 shmem=60000 cgroup.procs=20\n"      \
        OWNER "/inner cgroup.procs=21,22\n"                                                                 \
        PAUSE " memory.current=500 cgroup.procs=30\n"                                                       \
        EMPTY " memory.current=5\n"                                                                         \
        BARE " -memory.current cgroup.procs=50\n"                                                           \
        SHIELD " memory.current=7 cgroup.procs=60\n"                                                        \
        "/batch memory.current=800 anon=800 cgroup.procs=40 trusted.jettison.utility=2:30\n"                \
        "/proc/20 oom_score=700 RssShmem=8\n/proc/21 oom_score=676 RssShmem=4\n"                            \
        "/proc/22 oom_score=600 oom_score_adj=-100\n/proc/30 comm=pause\n/proc/40 oom_score=1000\n"         \
        "/proc/50\n/proc/60 oom_score=1 oom_score_adj=-1000\n"

static void record_host(void)
{
        struct jettison_cgroup *r;

        add("", JETTISON_NO_PARENT, 0);
        add("/docker", 0, 0);
        r = with_processes(add(OWNER, 1, 160000), 20, 1, 34, 0);
        r->swap = 70;
        r->shmem_mapped = 8 * KIB;
        r = with_processes(add(OWNER "/inner", 2, 0), 21, 2, 10, -100);
        r->shmem_mapped = 4 * KIB;
        with_processes(add(PAUSE, 1, 500), 30, 1, 0, 0);
        add(EMPTY, 1, 5);
        with_processes(add(SHIELD, 1, 7), 60, 1, 0, -1000);
        with_processes(add("/batch", 0, 800), 40, 1, 334, 0);
}

static void expect_same(const struct snapshot *a, const struct snapshot *b)
{
        cr_assert_eq(a->n, b->n);
        cr_expect_eq(a->left_out, b->left_out);
        cr_expect(memcmp(&a->facts, &b->facts, sizeof(a->facts)) == 0);
        for (size_t i = 0; i < a->n; i++) {
                const struct snapshot_cgroup *x = &a->cgroups[i], *y = &b->cgroups[i];
                const char *path = snapshot_path(a, x);

                cr_expect_str_eq(path, snapshot_path(b, y));
                cr_expect_eq(x->id, y->id, "%s", path);
                cr_expect_eq(x->memory, y->memory, "%s", path);
                cr_expect_eq(x->swap, y->swap, "%s", path);
                cr_expect_eq(x->relief, y->relief, "%s: relief %lu, %lu", path, x->relief, y->relief);
                cr_expect_eq(x->oom_score, y->oom_score, "%s", path);
                cr_expect_eq(x->processes, y->processes, "%s", path);
                cr_expect_eq(x->utility.tier, y->utility.tier, "%s", path);
                cr_expect_eq(x->utility.value, y->utility.value, "%s", path);
                cr_expect_eq(x->barred, y->barred, "%s", path);
        }
}

#define SEC USEC_PER_SEC

Test(feeds, say_the_same)
{
        begin(HOST);
        record_host();
        for (unsigned i = 0; i < 3; i++) {
                cr_assert_eq(scan_run(&by_module, &w.host, true, (i + 1) * SEC, &seen), 0);
                cr_expect_eq(d.looks, i + 1);
                cr_expect_eq(d.cgroup, 0);
                cr_expect_eq(d.score_neutral, OOM_SCORE_NEUTRAL);
                world_scan(&w, "/");
                cr_expect_eq(w.snapshot.n, w.fixture.attributes_refused ? 3 : 4);
                expect_same(&seen, &w.snapshot);
        }
        cr_expect_eq(by_module.bad_files, 0);
        cr_expect_eq(by_module.census.failures, 0);
        finish();
}

Test(feeds, files_stand_in_for_the_module)
{
        begin(HOST);
        record_host();
        world_scan(&w, "/");
        d.error = -ENXIO;
        cr_assert_eq(scan_run(&by_module, &w.host, true, SEC, &seen), 0);
        expect_same(&seen, &w.snapshot);
        cr_expect_eq(by_module.census.failures, 1);
        d.error = 0;
        cr_assert_eq(scan_run(&by_module, &w.host, true, 2 * SEC, &seen), 0);
        expect_same(&seen, &w.snapshot);
        cr_expect_eq(d.looks, 1, "it has come back");
        module_close(&m);
        cr_assert_eq(scan_run(&by_module, &w.host, true, 3 * SEC, &seen), 0);
        expect_same(&seen, &w.snapshot);
        cr_expect_eq(by_module.census.failures, 2);
        finish();
}

Test(feeds, the_host_is_the_modules)
{
        begin(HOST);
        record_host();
        d.host = (struct domain_facts){ .memory_total = 1000, .memory_available = 10, .swap_total = 7 };
        world_write(&w, "proc/meminfo", "x\n");
        cr_assert_eq(scan_run(&by_module, &w.host, true, SEC, &seen), 0);
        cr_expect(memcmp(&seen.facts, &d.host, sizeof(d.host)) == 0);
        finish();
}

/* Only the domain is looked at; what it has left, files tell. */
Test(feeds, a_domain)
{
        struct domain domain = { .path = "/docker" };

        begin("/docker memory.max=1000 memory.current=900\n" OWNER
              " memory.current=500 anon=500 cgroup.procs=20\n/proc/20\n");
        cr_assert_eq(tree_walk(by_module.tree), 0);
        domain.node = tree_find_path(by_module.tree, "/docker");
        domain.id = add("/docker", JETTISON_NO_PARENT, 900)->id;
        with_processes(add(OWNER, 0, 500), 20, 1, 0, 0);
        cr_assert_eq(scan_run(&by_module, &domain, true, SEC, &seen), 0);
        cr_expect_eq(d.cgroup, domain.id);
        cr_expect_eq(seen.facts.memory_total, 1000);
        cr_assert_eq(seen.n, 1);
        cr_expect_eq(seen.cgroups[0].relief, 500);

        d.error = -ENOENT;
        world_rmdir(&w, "docker");
        cr_expect_eq(scan_run(&by_module, &domain, true, 2 * SEC, &seen), CGROUPFS_GONE);
        cr_expect_eq(by_module.census.failures, 0, "domains go");
        finish();
}
