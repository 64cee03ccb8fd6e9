/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A training set without a download. Each person is one picture of 128 × 128, drawn once from a handful of
 * features (width of the face, distance of the eyes, mouth, hair, skin) that the seed chooses. A photograph
 * is that picture seen from a slightly different place, distance and light; its warped twin is bent by two
 * sine waves on top, as the random warp of face swapping programs does. Rows and columns are bent apart
 * from each other, so that a photograph costs two table look-ups per pixel and a hundred megabytes are made
 * in a second or two even where the processor is emulated.
 */
#include "faces.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define PORTRAIT_SIDE 128

struct portrait {
        float grey[PORTRAIT_SIDE * PORTRAIT_SIDE];
};

/* Where a photograph was taken from; lengths in pixels of the portrait. */
struct view {
        float left, top, pixel;         /* its upper left corner, and how far its pixels are apart */
        float light;                    /* brightness, 0.8 … 1.2 */
        float bend_x, bend_y;           /* amplitude of the two waves */
        float phase_x, phase_y;
};

uint64_t chance(uint64_t seed, uint64_t counter)
{
        uint64_t z = seed + (counter + 1) * UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return z ^ (z >> 31);
}

/* A number between low and high; *bits is used up by 16 bits. */
static float between(uint64_t *bits, float low, float high)
{
        float share = (float)(*bits & 0xffff) / 65535.0f;

        *bits >>= 16;
        return low + share * (high - low);
}

/* 1 inside the ellipse, 0 outside, a soft edge between. */
static float ellipse(float x, float y, float center_x, float center_y, float radius_x, float radius_y)
{
        float dx = (x - center_x) / radius_x, dy = (y - center_y) / radius_y;

        return 1.0f / (1.0f + expf(12.0f * (dx * dx + dy * dy - 1.0f)));
}

static void portrait_draw(struct portrait *p, uint64_t seed, uint64_t person)
{
        uint64_t shape = chance(seed, 2 * person), look = chance(seed, 2 * person + 1);
        float width = between(&shape, 0.50f, 0.75f), height = between(&shape, 0.70f, 0.90f);
        float eyes = between(&shape, 0.18f, 0.36f), mouth = between(&shape, 0.12f, 0.36f);
        float skin = between(&look, 0.55f, 0.90f), hair = between(&look, 0.10f, 0.50f);
        float fringe = between(&look, -0.60f, -0.30f);

        for (int row = 0; row < PORTRAIT_SIDE; row++)
                for (int column = 0; column < PORTRAIT_SIDE; column++) {
                        float x = 2.0f * (float)column / PORTRAIT_SIDE - 1.0f;
                        float y = 2.0f * (float)row / PORTRAIT_SIDE - 1.0f;
                        float grey = 0.25f, head = ellipse(x, y, 0, 0, width, height);

                        grey += head * (skin - grey);
                        grey += head * (y < fringe) * (hair - grey);
                        grey -= 0.5f * ellipse(x, y, -eyes, -0.15f, 0.10f, 0.07f);
                        grey -= 0.5f * ellipse(x, y, +eyes, -0.15f, 0.10f, 0.07f);
                        grey -= 0.3f * ellipse(x, y, 0, 0.45f, mouth, 0.06f);
                        grey -= 0.1f * ellipse(x, y, 0, 0.12f, 0.06f, 0.16f);
                        p->grey[row * PORTRAIT_SIDE + column] = grey < 0 ? 0 : grey;
                }
}

static struct view view_choose(uint64_t seed, uint64_t counter)
{
        uint64_t place = chance(seed, 2 * counter), bend = chance(seed, 2 * counter + 1);
        struct view v = { .pixel = between(&place, 6.4f, 7.2f) };
        float margin = PORTRAIT_SIDE - FACE_SIDE * v.pixel;

        v.left = between(&place, 0.3f, 0.7f) * margin;
        v.top = between(&place, 0.3f, 0.7f) * margin;
        v.light = between(&place, 0.8f, 1.2f);
        v.bend_x = between(&bend, -5, 5);
        v.bend_y = between(&bend, -5, 5);
        v.phase_x = between(&bend, 0, 6.28f);
        v.phase_y = between(&bend, 0, 6.28f);
        return v;
}

static int clamp(int value)
{
        return value < 0 ? 0 : value >= PORTRAIT_SIDE ? PORTRAIT_SIDE - 1 : value;
}

static void photograph(const struct portrait *p, const struct view *v, float bend, float *ret_pixels)
{
        int shift_x[FACE_SIDE], shift_y[FACE_SIDE], at[FACE_SIDE];

        for (int i = 0; i < FACE_SIDE; i++) {
                at[i] = (int)((float)i * v->pixel);
                shift_x[i] = (int)(v->left + bend * v->bend_x * sinf(0.4f * (float)i + v->phase_x));
                shift_y[i] = (int)(v->top + bend * v->bend_y * sinf(0.4f * (float)i + v->phase_y));
        }
        for (int row = 0; row < FACE_SIDE; row++)
                for (int column = 0; column < FACE_SIDE; column++) {
                        int x = clamp(at[column] + shift_x[row]), y = clamp(at[row] + shift_y[column]);

                        ret_pixels[row * FACE_SIDE + column] = v->light * p->grey[y * PORTRAIT_SIDE + x];
                }
}

static int album_make(struct face **ret_album, size_t count, uint64_t seed, uint64_t person)
{
        struct portrait portrait;
        struct face *album = aligned_alloc(_Alignof(struct face), count * sizeof(*album));

        if (!album)
                return -ENOMEM;

        portrait_draw(&portrait, seed, person);
        for (size_t i = 0; i < count; i++) {
                struct view view = view_choose(seed + 1 + person, i);

                photograph(&portrait, &view, 1.0f, album[i].warped);
                photograph(&portrait, &view, 0.0f, album[i].target);
        }
        *ret_album = album;
        return 0;
}

int faces_init(struct faces *f, uint64_t bytes, uint64_t seed)
{
        uint64_t count = bytes / PERSONS / sizeof(struct face);

        *f = (struct faces){ .count = count ? count : 1 };
        for (uint64_t person = 0; person < PERSONS; person++) {
                int error = album_make(&f->face[person], f->count, seed, person);

                if (error < 0) {
                        faces_fini(f);
                        return error;
                }
        }
        return 0;
}

void faces_fini(struct faces *f)
{
        for (int person = 0; person < PERSONS; person++)
                free(f->face[person]);
        *f = (struct faces){ 0 };
}
