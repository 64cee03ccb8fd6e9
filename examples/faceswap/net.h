/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The network of a face swap: one encoder that both persons share, one decoder for each. */
#pragma once

#include <stdint.h>

#include "faces.h"

#define NET_CODE 32             /* numbers that a face is squeezed into */
#define LANES    4              /* floats that are worked on together: one SSE register */

typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), may_alias));

struct encoder {
        lanes weight[FACE_PIXELS][NET_CODE / LANES];
        lanes bias[NET_CODE / LANES];
};

struct decoder {
        lanes weight[NET_CODE][FACE_PIXELS / LANES];
        lanes bias[FACE_PIXELS / LANES];
};

struct weights {
        struct encoder encoder;
        struct decoder decoder[PERSONS];
};

/* All that training changes; plain bytes, so that a checkpoint is a copy of it. */
struct net {
        struct weights weights;
        struct weights mean, square;    /* of past gradients: what Adam steers by */
        uint64_t steps;
};

void net_init(struct net *n, uint64_t seed);

/* Shows the net one face and adds what it should change to 'gradient'. Returns the loss: mean square error
 * of a pixel. */
float net_learn(const struct net *n, int person, const struct face *face, struct weights *gradient);

/* Takes one step of Adam against the gradient summed over n_faces, and zeroes the gradient. */
void net_step(struct net *n, struct weights *gradient, unsigned n_faces);
