/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The open descriptor is what is followed, not the name. When the name stands for another file, the open one
 * has been rotated away, perhaps more than once since the last look: it is read to its end, then searched for
 * among path.1, path.2 …; those before it are newer and are read whole; then the name again. Where it is not
 * found it was deleted or given a name of somebody else's choosing, and the rotated files are not touched:
 * they may have been read before.
 *
 * A file that has become shorter than what was read of it was cut (copytruncate) and is read from its
 * beginning. */
#include "export/follow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"

#define STEP_BYTES  ((size_t)(64 * KIB))
#define ROTATED_MAX 100 /* as many as the daemon's journal.keep allows */

static bool name_rotated(const struct follow *f, unsigned number, char name[static PATH_MAX])
{
        int n = number ? snprintf(name, PATH_MAX, "%s.%u", f->path, number)
                       : snprintf(name, PATH_MAX, "%s", f->path);

        return n < PATH_MAX;
}

/* Forgets the beginning of a line whose end will not come. */
static void drop_rest(struct follow *f)
{
        f->n_lost += f->len > 0 && !f->skipping;
        f->len = 0;
        f->skipping = false;
}

/* Takes the whole lines of what is in the buffer and moves the rest to its beginning. */
static void take_lines(struct follow *f)
{
        char *from = f->line, *end;

        while ((end = memchr(from, '\n', f->len - (size_t)(from - f->line)))) {
                if (!f->skipping)
                        f->take(f->context, from, (size_t)(end - from));
                f->skipping = false;
                from = end + 1;
        }
        f->len -= (size_t)(from - f->line);
        memmove(f->line, from, f->len);
        if (f->len < FOLLOW_LINE_MAX)
                return;
        f->n_lost += !f->skipping;
        f->skipping = true;
        f->len = 0;
}

/* Room for another step. The buffer grows to the longest line there was. */
static int make_room(struct follow *f)
{
        char *line;

        if (f->size - f->len >= STEP_BYTES)
                return 0;
        line = realloc(f->line, f->size + STEP_BYTES);
        if (!line)
                return -ENOMEM;
        f->line = line;
        f->size += STEP_BYTES;
        return 0;
}

/* Reads the open file to its end. */
static int read_open(struct follow *f)
{
        for (;;) {
                ssize_t n;
                int r = make_room(f);

                if (r < 0)
                        return r;
                n = pread(f->fd, f->line + f->len, f->size - f->len, (off_t)f->offset);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : 0;
                f->offset += (uint64_t)n;
                f->len += (size_t)n;
                take_lines(f);
        }
}

static int open_number(struct follow *f, unsigned number)
{
        char name[PATH_MAX];
        struct stat st;

        if (!name_rotated(f, number, name))
                return -ENAMETOOLONG;
        CLEANUP(close_p) int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return -EINVAL;
        close_p(&f->fd);
        f->fd = steal_fd(&fd);
        f->offset = 0;
        drop_rest(f);
        return 0;
}

/* The rotated file that is the open one, or 0; without an open file, the oldest. */
static unsigned find_rotated(const struct follow *f)
{
        struct stat open_file, st;
        char name[PATH_MAX];
        unsigned number = 0;

        if (f->fd >= 0 && fstat(f->fd, &open_file) < 0)
                return 0;
        while (number < ROTATED_MAX && name_rotated(f, number + 1, name) && stat(name, &st) == 0) {
                number++;
                if (f->fd >= 0 && st.st_ino == open_file.st_ino && st.st_dev == open_file.st_dev)
                        return number;
        }
        return f->fd < 0 ? number : 0;
}

/* Reads path.from … path.1 and path, oldest first. What cannot be read of the past is missing from it. */
static int read_from(struct follow *f, unsigned from)
{
        int r;

        for (; from > 0; from--)
                if (open_number(f, from) == 0)
                        read_open(f);
        r = open_number(f, 0);
        return r < 0 ? r : read_open(f);
}

/* Is what the name stands for another file than the open one? An absent one is not: it may be on its way. */
static bool is_replaced(const struct follow *f)
{
        struct stat open_file, named;

        return fstat(f->fd, &open_file) == 0 && stat(f->path, &named) == 0 &&
               (open_file.st_ino != named.st_ino || open_file.st_dev != named.st_dev);
}

/* Only if the name is there: else it would be told apart from what is rotated just now. */
static int begin(struct follow *f)
{
        return access(f->path, R_OK) < 0 ? -errno : read_from(f, find_rotated(f));
}

int follow_read(struct follow *f)
{
        bool replaced;
        struct stat st;
        unsigned number;
        int r;

        if (f->fd < 0)
                return begin(f);
        if (fstat(f->fd, &st) < 0)
                return -errno;
        if ((uint64_t)st.st_size < f->offset) {
                f->offset = 0;
                drop_rest(f);
        }
        replaced = is_replaced(f); /* before reading: what is written until the rename is then read, too */
        r = read_open(f);
        if (r < 0 || !replaced)
                return r;
        number = find_rotated(f);
        return read_from(f, number > 0 ? number - 1 : 0);
}

void follow_fini(struct follow *f)
{
        close_p(&f->fd);
        free(f->line);
        *f = (struct follow)FOLLOW_INIT;
}
