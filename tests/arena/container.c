/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A container is started as an engine starts one: in its cgroup, as a session and a process group of its own,
 * with its output in a file. Memory and life are read from descriptors that are kept. A death is that a group
 * was populated and is so no longer, however it came to that.
 */
#include "container.h"

#include "witness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define LOGS        "/run/arena"
#define ENDLESS_MIB 100000      /* see guest-load.sh */

bool container_open(struct container *c, int root)
{
        c->folder = openat(root, c->field[F_NAME], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (c->folder < 0)
                return false;
        c->fd_current = openat(c->folder, "memory.current", O_RDONLY | O_CLOEXEC);
        c->fd_events = openat(c->folder, "cgroup.events", O_RDONLY | O_CLOEXEC);
        c->start_ms = atol(c->field[F_START]);
        c->restart_ms = atol(c->field[F_RESTART]);
        c->next_start_ms = c->start_ms;
        c->is_endless = atol(c->field[F_DEMAND]) >= ENDLESS_MIB;
        c->died_ms = -1;
        return true;
}

static void log_path(const struct container *c, char *path, size_t size)
{
        snprintf(path, size, LOGS "/%s.log", c->field[F_NAME]);
}

static _Noreturn void container_exec(const struct container *c)
{
        char path[4096];
        int fd;

        text_write(c->folder, "cgroup.procs", "0");
        text_write(AT_FDCWD, "/proc/self/oom_score_adj", c->field[F_ADJ]);
        setpriority(PRIO_PROCESS, 0, 0);
        setsid();
        log_path(c, path, sizeof(path));
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (fd >= 0) {
                dup2(fd, STDOUT_FILENO);
                dup2(fd, STDERR_FILENO);
        }
        execl("/bin/sh", "sh", "-c", c->field[F_COMMAND], NULL);
        _exit(127);
}

void container_start(struct container *c)
{
        c->pid = fork();
        if (c->pid == 0)
                container_exec(c);
        c->started = true;
        c->next_start_ms = -1;
}

void container_look(struct container *c, long at_ms)
{
        char text[256];
        bool populated;

        if (!c->started)
                return;
        text_read(c->fd_events, text, sizeof(text));
        populated = number_of(text, "populated ") != 0;
        text_read(c->fd_current, text, sizeof(text));
        c->memory_last = strtoull(text, NULL, 10);
        if (c->memory_last > c->memory_peak)
                c->memory_peak = c->memory_last;
        if (c->populated && !populated) {
                c->deaths++;
                if (c->died_ms < 0)
                        c->died_ms = at_ms;
                if (c->restart_ms > 0)
                        c->next_start_ms = at_ms + c->restart_ms;
        }
        c->populated = populated;
}

unsigned container_processes(const struct container *c)
{
        static char text[65536];
        unsigned n = 0;

        file_read(c->folder, "cgroup.procs", text, sizeof(text));
        for (const char *at = text; *at; at++)
                n += *at == '\n';
        return n;
}

uint64_t container_steps(const struct container *c)
{
        char path[4096], *last = NULL;
        static char text[1 << 16];

        log_path(c, path, sizeof(path));
        file_read(AT_FDCWD, path, text, sizeof(text));
        for (char *at = text; (at = strstr(at, " steps ")); at++)
                last = at;
        return last ? strtoull(last + 7, NULL, 10) : 0;
}
