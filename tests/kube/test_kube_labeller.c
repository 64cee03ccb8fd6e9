/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels on folders that play the hierarchy. Where trusted.* may not be written the mirror is looked at. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/base.h"
#include "kube/labeller.h"
#include "objects.h"
#include "sense/label.h"
#include "tree.h"

#define POD_1  "kubepods.slice/kubepods-pod12345678_1234_1234_1234_123456789abc.slice"
#define POD_2  "kubepods/besteffort/pod22345678-1234-1234-1234-123456789abc"
#define ID(d)  d d d d d d d d d d d d d d d d
#define ID_1   ID("1111")
#define ID_2   ID("2222")
#define ID_9   ID("9999")
#define CRI(i) "cri-containerd-" i ".scope"

static struct tree_fixture tree = TREE_FIXTURE_INIT;
static struct pods pods = PODS_INIT;
static struct labeller labeller;

static void make(void)
{
        cr_assert(tree_fixture_make(&tree, "/" POD_1 "/" CRI(ID_1) "\n/" POD_1 "/" CRI(
                                                   ID_9) "\n/" POD_2 "/" ID_2 "\n") == 0);
        labeller = (struct labeller){ .root_fd = tree.cgroup_fd, .rules = &rules_default };
        cr_assert(pods_put(&pods, object_plain("a", "p", '1')) == 0);
        cr_assert(pods_put(&pods, object_plain("a", "q", '2')) == 0);
}

static void remove_all(void)
{
        pods_clear(&pods);
        tree_fixture_remove(&tree);
}

TestSuite(kube_labeller, .init = make, .fini = remove_all);

static const char *label_of(const char *path)
{
        static char text[64];
        int fd = openat(tree.cgroup_fd, path, O_RDONLY | O_DIRECTORY);
        ssize_t n = fgetxattr(fd, LABEL_USER_NAME, text, sizeof(text) - 1);

        close(fd);
        text[n > 0 ? n : 0] = '\0';
        return text;
}

static struct pod *pod_1(void)
{
        return pods_find(&pods, "12345678-1234-1234-1234-123456789abc");
}

Test(kube_labeller, each_in_its_place)
{
        cr_assert(labeller_run(&labeller, &pods, true) == 0);
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_1)), "10");
        cr_assert_str_eq(label_of(POD_2 "/" ID_2), "10");
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_9)), "protect");
        cr_assert_str_eq(label_of(POD_1), "");
        cr_assert(labeller.writes == 3 && labeller.found == 2 && labeller.missing == 0);
}

Test(kube_labeller, a_quiet_node_makes_no_writes)
{
        for (int i = 0; i < 5; i++)
                cr_assert(labeller_run(&labeller, &pods, true) == 0);
        cr_assert(labeller.writes == 3);
        pod_1()->containers[0].has_claim = true;
        pod_1()->containers[0].claim.value = 77;
        cr_assert(labeller_run(&labeller, &pods, true) == 0 && labeller.writes == 4);
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_1)), "77");
}

/* A scope that the API does not know is a sandbox only if it can be nothing else. */
Test(kube_labeller, no_sandbox_while_the_pods_are_old)
{
        cr_assert(labeller_run(&labeller, &pods, false) == 0);
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_1)), "10");
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_9)), "");
}

Test(kube_labeller, no_sandbox_while_a_container_is_not_found)
{
        memset(pod_1()->containers[0].id, '5', POD_ID_SIZE - 1);
        cr_assert(labeller_run(&labeller, &pods, true) == 0);
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_1)), "");
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_9)), "");
        cr_assert(labeller.missing == 1);
}

Test(kube_labeller, no_sandbox_while_a_container_waits)
{
        pod_1()->containers[0].phase = POD_WAITING;
        cr_assert(labeller_run(&labeller, &pods, true) == 0);
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_9)), "");
}

Test(kube_labeller, a_dead_container_s_scope_is_no_sandbox)
{
        memset(pod_1()->containers[0].last_id, '9', POD_ID_SIZE - 1);
        cr_assert(labeller_run(&labeller, &pods, true) == 0);
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_9)), "");
}

Test(kube_labeller, what_was_taken_for_a_sandbox_gets_its_own_label)
{
        cr_assert(labeller_run(&labeller, &pods, true) == 0);
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_9)), "protect");
        memset(pod_1()->containers[0].id, '9', POD_ID_SIZE - 1);
        cr_assert(labeller_run(&labeller, &pods, true) == 0);
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_9)), "10");
}

Test(kube_labeller, a_protected_pod_is_protected_whole)
{
        pod_1()->priority = PRIORITY_CRITICAL;
        pod_1()->containers[0].phase = POD_WAITING;
        cr_assert(labeller_run(&labeller, &pods, false) == 0);
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_1)), "protect");
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_9)), "protect");
}

/* What a tenant can make looks like a pod's, too. */
Test(kube_labeller, not_where_tenants_make_groups)
{
        static const char *const places[] = { "docker-" ID_9 ".scope", "user.slice/user@1000.service" };
        char path[512];

        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                char *at = path;

                snprintf(path, sizeof(path), "%s/" POD_1 "/" CRI(ID_1), places[i]);
                while ((at = strchr(at + 1, '/'))) {
                        *at = '\0';
                        mkdirat(tree.cgroup_fd, path, 0755);
                        *at = '/';
                }
                cr_assert(mkdirat(tree.cgroup_fd, path, 0755) == 0);
        }
        if (geteuid() != 0 || fchownat(tree.cgroup_fd, places[1], 1000, 1000, 0) < 0)
                cr_skip_test("needs root to give a folder away");
        cr_assert(labeller_run(&labeller, &pods, true) == 0);
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                snprintf(path, sizeof(path), "%s/" POD_1 "/" CRI(ID_1), places[i]);
                cr_assert_str_eq(label_of(path), "", "%s", path);
        }
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_1)), "10");
}

static void hear(void *who, const struct labelled *l)
{
        unsigned *n = who;

        *n += l->path ? 1 : 100;
}

Test(kube_labeller, a_dry_run_writes_nothing)
{
        unsigned heard = 0;

        labeller.show = hear;
        labeller.who = &heard;
        cr_assert(pods_put(&pods, object_plain("a", "r", '3')) == 0);
        cr_assert(labeller_run(&labeller, &pods, true) == 0);
        cr_assert(heard == 103 && labeller.writes == 0, "%u", heard);
        cr_assert_str_eq(label_of(POD_1 "/" CRI(ID_1)), "");
}

Test(kube_labeller, too_deep)
{
        char path[1024] = "deep";

        for (unsigned i = 0; i < LABELLER_DEPTH_MAX + 3; i++) {
                cr_assert(mkdirat(tree.cgroup_fd, path, 0755) == 0);
                strcat(path, "/d");
        }
        cr_assert(labeller_run(&labeller, &pods, true) == 0 && labeller.found == 2);
}
