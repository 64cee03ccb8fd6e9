/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "control_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/base.h"
#include "base/log.h"

#define REPLY_SIZE (2 * MIB)
#define TICK_US (10 * USEC_PER_MSEC)
#define LATE_US (900 * USEC_PER_MSEC)   /* above valgrind's slowness, below the waits that clients ask for */

struct server server;
char *reply;

static void serve_echo(void *context, const struct control_request *request, struct sink *sink)
{
        ((struct server *)context)->served++;
        json_text(sink, "domain", request->domain);
        if (request->has_need)
                json_u64(sink, "need", request->need);
}

static void serve_fill(void *context, const struct control_request *request, struct sink *sink)
{
        ((struct server *)context)->served++;
        json_u64(sink, "before", 1);
        sink_text(sink, ",\"fill\":\"");
        for (uint64_t i = 0; i < request->need; i++)
                sink_bytes(sink, &"0123456789"[i % 10], 1);
        sink_text(sink, "\"");
}

static void serve_fail(void *context UNUSED, const struct control_request *request UNUSED, struct sink *sink)
{
        json_open(sink, "half", '{');
        control_fail(sink, "no \"such\" thing");
}

const struct control_verb control_fixture_verbs[CONTROL_FIXTURE_VERBS] = {
        { "echo", false, serve_echo },
        { "fill", false, serve_fill },
        { "fail", false, serve_fail },
        { "act", true, serve_echo },
};

static void tick(struct loop_timer *timer)
{
        uint64_t now_us = loop_now_us();

        server.late_us = u64_max(server.late_us, u64_less(now_us, server.tick_us));
        server.tick_us = timer->due_us = now_us + TICK_US;
}

static void *server_run(void *argument UNUSED)
{
        while (!server.stop)
                cr_assert_eq(loop_turn(&server.loop, 20 * USEC_PER_MSEC), 0);
        return NULL;
}

void server_start(const char *group)
{
        int error = 0;

        log_init(LOG_LEVEL_ERROR);
        snprintf(server.folder, sizeof(server.folder), "/tmp/jettison-control-XXXXXX");
        cr_assert(mkdtemp(server.folder));
        cr_assert_eq(chmod(server.folder, 0755), 0);
        snprintf(server.path, sizeof(server.path), "%s/run/control.sock", server.folder);
        cr_assert_eq(loop_init(&server.loop), 0);
        server.tick.due = tick;
        cr_assert_eq(loop_add_timer(&server.loop, &server.tick), 0);
        server.tick_us = server.tick.due_us = loop_now_us() + TICK_US;
        server.control = control_new(&server.loop, server.path, group, control_fixture_verbs,
                                     CONTROL_FIXTURE_VERBS, REPLY_SIZE, &server, &error);
        cr_assert(server.control, "%s", strerror(-error));
        reply = calloc(1, REPLY_SIZE + 1);
        cr_assert_eq(pthread_create(&server.thread, NULL, server_run, NULL), 0);
}

void server_stop(void)
{
        char folder[128];

        server.stop = true;
        pthread_join(server.thread, NULL);
        cr_assert_null(control_free(server.control));
        loop_fini(&server.loop);
        free(reply);
        cr_assert_eq(access(server.path, F_OK), -1);
        snprintf(folder, sizeof(folder), "%s/run", server.folder);
        cr_assert_eq(rmdir(folder), 0);
        cr_assert_eq(rmdir(server.folder), 0);
        cr_assert_lt(server.late_us, LATE_US, "the loop was held up for %llu us",
                     (unsigned long long)server.late_us);
}

int try_connect(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct timeval patience = { .tv_sec = 20 };
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof(address.sun_path), "%s", server.path);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
                close(fd);
                return -errno;
        }
        return fd;
}

int client(void)
{
        int fd = try_connect();

        cr_assert_geq(fd, 0, "connect: %s", strerror(-fd));
        return fd;
}

void say(int fd, const char *text)
{
        cr_assert_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* Reads one line into 'reply', at most step bytes at a time with a pause in between. false: closed before
 * the line was whole. */
bool answer_slowly(int fd, size_t step, unsigned pause_us)
{
        size_t len = 0;
        ssize_t n;

        do {
                n = recv(fd, reply + len, u64_min(step, REPLY_SIZE - len), 0);
                if (n <= 0) {
                        reply[len] = '\0';
                        return false;
                }
                len += (size_t)n;
                if (pause_us)
                        usleep(pause_us);
        } while (reply[len - 1] != '\n');
        reply[len] = '\0';
        return true;
}

bool answer(int fd)
{
        return answer_slowly(fd, REPLY_SIZE, 0);
}

void expect(bool ok, const char *error)
{
        json_t *root = json_loads(reply, 0, NULL);
        const char *text = json_string_value(json_object_get(root, "error"));

        cr_assert(json_is_object(root), "not JSON: %.200s", reply);
        cr_assert_eq(json_is_true(json_object_get(root, "ok")), ok, "%.200s", reply);
        cr_assert_eq(text != NULL, !ok);
        if (error)
                cr_assert(text && strstr(text, error), "expected %s, found %.200s", error, reply);
        json_decref(root);
}

void ask(int fd, const char *request, bool ok, const char *error)
{
        say(fd, request);
        cr_assert(answer(fd), "closed after %.100s", request);
        expect(ok, error);
}

void expect_alive(void)
{
        int fd = client();

        ask(fd, "{\"verb\":\"echo\"}\n", true, NULL);
        close(fd);
}

size_t open_files(void)
{
        size_t n = 0;

        for (int fd = 0; fd < 1024; fd++)
                n += fcntl(fd, F_GETFD) >= 0;
        return n;
}
