/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_group.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

static void child_main(void)
{
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
                pause();
}

static void path_of(const struct group *g, const char *file, char path[static 192])
{
        snprintf(path, 192, "cgroup/%s/%s", g->path, file);
}

static void list(struct group *g)
{
        char *text = malloc(GROUP_MAX * 12), path[192];
        size_t len = 0;

        cr_assert_not_null(text);
        text[0] = '\0';
        for (size_t i = 0; i < g->n; i++) {
                g->lines[i] = (off_t)len;
                len += (size_t)sprintf(text + len, "%d\n", g->children[i]);
        }
        path_of(g, "cgroup.procs", path);
        world_write(g->world, path, text);
        path_of(g, "cgroup.events", path);
        world_write(g->world, path, g->n ? "populated 1\nfrozen 0\n" : "populated 0\nfrozen 0\n");
        free(text);
}

/* Changes one byte of a file in place: whoever reads it meanwhile sees the old byte or the new one, and never
 * a number that nobody wrote. */
static void change_byte(struct group *g, const char *file, off_t at, char byte)
{
        char path[256];
        CLEANUP(close_p) int fd = -1;

        snprintf(path, sizeof(path), "%s/%s/%s", g->world->fixture.cgroup, g->path, file);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        cr_assert(fd >= 0 && pwrite(fd, &byte, 1, at) == 1, "%s", path);
}

void group_start(struct group *g, struct world *w, const char *path, size_t n, enum child_kind kind)
{
        /* a child has it from its parent, and so from its first moment on */
        void (*before)(int) = signal(SIGTERM, kind == CHILD_IGNORES_TERM ? SIG_IGN : SIG_DFL);

        *g = (struct group){ .world = w };
        cr_assert_leq(n, (size_t)GROUP_MAX);
        snprintf(g->path, sizeof(g->path), "%s", path);
        for (; g->n < n; g->n++) {
                pid_t child = fork();

                cr_assert_geq(child, 0);
                if (child == 0)
                        child_main();
                g->children[g->n] = child;
        }
        signal(SIGTERM, before);
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

        for (size_t i = 0; i < g->n; i++) {
                if (group_lives(g, i)) {
                        alive++;
                } else if (g->lines[i] >= 0) {
                        change_byte(g, "cgroup.procs", g->lines[i], 'x');
                        g->lines[i] = -1;
                }
        }
        if (alive == 0 && g->n > 0)
                change_byte(g, "cgroup.events", (off_t)strlen("populated "), '0');
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

void fill_pipe(int ends[2])
{
        char bytes[4096] = { 0 };

        cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
        while (write(ends[1], bytes, sizeof(bytes)) > 0)
                ;
        while (write(ends[1], bytes, 1) > 0)
                ;
        fcntl(ends[1], F_SETFL, 0);
}

void release_pipe(const int ends[2])
{
        char bytes[4096];

        cr_assert_gt(read(ends[0], bytes, sizeof(bytes)), 0);
}
