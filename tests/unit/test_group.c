/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the cgroup of a process to that of its container. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/base.h"
#include "cli/group.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DOCKER "/system.slice/docker-" ID ".scope"
#define CONMON "/machine.slice/libpod-conmon-" ID ".scope"
#define IN_POD POD "/cri-containerd-" ID ".scope"
#define POD "/kubepods.slice/kubepods-pod01234567_89ab_cdef_0123_456789abcdef.slice"

Test(group, climb)
{
        static const struct {
                const char *label, *path, *climbed;
        } rows[] = {
                { "the root", "/", "/" },
                { "no container", "/system.slice/ssh.service", "/system.slice/ssh.service" },
                { "the container itself", DOCKER, DOCKER },
                { "crun's own group", "/machine.slice/libpod-" ID ".scope/container",
                  "/machine.slice/libpod-" ID ".scope" },
                { "an init inside", "/machine.slice/libpod-" ID ".scope/container/init.scope",
                  "/machine.slice/libpod-" ID ".scope" },
                { "nspawn's payload", "/machine.slice/machine-a.scope/payload/x",
                  "/machine.slice/machine-a.scope" },
                { "a container in a container", "/docker/" ID "/docker/" ID, "/docker/" ID },
                { "in a pod, not the pod", IN_POD "/x", IN_POD },
                { "a monitor", CONMON, CONMON },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                char path[512];

                snprintf(path, sizeof(path), "%s", rows[i].path);
                group_climb(path);
                cr_expect_str_eq(path, rows[i].climbed, "%s: %s", rows[i].label, path);
        }
}
