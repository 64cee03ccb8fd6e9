/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon that is stopped has its socket still: the kernel takes the connection and the request, and nothing
 * comes back. So one deadline stands over connecting, sending and receiving together. */
#include "export/peer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/base.h"
#include "base/loop.h"

/* 32 domains with paths of 4 KiB, each byte of them written as \u00XX. */
#define REPLY_MAX (2 * MIB)

static const char request[] = "{\"verb\":\"status\"}\n";

/* Waits until the socket is ready. 0 or a negative errno. */
static int await(int fd, short events, uint64_t due_us)
{
        for (;;) {
                struct pollfd p = { .fd = fd, .events = events };
                uint64_t left_us = u64_less(due_us, loop_now_us());
                int n;

                if (left_us == 0)
                        return -ETIMEDOUT;
                n = poll(&p, 1, (int)(left_us / USEC_PER_MSEC) + 1);
                if (n > 0)
                        return 0;
                if (n < 0 && errno != EINTR)
                        return -errno;
        }
}

/* EAGAIN from connect: more ask than the daemon's queue has room for. */
static int send_request(int fd, const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        if (strlen(path) >= sizeof(address.sun_path))
                return -ENAMETOOLONG;
        strcpy(address.sun_path, path);
        if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
                return -errno;
        /* A fresh socket's buffer takes these few bytes. Who is not let in may be told so and cut off before.
         */
        if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 && errno != EPIPE)
                return -errno;
        return 0;
}

/* What is being received. */
struct reply {
        char *text; /* owned */
        size_t len, size;
};

static void reply_fini(struct reply *r)
{
        free(r->text);
}

static int reply_grow(struct reply *r)
{
        size_t size = r->size ? 2 * r->size : 16 * KIB;
        char *text = size <= REPLY_MAX ? realloc(r->text, size) : NULL;

        if (!text)
                return size <= REPLY_MAX ? -ENOMEM : -EMSGSIZE;
        r->text = text;
        r->size = size;
        return 0;
}

/* Reads up to the first newline, which is left out of 'len'. */
static int reply_receive(struct reply *r, int fd, uint64_t due_us)
{
        const char *end = NULL;

        while (!end) {
                ssize_t n;
                int error = await(fd, POLLIN, due_us);

                if (error == 0 && r->len == r->size)
                        error = reply_grow(r);
                if (error < 0)
                        return error;
                n = recv(fd, r->text + r->len, r->size - r->len, 0);
                if (n < 0 && (errno == EAGAIN || errno == EINTR))
                        continue;
                if (n <= 0)
                        return n < 0 ? -errno : -ECONNRESET;
                end = memchr(r->text + r->len, '\n', (size_t)n);
                r->len += (size_t)n;
        }
        r->len = (size_t)(end - r->text);
        return 0;
}

static int ask(struct peer *p, uint64_t due_us)
{
        CLEANUP(close_p) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        CLEANUP(reply_fini) struct reply reply = { 0 };
        struct status status;
        int r;

        if (fd < 0)
                return -errno;
        r = send_request(fd, p->socket);
        if (r == 0)
                r = reply_receive(&reply, fd, due_us);
        if (r == 0)
                r = status_read(reply.text, reply.len, &status);
        if (r < 0)
                return r;
        status_fini(&p->status);
        p->status = status;
        return 0;
}

int peer_ask(struct peer *p)
{
        uint64_t begun_us = loop_now_us();

        if (p->asked_us && begun_us - p->asked_us < PEER_CACHE_US)
                return p->error;
        p->error = ask(p, begun_us + p->wait_us);
        p->asked_us = loop_now_us();
        p->took_us = p->asked_us - begun_us;
        p->answered = p->answered || p->error == 0;
        if (p->error == 0)
                p->silent_us = 0;
        else if (!p->silent_us)
                p->silent_us = begun_us;
        return p->error;
}

void peer_fini(struct peer *p)
{
        status_fini(&p->status);
}
