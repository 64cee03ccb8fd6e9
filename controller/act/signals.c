/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Signals by number hit whoever bears the number now. So each process is first held by a pidfd, and only
 * then is cgroup.procs read again: a number that is listed after it was opened belongs to a process that
 * was in the cgroup while we held it, and if it has ended since, the signal finds nobody. Membership thus
 * costs one more read for a whole batch instead of two system calls for each process.
 *
 * Lines of cgroup.procs move up when a process ends, so that a read which goes on at a byte offset may
 * begin inside a number. Each therefore begins at the newline before, and what stands in front of its first
 * newline is dropped.
 *
 * Sub-groups are found by directory descriptors on a stack of fixed depth, as deep as the tree is walked;
 * what lies deeper is left to cgroup.kill. */
#include "act/signals.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/syscall.h>

#include "base/base.h"
#include "base/ktext.h"

#define BATCH      256          /* pidfds held at a time, below any sane RLIMIT_NOFILE */
#define DEPTH_MAX  64
#define ROUNDS_MAX 10

#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif

struct sending {
        int sig;
        uint32_t n;
        int error;
};

static void note_error(struct sending *s, int error)
{
        if (error != ESRCH && error != ENOENT && error != ENODEV && s->error == 0)
                s->error = -error;
}

/* One pread of a cgroup.procs; the numbers of its whole lines. *offset: 0, or the newline that the last
 * read ended with. */
static size_t list_at(int procs_fd, off_t *offset, int *pids, size_t n_max)
{
        char text[4096], *line = text;
        ssize_t got = pread(procs_fd, text, sizeof(text) - 1, *offset);
        size_t n = 0;

        if (got <= 0)
                return 0;
        text[got] = '\0';
        if (*offset > 0 && (line = strchr(text, '\n')) == NULL)
                return 0;
        line += *offset > 0;
        for (char *end; n < n_max && (end = strchr(line, '\n')); line = end + 1) {
                uint64_t pid;

                *end = '\0';
                if (ktext_u64(line, &pid) == 0 && pid > 0 && pid <= INT32_MAX)
                        pids[n++] = (int)pid;
        }
        if (line > text)
                *offset += line - text - 1;
        return n;
}

size_t signals_list(int procs_fd, int *pids, size_t n_max)
{
        off_t offset = 0;
        size_t n = 0, more;

        while (n < n_max && (more = list_at(procs_fd, &offset, pids + n, n_max - n)) > 0)
                n += more;
        return n;
}

static bool is_listed(const int *pids, size_t n, int pid)
{
        for (size_t i = 0; i < n; i++)
                if (pids[i] == pid)
                        return true;
        return false;
}

static void send_batch(int procs_fd, const int *pids, size_t n, struct sending *s)
{
        static _Thread_local int again[BATCH], fds[BATCH];
        static _Thread_local bool listed[BATCH];
        off_t offset = 0;

        for (size_t i = 0; i < n; i++) {
                listed[i] = false;
                if ((fds[i] = pidfd_open(pids[i], 0)) < 0)
                        note_error(s, errno);
        }
        for (size_t more; (more = list_at(procs_fd, &offset, again, BATCH)) > 0;)
                for (size_t i = 0; i < n; i++)
                        listed[i] = listed[i] || is_listed(again, more, pids[i]);
        for (size_t i = 0; i < n; i++) {
                if (fds[i] < 0)
                        continue;
                if (listed[i] && pidfd_send_signal(fds[i], s->sig, NULL, 0) == 0)
                        s->n++;
                else if (listed[i])
                        note_error(s, errno);
                close(fds[i]);
        }
}

/* Signals the processes of one cgroup, BATCH at a time. Returns how many were listed. */
static size_t send_one(int dir_fd, struct sending *s)
{
        static _Thread_local int pids[BATCH];
        CLEANUP(close_p) int procs_fd = openat(dir_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC);
        off_t offset = 0;
        size_t total = 0;

        if (procs_fd < 0)
                note_error(s, errno);
        else
                for (size_t n; (n = list_at(procs_fd, &offset, pids, BATCH)) > 0; total += n)
                        send_batch(procs_fd, pids, n, s);
        return total;
}

static size_t send_tree(int dir_fd, struct sending *s, unsigned depth)
{
        _Alignas(8) char buffer[1024];  /* an entry has 280 bytes at most */
        size_t total = send_one(dir_fd, s);
        long got;

        if (depth == DEPTH_MAX || lseek(dir_fd, 0, SEEK_SET) < 0)
                return total;
        while ((got = getdents64(dir_fd, buffer, sizeof(buffer))) > 0)
                for (long at = 0; at < got;) {
                        const struct dirent64 *e = (const void *)(buffer + at);
                        CLEANUP(close_p) int child = -1;

                        at += e->d_reclen;
                        if (e->d_type != DT_DIR || strcmp(e->d_name, ".") == 0 ||
                            strcmp(e->d_name, "..") == 0)
                                continue;
                        child = openat(dir_fd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                        if (child < 0)
                                note_error(s, errno);
                        else
                                total += send_tree(child, s, depth + 1);
                }
        return total;
}

/* Directory offsets belong to the open file, which the loop's thread reads as well; so the walk has one of
 * its own. */
static size_t send_all(int dir_fd, struct sending *s)
{
        CLEANUP(close_p) int own_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (own_fd < 0)
                note_error(s, errno);
        return own_fd < 0 ? 0 : send_tree(own_fd, s, 0);
}

int signals_send(int dir_fd, int sig, uint32_t *ret_n)
{
        struct sending s = { .sig = sig };

        send_all(dir_fd, &s);
        *ret_n = s.n;
        return s.error;
}

int signals_kill(int dir_fd, uint32_t *ret_n)
{
        struct sending s = { .sig = SIGKILL };
        uint32_t first = 0;

        for (unsigned round = 0; round < ROUNDS_MAX; round++) {
                uint32_t before = s.n;

                if (send_all(dir_fd, &s) == 0)
                        break;
                if (round == 0)
                        first = s.n;
                else if (s.n == before)
                        break;
        }
        *ret_n = first;
        return s.error;
}

void signals_reap(const int *pids, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                CLEANUP(close_p) int fd = pidfd_open(pids[i], 0);

                if (fd >= 0)
                        syscall(SYS_process_mrelease, fd, 0);
        }
}
