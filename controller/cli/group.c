/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcgroup makes, fills and removes the cgroup of 'jettison run'. Two of its habits shape the calls:
 *
 * - Of a new cgroup's ancestors it enables the controller in all but the hierarchy's root, unless the
 *   cgroup stands right below it (version 2.0.2). So the path is made from the top, one level at a time,
 *   whether it is there or not; the first level enables it in the root.
 * - It deletes a cgroup by moving what is in it one up, which would quietly take a process out of its label
 *   and limit. CGFLAG_DELETE_EMPTY_ONLY asks it not to; but then it may leave a cgroup that is not empty and
 *   answer success, so whether it is gone is looked at. Its table of messages is too short for that answer.
 *
 * Its messages would go to standard output, where the command's own output goes; they are kept instead, and
 * the last one is part of the error. */
#include "cli/group.h"

#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <limits.h>
#include <linux/magic.h>
#include <mntent.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/base.h"
#include "base/ktext.h"
#include "cli/text.h"
#include "sense/cgroupfs.h"
#include "sense/container.h"

char *group_mount(void)
{
        FILE *mounts = setmntent("/proc/self/mounts", "re");
        char *found = NULL;

        if (!mounts)
                return NULL;
        for (struct mntent *m; !found && (m = getmntent(mounts));)
                if (strcmp(m->mnt_type, "cgroup2") == 0)
                        found = must(strdup(m->mnt_dir));
        endmntent(mounts);
        return found;
}

static int open_cgroup(const char *path)
{
        CLEANUP(close_p) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct statfs fs;

        if (fd < 0 || fstatfs(fd, &fs) < 0)
                return -errno;
        if (fs.f_type != CGROUP2_SUPER_MAGIC)
                return -ENOTDIR;
        return steal_fd(&fd);
}

int group_open(const char *path)
{
        CLEANUP(free_p) char *mount = group_mount(), *below = NULL;
        int fd = open_cgroup(path), below_fd;

        if ((fd != -ENOENT && fd != -ENOTDIR) || !mount || path[0] != '/')
                return fd;
        below = text_format("%s%s", mount, path);
        below_fd = open_cgroup(below);
        return below_fd == -ENOENT ? fd : below_fd;
}

int group_of_process(pid_t pid, char **ret_path)
{
        CLEANUP(free_p) char *name = text_format("/proc/%d/cgroup", pid);
        char text[PATH_MAX + 1024];
        int r = cgroupfs_read(AT_FDCWD, name, text, sizeof(text));
        const char *path;
        size_t len = 0;

        if (r < 0)
                return r;
        if (r != CGROUPFS_OK)
                return -ESRCH;
        path = ktext_cgroup(text, &len);
        if (!path)
                return -ENOENT;
        *ret_path = must(strndup(path, len));
        return 0;
}

/* Of a container inside a container the outer one, which goes as a whole: a label inside of it would count
 * for nothing. */
void group_climb(char *path)
{
        for (size_t len = 1; len <= strlen(path); len++)
                if ((path[len] == '/' || path[len] == '\0') &&
                    container_recognise(path, len).role == CONTAINER_WHOLE) {
                        path[len] = '\0';
                        return;
                }
}

static char last_message[256];

static void keep_message(void *data UNUSED, int level UNUSED, const char *format, va_list args)
{
        vsnprintf(last_message, sizeof(last_message), format, args);
        last_message[strcspn(last_message, "\n")] = '\0';
}

static int fail(struct group_error *e, int error, const char *what, const char *path, int code)
{
        const char *why = code == ECGNONEMPTY ? "it is not empty" : cgroup_strerror(code);

        snprintf(e->text, sizeof(e->text), "cannot %s the cgroup %s: %s%s%s", what, path, why,
                 last_message[0] ? ": " : "", last_message);
        e->lacking = code == ECGROUPSUBSYSNOTMOUNTED || code == ECGROUPNOTMOUNTED;
        return error;
}

/* Finds the hierarchy, once, and checks that it will do. */
static int group_start(struct cgroupfs *fs, struct group_error *e)
{
        struct cgroupfs_lack lack;

        cgroup_set_logger(keep_message, CGROUP_LOG_WARNING, NULL);
        if (cgroupfs_open(NULL, fs, &lack) == 0)
                return 0;
        snprintf(e->text, sizeof(e->text), "%s", lack.text);
        e->lacking = true;
        return -1;
}

int group_check(struct group_error *ret_error)
{
        struct cgroupfs fs = CGROUPFS_INIT;
        int r = group_start(&fs, ret_error);

        cgroupfs_close(&fs);
        return r;
}

/* A cgroup of libcgroup's, with the memory controller; NULL without memory. */
static struct cgroup *group_name(const char *path, uint64_t memory_max)
{
        struct cgroup *group = cgroup_new_cgroup(path + strspn(path, "/"));
        struct cgroup_controller *memory = group ? cgroup_add_controller(group, "memory") : NULL;

        bool limited = memory_max != UINT64_MAX;

        if (memory && (!limited || cgroup_add_value_uint64(memory, "memory.max", memory_max) == 0))
                return group;
        if (group)
                cgroup_free(&group);
        return NULL;
}

static int create_one(const char *path, uint64_t memory_max, struct group_error *e)
{
        struct cgroup *group = must(group_name(path, memory_max));
        int code = cgroup_create_cgroup(group, 1 /* owners stay as they are */);

        cgroup_free(&group);
        return code == 0 ? 0 : fail(e, -1, "create", path, code);
}

int group_create(const char *path, uint64_t memory_max, struct group_error *ret_error)
{
        CLEANUP(free_p) char *part = must(strdup(path));
        struct cgroupfs fs = CGROUPFS_INIT;
        int r = group_start(&fs, ret_error);

        if (r < 0)
                return r;
        if (faccessat(fs.root_fd, path + strspn(path, "/"), F_OK, 0) == 0) {
                snprintf(ret_error->text, sizeof(ret_error->text), "the cgroup %s is there already", path);
                r = -EEXIST;
        }
        for (char *slash = part; r == 0 && (slash = strchr(slash + 1, '/'));) {
                *slash = '\0';
                r = create_one(part, UINT64_MAX, ret_error);
                *slash = '/';
        }
        if (r == 0)
                r = create_one(path, memory_max, ret_error);
        cgroupfs_close(&fs);
        return r;
}

int group_enter(const char *path, struct group_error *ret_error)
{
        struct cgroup *group = must(group_name(path, UINT64_MAX));
        int code = cgroup_attach_task(group);

        cgroup_free(&group);
        return code == 0 ? 0 : fail(ret_error, -1, "enter", path, code);
}

int group_remove(const char *path, struct group_error *ret_error)
{
        struct cgroup *group = must(group_name(path, UINT64_MAX));
        int code = cgroup_delete_cgroup_ext(group, CGFLAG_DELETE_EMPTY_ONLY);
        CLEANUP(close_p) int fd = group_open(path);

        cgroup_free(&group);
        if (code == 0 && fd >= 0)
                code = ECGNONEMPTY;
        return code == 0 ? 0 : fail(ret_error, -1, "remove", path, code);
}
