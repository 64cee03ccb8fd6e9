/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

int run(void (*body)(enum sandbox_mode, bool), enum sandbox_mode mode, bool dry_run)
{
        pid_t pid;
        int status;

        fflush(NULL);
        pid = fork();
        if (pid == 0) {
                log_init(LOG_LEVEL_ERROR);
                prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);     /* no core files of what is killed on purpose */
                body(mode, dry_run);
                syscall(SYS_exit_group, 0);
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        return status;
}

bool is_done(int status)
{
        return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool is_killed(int status)
{
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS;
}
