/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Everything that this program knows of cgroups goes through a directory descriptor, because a path names
 * whatever bears the name now, and a descriptor the cgroup that was looked at. A cgroup that was removed
 * answers ENODEV on its open files and ENOENT on new ones; both mean the same here, GONE, and GONE is an
 * answer, not an error.
 *
 * libcgroup finds the hierarchy. It is asked once, at start; reads use kept descriptors, which need neither
 * a path walk nor kernel memory: opening a file allocates, and allocating is what stalls when memory is
 * short. */
#include "sense/cgroupfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "base/base.h"
#include "base/ktext.h"

static int lack(struct cgroupfs_lack *l, int error, const char *format, ...) PRINTF(3, 4);

static int lack(struct cgroupfs_lack *l, int error, const char *format, ...)
{
        va_list args;

        va_start(args, format);
        vsnprintf(l->text, sizeof(l->text), format, args);
        va_end(args);
        return error;
}

/* Asks libcgroup where the memory controller is mounted; it reads /proc/mounts and /proc/cgroups. */
static int find_mount(char *mount, size_t size, struct cgroupfs_lack *l)
{
        CLEANUP(free_p) char *found = NULL;
        int r = cgroup_init();

        if (r != 0)
                return lack(l, -EOPNOTSUPP, "no cgroup hierarchy is mounted (%s): mount it with "
                            "\"mount -t cgroup2 none /sys/fs/cgroup\"", cgroup_strerror(r));
        r = cgroup_get_subsys_mount_point("memory", &found);
        if (r != 0 || !found)
                return lack(l, -EOPNOTSUPP,
                            "no cgroup hierarchy has the memory controller: boot without "
                            "cgroup_disable=memory, and with systemd.unified_cgroup_hierarchy=1 on a hybrid "
                            "system");
        if ((size_t)snprintf(mount, size, "%s", found) >= size)
                return lack(l, -ENAMETOOLONG, "the path of the cgroup mount is too long: %s", found);
        return 0;
}

static int check_kind(const struct cgroupfs *fs, struct cgroupfs_lack *l)
{
        struct statfs stat;

        if (fstatfs(fs->root_fd, &stat) < 0)
                return lack(l, -errno, "cannot examine %s: %s", fs->mount, strerror(errno));
        if (stat.f_type == CGROUP2_SUPER_MAGIC)
                return 0;
        return lack(l, -EOPNOTSUPP,
                    "the memory controller is on cgroup v1 at %s: Jettison needs cgroup v2; boot with "
                    "systemd.unified_cgroup_hierarchy=1 (or cgroup_no_v1=all)",
                    fs->mount);
}

static int check_controllers(const struct cgroupfs *fs, struct cgroupfs_lack *l)
{
        char text[512];
        int r = cgroupfs_read(fs->root_fd, "cgroup.controllers", text, sizeof(text));

        if (r != CGROUPFS_OK)
                return lack(l, r < 0 ? r : -EOPNOTSUPP,
                            "%s has no cgroup.controllers: it is not the root of a cgroup v2 hierarchy",
                            fs->mount);
        for (char *save, *word = strtok_r(text, " \n", &save); word; word = strtok_r(NULL, " \n", &save))
                if (strcmp(word, "memory") == 0)
                        return 0;
        return lack(
                l, -EOPNOTSUPP,
                "the memory controller is not available in %s: it is bound to cgroup v1 or disabled; boot "
                "with systemd.unified_cgroup_hierarchy=1 and without cgroup_disable=memory",
                fs->mount);
}

int cgroupfs_open(const char *root, struct cgroupfs *ret_fs, struct cgroupfs_lack *ret_lack)
{
        struct cgroupfs fs = CGROUPFS_INIT;
        int r;

        if (root && strlen(root) >= sizeof(fs.mount))
                return lack(ret_lack, -ENAMETOOLONG, "the path of the cgroup root is too long: %s", root);
        if (root)
                strcpy(fs.mount, root);
        else if ((r = find_mount(fs.mount, sizeof(fs.mount), ret_lack)) < 0)
                return r;

        fs.root_fd = open(fs.mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fs.root_fd < 0)
                return lack(ret_lack, -errno, "cannot open %s: %s", fs.mount, strerror(errno));
        r = root ? 0 : check_kind(&fs, ret_lack);
        if (r == 0)
                r = check_controllers(&fs, ret_lack);
        if (r < 0) {
                cgroupfs_close(&fs);
                return r;
        }
        *ret_fs = fs;
        return 0;
}

void cgroupfs_close(struct cgroupfs *fs)
{
        close_p(&fs->root_fd);
        *fs = (struct cgroupfs)CGROUPFS_INIT;
}

int cgroupfs_pread(int fd, char *buffer, size_t size)
{
        ssize_t n = pread(fd, buffer, size - 1, 0);

        if (n < 0)
                return errno == ENODEV || errno == ENOENT ? CGROUPFS_GONE : -errno;
        if ((size_t)n == size - 1)
                while (n > 0 && buffer[n - 1] != '\n')
                        n--;
        buffer[n] = '\0';
        return CGROUPFS_OK;
}

int cgroupfs_open_file(int dir_fd, const char *name, int flags)
{
        int fd = openat(dir_fd, name, flags | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

int cgroupfs_read(int dir_fd, const char *name, char *buffer, size_t size)
{
        CLEANUP(close_p) int fd = cgroupfs_open_file(dir_fd, name, O_RDONLY);

        if (fd == -ENOENT || fd == -ENODEV)
                return CGROUPFS_GONE;
        if (fd < 0)
                return fd;
        return cgroupfs_pread(fd, buffer, size);
}

int cgroupfs_id(int dir_fd, uint64_t *ret_id)
{
        struct stat stat;

        if (fstat(dir_fd, &stat) < 0)
                return -errno;
        *ret_id = (uint64_t)stat.st_ino;
        return 0;
}

static bool holds_process(int dir_fd, pid_t pid)
{
        FILE *file = fdopen(cgroupfs_open_file(dir_fd, "cgroup.procs", O_RDONLY), "r");
        bool found = false;

        for (int listed; file && !found && fscanf(file, "%d", &listed) == 1;)
                found = listed == pid;
        if (file)
                fclose(file);
        return found;
}

/* Writes the path behind the len bytes that are there. 0, -ENOENT, or another negative errno. */
static int find_process(int dir_fd, pid_t pid, char *buffer, size_t len, size_t size)
{
        struct dirent *entry;
        int r = -ENOENT;
        DIR *dir;

        if (holds_process(dir_fd, pid))
                return 0;
        dir = fdopendir(cgroupfs_open_file(dir_fd, ".", O_RDONLY | O_DIRECTORY));
        while (r == -ENOENT && dir && (entry = readdir(dir))) {
                CLEANUP(close_p) int fd = -1;
                int n;

                if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 ||
                    strcmp(entry->d_name, "..") == 0)
                        continue;
                n = snprintf(buffer + len, size - len, "/%s", entry->d_name);
                fd = cgroupfs_open_file(dir_fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
                if (fd >= 0 && (size_t)n < size - len)
                        r = find_process(fd, pid, buffer, len + (size_t)n, size);
        }
        if (dir)
                closedir(dir);
        if (r < 0)
                buffer[len] = '\0';
        return r;
}

int cgroupfs_own_path(int root_fd, char *buffer, size_t size)
{
        char text[4096];
        int r = cgroupfs_read(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text));
        const char *path;
        size_t len = 0;

        if (r != CGROUPFS_OK)
                return r < 0 ? r : -ENOENT;
        path = ktext_cgroup(text, &len);
        if (!path)
                return -ENOENT;
        if (len == 1) {         /* the root, or that of a namespace */
                buffer[0] = '\0';
                r = root_fd < 0 ? 0 : find_process(root_fd, getpid(), buffer, 0, size);
                return r == -ENOENT ? 0 : r;
        }
        return (size_t)snprintf(buffer, size, "%.*s", (int)len, path) < size ? 0 : -ENAMETOOLONG;
}
