/* SPDX-License-Identifier: GPL-2.0-or-later */
/* podman and CRI-O read folders of hooks. /usr/share/containers/oci/hooks.d belongs to packages, and what
 * an administrator installs stands in /etc/containers/oci/hooks.d, which survives upgrades and read-only
 * /usr. But neither engine reads it by default: the built-in list has the first folder alone. So a drop-in
 * of the engine's configuration adds the second.
 *
 * The drop-in's list takes the place of the one that counted before, so that one is read and written out
 * again with the new folder behind it. Folders that come later win, and a file there masks one of the same
 * name in an earlier folder. Hence the entry has the name that a package uses: the hook does not run twice.
 *
 * An entry that calls the hook from any of the folders that are read already is all that is needed. Only
 * containers with an annotation of ours are touched. CRI-O's allowed_annotations is not needed: it gates
 * CRI-O's own annotations, all others of a pod reach the hook. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/configure.h"
#include "cli/configure_file.h"
#include "cli/configure_json.h"
#include "cli/configure_toml.h"
#include "cli/text.h"

#define PACKAGED_DIR "/usr/share/containers/oci/hooks.d"        /* the engines' built-in list */
#define ADMIN_DIR    "/etc/containers/oci/hooks.d"
#define ENTRY_PATH   ADMIN_DIR "/jettison-hook.json"
#define DROP_IN_NAME "99-jettison.conf"
#define DROP_IN_MARK "# Written by 'jettison configure'; 'jettison configure --undo' removes it.\n"

/* The same as hooks/jettison-hook.json, for the programs of this runtime directory. */
#define ENTRY \
        "{\n" \
        "        \"version\": \"1.0.0\",\n" \
        "        \"hook\": {\n" \
        "                \"path\": \"%s\",\n" \
        "                \"args\": [\"jettison-hook\"],\n" \
        "                \"timeout\": 5\n" \
        "        },\n" \
        "        \"when\": {\n" \
        "                \"annotations\": { " \
        "\"^(io\\\\.jettison\\\\.utility|jettison\\\\.io/utility(\\\\..+)?)$\": \".*\" }\n" \
        "        },\n" \
        "        \"stages\": [\"createRuntime\"]\n" \
        "}\n"

static const struct engine {
        const char *runtime;
        const char *files[2];   /* the later counts; NULL: one is enough */
        const char *drop_ins, *suffix;
        const char *table;      /* of hooks_dir, as a path */
        const char *header;     /* the same, as it is written */
} engines[] = {
        { "podman", { "/usr/share/containers/containers.conf", "/etc/containers/containers.conf" },
          "/etc/containers/containers.conf.d", ".conf", "engine", "engine" },
        { "crio", { "/etc/crio/crio.conf", NULL }, "/etc/crio/crio.conf.d", "", "crio" TOML_DOT "runtime",
          "crio.runtime" },
};

/* The list of folders that counts, and where it stands. */
struct folders {
        char **list;            /* owned; ended by NULL */
        char *path;             /* owned; NULL: built in */
        size_t line;
};

static void folders_fini(struct folders *f)
{
        strings_free(f->list);
        free(f->path);
}

/* Of a runtime that is one of them. */
static const struct engine *find_engine(const char *runtime)
{
        const struct engine *e = engines;

        while (strcmp(e->runtime, runtime) != 0)
                e++;
        return e;
}

/* hooks_dir of one file, if it is there. */
static int folders_read_file(struct configure *c, const struct engine *e, const char *path, struct folders *f)
{
        CLEANUP(free_p) char *text = NULL, *key = text_format("%s" TOML_DOT "hooks_dir", e->table);
        CLEANUP(toml_fini) struct toml toml = { 0 };
        const struct toml_item *item;
        struct toml_error error;
        char **list;
        int code = configure_read(c, path, &text);

        if (code != EXIT_SUCCESS || !text)
                return code;
        if (toml_read(text, &toml, &error) < 0)
                return configure_fail(c, EXIT_CONFIG, path, error.line, "%s", error.text);
        item = toml_value(&toml, key);
        if (!item)
                return EXIT_SUCCESS;
        list = toml_strings(&toml, item, NULL);
        if (!list)
                return configure_fail(c, EXIT_CONFIG, path, item->line, "hooks_dir: expected a list of "
                                      "strings alone; add \"%s\" to it by hand", ADMIN_DIR);
        folders_fini(f);
        *f = (struct folders){ .list = list, .path = must(strdup(path)), .line = item->line };
        return EXIT_SUCCESS;
}

/* As the engine itself goes about it: the main files, then the drop-ins by name. */
static int folders_read(struct configure *c, const struct engine *e, bool with_ours, struct folders *f)
{
        CLEANUP(strings_free_p) char **names = NULL;
        int code = EXIT_SUCCESS, r;

        f->list = must(calloc(2, sizeof(*f->list)));
        f->list[0] = must(strdup(PACKAGED_DIR));
        for (size_t i = 0; i < ARRAY_SIZE(e->files) && code == EXIT_SUCCESS; i++)
                if (e->files[i])
                        code = folders_read_file(c, e, e->files[i], f);
        if (code != EXIT_SUCCESS)
                return code;
        r = file_list(c->root_fd, e->drop_ins, e->suffix, &names);
        if (r < 0)
                return configure_fail(c, EXIT_FAILED, e->drop_ins, 0, "%s", strerrordesc_np(-r));
        for (char **name = names; *name && code == EXIT_SUCCESS; name++) {
                CLEANUP(free_p) char *path = text_format("%s/%s", e->drop_ins, *name);

                if (with_ours || strcmp(*name, DROP_IN_NAME) != 0)
                        code = folders_read_file(c, e, path, f);
        }
        return code;
}

static bool folders_have(const struct folders *f, const char *folder)
{
        for (char **p = f->list; *p; p++)
                if (strcmp(*p, folder) == 0)
                        return true;
        return false;
}

/* Whether a file of a folder of hooks is an entry for the hook. What cannot be read is none. */
static bool entry_calls(const struct configure *c, const char *path)
{
        CLEANUP(free_p) char *text = NULL;
        json_t *entry;
        bool calls;

        if (file_read(c->root_fd, path, &text) < 0)
                return false;
        entry = json_loads(text, 0, NULL);
        calls = spec_is_hook(json_object_get(entry, "hook"), c->hook);
        json_decref(entry);
        return calls;
}

/* An entry that calls the hook already, but for ours; new, or NULL. */
static char *find_entry(const struct configure *c, const struct folders *f)
{
        for (char **folder = f->list; *folder; folder++) {
                CLEANUP(strings_free_p) char **names = NULL;

                if (file_list(c->root_fd, *folder, ".json", &names) < 0)
                        continue;
                for (char **name = names; *name; name++) {
                        CLEANUP(free_p) char *path = text_format("%s/%s", *folder, *name);
                        char *found = path;

                        if (strcmp(path, ENTRY_PATH) == 0 || !entry_calls(c, path))
                                continue;
                        path = NULL;
                        return found;
                }
        }
        return NULL;
}

/* The whole drop-in; new. */
static char *drop_in_text(const struct engine *e, const struct folders *f)
{
        CLEANUP(free_p) char *list = must(strdup(""));

        for (char **p = f->list; *p; p++) {
                char *longer = text_format("%s\"%s\", ", list, *p);

                free(list);
                list = longer;
        }
        return text_format("%s# Its list takes the place of that of %s, whose folders it repeats.\n"
                           "[%s]\nhooks_dir = [%s\"%s\"]\n", DROP_IN_MARK,
                           f->path ? f->path : "the program itself", e->header, list, ADMIN_DIR);
}

static int plan_entry(struct configure *c)
{
        CLEANUP(free_p) char *text = NULL, *entry = text_format(ENTRY, c->hook);
        int code = configure_read(c, ENTRY_PATH, &text);

        if (code != EXIT_SUCCESS)
                return code;
        if (text && strcmp(text, entry) != 0) {
                if (!entry_calls(c, ENTRY_PATH))
                        return configure_fail(c, EXIT_CONFIG, ENTRY_PATH, 0, "does not call %s; remove it "
                                              "and run again", c->hook);
                configure_note(c, "%s has been changed by hand; left as it is", ENTRY_PATH);
                return EXIT_SUCCESS;
        }
        change_add(c, ENTRY_PATH, text, entry, false);
        text = entry = NULL;
        return EXIT_SUCCESS;
}

static int plan_drop_in(struct configure *c, const struct engine *e, const struct folders *f)
{
        CLEANUP(free_p) char *path = text_format("%s/" DROP_IN_NAME, e->drop_ins), *text = NULL;
        int code;

        if (f->path && strncmp(f->path, path, strlen(e->drop_ins) + 1) == 0 && strcmp(f->path, path) > 0)
                return configure_fail(c, EXIT_CONFIG, f->path, f->line, "hooks_dir: counts after a drop-in "
                                      "of configure; add \"%s\" to it by hand and run again", ADMIN_DIR);
        for (char **p = f->list; *p; p++)
                if (strpbrk(*p, "\"\\\n"))
                        return configure_fail(c, EXIT_CONFIG, f->path, f->line, "hooks_dir: a folder with "
                                              "such a name is not repeated; add \"%s\" to it by hand and run "
"again",
                                              ADMIN_DIR);
        code = configure_read(c, path, &text);
        if (code == EXIT_SUCCESS) {
                change_add(c, path, text, drop_in_text(e, f), false);
                text = NULL;
        }
        return code;
}

int hooks_plan(struct configure *c)
{
        const struct engine *e = find_engine(c->runtime);
        CLEANUP(folders_fini) struct folders f = { 0 };
        CLEANUP(free_p) char *found = NULL;
        int code = folders_read(c, e, false, &f);

        if (code != EXIT_SUCCESS)
                return code;
        found = find_entry(c, &f);
        if (found) {
                configure_note(c, "%s calls the hook already", found);
                return EXIT_SUCCESS;
        }
        code = plan_entry(c);
        if (code == EXIT_SUCCESS && !folders_have(&f, ADMIN_DIR))
                code = plan_drop_in(c, e, &f);
        return code;
}

/* Whether the other engine reads the folder of the entry, too. */
static int find_other(struct configure *c, const struct engine *e, bool *ret_reads)
{
        bool reads = false;
        int code = EXIT_SUCCESS;

        for (size_t i = 0; i < ARRAY_SIZE(engines) && code == EXIT_SUCCESS; i++) {
                CLEANUP(folders_fini) struct folders f = { 0 };

                if (&engines[i] == e)
                        continue;
                code = folders_read(c, &engines[i], true, &f);
                reads |= code == EXIT_SUCCESS && folders_have(&f, ADMIN_DIR);
        }
        *ret_reads = reads;
        return code;
}

/* The list goes before the entry, as it came after it. */
int hooks_plan_undo(struct configure *c)
{
        const struct engine *e = find_engine(c->runtime);
        CLEANUP(free_p) char *path = text_format("%s/" DROP_IN_NAME, e->drop_ins);
        CLEANUP(free_p) char *entry = text_format(ENTRY, c->hook);
        bool shared;
        int code = change_add_removal(c, path, DROP_IN_MARK);

        if (code == EXIT_SUCCESS)
                code = find_other(c, e, &shared);
        if (code != EXIT_SUCCESS)
                return code;
        if (!shared)
                return change_add_removal(c, ENTRY_PATH, entry);
        configure_note(c, "%s stays: the other engine reads its folder, too", ENTRY_PATH);
        return EXIT_SUCCESS;
}
