/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The unified hierarchy as a file system: where it is, whether it will do, and reads of its files by
 * descriptor. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Answers of the readers below; anything negative is -errno. */
enum { CGROUPFS_OK, CGROUPFS_GONE };

struct cgroupfs {
        int root_fd;            /* O_RDONLY | O_DIRECTORY of the hierarchy's root */
        char mount[256];        /* where it is mounted, for messages */
};

#define CGROUPFS_INIT { .root_fd = -1 }

/* What the hierarchy lacks, in one line: what, why, how to get it. */
struct cgroupfs_lack {
        char text[512];
};

/* Finds the unified hierarchy through libcgroup and checks that it has the memory controller. root: a
 * directory that plays the hierarchy (tests, a bind mount in a container), or NULL to look for it; only
 * what is mounted as cgroup2 is checked for its kind. 0, or -EOPNOTSUPP / -errno with *ret_lack filled. */
int cgroupfs_open(const char *root, struct cgroupfs *ret_fs, struct cgroupfs_lack *ret_lack);
void cgroupfs_close(struct cgroupfs *fs);

/* Reads a kept descriptor from its beginning with one pread; the text is ended by NUL. CGROUPFS_OK,
 * CGROUPFS_GONE (the cgroup was removed), or -errno. A text that fills the buffer is cut at the last whole
 * line. */
int cgroupfs_pread(int fd, char *buffer, size_t size);

/* Opens, reads and closes DIR/name; as above. ENOENT is CGROUPFS_GONE as well. */
int cgroupfs_read(int dir_fd, const char *name, char *buffer, size_t size);

/* Opens DIR/name with O_CLOEXEC. Descriptor, or -errno. */
int cgroupfs_open_file(int dir_fd, const char *name, int flags);

/* The cgroup id behind a directory descriptor: its inode number (kernfs gives the id as inode on 64-bit
 * kernels). */
int cgroupfs_id(int dir_fd, uint64_t *ret_id);

/* The calling process's own cgroup as a path from the hierarchy's root: "" for the root itself. In a cgroup
 * namespace of its own /proc/self/cgroup calls that "/", though the hierarchy that is mounted may be the
 * host's; then the process is looked for below root_fd (borrowed; -1: it is believed). Opens every directory
 * in the worst case. 0, or -errno when it cannot be told. */
int cgroupfs_own_path(int root_fd, char *buffer, size_t size);
