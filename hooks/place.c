/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state does not say where the cgroup is, and the specification does not say that there is one yet; but
 * every runtime has put the container's first process into it by the time of createRuntime, so the kernel is
 * asked where that process is. crun puts it into a group inside the container's; the container's own is then
 * found by its id, which all engines write into the name.
 *
 * A label makes a cgroup a candidate, so a wrong guess would offer somebody else to be killed: a container
 * that was started without a cgroup of its own lives in its starter's. Therefore, no id, no label. */
#include "hooks/place.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

#include "base/base.h"
#include "base/ktext.h"
#include "sense/container.h"
#include "serve/config_private.h"

/* Where systemd mounts it (file-hierarchy(7), and systemd's mount-setup.c for hybrid systems). */
static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

int place_parse(const char *text, char **ret_path)
{
        static const char gone[] = " (deleted)";
        const size_t gone_len = sizeof(gone) - 1;
        size_t len = 0;
        const char *path = ktext_cgroup(text, &len);

        if (!path)
                return -ENODATA;
        if (len >= gone_len && memcmp(path + len - gone_len, gone, gone_len) == 0)
                return -ESTALE;
        if (strncmp(path, "/..", 3) == 0 && (path[3] == '/' || path[3] == '\n'))
                return -EXDEV;
        *ret_path = strndup(path, len);
        return *ret_path ? 0 : -ENOMEM;
}

static bool bears(const char *name, size_t len, const char *id)
{
        static const char tail[] = ".scope";
        const size_t tail_len = sizeof(tail) - 1, id_len = strlen(id);

        if (len > tail_len + id_len && memcmp(name + len - tail_len, tail, tail_len) == 0 &&
            bears(name, len - tail_len, id))
                return true;
        return len >= id_len && memcmp(name + len - id_len, id, id_len) == 0 &&
               (len == id_len || name[len - id_len - 1] == '-');
}

size_t place_container(const char *path, const char *id)
{
        for (size_t len = strlen(path), begin; len > 0; len = begin - 1) {
                enum container_role role = container_recognise(path, len).role;

                for (begin = len; begin > 0 && path[begin - 1] != '/'; begin--)
                        ;
                if (begin == 0)
                        break;
                if ((role == CONTAINER_NONE || role == CONTAINER_WHOLE) &&
                    bears(path + begin, len - begin, id))
                        return len;
        }
        return 0;
}

/* Fills text, ended by NUL. */
static int read_file(const char *name, char text[static PLACE_TEXT_MAX])
{
        CLEANUP(close_p) int fd = open(name, O_RDONLY | O_CLOEXEC);
        size_t len = 0;
        ssize_t n;

        if (fd < 0)
                return -errno;
        while (len < PLACE_TEXT_MAX - 1 && (n = read(fd, text + len, PLACE_TEXT_MAX - 1 - len)) != 0) {
                if (n < 0)
                        return -errno;
                len += (size_t)n;
        }
        text[len] = '\0';
        return 0;
}

static const char *parse_reason(int error)
{
        switch (error) {
        case -ENODATA:
                return "the process is not in the unified cgroup hierarchy";
        case -ESTALE:
                return "its cgroup is gone";
        case -EXDEV:
                return "its cgroup lies outside of this cgroup namespace";
        default:
                return strerrordesc_np(-error);
        }
}

int place_find(const char *proc_root, pid_t pid, const char *id, char **ret_path,
               struct config_error *ret_error)
{
        char text[PLACE_TEXT_MAX], name[4096];
        CLEANUP(free_p) char *path = NULL;
        size_t len;
        int r;

        snprintf(name, sizeof(name), "%s/%d/cgroup", proc_root, pid);
        r = read_file(name, text);
        if (r < 0)
                return config_error_set(ret_error, r, name, 0, "%s", strerrordesc_np(-r));
        r = place_parse(text, &path);
        if (r < 0)
                return config_error_set(ret_error, r, name, 0, "%s", parse_reason(r));
        len = place_container(path, id);
        if (len == 0)
                return config_error_set(ret_error, -ENOENT, name, 0,
                                        "expected a cgroup with the container's id in its name, found %s",
                                        path);
        path[len] = '\0';
        *ret_path = path;
        path = NULL;
        return 0;
}

static bool is_unified(int fd)
{
        struct statfs fs;

        return fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC;
}

static int open_root(const char *cgroup_root)
{
        if (cgroup_root)
                return open(cgroup_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
                CLEANUP(close_p) int fd = open(mounts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                if (fd >= 0 && is_unified(fd))
                        return steal_fd(&fd);
        }
        errno = EOPNOTSUPP;
        return -1;
}

int place_open(const char *cgroup_root, const char *path, struct config_error *ret_error)
{
        CLEANUP(close_p) int root_fd = open_root(cgroup_root);
        int fd;

        if (root_fd < 0 && !cgroup_root)
                return config_error_set(ret_error, -errno, mounts[0], 0,
                                        "expected a cgroup v2 hierarchy, found none");
        if (root_fd < 0)
                return config_error_set(ret_error, -errno, cgroup_root, 0, "%s", strerrordesc_np(errno));
        fd = openat(root_fd, path + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return config_error_set(ret_error, -errno, path, 0, "%s", strerrordesc_np(errno));
        return fd;
}
