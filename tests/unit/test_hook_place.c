/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a container's cgroup is: /proc/PID/cgroup as kernels write it, and the directory that bears the id;
 * and the label that is written there. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/base.h"
#include "hooks/place.h"
#include "sense/container.h"
#include "sense/label.h"
#include "tree.h"

#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define POD "/kubepods.slice/kubepods-pod11111111_2222_3333_4444_555555555555.slice"

static const struct {
        const char *label, *text;
        int answer;
        const char *path;
} texts[] = {
        { "unified", "0::/system.slice/docker-1.scope\n", 0, "/system.slice/docker-1.scope" },
        { "the root", "0::/\n", 0, "/" },
        { "hybrid", "12:memory:/docker/1\n1:name=systemd:/docker/1\n0::/unified\n", 0, "/unified" },
        { "a colon in the name", "0::/a:b::/c\n", 0, "/a:b::/c" },
        { "spaces in the name", "0::/a b \n", 0, "/a b " },
        { "only v1", "12:memory:/docker/1\n1:name=systemd:/docker/1\n", -ENODATA, NULL },
        { "empty", "", -ENODATA, NULL },
        { "cut off", "0::/system.slice/docker-1.sc", -ENODATA, NULL },
        { "not absolute", "0::x\n", -ENODATA, NULL },
        { "hierarchy 10", "10::/x\n", -ENODATA, NULL },
        { "deleted", "0::/docker/1 (deleted)\n", -ESTALE, NULL },
        { "outside of the namespace", "0::/../docker/1\n", -EXDEV, NULL },
        { "right above the namespace", "0::/..\n", -EXDEV, NULL },
        { "a name of two dots and more", "0::/..a/1\n", 0, "/..a/1" },
        { "garbage", "\x01\xff\n\n:::\n0:\n", -ENODATA, NULL },
};

Test(hook_place, proc_pid_cgroup)
{
        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                CLEANUP(free_p) char *path = NULL;
                int r = place_parse(texts[i].text, &path);

                cr_expect_eq(r, texts[i].answer, "%s: %d", texts[i].label, r);
                cr_expect(texts[i].path ? path && strcmp(path, texts[i].path) == 0 : !path, "%s: %s",
                          texts[i].label, path ? path : "nothing");
        }
}

static const struct {
        const char *label, *path, *id, *own;    /* own: "" for none */
        bool known;                             /* the daemon recognises it without a label, too */
} places[] = {
        { "docker, systemd", "/system.slice/docker-" ID ".scope", ID, "/system.slice/docker-" ID ".scope",
          true },
        { "docker, cgroupfs", "/docker/" ID, ID, "/docker/" ID, true },
        { "docker, parent of one's own", "/mine/" ID, ID, "/mine/" ID, false },
        { "podman with crun", "/machine.slice/libpod-" ID ".scope/container", ID,
          "/machine.slice/libpod-" ID ".scope", true },
        { "podman with runc", "/machine.slice/libpod-" ID ".scope", ID, "/machine.slice/libpod-" ID ".scope",
          true },
        { "podman, delegated further", "/machine.slice/libpod-" ID ".scope/container/inner", ID,
          "/machine.slice/libpod-" ID ".scope", true },
        { "podman, split", "/system.slice/web.service/libpod-payload-" ID, ID,
          "/system.slice/web.service/libpod-payload-" ID, true },
        { "containerd", POD "/cri-containerd-" ID ".scope", ID, POD "/cri-containerd-" ID ".scope", true },
        { "containerd, cgroupfs", "/kubepods/pod11111111-2222-3333-4444-555555555555/" ID, ID,
          "/kubepods/pod11111111-2222-3333-4444-555555555555/" ID, true },
        { "CRI-O with crun", POD "/crio-" ID ".scope/container", ID, POD "/crio-" ID ".scope", true },
        { "ctr", "/default/web", "web", "/default/web", false },
        { "runc by hand", "/user.slice/runc-web.scope", "web", "/user.slice/runc-web.scope", false },
        { "crun by hand", "/machine.slice/crun-web.scope/container", "web", "/machine.slice/crun-web.scope",
          false },
        { "the id twice: the nearest", "/default/default", "default", "/default/default", false },
        { "a container in a container", "/docker/" ID "/docker/abc", "abc", "/docker/" ID "/docker/abc",
          false },
        { "an id with dashes", "/x/runc-a-b.scope", "a-b", "/x/runc-a-b.scope", false },
        { "only a part of the id", "/system.slice/docker-" ID ".scope", "abcdef", "", false },
        { "id not to the end", "/x/web-2", "web", "", false },
        { "id inside a word", "/x/spiderweb", "web", "", false },
        { "another unit of that name", "/system.slice/web.service", "web", "", false },
        { "a slice of that name", "/web.slice", "web", "", false },
        { "no cgroup of its own", "/user.slice/user-0.slice/session-1.scope", ID, "", false },
        { "conmon's", "/machine.slice/libpod-conmon-" ID ".scope", ID, "", false },
        { "CRI-O's conmon", "/system.slice/crio-conmon-" ID ".scope", ID, "", false },
        { "a pod's", "/machine.slice/machine-libpod_pod_" ID ".slice", ID, "", false },
        { "the root", "/", "web", "", false },
};

Test(hook_place, whose_directory)
{
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                size_t len = place_container(places[i].path, places[i].id);

                cr_expect(len == strlen(places[i].own) && strncmp(places[i].path, places[i].own, len) == 0,
                          "%s: '%.*s'", places[i].label, (int)len, places[i].path);
                cr_expect_eq(container_recognise(places[i].path, len).role,
                             places[i].known ? CONTAINER_WHOLE : CONTAINER_NONE, "%s", places[i].label);
        }
}

/* From a process to a label that the daemon reads. */

static struct tree_fixture tree = TREE_FIXTURE_INIT;

static void make_tree(void)
{
        cr_assert_eq(tree_fixture_make(&tree, "/docker/" ID "/container cgroup.procs=7\n"
                                              "/proc/7 cgroup=0::/docker/" ID "/container\n"
                                              "/proc/8 cgroup=0::/session-1.scope\n"), 0);
}

static void remove_tree(void)
{
        tree_fixture_remove(&tree);
}

Test(hook_place, labelled, .init = make_tree, .fini = remove_tree)
{
        CLEANUP(free_p) char *path = NULL;
        CLEANUP(close_p) int fd = -1;
        struct utility found;
        struct config_error e = { 0 };
        bool trusted;

        cr_assert_eq(place_find(tree.proc, 7, ID, &path, &e), 0, "%s", e.text);
        cr_expect_str_eq(path, "/docker/" ID);
        fd = place_open(tree.cgroup, path, &e);
        cr_assert_geq(fd, 0, "%s", e.text);
        if (fsetxattr(fd, "user.test", "", 0, 0) < 0)
                cr_skip_test("no extended attributes in /tmp");
        cr_assert_eq(label_write(fd, "3:200", 5, &trusted), 0);
        cr_assert_eq(label_read(fd, LABEL_TRUST_FULL, &found), trusted ? LABEL_TRUSTED : LABEL_USER);
        cr_expect(found.value == 200 && found.tier == 3 && !found.protect);
        cr_assert_eq(fgetxattr(fd, LABEL_USER_NAME, NULL, 0), 5);

        cr_assert_eq(label_write(fd, "protect", 7, &trusted), 0);
        cr_assert_eq(label_read(fd, LABEL_TRUST_FULL, &found), trusted ? LABEL_TRUSTED : LABEL_USER);
        cr_expect(found.protect);
}

Test(hook_place, nobodys, .init = make_tree, .fini = remove_tree)
{
        CLEANUP(free_p) char *path = NULL;
        struct config_error e = { 0 };
        bool trusted;

        cr_expect_eq(place_find(tree.proc, 9, ID, &path, &e), -ENOENT);
        cr_expect(strstr(e.text, "/proc/9/cgroup: No such file"), "%s", e.text);
        cr_expect_eq(place_find(tree.proc, 8, ID, &path, &e), -ENOENT);
        cr_expect(strstr(e.text, "expected a cgroup with the container's id in its name, found "
                                 "/session-1.scope"), "%s", e.text);
        cr_expect_null(path);
        cr_expect_eq(place_open(tree.cgroup, "/docker/gone", &e), -ENOENT);
        cr_expect_eq(place_open("/no/such/hierarchy", "/docker", &e), -ENOENT);
        cr_expect_eq(label_write(-1, "0", 1, &trusted), -EBADF);
}

/* A cgroup has no symbolic links; where there is one, it is no cgroup. */
Test(hook_place, a_link, .init = make_tree, .fini = remove_tree)
{
        struct config_error e = { 0 };

        cr_assert(symlinkat("/", tree.cgroup_fd, "link") == 0);
        cr_expect_lt(place_open(tree.cgroup, "/link", &e), 0);
}
