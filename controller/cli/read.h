/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot read back from JSON, with every field checked: what 'jettison snapshot' and the journal wrote,
 * or a person. */
#pragma once

#include <jansson.h>

#include "decide/snapshot.h"

#define READ_SIZE_MAX (UINT64_C(64) << 20)      /* bytes of a file: 100,000 cgroups with paths of 400 bytes */

/* No amount of memory may be more: a PiB. */
#define READ_BYTES_MAX (UINT64_C(1) << 50)

struct reading {
        struct snapshot snapshot;
        char *domain;           /* owned; the snapshot borrows it */
        bool has_need;
        uint64_t need;
};

/* Where and why. */
struct read_error {
        char text[512];         /* "line 3, column 7: …" or "cgroups[2].utility: expected …, found …" */
};

/* The object, or its member "snapshot" where it is of no kind itself. 0 with a new reading for read_fini;
 * -EINVAL or -ENOMEM with *ret_error filled. */
int read_snapshot(const json_t *object, struct reading *ret_reading, struct read_error *ret_error);
int read_snapshot_text(const char *text, size_t len, struct reading *ret_reading,
                       struct read_error *ret_error);

/* path "-" is standard input. Besides the above: -errno of open and read, -EFBIG over READ_SIZE_MAX. */
int read_snapshot_file(const char *path, struct reading *ret_reading, struct read_error *ret_error);

void read_fini(struct reading *r);
