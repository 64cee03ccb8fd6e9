/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_group.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

static void child_main(enum child_kind kind)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGTERM, kind == CHILD_IGNORES_TERM ? SIG_IGN : SIG_DFL);
        for (;;)
                pause();
}

static void list(struct group *g)
{
        char *text = malloc(GROUP_MAX * 12), path[192];
        size_t len = 0, alive = 0;

        cr_assert_not_null(text);
        text[0] = '\0';
        for (size_t i = 0; i < g->n; i++)
                if (g->children[i] > 0) {
                        len += (size_t)sprintf(text + len, "%d\n", g->children[i]);
                        alive++;
                }
        snprintf(path, sizeof(path), "cgroup/%s/cgroup.procs", g->path);
        world_write(g->world, path, text);
        snprintf(path, sizeof(path), "cgroup/%s/cgroup.events", g->path);
        world_write(g->world, path, alive ? "populated 1\nfrozen 0\n" : "populated 0\nfrozen 0\n");
        free(text);
}

void group_start(struct group *g, struct world *w, const char *path, size_t n, enum child_kind kind)
{
        *g = (struct group){ .world = w };
        cr_assert_leq(n, (size_t)GROUP_MAX);
        snprintf(g->path, sizeof(g->path), "%s", path);
        for (; g->n < n; g->n++) {
                pid_t child = fork();

                cr_assert_geq(child, 0);
                if (child == 0)
                        child_main(kind);
                g->children[g->n] = child;
        }
        if (kind == CHILD_IGNORES_TERM)
                usleep(50000);          /* until they do */
        list(g);
}

bool group_lives(struct group *g, size_t i)
{
        if (g->children[i] > 0 && waitpid(g->children[i], NULL, WNOHANG) == g->children[i])
                g->children[i] = 0;
        return g->children[i] > 0;
}

size_t group_update(struct group *g)
{
        size_t alive = 0;

        for (size_t i = 0; i < g->n; i++)
                alive += group_lives(g, i);
        list(g);
        return alive;
}

void group_end(struct group *g)
{
        for (size_t i = 0; i < g->n; i++)
                if (g->children[i] > 0) {
                        kill(g->children[i], SIGKILL);
                        waitpid(g->children[i], NULL, 0);
                        g->children[i] = 0;
                }
}
