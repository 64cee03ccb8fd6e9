/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The OCI state: what runtimes send is understood, what is not a state is refused with a reason. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/base.h"
#include "hooks/state.h"

/* What runc, crun and youki send at createRuntime; the last two with what they add. */
static const struct {
        const char *label, *text;
        pid_t pid;
        bool has_annotations, late;
} good[] = {
        { "runc", "{\"ociVersion\":\"1.0.2\",\"id\":\"c1\",\"status\":\"creating\",\"pid\":4242,"
                  "\"bundle\":\"/run/c1\",\"annotations\":{\"a\":\"b\"}}", 4242, true, false },
        { "crun", "{\"ociVersion\":\"1.0\",\"id\":\"c1\",\"pid\":7,\"root\":\"/x\",\"bundle\":\"/run/c1\","
                  "\"status\":\"created\",\"annotations\":{}}", 7, true, false },
        { "no annotations", "{\"id\":\"c1\",\"pid\":7,\"bundle\":\"/run/c1\"}", 7, false, false },
        { "no process", "{\"id\":\"c1\",\"bundle\":\"/run/c1\"}", 0, false, false },
        { "no bundle", "{\"id\":\"c1\",\"pid\":1}", 1, false, false },
        { "poststart", "{\"id\":\"c1\",\"pid\":1,\"status\":\"running\"}", 1, false, true },
        { "poststop", "{\"id\":\"c1\",\"pid\":0,\"status\":\"stopped\"}", 0, false, true },
        { "the largest process id", "{\"id\":\"c1\",\"pid\":2147483647}", 2147483647, false, false },
};

Test(hook_state, what_runtimes_send)
{
        for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
                struct config_error e = { 0 };
                struct state s;

                cr_assert_eq(state_parse(good[i].text, strlen(good[i].text), &s, &e), 0, "%s: %s",
                             good[i].label, e.text);
                cr_expect_str_eq(s.id, "c1", "%s", good[i].label);
                cr_expect_eq(s.pid, good[i].pid, "%s: %d", good[i].label, s.pid);
                cr_expect_eq(s.annotations != NULL, good[i].has_annotations, "%s", good[i].label);
                cr_expect_eq(s.late, good[i].late, "%s", good[i].label);
                state_fini(&s);
        }
}

static const struct {
        const char *label, *text, *says;
} bad[] = {
        { "nothing", "", "not JSON" },
        { "garbage", "\x7f" "ELF", "not JSON" },
        { "cut off", "{\"id\":\"c1\",\"pid\":", "not JSON" },
        { "more behind it", "{\"id\":\"c1\"} x", "not JSON" },
        { "invalid UTF-8", "{\"id\":\"c\xff\xfe\"}", "not JSON" },
        { "a NUL in the id", "{\"id\":\"c\\u0000d\"}", "not JSON" },
        { "a member twice", "{\"id\":\"c1\",\"pid\":1,\"pid\":2}", "duplicate" },
        { "an annotation twice", "{\"id\":\"c1\",\"annotations\":{\"a\":\"1\",\"a\":\"2\"}}", "duplicate" },
        { "a list", "[]", "expected an object" },
        { "no id", "{\"pid\":1}", "id: expected" },
        { "an empty id", "{\"id\":\"\"}", "id: expected" },
        { "an id that is a path", "{\"id\":\"../c\"}", "id: expected" },
        { "an id that is a number", "{\"id\":5}", "id: expected" },
        { "a pid that is a text", "{\"id\":\"c\",\"pid\":\"1\"}", "pid: expected" },
        { "a pid that is a fraction", "{\"id\":\"c\",\"pid\":1.5}", "pid: expected" },
        { "a negative pid", "{\"id\":\"c\",\"pid\":-1}", "pid: expected" },
        { "a pid of 33 bits", "{\"id\":\"c\",\"pid\":4294967297}", "pid: expected" },
        { "a pid of 65 bits", "{\"id\":\"c\",\"pid\":18446744073709551617}", "not JSON" },
        { "a bundle that is a list", "{\"id\":\"c\",\"bundle\":[]}", "bundle: expected" },
        { "annotations that are a list", "{\"id\":\"c\",\"annotations\":[]}", "annotations: expected" },
        { "annotations that are null", "{\"id\":\"c\",\"annotations\":null}", "annotations: expected" },
};

Test(hook_state, what_is_no_state)
{
        for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
                struct config_error e = { 0 };
                struct state s, before;

                memset(&s, 0x5a, sizeof(s));
                before = s;
                cr_expect(state_parse(bad[i].text, strlen(bad[i].text), &s, &e) < 0, "%s", bad[i].label);
                cr_expect(strstr(e.text, bad[i].says), "%s: %s", bad[i].label, e.text);
                cr_expect_eq(memcmp(&s, &before, sizeof(s)), 0, "%s: the result was touched", bad[i].label);
        }
}

/* 1 MiB of opening brackets: refused, and not by running out of stack. */
Test(hook_state, deep_nesting)
{
        static const char *const bytes[] = { "[", "{\"a\":" };

        for (size_t i = 0; i < ARRAY_SIZE(bytes); i++) {
                size_t len = STATE_SIZE_MAX, n = strlen(bytes[i]);
                CLEANUP(free_p) char *text = malloc(len);
                struct config_error e = { 0 };
                struct state s;

                for (size_t at = 0; at < len; at++)
                        text[at] = bytes[i][at % n];
                cr_expect(state_parse(text, len, &s, &e) < 0);
                cr_expect(strstr(e.text, "not JSON"), "%s", e.text);
        }
}

/* A state cut anywhere is none, and is read no further than it goes. */
Test(hook_state, cut_anywhere)
{
        const char *text = good[0].text;

        for (size_t len = 0; len < strlen(text); len++) {
                CLEANUP(free_p) char *copy = memcpy(malloc(len + 1), text, len);
                struct config_error e = { 0 };
                struct state s;

                copy = realloc(copy, len + !len);
                cr_expect(state_parse(copy, len, &s, &e) < 0, "cut to %zu", len);
        }
}

/* Writes len spaces into a pipe in a process of its own, and tells how that ended. */
static int drain(size_t len, size_t *ret_len, int *ret_status)
{
        CLEANUP(free_p) char *text = NULL;
        struct config_error e = { 0 };
        int ends[2], r;
        pid_t writer;

        cr_assert(pipe(ends) == 0);
        writer = fork();
        if (writer == 0) {
                char spaces[4096];

                close(ends[0]);
                memset(spaces, ' ', sizeof(spaces));
                for (size_t n = len; n > 0;) {
                        ssize_t written = write(ends[1], spaces, n < sizeof(spaces) ? n : sizeof(spaces));

                        if (written < 0)
                                _exit(1);
                        n -= (size_t)written;
                }
                _exit(0);
        }
        close(ends[1]);
        r = state_drain(ends[0], &text, ret_len, &e);
        close(ends[0]);
        waitpid(writer, ret_status, 0);
        return r;
}

Test(hook_state, drained_to_its_end)
{
        static const struct {
                size_t len;
                int answer;
        } sizes[] = {
                { 0, 0 }, { 1, 0 }, { 100000, 0 }, { STATE_SIZE_MAX, 0 },
                { STATE_SIZE_MAX + 1, -EFBIG }, { 10 * MIB, -EFBIG },
        };

        for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
                size_t len = 77;
                int status, r = drain(sizes[i].len, &len, &status);

                cr_expect_eq(r, sizes[i].answer, "%zu bytes: %d", sizes[i].len, r);
                cr_expect_eq(len, r == 0 ? sizes[i].len : 77, "%zu bytes: %zu read", sizes[i].len, len);
                cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "%zu bytes: the writer was cut off",
                          sizes[i].len);
        }
}

Test(hook_state, drain_of_nothing_readable)
{
        CLEANUP(free_p) char *text = NULL;
        struct config_error e = { 0 };
        size_t len;

        cr_expect_eq(state_drain(-1, &text, &len, &e), -EBADF);
        cr_expect_str_eq(e.text, "state: cannot read it: Bad file descriptor");
}

/* The bundle. */

static const struct {
        const char *label, *text;
        mode_t mode;
        int answer;
        const char *says;       /* of the annotations: the value of "a" */
} bundles[] = {
        { "annotations", "{\"ociVersion\":\"1.0\",\"annotations\":{\"a\":\"b\"}}", 0644, 0, "b" },
        { "none", "{\"ociVersion\":\"1.0\"}", 0644, 0, NULL },
        { "a list", "{\"annotations\":[]}", 0644, -EINVAL, "annotations: expected an object" },
        { "garbage", "x", 0644, -EINVAL, "config.json of the bundle:1: not JSON" },
        { "written by anybody", "{}", 0666, -EPERM, "writable by the owner alone" },
        { "not there", NULL, 0, -ENOENT, "there is no config.json" },
};

static void write_bundle(const char *folder, const char *text, mode_t mode)
{
        char path[64];
        int fd;

        snprintf(path, sizeof(path), "%s/config.json", folder);
        unlink(path);
        if (!text)
                return;
        fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        cr_assert(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) && fchmod(fd, mode) == 0);
        close(fd);
}

Test(hook_state, annotations_of_the_bundle)
{
        char folder[] = "/tmp/jettison-bundle-XXXXXX";

        cr_assert(mkdtemp(folder));
        for (size_t i = 0; i < ARRAY_SIZE(bundles); i++) {
                struct state s = { .bundle = folder };
                struct config_error e = { 0 };
                const json_t *annotations = NULL;
                json_t *root = NULL;
                const char *found;
                int r;

                write_bundle(folder, bundles[i].text, bundles[i].mode);
                r = state_read_bundle(&s, &root, &annotations, &e);
                cr_expect_eq(r, bundles[i].answer, "%s: %d, %s", bundles[i].label, r, e.text);
                found = r < 0 ? e.text : json_string_value(json_object_get(annotations, "a"));
                cr_expect(bundles[i].says ? found && strstr(found, bundles[i].says) : !found, "%s: %s",
                          bundles[i].label, found ? found : "nothing");
                json_decref(root);
        }
        write_bundle(folder, NULL, 0);
        rmdir(folder);
}

Test(hook_state, no_bundle)
{
        static const char *const paths[] = { NULL, "", "run/c1", "/no/such/bundle" };

        for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
                struct state s = { .bundle = paths[i] };
                struct config_error e = { 0 };
                const json_t *annotations;
                json_t *root;

                cr_expect(state_read_bundle(&s, &root, &annotations, &e) < 0, "%zu", i);
                cr_expect(e.text[0] != '\0', "%zu", i);
        }
}
