/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which cgroup is the container's own. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "serve/config.h"

/* /proc/PID/cgroup has one line; on a hybrid system a dozen more. */
#define PLACE_TEXT_MAX 16384u

/* Finds the unified hierarchy's line in the text of /proc/PID/cgroup, ended by NUL. 0 with *ret_path
 * (absolute, new); -ENODATA when there is none, -ESTALE when the cgroup is gone, -EXDEV when it lies outside
 * of the caller's cgroup namespace, -ENOMEM. Pure. */
int place_parse(const char *text, char **ret_path);

/* How many bytes of the path lead to the container's own cgroup; 0 when none of its components bears the id.
 * That is the component nearest to the end that is ID or PREFIX-ID, with or without ".scope" behind it, and
 * is neither a monitor's nor a pod's by its name; what lies below it (crun's "container") belongs to it.
 * These are the forms that sense/container.h recognises, and those of runtimes that are called by hand.
 * Pure. */
size_t place_container(const char *path, const char *id);

/* The path of the container's own cgroup, new, from proc_root/PID/cgroup. 0, or a negative errno with
 * *ret_error filled. */
int place_find(const char *proc_root, pid_t pid, const char *id, char **ret_path,
               struct config_error *ret_error);

/* Opens it (O_RDONLY). cgroup_root: a directory that plays the hierarchy, or NULL for where systemd mounts
 * the unified one, in unified and hybrid systems; only the latter is checked for its kind. A descriptor, or a
 * negative errno with *ret_error filled. */
int place_open(const char *cgroup_root, const char *path, struct config_error *ret_error);
