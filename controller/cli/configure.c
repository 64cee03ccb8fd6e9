/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Makes a container runtime call jettison-hook whenever it creates a container, so that annotations become
 * labels. Each runtime has its own way, which the planners know; this file shows what they have planned,
 * writes it, and says what is left to do. Everything is planned before the first byte is written, each file
 * is replaced as a whole, and in an order in which no file refers to one that is not there: so a run that
 * is cut off leaves a configuration that works, and can simply be run again. Nothing is restarted: that may
 * end containers, and is for the user to time. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/sink.h"
#include "cli/configure.h"
#include "cli/configure_diff.h"
#include "cli/configure_file.h"
#include "cli/text.h"

static const struct runtime {
        const char *name;
        int (*plan)(struct configure *c);
        int (*plan_undo)(struct configure *c);
        /* What makes the runtime read its files again, and after an undo; NULL: it does each time. */
        const char *restart, *restart_undo;
} runtimes[] = {
        { "podman", hooks_plan, hooks_plan_undo, NULL, NULL },
        { "crio", hooks_plan, hooks_plan_undo, "systemctl restart crio", "systemctl restart crio" },
        { "containerd", containerd_plan, containerd_plan_undo, "systemctl restart containerd",
          "systemctl restart containerd" },
        /* A runtime that goes from the file is forgotten only by a new dockerd. */
        { "docker", docker_plan, docker_plan_undo, "systemctl reload docker", "systemctl restart docker" },
};

static const struct runtime *find_runtime(const char *name)
{
        for (size_t i = 0; i < ARRAY_SIZE(runtimes); i++)
                if (strcmp(runtimes[i].name, name) == 0)
                        return &runtimes[i];
        return NULL;
}

static const char *restart_of(const struct configure *c)
{
        return c->undo ? c->how->restart_undo : c->how->restart;
}

static void show_changes(const struct configure *c)
{
        const struct term term = term_of(stdout);

        for (size_t i = 0; i < c->n_changes; i++) {
                const struct change *change = &c->changes[i];
                CLEANUP(free_p) char *path = root_path(c->root, change->path);

                diff_print(path, change->before, change->after, stdout, &term);
        }
}

/* The first text is kept, however often the file is edited. */
static int keep_backup(const struct configure *c, const struct change *change)
{
        CLEANUP(free_p) char *path = text_format("%s" BACKUP_SUFFIX, change->path), *text = NULL;
        int r = file_read(c->root_fd, path, &text);

        return r == -ENOENT ? file_write(c->root_fd, path, change->before, change->path) : r;
}

static int drop_backup(const struct configure *c, const struct change *change)
{
        CLEANUP(free_p) char *path = text_format("%s" BACKUP_SUFFIX, change->path);

        return file_remove(c->root_fd, path);
}

static int write_change(const struct configure *c, const struct change *change)
{
        int r = change->keep ? keep_backup(c, change) : 0;

        if (r == 0)
                r = change->after ? file_write(c->root_fd, change->path, change->after, change->path) :
                                    file_remove(c->root_fd, change->path);
        return r == 0 && change->drop ? drop_backup(c, change) : r;
}

static int write_changes(struct configure *c)
{
        for (size_t i = 0; i < c->n_changes; i++) {
                int r = write_change(c, &c->changes[i]);

                if (r < 0)
                        return configure_fail(c, EXIT_FAILED, c->changes[i].path, 0, "cannot be changed: %s; "
                                              "%zu of %zu files are done", strerrordesc_np(-r), i,
                                              c->n_changes);
        }
        return EXIT_SUCCESS;
}

static const char *change_action(const struct change *change)
{
        return !change->before ? "create" : !change->after ? "remove" : "edit";
}

static void print_json(const struct configure *c)
{
        size_t size = 1024 + 6 * (strlen(c->root) + strlen(c->notes));  /* a byte takes 6 at most */
        CLEANUP(free_p) char *text = NULL;
        struct sink s;

        for (size_t i = 0; i < c->n_changes; i++)
                size += 128 + 6 * strlen(c->changes[i].path);
        text = must(malloc(size));
        sink_init(&s, text, size);
        json_open(&s, NULL, '{');
        json_text(&s, "runtime", c->runtime);
        json_text(&s, "root", c->root);
        json_bool(&s, "undo", c->undo);
        json_bool(&s, "dry_run", c->dry_run);
        json_open(&s, "files", '[');
        for (size_t i = 0; i < c->n_changes; i++) {
                json_open(&s, NULL, '{');
                json_text(&s, "path", c->changes[i].path);
                json_text(&s, "action", change_action(&c->changes[i]));
                json_close(&s, '}');
        }
        json_close(&s, ']');
        json_open(&s, "notes", '[');
        for (const char *line = c->notes; *line; line = strchr(line, '\n') + 1) {
                CLEANUP(free_p) char *one = must(strndup(line, strcspn(line, "\n")));

                json_text(&s, NULL, one);
        }
        json_close(&s, ']');
        json_text(&s, "restart", c->n_changes > 0 ? restart_of(c) : NULL);
        json_close(&s, '}');
        puts(s.text);
}

static void print_result(const struct configure *c)
{
        const char *restart = restart_of(c);
        const char *done = c->undo ? "Taken out of" : "Configured";

        if (c->n_changes > 0)
                putchar('\n');
        for (const char *line = c->notes; *line; line = strchr(line, '\n') + 1) {
                CLEANUP(free_p) char *one = must(strndup(line, strcspn(line, "\n")));
                CLEANUP(free_p) char *shown = text_show(one);

                puts(shown);
        }
        if (c->n_changes == 0)
                puts("Nothing to do.");
        else if (c->dry_run)
                puts("Nothing is written: this is a dry run.");
        else if (restart)
                printf("%s %s. It counts after: %s\n", done, c->runtime, restart);
        else
                printf("%s %s. It counts from the next container on.\n", done, c->runtime);
}

static int configure_run(struct configure *c)
{
        int code;

        if (strspn(c->root, "/") == strlen(c->root) && !c->dry_run && geteuid() != 0)
                return verb_fail(c->verb, EXIT_FAILED, "only root can do that; --dry-run shows what would "
                                 "be");
        c->root_fd = root_open(c->root);
        if (c->root_fd < 0)
                return verb_fail(c->verb, EXIT_FAILED, "%s: %s", c->root, strerrordesc_np(-c->root_fd));
        if (!c->undo && !file_is_program(c->root_fd, c->hook))
                return configure_fail(c, EXIT_FAILED, c->hook, 0, "the hook is not there; install it, or "
                                      "name it with --hook");
        code = (c->undo ? c->how->plan_undo : c->how->plan)(c);
        if (code != EXIT_SUCCESS)
                return code;
        if (!c->json)
                show_changes(c);
        fflush(stdout);
        if (!c->dry_run)
                code = write_changes(c);
        if (code == EXIT_SUCCESS && c->json)
                print_json(c);
        else if (code == EXIT_SUCCESS)
                print_result(c);
        return code;
}

static void configure_fini(struct configure *c)
{
        for (size_t i = 0; i < c->n_changes; i++) {
                free(c->changes[i].path);
                free(c->changes[i].before);
                free(c->changes[i].after);
        }
        free(c->changes);
        free(c->notes);
        close_p(&c->root_fd);
}

/* A path that can stand in TOML and JSON as it is. */
static bool is_plain_path(const char *path)
{
        return path[0] == '/' && path[strspn(path, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                                   "0123456789/._+-")] == '\0';
}

static int check(struct configure *c)
{
        if (!c->runtime)
                return verb_usage(c->verb, "--runtime is missing");
        c->how = find_runtime(c->runtime);
        if (!c->how)
                return verb_usage(c->verb, "'%s' is not a runtime: podman, crio, containerd, docker",
                                  c->runtime);
        if (!is_plain_path(c->hook))
                return verb_usage(c->verb, "'%s' is not an absolute path of letters, digits, /._+-", c->hook);
        return EXIT_SUCCESS;
}

static int run_configure(const struct verb *verb, int argc, char **argv)
{
        struct configure c = { .verb = verb, .root = "/", .hook = JETTISON_HOOK, .root_fd = -1 };
        const struct command_option options[] = {
                { "runtime", .text = &c.runtime },
                { "root", .text = &c.root },
                { "hook", .text = &c.hook },
                { "undo", .flag = &c.undo },
                { "dry-run", .flag = &c.dry_run },
                { "json", .flag = &c.json },
                { 0 },
        };
        int code;

        if (!verb_options_only(verb, argc, argv, options, &code))
                return code;
        code = check(&c);
        if (code != EXIT_SUCCESS)
                return code;
        c.notes = must(strdup(""));
        code = configure_run(&c);
        configure_fini(&c);
        return code;
}

const struct verb verb_configure = {
        .name = "configure",
        .arguments = "--runtime RUNTIME [OPTION]...",
        .summary = "Make a container runtime call the hook that turns annotations into labels",
        .help = "  --runtime RUNTIME     podman, crio, containerd or docker\n"
                "  --root DIR            the tree that is configured (default: /)\n"
                "  --hook PATH           the hook (default: " JETTISON_HOOK ")\n"
                "  --undo                take out what was put in\n"
                "  --dry-run             show what would be changed, write nothing\n"
                "  --json                what was changed, as one line of JSON instead of a diff\n",
        .run = run_configure,
};
