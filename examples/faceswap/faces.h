/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Synthetic photographs of two people, made from a seed and held in memory. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define FACE_SIDE   16
#define FACE_PIXELS (FACE_SIDE * FACE_SIDE)
#define PERSONS     2

/* One training example: the warped picture goes in, the straight one is what should come out. Grey, 0 … 1. */
struct face {
        _Alignas(16) float warped[FACE_PIXELS];
        _Alignas(16) float target[FACE_PIXELS];
};

struct faces {
        struct face *face[PERSONS];     /* count of them each */
        size_t count;
};

/* Makes as many faces of each person as fill 'bytes' (at least one each). The memory is really written. 0
 * or -errno. */
int faces_init(struct faces *f, uint64_t bytes, uint64_t seed);
void faces_fini(struct faces *f);

/* A well mixed number from a counter (splitmix64): the only source of chance here, so that a seed gives the
 * same run again, from any step. */
uint64_t chance(uint64_t seed, uint64_t counter);
