/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The cgroup tree as the controller knows it: every directory behind a kept descriptor, told apart by its
 * id. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utility.h"
#include "decide/snapshot.h"
#include "sense/cgroupfs.h"
#include "sense/container.h"
#include "sense/label.h"
#include "sense/options.h"

#define NODE_NONE UINT32_MAX

/* Directories besides candidates that there is room for: slices, services, parts. */
#define NODES_EXTRA 2048

enum node_kind {
        NODE_FREE,
        NODE_BRANCH,            /* not a candidate; candidates may lie below */
        NODE_CANDIDATE,
        NODE_PART,              /* lies inside a candidate: its processes are the candidate's */
};

/* Files of a cgroup that are kept open. */
enum node_file {
        FILE_CURRENT,           /* memory.current */
        FILE_STAT,              /* memory.stat */
        FILE_SWAP,              /* memory.swap.current */
        FILE_PROCS,             /* cgroup.procs */
        FILE_EVENTS,            /* cgroup.events */
        FILE_KILL,              /* cgroup.kill, write-only */
        FILE_MAX,               /* memory.max and … */
        FILE_SWAP_MAX,          /* … memory.swap.max; of branches */
        NODE_FILE_N,
};

struct node {
        uint64_t id;
        enum node_kind kind;
        uint32_t parent;        /* index, NODE_NONE for the root */
        uint32_t owner;         /* of a part: its candidate */
        uint32_t delegate;      /* the delegated user subtree it lies in, or NODE_NONE */
        uint32_t path;          /* offset into the tree's names */
        uint32_t seen, walked;  /* the walk that last saw it, and that last looked into it */
        uint32_t next;          /* in its hash chain */
        uint32_t n_parts, first_part;   /* of a candidate: its parts … */
        uint32_t next_part;     /* … chained through this */
        uint8_t depth;
        uint32_t n_inside, names_inside;        /* of a delegate: nodes inside, and bytes of their paths */
        bool is_self;           /* the controller lives here or below */
        bool label_reported;    /* its label is no good, and that was said */
        struct utility utility; /* what its label says … */
        enum label label;       /* … and where that came from … */
        uint32_t label_walk;    /* … as read after this walk; 0: not read */
        uint8_t pins;           /* deeds that use its descriptors: it is kept although the cgroup may be
                                 * gone */
        bool gone;
        struct container container;     /* what its name says it is, as far as that is believed here; spans
                                         * into its path */
        enum label_trust trust; /* how far user.* is believed here */
        const struct rule *rule;        /* the configuration's word on it, or NULL */
        enum barred struck;     /* BARRED_STUCK or BARRED_BARREN after a deed that did not help … */
        uint64_t struck_until_us;       /* … until then */
        int dir_fd;
        int fd[NODE_FILE_N];    /* -1: not open */
        int news_wd, changes_wd;        /* watches on it (tree.c); -1: none */
};

struct tree;

/* Sized by options->cgroups_max; all memory is allocated here. The options and fs are borrowed and must
 * outlive it. NULL when there is no memory. */
struct tree *tree_new(const struct cgroupfs *fs, const struct sense_options *options);
struct tree *tree_free(struct tree *t);

/* Is a deed using a node? */
bool tree_is_pinned(const struct tree *t);

/* Takes other options; every directory is opened and classified anew at the next walk. 0, or -EBUSY while a
 * deed has a node pinned. */
int tree_reconfigure(struct tree *t, const struct sense_options *options);

/* Brings the tree up to date with the hierarchy: new directories are opened and classified, gone ones
 * closed. One system call if nothing was made, removed or labelled since the last time; else four for each
 * known directory, and one or two for its label. 0, or -errno when the root itself cannot be read. */
int tree_walk(struct tree *t);

/* How often something had changed: what was learned of a label after the last time still holds. */
uint32_t tree_walks(const struct tree *t);

/* Becomes readable when a directory was made in one of the branches; -1 where inotify is not to be had.
 * Owned by the tree. */
int tree_news_fd(const struct tree *t);

/* Is there a branch whose new directories nobody tells of? */
bool tree_is_deaf(const struct tree *t);

/* Takes what has come in on it. */
void tree_take_news(struct tree *t);

/* Nodes by index: 0 is the root. */
uint32_t tree_size(const struct tree *t);               /* one past the last index in use */
uint32_t tree_capacity(const struct tree *t);           /* … and past the last that there can be */
struct node *tree_node(struct tree *t, uint32_t index);
const char *tree_path(const struct tree *t, uint32_t index);    /* "/" for the root; valid until the next
                                                                 * walk */
uint32_t tree_find(const struct tree *t, uint64_t id);          /* NODE_NONE if unknown */
uint32_t tree_find_path(const struct tree *t, const char *path);

/* Is 'index' below 'ancestor' (or the same)? */
bool tree_is_below(const struct tree *t, uint32_t index, uint32_t ancestor);

/* Is this the path of a configured domain? */
bool tree_is_domain(const struct tree *t, const char *path);

/* A descriptor of one of its files, opened and kept if need be. Descriptor, or -errno; -ENODEV and -ENOENT are what
 * CGROUPFS_GONE is elsewhere. */
int node_file(struct node *n, enum node_file which);

/* Reads one of its files. CGROUPFS_OK, CGROUPFS_GONE or -errno. One that is gone is closed, unless a deed has the
 * node pinned: a controller that was switched off and on again has made new files. */
int node_read(struct node *n, enum node_file which, char *buffer, size_t size);
int node_read_u64(struct node *n, enum node_file which, uint64_t *ret_value);

/* Directories that were not opened: too deep, too long a path, no descriptor or no room, in all or for what one
 * user may have. */
uint32_t tree_left_out(const struct tree *t);
