/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Three system calls a process: its oom_score is opened, read and closed. oom_score_adj is looked at only
 * where the score is below neutral, which a positive or zero adjustment cannot bring about; so ordinary
 * processes cost nothing more. cmdline, environ and smaps are never read: they wait for the process's own
 * mmap_lock, for ever if need be. */
#include "sense/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/ktext.h"
#include "base/sink.h"
#include "sense/cgroupfs.h"

int procfs_open(struct procfs *p, const char *path)
{
        p->neutral = OOM_SCORE_NEUTRAL;
        p->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return p->fd < 0 ? -errno : 0;
}

void procfs_close(struct procfs *p)
{
        close_p(&p->fd);
        p->fd = -1;
}

/* "PID/name"; without stdio, which would be a sixth of a scan's own work. */
static const char *path_of(uint64_t pid, const char *name, char path[static 64])
{
        struct sink s;

        sink_init(&s, path, 64);
        sink_u64(&s, pid);
        sink_text(&s, "/");
        sink_text(&s, name);
        return path;
}

static int read_of(const struct procfs *p, uint64_t pid, const char *name, char *text, size_t size)
{
        char path[64];

        return cgroupfs_read(p->fd, path_of(pid, name, path), text, size);
}

static int read_oom_score_adj(const struct procfs *p, uint64_t pid)
{
        char text[32];
        uint64_t magnitude;
        bool negative;

        if (read_of(p, pid, "oom_score_adj", text, sizeof(text)) != CGROUPFS_OK)
                return 1000;
        negative = text[0] == '-';
        if (ktext_u64(text + negative, &magnitude) < 0 || magnitude > 1000)
                return 1000;
        return negative ? -(int)magnitude : (int)magnitude;
}

/* In pieces, since a process may be of 65536 groups, and they stand in front. What of a line was read is kept
 * for the next piece, unless it is longer than a piece, and then not the one that is looked for. */
static uint64_t read_shmem(const struct procfs *p, uint64_t pid)
{
        char path[64], text[4096];
        CLEANUP(close_p) int fd = -1;
        size_t kept = 0;
        uint64_t kib = 0;
        ssize_t n;

        fd = cgroupfs_open_file(p->fd, path_of(pid, "status", path), O_RDONLY);
        while (fd >= 0 && (n = read(fd, text + kept, sizeof(text) - 1 - kept)) > 0) {
                char *line;

                text[kept + (size_t)n] = '\0';
                if (ktext_find(text, "RssShmem:", &kib) == 0)
                        break;
                line = strrchr(text, '\n');
                kept = line ? strlen(line + 1) : 0;
                memmove(text, line ? line + 1 : text, kept);
        }
        return u64_scale(kib, KIB, 1);
}

static void add_process(const struct procfs *p, uint64_t pid, bool with_shmem, struct procfs_sum *sum)
{
        char text[32];
        uint64_t score;

        if (read_of(p, pid, "oom_score", text, sizeof(text)) != CGROUPFS_OK || ktext_u64(text, &score) < 0)
                return;
        if (sum->processes++ == 0)
                sum->first_pid = (int)pid;
        sum->has_init = sum->has_init || pid == 1;
        if (score < OOM_SCORE_NEUTRAL) {
                int adj = read_oom_score_adj(p, pid);

                if (adj < sum->oom_score_adj_min)
                        sum->oom_score_adj_min = adj;
        }
        sum->oom_score = u64_add(sum->oom_score, u64_less(score, p->neutral));
        if (with_shmem)
                sum->shmem_mapped = u64_add(sum->shmem_mapped, read_shmem(p, pid));
}

/* A line of cgroup.procs is no longer than this. The kernel goes on to fill a page as long as the next one fits
 * (seq_read_iter in fs/seq_file.c), so where there was more room than that, there was nothing left. */
#define PID_LINE_MAX 16

/* Takes the whole lines out of text, adds their processes, and returns how many bytes were used. A text
 * from the middle of the file begins with the newline before; lines that moved meanwhile put the tail of a
 * number there, which is dropped. */
static size_t add_lines(const struct procfs *p, char *text, bool middle, bool with_shmem,
                        struct procfs_sum *sum)
{
        char *line = text;

        if (middle && (line = strchr(text, '\n')) == NULL)
                return 0;
        line += middle;
        for (char *end; (end = strchr(line, '\n')); line = end + 1) {
                uint64_t pid;

                *end = '\0';
                if (ktext_u64(line, &pid) == 0 && pid > 0 && pid <= INT32_MAX)
                        add_process(p, pid, with_shmem, sum);
        }
        return (size_t)(line - text);
}

int procfs_add(const struct procfs *p, int procs_fd, bool with_shmem, struct procfs_sum *sum)
{
        char text[4096];
        off_t offset = 0;

        for (;;) {
                ssize_t n = pread(procs_fd, text, sizeof(text) - 1, offset);
                size_t used;

                if (n < 0)
                        return errno == ENODEV || errno == ENOENT ? CGROUPFS_GONE : -errno;
                text[n] = '\0';
                used = add_lines(p, text, offset > 0, with_shmem, sum);
                if (used <= 1 || (size_t)n < sizeof(text) - PID_LINE_MAX)
                        return CGROUPFS_OK;
                offset += (off_t)used - 1;
        }
}

void procfs_comm(const struct procfs *p, int pid, char comm[static 16])
{
        char text[64];

        comm[0] = '\0';
        if (pid <= 0 || read_of(p, (uint64_t)pid, "comm", text, sizeof(text)) != CGROUPFS_OK)
                return;
        text[strcspn(text, "\n")] = '\0';
        snprintf(comm, 16, "%.15s", text);
}
