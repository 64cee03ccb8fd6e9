/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The runtime that installs the hook: what it understands of a command line, and what it makes of a
 * config.json. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "hooks/arguments.h"
#include "hooks/bundle.h"

#define HOOK "/usr/libexec/oci/hooks.d/jettison-hook"

static const struct {
        const char *label;
        const char *words[20];
        const char *bundle, *id;        /* bundle NULL: the command makes no container */
        const char *log;
        bool log_json;
        size_t own;                     /* words of ours in front */
        const char *runtime, *hook;
} lines[] = {
        { "containerd's shim", { "--root", "/run/create", "--log", "/l/log.json", "--log-format", "json",
          "--systemd-cgroup", "create", "--bundle", "/b", "--pid-file", "/b/init.pid", "--console-socket",
          "/s", "c1" }, "/b", "c1", "/l/log.json", true, 0, NULL, NULL },
        { "podman", { "--cgroup-manager", "systemd", "create", "--bundle", "/b", "--pid-file", "/p", "c1" },
          "/b", "c1", NULL, false, 0, NULL, NULL },
        { "with =", { "--log=/l", "--log-format=text", "run", "--bundle=/b", "c1" }, "/b", "c1", "/l", false,
          0, NULL, NULL },
        { "a letter", { "create", "-b", "/b", "c1" }, "/b", "c1", NULL, false, 0, NULL, NULL },
        { "a letter with =", { "create", "-b=/b", "c1" }, "/b", "c1", NULL, false, 0, NULL, NULL },
        { "one dash", { "-log", "/l", "create", "-bundle", "/b", "c1" }, "/b", "c1", "/l", false, 0, NULL,
          NULL },
        { "behind the id", { "run", "c1", "--bundle", "/b" }, "/b", "c1", NULL, false, 0, NULL, NULL },
        { "the last counts", { "run", "-b", "/a", "--bundle", "/b", "c1" }, "/b", "c1", NULL, false, 0, NULL,
          NULL },
        { "the current folder", { "run", "c1" }, ".", "c1", NULL, false, 0, NULL, NULL },
        { "none given", { "run" }, ".", NULL, NULL, false, 0, NULL, NULL },
        { "no value", { "run", "c1", "--bundle" }, ".", "c1", NULL, false, 0, NULL, NULL },
        { "behind --", { "run", "--bundle", "/b", "--", "c1" }, "/b", "c1", NULL, false, 0, NULL, NULL },
        { "flags", { "--debug", "run", "-d", "--no-pivot", "--keep", "c1" }, ".", "c1", NULL, false, 0, NULL,
          NULL },
        { "a value that is a command", { "--root", "run", "state", "c1" }, NULL, NULL, NULL, false, 0, NULL,
          NULL },
        { "a value that is an option", { "run", "--pid-file", "--bundle", "/x" }, ".", "/x", NULL, false, 0,
          NULL, NULL },
        { "another command", { "start", "create" }, NULL, NULL, NULL, false, 0, NULL, NULL },
        { "options of what is executed", { "exec", "c1", "--bundle", "/b", "--log", "/x" }, NULL, NULL, NULL,
          false, 0, NULL, NULL },
        { "no command", { "--version" }, NULL, NULL, NULL, false, 0, NULL, NULL },
        { "nothing", { NULL }, NULL, NULL, NULL, false, 0, NULL, NULL },
        { "ours", { "--jettison-runtime", "/bin/crun", "--jettison-hook", "/h", "run", "c1" }, ".", "c1",
          NULL, false, 4, "/bin/crun", "/h" },
        { "ours, and no more", { "--jettison-hook", "/h" }, NULL, NULL, NULL, false, 2, NULL, "/h" },
        { "ours without a value", { "--jettison-runtime" }, NULL, NULL, NULL, false, 0, NULL, NULL },
        { "ours further behind are not", { "run", "--jettison-hook", "c1" }, ".", "c1", NULL, false, 0, NULL,
          NULL },
};

static void expect_text(const char *label, const char *found, const char *wanted)
{
        cr_expect((found == NULL) == (wanted == NULL), "%s: %s", label, found ? found : "nothing");
        if (found && wanted)
                cr_expect_str_eq(found, wanted, "%s", label);
}

Test(hook_runtime, command_lines)
{
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                char program[] = "jettison-runtime", *argv[22] = { program };
                const char *label = lines[i].label;
                struct arguments a;
                size_t n = 0;

                for (; lines[i].words[n]; n++)
                        argv[n + 1] = strdup(lines[i].words[n]);
                arguments_parse(&a, argv);
                cr_expect_eq(a.creates, lines[i].bundle != NULL, "%s", label);
                if (a.creates)
                        expect_text(label, a.bundle, lines[i].bundle);
                expect_text(label, a.id, lines[i].id);
                expect_text(label, a.log, lines[i].log);
                expect_text(label, a.runtime, lines[i].runtime);
                expect_text(label, a.hook, lines[i].hook);
                cr_expect_eq(a.log_json, lines[i].log_json, "%s", label);
                cr_expect_eq(a.words, argv + lines[i].own, "%s", label);
                for (size_t j = 0; j < n; j++) {
                        cr_expect_str_eq(argv[j + 1], lines[i].words[j], "%s", label);
                        free(argv[j + 1]);
                }
        }
}

#define ASKS "\"annotations\":{\"io.jettison.utility\":\"77\"}"

/* What changes, and what is told apart from it: the list of the stage afterwards, by the programs' names. */
static const struct {
        const char *label, *text;
        const char *stage;              /* NULL: nothing is to be done */
} specs[] = {
        { "no hooks", "{\"ociVersion\":\"1.0.2\"," ASKS "}", "jettison-hook" },
        { "hooks are null", "{\"ociVersion\":\"1\",\"hooks\" : null," ASKS "}", "jettison-hook" },
        { "no stage", "{\"ociVersion\":\"1\"," ASKS ",\"hooks\":{\"poststop\":[{\"path\":\"/x\"}]}}",
          "jettison-hook" },
        { "empty hooks", "{" ASKS ",\"hooks\":{ },\"ociVersion\":\"1\"}", "jettison-hook" },
        { "the stage is null", "{\"hooks\":{\"createRuntime\":null,\"prestart\":[]},\"ociVersion\":\"1\","
          ASKS "}", "jettison-hook" },
        { "an empty stage", "{\"hooks\":{\"createRuntime\":[]},\"ociVersion\":\"1\"," ASKS "}",
          "jettison-hook" },
        { "another hook", "{\"hooks\":{\"createRuntime\":[{\"path\":\"/x/other\"}]},\"ociVersion\":\"1\","
          ASKS "}", "jettison-hook other" },
        { "no name of a member is one", "{\"ociVersion\":\"1\",\"process\":{\"hooks\":null,\"args\":"
          "[\"\\\"hooks\\\":\",\"}\"]}," ASKS "}", "jettison-hook" },
        { "there already", "{\"hooks\":{\"createRuntime\":[{\"path\":\"/y/jettison-hook\"}]},\"ociVersion\":"
          "\"1\"," ASKS "}", NULL },
        { "there for prestart", "{\"hooks\":{\"prestart\":[{\"path\":\"/y/jettison-hook\"}]},\"ociVersion\":"
          "\"1\"," ASKS "}", NULL },
        { "Kubernetes' key", "{\"ociVersion\":\"1\",\"annotations\":{\"jettison.io/utility\":\"5\"}}",
          "jettison-hook" },
        { "that of one container", "{\"ociVersion\":\"1\",\"annotations\":{\"jettison.io/utility.web\":\"5\","
          "\"io.kubernetes.cri.container-name\":\"web\"}}", "jettison-hook" },
        { "that of another", "{\"ociVersion\":\"1\",\"annotations\":{\"jettison.io/utility.web\":\"5\"}}",
          NULL },
        { "a pause container", "{\"ociVersion\":\"1\",\"annotations\":{\"jettison.io/utility\":\"5\","
          "\"io.kubernetes.cri.container-type\":\"sandbox\"}}", NULL },
        { "no utility: the hook will say so", "{\"ociVersion\":\"1\",\"annotations\":"
          "{\"io.jettison.utility\":[]}}", "jettison-hook" },
        { "no annotations", "{\"ociVersion\":\"1\"}", NULL },
        { "annotations of others", "{\"ociVersion\":\"1\",\"annotations\":"
          "{\"io.jettison.utilityx\":\"5\"}}", NULL },
        { "annotations are null", "{\"ociVersion\":\"1\",\"annotations\":null}", NULL },
        { "annotations are a list", "{\"ociVersion\":\"1\",\"annotations\":[\"io.jettison.utility\"]}",
          NULL },
        { "a list", "[]", NULL },
};

/* The programs of the stage, with blanks between. */
static void name_stage(const json_t *spec, char names[static 256])
{
        const json_t *stage = json_object_get(json_object_get(spec, "hooks"), "createRuntime");
        size_t index;
        json_t *entry;

        names[0] = '\0';
        json_array_foreach(stage, index, entry) {
                strcat(names, index > 0 ? " " : "");
                strcat(names, basename(json_string_value(json_object_get(entry, "path"))));
        }
}

/* Takes out what was put in. */
static void forget_hook(json_t *spec)
{
        json_t *hooks = json_object_get(spec, "hooks"), *stage = json_object_get(hooks, "createRuntime");

        json_array_remove(stage, 0);
        if (json_array_size(stage) == 0)
                json_object_del(hooks, "createRuntime");
        if (json_object_size(hooks) == 0)
                json_object_del(spec, "hooks");
}

/* The same specification without members that are null or empty where hooks are concerned. */
static void forget_nothing(json_t *spec)
{
        json_t *hooks = json_object_get(spec, "hooks"), *stage = json_object_get(hooks, "createRuntime");

        if (json_is_null(stage) || json_array_size(stage) == 0)
                json_object_del(hooks, "createRuntime");
        if (json_object_size(hooks) == 0)
                json_object_del(spec, "hooks");
}

Test(hook_runtime, a_specification_gets_the_hook_where_it_asks)
{
        for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
                CLEANUP(free_p) char *text = NULL, *again = NULL;
                struct config_error e = { 0 };
                json_t *before, *after;
                char names[256];

                cr_assert_eq(bundle_edit(specs[i].text, HOOK, &text, &e), 0, "%s: %s", specs[i].label,
                             e.text);
                cr_assert((text != NULL) == (specs[i].stage != NULL), "%s", specs[i].label);
                if (!text)
                        continue;
                before = json_loads(specs[i].text, 0, NULL);
                after = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
                cr_assert(after, "%s: %s", specs[i].label, text);
                name_stage(after, names);
                cr_expect_str_eq(names, specs[i].stage, "%s", specs[i].label);
                forget_hook(after);
                forget_nothing(before);
                cr_expect(json_equal(before, after), "%s: %s", specs[i].label, text);
                cr_expect(bundle_edit(text, HOOK, &again, &e) == 0 && !again, "%s: twice", specs[i].label);
                json_decref(before);
                json_decref(after);
        }
}

/* Docker writes "no limit" as a number that jansson has no type for. */
Test(hook_runtime, the_rest_is_as_it_was)
{
        static const char head[] = "{";
        static const char tail[] = "\"ociVersion\":\"1\",\n\t\"z\":1,\"a\":[18446744073709551615,"
                                   "-9223372036854775808,1.50,1e2],\"s\":\"\\u00e9\\/\\u0000\"," ASKS "}\n";
        CLEANUP(free_p) char *text = NULL, *whole = NULL;
        struct config_error e = { 0 };

        cr_assert(asprintf(&whole, "%s%s", head, tail) > 0);
        cr_assert_eq(bundle_edit(whole, HOOK, &text, &e), 0, "%s", e.text);
        cr_assert_not_null(text);
        cr_expect(strncmp(text, head, strlen(head)) == 0);
        cr_expect_str_eq(text + strlen(text) - strlen(tail), tail);
}

static const struct {
        const char *label, *text, *hook, *says;
} refused[] = {
        { "nothing", "", HOOK, "config.json:1: not JSON" },
        { "garbage", "\x7f" "ELF", HOOK, "not JSON" },
        { "cut off", "{\"ociVersion\":\"1\"," ASKS, HOOK, "not JSON" },
        { "a member twice", "{\"ociVersion\":\"1\"," ASKS "," ASKS "}", HOOK, "duplicate" },
        { "no specification", "{" ASKS "}", HOOK, "ociVersion: expected" },
        { "hooks are a list", "{\"ociVersion\":\"1\",\"hooks\":[]," ASKS "}", HOOK, "hooks: expected" },
        { "the stage is none", "{\"ociVersion\":\"1\",\"hooks\":{\"createRuntime\":{}}," ASKS "}", HOOK,
          "hooks: expected" },
        { "a name with an escape", "{\"ociVersion\":\"1\",\"h\\u006foks\":{}," ASKS "}", HOOK,
          "without escapes" },
        { "a hook that is relative", "{\"ociVersion\":\"1\"," ASKS "}", "hook", "--jettison-hook: expected" },
        { "a hook with a quote", "{\"ociVersion\":\"1\"," ASKS "}", "/a\"b", "--jettison-hook: expected" },
        { "a hook with a line end", "{\"ociVersion\":\"1\"," ASKS "}", "/a\nb", "--jettison-hook: expected" },
};

Test(hook_runtime, what_is_no_specification_is_refused_with_a_reason)
{
        for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
                struct config_error e = { 0 };
                char *text = NULL;

                cr_expect(bundle_edit(refused[i].text, refused[i].hook, &text, &e) < 0, "%s",
                          refused[i].label);
                cr_expect(strstr(e.text, refused[i].says), "%s: %s", refused[i].label, e.text);
                cr_expect_null(text, "%s", refused[i].label);
        }
}

/* Every beginning of a text is edited or refused, and nothing else. */
Test(hook_runtime, texts_may_end_anywhere)
{
        for (size_t i = 0; i < ARRAY_SIZE(specs); i++)
                for (size_t len = 0; len < strlen(specs[i].text); len++) {
                        CLEANUP(free_p) char *text = strndup(specs[i].text, len), *edited = NULL;
                        struct config_error e = { 0 };

                        cr_expect(bundle_edit(text, HOOK, &edited, &e) < 0 && e.text[0], "%s", text);
                }
}

static char bundle[64], path[128];

static void make_bundle(void)
{
        strcpy(bundle, "/tmp/jettison-bundle-XXXXXX");
        cr_assert_not_null(mkdtemp(bundle));
        snprintf(path, sizeof(path), "%s/config.json", bundle);
}

static void drop_bundle(void)
{
        char command[256];

        snprintf(command, sizeof(command), "rm -rf %s", bundle);
        cr_expect_eq(system(command), 0);
}

/* Writes config.json. */
static void put(const char *text, mode_t mode)
{
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, mode) == 0);
        close(fd);
}

/* Config.json, new. */
static char *get(void)
{
        int fd = open(path, O_RDONLY);
        char *text = calloc(1, 4096);

        cr_assert(fd >= 0 && read(fd, text, 4095) >= 0);
        close(fd);
        return text;
}

/* How many files the bundle has. */
static size_t count_files(void)
{
        char command[128], line[256];
        size_t n = 0;
        FILE *list;

        snprintf(command, sizeof(command), "ls -A %s", bundle);
        list = popen(command, "r");
        while (list && fgets(line, sizeof(line), list))
                n++;
        cr_assert(list && pclose(list) == 0);
        return n;
}

#define GOOD "{\"ociVersion\":\"1\"," ASKS "}"

Test(hook_runtime, a_file_is_exchanged_as_a_whole, .init = make_bundle, .fini = drop_bundle)
{
        CLEANUP(free_p) char *after = NULL;
        struct config_error e = { 0 };
        struct stat old, new;

        put(GOOD, 0640);
        cr_assert_eq(stat(path, &old), 0);
        cr_assert_eq(bundle_add_hook(bundle, "/bin/sh", &e), 0, "%s", e.text);
        cr_assert_eq(stat(path, &new), 0);
        after = get();
        cr_expect(strstr(after, "\"/bin/sh\"") && strstr(after, ASKS "}"));
        cr_expect(new.st_ino != old.st_ino && new.st_uid == old.st_uid && new.st_gid == old.st_gid);
        cr_expect_eq(new.st_mode & 07777, 0640, "%o", new.st_mode);
        cr_expect_eq(count_files(), 1, "nothing is left beside it");
}

/* Expects a refusal, and that nothing has happened to the file. */
static void expect_refused(const char *label, const char *hook, int error, const char *says)
{
        struct config_error e = { 0 };
        struct stat old, new;
        int r;

        cr_assert_eq(lstat(path, &old), 0);
        r = bundle_add_hook(bundle, hook, &e);
        cr_expect_eq(r, error, "%s: %d", label, r);
        cr_expect(strstr(e.text, says), "%s: %s", label, e.text);
        cr_assert_eq(lstat(path, &new), 0);
        cr_expect(new.st_ino == old.st_ino && new.st_size == old.st_size, "%s", label);
        cr_expect_eq(count_files(), 1, "%s", label);
}

Test(hook_runtime, a_file_that_is_not_the_engines_is_left, .init = make_bundle, .fini = drop_bundle)
{
        struct config_error e = { 0 };

        cr_expect_eq(bundle_add_hook(bundle, "/bin/sh", &e), -ENOENT);
        cr_expect(strstr(e.text, "config.json: No such file"), "%s", e.text);
        put(GOOD, 0646);
        expect_refused("others may write", "/bin/sh", -EPERM, "writable by the owner alone");
        cr_assert_eq(chmod(path, 0644), 0);
        expect_refused("no such hook", "/nowhere/hook", -ENOENT, "/nowhere/hook: No such file");
        cr_assert_eq(truncate(path, BUNDLE_SPEC_MAX + 1), 0);
        expect_refused("too large", "/bin/sh", -EFBIG, "at most 16 MiB");
        cr_assert_eq(truncate(path, 100), 0);
        expect_refused("a NUL", "/bin/sh", -EILSEQ, "holds a NUL");
        unlink(path);
        cr_assert_eq(symlink("/etc/hostname", path), 0);
        expect_refused("a link", "/bin/sh", -ELOOP, "Too many levels");
        unlink(path);
        cr_assert_eq(mkfifo(path, 0600), 0);
        expect_refused("a pipe", "/bin/sh", -EINVAL, "expected a regular file");
}

Test(hook_runtime, a_file_that_does_not_ask_is_not_touched, .init = make_bundle, .fini = drop_bundle)
{
        struct config_error e = { 0 };
        struct stat old, new;

        put("{\"ociVersion\":\"1\"}", 0644);
        cr_assert_eq(stat(path, &old), 0);
        cr_expect_eq(bundle_add_hook(bundle, "/nowhere/hook", &e), 0, "%s", e.text);
        cr_assert_eq(stat(path, &new), 0);
        cr_expect(old.st_ino == new.st_ino && old.st_mtim.tv_nsec == new.st_mtim.tv_nsec);
}
