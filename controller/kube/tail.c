/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal is renamed when it is full, so a place is a file and not a name: its inode, and a mark of its
 * first bytes, which hold a time and differ from file to file. Where the file has gone is found by looking at
 * the names that the rotation gives (record/file.h): journal, journal.1, journal.2 … The next newer one is
 * always that of the number before. */
#include "kube/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"

#define MARK_BYTES 64u

/* FNV-1a. A file with less than MARK_BYTES has no mark yet. */
static uint64_t mark_of(int fd)
{
        unsigned char bytes[MARK_BYTES];
        uint64_t mark = UINT64_C(0xcbf29ce484222325);

        if (pread(fd, bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
                return 0;
        for (size_t i = 0; i < sizeof(bytes); i++)
                mark = (mark ^ bytes[i]) * UINT64_C(0x100000001b3);
        return mark;
}

/* number 0: the journal itself. Descriptor or -errno. */
static int open_number(const struct tail *t, unsigned number, struct stat *ret_stat)
{
        char path[PATH_MAX + 16];
        CLEANUP(close_p) int fd = -1;

        snprintf(path, sizeof(path), number ? "%s.%u" : "%s", t->path, number);
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 || fstat(fd, ret_stat) < 0)
                return -errno;
        return S_ISREG(ret_stat->st_mode) ? steal_fd(&fd) : -EINVAL;
}

static void take_file(struct tail *t, int fd, uint64_t inode, uint64_t offset)
{
        close_p(&t->fd);
        lines_clear(&t->lines);
        t->fd = fd;
        t->file = (struct tail_place){ .inode = inode, .mark = mark_of(fd), .offset = offset };
}

/* The number under which the file of this inode stands now; -ENOENT. */
static int find_number(const struct tail *t, uint64_t inode)
{
        for (unsigned i = 0; i <= TAIL_KEEP_MAX; i++) {
                struct stat st;
                CLEANUP(close_p) int fd = open_number(t, i, &st);

                if (fd >= 0 && st.st_ino == inode)
                        return (int)i;
                if (fd == -ENOENT && i > 0)
                        break;
        }
        return -ENOENT;
}

int tail_open(struct tail *t, const char *path, const struct tail_place *place)
{
        int number = -ENOENT, fd;
        struct stat st;

        if (strlen(path) >= sizeof(t->path))
                return -ENAMETOOLONG;
        strcpy(t->path, path);
        if (place)
                number = find_number(t, place->inode);
        fd = open_number(t, number < 0 ? 0 : (unsigned)number, &st);
        if (fd < 0)
                return 0;
        take_file(t, fd, st.st_ino, 0);
        if (!place)
                t->file.offset = (uint64_t)st.st_size;
        else if (number >= 0 && t->file.mark == place->mark && place->offset <= (uint64_t)st.st_size)
                t->file.offset = place->offset;
        else
                log_notice("the journal was replaced: reading it from its beginning");
        return 0;
}

void tail_close(struct tail *t)
{
        close_p(&t->fd);
        t->fd = -1;
        lines_clear(&t->lines);
}

struct tail_place tail_place(const struct tail *t)
{
        struct tail_place place = t->file;

        place.offset += t->lines.taken;
        if (t->fd >= 0 && place.mark == 0)
                place.mark = mark_of(t->fd);
        return place;
}

/* Reads the open file to its end. */
static int read_file(struct tail *t, bool (*line)(void *who, const char *text, size_t len), void *who)
{
        char buffer[64 * KIB];
        ssize_t n;
        int r;

        for (;;) {
                uint64_t at = t->file.offset + t->lines.taken + t->lines.pending;

                n = pread(t->fd, buffer, sizeof(buffer), (off_t)at);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                r = lines_take(&t->lines, buffer, (size_t)n, line, who);
                if (r < 0)
                        return r;
        }
}

/* The next newer file, if the open one is not the journal any more. Whether there is another to be read. */
static bool go_on(struct tail *t)
{
        int number = t->fd < 0 ? -ENOENT : find_number(t, t->file.inode), fd;
        struct stat st;

        if (number == 0)
                return false;
        fd = open_number(t, number < 0 ? 0 : (unsigned)number - 1, &st);
        if (fd < 0)
                return false;           /* between two names; or there is none */
        take_file(t, fd, st.st_ino, 0);
        return true;
}

int tail_read(struct tail *t, bool (*line)(void *who, const char *text, size_t len), void *who)
{
        do {
                struct stat st;
                int r;

                if (t->fd < 0)
                        continue;
                if (fstat(t->fd, &st) < 0)
                        return -errno;
                if ((uint64_t)st.st_size < t->file.offset + t->lines.taken + t->lines.pending) {
                        lines_clear(&t->lines);
                        t->file.offset = 0;
                        t->file.mark = mark_of(t->fd);
                }
                r = read_file(t, line, who);
                if (r < 0)
                        return r;
        } while (go_on(t));
        return 0;
}

int tail_place_save(int dir_fd, const char *name, const struct tail_place *place)
{
        CLEANUP(close_p) int fd = -1;
        char fresh[NAME_MAX + 1], text[80];
        int len = snprintf(text, sizeof(text), "%" PRIu64 " %" PRIx64 " %" PRIu64 "\n", place->inode,
                           place->mark, place->offset);

        if ((size_t)snprintf(fresh, sizeof(fresh), "%s.new", name) >= sizeof(fresh))
                return -ENAMETOOLONG;
        fd = openat(dir_fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        if (write(fd, text, (size_t)len) != len)
                return -EIO;
        return renameat(dir_fd, fresh, dir_fd, name) < 0 ? -errno : 0;
}

int tail_place_load(int dir_fd, const char *name, struct tail_place *ret_place)
{
        CLEANUP(close_p) int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
        struct tail_place place;
        char text[80];
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        if (sscanf(text, "%" SCNu64 " %" SCNx64 " %" SCNu64, &place.inode, &place.mark, &place.offset) != 3)
                return -EBADMSG;
        *ret_place = place;
        return 0;
}
