/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file that answers like the kernel module's device: its calls are caught by a system-call filter, which
 * the kernel hands to a thread of this process. Opening, mapping and closing are the file's own. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "sense/module.h"

struct fake_device {
        char path[64];                  /* to be opened */
        struct jettison_cgroup *records;        /* the file's first bytes: what a look gives */
        uint32_t n_max, n;              /* room for records; how many there are */
        uint32_t features;
        int error;                      /* negative errno that the next calls fail with; 0: none */
        struct domain_facts host;       /* told by a look */
        const struct module *module;    /* whose buffer has to be long enough; NULL: any is */
        unsigned looks;                 /* answered so far, refused ones included … */
        uint64_t cgroup, score_neutral; /* … and what the last one asked for */
        struct jettison_watch watch;    /* as last set */
        struct jettison_order order;    /* as last left */
        int file_fd, listener_fd;
};

/* For the calling thread, and for good. Has the features of a whole module and a host of 8 GiB, 4 of them
 * available. False where the kernel does not hand out system calls. */
bool fake_device_make(struct fake_device *d);

/* Removes the file. */
void fake_device_remove(struct fake_device *d);

/* The next record, zeroed but for these. The device of a test has room for 4096. */
struct jettison_cgroup *fake_device_add(struct fake_device *d, uint64_t id, uint32_t parent_index);
