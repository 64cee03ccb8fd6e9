/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A round and the event loop point to watches, so each stays in its place for as long as its domain lives;
 * the place of one that is gone is free for a new one. A domain that comes back under its name takes its old
 * place if that is still free: its witnesses and facts begin anew, but a pause that a fruitless round has
 * earned it stays. */
#include "domains.h"

#include <string.h>

#include "base/base.h"
#include "base/log.h"

struct watch *domains_find(struct controller *c, const char *path)
{
        for (size_t i = 0; i < c->n_watches; i++)
                if (strcmp(c->watches[i].domain.path, path) == 0)
                        return &c->watches[i];
        return NULL;
}

/* The place of a domain that is gone, else a new one; NULL when all are in use. */
static struct watch *find_place(struct controller *c)
{
        for (size_t i = 0; i < c->n_watches; i++)
                if (c->watches[i].gone) {
                        watch_stop(&c->watches[i]);
                        return &c->watches[i];
                }
        return c->n_watches < ARRAY_SIZE(c->watches) ? &c->watches[c->n_watches++] : NULL;
}

/* Makes room for a watch, of a new domain or of one that was gone. Those left out are told of once. */
static struct watch *take_watch(struct controller *c, const char *path)
{
        struct watch *w = domains_find(c, path);

        if (w)
                return w->gone ? w : NULL;
        if (strlen(path) >= sizeof(w->domain.path) || !(w = find_place(c))) {
                if (!c->left_out)
                        log_warning("not watching %s, and perhaps others: %zu domains are watched already",
                                    path, c->n_watches);
                c->left_out = true;
                return NULL;
        }
        *w = (struct watch){ .pressure.fd = -1, .events.fd = -1 };
        strcpy(w->domain.path, path);
        return w;
}

static void watch_node(struct controller *c, uint32_t index, void (*woken)(struct watch *w))
{
        const struct node *n = tree_node(c->scanner.tree, index);
        struct watch *w = take_watch(c, tree_path(c->scanner.tree, index));

        if (!w)
                return;
        watch_stop(w);
        w->domain.is_host = index == 0;
        w->domain.node = index;
        w->domain.id = n->id;
        watch_start(w, c->loop, &c->scanner, &c->config->policy, woken);
        log_info("watching %s", w->domain.path);
}

static bool holds_candidate(struct controller *c, uint32_t branch)
{
        for (uint32_t i = 1; i < tree_size(c->scanner.tree); i++)
                if (tree_node(c->scanner.tree, i)->kind == NODE_CANDIDATE &&
                    !tree_node(c->scanner.tree, i)->gone && tree_is_below(c->scanner.tree, i, branch))
                        return true;
        return false;
}

static bool has_limit(struct node *n)
{
        uint64_t max;

        return node_read_u64(n, FILE_MAX, &max) == CGROUPFS_OK && max != KTEXT_MAX;
}

/* Is the cgroup gone, or the limit lifted that made it a domain by itself? */
static bool is_over(struct controller *c, const struct watch *w)
{
        uint32_t index = tree_find(c->scanner.tree, w->domain.id);

        if (w->domain.is_host)
                return false;
        if (index == NODE_NONE || tree_node(c->scanner.tree, index)->gone)
                return true;
        return !tree_is_domain(c->scanner.tree, w->domain.path) &&
               !has_limit(tree_node(c->scanner.tree, index));
}

/* The container that the controller runs in has a limit, but nobody in it who could be shed. */
static bool is_own_container(const struct node *n)
{
        return n->is_self && n->container.role != CONTAINER_NONE;
}

/* Branches with a limit of their own and candidates inside; not those that a user made, who could take all
 * places. */
static void watch_limits(struct controller *c, void (*woken)(struct watch *w))
{
        for (uint32_t i = 1; i < tree_size(c->scanner.tree); i++) {
                struct node *n = tree_node(c->scanner.tree, i);

                if (n->kind == NODE_BRANCH && !n->gone && n->delegate == NODE_NONE && !is_own_container(n) &&
                    has_limit(n) && holds_candidate(c, i))
                        watch_node(c, i, woken);
        }
}

static bool is_same(const struct config *a, const struct config *b)
{
        const struct sense_options *s = &a->sense, *t = &b->sense;
        const struct policy *p = &a->policy, *q = &b->policy;

        if (s->host != t->host || s->domains_auto != t->domains_auto || s->n_domains != t->n_domains)
                return false;
        for (size_t i = 0; i < s->n_domains; i++)
                if (strcmp(s->domains[i], t->domains[i]) != 0)
                        return false;
        return p->stall_kind == q->stall_kind && p->stall_permyriad == q->stall_permyriad &&
               p->stall_window_us == q->stall_window_us;
}

void domains_reconfigure(struct controller *c, const struct config *before)
{
        bool keep = is_same(before, c->config);

        for (size_t i = 0; i < c->n_watches; i++)
                keep = keep && (c->watches[i].gone || watch_has_pressure(&c->watches[i]));
        for (size_t i = 0; i < c->n_watches; i++)
                if (!keep)
                        watch_stop(&c->watches[i]);
                else if (!c->watches[i].gone)
                        c->watches[i].next_look_us = 0;
        if (!keep)
                c->n_watches = 0;
}

void domains_watch(struct controller *c, void (*woken)(struct watch *w))
{
        const struct sense_options *o = &c->config->sense;

        for (size_t i = 0; i < c->n_watches; i++)
                if (is_over(c, &c->watches[i]))
                        watch_stop(&c->watches[i]);
                else
                        c->watches[i].domain.node = tree_find(c->scanner.tree, c->watches[i].domain.id);
        if (o->host)
                watch_node(c, 0, woken);
        for (size_t i = 0; i < o->n_domains; i++) {
                uint32_t index = tree_find_path(c->scanner.tree, o->domains[i]);
                uint64_t max;

                if (index == NODE_NONE)
                        continue;
                if (node_read_u64(tree_node(c->scanner.tree, index), FILE_MAX, &max) == CGROUPFS_OK)
                        watch_node(c, index, woken);    /* else it has no memory controller, yet */
        }
        if (o->domains_auto)
                watch_limits(c, woken);
}
