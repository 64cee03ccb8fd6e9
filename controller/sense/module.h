/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel module's device: the second feed. What its calls mean, jettison_uapi.h specifies. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decide/snapshot.h"
#include "jettison_uapi.h"

struct module {
        int fd;                 /* -1: there is none */
        void *buffer;           /* mapped: the records of the last snapshot */
        size_t buffer_size;
        uint64_t missed;        /* events that came too fast, ever */
};

#define MODULE_INIT { .fd = -1 }

/* Opens the device and maps room for about n_cgroups and as many again. Before the filter is entered and
 * capabilities are dropped. 0, or -errno: -ENOENT where the module is not loaded, -EPROTONOSUPPORT when it
 * speaks another version, -EOPNOTSUPP when memory is not on cgroup v2. */
int module_open(struct module *m, const char *path, uint32_t n_cgroups);
void module_close(struct module *m);
bool module_is_open(const struct module *m);

/* One phrase for people: what to do about an error of module_open. */
const char *module_remedy(int error);

/* Sets the lines of the watch, bytes; 0 or -errno (-EBUSY: another program holds them). */
int module_watch(struct module *m, uint64_t available_low, uint64_t available_high, uint64_t swap_low,
                 uint64_t swap_high);

/* The next event: 1, 0 when there is none, or -errno. One system call. */
int module_take_event(struct module *m, struct jettison_event *ret_event);

/* What the module saw in one call. Records are parents before children; borrowed, valid until the next. */
struct module_view {
        struct domain_facts facts;      /* of the host; no psi */
        const struct jettison_cgroup *cgroups;
        uint32_t n;
};

/* Looks at the cgroup with this id (0: the root) and all below it. One system call, or two and a mapping
 * when the buffer had to grow. 0 or -errno: -ENOENT: no such cgroup, or it has no memory controller. */
int module_look(struct module *m, uint64_t cgroup, uint32_t score_neutral, struct module_view *ret_view);

/* What the module says of itself. 0 or -errno. */
int module_info(struct module *m, struct jettison_info *ret_info);

/* Leaves an order, whose version is filled in here; n_taken is the answer. 0 or -errno. */
int module_order(struct module *m, struct jettison_order *order);
