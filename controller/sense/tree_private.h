/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the table (tree.c) and the walk (walk.c) share; nobody else's. */
#pragma once

#include "sense/tree.h"

#define PATH_ROOM 1024          /* longest path that is followed, with its NUL */

/* A path is 130 bytes long on a Kubernetes node, shorter elsewhere. Two halves: the live paths are copied
 * over when one is full. */
#define NAMES_PER_NODE 160

struct tree {
        const struct cgroupfs *fs;
        const struct sense_options *options;
        struct node *nodes;
        uint32_t n, n_max;
        uint32_t *buckets;
        uint32_t n_buckets;
        uint32_t walk;          /* number of the present walk */
        uint32_t left_out;
        uint32_t free_from;     /* no slot below this one is free */
        char own_path[PATH_ROOM];       /* the controller's own cgroup; "" for the root, or when it is not
                                         * known */
        int news_fd;            /* inotify on the branches: somebody has to be woken */
        int changes_fd;         /* inotify on all of them: asked before a walk */
        bool is_deaf;           /* there was no watch left for a branch */
        bool is_stale;          /* something may have changed since the last walk */
        char *names[2];
        uint32_t names_len, names_size;
        uint32_t names_line;    /* length at which what is no longer needed is left behind */
        unsigned half;          /* which of names is in use */
};

/* Where the chain of this id begins. */
uint32_t *tree_bucket(const struct tree *t, uint64_t id);

/* A free place, or NODE_NONE. */
uint32_t tree_take_slot(struct tree *t);

/* Keeps a copy of the path. 0, or -ENOSPC. Offsets of other nodes' paths may change. */
int tree_store_path(struct tree *t, const char *path, uint32_t *ret_offset);

/* Takes a node out of its chain; out of its candidate's list of parts. */
void tree_unlink_node(struct tree *t, uint32_t index);
void tree_unlink_part(struct tree *t, uint32_t index);

/* Nobody's: no id, nothing open, nothing watched. */
struct node node_blank(void);

/* Closes all descriptors, ends the watches and makes the place free. */
void tree_close_node(struct tree *t, struct node *n);

/* Asks to be told of new directories in this one. */
void tree_subscribe(struct tree *t, struct node *n);

/* Asks to be told of the next change to its directories or to its label. */
void tree_watch(struct tree *t, struct node *n);

/* May a walk find anything that the last one did not? One system call. */
bool tree_has_changed(struct tree *t);
