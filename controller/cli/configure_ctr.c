/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The default specification changes with containerd, so it is not kept here but asked for. ctr makes it
 * by itself; the daemon need not run. */
#include "cli/configure_ctr.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "cli/configure_file.h"
#include "cli/text.h"

/* Where packages and archives of containerd put it. */
static const char *const places[] = { "/usr/local/bin/ctr", "/usr/bin/ctr", "/usr/local/sbin/ctr" };

static char *find_ctr(const struct configure *c)
{
        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
                if (file_is_program(c->root_fd, places[i]))
                        return root_path(c->root, places[i]);
        return NULL;
}

static void run_child(char *program, int out)
{
        char *const argv[] = { program, (char[]){ "oci" }, (char[]){ "spec" }, NULL };

        dup2(out, STDOUT_FILENO);
        execv(program, argv);
        _exit(EXIT_NOT_FOUND);
}

static char *read_output(int fd)
{
        CLEANUP(free_p) char *text = must(malloc(FILE_SIZE_MAX + 1));
        size_t len = 0;
        ssize_t n;

        while ((n = read(fd, text + len, FILE_SIZE_MAX - len)) != 0) {
                if (n < 0 && errno != EINTR)
                        break;
                len += n > 0 ? (size_t)n : 0;
        }
        text[len] = '\0';
        return must(strdup(text));
}

int ctr_spec(struct configure *c, const char *path, char **ret_text)
{
        CLEANUP(free_p) char *program = find_ctr(c), *text = NULL;
        int ends[2], status;
        pid_t pid;

        if (!program)
                return configure_fail(c, EXIT_FAILED, path, 0, "not there, and no ctr to make it; put the "
                                      "output of 'ctr oci spec' of this containerd there and run again");
        if (pipe2(ends, O_CLOEXEC) < 0)
                return verb_fail(c->verb, EXIT_FAILED, "pipe: %s", strerrordesc_np(errno));
        pid = fork();
        if (pid == 0)
                run_child(program, ends[1]);
        close(ends[1]);
        text = pid > 0 ? read_output(ends[0]) : NULL;
        close(ends[0]);
        if (pid < 0 || waitpid(pid, &status, 0) < 0)
                return verb_fail(c->verb, EXIT_FAILED, "%s: %s", program, strerrordesc_np(errno));
        if (status != 0)
                return verb_fail(c->verb, EXIT_FAILED, "'%s oci spec' failed; put its output at %s and run "
                                 "again", program, path);
        *ret_text = text;
        text = NULL;
        return EXIT_SUCCESS;
}
