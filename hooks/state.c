/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The state comes from the runtime, which is trusted; but parts of it, the annotations above all, were
 * written by whoever asked for the container, and passed through several hands. So the text is bounded before
 * it is parsed, a name that stands there twice is refused rather than one of the two chosen, and nothing is
 * looked at that is not needed.
 *
 * Runtimes differ: one gives "creating" as the status and another "created" at the same moment, one leaves
 * the annotations out when there are none. What all have in common is what is read here. The process id is
 * asked for only when there is something to do, since some stages have none. */
#include "hooks/state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "serve/config_private.h"

static const char source[] = "state";

int state_drain(int fd, char **ret_text, size_t *ret_len, struct config_error *ret_error)
{
        CLEANUP(free_p) char *text = malloc(STATE_SIZE_MAX + 1);
        char spare[4096];
        size_t len = 0;

        for (;;) {
                size_t room = text ? STATE_SIZE_MAX + 1 - len : 0;
                ssize_t n = read(fd, room > 0 ? text + len : spare, room > 0 ? room : sizeof(spare));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return config_error_set(ret_error, -errno, source, 0, "cannot read it: %s",
                                                strerrordesc_np(errno));
                if (n == 0)
                        break;
                if (room > 0)
                        len += (size_t)n;
        }
        if (!text)
                return config_error_set(ret_error, -ENOMEM, source, 0, "no memory to read it");
        if (len > STATE_SIZE_MAX)
                return config_error_set(ret_error, -EFBIG, source, 0, "expected at most 1 MiB, found more");
        *ret_text = text;
        *ret_len = len;
        text = NULL;
        return 0;
}

static int refuse(struct config_error *e, const char *member, const char *expected)
{
        return config_error_set(e, -EINVAL, source, 0, "%s: expected %s, found something else", member,
                                expected);
}

/* *ret_text: NULL when there is no such member. */
static int take_text(const json_t *root, const char *member, const char **ret_text, struct config_error *e)
{
        const json_t *value = json_object_get(root, member);

        if (value && !json_is_string(value))
                return refuse(e, member, "a text");
        *ret_text = json_string_value(value);
        return 0;
}

static int take_pid(const json_t *root, pid_t *ret_pid, struct config_error *e)
{
        const json_t *value = json_object_get(root, "pid");
        json_int_t pid = json_integer_value(value);

        if (value && (!json_is_integer(value) || pid < 0 || pid > INT32_MAX))
                return refuse(e, "pid", "a process id");
        *ret_pid = (pid_t)pid;
        return 0;
}

static int take_members(struct state *s, struct config_error *e)
{
        const char *status;
        int r;

        if ((r = take_text(s->root, "id", &s->id, e)) < 0 ||
            (r = take_text(s->root, "bundle", &s->bundle, e)) < 0 ||
            (r = take_text(s->root, "status", &status, e)) < 0 || (r = take_pid(s->root, &s->pid, e)) < 0)
                return r;
        if (!s->id || *s->id == '\0' || strchr(s->id, '/'))
                return refuse(e, "id", "the id of a container");
        s->annotations = json_object_get(s->root, "annotations");
        if (s->annotations && !json_is_object(s->annotations))
                return refuse(e, "annotations", "an object");
        s->late = status && (strcmp(status, "running") == 0 || strcmp(status, "stopped") == 0);
        return 0;
}

int state_parse(const char *text, size_t len, struct state *ret_state, struct config_error *ret_error)
{
        CLEANUP(state_fini) struct state s = STATE_INIT;
        json_error_t e = { 0 };
        int r;

        s.root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
        if (!s.root)
                return config_error_set(ret_error, -EINVAL, source, e.line > 0 ? (size_t)e.line : 1,
                                        "not JSON: %s", e.text);
        if (!json_is_object(s.root))
                return config_error_set(ret_error, -EINVAL, source, 1, "expected an object, found a list");
        r = take_members(&s, ret_error);
        if (r < 0)
                return r;
        *ret_state = s;
        s = (struct state)STATE_INIT;
        return 0;
}

int state_read_bundle(const struct state *s, json_t **ret_root, const json_t **ret_annotations,
                      struct config_error *ret_error)
{
        CLEANUP(config_file_close) struct config_file f = { 0 };
        CLEANUP(close_p) int fd = -1;
        const json_t *annotations;
        int r;

        if (!s->bundle || *s->bundle != '/')
                return refuse(ret_error, "bundle", "an absolute path");
        fd = open(s->bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return config_error_set(ret_error, -errno, s->bundle, 0, "%s", strerrordesc_np(errno));
        r = config_file_open(fd, "config.json", "config.json of the bundle", &f, ret_error);
        if (r == -ENOENT)
                return config_error_set(ret_error, r, s->bundle, 0, "there is no config.json");
        if (r < 0)
                return r;
        annotations = json_object_get(f.root, "annotations");
        if (annotations && !json_is_object(annotations))
                return config_error_set(ret_error, -EINVAL, f.name, 0,
                                        "annotations: expected an object, found something else");
        *ret_root = json_incref(f.root);
        *ret_annotations = annotations;
        return 0;
}

void state_fini(struct state *s)
{
        json_decref(s->root);
        *s = (struct state)STATE_INIT;
}
