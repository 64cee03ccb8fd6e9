/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A cgroup's path holds a container's id, and every runtime files what else it knows under that id:
 *
 *   podman, CRI-O   STORAGE/DRIVER-containers/containers.json, volatile-containers.json
 *   docker          DOCKER/containers/ID/config.v2.json
 *   containerd      /run/containerd/io.containerd.runtime.v2.task/NAMESPACE/ID/config.json
 *   kubelet         /var/log/containers/POD_NAMESPACE_CONTAINER-ID.log
 *                   /var/log/pods/NAMESPACE_POD_UID
 *
 * A bundle is gone as soon as its container is dead, the kubelet's links stay until it removes the container:
 * so they are asked last, but always. Where a path does not say which runtime it was (CRI), each is asked.
 *
 * Below user@UID.service only that user's own folders are asked: he names his cgroups as he likes, also like
 * those of the host's containers.
 *
 * None of these files is an interface that anybody has promised. What is missing, too large or not as
 * expected is taken as not known; nothing is said about it. */
#include "cli/names.h"

#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/text.h"
#include "sense/container.h"
#include "serve/json.h"

#define SHORT_ID 12u            /* as the runtimes themselves print it */
#define BIT(n)   (1u << (n))

struct names {
        char *root;
        json_t *storages;       /* folder → id → what is known */
};

/* Whom a source is asked about. */
struct asked {
        struct names *names;
        const char *path;       /* of the cgroup */
        const char *id;
        const char *home;       /* of the user below whose service it is, root in front; NULL: none's */
};

struct names *names_new(const char *root)
{
        struct names *n = must(malloc(sizeof(*n)));

        *n = (struct names){ must(strdup(root)), must(json_object()) };
        return n;
}

struct names *names_free(struct names *n)
{
        if (!n)
                return NULL;
        json_decref(n->storages);
        free(n->root);
        free(n);
        return NULL;
}

/* A file may belong to a user, who may have put anything in its place. New, or NULL. */
static json_t *file_json(const char *path)
{
        CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        struct stat st;
        json_t *value;
        FILE *file;

        if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || (uint64_t)st.st_size > NAMES_FILE_MAX)
                return NULL;
        file = must(fdopen(steal_fd(&fd), "r"));
        value = json_loadf(file, 0, NULL);
        fclose(file);
        return value;
}

static bool ends_with(const char *text, const char *end)
{
        size_t len = strlen(text), end_len = strlen(end);

        return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* The first name in a folder that ends so. New, or NULL. */
static char *entry_ending(const char *folder, const char *end)
{
        DIR *dir = opendir(folder);
        struct dirent *entry;
        char *found = NULL;

        while (dir && !found && (entry = readdir(dir)))
                if (ends_with(entry->d_name, end))
                        found = must(strdup(entry->d_name));
        if (dir)
                closedir(dir);
        return found;
}

/* New; NULL when nothing is known. */
static json_t *known(const char *name, const char *image)
{
        if (!*name && !*image)
                return NULL;
        return json_pack("{s:s*, s:s*}", "name", *name ? name : NULL, "image", *image ? image : NULL);
}

/* k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT, which no other name looks like, in people's order. New. */
static char *plain_name(const char *name)
{
        char container[256], pod[256], namespace[256];

        name += *name == '/';           /* Docker's all begin so */
        if (sscanf(name, "k8s_%255[^_]_%255[^_]_%255[^_]_", container, pod, namespace) == 3)
                return text_format("%s/%s/%s", namespace, pod, container);
        return must(strdup(name));
}

static void storage_take(json_t *map, const char *path)
{
        json_t *list = file_json(path), *entry;
        size_t i;

        json_array_foreach(list, i, entry) {
                const char *metadata = field_text(entry, "metadata");    /* JSON in a string */
                const char *first = json_string_value(json_array_get(json_object_get(entry, "names"), 0));
                CLEANUP(free_p) char *name = plain_name(first ? first : "");
                json_t *about = json_loads(metadata, 0, NULL);

                json_object_set_new(map, field_text(entry, "id"), known(name, field_text(about, "image-name")));
                json_decref(about);
        }
        json_decref(list);
}

/* What a folder of containers/storage knows. Borrowed. */
static const json_t *storage_of(struct names *n, const char *folder)
{
        json_t *map = json_object_get(n->storages, folder);
        struct dirent *entry;
        DIR *dir;

        if (map)
                return map;
        map = must(json_object());
        json_object_set_new(n->storages, folder, map);
        dir = opendir(folder);
        while (dir && (entry = readdir(dir))) {
                CLEANUP(free_p) char *lasting = text_format("%s/%s/containers.json", folder, entry->d_name);
                CLEANUP(free_p) char *passing = text_format("%s/%s/volatile-containers.json", folder,
                                                            entry->d_name);

                if (!ends_with(entry->d_name, "-containers"))
                        continue;
                storage_take(map, lasting);
                storage_take(map, passing);
        }
        if (dir)
                closedir(dir);
        return map;
}

/* The second folder is used when podman is told to keep nothing over a boot. */
static json_t *ask_storage(const struct asked *a)
{
        const char *const folders[] = { "/var/lib/containers/storage", "/run/containers/storage" };
        json_t *found = NULL;

        if (a->home) {
                CLEANUP(free_p) char *folder = text_format("%s/.local/share/containers/storage", a->home);

                return json_incref(json_object_get(storage_of(a->names, folder), a->id));
        }
        for (size_t i = 0; i < ARRAY_SIZE(folders) && !found; i++) {
                CLEANUP(free_p) char *folder = text_format("%s%s", a->names->root, folders[i]);

                found = json_object_get(storage_of(a->names, folder), a->id);
        }
        return json_incref(found);
}

static json_t *ask_docker(const struct asked *a)
{
        CLEANUP(free_p) char *path = text_format("%s%s/docker/containers/%s/config.v2.json",
                                                 a->home ? a->home : a->names->root,
                                                 a->home ? "/.local/share" : "/var/lib", a->id);
        json_t *file = file_json(path), *found;
        CLEANUP(free_p) char *name = plain_name(field_text(file, "Name"));

        found = known(name, field_text(json_object_get(file, "Config"), "Image"));
        json_decref(file);
        return found;
}

/* Annotations of an OCI bundle: containerd's own for Kubernetes, else nerdctl's. */
static json_t *bundle_name(const json_t *bundle)
{
        static const char kubernetes[] = "io.kubernetes.cri.container-name";
        const json_t *notes = json_object_get(bundle, "annotations");
        CLEANUP(free_p) char *name = NULL;

        if (!*field_text(notes, kubernetes))
                return known(field_text(notes, "nerdctl/name"), "");
        name = text_format("%s/%s/%s", field_text(notes, "io.kubernetes.cri.sandbox-namespace"),
                           field_text(notes, "io.kubernetes.cri.sandbox-name"), field_text(notes, kubernetes));
        return known(name, field_text(notes, "io.kubernetes.cri.image-name"));
}

static json_t *ask_containerd(const struct asked *a)
{
        CLEANUP(free_p) char *folder = text_format("%s/run/containerd/io.containerd.runtime.v2.task",
                                                   a->names->root);
        DIR *dir = a->home ? NULL : opendir(folder);
        struct dirent *entry;
        json_t *found = NULL;

        while (dir && !found && (entry = readdir(dir))) {
                CLEANUP(free_p) char *path = text_format("%s/%s/%s/config.json", folder, entry->d_name,
                                                         a->id);
                json_t *bundle = file_json(path);

                found = bundle_name(bundle);
                json_decref(bundle);
        }
        if (dir)
                closedir(dir);
        return found;
}

/* None of the parts can hold a '_'. */
static json_t *ask_kubelet(const struct asked *a)
{
        CLEANUP(free_p) char *folder = text_format("%s/var/log/containers", a->names->root);
        CLEANUP(free_p) char *end = text_format("-%s.log", a->id), *name = NULL;
        CLEANUP(free_p) char *link = a->home ? NULL : entry_ending(folder, end);
        char pod[256], namespace[256];
        int at = 0;

        if (!link || sscanf(link, "%255[^_]_%255[^_]_%n", pod, namespace, &at) != 2 || at == 0)
                return NULL;
        name = text_format("%s/%s/%.*s", namespace, pod, (int)(strlen(link) - strlen(end)) - at, link + at);
        return known(name, "");
}

static json_t *ask_kubelet_pod(const struct asked *a)
{
        CLEANUP(free_p) char *folder = text_format("%s/var/log/pods", a->names->root);
        CLEANUP(free_p) char *end = text_format("_%s", a->id), *name = NULL;
        CLEANUP(free_p) char *entry = a->home ? NULL : entry_ending(folder, end);
        char namespace[256], pod[256];

        if (!entry || sscanf(entry, "%255[^_]_%255[^_]_", namespace, pod) != 2)
                return NULL;
        name = text_format("%s/%s", namespace, pod);
        return known(name, "");
}

/* Theirs is the name itself. */
static json_t *ask_path(const struct asked *a)
{
        return known(a->id, "");
}

/* An id of one kind means nothing to the sources of another. */
static const struct source {
        unsigned runtimes;
        json_t *(*ask)(const struct asked *a);          /* new, or NULL */
} sources[] = {
        { BIT(RUNTIME_LXC) | BIT(RUNTIME_NSPAWN), ask_path },
        { BIT(RUNTIME_PODMAN) | BIT(RUNTIME_CRIO) | BIT(RUNTIME_CRI), ask_storage },
        { BIT(RUNTIME_DOCKER) | BIT(RUNTIME_CRI), ask_docker },
        { BIT(RUNTIME_CONTAINERD) | BIT(RUNTIME_CRI), ask_containerd },
        { BIT(RUNTIME_CONTAINERD) | BIT(RUNTIME_CRIO) | BIT(RUNTIME_CRI), ask_kubelet },
        { BIT(RUNTIME_CRI), ask_kubelet_pod },
};

/* The home of the user below whose service the cgroup lies. New; NULL: of none, or nobody knows him. */
static char *home_of(const struct names *n, const char *path, bool *ret_is_user)
{
        const char *user = strstr(path, "/user@");
        struct passwd *pw;
        unsigned uid;
        int end = 0;

        *ret_is_user = user && sscanf(user, "/user@%u.service/%n", &uid, &end) == 1 && end > 0;
        pw = *ret_is_user ? getpwuid(uid) : NULL;
        return pw ? text_format("%s%s", n->root, pw->pw_dir) : NULL;
}

/* New, or NULL. */
static json_t *find(struct names *n, const char *path, enum container_runtime runtime, const char *id)
{
        bool is_user;
        CLEANUP(free_p) char *home = home_of(n, path, &is_user);
        const struct asked asked = { n, path, id, home };
        json_t *found = NULL;

        if (is_user && !home)
                return NULL;
        for (size_t i = 0; i < ARRAY_SIZE(sources) && !found; i++)
                if (sources[i].runtimes & BIT(runtime))
                        found = sources[i].ask(&asked);
        return found;
}

static void tell(struct names *n, json_t *object)
{
        CLEANUP(free_p) char *path = text_from_json(field_text(object, "path")), *id = NULL;
        char pod[POD_TEXT_MAX];
        struct container c;
        json_t *about;

        if (!path || json_object_get(object, "container"))
                return;
        c = container_recognise(path, strlen(path));
        if (c.role == CONTAINER_NONE || c.role == CONTAINER_MONITOR)
                return;
        id = c.role == CONTAINER_POD ? must(strdup(container_pod_text(path, &c, pod)))
                                     : must(strndup(path + c.id.offset, c.id.len));
        about = json_pack("{s:s, s:s*}", "runtime", container_runtime_name(c.runtime), "id", id);
        if (about) {                    /* no name of bytes that are no UTF-8 */
                json_t *found = find(n, path, c.runtime, id);

                json_object_set(about, "name", json_object_get(object, "name"));
                json_object_update(about, found);
                json_decref(found);
                json_object_set_new(object, "container", about);
        }
}

void names_tell(struct names *n, json_t *list)
{
        json_t *object;
        size_t i;

        json_array_foreach(list, i, object)
                tell(n, object);
}

char *names_text(const json_t *object)
{
        const json_t *about = json_object_get(object, "container");
        const char *name = field_text(about, "name"), *image = field_text(about, "image");
        CLEANUP(free_p) char *id = must(strndup(field_text(about, "id"), SHORT_ID)), *text = NULL;

        if (!about)
                return must(strdup(""));
        text = text_format("%s %s%s%s", field_text(about, "runtime"), *name ? name : id, *image ? ", " : "",
                           image);
        return text_show_json(text);
}

bool names_match(const json_t *object, const char *wanted)
{
        const json_t *about = json_object_get(object, "container");
        const char *name = field_text(about, "name"), *id = field_text(about, "id");
        size_t len = strlen(wanted);

        if (len == 0)
                return false;
        if (strncmp(id, wanted, len) == 0 || strcmp(name, wanted) == 0)
                return true;
        for (const char *part = name; (part = strstr(part, wanted)); part++)
                if ((part == name || part[-1] == '/') && (part[len] == '/' || part[len] == '\0'))
                        return true;
        return false;
}
