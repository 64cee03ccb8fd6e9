/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The API says what pods there are, the hierarchy where they are. One walk finds the pods' directories by the
 * UID in their names, with sense/container.h's knowledge of all drivers and at any depth, so that a kubelet
 * inside a container (kind, k3d) or with a --cgroup-root of its own is as good as another; and in these the
 * containers by their ids. Everything is found anew in each pass: a hundred directories cost a millisecond,
 * and nothing that is remembered can be wrong.
 *
 * The walk does not enter containers, nor directories that belong to a user: there a tenant may make groups
 * of any name, and the label of a dear pod would be his for the making. The daemon stops at the same places.
 *
 * A pod's sandbox ("pause") looks like a container under containerd. To kill it is to restart the whole pod,
 * so it is to be "protect". Nothing but the API tells it: it is in no list of containers. That alone proves
 * little, since a container that was just started is in no list either, until the kubelet has told the API.
 * So a scope is taken for the sandbox only if no container is left that it could be: each that the pod's
 * specification has is running, its scope is there under the id that the API knows, or is done for good
 * (pod_is_settled); and the pods are current. If it is a container after all (an ephemeral one of which the
 * API's event is late), its id comes with the next status, and it gets its own label then.
 *
 * With UNIT_POD the label stands on the pod. A label that was put there before the rules said otherwise has
 * the name beside it that only this program writes; then both are taken off. */
#include "kube/labeller.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/base.h"
#include "base/log.h"
#include "sense/container.h"
#include "sense/label.h"

/* What one pass goes about with. */
struct pass {
        struct labeller *labeller;
        struct pod **pods;              /* by key */
        size_t n;
        bool current;
        bool failed;                    /* a label could not be written */
        size_t depth;
        size_t len;                     /* of the path */
        char path[PATH_MAX];
};

/* ---- attributes ---- */

static bool has_attribute(int fd, const char *name, const char *text, size_t len)
{
        char there[LABEL_NAME_SIZE];

        return fgetxattr(fd, name, there, sizeof(there)) == (ssize_t)len && memcmp(there, text, len) == 0;
}

static int write_name(struct labeller *l, int fd, const char *name)
{
        const char *attribute = l->untrusted ? LABEL_NAME_USER : LABEL_NAME;
        size_t len = strlen(name);

        if (has_attribute(fd, attribute, name, len) || fsetxattr(fd, attribute, name, len, 0) == 0)
                return 0;
        return -errno;
}

static int write_label(struct labeller *l, int fd, const char *text)
{
        const char *attribute = l->untrusted ? LABEL_USER_NAME : LABEL_TRUSTED_NAME;
        bool trusted = false;
        int r;

        if (has_attribute(fd, attribute, text, strlen(text)))
                return 0;
        r = label_write(fd, text, strlen(text), &trusted);
        if (r < 0)
                return r;
        l->writes++;
        if (!trusted && !l->untrusted) {
                log_warning("without CAP_SYS_ADMIN in the initial user namespace labels are user.* ones, "
                            "which count only where the daemon's labels.user lets them");
                l->untrusted = true;
        }
        return 0;
}

static void name_of(char name[static LABEL_NAME_SIZE], const struct pod *p, const struct pod_container *c)
{
        snprintf(name, LABEL_NAME_SIZE, "%s/%s%s%s", p->namespace, p->name, c ? "/" : "", c ? c->name : "");
}

/* ---- one cgroup ---- */

static void show(struct pass *s, int fd, struct labelled labelled)
{
        char current[UTILITY_TEXT_MAX + 1] = "";
        ssize_t len = fd < 0 ? 0 : fgetxattr(fd, LABEL_TRUSTED_NAME, current, UTILITY_TEXT_MAX);

        current[len > 0 ? len : 0] = '\0';
        labelled.current = current;
        s->labeller->show(s->labeller->who, &labelled);
}

/* The cgroup at the path, open as fd. c: NULL for the pod itself or its sandbox. */
static void apply(struct pass *s, int fd, const struct pod *p, const struct pod_container *c,
                  struct utility u)
{
        struct labeller *l = s->labeller;
        char text[UTILITY_TEXT_MAX + 1], name[LABEL_NAME_SIZE];
        int r;

        if (l->show) {
                show(s, fd, (struct labelled){ .pod = p, .container = c, .path = s->path, .utility = u });
                return;
        }
        name_of(name, p, c);
        r = write_label(l, fd, utility_format(u, text));
        if (r == 0)
                r = write_name(l, fd, name);
        if (r == 0 || r == -ENOENT || r == -ENODEV)     /* it may have gone meanwhile */
                return;
        if (!s->failed && !l->failing)
                log_errno(r, "cannot label %s", s->path);
        s->failed = true;
}

static void take_off(struct pass *s, int fd, const struct pod *p)
{
        char name[LABEL_NAME_SIZE];

        name_of(name, p, NULL);
        if (s->labeller->show || !has_attribute(fd, LABEL_NAME, name, strlen(name)))
                return;
        fremovexattr(fd, LABEL_TRUSTED_NAME);
        fremovexattr(fd, LABEL_USER_NAME);
        fremovexattr(fd, LABEL_NAME);
}

/* ---- the walk ---- */

static int enter(const struct pass *s, int dir_fd, const char *name, bool any_owner)
{
        CLEANUP(close_p) int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!any_owner && st.st_uid != 0 && st.st_uid != geteuid())
                return -EPERM;
        if (s->depth >= LABELLER_DEPTH_MAX)
                return -ELOOP;
        return steal_fd(&fd);
}

/* Appends a component to the path; returns its length before, or 0 when there is no room. */
static size_t push(struct pass *s, const char *name)
{
        size_t before = s->len, len = strlen(name);

        if (before + 1 + len >= sizeof(s->path))
                return 0;
        s->path[before] = '/';
        memcpy(s->path + before + 1, name, len + 1);
        s->len = before + 1 + len;
        return before + 1;
}

static void pop(struct pass *s, size_t pushed)
{
        s->len = pushed - 1;
        s->path[s->len] = '\0';
}

/* Calls 'visit' for each directory inside; stops with it. */
static int each_directory(struct pass *s, int fd,
                          int (*visit)(struct pass *s, int fd, const char *name, void *with), void *with)
{
        int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
        DIR *dir = copy < 0 ? NULL : fdopendir(copy);
        struct dirent *entry;

        if (!dir) {
                r = -errno;
                close_p(&copy);
                return r;
        }
        while (r == 0 && (entry = readdir(dir))) {
                size_t pushed;

                if (entry->d_name[0] == '.' || (entry->d_type != DT_DIR && entry->d_type != DT_UNKNOWN))
                        continue;
                pushed = push(s, entry->d_name);
                if (!pushed)
                        continue;
                r = visit(s, fd, entry->d_name, with);
                pop(s, pushed);
        }
        closedir(dir);
        return r;
}

static struct pod_container *find_by_id(struct pod *p, const char *id)
{
        for (size_t i = 0; i < p->n; i++)
                if (strcmp(p->containers[i].id, id) == 0)
                        return &p->containers[i];
        return NULL;
}

/* The id that the last component of the path bears; false when it is no container. */
static bool read_id(const struct pass *s, char id[static POD_ID_SIZE])
{
        struct container c = container_recognise(s->path, s->len);

        if (c.role != CONTAINER_WHOLE || c.id.len != POD_ID_SIZE - 1)
                return false;
        memcpy(id, s->path + c.id.offset, c.id.len);
        id[c.id.len] = '\0';
        return true;
}

static int visit_container(struct pass *s, int dir_fd, const char *name, void *with)
{
        struct pod *p = with;
        struct pod_container *c;
        char id[POD_ID_SIZE];
        CLEANUP(close_p) int fd = -1;

        if (!read_id(s, id) || !(c = find_by_id(p, id)))
                return 0;
        fd = enter(s, dir_fd, name, true);
        if (fd < 0)
                return 0;
        c->found = true;
        if (s->labeller->rules->unit == UNIT_CONTAINER)
                apply(s, fd, p, c, c->utility);
        return 0;
}

/* A scope that is no container's; visited once it is known to be the sandbox's. */
static int visit_sandbox(struct pass *s, int dir_fd, const char *name, void *with)
{
        struct pod *p = with;
        char id[POD_ID_SIZE];
        CLEANUP(close_p) int fd = -1;

        if (!read_id(s, id) || pod_find_container(p, id))
                return 0;
        fd = enter(s, dir_fd, name, true);
        if (fd >= 0)
                apply(s, fd, p, NULL, (struct utility){ .protect = true });
        return 0;
}

static bool is_sandbox_known(const struct pass *s, const struct pod *p)
{
        if (model_is_protected(p, s->labeller->own_uid))
                return true;            /* whatever it is, it may not die */
        for (size_t i = 0; i < p->n; i++)
                if (p->containers[i].phase == POD_RUNNING && !p->containers[i].found)
                        return false;
        return s->current && pod_is_settled(p);
}

static void visit_pod(struct pass *s, int fd, struct pod *p)
{
        each_directory(s, fd, visit_container, p);
        if (s->labeller->rules->unit == UNIT_POD && p->n > 0) {
                apply(s, fd, p, NULL, model_pod(p));
                return;
        }
        take_off(s, fd, p);
        if (is_sandbox_known(s, p))
                each_directory(s, fd, visit_sandbox, p);
}

static int compare_key(const void *a, const void *b)
{
        const struct pod *const *p = a, *const *q = b;

        return strcmp((*p)->key, (*q)->key);
}

/* The pods whose cgroup has this key: one, or several where a static pod's mirror was made anew. */
static void visit_key(struct pass *s, int fd, const char *key)
{
        size_t low = 0, high = s->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(s->pods[middle]->key, key) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        for (; low < s->n && strcmp(s->pods[low]->key, key) == 0; low++)
                visit_pod(s, fd, s->pods[low]);
}

static int visit_any(struct pass *s, int dir_fd, const char *name, void *with)
{
        struct container c = container_recognise(s->path, s->len);
        bool is_pod = c.role == CONTAINER_POD && c.runtime == RUNTIME_CRI;
        CLEANUP(close_p) int fd = -1;
        char key[POD_TEXT_MAX];

        if (c.role != CONTAINER_NONE && !is_pod)
                return 0;
        fd = enter(s, dir_fd, name, false);
        if (fd < 0)
                return 0;
        s->depth++;
        if (is_pod)
                visit_key(s, fd, container_pod_text(s->path, &c, key));
        else
                each_directory(s, fd, visit_any, with);
        s->depth--;
        return 0;
}

/* ---- the pass ---- */

static void count(struct pass *s)
{
        struct labeller *l = s->labeller;

        l->found = l->missing = 0;
        for (size_t i = 0; i < s->n; i++)
                for (size_t j = 0; j < s->pods[i]->n; j++) {
                        const struct pod_container *c = &s->pods[i]->containers[j];

                        l->found += c->found;
                        l->missing += !c->found && c->phase == POD_RUNNING;
                        if (l->show && !c->found)
                                show(s, -1, (struct labelled){ s->pods[i], c, NULL, c->utility, NULL });
                }
}

int labeller_run(struct labeller *l, const struct pods *pods, bool current)
{
        struct pass s = { .labeller = l, .n = pods->n, .current = current };
        CLEANUP(free_p) struct pod **list = pods_list(pods);
        int r;

        if (!list)
                return -ENOMEM;
        s.pods = list;
        model_rate(s.pods, s.n, l->rules, l->own_uid);
        qsort(s.pods, s.n, sizeof(struct pod *), compare_key);
        for (size_t i = 0; i < s.n; i++)
                for (size_t j = 0; j < s.pods[i]->n; j++)
                        s.pods[i]->containers[j].found = false;
        r = each_directory(&s, l->root_fd, visit_any, NULL);
        count(&s);
        l->failing = s.failed;
        return r;
}
