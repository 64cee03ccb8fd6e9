/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket: where it stands, who may come in, what is said. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "control_fixture.h"
#include "serve/request.h"

#define NOBODY   65534
#define SOME_GID 12345

TestSuite(control, .timeout = 60);

Test(control, place)
{
        struct stat st;
        char folder[128];

        server_start("");
        cr_assert_eq(stat(server.path, &st), 0);
        cr_assert(S_ISSOCK(st.st_mode));
        cr_assert_eq(st.st_mode & 07777, 0600);
        snprintf(folder, sizeof(folder), "%s/run", server.folder);
        cr_assert_eq(stat(folder, &st), 0);
        cr_assert_eq(st.st_mode & 07777, 0755);
        server_stop();
}

static struct control *open_at(struct loop *loop, const char *path, const char *group, int *ret_error)
{
        return control_new(loop, path, group, control_fixture_verbs, CONTROL_FIXTURE_VERBS, 64 * KIB, NULL,
                           ret_error);
}

Test(control, place_is_taken)
{
        char folder[] = "/tmp/jettison-control-XXXXXX", path[64], long_path[200];
        struct loop loop;
        int error = 0, fd;
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        cr_assert(mkdtemp(folder));
        snprintf(path, sizeof(path), "%s/s", folder);
        cr_assert_eq(loop_init(&loop), 0);
        struct control *first = open_at(&loop, path, "", &error);

        cr_assert(first);
        cr_assert_null(open_at(&loop, path, "", &error));
        cr_assert_eq(error, -EADDRINUSE);
        cr_assert_eq(access(path, F_OK), 0, "the other's socket must stay");
        control_free(first);

        fd = socket(AF_UNIX, SOCK_STREAM, 0);           /* left behind by somebody who crashed */
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        cr_assert_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        close(fd);
        first = open_at(&loop, path, "", &error);
        cr_assert(first, "%s", strerror(-error));
        control_free(first);

        close(open(path, O_CREAT | O_WRONLY, 0600));
        cr_assert_null(open_at(&loop, path, "", &error));
        cr_assert_eq(error, -EEXIST);
        cr_assert_eq(unlink(path), 0, "the file must stay");

        cr_assert_null(open_at(&loop, path, "no-such-group", &error));
        cr_assert_eq(error, -ENOENT);
        snprintf(long_path, sizeof(long_path), "%s/%0120d", folder, 0);
        cr_assert_null(open_at(&loop, long_path, "", &error));
        cr_assert_eq(error, -ENAMETOOLONG);
        cr_assert_null(control_free(NULL));
        loop_fini(&loop);
        rmdir(folder);
}

Test(control, questions)
{
        static const struct { const char *request; bool ok; const char *error; } cases[] = {
                { "{\"verb\":\"echo\"}\n", true, NULL },
                { " { \"verb\" : \"echo\" , \"domain\" : \"/a\" , \"need\" : 5 } \n", true, NULL },
                { "{\"verb\":\"echo\"}\r\n", true, NULL },
                { "{\"verb\":\"fail\"}\n", false, "no \"such\" thing" },
                { "{\"verb\":\"nothing\"}\n", false, "unknown verb" },
                { "{\"verb\":\"a-verb-that-is-longer-than-any-verb-may-be\"}\n", false, "unknown verb" },
                { "{\"verb\":\"\"}\n", false, "verb is missing" },
                { "{\"verb\":7}\n", false, "unknown verb" },
                { "{}\n", false, "verb is missing" },
                { "{\"domain\":\"/\"}\n", false, "verb is missing" },
                { "{\"verb\":\"echo\",\"domain\":\"a\"}\n", false, "begins with /" },
                { "{\"verb\":\"echo\",\"domain\":null}\n", false, "expected a path" },
                { "{\"verb\":\"echo\",\"need\":-1}\n", false, "need: expected" },
                { "{\"verb\":\"echo\",\"need\":1.5}\n", false, "need: expected" },
                { "{\"verb\":\"echo\",\"need\":\"1\"}\n", false, "need: expected" },
                { "{\"verb\":\"echo\",\"need\":18446744073709551616}\n", false, "not valid JSON" },
                { "{\"verb\":\"echo\",\"verb\":\"echo\"}\n", false, "not valid JSON" },
                { "{\"verb\":\"echo\",\"extra\":1}\n", false, "no others" },
                { "{\"verb\":\"echo\",\"extra\":[[[[[[[]]]]]]]}\n", false, "no others" },
                { "{\"verb\":\"echo\",\"extra\":[[[[[[[[]]]]]]]]}\n", false, "not valid JSON" },
                { "{\"verb\":\"echo\"} {\"verb\":\"echo\"}\n", false, "not valid JSON" },
                { "{\"verb\":\"echo\"\n", false, "not valid JSON" },
                { "[\"verb\",\"echo\"]\n", false, "one JSON object" },
                { "null\n", false, "not valid JSON" },
                { "\n", false, "not valid JSON" },
                { "{\"verb\":\"ec\\u0000ho\"}\n", false, "not valid JSON" },
                { "{\"verb\":\"\xff\xfe\"}\n", false, "not valid JSON" },
                { "{\"verb\":\"echo\",\"domain\":\"/[[[[[[[[\\\"{{{{\"}\n", true, NULL },
                { "GET / HTTP/1.1\r\n", false, "not valid JSON" },
        };
        int fd;

        server_start("");
        fd = client();
        for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
                ask(fd, cases[i].request, cases[i].ok, cases[i].error);
        ask(fd, "{\"verb\":\"echo\",\"domain\":\"/a\\tb\",\"need\":9007199254740993}\n", true, NULL);
        cr_assert_str_eq(reply, "{\"ok\":true,\"domain\":\"/a\\u0009b\",\"need\":9007199254740993}\n");
        close(fd);
        server_stop();
}

/* The longest line, whole in one buffer, and the deepest that fits into it, of which no more is parsed than there is
 * stack for. */
Test(control, extreme_lines)
{
        char line[CONTROL_LINE_MAX + 1];
        struct control_request request;
        int fd;

        server_start("");
        fd = client();
        memset(line, ' ', sizeof(line));
        memcpy(line, "{\"verb\":\"echo\"}", strlen("{\"verb\":\"echo\"}"));
        line[CONTROL_LINE_MAX - 1] = '\n';
        line[CONTROL_LINE_MAX] = '\0';
        ask(fd, line, true, NULL);
        memset(line, '[', CONTROL_LINE_MAX - 1);
        ask(fd, line, false, "not valid JSON");
        for (size_t i = 0; i + 5 < CONTROL_LINE_MAX - 1; i += 5)
                memcpy(line + i, "{\"\":[", 5);
        ask(fd, line, false, "not valid JSON");
        memset(line, 'a', CONTROL_LINE_MAX - 1);
        memcpy(line, "{\"verb\":\"echo\",\"domain\":\"/", strlen("{\"verb\":\"echo\",\"domain\":\"/"));
        memcpy(line + CONTROL_LINE_MAX - 3, "\"}", 2);
        ask(fd, line, false, "expected a path");        /* longer than PATH_MAX */
        close(fd);
        server_stop();
        cr_assert_str_eq(request_parse("{\"verb\":\"\0\"}", 12, &request), "not valid JSON");
}

Test(control, several_lines_at_once)
{
        int fd;

        server_start("");
        fd = client();
        say(fd, "{\"verb\":\"echo\",\"need\":1}\n{\"verb\":\"nope\"}\n{\"verb\":\"echo\",\"need\":3}\n"
                "{\"verb\":");
        for (int i = 1; i <= 3; i++) {
                char line[256];
                size_t len = 0;

                while (len == 0 || line[len - 1] != '\n')
                        cr_assert_eq(recv(fd, line + len++, 1, 0), 1);
                line[len] = '\0';
                memcpy(reply, line, len + 1);
                expect(i != 2, NULL);
        }
        ask(fd, "\"echo\"}\n", true, NULL);

        say(fd, "{\"verb\":\"echo\"}\n");               /* asked, then nothing more to say */
        shutdown(fd, SHUT_WR);
        cr_assert(answer(fd));
        expect(true, NULL);
        cr_assert_eq(recv(fd, reply, 1, 0), 0);
        close(fd);
        server_stop();
}

Test(control, reply_that_does_not_fit)
{
        int fd;

        server_start("");
        fd = client();
        ask(fd, "{\"verb\":\"fill\",\"need\":2097152}\n", false, "larger than a reply");
        ask(fd, "{\"verb\":\"fill\",\"need\":2097000}\n", true, NULL);
        close(fd);
        server_stop();
}

/* What is sent and not waited for is still heard. */
Test(control, asked_and_gone)
{
        int fd;

        server_start("");
        fd = client();
        say(fd, "{\"verb\":\"echo\"}\n");
        close(fd);
        usleep(200 * 1000);
        expect_alive();
        cr_assert_eq(server.served, 2);
        server_stop();
}

/* Runs as somebody else and tells whether all went well there. */
static void as_somebody(uid_t uid, gid_t gid, gid_t other, void (*body)(void))
{
        pid_t pid = fork();
        int status;

        if (pid == 0) {
                if (setgroups(other ? 1 : 0, &other) < 0 || setgid(gid) < 0 || setuid(uid) < 0)
                        _exit(99);
                body();
                _exit(0);
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", status);
}

/* In a child: an exit status instead of Criterion's assertions. */
static void child_ask(const char *request, const char *expected)
{
        int fd = try_connect();

        if (fd < 0)
                _exit(2);
        if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 && errno != EPIPE && errno != ECONNRESET)
                _exit(3);
        if (!answer(fd) || !strstr(reply, expected))
                _exit(4);
        close(fd);
}

static void stranger(void)
{
        child_ask("{\"verb\":\"echo\"}\n", "neither root nor a member");
}

static void locked_out(void)
{
        if (try_connect() != -EACCES)
                _exit(1);
}

Test(control, strangers)
{
        if (geteuid() != 0)
                cr_skip_test("needs root to become somebody else");
        server_start("");
        as_somebody(NOBODY, NOBODY, 0, locked_out);
        cr_assert_eq(chmod(server.path, 0666), 0);      /* the second lock behind the mode */
        as_somebody(NOBODY, NOBODY, 0, stranger);
        cr_assert_eq(server.served, 0);
        expect_alive();
        server_stop();
}

static void member(void)
{
        child_ask("{\"verb\":\"echo\"}\n", "{\"ok\":true");
        child_ask("{\"verb\":\"act\"}\n", "only root");
}

Test(control, members_of_the_group)
{
        struct stat st;
        int fd;

        if (geteuid() != 0)
                cr_skip_test("needs root to become somebody else");
        server_start("12345");
        cr_assert_eq(stat(server.path, &st), 0);
        cr_assert_eq(st.st_mode & 07777, 0660);
        cr_assert_eq(st.st_gid, SOME_GID);
        as_somebody(NOBODY, SOME_GID, 0, member);
        as_somebody(NOBODY, NOBODY, SOME_GID, member);
        as_somebody(NOBODY, NOBODY, NOBODY, locked_out);
        cr_assert_eq(chmod(server.path, 0666), 0);
        as_somebody(NOBODY, NOBODY, NOBODY, stranger);
        fd = client();
        ask(fd, "{\"verb\":\"act\"}\n", true, NULL);
        close(fd);
        server_stop();
}

/* User id 0 in a container's PID namespace, with the host's file system before it. */
static void contained(void)
{
        pid_t pid;
        int status;

        if (unshare(CLONE_NEWPID) < 0)
                _exit(98);
        pid = fork();
        if (pid == 0) {
                child_ask("{\"verb\":\"echo\"}\n", "PID namespace");
                _exit(0);
        }
        waitpid(pid, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 97);
}

Test(control, containers)
{
        if (geteuid() != 0)
                cr_skip_test("needs root to make a namespace");
        server_start("");
        as_somebody(0, 0, 0, contained);
        cr_assert_eq(server.served, 0);
        server_stop();
}
