/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A training saved and taken up again. */
#pragma once

#include <stdint.h>

#include "net.h"

/* Everything that the next step depends on besides the faces. */
struct training {
        uint64_t seed;
        uint64_t faces;                 /* of each person */
        uint64_t steps_per_epoch;
        double loss[PERSONS];           /* summed over the epoch so far */
        struct net net;
};

/* Writes it beside 'path' and renames it over: a reader finds the old one or the new one, whole. 0 or
 * -errno. */
int checkpoint_save(const char *path, const struct training *t);

/* 0; -ENOENT when there is none; -EINVAL when it is no checkpoint, or one of a training with another seed,
 * number of faces or length of epoch than *t names; else -errno. *t is as it was unless 0 is returned. */
int checkpoint_load(const char *path, struct training *t);
