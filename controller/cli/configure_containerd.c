/* SPDX-License-Identifier: GPL-2.0-or-later */
/* containerd has no folder of hooks. Its way is base_runtime_spec: a file with an OCI specification from
 * which the CRI plugin makes every container of a runtime handler, and which may hold hooks. It takes the
 * place of the built-in specification as a whole, so it has to be the one of this containerd, which 'ctr
 * oci spec' prints. Annotations of a pod are passed on to the container only where pod_annotations names
 * them.
 *
 * Both belong into the table of the handler, in config.toml itself. A drop-in through 'imports' would be
 * neater, but until containerd 2.0 a plugin's section in an imported file takes the place of the whole
 * section: a drop-in with three keys would reset everything else that is set for the CRI plugin. For the
 * same reason a section of that plugin in an imported file is an obstacle: it would undo what is written
 * here.
 *
 * A table for runc that is new in the file takes the place of the built-in one, so it names the
 * runtime_type as well; the other defaults of the built-in one are zero. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "cli/configure.h"
#include "cli/configure_ctr.h"
#include "cli/configure_file.h"
#include "cli/configure_json.h"
#include "cli/configure_toml.h"
#include "cli/text.h"

#define CONFIG_TOML "/etc/containerd/config.toml"
#define BASE_SPEC   "/etc/containerd/jettison-spec.json"

/* What annotations are passed on, in the form of Go's path.Match: '*' ends at a slash. */
static const char *const patterns[] = { "io.jettison.*", "jettison.io/*" };
static const char *const lists[] = { "pod_annotations", "container_annotations" };

/* The name of the plugin's section in each version of the file; containerd 1.x reads 2, 2.x reads both. */
static const struct version {
        const char *number, *plugin;
        bool merges;            /* imported files key by key: it can only be containerd 2 */
} versions[] = {
        { "2", "io.containerd.grpc.v1.cri", false },
        { "3", "io.containerd.cri.v1.runtime", true },
};

/* A config.toml that is being read. */
struct source {
        struct configure *c;
        const char *path;
        struct toml toml;
        const struct version *version;  /* NULL: the file says nothing at all */
        char *handler;          /* owned: which runtime a container gets that asks for none */
        char *table;            /* owned: the path of the handler's table */
};

static void source_fini(struct source *s)
{
        toml_fini(&s->toml);
        free(s->handler);
        free(s->table);
}

static bool item_is(const struct source *s, const struct toml_item *item, const char *text)
{
        return item->end - item->begin == strlen(text) &&
               strncmp(s->toml.text + item->begin, text, strlen(text)) == 0;
}

static int find_version(struct source *s)
{
        const struct toml_item *version = toml_value(&s->toml, "version");

        if (s->toml.n_items == 0)
                return EXIT_SUCCESS;
        if (!version)
                return configure_fail(s->c, EXIT_CONFIG, s->path, 0, "no version is the old version 1; bring "
                                      "the file to version = 2 first, see containerd-config.toml(5)");
        for (size_t i = 0; i < ARRAY_SIZE(versions); i++)
                if (item_is(s, version, versions[i].number))
                        s->version = &versions[i];
        if (!s->version)
                return configure_fail(s->c, EXIT_CONFIG, s->path, version->line, "this version is not "
                                      "understood; 2 and 3 are");
        return EXIT_SUCCESS;
}

static int find_table(struct source *s)
{
        const char *plugin = s->version->plugin;
        CLEANUP(free_p) char *containerd = text_format("plugins" TOML_DOT "%s" TOML_DOT "containerd", plugin);
        CLEANUP(free_p) char *name = text_format("%s" TOML_DOT "default_runtime_name", containerd);
        const struct toml_item *item = toml_value(&s->toml, name);

        s->handler = item ? toml_string(&s->toml, item) : must(strdup("runc"));
        if (!s->handler || s->handler[0] == '\0' || strpbrk(s->handler, "\"\\" TOML_DOT))
                return configure_fail(s->c, EXIT_CONFIG, s->path, item ? item->line : 0,
                                      "default_runtime_name: expected the name of a runtime");
        s->table = text_format("%s" TOML_DOT "runtimes" TOML_DOT "%s", containerd, s->handler);
        item = toml_header(&s->toml, s->table) ? NULL : toml_obstacle(&s->toml, s->table);
        if (item)
                return configure_fail(s->c, EXIT_CONFIG, s->path, item->line, "an inline table or dotted key "
                                      "cannot be added to; write it as [plugins.\"%s\".containerd."
                                      "runtimes.%s]", plugin, s->handler);
        if (!toml_header(&s->toml, s->table) && strcmp(s->handler, "runc") != 0)
                return configure_fail(s->c, EXIT_CONFIG, s->path, 0, "the default runtime %s has no table of "
                                      "its own", s->handler);
        return EXIT_SUCCESS;
}

static int source_read(struct source *s, const char *text)
{
        struct toml_error error;
        int code;

        if (toml_read(text, &s->toml, &error) < 0)
                return configure_fail(s->c, EXIT_CONFIG, s->path, error.line, "%s", error.text);
        code = find_version(s);
        return code == EXIT_SUCCESS && s->version ? find_table(s) : code;
}

/* A key of the handler's table. Borrowed; NULL when it is not there. */
static const struct toml_item *table_key(const struct source *s, const char *key)
{
        CLEANUP(free_p) char *path = text_format("%s" TOML_DOT "%s", s->table, key);

        return toml_value(&s->toml, path);
}

/* The file that base_runtime_spec names; new, NULL when none is. */
static int find_spec(const struct source *s, char **ret_spec)
{
        const struct toml_item *item = s->version ? table_key(s, "base_runtime_spec") : NULL;
        CLEANUP(free_p) char *spec = item ? toml_string(&s->toml, item) : NULL;

        if (item && (!spec || (spec[0] != '/' && spec[0] != '\0')))
                return configure_fail(s->c, EXIT_CONFIG, s->path, item->line, "base_runtime_spec: expected "
                                      "the absolute path of a file");
        *ret_spec = spec && spec[0] ? spec : NULL;
        if (*ret_spec)
                spec = NULL;
        return EXIT_SUCCESS;
}

/* The patterns that a list does not have, with commas between; new. */
static char *missing_patterns(char *const *have)
{
        char *text = must(strdup(""));

        for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
                char *before = text;
                bool found = false;

                for (char *const *p = have; p && *p; p++)
                        found |= strcmp(*p, patterns[i]) == 0;
                if (found)
                        continue;
                text = text_format("%s%s\"%s\"", before, before[0] ? ", " : "", patterns[i]);
                free(before);
        }
        return text;
}

/* Adds to a list that is there. */
static int edit_list(const struct source *s, const struct toml_item *item, struct patch *patch)
{
        size_t end;
        CLEANUP(strings_free_p) char **have = toml_strings(&s->toml, item, &end);
        CLEANUP(free_p) char *missing = missing_patterns(have);

        if (!have)
                return configure_fail(s->c, EXIT_CONFIG, s->path, item->line, "expected a list of strings");
        if (missing[0])
                patch_add(patch, end, text_format("%s%s", have[0] ? ", " : "", missing));
        return EXIT_SUCCESS;
}

/* Adds what the table lacks: to keys that are there in their place, others at 'at', each between the two
 * texts. */
static int edit_keys(const struct source *s, size_t at, const char *open, const char *close,
                     struct patch *patch)
{
        CLEANUP(free_p) char *all = missing_patterns(NULL);
        const struct toml_item *item = s->version ? table_key(s, "base_runtime_spec") : NULL;
        int code = EXIT_SUCCESS;

        if (!item)
                patch_add(patch, at, text_format("%sbase_runtime_spec = \"" BASE_SPEC "\"%s", open, close));
        else if (item->end - item->begin == 2)
                patch_add(patch, item->begin + 1, must(strdup(BASE_SPEC)));
        for (size_t i = 0; i < ARRAY_SIZE(lists) && code == EXIT_SUCCESS; i++) {
                item = s->version ? table_key(s, lists[i]) : NULL;
                if (!item)
                        patch_add(patch, at, text_format("%s%s = [%s]%s", open, lists[i], all, close));
                else
                        code = edit_list(s, item, patch);
        }
        return code;
}

/* A table of its own at the end of the file. */
static int append_table(const struct source *s, struct patch *patch)
{
        const char *text = s->toml.text, *plugin = s->version ? s->version->plugin : versions[0].plugin;
        size_t len = strlen(text);

        patch_add(patch, len, text_format("%s%s\n[plugins.\"%s\".containerd.runtimes.runc]\n"
                  "  runtime_type = \"io.containerd.runc.v2\"\n",
                  len > 0 && text[len - 1] != '\n' ? "\n" : "", s->version ? "" : "version = 2\n", plugin));
        return edit_keys(s, len, "  ", "\n", patch);
}

/* Keys that are new stand directly below the header, a little further in. */
static int edit_table(const struct source *s, struct patch *patch)
{
        const struct toml_item *header = s->version ? toml_header(&s->toml, s->table) : NULL;
        CLEANUP(free_p) char *indent = NULL, *spec = NULL;
        size_t blanks = 0;
        int code = find_spec(s, &spec);

        if (code != EXIT_SUCCESS)
                return code;
        if (!header)
                return append_table(s, patch);
        while (blanks < header->begin && strchr(" \t", s->toml.text[header->begin - blanks - 1]))
                blanks++;
        indent = text_format("\n%.*s  ", (int)blanks, s->toml.text + header->begin - blanks);
        return edit_keys(s, header->end, indent, "", patch);
}

static int config_edit(struct configure *c, const char *path, const char *text, struct patch *patch)
{
        CLEANUP(source_fini) struct source s = { .c = c, .path = path };
        int code = source_read(&s, text);

        return code == EXIT_SUCCESS ? edit_table(&s, patch) : code;
}

static int spec_edit(struct configure *c, const char *path, const char *text, struct patch *patch)
{
        CLEANUP(free_p) char *why = NULL;

        if (spec_add_hook(text, c->hook, patch, &why) < 0)
                return configure_fail(c, EXIT_CONFIG, path, 0, "%s", why);
        return EXIT_SUCCESS;
}

/* Whether an item of an imported file can undo what is written here. */
static bool interferes(const struct source *s, const struct toml_item *item)
{
        CLEANUP(free_p) char *plugin = text_format("plugins" TOML_DOT "%s" TOML_DOT, s->version->plugin);
        CLEANUP(free_p) char *name = text_format("%scontainerd" TOML_DOT "default_runtime_name", plugin);

        if (!s->version->merges)
                return strncmp(item->path, plugin, strlen(plugin)) == 0;
        return strcmp(item->path, name) == 0 || strncmp(item->path, s->table, strlen(s->table)) == 0;
}

static int check_import(struct source *s, const char *path)
{
        CLEANUP(free_p) char *text = NULL;
        CLEANUP(toml_fini) struct toml toml = { 0 };
        struct toml_error error;
        int code = configure_read(s->c, path, &text);

        if (code != EXIT_SUCCESS || !text)
                return code;
        if (toml_read(text, &toml, &error) < 0)
                return configure_fail(s->c, EXIT_CONFIG, path, error.line, "%s", error.text);
        for (size_t i = 0; i < toml.n_items; i++)
                if (interferes(s, &toml.items[i]))
                        return configure_fail(s->c, EXIT_CONFIG, path, toml.items[i].line, "imported by "
                                              CONFIG_TOML ", whose settings of containers it replaces; move "
                                              "it there");
        return EXIT_SUCCESS;
}

static int check_imports(struct source *s)
{
        const struct toml_item *item = toml_value(&s->toml, "imports");
        CLEANUP(strings_free_p) char **globs = item ? toml_strings(&s->toml, item, NULL) : NULL;
        int code = EXIT_SUCCESS;

        for (char **glob = globs; glob && *glob && code == EXIT_SUCCESS; glob++) {
                bool absolute = (*glob)[0] == '/';
                CLEANUP(free_p) char *folder = text_format("%s%.*s", absolute ? "" : "/etc/containerd/",
                                                           (int)(basename(*glob) - *glob), *glob);
                CLEANUP(strings_free_p) char **names = NULL;
                int r = file_list(s->c->root_fd, folder, "", &names);

                if (r < 0)
                        return configure_fail(s->c, EXIT_FAILED, folder, 0, "%s", strerrordesc_np(-r));
                for (char **name = names; *name && code == EXIT_SUCCESS; name++) {
                        CLEANUP(free_p) char *path = text_format("%s%s", folder, *name);

                        if (fnmatch(basename(*glob), *name, FNM_PERIOD) == 0)
                                code = check_import(s, path);
                }
        }
        return code;
}

/* The base specification: the one that is named, or ours, made from what ctr prints. */
static int plan_spec(struct configure *c, const char *named)
{
        const char *path = named ? named : BASE_SPEC;
        CLEANUP(free_p) char *text = NULL, *base = NULL;
        CLEANUP(patch_fini) struct patch patch = { 0 };
        int code = configure_read(c, path, &text);

        if (code == EXIT_SUCCESS && !text && named)
                return configure_fail(c, EXIT_CONFIG, path, 0, "base_runtime_spec names it, but it is not "
                                      "there; make it with 'ctr oci spec'");
        if (code == EXIT_SUCCESS)
                code = text ? (base = must(strdup(text)), EXIT_SUCCESS) : ctr_spec(c, path, &base);
        if (code == EXIT_SUCCESS)
                code = spec_edit(c, path, base, &patch);
        if (code == EXIT_SUCCESS) {
                change_add(c, path, text, patch_apply(&patch, base), true);
                text = NULL;
        }
        return code;
}

int containerd_plan(struct configure *c)
{
        CLEANUP(source_fini) struct source s = { .c = c, .path = CONFIG_TOML };
        CLEANUP(patch_fini) struct patch patch = { 0 };
        CLEANUP(free_p) char *text = NULL, *named = NULL;
        const char *before;
        int code = configure_read(c, CONFIG_TOML, &text);

        before = text ? text : "";
        if (code != EXIT_SUCCESS || (code = source_read(&s, before)) != EXIT_SUCCESS ||
            (code = check_imports(&s)) != EXIT_SUCCESS || (code = find_spec(&s, &named)) != EXIT_SUCCESS ||
            (code = edit_table(&s, &patch)) != EXIT_SUCCESS || (code = plan_spec(c, named)) != EXIT_SUCCESS)
                return code;
        change_add(c, CONFIG_TOML, text ? must(strdup(text)) : NULL, patch_apply(&patch, before),
                   true);
        if (c->n_changes > 0)
                configure_note(c, "This is for containerd's runtime %s; others need the same keys in their "
                               "tables",
                               s.handler ? s.handler : "runc");
        return EXIT_SUCCESS;
}

/* The specification is that which was named before configure came. One without a backup has either been
 * made by configure, under its own name, or has not been edited. */
static int plan_undo_spec(struct configure *c)
{
        CLEANUP(source_fini) struct source s = { .c = c, .path = CONFIG_TOML BACKUP_SUFFIX };
        CLEANUP(free_p) char *text = NULL, *named = NULL, *backup = NULL, *entry = spec_hook_entry(c->hook);
        CLEANUP(free_p) char *backup_path = NULL;
        const char *path;
        int code = configure_read(c, s.path, &text);

        if (code == EXIT_SUCCESS && !text) {
                s.path = CONFIG_TOML;
                code = configure_read(c, s.path, &text);
        }
        if (code != EXIT_SUCCESS || (code = source_read(&s, text ? text : "")) != EXIT_SUCCESS ||
            (code = find_spec(&s, &named)) != EXIT_SUCCESS)
                return code;
        path = named ? named : BASE_SPEC;
        backup_path = text_format("%s" BACKUP_SUFFIX, path);
        code = configure_read(c, backup_path, &backup);
        if (code != EXIT_SUCCESS)
                return code;
        if (backup)
                return change_add_undo(c, path, spec_edit);
        return strcmp(path, BASE_SPEC) == 0 ? change_add_removal(c, path, entry) : EXIT_SUCCESS;
}

/* The reference to the specification goes before the specification. */
int containerd_plan_undo(struct configure *c)
{
        int code = change_add_undo(c, CONFIG_TOML, config_edit);

        return code == EXIT_SUCCESS ? plan_undo_spec(c) : code;
}
