/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From files to a snapshot: what a death frees, who may not die, what is left out, and what a domain has
 * left. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/base.h"
#include "base/ktext.h"
#include "fake_world.h"
#include "sense/label.h"
#include "sense/memstat.h"
#include "sense/scan.h"

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define THIRD "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
#define USER  "/user.slice/user-1000.slice/user@1000.service"

static struct world w;

static void begin(const char *text)
{
        world_make(&w, text);
        world_scanner(&w);
}

static const struct {
        const char *label, *stat;
        uint64_t memory, mapped, relief;
} deaths[] = {
        { "all anonymous", "anon 100\nfile 0\nshmem 0\n", 100, 0, 100 },
        { "cache stays", "anon 60\nfile 40\nshmem 0\n", 100, 0, 60 },
        { "tmpfs stays", "anon 60\nfile 40\nshmem 40\n", 100, 0, 60 },
        { "mapped shared memory goes", "anon 60\nfile 40\nshmem 40\n", 100, 40, 100 },
        { "half of it mapped", "anon 60\nfile 40\nshmem 40\n", 100, 20, 80 },
        { "mapped by several counts once", "anon 60\nfile 40\nshmem 40\n", 100, 400, 100 },
        { "reclaimable slab was available", "anon 50\nfile 40\nshmem 0\nslab_reclaimable 10\n", 100, 0, 50 },
        { "parts exceed their whole", "anon 0\nfile 400\nshmem 0\n", 100, 0, 0 },
        { "read at another moment", "anon 60\nfile 10\nshmem 40\n", 100, 40, 100 },
        { "past 64 bits",
          "anon 0\nfile 18446744073709551614\nshmem 0\nslab_reclaimable 18446744073709551614\n", 100, 0, 0 },
        { "no memory", "anon 0\nfile 0\nshmem 0\n", 0, 0, 0 },
        { "order does not matter", "shmem 40\nslab_reclaimable 10\nfile 40\nanon 50\n", 100, 10, 60 },
        { "a key that begins alike", "file_mapped 40\nfile 10\nshmem 0\nshmem_thp 7\n", 100, 0, 90 },
};

Test(scan, relief)
{
        for (size_t i = 0; i < ARRAY_SIZE(deaths); i++) {
                struct memstat stat;

                cr_assert_eq(memstat_parse(deaths[i].stat, &stat), 0, "%s", deaths[i].label);
                cr_expect_eq(memstat_relief(&stat, deaths[i].memory, deaths[i].mapped), deaths[i].relief,
                             "%s", deaths[i].label);
        }
}

/* Cut short before shmem, within its line, something else, nothing. */
Test(scan, memory_stat_that_is_none)
{
        static const char *const texts[] = { "anon 100\nfile 0\n", "anon 100\nfile 0\nshmem 1", "x\n", "" };
        struct memstat stat = { .file = 7 };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
                cr_expect_eq(memstat_parse(texts[i], &stat), -EINVAL, "%s", texts[i]);
        cr_expect_eq(stat.file, 7, "as it was");
}

Test(scan, a_candidate)
{
        const struct snapshot_cgroup *c;

        begin("/docker/" ID
              " memory.current=1000 memory.swap.current=70 anon=600 file=300 shmem=200 cgroup.procs=20,21 "
              "trusted.jettison.utility=3:77\n"
              "/docker/" ID "/inner cgroup.procs=22\n"
              "/proc/20 oom_score=700\n/proc/21 oom_score=666 RssShmem=0\n/proc/22 oom_score=676\n");
        c = world_scan(&w, "/docker/" ID);
        cr_assert_not_null(c);
        cr_expect_eq(c->memory, 1000);
        cr_expect_eq(c->swap, 70);
        cr_expect_eq(c->relief, 700);
        cr_expect_eq(c->processes, 3, "its parts' processes are its own");
        cr_expect_eq(c->oom_score, 44);
        cr_expect_eq(c->barred, BARRED_NOT);
        cr_expect_eq(c->id, tree_node(w.scanner.tree, c->slot)->id);
        if (!w.fixture.attributes_refused) {
                cr_expect_eq(c->utility.value, 77);
                cr_expect_eq(c->utility.tier, 3);
        }
        cr_expect_eq(w.snapshot.n, 1);
        cr_expect_eq(w.snapshot.facts.memory_available, 4 * GIB);
        cr_expect_gt(w.snapshot.time_us, UINT64_C(1600000000) * USEC_PER_SEC);
        world_remove(&w);
}

Test(scan, shared_memory_is_explored_where_it_is_worth_it)
{
        begin("/docker/" ID " memory.current=160000 file=80000 shmem=80000 cgroup.procs=20\n"
              "/docker/" OTHER " memory.current=160000 file=80000 shmem=9000 cgroup.procs=21\n"
              "/proc/20 RssShmem=1000\n/proc/21 RssShmem=1000\n");
        cr_expect_eq(world_scan(&w, "/docker/" ID)->relief, 160000);
        cr_expect_eq(world_scan(&w, "/docker/" OTHER)->relief, 80000, "a sixteenth is not looked into");
        world_remove(&w);
}

/* Reclaim spares what was promised; a death does not. */
Test(scan, what_reclaim_would_spare_is_freed)
{
        begin("/docker/" ID " memory.current=1000 anon=1000 memory.min=100 memory.low=300 cgroup.procs=20\n"
              "/docker/" OTHER " memory.current=1000 anon=1000 memory.low=max cgroup.procs=21\n"
              "/proc/20\n/proc/21\n");
        cr_expect_eq(world_scan(&w, "/docker/" ID)->relief, 1000);
        cr_expect_eq(world_scan(&w, "/docker/" OTHER)->relief, 1000);
        world_remove(&w);
}

/* Where neither a label nor a rule speaks. */
Test(scan, pods_by_their_class)
{
        static const char pod[] = "9f1c6a52-7e0b-4d2c-8a11-0c5d3b7e9f42";
        char tree[1024], path[256];
        const struct snapshot_cgroup *c;

        snprintf(tree, sizeof(tree), "/kubepods/besteffort/pod%s/" ID " memory.current=9 cgroup.procs=20\n"
                 "/kubepods/pod%.32s/" OTHER " memory.current=9 cgroup.procs=21\n/proc/20\n/proc/21\n", pod, ID);
        begin(tree);
        w.options.utility_default[POD_BESTEFFORT].value = 5;
        w.options.utility_default[POD_STATIC] = (struct utility){ .protect = true };
        snprintf(path, sizeof(path), "/kubepods/besteffort/pod%s/" ID, pod);
        c = world_scan(&w, path);
        cr_assert_not_null(c);
        cr_expect_eq(c->utility.value, 5);
        snprintf(path, sizeof(path), "/kubepods/pod%.32s/" OTHER, ID);
        c = world_scan(&w, path);
        cr_assert_not_null(c);
        cr_expect_neq(c->barred, BARRED_NOT);
        world_remove(&w);
}

Test(scan, no_pod_is_a_users)
{
        static const char forged[] = "/user@1000.service/pod0123456789abcdef0123456789abcdef/" ID;
        const struct snapshot_cgroup *c;
        char tree[256];

        snprintf(tree, sizeof(tree), "%s memory.current=9 cgroup.procs=20\n/proc/20\n", forged);
        begin(tree);
        w.options.utility_default[POD_STATIC] = (struct utility){ .protect = true };
        c = world_scan(&w, forged);
        cr_assert_not_null(c);
        cr_expect_eq(c->barred, BARRED_NOT);
        world_remove(&w);
}

/* What a hostile or broken tree says. Whoever is left out must not be in the snapshot at all. */
static const struct {
        const char *label, *words;
        bool there, bad;
} lies[] = {
        { "as it should be", "memory.current=100", true, false },
        { "memory is zero", "memory.current=0", true, false },
        { "memory is no number", "memory.current=lots", false, true },
        { "memory is max", "memory.current=max", false, true },
        { "memory is negative", "memory.current=-5", false, true },
        { "memory is too large a number", "memory.current=99999999999999999999999", false, true },
        { "no memory.current", "-memory.current", false, false },
        { "no memory.stat", "memory.current=100 -memory.stat", false, false },
        { "no cgroup.procs", "memory.current=100 -cgroup.procs", false, false },
        { "no swap file", "memory.current=100 -memory.swap.current", true, false },
        { "swap is max", "memory.current=100 memory.swap.current=max", true, false },
        { "swap is no number", "memory.current=100 memory.swap.current=x", true, false },
        { "memory.stat is something else", "memory.current=100 memory.stat=x", false, true },
};

Test(scan, lies)
{
        for (size_t i = 0; i < ARRAY_SIZE(lies); i++) {
                char text[1024];
                const struct snapshot_cgroup *c;

                snprintf(text, sizeof(text), "/docker/" ID " cgroup.procs=20 %s\n/proc/20\n", lies[i].words);
                begin(text);
                c = world_scan(&w, "/docker/" ID);
                cr_expect_eq(c != NULL, lies[i].there, "%s", lies[i].label);
                cr_expect_eq(w.scanner.bad_files, lies[i].bad, "%s: %lu files are called bad", lies[i].label,
                             w.scanner.bad_files);
                if (c)
                        cr_expect_leq(c->swap, 100, "%s", lies[i].label);
                world_remove(&w);
        }
}

/* A list of processes that is a directory, once the candidate's own, once that of a part. */
Test(scan, lists_that_cannot_be_read)
{
        begin("/docker/" ID " memory.current=100 -cgroup.procs\n"
              "/docker/" OTHER " memory.current=100 cgroup.procs=20\n"
              "/docker/" OTHER "/inner -cgroup.procs\n"
              "/docker/" THIRD " memory.current=100 cgroup.procs=20\n"
              "/docker/" THIRD "/inner -cgroup.procs\n/proc/20\n");
        world_mkdir(&w, "docker/" ID "/cgroup.procs");
        world_mkdir(&w, "docker/" OTHER "/inner/cgroup.procs");
        cr_expect_not_null(world_scan(&w, "/docker/" THIRD), "gone is no error");
        cr_expect_eq(w.snapshot.n, 1);
        cr_expect_eq(w.scanner.bad_files, 2);
        world_remove(&w);
}

Test(scan, empty_is_left_out_unless_populated)
{
        const struct snapshot_cgroup *c;

        begin("/docker/" ID " memory.current=100\n"
              "/docker/" OTHER " memory.current=100 populated=1\n");
        cr_expect_null(world_scan(&w, "/docker/" ID));
        c = world_scan(&w, "/docker/" OTHER);
        cr_assert_not_null(c, "its processes are where they were not looked for");
        cr_expect_eq(c->processes, 0);
        cr_expect_eq(c->barred, BARRED_NOT);
        world_remove(&w);
}

/* Sixty-four empty groups in front of the one that holds the processes. */
Test(scan, hiding_behind_parts)
{
        char path[160];

        begin("/docker/" ID " memory.current=100 populated=1\n/proc/20\n");
        for (int i = 0; i < 200; i++) {
                snprintf(path, sizeof(path), "docker/" ID "/%d", i);
                world_mkdir(&w, path);
        }
        for (int i = 0; i < 2; i++) {
                const struct snapshot_cgroup *c = world_scan(&w, "/docker/" ID);

                cr_assert_not_null(c);
                cr_expect_eq(c->memory, 100);
        }
        cr_expect_gt(tree_left_out(w.scanner.tree), 100);
        world_remove(&w);
}

static const struct {
        const char *label, *path, *process;
        enum barred barred;
} shields[] = {
        { "a container, ordinary", "/docker/" ID, "oom_score=700", BARRED_NOT },
        { "a guaranteed container", "/docker/" ID, "oom_score=3 oom_score_adj=-997", BARRED_NOT },
        { "a container that must not die", "/docker/" ID, "oom_score=0 oom_score_adj=-1000",
          BARRED_SHIELDED },
        { "a service, ordinary", "/web.service", "oom_score=600 oom_score_adj=-100", BARRED_NOT },
        { "a service, on the line", "/web.service", "oom_score=60 oom_score_adj=-900", BARRED_SHIELDED },
        { "a service, above the line", "/web.service", "oom_score=60 oom_score_adj=-899", BARRED_NOT },
        { "kubelet", "/web.service", "oom_score=1 oom_score_adj=-999", BARRED_SHIELDED },
        { "pause", "/docker/" ID, "oom_score=600 comm=pause", BARRED_SHIELDED },
        { "podman's pause", "/docker/" ID, "oom_score=600 comm=catatonit", BARRED_SHIELDED },
};

Test(scan, shields)
{
        for (size_t i = 0; i < ARRAY_SIZE(shields); i++) {
                const struct snapshot_cgroup *c;
                char text[1024];

                snprintf(text, sizeof(text),
                         "%s cgroup.procs=20 memory.current=100 trusted.jettison.utility=5\n/proc/20 %s\n",
                         shields[i].path, shields[i].process);
                begin(text);
                c = world_scan(&w, shields[i].path);
                if (c || !w.fixture.attributes_refused)
                        cr_expect(c && c->barred == shields[i].barred, "%s: %s", shields[i].label,
                                  c ? barred_name(c->barred) : "not there");
                world_remove(&w);
        }
}

Test(scan, pause_is_small_and_alone)
{
        begin("/docker/" ID " cgroup.procs=20 memory.current=5000000\n"
              "/docker/" OTHER " cgroup.procs=21,22 memory.current=100\n"
              "/proc/20 comm=pause\n/proc/21 comm=pause\n/proc/22 comm=pause\n");
        cr_expect_eq(world_scan(&w, "/docker/" ID)->barred, BARRED_NOT, "a name alone does not shield 5 MB");
        cr_expect_eq(world_scan(&w, "/docker/" OTHER)->barred, BARRED_NOT);
        world_remove(&w);
}

Test(scan, who_may_not_die)
{
        char match[] = "/docker/" THIRD;
        struct rule rule = { .match = match, .has_utility = true, .utility = { .protect = true } };
        const struct snapshot_cgroup *c;

        world_make(&w,
                   "/docker/" ID " cgroup.procs=1 memory.current=100\n"
                   "/docker/" OTHER " cgroup.procs=20 memory.current=100 trusted.jettison.utility=protect\n"
                   "/docker/" THIRD " cgroup.procs=20 memory.current=100 trusted.jettison.utility=3\n"
                   "/proc/1\n/proc/20\n");
        w.options.rules = &rule;
        w.options.n_rules = 1;
        world_scanner(&w);
        cr_expect_eq(world_scan(&w, "/docker/" ID)->barred, BARRED_SHIELDED, "PID 1");
        cr_expect_eq(world_scan(&w, "/docker/" THIRD)->barred, BARRED_RULE,
                     "no label outranks a rule's protect");
        c = world_scan(&w, "/docker/" OTHER);
        if (!w.fixture.attributes_refused)
                cr_expect_eq(c->barred, BARRED_LABEL);
        tree_node(w.scanner.tree, c->slot)->struck = BARRED_STUCK;
        world_label(&w, "docker/" OTHER, NULL);
        tree_node(w.scanner.tree, c->slot)->struck_until_us = 1000001;
        cr_expect_eq(world_scan(&w, "/docker/" OTHER)->barred, BARRED_STUCK);
        tree_node(w.scanner.tree, c->slot)->struck_until_us = 1000000;
        cr_expect_eq(world_scan(&w, "/docker/" OTHER)->barred, BARRED_NOT, "its time is over");
        tree_node(w.scanner.tree, c->slot)->pins = 1;
        cr_expect_eq(world_scan(&w, "/docker/" OTHER)->barred, BARRED_DYING);
        tree_node(w.scanner.tree, c->slot)->pins = 0;
        world_remove(&w);
}

Test(scan, bad_labels_count_once)
{
        begin("/docker/" ID " cgroup.procs=20 memory.current=100 trusted.jettison.utility=5000\n/proc/20\n");
        if (w.fixture.attributes_refused)
                cr_skip("no trusted.* here");
        cr_expect_eq(world_scan(&w, "/docker/" ID)->utility.value, UTILITY_DEFAULT);
        world_scan(&w, "/docker/" ID);
        cr_expect_eq(w.scanner.bad_labels, 1);
        world_remove(&w);
}

#define MEMBER(name, number) \
        USER "/app.slice/" name " cgroup.procs=20 memory.current=100 user.jettison.utility=" number "\n"

static uint16_t worth(const char *name)
{
        char path[256];
        const struct snapshot_cgroup *c;

        snprintf(path, sizeof(path), USER "/app.slice/%s", name);
        c = world_scan(&w, path);
        cr_assert_not_null(c, "%s", path);
        return c->utility.value;
}

Test(scan, users_rank_their_own)
{
        const struct snapshot_cgroup *c;

        begin(USER " trusted.jettison.utility=2:200\n" MEMBER("a", "1000") MEMBER("b", "500") MEMBER("c", "0")
                      MEMBER("d", "protect") USER
              "/app.slice/root cgroup.procs=20 memory.current=100 trusted.jettison.utility=900\n"
              "/user.slice/user-1001.slice/user@1001.service/x cgroup.procs=20 memory.current=100 "
              "user.jettison.utility=1000\n"
              "/docker/" ID " cgroup.procs=20 memory.current=100 user.jettison.utility=999\n"
              "/proc/20\n");
        if (w.fixture.attributes_refused)
                cr_skip("no extended attributes here");
        cr_expect_eq(worth("a"), 200);
        cr_expect_eq(worth("b"), 100);
        cr_expect_eq(worth("c"), 0);
        cr_expect_eq(worth("d"), 200, "a user's protect is his dearest");
        cr_expect_eq(worth("root"), 900, "root's label stands for itself");
        c = world_scan(&w, USER "/app.slice/a");
        cr_expect_eq(c->utility.tier, 2, "they are of the subtree's tier");
        cr_expect_eq(c->barred, BARRED_NOT);
        c = world_scan(&w, "/user.slice/user-1001.slice/user@1001.service/x");
        cr_expect_eq(c->utility.value, UTILITY_DEFAULT, "another subtree, with no label of its own");
        cr_expect_eq(world_scan(&w, "/docker/" ID)->utility.value, UTILITY_DEFAULT,
                     "user.* counts for nothing here");

        world_label(&w, USER + 1, "protect");
        c = world_scan(&w, USER "/app.slice/a");
        cr_expect_eq(c->barred, BARRED_LABEL, "a protected subtree protects what is in it");
        world_remove(&w);
}

Test(scan, multiplying_changes_nothing)
{
        begin(USER " trusted.jettison.utility=90\n" MEMBER("a", "10") MEMBER("b", "5") "/proc/20\n");
        if (w.fixture.attributes_refused)
                cr_skip("no extended attributes here");
        cr_expect_eq(worth("a"), 90);
        cr_expect_eq(worth("b"), 45);
        world_remove(&w);
}

/* Domains. */

static struct domain domain_at(const char *path)
{
        struct domain d = { .node = tree_find_path(w.scanner.tree, path) };

        snprintf(d.path, sizeof(d.path), "%s", path);
        cr_assert_neq(d.node, NODE_NONE);
        d.id = tree_node(w.scanner.tree, d.node)->id;
        return d;
}

#define LIMITS                                                                                               \
        "/k memory.max=1000 memory.current=900 anon=400 file=500 shmem=100 file_dirty=50 file_writeback=30 " \
        "slab_reclaimable=20\n"                                                                              \
        "/k/pod memory.max=600 memory.current=500 anon=500\n"                                                \
        "/k/pod/docker-" ID ".scope memory.max=max memory.current=300 cgroup.procs=20\n"                     \
        "/other/docker-" OTHER ".scope memory.max=max memory.current=300 cgroup.procs=20\n"                  \
        "/proc/20\n"

Test(scan, what_a_domain_has_left)
{
        struct domain_facts f = { 0 };
        struct domain k, pod;

        begin(LIMITS);
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        k = domain_at("/k");
        pod = domain_at("/k/pod");
        cr_expect_eq(scan_look(&w.scanner, &k, 0, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory_total, 1000);
        cr_expect_eq(f.memory_available, 100, "in plenty the cache is not asked for");
        cr_expect_eq(scan_look(&w.scanner, &k, UINT64_MAX, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory_available, 100 + (500 - 100 - 50 - 30) + 20);
        cr_expect_eq(scan_look(&w.scanner, &pod, UINT64_MAX, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory_total, 600);
        cr_expect_eq(f.memory_available, 100);

        world_write(&w, "cgroup/k/memory.current", "999\n");
        world_write(&w, "cgroup/k/memory.stat", "anon 999\nfile 0\nshmem 0\n");
        cr_expect_eq(scan_look(&w.scanner, &pod, UINT64_MAX, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory_available, 1, "the limit above leaves less");
        world_write(&w, "cgroup/k/memory.current", "1500\n");
        cr_expect_eq(scan_look(&w.scanner, &k, UINT64_MAX, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory_available, 0, "above its limit");
        world_write(&w, "cgroup/k/memory.stat", "anon 0\nfile 5000\nshmem 0\n");
        cr_expect_eq(scan_look(&w.scanner, &k, UINT64_MAX, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory_available, 1000, "never more than the limit");
        world_write(&w, "cgroup/k/memory.max", "0\n");
        cr_expect_eq(scan_look(&w.scanner, &k, UINT64_MAX, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory_total, 0);
        world_remove(&w);
}

/* Looked for when memory is not plentiful, and never more than there is. */
Test(scan, lists_of_the_processors)
{
        const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
        struct domain_facts f;

        world_make(&w, "");
        world_write(&w, "proc/zoneinfo", "Node 0\n      count: 700\n      count: 300\n");
        world_scanner(&w);
        cr_expect_eq(scan_look(&w.scanner, &w.host, 0, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory_available, 4 * GIB);
        cr_expect_eq(f.memory_lists, 0, "in plenty nobody asks");
        cr_expect_eq(scan_look(&w.scanner, &w.host, UINT64_MAX, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory_lists, 1000 * page);
        cr_expect_eq(f.memory_available, 4 * GIB + 1000 * page);
        world_write(&w, "proc/zoneinfo", "      count: 999999999\n");
        cr_expect_eq(scan_look(&w.scanner, &w.host, UINT64_MAX, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory_available, 8 * GIB);
        cr_expect_eq(f.memory_lists, 4 * GIB);
        world_remove(&w);
}

Test(scan, a_domain_that_says_nothing_is_not_short)
{
        struct domain_facts f = { .memory_total = 7, .memory_available = 7 };
        struct domain k;

        begin(LIMITS);
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        k = domain_at("/k");
        world_write(&w, "cgroup/k/memory.stat", "x\n");
        cr_expect_eq(scan_look(&w.scanner, &k, 0, &f), CGROUPFS_OK);
        f.memory_available = 7;
        cr_expect_lt(scan_look(&w.scanner, &k, UINT64_MAX, &f), 0, "its cache is not known");
        world_write(&w, "cgroup/k/memory.current", "x\n");
        cr_expect_lt(scan_look(&w.scanner, &k, 0, &f), 0);
        world_write(&w, "cgroup/k/memory.max", "x\n");
        cr_expect_lt(scan_look(&w.scanner, &k, 0, &f), 0);
        world_write(&w, "cgroup/k/memory.max", "max\n");
        cr_expect_lt(scan_look(&w.scanner, &k, 0, &f), 0, "no limit above it: no domain");
        cr_expect_eq(f.memory_available, 7, "as it was");
        world_remove(&w);
}

Test(scan, only_what_lies_in_the_domain)
{
        struct domain k;

        begin(LIMITS);
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        k = domain_at("/k");
        cr_expect_eq(scan_run(&w.scanner, &k, true, 0, &w.snapshot), 0);
        cr_expect_eq(w.snapshot.n, 1);
        cr_expect_str_eq(snapshot_path(&w.snapshot, &w.snapshot.cgroups[0]), "/k/pod/docker-" ID ".scope");
        cr_expect_str_eq(w.snapshot.domain, "/k");
        world_scan(&w, "/");
        cr_expect_eq(w.snapshot.n, 2);
        world_remove(&w);
}

Test(scan, a_domain_goes)
{
        struct domain_facts f;
        struct domain k;

        begin(LIMITS);
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        k = domain_at("/k");
        cr_assert_eq(scan_look(&w.scanner, &k, UINT64_MAX, &f), CGROUPFS_OK);
        world_rmdir(&w, "k");
        cr_expect_eq(scan_run(&w.scanner, &k, true, 0, &w.snapshot), CGROUPFS_GONE);
        cr_expect_eq(scan_look(&w.scanner, &k, UINT64_MAX, &f), CGROUPFS_GONE, "its slot is free");
        world_mkdir(&w, "another");
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        cr_expect_eq(scan_look(&w.scanner, &k, UINT64_MAX, &f), CGROUPFS_GONE, "its slot is another's");
        k.node = NODE_NONE;
        cr_expect_eq(scan_look(&w.scanner, &k, UINT64_MAX, &f), CGROUPFS_GONE);
        world_remove(&w);
}

Test(scan, swap_of_a_domain)
{
        static const struct {
                const char *label, *host, *max, *current;
                uint64_t total, left;
        } cases[] = {
                { "no swap at all", "SwapTotal: 0 kB\nSwapFree: 0 kB\n", "max\n", "0\n", 0, 0 },
                { "no limit", "SwapTotal: 100 kB\nSwapFree: 60 kB\n", "max\n", "4096\n", 100 * KIB,
                  60 * KIB },
                { "a limit", "SwapTotal: 100 kB\nSwapFree: 60 kB\n", "10240\n", "4096\n", 10 * KIB, 6 * KIB },
                { "the host has less", "SwapTotal: 100 kB\nSwapFree: 1 kB\n", "10240\n", "4096\n", 10 * KIB,
                  KIB },
                { "no swap for it", "SwapTotal: 100 kB\nSwapFree: 60 kB\n", "0\n", "0\n", 0, 0 },
                { "above its limit", "SwapTotal: 100 kB\nSwapFree: 60 kB\n", "1024\n", "4096\n", KIB, 0 },
        };
        struct domain_facts f;
        struct domain k;

        begin("/k memory.max=1000 memory.current=1000\n");
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        k = domain_at("/k");
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                char text[200];

                snprintf(text, sizeof(text), "MemTotal: 1000 kB\nMemAvailable: 10 kB\n%s", cases[i].host);
                world_write(&w, "proc/meminfo", text);
                world_write(&w, "cgroup/k/memory.swap.max", cases[i].max);
                world_write(&w, "cgroup/k/memory.swap.current", cases[i].current);
                cr_assert_eq(scan_look(&w.scanner, &k, UINT64_MAX, &f), CGROUPFS_OK);
                cr_expect_eq(f.swap_total, cases[i].total, "%s: total %lu", cases[i].label, f.swap_total);
                cr_expect_eq(f.swap_free, cases[i].left, "%s: free %lu", cases[i].label, f.swap_free);
        }
        cr_expect_geq(tree_node(w.scanner.tree, k.node)->fd[FILE_SWAP_MAX], 0, "it is kept open");
        world_remove(&w);
}

Test(scan, gone_in_the_middle)
{
        begin("/docker/" ID " cgroup.procs=20 memory.current=100\n/docker/" OTHER
              " cgroup.procs=20 memory.current=100\n/proc/20\n");
        cr_expect_not_null(world_scan(&w, "/docker/" ID));
        world_rmdir(&w, "docker/" ID);
        /* no walk: the tree still knows it, and its files answer nothing that is new */
        cr_expect_eq(scan_run(&w.scanner, &w.host, false, 0, &w.snapshot), 0);
        cr_expect_not_null(world_scan(&w, "/docker/" OTHER));
        cr_expect_eq(w.snapshot.n, 1);
        cr_expect_eq(w.scanner.bad_files, 0);
        world_remove(&w);
}

/* Known, but no file of it was opened yet when it goes. */
Test(scan, gone_before_the_first_look)
{
        begin("/docker/" ID " cgroup.procs=20 memory.current=100\n/proc/20\n");
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        world_rmdir(&w, "docker/" ID);
        cr_expect_eq(scan_run(&w.scanner, &w.host, false, 0, &w.snapshot), 0);
        cr_expect_eq(w.snapshot.n, 0);
        cr_expect_eq(w.scanner.bad_files, 0);
        world_remove(&w);
}

Test(scan, kernel_kills)
{
        begin("/proc/20\n");
        cr_expect_eq(scan_kernel_kills(&w.scanner), 0, "there is no vmstat");
        scan_fini(&w.scanner);
        world_write(&w, "proc/vmstat", "pgfault 7\noom_kill 12\n");
        cr_assert_eq(scan_init(&w.scanner, &w.fs, w.fixture.proc, &w.options, NULL), 0);
        cr_expect_eq(scan_kernel_kills(&w.scanner), 12);
        world_write(&w, "proc/vmstat", "pgfault 7\n");
        cr_expect_eq(scan_kernel_kills(&w.scanner), 0);
        world_remove(&w);
}

Test(scan, descriptors_and_failures)
{
        size_t before = world_descriptors();
        struct scanner s;

        world_make(&w, "/docker/" ID " cgroup.procs=20 memory.current=100\n/proc/20\n");
        cr_expect_eq(scan_init(&s, &w.fs, "/nonexistent", &w.options, NULL), -ENOENT);
        cr_expect_eq(scan_init(&s, &w.fs, w.fixture.cgroup, &w.options, NULL), -ENOENT, "no meminfo");
        world_scanner(&w);
        for (int i = 0; i < 10; i++)
                world_scan(&w, "/");
        world_write(&w, "proc/meminfo", "x\n");
        cr_expect_lt(scan_run(&w.scanner, &w.host, true, 0, &w.snapshot), 0, "the host says nothing");
        world_remove(&w);
        cr_expect_eq(world_descriptors(), before);
}

Test(scan, more_candidates_than_room)
{
        char text[4096] = "/proc/20\n";

        for (int i = 0; i < 20; i++)
                snprintf(text + strlen(text), 200, "/d/lxc.payload.%d cgroup.procs=20 memory.current=100\n",
                         i);
        world_make(&w, text);
        w.options.cgroups_max = 8;
        world_scanner(&w);
        world_scan(&w, "/");
        cr_expect_eq(w.snapshot.n, 8);
        cr_expect_eq(w.snapshot.left_out, 12);
        for (size_t i = 1; i < w.snapshot.n; i++)
                cr_expect_lt(w.snapshot.cgroups[i - 1].id, w.snapshot.cgroups[i].id, "sorted by id");
        world_remove(&w);
}
