/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table that the tree is kept in. Nodes have fixed places, found by id through hash chains; an index
 * stays valid as long as the cgroup does, and a deed pins the node it works on, so that its descriptors are
 * not closed, and their numbers not given to another cgroup, under its hands. A closed place keeps neither
 * id nor descriptor: whoever still knows its index finds nothing.
 *
 * Paths are appended to one half of a buffer. When they come to a line, those of living nodes move to the
 * other half, and the line is drawn behind as much again: so nothing is allocated after the start, however
 * long cgroups come and go, and of either half no more is ever used than about twice what was needed at
 * once. */
#include "sense/tree_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#include "base/base.h"

/* Where the first line is drawn, bytes; less would be moved often for nothing. */
#define NAMES_LINE 8192u

static const char *const file_names[NODE_FILE_N] = {
        [FILE_CURRENT] = "memory.current", [FILE_STAT] = "memory.stat", [FILE_SWAP] = "memory.swap.current",
        [FILE_PROCS] = "cgroup.procs",     [FILE_EVENTS] = "cgroup.events", [FILE_KILL] = "cgroup.kill",
        [FILE_MAX] = "memory.max",         [FILE_SWAP_MAX] = "memory.swap.max",
};

struct tree *tree_new(const struct cgroupfs *fs, const struct sense_options *options)
{
        struct tree *t = calloc(1, sizeof(*t));

        if (!t)
                return NULL;
        t->news_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        t->changes_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        t->is_stale = true;
        t->fs = fs;
        t->options = options;
        t->n_max = options->cgroups_max + NODES_EXTRA;
        t->n_buckets = t->n_max / 2 + 1;
        t->names_size = t->n_max * NAMES_PER_NODE;
        t->names_line = (uint32_t)u64_min(NAMES_LINE, t->names_size);
        t->nodes = calloc(t->n_max, sizeof(*t->nodes));
        t->buckets = malloc(t->n_buckets * sizeof(*t->buckets));
        t->names[0] = malloc(t->names_size);
        t->names[1] = malloc(t->names_size);
        if (!t->nodes || !t->buckets || !t->names[0] || !t->names[1])
                return tree_free(t);
        memset(t->buckets, 0xff, t->n_buckets * sizeof(*t->buckets));
        if (cgroupfs_own_path(fs->root_fd, t->own_path, sizeof(t->own_path)) < 0)
                t->own_path[0] = '\0';
        return t;
}

struct node node_blank(void)
{
        struct node n = { .kind = NODE_FREE, .first_part = NODE_NONE, .dir_fd = -1, .news_wd = -1,
                          .changes_wd = -1 };

        for (size_t i = 0; i < NODE_FILE_N; i++)
                n.fd[i] = -1;
        return n;
}

/* A watch outlives its directory where the hierarchy keeps the link count of what was removed, as kernfs
 * does, and counts against the user's share (fs.inotify.max_user_watches). One that has ended is refused, to
 * no harm: its number is not given again. */
static void end_watch(int fd, int watch)
{
        if (fd >= 0 && watch >= 0)
                inotify_rm_watch(fd, watch);
}

void tree_close_node(struct tree *t, struct node *n)
{
        end_watch(t->news_fd, n->news_wd);
        end_watch(t->changes_fd, n->changes_wd);
        close_p(&n->dir_fd);
        for (size_t i = 0; i < NODE_FILE_N; i++)
                close_p(&n->fd[i]);
        *n = node_blank();              /* whoever still knows the index finds no descriptor and no id */
}

struct tree *tree_free(struct tree *t)
{
        if (!t)
                return NULL;
        for (uint32_t i = 0; i < t->n; i++)
                if (t->nodes[i].kind != NODE_FREE)
                        tree_close_node(t, &t->nodes[i]);
        close_p(&t->news_fd);
        close_p(&t->changes_fd);
        free(t->nodes);
        free(t->buckets);
        free(t->names[0]);
        free(t->names[1]);
        free(t);
        return NULL;
}

bool tree_is_pinned(const struct tree *t)
{
        for (uint32_t i = 0; i < t->n; i++)
                if (t->nodes[i].kind != NODE_FREE && t->nodes[i].pins > 0)
                        return true;
        return false;
}

int tree_reconfigure(struct tree *t, const struct sense_options *options)
{
        if (tree_is_pinned(t))
                return -EBUSY;
        t->options = options;
        for (uint32_t i = 0; i < t->n; i++)
                if (t->nodes[i].kind != NODE_FREE)
                        tree_close_node(t, &t->nodes[i]);
        t->n = t->free_from = 0;
        t->is_stale = true;
        t->is_deaf = false;
        memset(t->buckets, 0xff, t->n_buckets * sizeof(*t->buckets));
        return 0;
}

int tree_news_fd(const struct tree *t)
{
        return t->news_fd;
}

/* Were there any? An overflow is one as well. */
static bool drain(int fd)
{
        char events[4096];
        bool any = false;

        while (fd >= 0 && read(fd, events, sizeof(events)) > 0)
                any = true;
        return any;
}

void tree_take_news(struct tree *t)
{
        drain(t->news_fd);
}

/* A descriptor has no name of its own, but /proc gives it one. */
static int add_watch(int fd, const struct node *n, uint32_t events)
{
        char name[32];

        snprintf(name, sizeof(name), "/proc/self/fd/%d", n->dir_fd);
        return inotify_add_watch(fd, name, events | IN_ONLYDIR);
}

void tree_subscribe(struct tree *t, struct node *n)
{
        n->news_wd = add_watch(t->news_fd, n, IN_CREATE);
        t->is_deaf = t->is_deaf || n->news_wd < 0;
}

void tree_watch(struct tree *t, struct node *n)
{
        n->changes_wd = add_watch(t->changes_fd, n, IN_CREATE | IN_DELETE | IN_ATTRIB | IN_ONESHOT);
        t->is_stale = t->is_stale || n->changes_wd < 0;
}

bool tree_is_deaf(const struct tree *t)
{
        return t->news_fd < 0 || t->is_deaf;
}

bool tree_has_changed(struct tree *t)
{
        t->is_stale = drain(t->changes_fd) || t->is_stale;
        return t->is_stale;
}

uint32_t tree_walks(const struct tree *t)
{
        return t->walk;
}

uint32_t tree_size(const struct tree *t)
{
        return t->n;
}

uint32_t tree_capacity(const struct tree *t)
{
        return t->n_max;
}

struct node *tree_node(struct tree *t, uint32_t index)
{
        return &t->nodes[index];
}

const char *tree_path(const struct tree *t, uint32_t index)
{
        const char *path = t->names[t->half] + t->nodes[index].path;

        return *path ? path : "/";
}

uint32_t tree_left_out(const struct tree *t)
{
        return t->left_out;
}

uint32_t *tree_bucket(const struct tree *t, uint64_t id)
{
        return &t->buckets[id * UINT64_C(0x9e3779b97f4a7c15) % t->n_buckets];
}

uint32_t tree_find(const struct tree *t, uint64_t id)
{
        for (uint32_t i = *tree_bucket(t, id); i != NODE_NONE; i = t->nodes[i].next)
                if (t->nodes[i].id == id)
                        return i;
        return NODE_NONE;
}

uint32_t tree_find_path(const struct tree *t, const char *path)
{
        for (uint32_t i = 0; i < t->n; i++)
                if (t->nodes[i].kind != NODE_FREE && !t->nodes[i].gone && strcmp(tree_path(t, i), path) == 0)
                        return i;
        return NODE_NONE;
}

bool tree_is_below(const struct tree *t, uint32_t index, uint32_t ancestor)
{
        for (; index != NODE_NONE; index = t->nodes[index].parent)
                if (index == ancestor)
                        return true;
        return false;
}

/* Appends a path; when those in the half in use come to the line, the live ones move to the other half.
 * -ENOSPC when that is full as well. */
int tree_store_path(struct tree *t, const char *path, uint32_t *ret_offset)
{
        size_t len = strlen(path) + 1;

        if (t->names_len + len > t->names_line) {
                char *to = t->names[!t->half];
                uint32_t used = 0;

                for (uint32_t i = 0; i < t->n; i++) {
                        struct node *n = &t->nodes[i];
                        const char *old = t->names[t->half] + n->path;

                        if (n->kind == NODE_FREE)
                                continue;
                        n->path = used;
                        used += (uint32_t)(stpcpy(to + used, old) - (to + used)) + 1;
                }
                t->half = !t->half;
                t->names_len = used;
                t->names_line = (uint32_t)u64_min(2 * (used + len) + NAMES_LINE, t->names_size);
        }
        if (len > t->names_size - t->names_len)
                return -ENOSPC;
        memcpy(t->names[t->half] + t->names_len, path, len);
        *ret_offset = t->names_len;
        t->names_len += (uint32_t)len;
        return 0;
}

uint32_t tree_take_slot(struct tree *t)
{
        for (; t->free_from < t->n; t->free_from++)
                if (t->nodes[t->free_from].kind == NODE_FREE)
                        return t->free_from;
        return t->n < t->n_max ? t->n++ : NODE_NONE;
}

void tree_unlink_node(struct tree *t, uint32_t index)
{
        uint32_t *link = tree_bucket(t, t->nodes[index].id);

        while (*link != index)
                link = &t->nodes[*link].next;
        *link = t->nodes[index].next;
}

void tree_unlink_part(struct tree *t, uint32_t index)
{
        struct node *owner = &t->nodes[t->nodes[index].owner];
        uint32_t *link = &owner->first_part;

        while (*link != index && *link != NODE_NONE)
                link = &t->nodes[*link].next_part;
        if (*link == NODE_NONE)
                return;
        *link = t->nodes[index].next_part;
        owner->n_parts--;
}

int node_file(struct node *n, enum node_file which)
{
        if (n->fd[which] < 0)
                n->fd[which] = cgroupfs_open_file(n->dir_fd, file_names[which],
                                                  which == FILE_KILL ? O_WRONLY : O_RDONLY);
        return n->fd[which];
}

int node_read(struct node *n, enum node_file which, char *buffer, size_t size)
{
        int fd = node_file(n, which), r;

        if (fd < 0)
                return fd == -ENOENT || fd == -ENODEV ? CGROUPFS_GONE : fd;
        r = cgroupfs_pread(fd, buffer, size);
        if (r == CGROUPFS_GONE && n->pins == 0) {
                close_p(&n->fd[which]);
                n->fd[which] = -1;
        }
        return r;
}

int node_read_u64(struct node *n, enum node_file which, uint64_t *ret_value)
{
        char text[64];
        int r = node_read(n, which, text, sizeof(text));

        return r == CGROUPFS_OK ? ktext_u64(text, ret_value) : r;
}
