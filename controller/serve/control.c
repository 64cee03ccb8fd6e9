/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A door that strangers may lean against must not cost the daemon its footing: fixed memory, no blocking
 * call, and no more than one request per turn of the loop, so that a deadline or a pressure event never
 * waits behind a queue of questions.
 *
 * Memory. Every client owns a line buffer; all share one reply buffer. A reply that the socket does not
 * take at once keeps the buffer until EPOLLOUT has drained it; requests of other clients wait in their
 * line buffers meanwhile. A reader who is too slow is dropped after CONTROL_REPLY_US, so the wait is
 * bounded. Only the parser allocates, a few KiB for a line.
 *
 * A client is in one of three states. READING: wants EPOLLIN. WAITING: a whole line stands in its buffer;
 * nothing is read, so what a client sends ahead stays in its own socket. WRITING: holds the reply buffer.
 * One timer serves the next waiting client and ends what lasts too long. When all places are taken the
 * reader that has been quiet longest makes room, so idle connections can never shut the door. Descriptors
 * sent along are never received: recv() without room for them makes the kernel close them. */
#include "serve/control.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include "base/log.h"
#include "serve/door.h"
#include "serve/request.h"

#define LISTEN_AGAIN_US USEC_PER_SEC    /* after accept() failed for want of descriptors or memory */

enum client_state { CLIENT_FREE, CLIENT_READING, CLIENT_WAITING, CLIENT_WRITING };

struct client {
        struct loop_source source;
        struct control *control;
        enum client_state state;
        uint32_t epoll_events;
        struct visitor visitor;
        uint64_t quiet_us;      /* since when it has asked nothing */
        uint64_t due_us;        /* when it will have taken too long */
        size_t line_len;
        char *line;             /* one of the control's */
};

struct control {
        struct loop_source source;
        struct loop_timer timer;
        struct loop *loop;
        const struct control_verb *verbs;
        size_t n_verbs;
        void *context;
        struct door door;
        uint64_t listen_again_us;
        struct client *writer;          /* who holds the reply buffer, or NULL */
        size_t reply_len, reply_sent, next;
        struct control_request request;
        struct client clients[CONTROL_CLIENTS_MAX];
        char lines[CONTROL_CLIENTS_MAX][CONTROL_LINE_MAX];      /* apart, since most are never used */
        size_t reply_size;
        char reply[];
};

void control_fail(struct sink *reply, const char *text)
{
        reply->len = 0;
        reply->full = reply->comma = false;
        json_open(reply, NULL, '{');
        json_bool(reply, "ok", false);
        json_text(reply, "error", text);
}

/* Sets the timer to what comes first. Called at the end of every callback. */
static void control_plan(struct control *c)
{
        uint64_t due_us = c->listen_again_us;

        for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++) {
                due_us = u64_min(due_us, c->clients[i].due_us);
                if (c->clients[i].state == CLIENT_WAITING && !c->writer)
                        due_us = 0;
        }
        c->timer.due_us = due_us;
}

static void client_close(struct client *client)
{
        struct control *c = client->control;

        loop_unwatch(c->loop, &client->source);
        close(client->source.fd);
        client->source.fd = -1;
        client->state = CLIENT_FREE;
        client->due_us = LOOP_NEVER;
        if (c->writer == client)
                c->writer = NULL;
}

/* EPOLLHUP and EPOLLERR are always told, so 0 is a mask, too. */
static void client_enter(struct client *client, enum client_state state, uint32_t epoll_events)
{
        client->state = state;
        if (client->epoll_events == epoll_events)
                return;
        loop_unwatch(client->control->loop, &client->source);
        client->epoll_events = epoll_events;
        if (loop_watch(client->control->loop, &client->source, epoll_events) < 0)
                client_close(client);
}

static void client_await_line(struct client *client)
{
        uint64_t now_us = loop_now_us();

        client->quiet_us = now_us;
        client->due_us = client->line_len ? now_us + CONTROL_LINE_US : LOOP_NEVER;
        if (memchr(client->line, '\n', client->line_len)) {
                client->due_us = LOOP_NEVER;
                client_enter(client, CLIENT_WAITING, 0);
        } else {
                client_enter(client, CLIENT_READING, EPOLLIN);
        }
}

static void client_send(struct client *client)
{
        struct control *c = client->control;

        while (c->reply_sent < c->reply_len) {
                ssize_t n = send(client->source.fd, c->reply + c->reply_sent, c->reply_len - c->reply_sent,
                                 MSG_DONTWAIT | MSG_NOSIGNAL);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN) {
                        client_enter(client, CLIENT_WRITING, EPOLLOUT);
                        return;
                }
                if (n <= 0) {
                        client_close(client);
                        return;
                }
                c->reply_sent += (size_t)n;
        }
        c->writer = NULL;
        client_await_line(client);
}

static void request_serve(struct client *client, const char *line, size_t len, struct sink *reply)
{
        struct control *c = client->control;
        const char *complaint = request_parse(line, len, &c->request);

        if (complaint) {
                control_fail(reply, complaint);
                return;
        }
        for (size_t i = 0; i < c->n_verbs; i++) {
                const struct control_verb *verb = &c->verbs[i];

                if (strcmp(verb->name, c->request.verb) != 0)
                        continue;
                if (verb->root_only && !client->visitor.root) {
                        control_fail(reply, "not permitted: only root may ask for this");
                        return;
                }
                if (verb->root_only)
                        log_notice("%s asked for by uid %u, pid %d", verb->name, client->visitor.uid,
                                   client->visitor.pid);
                verb->serve(c->context, &c->request, reply);
                return;
        }
        control_fail(reply, "unknown verb");
}

/* Answers the first line in the client's buffer. The reply buffer is free. */
static void client_answer(struct client *client)
{
        struct control *c = client->control;
        char *end = memchr(client->line, '\n', client->line_len);
        size_t len = (size_t)(end - client->line);
        struct sink reply;

        sink_init(&reply, c->reply, c->reply_size - strlen("}\n"));
        json_open(&reply, NULL, '{');
        json_bool(&reply, "ok", true);
        request_serve(client, client->line, len, &reply);
        if (reply.full)
                control_fail(&reply, "the answer is larger than a reply may be");
        reply.size = c->reply_size;
        sink_text(&reply, "}\n");

        client->line_len -= len + 1;
        memmove(client->line, end + 1, client->line_len);
        c->writer = client;
        c->reply_len = reply.len;
        c->reply_sent = 0;
        client->due_us = loop_now_us() + CONTROL_REPLY_US;
        client_send(client);
}

/* One waiting client, in turn. */
static void control_serve_next(struct control *c)
{
        for (size_t i = 0; i < ARRAY_SIZE(c->clients) && !c->writer; i++) {
                struct client *client = &c->clients[c->next];

                c->next = (c->next + 1) % ARRAY_SIZE(c->clients);
                if (client->state == CLIENT_WAITING) {
                        client_answer(client);
                        return;
                }
        }
}

/* A last word to somebody who is about to be shown out; lost if the socket does not take it at once. */
static void refuse(int fd, const char *text)
{
        char line[256];
        struct sink s;

        sink_init(&s, line, sizeof(line));
        control_fail(&s, text);
        sink_text(&s, "}\n");
        (void)!send(fd, s.text, s.len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void client_read(struct client *client)
{
        size_t room = CONTROL_LINE_MAX - client->line_len;
        ssize_t n = recv(client->source.fd, client->line + client->line_len, room, MSG_DONTWAIT);
        uint64_t line_due_us = client->due_us;

        if (n < 0 && (errno == EINTR || errno == EAGAIN))
                return;
        if (n <= 0) {
                client_close(client);
                return;
        }
        client->line_len += (size_t)n;
        client_await_line(client);
        if (client->state != CLIENT_READING)
                return;
        client->due_us = u64_min(client->due_us, line_due_us);  /* counted from the line's first byte */
        if (client->line_len == CONTROL_LINE_MAX) {
                refuse(client->source.fd, "a request is at most 8 KiB long");
                client_close(client);
        }
}

static void client_ready(struct loop_source *source, uint32_t epoll_events)
{
        struct client *client = CONTAINER_OF(source, struct client, source);
        struct control *c = client->control;

        if (client->state == CLIENT_READING)
                client_read(client);
        else if (epoll_events & (EPOLLHUP | EPOLLERR))
                client_close(client);
        else if (client->state == CLIENT_WRITING)
                client_send(client);
        if (client->state == CLIENT_WAITING)
                control_serve_next(c);
        control_plan(c);
}

static void control_due(struct loop_timer *timer)
{
        struct control *c = CONTAINER_OF(timer, struct control, timer);
        uint64_t now_us = loop_now_us();

        for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++) {
                struct client *client = &c->clients[i];

                if (client->due_us > now_us)
                        continue;
                if (client->state == CLIENT_READING)
                        refuse(client->source.fd, "the request was not ended by a newline within 1 s");
                client_close(client);
        }
        if (c->listen_again_us <= now_us) {
                c->listen_again_us = LOOP_NEVER;
                if (loop_watch(c->loop, &c->source, EPOLLIN) < 0)
                        c->listen_again_us = now_us + LISTEN_AGAIN_US;
        }
        control_serve_next(c);
        control_plan(c);
}

/* A free place, or that of the reader who has been quiet longest. NULL if all are being served. */
static struct client *client_place(struct control *c)
{
        struct client *idlest = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++) {
                struct client *client = &c->clients[i];

                if (client->state == CLIENT_FREE)
                        return client;
                if (client->state == CLIENT_READING && (!idlest || client->quiet_us < idlest->quiet_us))
                        idlest = client;
        }
        if (idlest)
                client_close(idlest);
        return idlest;
}

static void client_admit(struct control *c, int fd)
{
        CLEANUP(close_p) int owned = fd;
        struct client *client;
        struct visitor visitor;
        const char *refusal;

        refusal = door_refusal(&c->door, fd, &visitor);
        client = refusal ? NULL : client_place(c);
        if (!client) {
                refuse(fd, refusal ? refusal : "too many requests are being served");
                return;
        }
        client->source = (struct loop_source){ .ready = client_ready, .fd = fd };
        client->visitor = visitor;
        client->line_len = 0;
        client->quiet_us = loop_now_us();
        client->epoll_events = EPOLLIN;
        if (loop_watch(c->loop, &client->source, EPOLLIN) < 0)
                return;
        client->state = CLIENT_READING;
        steal_fd(&owned);
}

static void control_ready(struct loop_source *source, uint32_t epoll_events UNUSED)
{
        struct control *c = CONTAINER_OF(source, struct control, source);

        /* A few per turn: the rest is told again. */
        for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
                int fd = accept4(c->source.fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

                if (fd >= 0) {
                        client_admit(c, fd);
                        continue;
                }
                if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
                        loop_unwatch(c->loop, &c->source);      /* or it would be told for ever */
                        c->listen_again_us = loop_now_us() + LISTEN_AGAIN_US;
                }
                break;
        }
        control_plan(c);
}

struct control *control_free(struct control *c)
{
        if (!c)
                return NULL;
        for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++)
                if (c->clients[i].state != CLIENT_FREE)
                        client_close(&c->clients[i]);
        if (c->source.fd >= 0)
                loop_unwatch(c->loop, &c->source);
        door_close(&c->door);
        free(c);
        return NULL;
}

struct control *control_new(struct loop *loop, const char *path, const char *group,
                            const struct control_verb *verbs, size_t n_verbs, size_t reply_size,
                            void *context, int *ret_error)
{
        struct control *c = calloc(1, sizeof(*c) + reply_size);
        int r;

        if (!c) {
                *ret_error = -ENOMEM;
                return NULL;
        }
        c->loop = loop;
        c->verbs = verbs;
        c->n_verbs = n_verbs;
        c->reply_size = reply_size;
        c->context = context;
        c->listen_again_us = LOOP_NEVER;
        c->door = (struct door)DOOR_INIT;
        c->source = (struct loop_source){ .ready = control_ready, .fd = -1 };
        c->timer.due = control_due;
        for (size_t i = 0; i < ARRAY_SIZE(c->clients); i++) {
                c->clients[i].control = c;
                c->clients[i].due_us = LOOP_NEVER;
                c->clients[i].line = c->lines[i];
        }
        r = door_open(&c->door, path, group);
        if (r == 0) {
                c->source.fd = c->door.fd;
                r = loop_watch(loop, &c->source, EPOLLIN);
        }
        if (r == 0)
                r = loop_add_timer(loop, &c->timer);
        if (r < 0) {
                *ret_error = r;
                return control_free(c);
        }
        return c;
}
