/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/ask.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/sink.h"
#include "cli/text.h"

#define ASK_WAIT_S     10               /* a daemon that acts answers within milliseconds, a dead one never */
#define ASK_REPLY_MAX  (64 * MIB)       /* a snapshot and plan of 100,000 containers fit */
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1)

static int socket_open(const char *path, int *ret_fd)
{
        const struct timeval wait = { .tv_sec = ASK_WAIT_S };
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        CLEANUP(close_p) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
                return -errno;
        if (strlen(path) > SOCKET_PATH_MAX)
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) < 0 ||
            setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) < 0 ||
            connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        *ret_fd = steal_fd(&fd);
        return 0;
}

static int socket_send(int fd, const char *line)
{
        for (size_t left = strlen(line); left > 0;) {
                ssize_t n = send(fd, line, left, MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                line += n;
                left -= (size_t)n;
        }
        return 0;
}

/* Reads up to the first newline, which is left out. */
static int socket_receive(int fd, char **ret_line)
{
        CLEANUP(free_p) char *line = NULL;
        size_t len = 0, size = 0;
        char *end = NULL;

        while (!end) {
                ssize_t n;

                if (len == size) {
                        if (size >= ASK_REPLY_MAX)
                                return -EMSGSIZE;
                        size = size ? size * 2 : 64 * KIB;
                        line = must(realloc(line, size + 1));
                }
                n = recv(fd, line + len, size - len, 0);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -ECONNRESET;
                end = memchr(line + len, '\n', (size_t)n);
                len += (size_t)n;
        }
        *end = '\0';
        *ret_line = line;
        line = NULL;
        return 0;
}

static int unreachable(const struct verb *verb, const char *path, int error)
{
        const char *advice = "is jettisond running? See 'systemctl status jettisond'";

        if (error == -ENAMETOOLONG)
                return verb_fail(verb, EXIT_UNREACHABLE,
                                 "the path of the socket has %zu bytes, a socket's may have %zu: %s",
                                 strlen(path), SOCKET_PATH_MAX, path);
        if (error == -EACCES || error == -EPERM)
                advice = "run as root, or as a member of the configuration's control.group";
        return verb_fail(verb, EXIT_UNREACHABLE, "cannot reach the daemon at %s: %s; %s", path,
                         strerrordesc_np(-error), advice);
}

int ask_any(const struct verb *verb, const char *socket_path, const char *request, json_t **ret_reply)
{
        CLEANUP(free_p) char *line = NULL;
        CLEANUP(close_p) int fd = -1;
        json_error_t error;
        json_t *reply;
        int r;

        r = socket_open(socket_path, &fd);
        if (r == 0)
                r = socket_send(fd, request);
        if (r == 0 || r == -EPIPE)      /* whoever is not let in is told why, and need not be listened to */
                r = socket_receive(fd, &line);
        if (r < 0)
                return unreachable(verb, socket_path, r == -EAGAIN ? -ETIMEDOUT : r);
        reply = json_loads(line, JSON_REJECT_DUPLICATES, &error);
        if (json_is_object(reply)) {
                *ret_reply = reply;
                return EXIT_SUCCESS;
        }
        verb_fail(verb, 0, "the daemon's answer makes no sense: %s",
                  reply ? "it is not an object" : error.text);
        json_decref(reply);
        return EXIT_FAILED;
}

bool ask_is_granted(const json_t *reply)
{
        return json_is_true(json_object_get(reply, "ok"));
}

int ask(const struct verb *verb, const char *socket_path, const char *request, json_t **ret_reply)
{
        json_t *reply = NULL;
        int code = ask_any(verb, socket_path, request, &reply);

        if (code == EXIT_SUCCESS && !ask_is_granted(reply)) {
                const char *why = json_string_value(json_object_get(reply, "error"));

                code = verb_fail(verb, EXIT_FAILED, "the daemon says: %s", why ? why : "no");
        }
        if (code == EXIT_SUCCESS)
                *ret_reply = reply;
        else
                json_decref(reply);
        return code;
}

const json_t *ask_member(const struct verb *verb, const json_t *reply, const char *name)
{
        const json_t *member = json_object_get(reply, name);

        if (!json_is_object(member)) {
                verb_fail(verb, EXIT_FAILED, "the daemon's answer has no %s", name);
                return NULL;
        }
        return member;
}

char *ask_request(const char *what, const char *domain, const uint64_t *need)
{
        size_t size = 256 + 6 * (domain ? strlen(domain) : 0);
        char *text = must(malloc(size));
        struct sink s;

        sink_init(&s, text, size);
        json_open(&s, NULL, '{');
        json_text(&s, "verb", what);
        if (domain)
                json_text(&s, "domain", domain);
        if (need)
                json_u64(&s, "need", *need);
        json_close(&s, '}');
        sink_text(&s, "\n");
        return text;
}
