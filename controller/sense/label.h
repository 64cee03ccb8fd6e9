/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The label on a cgroup's directory: reading it, and how far it is believed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/utility.h"
#include "sense/options.h"

#define LABEL_TRUSTED_NAME "trusted.jettison.utility"   /* only the host's root can write it, and read it */
#define LABEL_USER_NAME    "user.jettison.utility"      /* whoever may write to the directory can */

/* What the container is called, for people only; its runtime forgets it when the container is removed. Room for
 * NAMESPACE/POD/CONTAINER of Kubernetes, which are at most 63, 253 and 63 bytes, and the NUL. */
#define LABEL_NAME      "trusted.jettison.name"
#define LABEL_NAME_SIZE 384u

/* How far user.* is believed on one cgroup. */
enum label_trust {
        LABEL_TRUST_NONE,       /* not at all: it is not even read */
        LABEL_TRUST_SUBTREE,    /* it ranks the cgroup inside its delegated subtree and says nothing else */
        LABEL_TRUST_FULL,       /* like trusted.* */
        LABEL_TRUST_N,
};

enum label {
        LABEL_NONE,
        LABEL_TRUSTED,
        LABEL_USER,             /* the utility is as label_confine leaves it */
        LABEL_INVALID,          /* there is one that says nothing; a lesser one is not asked instead */
        LABEL_GONE,             /* the directory does not answer, so it might say protect: not a candidate */
        LABEL_N,
};

/* Is this one component of a path user@UID.service, UID in decimal? Pure. */
bool label_is_user_manager(const char *name, size_t len);

/* How many bytes of the path are the delegated user subtree (up to and with the first component
 * user@UID.service) that the cgroup lies strictly inside of; 0 when it lies in none. Pure. */
size_t label_subtree(const char *path, size_t len);

/* How far user.* is believed at this path. Pure. */
enum label_trust label_trust(enum labels_user mode, const char *path, size_t len);

/* What is left of a utility that user.* claims: with LABEL_TRUST_SUBTREE protect becomes UTILITY_MAX and
 * the tier 0, since neither may leave the subtree; with LABEL_TRUST_FULL all of it. Pure. */
struct utility label_confine(struct utility claimed, enum label_trust trust);

/* Turns the n numbers that the labels of one delegated subtree claim into utilities on the host, in place:
 * 'own' (the subtree's own utility) times number over the largest number, rounded to the nearest. The order
 * stays, the largest becomes 'own', nothing exceeds it, and multiplying all numbers changes nothing. All
 * zero stays all zero. Numbers and own are at most UTILITY_MAX. Pure. */
void label_scale(uint16_t *numbers, size_t n, uint16_t own);

/* Reads the label of a directory, open with O_RDONLY|O_DIRECTORY (O_PATH will not do) and borrowed:
 * LABEL_TRUSTED_NAME, and when there is none and 'user' is not LABEL_TRUST_NONE, LABEL_USER_NAME.
 * *ret_utility is written only with LABEL_TRUSTED and LABEL_USER. One or two system calls; allocates
 * nothing. */
enum label label_read(int dir_fd, enum label_trust user, struct utility *ret_utility);

/* Writes the len bytes of text (a utility; not checked) as the label that counts and as the one that mirrors
 * it for people. Who may not write the first is left with the second, and *ret_trusted is false. dir_fd is
 * borrowed. 0, or -errno when neither could be written, or the first for another reason than that it is not
 * allowed. */
int label_write(int dir_fd, const char *text, size_t len, bool *ret_trusted);

/* Reads LABEL_NAME, any bytes, ended by NUL; "" when there is none, or a longer one. One system call. Returns
 * text. */
char *label_name_read(int dir_fd, char text[static LABEL_NAME_SIZE]);

/* Whether LABEL_TRUSTED_NAME can be read by this process: without CAP_SYS_ADMIN in the initial user
 * namespace the kernel says that there is no label (xattr_permission() in fs/xattr.c), which cannot be told
 * from the truth. dir_fd as above, any cgroup's. 0; -EPERM without the capability; or -errno when dir_fd
 * does not answer or its file system knows no trusted.*. */
int label_self_test(int dir_fd);
