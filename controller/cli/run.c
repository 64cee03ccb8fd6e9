/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs a command as a container of its own: a cgroup with a label, gone when the command is. The order
 * matters: the cgroup is made and labelled before the command's process enters it, so it is never a
 * candidate of the wrong utility.
 *
 * The tool itself stays outside and waits, so that it does not die with the command. Signals meant for it
 * are passed on; those that the terminal made have reached the command already, which is in the same
 * process group. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/units.h"
#include "base/utility.h"
#include "cli/group.h"
#include "cli/text.h"
#include "cli/verb.h"
#include "sense/label.h"

#define RUN_PARENT "/jettison-run"

struct run_request {
        const char *utility;
        uint64_t memory_max;
        char *path;             /* owned */
        char **command;
};

static int group_fail(const struct verb *verb, const struct group_error *e)
{
        return verb_fail(verb, e->lacking ? EXIT_KERNEL : EXIT_FAILED, "%s", e->text);
}

static int make_group(const struct verb *verb, const struct run_request *q)
{
        CLEANUP(close_p) int fd = -1;
        struct group_error error = { 0 };

        if (group_create(q->path, q->memory_max, &error) < 0)
                return group_fail(verb, &error);
        fd = group_open(q->path);
        if (fd >= 0 && fsetxattr(fd, LABEL_TRUSTED_NAME, q->utility, strlen(q->utility), 0) == 0) {
                (void)!fsetxattr(fd, LABEL_USER_NAME, q->utility, strlen(q->utility), 0);
                return EXIT_SUCCESS;
        }
        verb_fail(verb, 0, "cannot label %s: %s", q->path, strerrordesc_np(fd < 0 ? -fd : errno));
        group_remove(q->path, &error);
        return EXIT_FAILED;
}

/* In the child. */
static _Noreturn void run_command(const struct verb *verb, const struct run_request *q, const sigset_t *mask)
{
        struct group_error error = { 0 };

        if (group_enter(q->path, &error) < 0)
                _exit(group_fail(verb, &error));
        sigprocmask(SIG_SETMASK, mask, NULL);
        execvp(q->command[0], q->command);
        _exit(verb_fail(verb, errno == ENOENT ? EXIT_NOT_FOUND : EXIT_CANNOT_RUN, "%s: %s", q->command[0],
                        strerrordesc_np(errno)));
}

static int exit_code(int status)
{
        return WIFSIGNALED(status) ? EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Waits for the child's end and passes signals on until then. */
static int await_command(pid_t child, const sigset_t *watched)
{
        for (;;) {
                siginfo_t info;
                int status, number = sigwaitinfo(watched, &info);

                if (number == SIGCHLD && waitpid(child, &status, WNOHANG) == child)
                        return exit_code(status);
                if (number > 0 && number != SIGCHLD && info.si_code != SI_KERNEL)
                        kill(child, number);
        }
}

static int run_in_group(const struct verb *verb, const struct run_request *q)
{
        static const int passed_on[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };
        sigset_t watched, before;
        pid_t child;

        signal(SIGCHLD, SIG_DFL);       /* ignored by who started us, it would never be told */
        sigemptyset(&watched);
        sigaddset(&watched, SIGCHLD);
        for (size_t i = 0; i < ARRAY_SIZE(passed_on); i++)
                sigaddset(&watched, passed_on[i]);
        sigprocmask(SIG_BLOCK, &watched, &before);
        child = fork();
        if (child < 0)
                return verb_fail(verb, EXIT_FAILED, "cannot fork: %s", strerrordesc_np(errno));
        if (child == 0)
                run_command(verb, q, &before);
        return await_command(child, &watched);
}

static int run_all(const struct verb *verb, const struct run_request *q)
{
        struct group_error error = { 0 };
        int code = make_group(verb, q);

        if (code != EXIT_SUCCESS)
                return code;
        code = run_in_group(verb, q);
        if (group_remove(q->path, &error) < 0)
                verb_fail(verb, 0, "%s; what the command left behind is still in it", error.text);
        return code;
}

/* /jettison-run/NAME-PID, with the command's own name. New. */
static char *default_path(const char *command)
{
        const char *slash = strrchr(command, '/');

        return text_format(RUN_PARENT "/%.64s-%d", slash ? slash + 1 : command, getpid());
}

static bool is_plain(const char *path)
{
        CLEANUP(free_p) char *closed = text_format("%s/", path);

        return path[0] == '/' && !strstr(closed, "//") && !strstr(closed, "/./") && !strstr(closed, "/../");
}

static int check(const struct verb *verb, struct run_request *q, int argc, char **argv)
{
        struct utility u;

        if (optind == argc)
                return verb_usage(verb, "COMMAND is missing");
        if (!q->utility)
                return verb_usage(verb, "--utility is missing");
        if (utility_parse(q->utility, strlen(q->utility), &u) < 0)
                return verb_usage(verb, "'%s' is not a utility: " UTILITY_FORM, q->utility, TIER_MAX,
                                  UTILITY_MAX);
        q->command = argv + optind;
        if (!q->path)
                q->path = default_path(q->command[0]);
        if (!is_plain(q->path))
                return verb_usage(verb, "'%s' is not a cgroup's path, such as /batch/job1", q->path);
        return EXIT_SUCCESS;
}

static bool parse_limit(const char *text, void *ret_bytes)
{
        return size_parse(text, ret_bytes) == 0;
}

static int run_run(const struct verb *verb, int argc, char **argv)
{
        struct run_request q = { .memory_max = UINT64_MAX };
        const char *path = NULL;
        const struct command_option options[] = {
                { "utility", .text = &q.utility },
                { "memory-max", .parse = parse_limit, .to = &q.memory_max, .form = "a size such as 4G or 512M" },
                { "cgroup", .text = &path },
                { 0 },
        };
        int code;

        if (!verb_options(verb, argc, argv, options, &code))
                return code;
        if (path)
                q.path = must(strdup(path));
        code = check(verb, &q, argc, argv);
        if (code == EXIT_SUCCESS)
                code = run_all(verb, &q);
        free(q.path);
        return code;
}

const struct verb verb_run = {
        .name = "run",
        .arguments = "--utility UTILITY [OPTION]... [--] COMMAND [ARGUMENT]...",
        .summary = "Run a command in a labelled cgroup of its own",
        .help = "  --utility UTILITY     what it is worth: 0 to 1000, TIER:VALUE, or protect\n"
                "  --memory-max SIZE     limit of its memory, such as 512M (default: none)\n"
                "  --cgroup PATH         below the cgroup2 mount (default: " RUN_PARENT "/NAME-PID)\n",
        .in_order = true,
        .run = run_run,
};
