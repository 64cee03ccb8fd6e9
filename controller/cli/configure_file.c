/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree below the root may be an image that somebody else has made, and its links must not lead into
 * the host. openat2 with RESOLVE_IN_ROOT (Linux 5.6) has the kernel see to that. A file is replaced by
 * rename(2) within its own folder, so the folder is opened first and everything else happens below its
 * descriptor. */
#include "cli/configure_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/base.h"
#include "cli/configure_toml.h"
#include "cli/text.h"

int root_open(const char *path)
{
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

static int open_below(int root_fd, const char *path, int flags)
{
        const struct open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT };
        long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));

        return fd < 0 ? -errno : (int)fd;
}

/* The folder of a path, and the name in it (borrowed from the path). */
static int open_folder(int root_fd, const char *path, const char **ret_name)
{
        const char *name = basename(path);
        CLEANUP(free_p) char *folder = text_format("%.*s", (int)(name - path), path);

        *ret_name = name;
        return open_below(root_fd, folder, O_RDONLY | O_DIRECTORY);
}

/* Makes what is missing of the path's folders, from the top. */
static int make_folders(int root_fd, const char *path)
{
        for (const char *end = strchr(path + 1, '/'); end; end = strchr(end + 1, '/')) {
                CLEANUP(free_p) char *folder = text_format("%.*s", (int)(end - path), path);
                const char *name;
                CLEANUP(close_p) int fd = open_below(root_fd, folder, O_PATH | O_DIRECTORY), above = -1;

                if (fd >= 0)
                        continue;
                if (fd != -ENOENT)
                        return fd;
                above = open_folder(root_fd, folder, &name);
                if (above < 0)
                        return above;
                if (mkdirat(above, name, 0755) < 0 && errno != EEXIST)
                        return -errno;
        }
        return 0;
}

static int read_all(int fd, char **ret_text)
{
        CLEANUP(free_p) char *text = must(malloc(FILE_SIZE_MAX + 2));
        size_t len = 0;
        ssize_t n;

        while ((n = read(fd, text + len, FILE_SIZE_MAX + 1 - len)) != 0) {
                if (n < 0 && errno != EINTR)
                        return -errno;
                len += n > 0 ? (size_t)n : 0;
                if (len > FILE_SIZE_MAX)
                        return -EFBIG;
        }
        text[len] = '\0';
        if (strlen(text) != len)
                return -EILSEQ;
        *ret_text = must(strdup(text));
        return 0;
}

int file_read(int root_fd, const char *path, char **ret_text)
{
        CLEANUP(close_p) int fd = open_below(root_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
        struct stat st;

        if (fd == -ENOTDIR)
                return -ENOENT;
        if (fd < 0)
                return fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
        return read_all(fd, ret_text);
}

/* Owner before mode, which a change of owner may cut. */
static int take_after(int fd, int root_fd, const char *like)
{
        CLEANUP(close_p) int like_fd = like ? open_below(root_fd, like, O_PATH | O_NOFOLLOW) : -ENOENT;
        struct stat st = { .st_uid = geteuid(), .st_gid = getegid(), .st_mode = 0644 };

        if (like_fd >= 0 && fstat(like_fd, &st) < 0)
                return -errno;
        if (fchown(fd, st.st_uid, st.st_gid) < 0 || fchmod(fd, st.st_mode & 07777) < 0)
                return -errno;
        return 0;
}

static int write_all(int fd, const char *text)
{
        for (size_t len = strlen(text); len > 0;) {
                ssize_t n = write(fd, text, len);

                if (n < 0 && errno != EINTR)
                        return -errno;
                text += n > 0 ? n : 0;
                len -= n > 0 ? (size_t)n : 0;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

int file_write(int root_fd, const char *path, const char *text, const char *like)
{
        const char *name;
        int r = make_folders(root_fd, path);
        CLEANUP(close_p) int folder = r < 0 ? r : open_folder(root_fd, path, &name), fd = -1;
        CLEANUP(free_p) char *temporary = NULL;

        if (folder < 0)
                return folder;
        temporary = text_format(".%s.jettison-%d", name, (int)getpid());
        fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        r = take_after(fd, root_fd, like);
        if (r == 0)
                r = write_all(fd, text);
        if (r == 0 && (renameat(folder, temporary, folder, name) < 0 || fsync(folder) < 0))
                r = -errno;
        if (r < 0)
                unlinkat(folder, temporary, 0);
        return r;
}

int file_remove(int root_fd, const char *path)
{
        const char *name;
        CLEANUP(close_p) int folder = open_folder(root_fd, path, &name);

        if (folder < 0)
                return folder;
        return unlinkat(folder, name, 0) < 0 || fsync(folder) < 0 ? -errno : 0;
}

static int compare_names(const void *a, const void *b)
{
        return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_in(const char *name, const char *suffix)
{
        size_t len = strlen(name), wanted = strlen(suffix);

        return len >= wanted && strcmp(name + len - wanted, suffix) == 0;
}

int file_list(int root_fd, const char *path, const char *suffix, char ***ret_names)
{
        int fd = open_below(root_fd, path, O_RDONLY | O_DIRECTORY);
        DIR *dir = fd < 0 ? NULL : fdopendir(fd);
        char **names = must(calloc(1, sizeof(*names)));
        size_t n = 0;

        if (!dir && fd != -ENOENT && fd != -ENOTDIR) {
                free(names);
                return fd < 0 ? fd : -ENOMEM;
        }
        for (const struct dirent *entry; dir && (entry = readdir(dir));) {
                if (entry->d_name[0] == '.' || !ends_in(entry->d_name, suffix))
                        continue;
                names = must(reallocarray(names, n + 2, sizeof(*names)));
                names[n++] = must(strdup(entry->d_name));
                names[n] = NULL;
        }
        if (dir)
                closedir(dir);
        qsort(names, n, sizeof(*names), compare_names);
        *ret_names = names;
        return 0;
}

bool file_is_program(int root_fd, const char *path)
{
        CLEANUP(close_p) int fd = open_below(root_fd, path, O_PATH);
        struct stat st;

        return fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IXUSR);
}

char *root_path(const char *root, const char *path)
{
        size_t len = strlen(root);

        while (len > 0 && root[len - 1] == '/')
                len--;
        return text_format("%.*s%s", (int)len, root, path);
}
