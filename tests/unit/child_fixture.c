/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "child_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

char told[4096];

_Noreturn void give_up(int line)
{
        dprintf(STDERR_FILENO, "line %d: %s\n", line, strerror(errno));
        _exit(1);
}

int child_run(void (*body)(void))
{
        size_t len = 0;
        ssize_t n;
        int pipe_fds[2], status;
        pid_t pid;

        cr_assert_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
        fflush(NULL);
        pid = fork();
        if (pid == 0) {
                dup2(pipe_fds[1], STDERR_FILENO);
                log_init(LOG_LEVEL_INFO);
                body();
                _exit(0);
        }
        close(pipe_fds[1]);
        while ((n = read(pipe_fds[0], told + len, sizeof(told) - 1 - len)) > 0)
                len += (size_t)n;
        told[len] = '\0';
        close(pipe_fds[0]);
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 256 + WTERMSIG(status);
}

void expect_done(void (*body)(void))
{
        int status = child_run(body);

        if (status == SKIPPED)
                cr_skip_test("%s", told);
        cr_expect_eq(status, 0, "status %d, told: %s", status, told);
}
