/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels on cgroups, and cgroups made for a command. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a utility looks like, for usage errors: TIER_MAX and UTILITY_MAX go in. */
#define UTILITY_FORM  "[TIER:]VALUE with a tier of 0 to %u and a value of 0 to %u, or protect"

/* Where the unified hierarchy is mounted, new; NULL when it is not. */
char *group_mount(void);

/* Opens the directory of a cgroup (O_RDONLY): 'path' is one below the hierarchy's root, or one of the file
 * system. Descriptor, or -errno; -ENOTDIR as well when it is a directory of another file system. */
int group_open(const char *path);

/* The path of a process's cgroup, from /proc/PID/cgroup, new. 0, -ESRCH, or -errno. */
int group_of_process(pid_t pid, char **ret_path);

/* Cuts a path behind the container that it leads into; one that leads into none stays. Pure. */
void group_climb(char *path);

/* A text that says what went wrong. */
struct group_error {
        bool lacking;           /* the kernel or the hierarchy lacks something */
        char text[512];
};

/* Does the host have a unified hierarchy that will do? 0, or -1 with *ret_error filled. */
int group_check(struct group_error *ret_error);

/* Makes a cgroup through libcgroup, with each missing one above it, all with the memory controller.
 * memory_max: bytes, or UINT64_MAX for no limit. 0, -EEXIST (it is there already), or -1; with *ret_error
 * filled. */
int group_create(const char *path, uint64_t memory_max, struct group_error *ret_error);

/* Moves the calling process into it. 0 or -1 with *ret_error filled. */
int group_enter(const char *path, struct group_error *ret_error);

/* Removes it if nothing is left in it. 0 or -1 with *ret_error filled. */
int group_remove(const char *path, struct group_error *ret_error);
