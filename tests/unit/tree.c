/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A fixture is text in, folder out. Every line names a directory and every word of it one fact; most facts
 * are a file each, but some files hold several (memory.stat, the pressure files, meminfo), so a line is
 * first collected, file by file, and then written. What the kernel would show for a cgroup nobody has
 * touched is laid down before the words are read. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/base.h"

#define FILES_MAX 32
#define WORD_MAX  512
#define FILE_MAX  4096

/* The files of one line while they are collected. */
struct file {
        char name[64];
        char text[FILE_MAX];
        bool absent;
};

struct line {
        enum { LINE_CGROUP, LINE_PROCESS, LINE_MEMINFO, LINE_PRESSURE } kind;
        char dir[512];          /* below the root of the tree */
        struct file files[FILES_MAX];
        size_t n_files;
        char psi[2][4][32];     /* some, full; avg10, avg60, avg300, total */
};

static const char *const psi_kinds[2] = { "some", "full" };
static const char *const psi_keys[4] = { "avg10", "avg60", "avg300", "total" };

static struct file *file_of(struct line *l, const char *name)
{
        for (size_t i = 0; i < l->n_files; i++)
                if (strcmp(l->files[i].name, name) == 0)
                        return &l->files[i];
        if (l->n_files == FILES_MAX || strlen(name) >= sizeof(l->files->name))
                return NULL;
        strcpy(l->files[l->n_files].name, name);
        l->files[l->n_files].text[0] = '\0';
        l->files[l->n_files].absent = false;
        return &l->files[l->n_files++];
}

static int PRINTF(3, 4) file_add(struct line *l, const char *name, const char *format, ...)
{
        struct file *f = file_of(l, name);
        size_t len = f ? strlen(f->text) : 0;
        va_list args;
        int n;

        if (!f)
                return -E2BIG;
        va_start(args, format);
        n = vsnprintf(f->text + len, FILE_MAX - len, format, args);
        va_end(args);
        return n < 0 || (size_t)n >= FILE_MAX - len ? -E2BIG : 0;
}

static int file_set(struct line *l, const char *name, const char *value)
{
        struct file *f = file_of(l, name);

        if (!f)
                return -E2BIG;
        f->text[0] = '\0';
        return file_add(l, name, "%s\n", value);
}

/* A line "KEY …" of a flat-keyed file: the one that is there is taken out first. */
static int key_set(struct line *l, const char *name, const char *key, const char *value, const char *unit)
{
        struct file *f = file_of(l, name);
        size_t len = strlen(key);

        if (!f)
                return -E2BIG;
        for (char *at = f->text, *end; (end = strchr(at, '\n')); at = end + 1)
                if (strncmp(at, key, len) == 0 && at[len] == ' ') {
                        memmove(at, end + 1, strlen(end + 1) + 1);
                        break;
                }
        return file_add(l, name, "%s %s%s\n", key, value, unit);
}

static const struct {
        int kind;
        const char *name, *text;
} defaults[] = {
        { LINE_CGROUP, "cgroup.procs", "" },
        { LINE_CGROUP, "cgroup.events", "populated 0\nfrozen 0\n" },
        { LINE_CGROUP, "cgroup.kill", "" },
        { LINE_CGROUP, "memory.current", "0\n" },
        { LINE_CGROUP, "memory.swap.current", "0\n" },
        { LINE_CGROUP, "memory.stat", "anon 0\nfile 0\nshmem 0\n" },
        { LINE_PROCESS, "comm", "process\n" },
        { LINE_PROCESS, "oom_score", "666\n" },
        { LINE_PROCESS, "oom_score_adj", "0\n" },
        { LINE_PROCESS, "status", "RssShmem: 0 kB\n" },
};

static int line_begin(struct line *l, const char *path)
{
        l->n_files = 0;
        l->kind = LINE_CGROUP;
        if (strcmp(path, "/proc/meminfo") == 0)
                l->kind = LINE_MEMINFO;
        else if (strcmp(path, "/proc/pressure/memory") == 0)
                l->kind = LINE_PRESSURE;
        else if (strncmp(path, "/proc/", 6) == 0)
                l->kind = LINE_PROCESS;

        if (l->kind == LINE_PRESSURE)
                path = "/proc/pressure";
        else if (l->kind == LINE_MEMINFO)
                path = "/proc";
        if ((size_t)snprintf(l->dir, sizeof(l->dir), "%s/%s", l->kind == LINE_CGROUP ? "cgroup" : "", path) >=
            sizeof(l->dir))
                return -ENAMETOOLONG;
        for (size_t i = 0; i < 8; i++)
                strcpy(l->psi[i / 4][i % 4], i % 4 == 3 ? "0" : "0.00");
        for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
                if ((int)l->kind == defaults[i].kind &&
                    file_add(l, defaults[i].name, "%s", defaults[i].text) < 0)
                        return -E2BIG;
        return 0;
}

/* "some.avg10" and its like; 0 when it was one. */
static int psi_word(struct line *l, const char *key, const char *value)
{
        for (size_t i = 0; i < 8; i++) {
                char name[16];

                snprintf(name, sizeof(name), "%s.%s", psi_kinds[i / 4], psi_keys[i % 4]);
                if (strcmp(key, name) != 0)
                        continue;
                return snprintf(l->psi[i / 4][i % 4], 32, "%s", value) < 32 ? 0 : -E2BIG;
        }
        return -EINVAL;
}

static int procs_word(struct line *l, char *value)
{
        int r = file_set(l, "cgroup.procs", value);

        if (r < 0)
                return r;
        for (char *p = file_of(l, "cgroup.procs")->text; *p; p++)
                if (*p == ',')
                        *p = '\n';
        return key_set(l, "cgroup.events", "populated", "1", "");
}

/* One word "key=value" or "-file" of a cgroup's line, extended attributes aside. */
static int cgroup_word(struct line *l, const char *key, char *value)
{
        int r = psi_word(l, key, value);

        if (r != -EINVAL)
                return r;
        if (strcmp(key, "cgroup.procs") == 0)
                return procs_word(l, value);
        if (strcmp(key, "populated") == 0 || strcmp(key, "frozen") == 0)
                return key_set(l, "cgroup.events", key, value, "");
        return strchr(key, '.') ? file_set(l, key, value) : key_set(l, "memory.stat", key, value, "");
}

static int line_word(struct line *l, const char *key, char *value)
{
        char colon[WORD_MAX + 1];

        snprintf(colon, sizeof(colon), "%s:", key);
        switch (l->kind) {
        case LINE_CGROUP:
                return cgroup_word(l, key, value);
        case LINE_PROCESS:
                return strcmp(key, "RssShmem") == 0 ? key_set(l, "status", colon, value, " kB") :
                                                       file_set(l, key, value);
        case LINE_MEMINFO:
                return key_set(l, "meminfo", colon, value, " kB");
        case LINE_PRESSURE:
                return psi_word(l, key, value);
        }
        return -EINVAL;
}

static int write_text(int dir_fd, const char *path, const char *text)
{
        CLEANUP(close_p) int fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        size_t len = strlen(text);

        if (fd < 0)
                return -errno;
        return write(fd, text, len) == (ssize_t)len ? 0 : -EIO;
}

/* Makes a directory with all above it, and opens it. */
static int make_path(const struct tree_fixture *t, const char *dir)
{
        char path[640];
        int fd;

        if ((size_t)snprintf(path, sizeof(path), "%s/%s/", t->root, dir) >= sizeof(path))
                return -ENAMETOOLONG;
        for (char *p = path + strlen(t->root) + 1; (p = strchr(p, '/')); p++) {
                *p = '\0';
                if (mkdir(path, 0755) < 0 && errno != EEXIST)
                        return -errno;
                *p = '/';
        }
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

static int line_end(struct line *l, int dir_fd)
{
        int r = 0;

        if (l->kind == LINE_CGROUP || l->kind == LINE_PRESSURE) {
                const char *name = l->kind == LINE_CGROUP ? "memory.pressure" : "memory";

                for (size_t i = 0; i < 2 && r == 0; i++)
                        r = file_add(l, name, "%s avg10=%s avg60=%s avg300=%s total=%s\n", psi_kinds[i],
                                     l->psi[i][0], l->psi[i][1], l->psi[i][2], l->psi[i][3]);
        }
        for (size_t i = 0; i < l->n_files && r == 0; i++)
                if (!l->files[i].absent)
                        r = write_text(dir_fd, l->files[i].name, l->files[i].text);
        return r;
}

static bool is_attribute(const struct line *l, const char *key)
{
        return l->kind == LINE_CGROUP && (strncmp(key, "trusted.", 8) == 0 || strncmp(key, "user.", 5) == 0 ||
                                          strncmp(key, "security.", 9) == 0);
}

static int make_line(struct tree_fixture *t, struct line *l, char *text)
{
        char *rest, *word = strtok_r(text, " ", &rest);
        CLEANUP(close_p) int dir_fd = -1;
        int r = word ? line_begin(l, word) : -EINVAL;

        if (r < 0 || (dir_fd = r = make_path(t, l->dir)) < 0)
                return r;
        while ((word = strtok_r(NULL, " ", &rest))) {
                char *value = strchr(word, '=');

                if (word[0] == '-' && !value) {
                        struct file *f = file_of(l, word + 1);

                        if (!f)
                                return -E2BIG;
                        f->absent = true;
                        continue;
                }
                if (!value || value == word || strlen(word) > WORD_MAX)
                        return -EINVAL;
                *value++ = '\0';
                if (is_attribute(l, word))
                        t->attributes_refused += fsetxattr(dir_fd, word, value, strlen(value), 0) < 0;
                else if ((r = line_word(l, word, value)) < 0)
                        return r;
        }
        return line_end(l, dir_fd);
}

static int make_lines(struct tree_fixture *t, const char *text)
{
        CLEANUP(free_p) char *copy = strdup(text);
        CLEANUP(free_p) struct line *l = calloc(1, sizeof(*l));
        char *rest, *line;
        int r = 0;

        if (!copy || !l)
                return -ENOMEM;
        for (line = strtok_r(copy, "\n", &rest); line && r == 0; line = strtok_r(NULL, "\n", &rest))
                if (line[strspn(line, " ")] != '\0')
                        r = make_line(t, l, line);
        return r;
}

int tree_fixture_make(struct tree_fixture *t, const char *text)
{
        int r;

        *t = (struct tree_fixture)TREE_FIXTURE_INIT;
        strcpy(t->root, "/tmp/jettison-tree-XXXXXX");
        if (!mkdtemp(t->root)) {
                t->root[0] = '\0';
                return -errno;
        }
        snprintf(t->cgroup, sizeof(t->cgroup), "%s/cgroup", t->root);
        snprintf(t->proc, sizeof(t->proc), "%s/proc", t->root);
        if ((r = t->cgroup_fd = make_path(t, "cgroup")) >= 0 && (r = t->proc_fd = make_path(t, "proc")) >= 0)
                r = make_lines(t, text);
        if (r < 0)
                tree_fixture_remove(t);
        return r < 0 ? r : 0;
}

int tree_fixture_write(const struct tree_fixture *t, const char *path, const char *text)
{
        char whole[640];

        if ((size_t)snprintf(whole, sizeof(whole), "%s/%s", t->root, path) >= sizeof(whole))
                return -ENAMETOOLONG;
        return write_text(AT_FDCWD, whole, text);
}

static int remove_entry(const char *path, const struct stat *stat UNUSED, int type UNUSED,
                        struct FTW *ftw UNUSED)
{
        return remove(path);
}

void tree_fixture_remove(struct tree_fixture *t)
{
        close_p(&t->cgroup_fd);
        close_p(&t->proc_fd);
        if (t->root[0])
                nftw(t->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
        *t = (struct tree_fixture)TREE_FIXTURE_INIT;
}
