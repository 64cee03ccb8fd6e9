/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree against plain directories: what comes, goes and changes its role; limits; and no descriptor lost
 * on the way. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/loop.h"
#include "fake_world.h"
#include "sense/tree.h"

#define ID    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define POD   "/kubepods.slice/kubepods-pod9f1c6a52_7e0b_4d2c_8a11_0c5d3b7e9f42.slice"
#define USER  "/user.slice/user-1000.slice/user@1000.service"

/* The parts a candidate may have, and what a user may have inside his subtree: walk.c. */
#define PARTS_MAX  64
#define INSIDE_MAX 256

static struct world w;
static struct tree *t;

static void begin(const char *text)
{
        world_make(&w, text);
        t = tree_new(&w.fs, &w.options);
        cr_assert_not_null(t);
        cr_assert_eq(tree_walk(t), 0);
}

static void finish(void)
{
        t = tree_free(t);
        world_remove(&w);
}

static struct node *at(const char *path)
{
        uint32_t index = tree_find_path(t, path);

        cr_assert_neq(index, NODE_NONE, "%s is not there", path);
        return tree_node(t, index);
}

static void walk(void)
{
        cr_assert_eq(tree_walk(t), 0);
}

static uint32_t count(enum node_kind kind)
{
        uint32_t n = 0;

        for (uint32_t i = 0; i < tree_size(t); i++)
                n += tree_node(t, i)->kind == kind;
        return n;
}

/* Every node in use is found by its id, and its parts' chain holds as many as it says. */
static void check_whole(void)
{
        for (uint32_t i = 0; i < tree_size(t); i++) {
                const struct node *n = tree_node(t, i);
                uint32_t parts = 0;

                if (n->kind == NODE_FREE)
                        continue;
                cr_assert_eq(tree_find(t, n->id), i, "node %u is not found by its id", i);
                for (uint32_t p = n->first_part; p != NODE_NONE; p = tree_node(t, p)->next_part) {
                        cr_assert_eq(tree_node(t, p)->kind, NODE_PART);
                        cr_assert_eq(tree_node(t, p)->owner, i);
                        cr_assert_leq(++parts, n->n_parts);
                }
                cr_assert_eq(parts, n->n_parts);
        }
}

Test(tree, comes_and_goes)
{
        uint64_t id;

        begin("/a\n/a/b\n/c\n");
        cr_expect_eq(count(NODE_BRANCH), 4);
        cr_expect_str_eq(tree_path(t, 0), "/");
        id = at("/a/b")->id;

        world_mkdir(&w, "a/new/below");
        world_rmdir(&w, "a/b");
        walk();
        cr_expect_eq(tree_find_path(t, "/a/b"), NODE_NONE);
        cr_expect_eq(tree_find(t, id), NODE_NONE);
        cr_expect_eq(at("/a/new/below")->depth, 3);
        cr_expect(tree_is_below(t, tree_find_path(t, "/a/new/below"), tree_find_path(t, "/a")));
        cr_expect(!tree_is_below(t, tree_find_path(t, "/a/new/below"), tree_find_path(t, "/c")));
        check_whole();
        finish();
}

Test(tree, same_name_is_another_cgroup)
{
        uint64_t before;

        begin("/a trusted.jettison.utility=5\n");
        before = at("/a")->id;
        world_rmdir(&w, "a");
        world_mkdir(&w, "a");
        walk();
        cr_expect_neq(at("/a")->id, before);
        cr_expect_eq(at("/a")->kind, NODE_BRANCH, "the label went with the old one");
        cr_expect_eq(tree_find(t, before), NODE_NONE);
        finish();
}

Test(tree, closed_nodes_hold_nothing)
{
        uint32_t index;
        uint64_t id, value;

        begin("/a memory.current=7\n");
        index = tree_find_path(t, "/a");
        id = at("/a")->id;
        cr_assert_eq(node_read_u64(at("/a"), FILE_CURRENT, &value), CGROUPFS_OK);
        world_rmdir(&w, "a");
        walk();
        cr_expect_eq(tree_node(t, index)->kind, NODE_FREE);
        cr_expect_neq(tree_node(t, index)->id, id, "an index kept by someone must not look alive");
        cr_expect_lt(tree_node(t, index)->dir_fd, 0);
        cr_expect_lt(tree_node(t, index)->fd[FILE_CURRENT], 0);
        finish();
}

Test(tree, pinned_outlives_its_cgroup)
{
        struct node *n;
        uint64_t value, id;
        uint32_t index;

        begin("/docker\n/docker/" ID " memory.current=7\n");
        index = tree_find_path(t, "/docker/" ID);
        n = tree_node(t, index);
        id = n->id;
        cr_assert_eq(n->kind, NODE_CANDIDATE);
        cr_assert_eq(node_read_u64(n, FILE_CURRENT, &value), CGROUPFS_OK);
        n->pins = 1;
        world_rmdir(&w, "docker");
        world_mkdir(&w, "docker/" OTHER);
        walk();
        cr_expect(n->gone);
        cr_expect_neq(tree_find_path(t, "/docker/" OTHER), index);
        cr_expect_geq(fcntl(n->fd[FILE_CURRENT], F_GETFD), 0, "its descriptor is still open");
        cr_expect_eq(tree_find(t, id), index);
        cr_expect_eq(tree_find_path(t, "/docker/" ID), NODE_NONE);
        walk();
        cr_expect_eq(n->pins, 1);
        n->pins = 0;
        walk();
        cr_expect_eq(n->kind, NODE_FREE);
        cr_expect_eq(tree_find(t, id), NODE_NONE);
        check_whole();
        finish();
}

Test(tree, candidates_are_an_antichain)
{
        begin("/a trusted.jettison.utility=5\n"
              "/a/b trusted.jettison.utility=6\n"
              "/a/b/docker-" ID ".scope\n"
              "/docker\n"
              "/docker/" ID " trusted.jettison.utility=7\n");
        if (w.fixture.attributes_refused)
                cr_skip("no trusted.* here");
        cr_expect_eq(at("/a")->kind, NODE_CANDIDATE);
        cr_expect_eq(at("/a/b")->kind, NODE_PART);
        cr_expect_eq(at("/a/b/docker-" ID ".scope")->kind, NODE_PART);
        cr_expect_eq(at("/a/b/docker-" ID ".scope")->owner, tree_find_path(t, "/a"));
        cr_expect_eq(at("/a")->n_parts, 2);
        cr_expect_eq(at("/docker")->kind, NODE_BRANCH);
        cr_expect_eq(at("/docker/" ID)->kind, NODE_CANDIDATE);
        check_whole();
        finish();
}

Test(tree, rules_first_match_speaks)
{
        char m0[] = "/batch/keep", m1[] = "/batch/*", m2[] = "/**/docker-*", m3[] = "/batch/keep",
             m4[] = "/safe";
        struct rule rules[] = {
                { .match = m0, .ignore = true },
                { .match = m1, .candidate = true, .has_utility = true, .utility = { .value = 3 } },
                { .match = m2, .ignore = true },
                { .match = m3, .candidate = true },
                { .match = m4, .candidate = true, .has_utility = true, .utility = { .protect = true } },
        };

        world_make(&w, "/batch\n/batch/keep\n/batch/keep/docker-" ID ".scope\n/batch/one\n/batch/one/two\n"
                       "/docker-" ID ".scope\n/safe\n/other\n");
        w.options.rules = rules;
        w.options.n_rules = ARRAY_SIZE(rules);
        t = tree_new(&w.fs, &w.options);
        walk();
        cr_expect_eq(at("/batch/keep")->kind, NODE_BRANCH,
                     "ignored by the first rule, candidate by a later one");
        cr_expect_eq(at("/batch/one")->kind, NODE_CANDIDATE);
        cr_expect_eq(at("/batch/one")->rule, &rules[1]);
        cr_expect_eq(at("/batch/one/two")->kind, NODE_PART);
        cr_expect_eq(at("/docker-" ID ".scope")->kind, NODE_BRANCH, "a container, but ignored");
        cr_expect_eq(at("/safe")->kind, NODE_CANDIDATE);
        cr_expect(at("/safe")->rule->utility.protect);
        cr_expect_null(at("/other")->rule);
        cr_expect_eq(at("/other")->kind, NODE_BRANCH);
        finish();
}

Test(tree, domains_and_delegates_stay_branches)
{
        char domain[] = "/machine.slice", *domains[] = { domain };

        world_make(&w, "/machine.slice trusted.jettison.utility=5\n"
                       "/machine.slice/libpod-" ID ".scope\n"
                       USER " trusted.jettison.utility=500\n"
                       USER "/app.slice\n"
                       USER "/app.slice/web.service user.jettison.utility=7\n"
                       "/system.slice user.jettison.utility=7\n"
                       "/system.slice/lxc.monitor.x trusted.jettison.utility=7\n");
        if (w.fixture.attributes_refused)
                cr_skip("no extended attributes here");
        w.options.domains = domains;
        w.options.n_domains = 1;
        t = tree_new(&w.fs, &w.options);
        walk();
        cr_expect_eq(at("/machine.slice")->kind, NODE_BRANCH, "a domain");
        cr_expect_eq(at("/machine.slice/libpod-" ID ".scope")->kind, NODE_CANDIDATE);
        cr_expect_eq(at(USER)->kind, NODE_BRANCH, "a delegated subtree");
        cr_expect_eq(at(USER "/app.slice/web.service")->kind, NODE_CANDIDATE);
        cr_expect_eq(at(USER "/app.slice/web.service")->delegate, tree_find_path(t, USER));
        cr_expect_eq(at(USER "/app.slice/web.service")->trust, LABEL_TRUST_SUBTREE);
        cr_expect_eq(at(USER)->delegate, NODE_NONE);
        cr_expect_eq(at("/system.slice")->kind, NODE_BRANCH, "user.* counts for nothing here");
        cr_expect_eq(at("/system.slice/lxc.monitor.x")->kind, NODE_BRANCH, "a monitor");
        finish();
}

/* Its owner gives the names below a user's manager. */
Test(tree, a_users_names_keep_nobody)
{
        char match[] = USER "/**/libpod-conmon-*";
        struct rule rule = { .match = match, .candidate = true };

        world_make(&w, USER "/pod0123456789abcdef0123456789abcdef/" ID "\n"
                       USER "/app.slice/libpod-conmon-" ID ".scope\n"
                       USER "/lxc.monitor.x trusted.jettison.utility=7\n"
                       USER "/lxc.monitor.y\n"
                       USER "/user@1001.service/docker/" ID "\n"
                       "/machine.slice/libpod-conmon-" ID ".scope\n");
        w.options.rules = &rule;
        w.options.n_rules = 1;
        t = tree_new(&w.fs, &w.options);
        walk();
        cr_expect_eq(at(USER "/pod0123456789abcdef0123456789abcdef/" ID)->kind, NODE_CANDIDATE);
        cr_expect_eq(at(USER "/pod0123456789abcdef0123456789abcdef/" ID)->container.pod_class, POD_NONE);
        cr_expect_eq(at(USER "/app.slice/libpod-conmon-" ID ".scope")->kind, NODE_CANDIDATE, "the rule speaks");
        cr_expect_eq(at(USER "/lxc.monitor.y")->kind, NODE_BRANCH);
        cr_expect_eq(at(USER "/user@1001.service/docker/" ID)->delegate, tree_find_path(t, USER));
        cr_expect_eq(at("/machine.slice/libpod-conmon-" ID ".scope")->kind, NODE_BRANCH, "the host's own");
        if (!w.fixture.attributes_refused)
                cr_expect_eq(at(USER "/lxc.monitor.x")->kind, NODE_CANDIDATE, "the label speaks");
        finish();
}

Test(tree, kill_unit)
{
        begin(POD "/cri-containerd-" ID ".scope\n");
        cr_expect_eq(at(POD)->kind, NODE_BRANCH);
        cr_expect_eq(at(POD "/cri-containerd-" ID ".scope")->kind, NODE_CANDIDATE);

        w.options.kill_unit = KILL_UNIT_POD;
        cr_assert_eq(tree_reconfigure(t, &w.options), 0);
        walk();
        cr_expect_eq(at(POD)->kind, NODE_CANDIDATE);
        cr_expect_eq(at(POD "/cri-containerd-" ID ".scope")->kind, NODE_PART);

        w.options.containers = false;
        cr_assert_eq(tree_reconfigure(t, &w.options), 0);
        walk();
        cr_expect_eq(count(NODE_CANDIDATE), 0);
        check_whole();
        finish();
}

Test(tree, reconfigure_waits_for_pins)
{
        begin("/docker/" ID "\n");
        at("/docker/" ID)->pins = 1;
        cr_expect_eq(tree_reconfigure(t, &w.options), -EBUSY);
        cr_expect_eq(count(NODE_CANDIDATE), 1, "and nothing was closed");
        at("/docker/" ID)->pins = 0;
        cr_expect_eq(tree_reconfigure(t, &w.options), 0);
        cr_expect_eq(tree_size(t), 0);
        walk();
        cr_expect_eq(count(NODE_CANDIDATE), 1);
        check_whole();
        finish();
}

Test(tree, label_comes_and_goes)
{
        begin("/a\n/a/b\n/a/b/docker-" ID ".scope\n/a/c\n/z\n");
        if (!world_label(&w, "a", "7"))
                cr_skip("no trusted.* here");
        cr_expect_eq(at("/a/b/docker-" ID ".scope")->kind, NODE_CANDIDATE);
        walk();
        cr_expect_eq(at("/a")->kind, NODE_CANDIDATE);
        cr_expect_eq(at("/a")->n_parts, 3, "its parts are there at once: %u", at("/a")->n_parts);
        cr_expect_eq(at("/a/b/docker-" ID ".scope")->kind, NODE_PART);
        cr_expect_eq(at("/z")->kind, NODE_BRANCH);
        check_whole();

        cr_assert(world_label(&w, "a", NULL));
        walk();
        cr_expect_eq(at("/a")->kind, NODE_BRANCH);
        cr_expect_eq(at("/a")->n_parts, 0);
        cr_expect_eq(at("/a/c")->kind, NODE_BRANCH);
        cr_expect_eq(at("/a/b/docker-" ID ".scope")->kind, NODE_CANDIDATE);
        check_whole();

        cr_assert(world_label(&w, "a", "no utility"));
        walk();
        cr_expect_eq(at("/a")->kind, NODE_BRANCH, "a label that says nothing makes no candidate");
        finish();
}

Test(tree, label_above_a_deed)
{
        struct node *inner;

        begin("/a\n/a/docker-" ID ".scope memory.current=1\n");
        inner = at("/a/docker-" ID ".scope");
        inner->pins = 1;
        if (!world_label(&w, "a", "7"))
                cr_skip("no trusted.* here");
        walk();
        cr_expect_eq(at("/a")->kind, NODE_CANDIDATE);
        cr_expect(inner->gone, "until it is released it is neither candidate nor part");
        cr_expect_geq(fcntl(inner->dir_fd, F_GETFD), 0);
        walk();
        cr_expect(inner->gone);
        inner->pins = 0;
        walk();
        walk();
        cr_expect_eq(at("/a/docker-" ID ".scope")->kind, NODE_PART);
        check_whole();
        world_rmdir(&w, "a");
        walk();
        cr_expect_eq(count(NODE_PART) + count(NODE_CANDIDATE), 0);
        finish();
}

Test(tree, parts_have_a_limit)
{
        begin("/docker/" ID "/a\n/docker/" OTHER "\n");
        for (int i = 0; i < 90; i++) {
                char whole[160];

                snprintf(whole, sizeof(whole), "docker/" ID "/%s%d", i % 2 ? "a/" : "", i);
                world_mkdir(&w, whole);
        }
        world_mkdir(&w, "docker/" OTHER "/x");
        walk();
        cr_expect_eq(at("/docker/" ID)->n_parts, PARTS_MAX);
        cr_expect_eq(tree_left_out(t), 91 - PARTS_MAX);
        cr_expect_eq(at("/docker/" OTHER)->n_parts, 1, "another's limit is its own");
        check_whole();
        world_rmdir(&w, "docker/" ID "/a");
        walk();
        walk();
        cr_expect_eq(tree_left_out(t), 0);
        cr_expect_eq(at("/docker/" ID)->n_parts, 45, "there is room for those that are left");
        check_whole();
        finish();
}

Test(tree, a_user_has_a_limit)
{
        char path[512], long_name[200];

        begin(USER "/app.slice\n" "/user@1001.service/app.slice\n");
        for (int i = 0; i < 2 * INSIDE_MAX; i++) {
                snprintf(path, sizeof(path), USER "/app.slice/%d", i);
                world_mkdir(&w, path + 1);
        }
        world_mkdir(&w, "user@1001.service/app.slice/x");
        walk();
        cr_expect_eq(tree_left_out(t), INSIDE_MAX + 1);
        cr_expect_neq(tree_find_path(t, "/user@1001.service/app.slice/x"), NODE_NONE, "another's is his own");
        check_whole();
        world_rmdir(&w, &(USER "/app.slice")[1]);
        walk();
        walk();
        cr_expect_eq(tree_left_out(t), 0);

        memset(long_name, 'x', sizeof(long_name) - 1);
        long_name[sizeof(long_name) - 1] = '\0';
        for (int i = 0; i < INSIDE_MAX; i++) {
                snprintf(path, sizeof(path), USER "/%s%d", long_name, i);
                world_mkdir(&w, path + 1);
        }
        walk();
        cr_expect_gt(tree_left_out(t), 50, "long paths are fewer");
        finish();
}

Test(tree, depth_and_path_limits)
{
        char path[2048] = "";
        size_t deepest = 0;

        begin("/a\n");
        for (int i = 0; i < 70; i++)
                strcat(path, i ? "/d" : "d");
        world_mkdir(&w, path);
        path[0] = '\0';
        for (int i = 0; i < 6; i++) {           /* five of them fit in no path of 1024 bytes */
                if (i)
                        strcat(path, "/");
                memset(path + strlen(path), 'n', 240);
        }
        path[6 * 241 - 1] = '\0';
        world_mkdir(&w, path);
        walk();
        for (uint32_t i = 0; i < tree_size(t); i++)
                deepest = tree_node(t, i)->depth > deepest ? tree_node(t, i)->depth : deepest;
        cr_expect_eq(deepest, 64);
        cr_expect_eq(tree_left_out(t), 2);
        check_whole();
        finish();
}

Test(tree, paths_survive_compaction)
{
        char path[256], name[200];

        world_make(&w, "/stays\n/stays/here\n");
        w.options.cgroups_max = 1;              /* 2049 nodes, 160 bytes each: 328 kB a half */
        t = tree_new(&w.fs, &w.options);
        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        for (int round = 0; round < 60; round++) {      /* 60 × 40 × 200 bytes */
                for (int i = 0; i < 40; i++) {
                        snprintf(path, sizeof(path), "%s-%d-%d", name, round, i);
                        world_mkdir(&w, path);
                }
                walk();
                snprintf(path, sizeof(path), "/%s-%d-%d", name, round, 39);
                cr_assert_neq(tree_find_path(t, path), NODE_NONE, "round %d", round);
                cr_assert_neq(tree_find_path(t, "/stays/here"), NODE_NONE, "round %d", round);
                cr_assert_eq(tree_left_out(t), 0);
                for (int i = 0; i < 40; i++) {
                        snprintf(path, sizeof(path), "%s-%d-%d", name, round, i);
                        world_rmdir(&w, path);
                }
        }
        walk();
        cr_expect_eq(count(NODE_BRANCH), 3);
        check_whole();
        finish();
}

Test(tree, full_table)
{
        char path[64];

        world_make(&w, "");
        w.options.cgroups_max = 1;
        t = tree_new(&w.fs, &w.options);
        for (int i = 0; i < NODES_EXTRA + 10; i++) {
                snprintf(path, sizeof(path), "n%d", i);
                world_mkdir(&w, path);
        }
        walk();
        cr_expect_eq(count(NODE_BRANCH), NODES_EXTRA + 1);
        cr_expect_eq(tree_left_out(t), 10);
        for (int i = 0; i < 200; i++) {
                snprintf(path, sizeof(path), "n%d", i);
                world_rmdir(&w, path);
        }
        walk();
        walk();
        cr_expect_eq(tree_left_out(t), 0);
        cr_expect_eq(count(NODE_BRANCH), NODES_EXTRA + 1 + 10 - 200);
        check_whole();
        finish();
}

Test(tree, paths_that_find_no_room)
{
        char path[512];

        world_make(&w, "");
        w.options.cgroups_max = 1;
        t = tree_new(&w.fs, &w.options);
        for (int i = 0; i < 1500; i++) {        /* 1500 × 250 bytes do not fit in 328 kB */
                memset(path, 'x', 245);
                snprintf(path + 245, 16, "%d", i);
                world_mkdir(&w, path);
        }
        walk();
        cr_expect_gt(tree_left_out(t), 100);
        cr_expect_gt(count(NODE_BRANCH), 1200);
        check_whole();
        finish();
}


Test(tree, ten_thousand)
{
        size_t before = world_descriptors();
        uint64_t begun_us, first_us, again_us;
        struct rlimit limit;
        char path[64];

        getrlimit(RLIMIT_NOFILE, &limit);
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        if (limit.rlim_cur < 11000)
                cr_skip("needs 11,000 descriptors");
        world_make(&w, "");
        w.options.cgroups_max = 10000;
        t = tree_new(&w.fs, &w.options);
        for (int i = 0; i < 10000; i++) {
                snprintf(path, sizeof(path), i % 100 ? "s%d/n%d" : "s%d", i / 100, i);
                world_mkdir(&w, path);
        }
        begun_us = loop_now_us();
        walk();
        first_us = loop_now_us() - begun_us;
        cr_expect_eq(count(NODE_BRANCH), 10001);
        check_whole();
        begun_us = loop_now_us();
        walk();
        again_us = loop_now_us() - begun_us;
        for (int i = 1; i < 10000; i += 2) {
                snprintf(path, sizeof(path), "s%d/n%d", i / 100, i);
                world_rmdir(&w, path);
        }
        walk();
        cr_expect_eq(count(NODE_BRANCH), 5001);
        check_whole();
        cr_log_info("10,000 directories: first walk %lu µs, next %lu µs", first_us, again_us);
        cr_expect_lt(first_us, 5 * USEC_PER_SEC);
        finish();
        cr_expect_eq(world_descriptors(), before);
}

Test(tree, no_descriptor_is_lost)
{
        size_t before = world_descriptors(), during;
        uint64_t value;

        begin("/a trusted.jettison.utility=1 memory.current=1\n/a/b\n/docker/" ID " memory.max=max\n");
        during = world_descriptors();
        for (int i = 0; i < 20; i++) {
                node_read_u64(at("/a"), FILE_CURRENT, &value);
                node_file(at("/docker/" ID), FILE_KILL);
                node_file(at("/docker/" ID), FILE_MAX);
                world_rmdir(&w, "a");
                walk();
                world_mkdir(&w, "a/b");
                world_write(&w, "cgroup/a/memory.current", "1\n");
                world_label(&w, "a", i % 2 ? "3" : "protect");
                walk();
                cr_assert_eq(tree_reconfigure(t, &w.options), 0);
                walk();
        }
        cr_expect_eq(world_descriptors(), during);
        finish();
        cr_expect_eq(world_descriptors(), before);
}

/* Stands for a file whose controller was switched off: the entry in fdinfo of a descriptor that is closed
 * answers ENOENT. */
static int gone_file(void)
{
        int closed = open("/", O_RDONLY | O_CLOEXEC), fd;
        char path[64];

        snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", closed);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        cr_assert_geq(fd, 0);
        close(closed);
        return fd;
}

Test(tree, new_files_are_opened)
{
        struct node *n;
        uint64_t value;

        begin("/a memory.current=5\n");
        n = at("/a");
        n->fd[FILE_CURRENT] = gone_file();
        n->pins = 1;
        cr_expect_eq(node_read_u64(n, FILE_CURRENT, &value), CGROUPFS_GONE);
        cr_expect_geq(n->fd[FILE_CURRENT], 0, "a deed may be using it");
        n->pins = 0;
        cr_expect_eq(node_read_u64(n, FILE_CURRENT, &value), CGROUPFS_GONE);
        cr_expect_eq(node_read_u64(n, FILE_CURRENT, &value), CGROUPFS_OK);
        cr_expect_eq(value, 5);
        finish();
}

static rlim_t limit_descriptors(rlim_t n)
{
        struct rlimit limit;
        rlim_t before;

        getrlimit(RLIMIT_NOFILE, &limit);
        before = limit.rlim_cur;
        limit.rlim_cur = n;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        return before;
}

/* The number of the one that would be opened next. */
static rlim_t next_descriptor(void)
{
        int next = open("/", O_RDONLY | O_CLOEXEC);

        cr_assert_geq(next, 0);
        close(next);
        return (rlim_t)next;
}

Test(tree, out_of_descriptors)
{
        rlim_t before, next;

        world_make(&w, "/a\n/b\n/c\n");
        t = tree_new(&w.fs, &w.options);
        next = next_descriptor();
        before = limit_descriptors(next);
        cr_expect_lt(tree_walk(t), 0, "the root cannot be opened");
        limit_descriptors(before);
        cr_expect_eq(tree_walk(t), 0, "but later it can");
        cr_expect_eq(count(NODE_BRANCH), 4);

        world_mkdir(&w, "d");
        limit_descriptors(next);
        cr_expect_eq(tree_walk(t), 0);
        limit_descriptors(before);
        cr_expect_eq(tree_left_out(t), 1);
        cr_expect_eq(tree_find_path(t, "/d"), NODE_NONE);
        walk();
        cr_expect_eq(tree_left_out(t), 0);
        cr_expect_neq(tree_find_path(t, "/d"), NODE_NONE);
        check_whole();
        finish();
}

Test(tree, root_removed)
{
        begin("/a\n");
        cr_assert_eq(rename(w.fixture.cgroup, "/tmp/jettison-tree-moved"), 0);
        walk();         /* the descriptor is what counts */
        cr_expect_neq(tree_find_path(t, "/a"), NODE_NONE);
        cr_assert_eq(rename("/tmp/jettison-tree-moved", w.fixture.cgroup), 0);
        finish();
}

Test(tree, files_and_links_are_no_cgroups)
{
        char path[160];

        begin("/a\n");
        snprintf(path, sizeof(path), "%s/link", w.fixture.cgroup);
        cr_assert_eq(symlink("a", path), 0);
        world_write(&w, "cgroup/file", "x");
        walk();
        cr_expect_eq(count(NODE_BRANCH), 2);
        finish();
}

static bool has_news(void)
{
        struct pollfd p = { .fd = tree_news_fd(t), .events = POLLIN };

        return poll(&p, 1, 0) == 1;
}

Test(tree, news)
{
        begin("/a\n/docker/" ID "\n");
        if (tree_news_fd(t) < 0)
                cr_skip("no inotify");
        tree_take_news(t);
        cr_expect(!has_news());
        world_mkdir(&w, "a/new");
        cr_expect(has_news());
        tree_take_news(t);
        cr_expect(!has_news());
        walk();
        world_mkdir(&w, "a/new/below");
        cr_expect(has_news(), "what was found is listened to as well");
        tree_take_news(t);
        world_mkdir(&w, "docker/" ID "/part");
        cr_expect(!has_news(), "what happens inside a candidate is no news");
        if (world_label(&w, "a", "7")) {
                walk();
                cr_assert(world_label(&w, "a", NULL));
                walk();
                tree_take_news(t);
                world_mkdir(&w, "a/again");
                cr_expect(has_news(), "a candidate that became a branch is listened to");
        }
        finish();
}

static bool is_walked(void)
{
        uint32_t before = tree_walks(t);

        walk();
        return tree_walks(t) != before;
}

/* Until there is nothing more to be found. */
static void walk_out(void)
{
        for (int i = 0; i < 3 && is_walked(); i++)
                ;
        cr_assert(!is_walked());
}

Test(tree, walked_if_something_changed)
{
        begin("/a/b\n/docker/" ID "/part\n");
        if (tree_news_fd(t) < 0)
                cr_skip("no inotify");
        cr_expect(!tree_is_deaf(t));
        walk_out();
        world_write(&w, "cgroup/a/file", "x");
        walk_out();
        world_write(&w, "cgroup/a/file", "y");
        cr_expect(!is_walked(), "what a file says is no change");
        for (int i = 0; i < 2; i++) {   /* each time, not only the first */
                world_mkdir(&w, "docker/" ID "/part/inner");
                cr_expect(is_walked());
                cr_expect_eq(count(NODE_PART), 2);
                walk_out();
                world_rmdir(&w, "docker/" ID "/part/inner");
                cr_expect(is_walked());
                cr_expect_eq(count(NODE_PART), 1);
                walk_out();
                if (world_label(&w, "a/b", i ? "7" : "8")) {
                        cr_expect(is_walked());
                        cr_expect_eq(at("/a/b")->kind, NODE_CANDIDATE);
                        walk_out();
                }
        }
        at("/a/b")->pins = 1;
        world_mkdir(&w, "a/c");
        cr_expect(is_walked());
        cr_expect(is_walked(), "as long as it is pinned");
        at("/a/b")->pins = 0;
        walk_out();
        finish();
}

Test(tree, always_walked_without_inotify)
{
        rlim_t before;

        world_make(&w, "/a\n");
        before = limit_descriptors(next_descriptor());
        t = tree_new(&w.fs, &w.options);
        limit_descriptors(before);
        cr_assert(tree_is_deaf(t));
        walk();
        cr_expect(is_walked());
        world_mkdir(&w, "a/b");
        walk();
        cr_expect_neq(tree_find_path(t, "/a/b"), NODE_NONE);
        finish();
}

/* The controller's own cgroup, if this machine puts the test in one that is not the root. */
Test(tree, own_group_is_no_candidate)
{
        char own[1024], path[1100];
        char match[] = "/**";
        struct rule rule = { .match = match, .candidate = true };

        if (cgroupfs_own_path(-1, own, sizeof(own)) < 0)
                cr_skip("no cgroup v2 here");
        world_make(&w, "/other\n");
        if (own[0]) {
                snprintf(path, sizeof(path), "%s/below", own + 1);
                world_mkdir(&w, path);
        }
        w.options.rules = &rule;
        w.options.n_rules = 1;
        t = tree_new(&w.fs, &w.options);
        walk();
        cr_expect(tree_node(t, 0)->is_self);
        cr_expect_eq(at("/other")->kind, NODE_CANDIDATE);
        cr_expect(!at("/other")->is_self);
        if (own[0]) {
                cr_expect(at(own)->is_self);
                cr_expect_eq(at(own)->kind, NODE_BRANCH);
        }
        finish();
}
