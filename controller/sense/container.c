/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every runtime writes its containers' ids into directory names. All such names have one shape: a fixed
 * head, an id of known length (or a free name), a fixed tail; some mean something only inside a directory
 * of a certain kind. So one table of forms is all there is. A form says what it is ('is', as a bit) and
 * inside what it has to stand ('below', as bits), and the directory above is looked up in the same table.
 * Forms that are looked up as the directory above need nothing above them themselves, so the search is two
 * look-ups deep at most.
 *
 * Ids of fixed length make the match exact: head, tail and id must add up to the whole name, so of two
 * forms with overlapping heads (libpod-, libpod-conmon-) at most one fits. Only slices are matched from
 * their end, since systemd spells out their ancestors in front. Among forms with free names the first in
 * the table wins. */
#include "sense/container.h"

#include <stdbool.h>
#include <string.h>

#include "base/base.h"

enum id_kind { ID_ABSENT, ID_HEX, ID_UID, ID_UID_SYSTEMD, ID_HASH, ID_NAME, ID_KIND_N };

/* Where the id has a fixed length: 'x' stands for a lower-case hex digit, any other byte for itself. */
static const char *const id_patterns[ID_KIND_N] = {
        [ID_HEX] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        [ID_UID] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
        [ID_UID_SYSTEMD] = "xxxxxxxx_xxxx_xxxx_xxxx_xxxxxxxxxxxx",
        [ID_HASH] = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
};

/* Kinds of directory inside which other forms mean something. */
enum {
        IS_POD = 1,             /* Kubernetes' */
        IS_SCOPE = 2,           /* of an OCI container */
        IS_MACHINE = 4,
        IS_DOCKER = 8,
        IS_LIBPOD = 16,
};

enum lead {
        LEAD_NONE,              /* the head begins the name */
        LEAD_SLICES,            /* nothing, or anything that ends in '-', may stand before the head */
        LEAD_PREFIX,            /* something that ends in '-' has to */
};

struct form {
        const char *head;
        enum id_kind id;
        const char *tail;
        enum lead lead;
        unsigned below;         /* 0: anywhere */
        unsigned is;
        enum container_role role;
        enum container_runtime runtime;
};

static const struct form forms[] = {
        { "docker-", ID_HEX, ".scope", LEAD_NONE, 0, IS_SCOPE, CONTAINER_WHOLE, RUNTIME_DOCKER },
        { "docker", ID_ABSENT, "", LEAD_NONE, 0, IS_DOCKER, CONTAINER_NONE, RUNTIME_UNKNOWN },
        { "", ID_HEX, "", LEAD_NONE, IS_DOCKER, 0, CONTAINER_WHOLE, RUNTIME_DOCKER },

        { "libpod-", ID_HEX, ".scope", LEAD_NONE, 0, IS_SCOPE, CONTAINER_WHOLE, RUNTIME_PODMAN },
        { "libpod-", ID_HEX, "", LEAD_NONE, 0, 0, CONTAINER_WHOLE, RUNTIME_PODMAN },
        { "libpod-payload-", ID_HEX, "", LEAD_NONE, 0, 0, CONTAINER_WHOLE, RUNTIME_PODMAN },
        { "libpod-conmon-", ID_HEX, ".scope", LEAD_NONE, 0, 0, CONTAINER_MONITOR, RUNTIME_PODMAN },
        { "libpod_parent", ID_ABSENT, "", LEAD_NONE, 0, IS_LIBPOD, CONTAINER_NONE, RUNTIME_UNKNOWN },
        { "conmon", ID_ABSENT, "", LEAD_NONE, IS_LIBPOD, 0, CONTAINER_MONITOR, RUNTIME_PODMAN },
        { "libpod_pod_", ID_HEX, ".slice", LEAD_SLICES, 0, 0, CONTAINER_POD, RUNTIME_PODMAN },

        { "cri-containerd-", ID_HEX, ".scope", LEAD_NONE, 0, IS_SCOPE, CONTAINER_WHOLE, RUNTIME_CONTAINERD },
        { "nerdctl-", ID_HEX, ".scope", LEAD_NONE, 0, IS_SCOPE, CONTAINER_WHOLE, RUNTIME_CONTAINERD },

        { "crio-", ID_HEX, ".scope", LEAD_NONE, 0, IS_SCOPE, CONTAINER_WHOLE, RUNTIME_CRIO },
        { "crio-", ID_HEX, "", LEAD_NONE, 0, 0, CONTAINER_WHOLE, RUNTIME_CRIO },
        { "crio-conmon-", ID_HEX, ".scope", LEAD_NONE, 0, 0, CONTAINER_MONITOR, RUNTIME_CRIO },
        { "crio-conmon-", ID_HEX, "", LEAD_NONE, 0, 0, CONTAINER_MONITOR, RUNTIME_CRIO },

        { "pod", ID_UID, "", LEAD_NONE, 0, IS_POD, CONTAINER_POD, RUNTIME_CRI },
        { "pod", ID_HASH, "", LEAD_NONE, 0, IS_POD, CONTAINER_POD, RUNTIME_CRI },
        { "pod", ID_UID_SYSTEMD, ".slice", LEAD_SLICES, 0, IS_POD, CONTAINER_POD, RUNTIME_CRI },
        { "pod", ID_HASH, ".slice", LEAD_SLICES, 0, IS_POD, CONTAINER_POD, RUNTIME_CRI },
        { "", ID_HEX, "", LEAD_NONE, IS_POD, 0, CONTAINER_WHOLE, RUNTIME_CRI },
        { "", ID_HEX, ".scope", LEAD_PREFIX, IS_POD, 0, CONTAINER_WHOLE, RUNTIME_CRI },

        { "container", ID_ABSENT, "", LEAD_NONE, IS_SCOPE, 0, CONTAINER_PART, RUNTIME_UNKNOWN },

        { "lxc.payload.", ID_NAME, "", LEAD_NONE, 0, 0, CONTAINER_WHOLE, RUNTIME_LXC },
        { "lxc.monitor.", ID_NAME, "", LEAD_NONE, 0, 0, CONTAINER_MONITOR, RUNTIME_LXC },
        { "lxc.pivot", ID_ABSENT, "", LEAD_NONE, 0, 0, CONTAINER_MONITOR, RUNTIME_LXC },

        { "machine-qemu\\x2d", ID_NAME, ".scope", LEAD_NONE, 0, 0, CONTAINER_NONE, RUNTIME_UNKNOWN },
        { "machine-ch\\x2d", ID_NAME, ".scope", LEAD_NONE, 0, 0, CONTAINER_NONE, RUNTIME_UNKNOWN },
        { "machine-lxc\\x2d", ID_NAME, ".scope", LEAD_NONE, 0, 0, CONTAINER_NONE, RUNTIME_UNKNOWN },
        { "machine-", ID_NAME, ".scope", LEAD_NONE, 0, IS_MACHINE, CONTAINER_WHOLE, RUNTIME_NSPAWN },
        { "systemd-nspawn@", ID_NAME, ".service", LEAD_NONE, 0, IS_MACHINE, CONTAINER_WHOLE, RUNTIME_NSPAWN },
        { "payload", ID_ABSENT, "", LEAD_NONE, IS_MACHINE, 0, CONTAINER_PART, RUNTIME_NSPAWN },
        { "supervisor", ID_ABSENT, "", LEAD_NONE, IS_MACHINE, 0, CONTAINER_MONITOR, RUNTIME_NSPAWN },
};

/* One component of a path and what it turned out to be. */
struct component {
        size_t begin, end;
        const struct form *form;        /* NULL: nothing known */
        struct container_span id;
};

static bool has_pattern(const char *bytes, const char *pattern)
{
        for (; *pattern; pattern++, bytes++) {
                bool is_hex = (*bytes >= '0' && *bytes <= '9') || (*bytes >= 'a' && *bytes <= 'f');

                if (*pattern == 'x' ? !is_hex : *bytes != *pattern)
                        return false;
        }
        return true;
}

/* Does the name have the form, leaving aside what stands above? */
static bool form_fits(const struct form *f, const char *path, const struct component *c,
                      struct container_span *ret_id)
{
        const char *name = path + c->begin;
        size_t head_len = strlen(f->head), tail_len = strlen(f->tail), len = c->end - c->begin;
        const char *pattern = id_patterns[f->id];
        size_t id_len, lead;

        if (len < head_len + tail_len)
                return false;
        id_len = pattern ? strlen(pattern) : f->id == ID_NAME ? len - head_len - tail_len : 0;
        if (len < head_len + id_len + tail_len || (f->id == ID_NAME && id_len == 0))
                return false;
        lead = len - head_len - id_len - tail_len;
        if (lead > 0 ? f->lead == LEAD_NONE || name[lead - 1] != '-' : f->lead == LEAD_PREFIX)
                return false;
        if (memcmp(name + lead, f->head, head_len) != 0 ||
            memcmp(name + len - tail_len, f->tail, tail_len) != 0)
                return false;
        if (pattern && !has_pattern(name + lead + head_len, pattern))
                return false;
        *ret_id = (struct container_span){ (uint32_t)(c->begin + lead + head_len), (uint32_t)id_len };
        return true;
}

/* Finds the component's form among those that may stand below what 'above' says. */
static void component_look_up(struct component *c, const char *path, unsigned above)
{
        c->form = NULL;
        c->id = (struct container_span){ 0 };
        for (size_t i = 0; i < ARRAY_SIZE(forms); i++)
                if ((forms[i].below == 0 || (forms[i].below & above)) &&
                    form_fits(&forms[i], path, c, &c->id)) {
                        c->form = &forms[i];
                        return;
                }
}

/* The component that ends before 'end', slashes skipped; an empty one at the path's beginning. */
static struct component component_before(const char *path, size_t end)
{
        struct component c = { 0 };

        while (end > 0 && path[end - 1] == '/')
                end--;
        c.begin = c.end = end;
        while (c.begin > 0 && path[c.begin - 1] != '/')
                c.begin--;
        component_look_up(&c, path, 0);
        return c;
}

static bool ends_in(const char *path, size_t len, const char *tail)
{
        size_t tail_len = strlen(tail);

        return len >= tail_len && memcmp(path + len - tail_len, tail, tail_len) == 0;
}

/* …-besteffort-podUID.slice under systemd, besteffort/podUID without. */
static enum pod_class pod_class(const char *path, const struct component *pod)
{
        size_t before = pod->id.offset - strlen(pod->form->head);

        if (pod->form->id == ID_HASH)
                return POD_STATIC;
        if (ends_in(path, before, "-besteffort-") || ends_in(path, before, "/besteffort/"))
                return POD_BESTEFFORT;
        if (ends_in(path, before, "-burstable-") || ends_in(path, before, "/burstable/"))
                return POD_BURSTABLE;
        return POD_GUARANTEED;
}

static void find_pod(const char *path, size_t end, struct container *c)
{
        while (end > 0) {
                struct component at = component_before(path, end);

                if (at.form && at.form->role == CONTAINER_POD) {
                        c->pod = at.id;
                        c->pod_class = at.form->is == IS_POD ? pod_class(path, &at) : POD_NONE;
                        return;
                }
                end = at.begin;
        }
}

struct container container_recognise(const char *path, size_t len)
{
        struct component leaf = component_before(path, len);
        struct component above = component_before(path, leaf.begin);
        struct container c = { 0 };

        component_look_up(&leaf, path, above.form ? above.form->is : 0);
        if (!leaf.form || leaf.form->role == CONTAINER_NONE)
                return c;
        c.role = leaf.form->role;
        c.runtime = leaf.form->runtime;
        c.id = leaf.id;
        if (leaf.form->below & (IS_SCOPE | IS_MACHINE)) {       /* of the container around it */
                c.runtime = above.form->runtime;
                c.id = above.id;
        }
        find_pod(path, len, &c);
        return c;
}

static const char *const role_names[] = {
        [CONTAINER_NONE] = "none",
        [CONTAINER_WHOLE] = "container",
        [CONTAINER_POD] = "pod",
        [CONTAINER_PART] = "part of a container",
        [CONTAINER_MONITOR] = "monitor",
};
_Static_assert(ARRAY_SIZE(role_names) == CONTAINER_ROLE_N, "name every role");

const char *container_role_name(enum container_role r)
{
        return (size_t)r < CONTAINER_ROLE_N ? role_names[r] : "unknown";
}

static const char *const runtime_names[] = {
        [RUNTIME_UNKNOWN] = "unknown",
        [RUNTIME_DOCKER] = "docker",
        [RUNTIME_PODMAN] = "podman",
        [RUNTIME_CONTAINERD] = "containerd",
        [RUNTIME_CRIO] = "cri-o",
        [RUNTIME_LXC] = "lxc",
        [RUNTIME_NSPAWN] = "nspawn",
        [RUNTIME_CRI] = "cri",
};
_Static_assert(ARRAY_SIZE(runtime_names) == RUNTIME_N, "name every runtime");

const char *container_runtime_name(enum container_runtime r)
{
        return (size_t)r < RUNTIME_N ? runtime_names[r] : "unknown";
}

char *container_pod_text(const char *path, const struct container *c, char buffer[static POD_TEXT_MAX])
{
        size_t len = u64_min(c->pod.len, POD_TEXT_MAX - 1);

        for (size_t i = 0; i < len; i++) {
                char byte = path[c->pod.offset + i];

                buffer[i] = byte == '_' ? '-' : byte;
        }
        buffer[len] = '\0';
        return buffer;
}
