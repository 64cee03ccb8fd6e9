/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The control socket's place in the file system, and who may come in. */
#pragma once

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

struct door {
        int fd;                 /* listening, non-blocking; owned */
        struct sockaddr_un address;
        uid_t own_uid;
        gid_t group;
        bool has_group;
};

#define DOOR_INIT { .fd = -1 }

/* Who stands in it, as the kernel says. */
struct visitor {
        pid_t pid;
        uid_t uid;
        bool root;              /* root, or the daemon's own user */
};

/* The group of this name or number. 0 or -ENOENT. */
int door_group(const char *group, gid_t *ret_gid);

/* As control_new() promises. 0 or a negative errno with *door as it was. */
int door_open(struct door *door, const char *path, const char *group);

/* Removes the socket and closes. Takes a door that is not open. */
void door_close(struct door *door);

/* NULL when whoever connected 'fd' may come in, else why not, for his eyes; *ret_visitor is written only
 * for NULL. */
const char *door_refusal(const struct door *door, int fd, struct visitor *ret_visitor);
