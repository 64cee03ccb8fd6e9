/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal is renamed when it is full, so a place is a file and not a name: its inode, and a mark of its
 * first bytes, which hold a time and differ from file to file. Where the file has gone is found by looking at
 * the names that the rotation gives (record/file.h): journal, journal.1, journal.2 … The next newer one has
 * the next lower number, however many rotations there were between two looks. A file that is found under none
 * of them was deleted or given a name of somebody else's choosing; then the journal itself is the next, and
 * the rotated files are not touched: they may have been read before.
 *
 * The rotation does not wait for the reader. So whether the open file is still the journal is asked before it
 * is read and not after: what was written to it until it was renamed is read then, too. And the next one
 * counts only if it has the same number before and after it was opened: files move upwards only, and from the
 * oldest on, so it was that one which was opened, and none in between was passed over. */
#include "record/tail.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
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

/* number 0: the journal itself. 0 or -ENAMETOOLONG. */
static int name_of(const struct tail *t, unsigned number, char name[static PATH_MAX])
{
        int len = snprintf(name, PATH_MAX, number ? "%s.%u" : "%s", t->path, number);

        return len < PATH_MAX ? 0 : -ENAMETOOLONG;
}

static int stat_number(const struct tail *t, unsigned number, struct stat *ret_stat)
{
        char name[PATH_MAX];
        int r = name_of(t, number, name);

        if (r < 0)
                return r;
        return stat(name, ret_stat) < 0 ? -errno : 0;
}

/* Descriptor or -errno. */
static int open_number(const struct tail *t, unsigned number, struct stat *ret_stat)
{
        char name[PATH_MAX];
        CLEANUP(close_p) int fd = -1;
        int r = name_of(t, number, name);

        if (r < 0)
                return r;
        fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0 || fstat(fd, ret_stat) < 0)
                return -errno;
        return S_ISREG(ret_stat->st_mode) ? steal_fd(&fd) : -EINVAL;
}

/* Forgets the beginning of a line whose end will not come. */
static void drop_rest(struct tail *t)
{
        t->n_torn += t->lines.pending > 0;
        lines_clear(&t->lines);
}

/* fd is stolen. */
static void take_file(struct tail *t, int fd, const struct stat *st, uint64_t offset)
{
        close_p(&t->fd);
        drop_rest(t);
        t->fd = fd;
        t->device = st->st_dev;
        t->file = (struct tail_place){ .inode = st->st_ino, .mark = mark_of(fd), .offset = offset };
}

/* The number under which the file of this inode stands now; -ENOENT. A name that is not there is passed over,
 * so that none is missed while they move. */
static int find_number(const struct tail *t, uint64_t inode)
{
        struct stat st;

        for (unsigned i = 0; i <= TAIL_KEEP_MAX; i++)
                if (stat_number(t, i, &st) == 0 && st.st_ino == inode &&
                    (t->fd < 0 || st.st_dev == t->device))
                        return (int)i;
        return -ENOENT;
}

/* 0: none is rotated. */
static unsigned find_oldest(const struct tail *t)
{
        unsigned number = 0;
        struct stat st;

        while (number < TAIL_KEEP_MAX && stat_number(t, number + 1, &st) == 0)
                number++;
        return number;
}

void tail_open(struct tail *t, const char *path, enum tail_start start, const struct tail_place *place)
{
        int number = -ENOENT, fd;
        struct stat st;

        t->path = path;
        t->from_oldest = !place && start == TAIL_OLDEST;
        if (t->from_oldest)
                return;
        if (place)
                number = find_number(t, place->inode);
        fd = open_number(t, number < 0 ? 0 : (unsigned)number, &st);
        if (fd < 0)
                return;
        take_file(t, fd, &st, 0);
        if (!place)
                t->file.offset = (uint64_t)st.st_size;
        else if (number >= 0 && t->file.mark == place->mark && place->offset <= (uint64_t)st.st_size)
                t->file.offset = place->offset;
        else
                log_notice("the journal was replaced: reading it from its beginning");
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

uint64_t tail_lost(const struct tail *t)
{
        return t->n_torn + t->lines.skipped;
}

static uint64_t read_offset(const struct tail *t)
{
        return t->file.offset + t->lines.taken + t->lines.pending;
}

/* Reads the open file to its end; from its beginning, if whole lines were cut off. The beginning of a line is read
 * once more: the writer takes it back when there is no room for the rest (record/file.c). */
static int read_file(struct tail *t, bool (*line)(void *who, const char *text, size_t len), void *who)
{
        char buffer[64 * KIB];
        struct stat st;

        if (fstat(t->fd, &st) < 0)
                return -errno;
        if ((uint64_t)st.st_size < t->file.offset + t->lines.taken) {
                drop_rest(t);
                t->file.offset = 0;
                t->file.mark = mark_of(t->fd);
        } else if (t->lines.pending > 0) {
                t->file.offset += t->lines.taken;
                lines_clear(&t->lines);
        }
        for (;;) {
                ssize_t n = pread(t->fd, buffer, sizeof(buffer), (off_t)read_offset(t));
                int r;

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                r = lines_take(&t->lines, buffer, (size_t)n, line, who);
                if (r < 0)
                        return r;
        }
}

/* The number of the next newer file, whether or not it is there; -ENOENT: the open one is the journal. */
static int find_next(const struct tail *t)
{
        struct stat st;
        int number;

        if (t->fd < 0)
                return t->from_oldest ? (int)find_oldest(t) : 0;
        number = find_number(t, t->file.inode);
        if (number == 0)
                return -ENOENT;
        while (--number > 0 && stat_number(t, (unsigned)number, &st) < 0)
                ;
        return number > 0 ? number : 0;
}

/* Answers of go_on. */
enum { NEXT_OPEN, NEXT_MOVED };

/* Opens the next newer file; what cannot be read of the past is missing from it. NEXT_OPEN; NEXT_MOVED: to be
 * asked again; -ENOENT: there is none yet; or another negative errno. */
static int go_on(struct tail *t)
{
        int next = find_next(t), number = next;
        CLEANUP(close_p) int fd = -1;
        struct stat st;

        if (next < 0)
                return next;
        /* Without the journal itself, the oldest could not be told from what is rotated just now. */
        if (t->fd < 0 && t->from_oldest && access(t->path, R_OK) < 0)
                return -errno;
        do
                fd = open_number(t, (unsigned)number, &st);
        while (fd < 0 && fd != -ENOENT && number-- > 0);
        if (find_next(t) != next)
                return NEXT_MOVED;
        if (fd < 0)
                return fd;
        take_file(t, steal_fd(&fd), &st, 0);
        return NEXT_OPEN;
}

int tail_read(struct tail *t, bool (*line)(void *who, const char *text, size_t len), void *who)
{
        for (;;) {
                bool is_journal = t->fd >= 0 && find_number(t, t->file.inode) == 0;
                int r = t->fd < 0 ? 0 : read_file(t, line, who);

                if (r < 0 || is_journal)
                        return r;
                do
                        r = go_on(t);
                while (r == NEXT_MOVED);
                if (r < 0)
                        return r == -ENOENT && t->fd >= 0 ? 0 : r;
        }
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
