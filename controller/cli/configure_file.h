/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Small text files below a root directory. Paths are absolute and mean what they would mean after chroot(2):
 * symbolic links and ".." do not lead out of the root. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A configuration file of more is none; the largest known are some 10 KiB. */
#define FILE_SIZE_MAX (1u << 20)

/* Opens the root. Descriptor, or -errno. */
int root_open(const char *path);

/* The text of a file, new. -ENOENT (or -ENOTDIR): it is not there. -ELOOP: it is a symbolic link, which
 * writing would replace. -EFBIG: over FILE_SIZE_MAX. -EILSEQ: it holds a NUL. */
int file_read(int root_fd, const char *path, char **ret_text);

/* Writes a file as a whole: whoever reads it sees the old text or the new one, also after a crash.
 * Missing folders are made. Owner and mode are those of the file 'like' (which may be the same), else
 * the caller's and 0644. */
int file_write(int root_fd, const char *path, const char *text, const char *like);

/* Removes a file and waits until that is on disk. 0, or -errno. */
int file_remove(int root_fd, const char *path);

/* The names in a folder that end in 'suffix', sorted, without hidden ones; new, for strings_free. An
 * empty list for a folder that is not there. */
int file_list(int root_fd, const char *path, const char *suffix, char ***ret_names);

/* Whether there is a regular file that its owner may execute. */
bool file_is_program(int root_fd, const char *path);

/* For messages and for the loader: root and path as one. New. */
char *root_path(const char *root, const char *path);
