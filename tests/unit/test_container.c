/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a path says of its last component: every layout known, and names made to be mistaken for one. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "sense/container.h"

#define HEX16  "0123456789abcdef"
#define ID     HEX16 HEX16 HEX16 HEX16
#define OTHER  "fedcba9876543210" HEX16 HEX16 HEX16
#define UID    "9f1c6a52-7e0b-4d2c-8a11-0c5d3b7e9f42"
#define UID_   "9f1c6a52_7e0b_4d2c_8a11_0c5d3b7e9f42"
#define HASH   HEX16 HEX16
#define USER   "/user.slice/user-1000.slice/user@1000.service"
#define KIND   "/system.slice/docker-" OTHER ".scope/kubelet.slice/kubelet-kubepods.slice"

#define IS(role, runtime) CONTAINER_##role, RUNTIME_##runtime
#define NOTHING           CONTAINER_NONE, RUNTIME_UNKNOWN, "", ""

struct path_case {
        const char *label, *path;
        enum container_role role;
        enum container_runtime runtime;
        const char *id, *pod;   /* pod as container_pod_text gives it */
};

static const struct path_case cases[] = {
        { "docker, systemd", "/system.slice/docker-" ID ".scope", IS(WHOLE, DOCKER), ID, "" },
        { "docker, cgroupfs", "/docker/" ID, IS(WHOLE, DOCKER), ID, "" },
        { "docker, rootless", USER "/user.slice/docker-" ID ".scope", IS(WHOLE, DOCKER), ID, "" },
        { "docker's own directory", "/docker", NOTHING },
        { "docker in docker", "/docker/" OTHER "/docker/" ID, IS(WHOLE, DOCKER), ID, "" },
        { "docker in a pod", "/kubepods/pod" UID "/" OTHER "/docker/" ID, IS(WHOLE, DOCKER), ID, UID },
        { "systemd in docker", "/system.slice/docker-" ID ".scope/init.scope", NOTHING },
        { "crun under docker", "/system.slice/docker-" ID ".scope/container", IS(PART, DOCKER), ID, "" },

        { "podman", "/machine.slice/libpod-" ID ".scope", IS(WHOLE, PODMAN), ID, "" },
        { "podman, crun's group", "/machine.slice/libpod-" ID ".scope/container", IS(PART, PODMAN), ID, "" },
        { "podman, below crun's group", "/machine.slice/libpod-" ID ".scope/container/x", NOTHING },
        { "podman, pod", "/machine.slice/machine-libpod_pod_" OTHER ".slice", IS(POD, PODMAN), OTHER, OTHER },
        { "podman, in a pod", "/machine.slice/machine-libpod_pod_" OTHER ".slice/libpod-" ID ".scope",
          IS(WHOLE, PODMAN), ID, OTHER },
        { "podman, pod below an escaped slice", "/my\\x2down.slice/my\\x2down-libpod_pod_" OTHER ".slice",
          IS(POD, PODMAN), OTHER, OTHER },
        { "conmon", "/machine.slice/libpod-conmon-" ID ".scope", IS(MONITOR, PODMAN), ID, "" },
        { "podman, cgroupfs", "/libpod_parent/libpod-" ID, IS(WHOLE, PODMAN), ID, "" },
        { "conmon, cgroupfs", "/libpod_parent/conmon", IS(MONITOR, PODMAN), "", "" },
        { "podman, rootless", USER "/user.slice/libpod-" ID ".scope", IS(WHOLE, PODMAN), ID, "" },
        { "podman, rootless, crun's group", USER "/user.slice/libpod-" ID ".scope/container", IS(PART,
          PODMAN), ID, "" },
        { "podman, rootless, pod", USER "/user.slice/user-libpod_pod_" OTHER ".slice", IS(POD, PODMAN),
          OTHER, OTHER },
        { "quadlet", "/system.slice/web.service/libpod-payload-" ID, IS(WHOLE, PODMAN), ID, "" },
        { "quadlet's unit", "/system.slice/web.service", NOTHING },

        { "guaranteed pod", "/kubepods.slice/kubepods-pod" UID_ ".slice", IS(POD, CRI), UID_, UID },
        { "burstable pod", "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice",
          IS(POD, CRI), UID_, UID },
        { "static pod", "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod" HASH ".slice",
          IS(POD, CRI), HASH, HASH },
        { "guaranteed pod, cgroupfs", "/kubepods/pod" UID, IS(POD, CRI), UID, UID },
        { "best effort pod, cgroupfs", "/kubepods/besteffort/pod" UID, IS(POD, CRI), UID, UID },
        { "static pod, cgroupfs", "/kubepods/burstable/pod" HASH, IS(POD, CRI), HASH, HASH },
        { "quality of service slice", "/kubepods.slice/kubepods-burstable.slice", NOTHING },
        { "containerd", "/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", IS(WHOLE,
          CONTAINERD), ID, UID },
        { "containerd, static pod", "/kubepods.slice/kubepods-pod" HASH ".slice/cri-containerd-" ID ".scope",
          IS(WHOLE, CONTAINERD), ID, HASH },
        { "containerd, cgroupfs", "/kubepods/burstable/pod" UID "/" ID, IS(WHOLE, CRI), ID, UID },
        { "static pod's container, cgroupfs", "/kubepods/burstable/pod" HASH "/" ID, IS(WHOLE, CRI), ID,
          HASH },
        { "containerd, no pod", "/system.slice/cri-containerd-" ID ".scope", IS(WHOLE, CONTAINERD), ID, "" },
        { "nerdctl", "/system.slice/nerdctl-" ID ".scope", IS(WHOLE, CONTAINERD), ID, "" },
        { "docker in a pod's slice", "/kubepods.slice/kubepods-pod" UID_ ".slice/docker-" ID ".scope",
          IS(WHOLE, DOCKER), ID, UID },
        { "unnamed runtime", "/kubepods.slice/kubepods-pod" UID_ ".slice/some-runtime-" ID ".scope",
          IS(WHOLE, CRI), ID, UID },

        { "cri-o", "/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope", IS(WHOLE, CRIO), ID, UID },
        { "cri-o, crun's group", "/kubepods.slice/kubepods-pod" UID_ ".slice/crio-" ID ".scope/container",
          IS(PART, CRIO), ID, UID },
        { "cri-o's conmon", "/system.slice/crio-conmon-" ID ".scope", IS(MONITOR, CRIO), ID, "" },
        { "cri-o's conmon in the pod", "/kubepods.slice/kubepods-pod" UID_ ".slice/crio-conmon-" ID ".scope",
          IS(MONITOR, CRIO), ID, UID },
        { "cri-o, cgroupfs", "/kubepods/burstable/pod" UID "/crio-" ID, IS(WHOLE, CRIO), ID, UID },
        { "cri-o's conmon, cgroupfs", "/kubepods/pod" UID "/crio-conmon-" ID, IS(MONITOR, CRIO), ID, UID },

        { "kind's node", "/system.slice/docker-" OTHER ".scope", IS(WHOLE, DOCKER), OTHER, "" },
        { "kind's pod", KIND "/kubelet-kubepods-burstable.slice/kubelet-kubepods-burstable-pod" UID_ ".slice",
          IS(POD, CRI), UID_, UID },
        { "kind's container", KIND "/kubelet-kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope",
          IS(WHOLE, CONTAINERD), ID, UID },
        { "k3d's container, cgroupfs", "/docker/" OTHER "/kubepods/besteffort/pod" UID "/" ID, IS(WHOLE,
          CRI), ID, UID },
        { "kubelet with an escaped root",
          "/my\\x2droot.slice/my\\x2droot-kubepods-pod" UID_ ".slice/crio-" ID ".scope", IS(WHOLE, CRIO), ID,
          UID },

        { "lxc", "/lxc.payload.web", IS(WHOLE, LXC), "web", "" },
        { "lxc, dots and dashes", "/a.slice/lxc.payload.web-7.lxc.monitor.x", IS(WHOLE, LXC),
          "web-7.lxc.monitor.x", "" },
        { "lxc's monitor", "/lxc.monitor.web", IS(MONITOR, LXC), "web", "" },
        { "lxc's pivot", "/lxc.pivot", IS(MONITOR, LXC), "", "" },
        { "lxc, rootless", USER "/app.slice/lxc.payload.web", IS(WHOLE, LXC), "web", "" },
        { "lxc.cgroup.dir is not told", "/web/payload", NOTHING },
        { "nor its monitor", "/web/monitor", NOTHING },
        { "inside lxc", "/lxc.payload.web/system.slice", NOTHING },

        { "nspawn", "/machine.slice/machine-web.scope", IS(WHOLE, NSPAWN), "web", "" },
        { "nspawn, escaped", "/machine.slice/machine-web\\x2d7.scope", IS(WHOLE, NSPAWN), "web\\x2d7", "" },
        { "nspawn's unit", "/machine.slice/systemd-nspawn@web.service", IS(WHOLE, NSPAWN), "web", "" },
        { "nspawn's payload", "/machine.slice/machine-web.scope/payload", IS(PART, NSPAWN), "web", "" },
        { "nspawn's supervisor", "/machine.slice/systemd-nspawn@web.service/supervisor", IS(MONITOR, NSPAWN),
          "web", "" },
        { "inside nspawn", "/machine.slice/machine-web.scope/payload/init.scope", NOTHING },
        { "docker in nspawn", "/machine.slice/machine-web.scope/payload/system.slice/docker-" ID ".scope",
          IS(WHOLE, DOCKER), ID, "" },
        { "a virtual machine", "/machine.slice/machine-qemu\\x2d1\\x2ddebian.scope", NOTHING },
        { "its payload", "/machine.slice/machine-qemu\\x2d1\\x2ddebian.scope/payload", NOTHING },
        { "libvirt's lxc", "/machine.slice/machine-lxc\\x2d77\\x2dweb.scope", NOTHING },

        { "cgroup namespace, pod at its root", "/pod" UID "/" ID, IS(WHOLE, CRI), ID, UID },
        { "cgroup namespace, from above", "/../docker-" ID ".scope", IS(WHOLE, DOCKER), ID, "" },
        { "not absolute", "docker/" ID, IS(WHOLE, DOCKER), ID, "" },
        { "slashes at the end", "/docker/" ID "//", IS(WHOLE, DOCKER), ID, "" },
        { "slashes within", "//docker//" ID, IS(WHOLE, DOCKER), ID, "" },
        { "the root", "/", NOTHING },
        { "nothing", "", NOTHING },
        { "cgroup namespace's parent", "/..", NOTHING },

        { "bare id at the root", "/" ID, NOTHING },
        { "bare id elsewhere", "/system.slice/" ID, NOTHING },
        { "bare id below a quality of service", "/kubepods/burstable/" ID, NOTHING },
        { "bare id two below docker", "/docker/x/" ID, NOTHING },
        { "bare id below podman's pod", "/machine-libpod_pod_" OTHER ".slice/" ID, NOTHING },
        { "unnamed runtime without a pod", "/system.slice/some-runtime-" ID ".scope", NOTHING },
        { "id a digit short", "/system.slice/docker-" HEX16 HEX16 HEX16 "0123456789abcde.scope", NOTHING },
        { "id a digit long", "/system.slice/docker-" ID "0.scope", NOTHING },
        { "id in capitals", "/system.slice/docker-" HEX16 HEX16 HEX16 "0123456789ABCDEF.scope", NOTHING },
        { "something in front", "/system.slice/xdocker-" ID ".scope", NOTHING },
        { "something with a dash in front", "/system.slice/x-docker-" ID ".scope", NOTHING },
        { "something behind", "/system.slice/docker-" ID ".scope2", NOTHING },
        { "another kind of unit", "/system.slice/docker-" ID ".service", NOTHING },
        { "'container' anywhere else", "/system.slice/container", NOTHING },
        { "'container' below conmon", "/libpod-conmon-" ID ".scope/container", NOTHING },
        { "'supervisor' anywhere else", "/system.slice/web.service/supervisor", NOTHING },
        { "'conmon' anywhere else", "/system.slice/conmon", NOTHING },
        { "pod without a dash", "/kubepods.slice/kubepodspod" UID_ ".slice", NOTHING },
        { "pod with mixed marks", "/kubepods/pod9f1c6a52-7e0b_4d2c-8a11-0c5d3b7e9f42", NOTHING },
        { "pod of the other driver", "/kubepods/pod" UID_, NOTHING },
        { "pod in no slice", "/kubepods/kubepods-pod" UID, NOTHING },
        { "lxc without a name", "/lxc.payload.", NOTHING },
        { "nspawn without a name", "/machine.slice/machine-.scope", NOTHING },
        { "head and tail overlapping", "/machine.slice/machine-scope", NOTHING },
        { "nspawn's unit without an instance", "/machine.slice/systemd-nspawn@.service", NOTHING },
        { "bytes that are no text", "/lxc.payload.\xff\x01 \"\\\x7f", IS(WHOLE, LXC), "\xff\x01 \"\\\x7f",
          "" },
        { "bytes that are no digits", "/docker/" HEX16 HEX16 HEX16 "0123456789abcd\xff\xfe", NOTHING },
};

static void expect_span(const char *label, const char *what, const char *path, struct container_span span,
                        const char *expected)
{
        cr_expect(span.len == strlen(expected) && memcmp(path + span.offset, expected, span.len) == 0,
                  "%s: %s is '%.*s', not '%s'", label, what, (int)span.len, path + span.offset, expected);
}

Test(container, every_layout)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
                const struct path_case *k = &cases[i];
                struct container c = container_recognise(k->path, strlen(k->path));
                char pod[POD_TEXT_MAX];

                cr_expect_eq(c.role, k->role, "%s: role is '%s', not '%s'", k->label,
                             container_role_name(c.role), container_role_name(k->role));
                cr_expect_eq(c.runtime, k->runtime, "%s: runtime is '%s', not '%s'", k->label,
                             container_runtime_name(c.runtime), container_runtime_name(k->runtime));
                expect_span(k->label, "the id", k->path, c.id, k->id);
                cr_expect_str_eq(container_pod_text(k->path, &c, pod), k->pod, "%s: the pod", k->label);
        }
}

/* Nothing is read outside the len bytes: the path ends where its heap block does, without a NUL. */
Test(container, reads_only_its_bytes)
{
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                for (size_t len = 0; len <= strlen(cases[i].path); len++) {
                        char *copy = memcpy(malloc(len + !len), cases[i].path, len);
                        struct container c = container_recognise(copy, len);

                        cr_expect(c.id.offset + c.id.len <= len && c.pod.offset + c.pod.len <= len,
                                  "%s, cut to %zu: a span ends outside", cases[i].label, len);
                        cr_expect(c.role != CONTAINER_NONE || (c.id.len == 0 && c.pod.len == 0),
                                  "%s, cut to %zu: spans of nothing", cases[i].label, len);
                        free(copy);
                }
}

/* An id with one byte exchanged is no id any more, whatever the byte, unless it is a digit again. */
Test(container, one_wrong_byte)
{
        static const char digits[] = "0123456789abcdef";
        char path[] = "/system.slice/docker-" ID ".scope";
        const size_t first = strlen("/system.slice/docker-");

        for (size_t at = first; at < first + 64; at++)
                for (int byte = 1; byte < 256; byte++) {
                        char kept = path[at];
                        enum container_role role;

                        if (byte == '/')
                                continue;       /* another path, not another name */
                        path[at] = (char)byte;
                        role = container_recognise(path, strlen(path)).role;
                        path[at] = kept;
                        cr_expect_eq(role == CONTAINER_WHOLE, strchr(digits, byte) != NULL,
                                     "byte %#x at digit %zu: %s", byte, at - first,
                                     container_role_name(role));
                }
}

/* Names glued together from the words that mean something. What is recognised in one must be an exact form
 * again: put together from its id, some form has to be the whole name, but for what a slice has in front. */
Test(container, hostile_names)
{
        static const char *const words[] = {
                "docker", "docker-", "libpod-", "libpod-conmon-", "libpod_pod_", "crio-", "crio-conmon-",
                "pod", "cri-containerd-", "-", ".scope", ".slice", ".service", "container", ID, UID, UID_,
                HASH, "\\x2d", "\xff", "machine", "0", "x", "lxc.payload", "systemd-nspawn@",
        };
        static const char *const forms[][2] = {
                { "docker-", ".scope" }, { "libpod-", ".scope" }, { "libpod-", "" },
                { "libpod-conmon-", ".scope" }, { "libpod_pod_", ".slice" }, { "cri-containerd-", ".scope" },
                { "crio-", ".scope" }, { "crio-", "" }, { "crio-conmon-", ".scope" }, { "crio-conmon-", "" },
                { "pod", ".slice" }, { "pod", "" }, { "lxc.payload.", "" }, { "machine-", ".scope" },
                { "systemd-nspawn@", ".service" },
        };
        unsigned seed = 20250917;
        size_t recognised = 0;

        for (int round = 0; round < 200000; round++) {
                char name[256] = "", anew[512];
                struct container c;
                bool found = false;

                for (int n = 1 + rand_r(&seed) % 4; n > 0; n--) {
                        const char *word = words[(size_t)rand_r(&seed) % ARRAY_SIZE(words)];

                        if (strlen(name) + strlen(word) < sizeof(name))
                                strcat(name, word);
                }
                c = container_recognise(name, strlen(name));
                if (c.role == CONTAINER_NONE)
                        continue;
                recognised++;
                for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
                        size_t lead, len = (size_t)snprintf(anew, sizeof(anew), "%s%.*s%s", forms[i][0],
                                                            (int)c.id.len, name + c.id.offset, forms[i][1]);

                        if (len > strlen(name))
                                continue;
                        lead = strlen(name) - len;
                        found = found || (strcmp(name + lead, anew) == 0 &&
                                          (lead == 0 || (c.role == CONTAINER_POD && name[lead - 1] == '-')));
                }
                cr_expect(found, "'%s' was taken for a %s of %s", name, container_role_name(c.role),
                          container_runtime_name(c.runtime));
        }
        cr_expect_gt(recognised, 1000, "only %zu names recognised: the test shows nothing", recognised);
}

Test(container, names_of_255_bytes)
{
        char path[2 + 2 * 255] = "/";

        for (int byte = 1; byte < 256; byte++) {
                struct container c;

                if (byte == '/')
                        continue;
                memset(path + 1, byte, 255);
                c = container_recognise(path, 256);
                cr_expect_eq(c.role, CONTAINER_NONE, "255 times %#x: %s", byte, container_role_name(c.role));
                memcpy(path + 1, "lxc.payload.", 12);
                c = container_recognise(path, 256);
                cr_expect(c.role == CONTAINER_WHOLE && c.id.len == 243, "lxc with 243 times %#x", byte);
        }
}

Test(container, names_of_enums)
{
        cr_expect_str_eq(container_role_name(CONTAINER_WHOLE), "container");
        cr_expect_str_eq(container_role_name((enum container_role)-1), "unknown");
        cr_expect_str_eq(container_runtime_name(RUNTIME_NSPAWN), "nspawn");
        cr_expect_str_eq(container_runtime_name(RUNTIME_N), "unknown");
}

Test(container, pod_class)
{
        static const struct {
                const char *path;
                enum pod_class expected;
        } rows[] = {
                { "/kubepods.slice/kubepods-pod" UID_ ".slice/cri-containerd-" ID ".scope", POD_GUARANTEED },
                { "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" UID_ ".slice/crio-" ID ".scope",
                  POD_BURSTABLE },
                { KIND "/kubelet-kubepods-besteffort.slice/kubelet-kubepods-besteffort-pod" UID_ ".slice",
                  POD_BESTEFFORT },
                { "/kubepods/pod" UID "/" ID, POD_GUARANTEED },
                { "/kubepods/burstable/pod" UID "/" ID, POD_BURSTABLE },
                { "/kubepods/besteffort/pod" UID "/" ID, POD_BESTEFFORT },
                { "/kubepods/burstable/pod" HASH "/" ID, POD_STATIC },
                { "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod" HASH ".slice/crio-" ID ".scope",
                  POD_STATIC },
                { "/besteffort/docker/" ID, POD_NONE },
                { "/machine.slice/machine-libpod_pod_" ID ".slice/libpod-" OTHER ".scope", POD_NONE },
                { "/notbesteffort/pod" UID "/" ID, POD_GUARANTEED },
                { "/kubepods.slice/kubepods-besteffort.slice", POD_NONE },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
                cr_expect_eq(container_recognise(rows[i].path, strlen(rows[i].path)).pod_class, rows[i].expected,
                             "%s", rows[i].path);
}
