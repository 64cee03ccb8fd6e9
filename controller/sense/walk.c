/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A walk reads each known directory's entries and compares inode numbers, which getdents gives for nothing
 * and which are the cgroup ids: a known id needs no further look, an unknown one is opened, classified and
 * joins the end of the walk, and an id that no directory listed is gone.
 *
 * Every directory is watched for one change, from before it is read until that change comes, so that nothing
 * is missed and nobody can fill the queue by making directories or labels without pause. As long as none has
 * come there is nothing to walk for. Where the kernel gives no watch, while a deed keeps a node or a directory
 * could not be opened, and once more after something is gone and made room, the walk is made all the same.
 *
 * Candidates form an antichain: the first labelled, recognised or configured cgroup on the way down is the
 * candidate, and what lies inside it are its parts. A cgroup that the controller itself lives in is never
 * one, nor is a domain.
 *
 * Hostile trees: a directory deeper than DEPTH_MAX, with a path longer than PATH_ROOM, past a candidate's
 * PARTS_MAX, or past what one delegated user may have, is not opened but counted. Its memory is part of its
 * parent's all the same. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/glob.h"
#include "sense/tree_private.h"

#define DEPTH_MAX 64
#define PARTS_MAX 64

/* Places below one user's manager; a desktop session takes a hundred. Their paths are as long as all others on
 * the average. */
#define INSIDE_MAX       256
#define INSIDE_NAMES_MAX (INSIDE_MAX * NAMES_PER_NODE)

static const struct rule *find_rule(const struct tree *t, const char *path)
{
        for (size_t i = 0; i < t->options->n_rules; i++)
                if (glob_match(t->options->rules[i].match, path))
                        return &t->options->rules[i];
        return NULL;
}

bool tree_is_domain(const struct tree *t, const char *path)
{
        for (size_t i = 0; i < t->options->n_domains; i++)
                if (strcmp(t->options->domains[i], path) == 0)
                        return true;
        return false;
}

static bool is_container(const struct tree *t, enum container_role role)
{
        if (!t->options->containers)
                return false;
        return role == CONTAINER_WHOLE || (role == CONTAINER_POD && t->options->kill_unit == KILL_UNIT_POD);
}

/* Is this cgroup a user manager's own, whose label says what all that lies inside is worth? */
static bool is_delegate(const struct node *n, const char *path)
{
        const char *slash = strrchr(path, '/');

        return n->delegate == NODE_NONE && slash && label_is_user_manager(slash + 1, strlen(slash + 1));
}

/* Below a delegate a name is the user's own word: it may offer a cgroup, and keeps none from dying. */
static struct container recognise(const struct node *n, const char *path)
{
        struct container c = container_recognise(path, strlen(path));

        if (n->delegate == NODE_NONE)
                return c;
        c.pod_class = POD_NONE;
        if (c.role == CONTAINER_MONITOR)
                c.role = CONTAINER_NONE;
        return c;
}

/* What a directory is, by its place, its name, the configuration and its label. A user subtree's own label
 * says what the subtree is worth and does not make it a candidate. */
static enum node_kind classify(struct tree *t, const struct node *n, const char *path)
{
        const struct node *parent = n->parent == NODE_NONE ? NULL : &t->nodes[n->parent];
        struct utility utility;

        if (parent && parent->kind != NODE_BRANCH)
                return NODE_PART;
        if (!parent || n->is_self || n->container.role == CONTAINER_MONITOR || tree_is_domain(t, path) ||
            is_delegate(n, path))
                return NODE_BRANCH;
        if (n->rule && n->rule->ignore)
                return NODE_BRANCH;
        if (is_container(t, n->container.role) || (n->rule && n->rule->candidate))
                return NODE_CANDIDATE;
        switch (label_read(n->dir_fd, n->trust, &utility)) {
        case LABEL_TRUSTED:
        case LABEL_USER:
                return NODE_CANDIDATE;
        default:
                return NODE_BRANCH;
        }
}

static uint32_t find_delegate(const struct tree *t, uint32_t parent, const char *path)
{
        size_t len = label_subtree(path, strlen(path));

        if (len == 0)
                return NODE_NONE;
        while (parent != NODE_NONE && strlen(t->names[t->half] + t->nodes[parent].path) > len)
                parent = t->nodes[parent].parent;
        return parent;
}

/* Does the controller live here or below? Asked of the path, since a part that was left out is not among
 * the nodes. */
static bool holds_self(const struct tree *t, const char *path)
{
        size_t len = strlen(path);

        return strncmp(t->own_path, path, len) == 0 && (t->own_path[len] == '/' || t->own_path[len] == '\0');
}

static bool has_room_inside(const struct tree *t, uint32_t delegate, const char *path)
{
        const struct node *d;

        if (delegate == NODE_NONE)
                return true;
        d = &t->nodes[delegate];
        return d->n_inside < INSIDE_MAX && d->names_inside + strlen(path) < INSIDE_NAMES_MAX;
}

static void count_inside(struct tree *t, uint32_t delegate, const char *path)
{
        if (delegate == NODE_NONE)
                return;
        t->nodes[delegate].n_inside++;
        t->nodes[delegate].names_inside += (uint32_t)strlen(path) + 1;
}

/* Counts anew what is inside each delegate. */
static void count_all_inside(struct tree *t)
{
        for (uint32_t i = 0; i < t->n; i++)
                t->nodes[i].n_inside = t->nodes[i].names_inside = 0;
        for (uint32_t i = 0; i < t->n; i++)
                if (t->nodes[i].kind != NODE_FREE && !t->nodes[i].gone)
                        count_inside(t, t->nodes[i].delegate, t->names[t->half] + t->nodes[i].path);
}

/* What it is, before it joins the table. */
static void describe(struct tree *t, struct node *n, const char *path)
{
        n->trust = label_trust(t->options->labels_user, path, strlen(path));
        n->container = recognise(n, path);
        n->rule = find_rule(t, path);
        n->is_self = holds_self(t, path);
        n->kind = classify(t, n, path);
}

static void join(struct tree *t, uint32_t index, struct node *n)
{
        uint32_t *bucket = tree_bucket(t, n->id);

        if (n->kind == NODE_PART) {
                const struct node *above = &t->nodes[n->parent];

                n->owner = above->kind == NODE_PART ? above->owner : n->parent;
                n->next_part = t->nodes[n->owner].first_part;
                t->nodes[n->owner].first_part = index;
                t->nodes[n->owner].n_parts++;
        }
        n->next = *bucket;
        *bucket = index;
        t->nodes[index] = *n;
}

/* Opens DIR/name below 'parent' and adds it. */
static void add_node(struct tree *t, uint32_t parent, const char *name)
{
        const struct node *above = parent == NODE_NONE ? NULL : &t->nodes[parent];
        struct node n = node_blank();
        char path[PATH_ROOM];
        uint32_t index;

        n.parent = parent;
        n.owner = NODE_NONE;
        n.seen = t->walk;
        n.depth = above ? (uint8_t)(above->depth + 1) : 0;
        if (above && (size_t)snprintf(path, sizeof(path), "%s/%s", t->names[t->half] + above->path, name) >=
                             sizeof(path))
                goto leave_out;
        if (!above)
                path[0] = '\0';
        n.delegate = find_delegate(t, parent, path);
        if (n.depth > DEPTH_MAX || !has_room_inside(t, n.delegate, path) ||
            (index = tree_take_slot(t)) == NODE_NONE)
                goto leave_out;

        n.dir_fd = openat(above ? above->dir_fd : t->fs->root_fd, above ? name : ".",
                          O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (n.dir_fd < 0 && errno == ENOENT)
                return;
        if (n.dir_fd < 0 || cgroupfs_id(n.dir_fd, &n.id) < 0 || tree_find(t, n.id) != NODE_NONE ||
            tree_store_path(t, path, &n.path) < 0) {
                t->is_stale = true;
                close_p(&n.dir_fd);
                goto leave_out;
        }
        describe(t, &n, path);
        if (n.kind == NODE_BRANCH && t->news_fd >= 0)
                tree_subscribe(t, &n);
        join(t, index, &n);
        count_inside(t, n.delegate, path);
        return;

leave_out:
        t->left_out++;
}

static bool may_descend(const struct tree *t, const struct node *n)
{
        if (n->kind == NODE_PART)
                n = &t->nodes[n->owner];
        return n->kind != NODE_CANDIDATE || n->n_parts < PARTS_MAX;
}

static void see_entry(struct tree *t, uint32_t parent, const struct dirent64 *entry)
{
        uint32_t known;

        if (entry->d_type != DT_DIR || strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                return;
        known = tree_find(t, entry->d_ino);
        if (known != NODE_NONE)
                t->nodes[known].seen = t->walk;
        else if (may_descend(t, &t->nodes[parent]))
                add_node(t, parent, entry->d_name);
        else
                t->left_out++;
}

static int walk_directory(struct tree *t, uint32_t index)
{
        static _Alignas(8) char buffer[16 * 1024];
        int fd = t->nodes[index].dir_fd;
        long n = -1;

        tree_watch(t, &t->nodes[index]);
        if (lseek(fd, 0, SEEK_SET) == 0)
                while ((n = getdents64(fd, buffer, sizeof(buffer))) > 0)
                        for (long at = 0; at < n;) {
                                const struct dirent64 *entry = (const void *)(buffer + at);

                                see_entry(t, index, entry);
                                at += entry->d_reclen;
                        }
        t->is_stale = t->is_stale || n < 0;
        return n < 0 ? -errno : 0;
}

static void close_gone(struct tree *t)
{
        for (uint32_t i = 1; i < t->n; i++) {
                struct node *n = &t->nodes[i];

                if (n->kind == NODE_FREE)
                        continue;
                n->gone = n->gone || n->seen != t->walk;
                t->is_stale = t->is_stale || n->gone || n->pins > 0;
                if (!n->gone || n->pins > 0)
                        continue;
                if (n->kind == NODE_PART)
                        tree_unlink_part(t, i);
                tree_unlink_node(t, i);
                tree_close_node(t, n);
                t->free_from = i < t->free_from ? i : t->free_from;
        }
}

/* Has a branch been labelled since, or a candidate's label been removed? */
static bool has_new_role(struct tree *t, const struct node *n, enum node_kind *ret_kind)
{
        if (n->kind == NODE_FREE || n->kind == NODE_PART || n->pins > 0 || n->gone)
                return false;
        *ret_kind = classify(t, n, t->names[t->half] + n->path);
        return *ret_kind != n->kind;
}

/* What has a new role is looked into once more: what lies below is closed, and found again in its own new
 * role. What is pinned below counts as gone until it is released. */
static bool reclassify(struct tree *t, uint32_t index)
{
        struct node *n = &t->nodes[index];
        enum node_kind kind;

        if (n->seen != t->walk || !has_new_role(t, n, &kind))
                return false;
        n->kind = kind;
        n->walked = t->walk - 1;
        if (kind == NODE_BRANCH && t->news_fd >= 0)
                tree_subscribe(t, n);
        for (uint32_t i = 1; i < t->n; i++)
                if (i != index && t->nodes[i].kind != NODE_FREE && tree_is_below(t, i, index))
                        t->nodes[i].seen = t->walk - 1;
        return true;
}

/* Looks into every directory that was not yet looked into in this walk. -errno when the root cannot be
 * read. */
static int walk_all(struct tree *t)
{
        for (bool again = true; again;) {       /* what is found may take a slot that was passed already */
                again = false;
                for (uint32_t i = 0; i < t->n; i++) {
                        struct node *n = &t->nodes[i];

                        if (n->kind == NODE_FREE || n->gone || n->walked == t->walk)
                                continue;
                        n->walked = t->walk;
                        again = true;
                        if (walk_directory(t, i) < 0 && i == 0)
                                return -EIO;
                }
        }
        return 0;
}

int tree_walk(struct tree *t)
{
        bool changed = false;
        int r;

        if (!tree_has_changed(t))
                return 0;
        t->walk++;
        t->left_out = 0;
        t->is_stale = false;
        count_all_inside(t);
        if (t->n == 0 || t->nodes[0].kind == NODE_FREE)
                add_node(t, NODE_NONE, "");
        if (t->n == 0 || t->nodes[0].kind == NODE_FREE) {
                t->is_stale = true;
                return -EIO;
        }
        t->nodes[0].seen = t->walk;
        if ((r = walk_all(t)) < 0)
                return r;
        for (uint32_t i = 1; i < t->n; i++)
                changed = reclassify(t, i) || changed;
        close_gone(t);
        return changed ? walk_all(t) : 0;
}
