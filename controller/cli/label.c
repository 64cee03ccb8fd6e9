/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A label is an extended attribute on the cgroup's directory. trusted.* can only be written by the host's
 * root, and is what counts; user.* mirrors it for people, and is all that an owner of a delegated subtree
 * can write. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "base/sink.h"
#include "base/utility.h"
#include "cli/group.h"
#include "cli/text.h"
#include "cli/verb.h"
#include "sense/label.h"

struct label_request {
        const char *pid, *utility;
        char *path;             /* owned */
        bool show, remove, json;
};

/* The text of a label, new; NULL when there is none or it cannot be read. */
static char *label_text(int fd, const char *name)
{
        char text[256];
        ssize_t n = fgetxattr(fd, name, text, sizeof(text) - 1);

        if (n < 0)
                return NULL;
        text[n] = '\0';
        return must(strdup(text));
}

static const char *label_doubt(const char *text)
{
        struct utility u;

        return utility_parse(text, strlen(text), &u) < 0 ? " (not a utility: ignored)" : "";
}

static void print_json(const char *path, const char *trusted, const char *user)
{
        size_t size = 256 + 6 * (strlen(path) + (trusted ? strlen(trusted) : 0) + (user ? strlen(user) : 0));
        CLEANUP(free_p) char *text = must(malloc(size));
        struct sink s;

        sink_init(&s, text, size);
        json_open(&s, NULL, '{');
        json_text(&s, "path", path);
        json_text(&s, "trusted", trusted);
        json_text(&s, "user", user);
        json_close(&s, '}');
        puts(s.text);
}

static void print_label(const char *name, const char *text, const char *without)
{
        CLEANUP(free_p) char *shown = text_show(text ? text : without);

        printf("  %-26s%s%s\n", name, shown, text ? label_doubt(text) : "");
}

static int label_show(const struct label_request *q, int fd)
{
        CLEANUP(free_p) char *trusted = label_text(fd, LABEL_TRUSTED_NAME);
        CLEANUP(free_p) char *user = label_text(fd, LABEL_USER_NAME);
        CLEANUP(free_p) char *path = text_show(q->path);

        if (q->json) {
                print_json(q->path, trusted, user);
                return EXIT_SUCCESS;
        }
        printf("%s\n", path);
        print_label(LABEL_TRUSTED_NAME, trusted, geteuid() == 0 ? "none" : "only root can read it");
        print_label(LABEL_USER_NAME, user, "none");
        return EXIT_SUCCESS;
}

static int label_fail(const struct verb *verb, const struct label_request *q, int error)
{
        if (error == EOPNOTSUPP)
                return verb_fail(verb, EXIT_KERNEL, "%s: this kernel has no user.* attributes on cgroups, "
                                 "Linux 5.7 has; trusted.* takes root", q->path);
        return verb_fail(verb, EXIT_FAILED, "%s: cannot change its label: %s", q->path,
                         strerrordesc_np(error));
}

static void say_user_only(const char *done)
{
        fprintf(stderr, "jettison label: only %s was %s: it counts below a delegated user subtree "
                "(user@UID.service), where it ranks the containers inside. %s, which counts everywhere, "
                "takes root.\n", LABEL_USER_NAME, done, LABEL_TRUSTED_NAME);
}

/* Whoever named a process has not seen its cgroup. */
static void say_group(const struct label_request *q)
{
        CLEANUP(free_p) char *path = text_show(q->path);

        if (q->pid)
                printf("%s: %s\n", path, q->remove ? "no label" : q->utility);
}

static int label_set(const struct verb *verb, const struct label_request *q, int fd)
{
        bool trusted;
        int r = label_write(fd, q->utility, strlen(q->utility), &trusted);

        if (r < 0)
                return label_fail(verb, q, -r);
        if (!trusted)
                say_user_only("written");
        say_group(q);
        return EXIT_SUCCESS;
}

/* What is not there is removed already. */
static int label_remove(const struct verb *verb, const struct label_request *q, int fd)
{
        bool trusted = fremovexattr(fd, LABEL_TRUSTED_NAME) == 0 || errno == ENODATA;

        if (!trusted && errno != EPERM)
                return label_fail(verb, q, errno);
        if (fremovexattr(fd, LABEL_USER_NAME) < 0 && errno != ENODATA && !(trusted && errno == EOPNOTSUPP))
                return label_fail(verb, q, errno);
        if (!trusted)
                say_user_only("removed");
        say_group(q);
        return EXIT_SUCCESS;
}

static int label_path(const struct verb *verb, const struct label_request *q)
{
        CLEANUP(close_p) int fd = group_open(q->path);
        struct group_error error;

        if (fd < 0 && group_check(&error) < 0)
                return verb_fail(verb, EXIT_KERNEL, "%s", error.text);
        if (fd == -ENOTDIR)
                return verb_fail(verb, EXIT_FAILED, "%s: not a cgroup of the unified hierarchy", q->path);
        if (fd < 0)
                return verb_fail(verb, EXIT_FAILED, "%s: %s", q->path, strerrordesc_np(-fd));
        if (q->show)
                return label_show(q, fd);
        return q->remove ? label_remove(verb, q, fd) : label_set(verb, q, fd);
}

static int find_process(const struct verb *verb, struct label_request *q)
{
        struct group_error error;
        char *end;
        long pid = strtol(q->pid, &end, 10);
        int r;

        if (*end || end == q->pid || pid <= 0 || pid > INT32_MAX)
                return verb_usage(verb, "'%s' is not a process id", q->pid);
        r = group_of_process((pid_t)pid, &q->path);
        if (r == -ESRCH)
                return verb_fail(verb, EXIT_FAILED, "there is no process %ld", pid);
        if ((r < 0 || strcmp(q->path, "/") == 0) && group_check(&error) < 0)
                return verb_fail(verb, EXIT_KERNEL, "%s", error.text);
        if (r < 0)
                return verb_fail(verb, EXIT_KERNEL, "process %ld is not in the unified hierarchy", pid);
        if (strcmp(q->path, "/") == 0)
                return verb_fail(verb, EXIT_FAILED, "process %ld is in the root, which has no utility", pid);
        group_climb(q->path);
        return EXIT_SUCCESS;
}

/* What is left after the options: [PATH] and, when a label is set, [UTILITY]. */
static int take_arguments(const struct verb *verb, struct label_request *q, int argc, char **argv)
{
        int at = optind, wanted = (q->pid ? 0 : 1) + (q->show || q->remove ? 0 : 1);
        struct utility u;

        if (q->show && q->remove)
                return verb_usage(verb, "--show and --remove at once");
        if (q->json && !q->show)
                return verb_usage(verb, "--json goes with --show");
        if (argc - at < wanted)
                return verb_usage(verb, "%s is missing", q->pid || argc - at > 0 ? "UTILITY" : "PATH");
        if (argc - at > wanted)
                return verb_usage(verb, "unexpected argument '%s'", argv[at + wanted]);
        if (!q->pid)
                q->path = must(strdup(argv[at++]));
        if (q->show || q->remove)
                return EXIT_SUCCESS;
        q->utility = argv[at];
        if (utility_parse(q->utility, strlen(q->utility), &u) < 0)
                return verb_usage(verb, "'%s' is not a utility: " UTILITY_FORM, q->utility, TIER_MAX,
                                  UTILITY_MAX);
        return EXIT_SUCCESS;
}

static int run_label(const struct verb *verb, int argc, char **argv)
{
        struct label_request q = { 0 };
        const struct command_option options[] = {
                { "pid", .text = &q.pid },
                { "remove", .flag = &q.remove },
                { "show", .flag = &q.show },
                { "json", .flag = &q.json },
                { 0 },
        };
        int code;

        if (!verb_options(verb, argc, argv, options, &code))
                return code;
        code = take_arguments(verb, &q, argc, argv);
        if (code == EXIT_SUCCESS && q.pid)
                code = find_process(verb, &q);
        if (code == EXIT_SUCCESS)
                code = label_path(verb, &q);
        free(q.path);
        return code;
}

const struct verb verb_label = {
        .name = "label",
        .arguments = "[OPTION]... PATH|--pid PID [UTILITY]",
        .summary = "Set, show or remove what a container is worth",
        .help = "  PATH                  the cgroup's directory, or its path below the cgroup2 mount\n"
                "  UTILITY               0 to 1000, higher is kept; TIER:VALUE, tier 0 to 15; or protect\n"
                "  --pid PID             the container, or else the cgroup, of a process, instead of PATH\n"
                "  --show                print the labels\n"
                "  --remove              remove the labels\n"
                "  --json                with --show: as one line of JSON\n",
        .run = run_label,
};
