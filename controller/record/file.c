/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal is read after something went wrong, perhaps with this very file: the disk was full, the machine
 * went down in the middle of a line, someone else rotated it away. The rules that keep it readable:
 *
 * - A line is appended with one writev. If only a part of it was taken, the rest is tried once; if that
 *   fails the file is cut back to where the line began. An append-only file (chattr +a) cannot be cut and
 *   keeps the torn line.
 * - A file found at open to end inside a line gets a newline in front of the next one, so that one line is
 *   lost, not two.
 * - After a failed write the file is closed, and each later line tries to open it afresh: a full disk that
 *   was emptied, a file system mounted writable again, a folder made anew all end the failure without
 *   further help. So it is with a file that cannot be opened at all.
 * - Lines that were lost in the meantime are counted by the caller, and the first one that is written again
 *   says how many.
 * - Rotation renames from the oldest on; a missing link of the chain is passed over. Where it is refused,
 *   the file grows: a large journal is better than none. */
#include "record/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/sink.h"

#define COMPLAINT_US (60 * USEC_PER_SEC)        /* a full disk must not fill the log as well */

static void make_folder(const char *path)
{
        char folder[PATH_MAX];
        char *slash;

        snprintf(folder, sizeof(folder), "%s", path);
        slash = strrchr(folder, '/');
        if (!slash || slash == folder)
                return;
        *slash = '\0';
        if (mkdir(folder, 0750) < 0)
                return;         /* whatever was wrong, open() is about to say it */
}

static bool ends_inside_line(int fd, uint64_t size)
{
        char last;

        return size > 0 && pread(fd, &last, 1, (off_t)size - 1) == 1 && last != '\n';
}

/* Non-blocking while it opens, so that a FIFO without a reader is an error and not a wait. */
#define OPEN_FLAGS (O_RDWR | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static int file_open(struct record_file *f)
{
        CLEANUP(close_p) int fd = open(f->path, OPEN_FLAGS | O_CREAT, 0640);
        struct stat st;

        if (fd < 0 && errno == ENOENT) {
                make_folder(f->path);
                fd = open(f->path, OPEN_FLAGS | O_CREAT, 0640);
        }
        if (fd < 0 || fstat(fd, &st) < 0 || fcntl(fd, F_SETFL, O_APPEND) < 0)
                return -errno;

        f->regular = S_ISREG(st.st_mode);
        f->size = f->regular ? (uint64_t)st.st_size : 0;
        f->torn = f->regular && ends_inside_line(fd, f->size);
        f->fd = steal_fd(&fd);
        return 0;
}

void record_file_close(struct record_file *f)
{
        close_p(&f->fd);
        f->fd = -1;
}

int record_file_check(const char *path)
{
        CLEANUP(close_p) int fd = open(path, OPEN_FLAGS);
        char folder[PATH_MAX];
        char *slash;

        if (fd >= 0)
                return 0;
        snprintf(folder, sizeof(folder), "%s", path);
        for (int i = 0; i < 2 && errno == ENOENT && (slash = strrchr(folder, '/')); i++) {
                slash[slash == folder] = '\0';  /* its folder, and where that would be made */
                if (access(folder, W_OK | X_OK) == 0)
                        return 0;
        }
        return -errno;
}

/* Tells the log, at most once a minute. */
static void file_complain(struct record_file *f, int error, const char *what)
{
        uint64_t now_us = loop_now_us();

        if (f->complained_us && now_us - f->complained_us < COMPLAINT_US)
                return;
        f->complained_us = now_us;
        log_errno(error, "cannot %s the journal %s", what, f->path);
}

static int file_failed(struct record_file *f, int error)
{
        record_file_close(f);
        file_complain(f, error, "write");
        f->failing = true;
        return error;
}

void record_file_reopen(struct record_file *f)
{
        int r;

        record_file_close(f);
        r = file_open(f);
        if (r < 0)
                file_failed(f, r);
}

int record_file_open(struct record_file *f, const char *path, uint64_t size_max, uint32_t keep)
{
        *f = (struct record_file){ .fd = -1, .size_max = size_max, .keep = keep };
        if ((size_t)snprintf(f->path, sizeof(f->path), "%s", path) >= sizeof(f->path))
                return -ENAMETOOLONG;
        record_file_reopen(f);
        return 0;
}

/* path for 0, else path.number. 0 or -ENAMETOOLONG. */
static int rotated_name(const struct record_file *f, uint32_t number, char name[static PATH_MAX])
{
        struct sink s;

        sink_init(&s, name, PATH_MAX);
        sink_text(&s, f->path);
        if (number)
                sink_format(&s, ".%u", number);
        return s.full ? -ENAMETOOLONG : 0;
}

/* path → path.1 → … → path.keep → gone. */
static int file_rotate(struct record_file *f)
{
        char from[PATH_MAX], to[PATH_MAX];

        for (uint32_t i = f->keep; i > 0; i--) {
                if (rotated_name(f, i - 1, from) < 0 || rotated_name(f, i, to) < 0)
                        return -ENAMETOOLONG;
                if (rename(from, to) < 0 && errno != ENOENT)
                        return -errno;
        }
        if (f->keep == 0 && unlink(f->path) < 0 && errno != ENOENT)
                return -errno;
        return 0;
}

static size_t pieces_len(const struct iovec *pieces, size_t n)
{
        size_t len = 0;

        for (size_t i = 0; i < n; i++)
                len += pieces[i].iov_len;
        return len;
}

/* writev until all is taken or nothing more is. Returns what was taken, with *ret_error set if that is not
 * all. */
static size_t pieces_write(int fd, struct iovec *pieces, size_t n, int *ret_error)
{
        size_t taken = 0, left = pieces_len(pieces, n);

        while (left > 0) {
                ssize_t step = writev(fd, pieces, (int)n);

                if (step < 0 && errno == EINTR)
                        continue;
                if (step <= 0) {
                        *ret_error = step < 0 ? -errno : -EIO;
                        break;
                }
                taken += (size_t)step;
                left -= (size_t)step;
                for (size_t i = 0; i < n && step > 0; i++) {
                        size_t part = u64_min((uint64_t)step, pieces[i].iov_len);

                        pieces[i].iov_base = (char *)pieces[i].iov_base + part;
                        pieces[i].iov_len -= part;
                        step -= (ssize_t)part;
                }
        }
        return taken;
}

/* Cuts the last bytes off. Should that fail as well, the torn line is seen and ended when the file is
 * opened again. */
static void file_cut(struct record_file *f, size_t len)
{
        struct stat st;

        if (!f->regular || fstat(f->fd, &st) < 0 || st.st_size < (off_t)len)
                return;
        if (ftruncate(f->fd, st.st_size - (off_t)len) < 0)
                file_complain(f, -errno, "repair");
}

static int file_append(struct record_file *f, struct iovec *pieces, size_t n)
{
        size_t len = pieces_len(pieces, n), taken;
        int error = 0;

        taken = pieces_write(f->fd, pieces, n, &error);
        if (taken == len) {
                f->size += taken;
                f->torn = false;
                return 0;
        }
        if (taken > 0)
                file_cut(f, taken);
        return error;
}

void record_file_sync(struct record_file *f)
{
        if (f->fd >= 0 && f->regular && fdatasync(f->fd) < 0)
                file_failed(f, -errno);
}

/* An open file with room for len bytes more. */
static int file_ready(struct record_file *f, size_t len)
{
        int r;

        if (f->fd < 0)
                return file_open(f);
        if (!f->regular || !f->size_max || f->size == 0 || f->size + len <= f->size_max)
                return 0;
        r = file_rotate(f);
        if (r < 0) {
                file_complain(f, r, "rotate");
                return 0;
        }
        record_file_sync(f);    /* an intent may be among its last lines */
        record_file_close(f);
        return file_open(f);
}

int record_file_write(struct record_file *f, const struct iovec line[static 2], uint64_t dropped)
{
        struct iovec pieces[3] = { { 0 }, line[0], line[1] };
        uint64_t unsaid = dropped - f->announced;
        char text[64];
        struct sink head;
        int r;

        r = file_ready(f, pieces_len(line, 2));
        if (r < 0)
                return file_failed(f, r);

        sink_init(&head, text, sizeof(text));
        if (f->torn)
                sink_text(&head, "\n");
        if (unsaid) {           /* takes the place of the line's own bracket */
                sink_format(&head, "{\"dropped\":%llu,", (unsigned long long)unsaid);
                pieces[1].iov_base = (char *)pieces[1].iov_base + 1;
                pieces[1].iov_len--;
        }
        pieces[0] = (struct iovec){ .iov_base = head.text, .iov_len = head.len };
        r = file_append(f, pieces, ARRAY_SIZE(pieces));
        if (r < 0)
                return file_failed(f, r);
        f->announced = dropped;
        if (f->failing)
                log_notice("the journal %s is written again, %llu lines were dropped", f->path,
                           (unsigned long long)unsaid);
        f->failing = false;
        return 0;
}
