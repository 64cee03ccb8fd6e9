/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Real processes in a faked cgroup: children of the test, listed in a plain cgroup.procs as the kernel would
 * list them. */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "fake_world.h"

enum child_kind {
        CHILD_SLEEPS,
        CHILD_IGNORES_TERM,
};

#define GROUP_MAX 512

struct group {
        struct world *world;
        char path[128];         /* below cgroup: "a/b" */
        pid_t children[GROUP_MAX];      /* 0: it is dead and was waited for */
        off_t lines[GROUP_MAX];         /* where each stands in cgroup.procs; -1 when it is struck out */
        size_t n;
};

/* Starts n children and lists them in the group's cgroup.procs; its cgroup.events says populated 1. */
void group_start(struct group *g, struct world *w, const char *path, size_t n, enum child_kind kind);

/* Waits for the dead and strikes them out of cgroup.procs, as no number at all; cgroup.events says populated
 * 0 when nobody is left. Returns how many are alive. */
size_t group_update(struct group *g);

/* Is child i alive? */
bool group_lives(struct group *g, size_t i);

/* Kills and awaits what is left. */
void group_end(struct group *g);

/* A full pipe: who writes to ends[1], as to a cgroup.kill behind cgroup_mutex, hangs until somebody reads. */
void fill_pipe(int ends[2]);

/* Lets go who hangs in it. */
void release_pipe(const int ends[2]);
