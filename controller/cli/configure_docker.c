/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker runs no hooks. Its way is another runtime: a program under a name in daemon.json, called for every
 * container whose runtime has that name, and for all if that is the default. Ours puts the hook into the
 * specification and becomes runc (jettison-runtime(8)). It stands in the way of every container, hence what
 * is refused here: a default that somebody else has chosen, and whatever would keep dockerd from starting.
 *
 * dockerd ends at once if a setting stands both in the file and on its command line, so the units that start
 * it are read as well.
 *
 * A runtime with arguments costs a shell: dockerd puts path and arguments into a script. So there are none
 * unless the hook lies elsewhere than where it was built to be. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/configure.h"
#include "cli/configure_file.h"
#include "cli/configure_json.h"
#include "cli/configure_toml.h"
#include "cli/json_text.h"
#include "cli/text.h"

#define DAEMON_JSON "/etc/docker/daemon.json"
#define OUR_NAME    "jettison"          /* the runtime's, for docker run --runtime */
#define OUR_DEFAULT "\"default-runtime\": \"" OUR_NAME "\""

#define UNIT        "docker.service"
#define DROP_INS    "/etc/systemd/system/" UNIT ".d"

/* A daemon.json that is being read. */
struct source {
        struct configure *c;
        const char *path, *text;
        json_t *root;                   /* owned; NULL: the file says nothing at all */
        const json_t *runtimes;         /* NULL: there are none */
        const char *chosen;             /* default-runtime; NULL: none is */
};

static void source_fini(struct source *s)
{
        json_decref(s->root);
}

static int refuse(const struct source *s, const char *text)
{
        return configure_fail(s->c, EXIT_CONFIG, s->path, 0, "%s", text);
}

static int source_read(struct source *s)
{
        const json_t *chosen;
        json_error_t error;

        if (s->text[strspn(s->text, " \t\r\n")] == '\0')
                return EXIT_SUCCESS;
        s->root = json_loads(s->text, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, &error);
        if (!s->root)
                return configure_fail(s->c, EXIT_CONFIG, s->path, (size_t)error.line, "%s", error.text);
        chosen = json_object_get(s->root, "default-runtime");
        s->chosen = json_string_value(chosen);
        s->runtimes = json_object_get(s->root, "runtimes");
        if (!json_is_object(s->root))
                return refuse(s, "expected an object");
        if (chosen && !s->chosen)
                return refuse(s, "default-runtime: expected the name of a runtime");
        if (s->runtimes && !json_is_object(s->runtimes))
                return refuse(s, "runtimes: expected an object");
        return EXIT_SUCCESS;
}

/* Whether a runtime is our program, in any folder. */
static bool is_ours(const json_t *runtime)
{
        const char *path = json_string_value(json_object_get(runtime, "path"));

        return path && strcmp(basename(path), basename(JETTISON_RUNTIME)) == 0;
}

/* What somebody has chosen stays, and how both can be had is said. */
static int refuse_chosen(const struct source *s)
{
        const json_t *runtime = json_object_get(s->runtimes, s->chosen);
        const char *path = json_string_value(json_object_get(runtime, "path"));
        CLEANUP(free_p) char *name = text_show(s->chosen), *program = path ? text_show(path) : NULL;
        const char *own = json_array_size(json_object_get(runtime, "runtimeArgs")) > 0 ? " and its own" : "";

        if (!program)
                return configure_fail(s->c, EXIT_CONFIG, s->path, 0, "default-runtime is %s, which is not "
                                      "replaced and has no program here that the hook could be put before",
                                      name);
        return configure_fail(s->c, EXIT_CONFIG, s->path, 0, "default-runtime is %s, which is not replaced; "
                              "by hand, add a runtime with the path " JETTISON_RUNTIME " and the runtimeArgs "
                              "--jettison-runtime %s%s%s, and make that the default", name,
                              *program == '/' ? "" : "/PATH/TO/", program, own);
}

/* The members of a runtime; new. */
static char *format_runtime(const struct configure *c)
{
        if (strcmp(c->hook, JETTISON_HOOK) == 0)
                return text_format("{\n            \"path\": \"" JETTISON_RUNTIME "\"\n        }");
        return text_format("{\n            \"path\": \"" JETTISON_RUNTIME "\",\n            "
                           "\"runtimeArgs\": [\"--jettison-hook\", \"%s\"]\n        }", c->hook);
}

/* Into the object that is there. */
static int edit_runtimes(const struct source *s, const char *object, struct patch *patch)
{
        CLEANUP(free_p) char *runtime = format_runtime(s->c);
        struct json_place place;

        if (!json_text_find(object, "runtimes", &place))
                return refuse(s, "runtimes: expected a name without escapes");
        patch_add(patch, (size_t)(place.value + 1 - s->text),
                  text_format("\n        \"" OUR_NAME "\": %s%s", runtime,
                              json_object_size(s->runtimes) > 0 ? "," : "\n    "));
        return EXIT_SUCCESS;
}

/* In the place of the one that is there. */
static int edit_chosen(const struct source *s, const char *object, struct patch *patch)
{
        struct json_place place;

        if (!json_text_find(object, "default-runtime", &place))
                return refuse(s, "default-runtime: expected a name without escapes");
        patch_replace(patch, (size_t)(place.key - s->text),
                      must(strndup(place.key, (size_t)(place.end - place.key))), must(strdup(OUR_DEFAULT)));
        return EXIT_SUCCESS;
}

/* What is missing as a whole comes first in the file, in one piece. */
static void add_missing(const struct source *s, const char *object, struct patch *patch)
{
        CLEANUP(free_p) char *runtime = format_runtime(s->c), *runtimes = NULL, *members = NULL;
        const char *chosen = s->chosen ? "" : "\n    " OUR_DEFAULT;

        runtimes = s->runtimes ? must(strdup("")) :
                   text_format("\n    \"runtimes\": {\n        \"" OUR_NAME "\": %s\n    }", runtime);
        members = text_format("%s%s%s", chosen, *chosen && *runtimes ? "," : "", runtimes);
        if (!s->root)
                patch_add(patch, 0, text_format("{%s\n}\n", members));
        else if (*members)
                patch_add(patch, (size_t)(object + 1 - s->text),
                          text_format("%s%s", members, json_object_size(s->root) > 0 ? "," : "\n"));
}

static int edit_source(const struct source *s, struct patch *patch)
{
        const json_t *ours = json_object_get(s->runtimes, OUR_NAME);
        const char *object = json_text_root(s->text);
        bool free_choice = !s->chosen || *s->chosen == '\0' || strcmp(s->chosen, "runc") == 0;
        int code = EXIT_SUCCESS;

        if (s->chosen && is_ours(json_object_get(s->runtimes, s->chosen)))
                return EXIT_SUCCESS;
        if (!free_choice && strcmp(s->chosen, OUR_NAME) != 0)
                return refuse_chosen(s);
        if (ours && !is_ours(ours))
                return refuse(s, "runtimes: there is a " OUR_NAME " that is not " JETTISON_RUNTIME);
        add_missing(s, object, patch);
        if (s->runtimes && !ours)
                code = edit_runtimes(s, object, patch);
        if (code == EXIT_SUCCESS && s->chosen && free_choice)
                code = edit_chosen(s, object, patch);
        return code;
}

static int docker_edit(struct configure *c, const char *path, const char *text, struct patch *patch)
{
        CLEANUP(source_fini) struct source s = { .c = c, .path = path, .text = text };
        int code = source_read(&s);

        return code == EXIT_SUCCESS ? edit_source(&s, patch) : code;
}

/* Whether the text holds this outside of comments. */
static bool has_flag(const char *text, const char *flag)
{
        for (const char *p = text; (p = strstr(p, flag)); p += strlen(flag)) {
                const char *line = p;

                while (line > text && line[-1] != '\n')
                        line--;
                line += strspn(line, " \t");
                if (*line != '#' && *line != ';')
                        return true;
        }
        return false;
}

/* A unit that cannot be read, for one a link, says nothing. */
static int check_unit(struct configure *c, const char *path, bool *ret_there)
{
        static const char *const flags[] = { "--default-runtime", "--add-runtime" };
        CLEANUP(free_p) char *text = NULL;

        *ret_there = file_read(c->root_fd, path, &text) == 0;
        for (size_t i = 0; i < ARRAY_SIZE(flags) && text; i++)
                if (has_flag(text, flags[i]))
                        return configure_fail(c, EXIT_CONFIG, path, 0, "%s: dockerd would not start with a "
                                              "runtime in " DAEMON_JSON " as well; move it there", flags[i]);
        return EXIT_SUCCESS;
}

/* The unit that counts, and the administrator's additions to it. */
static int check_units(struct configure *c)
{
        static const char *const folders[] = { "/etc/systemd/system/", "/usr/lib/systemd/system/",
                                               "/lib/systemd/system/" };
        CLEANUP(strings_free_p) char **names = NULL;
        int r = file_list(c->root_fd, DROP_INS, ".conf", &names), code = EXIT_SUCCESS;
        bool there = false;

        if (r < 0)
                return configure_fail(c, EXIT_FAILED, DROP_INS, 0, "%s", strerrordesc_np(-r));
        for (char **name = names; *name && code == EXIT_SUCCESS; name++) {
                CLEANUP(free_p) char *path = text_format(DROP_INS "/%s", *name);

                code = check_unit(c, path, &there);
        }
        there = false;
        for (size_t i = 0; i < ARRAY_SIZE(folders) && code == EXIT_SUCCESS && !there; i++) {
                CLEANUP(free_p) char *path = text_format("%s" UNIT, folders[i]);

                code = check_unit(c, path, &there);
        }
        return code;
}

int docker_plan(struct configure *c)
{
        CLEANUP(patch_fini) struct patch patch = { 0 };
        char *text = NULL;
        int code;

        if (!file_is_program(c->root_fd, JETTISON_RUNTIME))
                return configure_fail(c, EXIT_FAILED, JETTISON_RUNTIME, 0, "the runtime that Docker is to "
                                      "call is not there; install it");
        code = configure_read(c, DAEMON_JSON, &text);
        if (code == EXIT_SUCCESS)
                code = docker_edit(c, DAEMON_JSON, text ? text : "", &patch);
        if (code == EXIT_SUCCESS && patch.n > 0)
                code = check_units(c);
        if (code != EXIT_SUCCESS || patch.n == 0) {
                free(text);
                return code;
        }
        change_add(c, DAEMON_JSON, text, patch_apply(&patch, text ? text : ""), true);
        configure_note(c, "This is for containers that are created from then on; what runs, or was created "
                       "before, keeps its runtime");
        configure_note(c, "'docker run --annotation io.jettison.utility=N' needs Docker 24; with an older "
                       "one, label running containers with 'jettison label --pid'");
        return EXIT_SUCCESS;
}

/* Without the program a container that asks for it does not start; so what is left of it is said. */
int docker_plan_undo(struct configure *c)
{
        CLEANUP(free_p) char *text = NULL;
        size_t n = c->n_changes;
        int code = change_add_undo(c, DAEMON_JSON, docker_edit);
        const char *left;

        if (code == EXIT_SUCCESS)
                code = configure_read(c, DAEMON_JSON, &text);
        if (code != EXIT_SUCCESS)
                return code;
        left = c->n_changes > n ? c->changes[n].after : text;
        if (left && strstr(left, basename(JETTISON_RUNTIME)))
                configure_note(c, DAEMON_JSON " still names %s; take that out before the program goes",
                               basename(JETTISON_RUNTIME));
        if (c->n_changes > n)
                configure_note(c, "Containers that were created with the runtime " OUR_NAME " cannot be "
                               "started again without it; create them anew");
        return EXIT_SUCCESS;
}
