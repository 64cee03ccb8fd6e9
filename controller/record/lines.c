/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whoever sends decides where the pieces end, so a line is gathered until its newline comes. A line of which
 * no end is in sight must not take all memory: beyond the bound its bytes are only counted. */
#include "record/lines.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"

/* A first piece of memory; an object of a pod has some 10 kB. */
#define SIZE_FIRST (16 * KIB)

static int make_room(struct lines *l, size_t more)
{
        size_t size = l->size ? l->size : SIZE_FIRST;
        char *text;

        while (size < l->len + more)
                size *= 2;
        if (size == l->size)
                return 0;
        text = realloc(l->text, size);
        if (!text)
                return -ENOMEM;
        l->text = text;
        l->size = size;
        return 0;
}

/* Part of a line, without its newline. */
static int gather(struct lines *l, const char *bytes, size_t n)
{
        int r;

        if (l->skipping || l->len + n > l->size_max) {
                l->skipping = true;
                l->len = 0;
                l->pending += n;
                return 0;
        }
        r = make_room(l, n);
        if (r < 0)
                return r;
        if (n > 0)
                memcpy(l->text + l->len, bytes, n);
        l->len += n;
        l->pending += n;
        return 0;
}

int lines_take(struct lines *l, const char *bytes, size_t n,
               bool (*line)(void *who, const char *text, size_t len), void *who)
{
        while (n > 0) {
                const char *end = memchr(bytes, '\n', n);
                size_t len = end ? (size_t)(end - bytes) : n, whole;
                int r = gather(l, bytes, len);

                if (r < 0)
                        return r;
                if (!end)
                        return 0;
                bytes += len + 1;
                n -= len + 1;
                whole = l->len;
                l->len = 0;
                l->taken += l->pending + 1;
                l->pending = 0;
                if (l->skipping) {
                        l->skipping = false;
                        l->skipped++;
                } else if (!line(who, l->text, whole)) {
                        return -ECANCELED;
                }
        }
        return 0;
}

void lines_clear(struct lines *l)
{
        free(l->text);
        l->text = NULL;
        l->len = l->size = 0;
        l->skipping = false;
        l->taken = l->pending = 0;
}
