/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket under clients that do what they should not. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "control_fixture.h"

TestSuite(control_abuse, .timeout = 60);

Test(control_abuse, partial_line)
{
        uint64_t start_us;
        int fd, dripping;

        server_start("");
        start_us = loop_now_us();
        fd = client();
        dripping = client();
        say(fd, "{\"verb\":");
        for (int i = 0; i < 15; i++) {                  /* a byte now and then does not prolong it */
                (void)!send(dripping, " ", 1, MSG_NOSIGNAL);
                usleep(100 * 1000);
        }
        cr_assert(answer(fd));
        expect(false, "within 1 s");
        cr_assert_not(answer(fd), "must be closed");
        cr_assert(answer(dripping));
        expect(false, "within 1 s");
        cr_assert_geq(loop_now_us() - start_us, CONTROL_LINE_US);
        cr_assert_lt(loop_now_us() - start_us, CONTROL_LINE_US + USEC_PER_SEC);
        close(fd);
        close(dripping);
        expect_alive();
        server_stop();
}

Test(control_abuse, line_of_a_mebibyte)
{
        char *line = malloc(MIB);
        struct timeval patience = { .tv_sec = 5 };
        size_t sent = 0;
        ssize_t n;
        int fd;

        server_start("");
        memset(line, 'x', MIB);
        fd = client();
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
        while (sent < MIB && (n = send(fd, line + sent, MIB - sent, MSG_NOSIGNAL)) > 0)
                sent += (size_t)n;
        cr_assert_lt(sent, MIB, "all of it was taken");
        cr_assert(errno == EPIPE || errno == ECONNRESET, "%s", strerror(errno));
        cr_assert(answer(fd));
        expect(false, "8 KiB");
        close(fd);
        free(line);
        expect_alive();
        server_stop();
}

Test(control_abuse, ten_thousand_connects)
{
        int ring[64];

        server_start("");
        memset(ring, -1, sizeof(ring));
        for (size_t i = 0; i < 10000; i++) {
                int *fd = &ring[i % ARRAY_SIZE(ring)];

                close_p(fd);
                *fd = client();
                if (i % 3 == 0)
                        (void)!send(*fd, "{", 1, MSG_NOSIGNAL);
                if (i % 1000 == 0)
                        expect_alive();
        }
        expect_alive();
        for (size_t i = 0; i < ARRAY_SIZE(ring); i++)
                close_p(&ring[i]);
        server_stop();
}

/* Sixteen quiet clients do not shut the door: the one who has been quiet longest leaves. */
Test(control_abuse, idlest_makes_room)
{
        int fds[CONTROL_CLIENTS_MAX], newcomer;

        server_start("");
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
                fds[i] = client();
                ask(fds[i], "{\"verb\":\"echo\"}\n", true, NULL);
        }
        ask(fds[0], "{\"verb\":\"echo\"}\n", true, NULL);
        newcomer = client();
        ask(newcomer, "{\"verb\":\"echo\"}\n", true, NULL);
        cr_assert_eq(recv(fds[1], reply, 1, 0), 0, "the idlest should have been closed");
        ask(fds[0], "{\"verb\":\"echo\"}\n", true, NULL);
        ask(fds[2], "{\"verb\":\"echo\"}\n", true, NULL);
        for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
                close(fds[i]);
        close(newcomer);
        server_stop();
}

Test(control_abuse, slow_reader_of_a_mebibyte)
{
        json_t *root;
        int slow, quick;

        server_start("");
        slow = client();
        quick = client();
        say(slow, "{\"verb\":\"fill\",\"need\":1048576}\n");
        usleep(50 * 1000);
        say(quick, "{\"verb\":\"echo\",\"need\":7}\n");         /* waits for the buffer */
        cr_assert(answer_slowly(slow, 16 * 1024, 2000));
        root = json_loads(reply, 0, NULL);
        cr_assert_eq(json_string_length(json_object_get(root, "fill")), 1048576);
        for (size_t i = 0; i < 1048576; i++)
                if (json_string_value(json_object_get(root, "fill"))[i] != "0123456789"[i % 10])
                        cr_assert_fail("byte %zu is wrong", i);
        json_decref(root);
        cr_assert(answer(quick));
        cr_assert_str_eq(reply, "{\"ok\":true,\"domain\":\"\",\"need\":7}\n");
        close(slow);
        close(quick);
        server_stop();
}

Test(control_abuse, reader_who_does_not_read)
{
        uint64_t start_us;
        int lazy, quick;

        server_start("");
        lazy = client();
        say(lazy, "{\"verb\":\"fill\",\"need\":1048576}\n");
        usleep(50 * 1000);
        start_us = loop_now_us();
        quick = client();
        ask(quick, "{\"verb\":\"echo\"}\n", true, NULL);
        cr_assert_lt(loop_now_us() - start_us, CONTROL_REPLY_US + USEC_PER_SEC);
        cr_assert_gt(loop_now_us() - start_us, CONTROL_REPLY_US / 2);
        cr_assert_not(answer(lazy), "should have been closed");
        close(lazy);
        close(quick);
        server_stop();
}

Test(control_abuse, abrupt_close)
{
        static const char *const last_words[] = {
                "", "{", "{\"verb\":\"echo\"}\n", "{\"verb\":\"fill\",\"need\":1048576}\n",
                "{\"verb\":\"echo\"}\n{\"verb\":\"echo\"}\n{",
        };
        size_t before;

        server_start("");
        before = open_files();
        for (size_t i = 0; i < 500; i++) {
                int fd = client();

                say(fd, last_words[i % ARRAY_SIZE(last_words)]);
                if (i % 7 == 0)
                        usleep(2000);
                close(fd);
        }
        expect_alive();
        usleep(100 * 1000);
        cr_assert_eq(open_files(), before);
        server_stop();
}

Test(control_abuse, descriptors_are_not_received)
{
        union { char bytes[CMSG_SPACE(64 * sizeof(int))]; struct cmsghdr align; } room = { 0 };
        char request[] = "{\"verb\":\"echo\"}\n";
        struct iovec text = { request, strlen(request) };
        struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = room.bytes,
                                  .msg_controllen = sizeof(room.bytes) };
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        int pipe_fds[2], fd;
        size_t before;

        server_start("");
        cr_assert_eq(pipe2(pipe_fds, O_CLOEXEC), 0);
        *header = (struct cmsghdr){ .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS,
                                    .cmsg_len = CMSG_LEN(64 * sizeof(int)) };
        for (int i = 0; i < 64; i++)
                memcpy(CMSG_DATA(header) + i * sizeof(int), &pipe_fds[1], sizeof(int));
        fd = client();
        ask(fd, "{\"verb\":\"echo\"}\n", true, NULL);
        before = open_files();
        cr_assert_eq(sendmsg(fd, &message, 0), (ssize_t)text.iov_len);
        cr_assert(answer(fd));
        expect(true, NULL);
        cr_assert_eq(open_files(), before);
        close(pipe_fds[1]);
        cr_assert_eq(read(pipe_fds[0], reply, 1), 0, "somebody still holds the other end");
        close(pipe_fds[0]);
        close(fd);
        server_stop();
}

/* accept() fails and goes on failing: the loop must not spin on it, and must come back. */
Test(control_abuse, out_of_descriptors)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct timeval patience = { .tv_sec = 20 };
        struct rlimit limit, tight;
        uint64_t wakeups;
        int fd;

        server_start("");
        fd = socket(AF_UNIX, SOCK_STREAM, 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", server.path);
        cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
        tight = (struct rlimit){ .rlim_cur = 3, .rlim_max = limit.rlim_max };
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &tight), 0);
        cr_assert_eq(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        wakeups = server.loop.wakeups;
        usleep(400 * 1000);
        wakeups = server.loop.wakeups - wakeups;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
        cr_assert_lt(wakeups, 100, "%llu turns in 0.4 s", (unsigned long long)wakeups);
        ask(fd, "{\"verb\":\"echo\"}\n", true, NULL);
        close(fd);
        server_stop();
}
