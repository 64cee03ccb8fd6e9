/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Programs of this kind have died at their first kill in the field, because a system call of the kill path
 * was missing from their own filter. So this one kills once at every start, under the filter it ships with:
 * a child that does nothing, in a cgroup below its own. The child is told to die with its parent, and
 * SIGCHLD is ignored, so nothing has to wait for it. */
#include "rehearsal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <linux/magic.h>
#include <unistd.h>

#include "base/base.h"
#include "sense/label.h"

#define REHEARSAL_NAME "jettison-rehearsal"

static int open_own(const struct cgroupfs *fs)
{
        char path[4096];
        int r = cgroupfs_own_path(fs->root_fd, path, sizeof(path));

        if (r < 0)
                return r;
        return cgroupfs_open_file(fs->root_fd, *path ? path + 1 : ".", O_RDONLY | O_DIRECTORY);
}

static int start_child(int dir_fd)
{
        CLEANUP(close_p) int procs_fd = cgroupfs_open_file(dir_fd, "cgroup.procs", O_WRONLY);
        char text[32];
        pid_t child;
        int n;

        if (procs_fd < 0)
                return procs_fd;
        signal(SIGCHLD, SIG_IGN);
        child = fork();
        if (child < 0)
                return -errno;
        if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                for (;;)
                        pause();
        }
        n = snprintf(text, sizeof(text), "%d", child);
        if (write(procs_fd, text, (size_t)n) == n)
                return 0;
        n = -errno;
        kill(child, SIGKILL);
        return n;
}

int rehearsal_prepare(struct rehearsal *r, const struct cgroupfs *fs)
{
        struct statfs stat;
        int error;

        *r = (struct rehearsal)REHEARSAL_INIT;
        if (fstatfs(fs->root_fd, &stat) < 0 || stat.f_type != CGROUP2_SUPER_MAGIC)
                return -EOPNOTSUPP;
        r->parent_fd = open_own(fs);
        if (r->parent_fd < 0)
                return r->parent_fd;
        unlinkat(r->parent_fd, REHEARSAL_NAME, AT_REMOVEDIR);           /* left by a crash */
        if (mkdirat(r->parent_fd, REHEARSAL_NAME, 0755) < 0)
                return -errno;
        r->dir_fd = cgroupfs_open_file(r->parent_fd, REHEARSAL_NAME, O_RDONLY | O_DIRECTORY);
        if (r->dir_fd < 0)
                return r->dir_fd;
        error = cgroupfs_id(r->dir_fd, &r->id);
        if (error == 0 && fsetxattr(r->dir_fd, LABEL_TRUSTED_NAME, "0", 1, 0) < 0)
                error = -errno;
        if (error == 0)
                error = start_child(r->dir_fd);
        if (error < 0)
                rehearsal_clear(r);
        return error;
}

void rehearsal_clear(struct rehearsal *r)
{
        if (r->parent_fd >= 0)
                unlinkat(r->parent_fd, REHEARSAL_NAME, AT_REMOVEDIR);
        close_p(&r->dir_fd);
        close_p(&r->parent_fd);
        *r = (struct rehearsal)REHEARSAL_INIT;
}
