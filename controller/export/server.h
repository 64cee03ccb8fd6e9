/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Metrics and health over HTTP: GET and HEAD of a few paths, to whoever asks. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Scrapers and probes come one at a time; more than these places wait in the kernel's queue. */
#define SERVER_CONNECTIONS_MAX 64

/* A connection is one request and its answer. It may last so long; less when more than half of the places are
 * taken, so that those who send or read a byte at a time keep nobody out. */
#define SERVER_CONNECTION_US (10 * USEC_PER_SEC)
#define SERVER_CROWDED_US    (3 * USEC_PER_SEC)

/* What a path is answered with. */
struct page {
        const char *path;
        const char *type;               /* of the content */
        /* Writes the text (new, owned by the caller) and returns the status; 0 when there is no memory. */
        unsigned (*write)(void *context, char **ret_text, size_t *ret_len);
};

struct server;

/* Room for "[v6 address]:port" and its NUL. */
#define SERVER_ADDRESS_MAX 64

/* Listens at "ADDRESS:PORT", "[ADDRESS]:PORT" or ":PORT" (all addresses); numbers only. Port 0 takes a free
 * one. What it became goes to ret_address. 0 with a descriptor, or a negative errno: -EINVAL when the text is
 * no address. */
int server_listen(const char *address, char ret_address[static SERVER_ADDRESS_MAX], int *ret_fd);

/* Serves the pages, a table that ends with an entry without a path, on a descriptor of server_listen
 * (stolen). Pages and context are borrowed. NULL with errno set. */
struct server *server_new(int listen_fd, const struct page *pages, void *context);
struct server *server_free(struct server *s);           /* returns NULL */

/* Serves until the descriptor 'stop_fd' can be read. 0 or a negative errno. */
int server_run(struct server *s, int stop_fd);
