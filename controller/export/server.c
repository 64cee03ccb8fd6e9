/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libmicrohttpd does HTTP; its loop is ours, on one thread, so nothing needs a lock and every page is made
 * from the same facts. What the library does not limit is how long a connection may take altogether: its
 * time-out begins anew with each byte. So the connections are kept in a table, and who has lasted too long is
 * shut down: the library then finds the connection ended and clears it away. */
#include "export/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/base.h"
#include "base/loop.h"

#define BACKLOG       256
#define REQUEST_BYTES 8192 /* of a request's head, and of an answer's; bodies of answers lie elsewhere */
#define QUIET_S       5    /* without a byte; SERVER_CONNECTION_US is stricter with those who send some */
#define TICK_US       (USEC_PER_SEC / 2)

struct connection {
        int fd; /* borrowed from the library; -1: a free place */
        uint64_t since_us;
};

struct server {
        struct MHD_Daemon *http;
        const struct page *pages;
        void *context;
        size_t n_connections;
        bool closed; /* one was, in the last turn */
        struct connection connections[SERVER_CONNECTIONS_MAX];
};

/* --- listening */

/* Cuts "[ADDRESS]:PORT" in two. The address is "" for all. */
static int address_split(const char *text, char host[static SERVER_ADDRESS_MAX], const char **ret_port)
{
        const char *colon = strrchr(text, ':');
        size_t len = colon ? (size_t)(colon - text) : 0;
        bool bracketed = len >= 2 && text[0] == '[' && text[len - 1] == ']';

        if (!colon || len >= SERVER_ADDRESS_MAX || strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
            !colon[1] || strlen(colon + 1) > 5 || strtoul(colon + 1, NULL, 10) > 65535)
                return -EINVAL;
        if (!bracketed && memchr(text, ':', len))
                return -EINVAL; /* IPv6 without brackets could mean two things */
        snprintf(host, SERVER_ADDRESS_MAX, "%.*s", (int)(bracketed ? len - 2 : len), text + bracketed);
        if (bracketed && !strchr(host, ':'))
                return -EINVAL;
        *ret_port = colon + 1;
        return 0;
}

static int listen_at(const struct addrinfo *info)
{
        CLEANUP(close_p) int fd = socket(info->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const int yes = 1, no = 0;

        if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0)
                return -errno;
        if (info->ai_family == AF_INET6)
                setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)); /* "::" means IPv4 as well */
        if (bind(fd, info->ai_addr, info->ai_addrlen) < 0 || listen(fd, BACKLOG) < 0)
                return -errno;
        return steal_fd(&fd);
}

static int address_tell(int fd, char ret_address[static SERVER_ADDRESS_MAX])
{
        struct sockaddr_storage own;
        socklen_t len = sizeof(own);
        char host[SERVER_ADDRESS_MAX - 9], port[6];

        if (getsockname(fd, (struct sockaddr *)&own, &len) < 0)
                return -errno;
        if (getnameinfo((struct sockaddr *)&own, len, host, sizeof(host), port, sizeof(port),
                        NI_NUMERICHOST | NI_NUMERICSERV) != 0)
                return -EINVAL;
        snprintf(ret_address, SERVER_ADDRESS_MAX, own.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
                 port);
        return 0;
}

int server_listen(const char *address, char ret_address[static SERVER_ADDRESS_MAX], int *ret_fd)
{
        static const char *const everywhere[] = { "::", "0.0.0.0" };
        const struct addrinfo hints = { .ai_family = AF_UNSPEC,
                                        .ai_socktype = SOCK_STREAM,
                                        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
        char host[SERVER_ADDRESS_MAX];
        const char *port;
        int fd = address_split(address, host, &port);

        if (fd < 0)
                return fd;
        fd = -EINVAL;
        for (size_t i = 0; i < (*host ? 1 : ARRAY_SIZE(everywhere)) && fd < 0; i++) {
                struct addrinfo *info;

                if (getaddrinfo(*host ? host : everywhere[i], port, &hints, &info) != 0)
                        continue;
                fd = listen_at(info);
                freeaddrinfo(info);
        }
        if (fd < 0)
                return fd;
        *ret_fd = fd;
        return address_tell(fd, ret_address);
}

/* --- connections */

static void connection_note(void *context, struct MHD_Connection *connection, void **ret_place UNUSED,
                            enum MHD_ConnectionNotificationCode what)
{
        struct server *s = context;
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        int wanted = what == MHD_CONNECTION_NOTIFY_STARTED ? -1 : fd;

        for (size_t i = 0; i < SERVER_CONNECTIONS_MAX; i++) {
                struct connection *c = &s->connections[i];

                if (c->fd != wanted)
                        continue;
                *c = (struct connection){ .fd = wanted < 0 ? fd : -1, .since_us = loop_now_us() };
                s->n_connections += wanted < 0 ? 1 : (size_t)-1;
                s->closed = s->closed || wanted >= 0;
                return;
        }
}

/* Ends those that have lasted too long. */
static void connections_expire(struct server *s)
{
        uint64_t most_us =
                s->n_connections > SERVER_CONNECTIONS_MAX / 2 ? SERVER_CROWDED_US : SERVER_CONNECTION_US;
        uint64_t now_us = loop_now_us();

        for (size_t i = 0; i < SERVER_CONNECTIONS_MAX; i++) {
                const struct connection *c = &s->connections[i];

                if (c->fd >= 0 && now_us - c->since_us > most_us)
                        shutdown(c->fd, SHUT_RDWR);
        }
}

/* --- answers */

/* Steals the text. */
static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *type,
                              char *text, size_t len)
{
        struct MHD_Response *response = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
        enum MHD_Result r = MHD_NO;

        if (!response) {
                free(text);
                return MHD_NO;
        }
        if (MHD_add_response_header(response, "Content-Type", type) == MHD_YES &&
            MHD_add_response_header(response, "Connection", "close") == MHD_YES &&
            (status != MHD_HTTP_METHOD_NOT_ALLOWED ||
             MHD_add_response_header(response, "Allow", "GET, HEAD") == MHD_YES))
                r = MHD_queue_response(connection, status, response);
        MHD_destroy_response(response);
        return r;
}

static enum MHD_Result answer_line(struct MHD_Connection *connection, unsigned status, const char *line)
{
        char *text = strdup(line);

        return text ? answer(connection, status, "text/plain; charset=utf-8", text, strlen(text)) : MHD_NO;
}

static enum MHD_Result serve(void *context, struct MHD_Connection *connection, const char *path,
                             const char *method, const char *version UNUSED, const char *body UNUSED,
                             size_t *body_len UNUSED, void **ret_request UNUSED)
{
        const struct server *s = context;
        const struct page *page = s->pages;
        char *text = NULL;
        unsigned status;
        size_t len = 0;

        while (page->path && strcmp(page->path, path) != 0)
                page++;
        if (!page->path)
                return answer_line(connection, MHD_HTTP_NOT_FOUND, "There is no such page.\n");
        if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
                return answer_line(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                                   "Only GET and HEAD are answered.\n");
        status = page->write(s->context, &text, &len);
        return status ? answer(connection, status, page->type, text, len) : MHD_NO;
}

/* --- life */

struct server *server_new(int listen_fd, const struct page *pages, void *context)
{
        struct server *s = calloc(1, sizeof(*s));

        if (!s)
                return NULL;
        s->pages = pages;
        s->context = context;
        for (size_t i = 0; i < SERVER_CONNECTIONS_MAX; i++)
                s->connections[i].fd = -1;
        s->http = MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, serve, s, MHD_OPTION_LISTEN_SOCKET,
                                   listen_fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)SERVER_CONNECTIONS_MAX,
                                   MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)REQUEST_BYTES,
                                   MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)QUIET_S,
                                   MHD_OPTION_NOTIFY_CONNECTION, connection_note, s, MHD_OPTION_END);
        return s->http ? s : server_free(s);
}

struct server *server_free(struct server *s)
{
        if (!s)
                return NULL;
        if (s->http)
                MHD_stop_daemon(s->http);
        free(s);
        return NULL;
}

/* How long nothing has to be done unless something happens, for poll(). A full house does not listen, and the
 * library looks at that at the beginning of a turn: so after an end there is another turn at once. */
static int time_left_ms(const struct server *s)
{
        MHD_UNSIGNED_LONG_LONG left_ms;
        int most_ms = s->closed ? 0 : s->n_connections ? (int)(TICK_US / USEC_PER_MSEC) : -1;

        if (MHD_get_timeout(s->http, &left_ms) == MHD_YES && most_ms > 0 && left_ms < (unsigned)most_ms)
                return (int)left_ms;
        return most_ms;
}

int server_run(struct server *s, int stop_fd)
{
        const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->http, MHD_DAEMON_INFO_EPOLL_FD);
        struct pollfd ready[] = { { .fd = stop_fd, .events = POLLIN }, { .events = POLLIN } };

        if (!info)
                return -ENOSYS;
        ready[1].fd = info->epoll_fd;
        for (;;) {
                if (poll(ready, ARRAY_SIZE(ready), time_left_ms(s)) < 0 && errno != EINTR)
                        return -errno;
                if (ready[0].revents)
                        return 0;
                s->closed = false;
                if (MHD_run(s->http) == MHD_NO)
                        return -EIO;
                connections_expire(s);
        }
}
