/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An autoencoder, small enough to read: code = leaky(E·x + e), face = D·code + d, loss = mean (face −
 * target)². Because the encoder is shared, it must describe what both persons have in common (pose, light);
 * each decoder learns to paint that description with one person's features. Swapping is then nothing but
 * using the other decoder.
 *
 * Gradients are the chain rule written out: δ = 2 (face − target) / pixels; d += δ; D += code ⊗ δ; back
 * through D and the slope of the leaky unit to the code; e and E likewise. Weights lie so that every inner
 * loop runs along memory, four floats at a time. Steps are Adam's with its usual constants (Kingma and Ba,
 * 2015, algorithm 1).
 */
#include "net.h"

#include <math.h>
#include <string.h>

#define CODE_LANES (NET_CODE / LANES)
#define FACE_LANES (FACE_PIXELS / LANES)
#define LEAK       0.1f         /* slope of the unit below zero */

#define ADAM_RATE   0.004f
#define ADAM_MEAN   0.9f
#define ADAM_SQUARE 0.999f
#define ADAM_TINY   1e-8f

static float lanes_sum(lanes l)
{
        return l[0] + l[1] + l[2] + l[3];
}

/* Fills with numbers between −scale and scale. */
static void lanes_scatter(lanes *l, size_t n, uint64_t seed, float scale)
{
        for (size_t i = 0; i < n; i++)
                for (int lane = 0; lane < LANES; lane++) {
                        uint64_t bits = chance(seed, i * LANES + (uint64_t)lane) & 0xffffff;

                        l[i][lane] = scale * ((float)bits / 8388608.0f - 1.0f);
                }
}

void net_init(struct net *n, uint64_t seed)
{
        memset(n, 0, sizeof(*n));
        lanes_scatter(n->weights.encoder.weight[0], FACE_PIXELS * CODE_LANES, seed,
                      sqrtf(3.0f / FACE_PIXELS));
        for (uint64_t i = 0; i < PERSONS; i++)
                lanes_scatter(n->weights.decoder[i].weight[0], NET_CODE * FACE_LANES, seed + 1 + i,
                              sqrtf(3.0f / NET_CODE));
}

/* slope: by how much each number of the code follows its sum. */
static void encode(const struct encoder *e, const float *pixels, lanes *ret_code, lanes *ret_slope)
{
        memcpy(ret_code, e->bias, sizeof(e->bias));
        for (int pixel = 0; pixel < FACE_PIXELS; pixel++)
                for (int j = 0; j < CODE_LANES; j++)
                        ret_code[j] += pixels[pixel] * e->weight[pixel][j];

        for (int j = 0; j < CODE_LANES; j++)
                for (int lane = 0; lane < LANES; lane++) {
                        ret_slope[j][lane] = ret_code[j][lane] < 0 ? LEAK : 1.0f;
                        ret_code[j][lane] *= ret_slope[j][lane];
                }
}

static void decode(const struct decoder *d, const lanes *code, lanes *ret_face)
{
        memcpy(ret_face, d->bias, sizeof(d->bias));
        for (int c = 0; c < NET_CODE; c++) {
                float value = code[c / LANES][c % LANES];

                for (int j = 0; j < FACE_LANES; j++)
                        ret_face[j] += value * d->weight[c][j];
        }
}

static void decode_back(const struct decoder *d, const lanes *code, const lanes *delta,
                        struct decoder *gradient, lanes *ret_delta_code)
{
        for (int j = 0; j < FACE_LANES; j++)
                gradient->bias[j] += delta[j];
        for (int c = 0; c < NET_CODE; c++) {
                float value = code[c / LANES][c % LANES];
                lanes sum = { 0 };

                for (int j = 0; j < FACE_LANES; j++) {
                        gradient->weight[c][j] += value * delta[j];
                        sum += d->weight[c][j] * delta[j];
                }
                ret_delta_code[c / LANES][c % LANES] = lanes_sum(sum);
        }
}

static void encode_back(const float *pixels, const lanes *delta_code, struct encoder *gradient)
{
        for (int j = 0; j < CODE_LANES; j++)
                gradient->bias[j] += delta_code[j];
        for (int pixel = 0; pixel < FACE_PIXELS; pixel++)
                for (int j = 0; j < CODE_LANES; j++)
                        gradient->weight[pixel][j] += pixels[pixel] * delta_code[j];
}

float net_learn(const struct net *n, int person, const struct face *face, struct weights *gradient)
{
        lanes code[CODE_LANES], slope[CODE_LANES], delta_code[CODE_LANES], output[FACE_LANES], loss = { 0 };

        encode(&n->weights.encoder, face->warped, code, slope);
        decode(&n->weights.decoder[person], code, output);

        for (int j = 0; j < FACE_LANES; j++) {
                lanes target;

                memcpy(&target, &face->target[j * LANES], sizeof(target));
                output[j] -= target;
                loss += output[j] * output[j];
                output[j] *= 2.0f / FACE_PIXELS;
        }

        decode_back(&n->weights.decoder[person], code, output, &gradient->decoder[person], delta_code);
        for (int j = 0; j < CODE_LANES; j++)
                delta_code[j] *= slope[j];
        encode_back(face->warped, delta_code, &gradient->encoder);
        return lanes_sum(loss) / FACE_PIXELS;
}

void net_step(struct net *n, struct weights *gradient, unsigned n_faces)
{
        size_t n_weights = sizeof(struct weights) / sizeof(float);
        float *weight = (float *)&n->weights, *mean = (float *)&n->mean, *square = (float *)&n->square;
        float *slope = (float *)gradient, share = 1.0f / (float)n_faces;
        float t = (float)++n->steps;
        float rate = ADAM_RATE * sqrtf(1.0f - powf(ADAM_SQUARE, t)) / (1.0f - powf(ADAM_MEAN, t));

        for (size_t i = 0; i < n_weights; i++) {
                float g = slope[i] * share;

                mean[i] = ADAM_MEAN * mean[i] + (1.0f - ADAM_MEAN) * g;
                square[i] = ADAM_SQUARE * square[i] + (1.0f - ADAM_SQUARE) * g * g;
                weight[i] -= rate * mean[i] / (sqrtf(square[i]) + ADAM_TINY);
                slope[i] = 0;
        }
}
