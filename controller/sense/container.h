/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a cgroup is to a container runtime, told from its path alone. Pure; any bytes but NUL may stand in a
 * path.
 *
 * A name is a claim of whoever may create cgroups there. Inside a container, or below user@UID.service,
 * that is the tenant: he can make groups that look like containers of any runtime and pod (and so become
 * candidates), so nothing but being a candidate may follow from a name in such a place. Pause containers
 * look like any other. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum container_role {
        CONTAINER_NONE,         /* nothing known; what lies inside it may be something */
        CONTAINER_WHOLE,        /* a container, with all that lies inside */
        CONTAINER_POD,          /* a pod; its containers lie directly inside */
        CONTAINER_PART,         /* the inner group of a container; the container is the parent directory */
        CONTAINER_MONITOR,      /* watches over a container from outside or beside it; never a candidate */
        CONTAINER_ROLE_N,
};

enum container_runtime {
        RUNTIME_UNKNOWN,        /* role is CONTAINER_NONE */
        RUNTIME_DOCKER,
        RUNTIME_PODMAN,
        RUNTIME_CONTAINERD,
        RUNTIME_CRIO,
        RUNTIME_LXC,
        RUNTIME_NSPAWN,
        RUNTIME_CRI,            /* a pod of Kubernetes, or a container in one, by whatever runtime */
        RUNTIME_N,
};

/* What the kubelet's layout tells of a pod: its QoS class, by the directory of all of that class (kubelet
 * cm/pod_container_manager_linux.go); or that it is static, by the hash of a manifest in the place of a UID. */
enum pod_class { POD_NONE, POD_GUARANTEED, POD_BURSTABLE, POD_BESTEFFORT, POD_STATIC, POD_CLASS_N };

/* Bytes of the path; len 0: there are none. */
struct container_span {
        uint32_t offset, len;
};

struct container {
        enum container_role role;
        enum container_runtime runtime;
        struct container_span id;       /* 64 hex digits; LXC, nspawn: the name, as escaped in the path */
        struct container_span pod;      /* nearest pod at or above: Kubernetes' UID, podman's 64 digits */
        enum pod_class pod_class;       /* of that pod, if it is Kubernetes' */
};

/* Says what the last component of the path is. The path is absolute or not, from the hierarchy's root or from
 * that of a cgroup namespace: only its last components count, never where it begins. Slashes at its end count
 * for nothing. len ≤ UINT32_MAX; time linear in it. What is not certain is CONTAINER_NONE, and then all
 * else is 0.
 *
 * Known forms, at any depth. ID is 64 lower-case hex digits; UID is a pod's, 8-4-4-4-12 lower-case hex digits
 * with '_' for '-' under systemd, or a static pod's 32 hex digits:
 *   docker-ID.scope, docker/ID                              moby daemon/oci_linux.go
 *   libpod-ID[.scope], libpod-payload-ID,                   podman libpod/container_internal_linux.go
 *   libpod-conmon-ID.scope, libpod_parent/conmon,
 *   …libpod_pod_ID.slice
 *   cri-containerd-ID.scope, nerdctl-ID.scope               containerd internal/cri/server/helpers.go
 *   crio-ID[.scope], crio-conmon-ID[.scope]                 cri-o internal/config/cgmgr
 *   …-podUID.slice, podUID; in these ID, ANYTHING-ID.scope  kubelet cm/cgroup_manager_linux.go
 *   lxc.payload.NAME, lxc.monitor.NAME, lxc.pivot           lxc src/lxc/cgroups/cgroup.h
 *   machine-NAME.scope, systemd-nspawn@NAME.service;        systemd-nspawn(1)
 *   in these payload, supervisor
 *   container, in a ….scope that names its runtime          crun's own group under the systemd driver
 *
 * Not told: LXC with lxc.cgroup.dir (D/payload, D/monitor: two everyday words, of which only the pair would
 * mean something, and a path cannot show the pair); a bare ID in any other directory (--cgroup-parent under
 * Docker's cgroupfs driver); libvirt's machine-NAME.scope, NAME beginning with qemu-, ch- or lxc-. */
struct container container_recognise(const char *path, size_t len);

const char *container_role_name(enum container_role r);         /* "container", "pod", … */
const char *container_runtime_name(enum container_runtime r);   /* "docker", "podman", …, "cri" */

/* Kubernetes' form of a UID, '-' for '_', as its API gives it. Writes at most POD_TEXT_MAX bytes with the
 * NUL; "" when the container has no pod. Returns buffer. */
#define POD_TEXT_MAX 65         /* podman's 64 digits and a NUL */
char *container_pod_text(const char *path, const struct container *c, char buffer[static POD_TEXT_MAX]);
