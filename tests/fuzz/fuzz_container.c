/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Container names: what is found lies inside the path and within one component; slashes behind the path and
 * directories in front of it change nothing. */
#include "base/base.h"
#include "fuzz.h"
#include "sense/container.h"

static bool is_inside(struct container_span span, size_t len)
{
        return span.len == 0 || (span.offset < len && span.len <= len - span.offset);
}

static bool is_same(const struct container *a, const struct container *b, size_t shift)
{
        return a->role == b->role && a->runtime == b->runtime &&
               a->id.len == b->id.len && a->pod.len == b->pod.len &&
               (a->id.len == 0 || a->id.offset + shift == b->id.offset) &&
               (a->pod.len == 0 || a->pod.offset + shift == b->pod.offset);
}

static void check(const char *path, size_t len, const struct container *c)
{
        char *pod = malloc(POD_TEXT_MAX);

        EXPECT(pod && c->role < CONTAINER_ROLE_N && c->runtime < RUNTIME_N);
        EXPECT((c->role == CONTAINER_NONE) == (c->runtime == RUNTIME_UNKNOWN));
        EXPECT(c->role != CONTAINER_NONE || (c->id.len == 0 && c->pod.len == 0));
        EXPECT(is_inside(c->id, len) && is_inside(c->pod, len));
        EXPECT(!memchr(path + c->id.offset, '/', c->id.len));
        EXPECT(!memchr(path + c->pod.offset, '/', c->pod.len));
        container_pod_text(path, c, pod);
        EXPECT(memchr(pod, '\0', c->pod.len) || strlen(pod) == c->pod.len);
        free(pod);
}

/* The same with a directory in front, and with slashes behind. */
static void try_elsewhere(const uint8_t *data, size_t size, const struct container *c)
{
        static const char front[] = "/above";
        const size_t shift = sizeof(front) - 1;
        CLEANUP(free_p) char *path = malloc(shift + size + 2);
        struct container other;

        EXPECT(path);
        memcpy(path, front, shift);
        memcpy(path + shift, data, size);
        memcpy(path + shift + size, "//", 2);
        other = container_recognise(path + shift, size + 2);
        EXPECT(is_same(c, &other, 0));
        if (size > 0 && data[0] == '/') {
                other = container_recognise(path, shift + size);
                EXPECT(is_same(c, &other, shift));
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct container c = container_recognise((const char *)data, size);

        check((const char *)data, size, &c);
        try_elsewhere(data, size, &c);
        return 0;
}
