/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot is two arrays sized at start: the cgroups, and the bytes of their paths. Filling it allocates
 * nothing; what does not fit is counted, so that whoever decides knows that he has not seen everything.
 * Entries are sorted by cgroup id, because directory order differs from one reading to the next and the
 * same facts must give the same plan. */
#include "decide/snapshot.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/heapsort.h"

int snapshot_init(struct snapshot *s, size_t capacity, size_t names_size)
{
        *s = (struct snapshot){ .capacity = capacity, .names_size = names_size };
        s->cgroups = calloc(capacity, sizeof(*s->cgroups));
        s->names = calloc(names_size, 1);
        if (s->cgroups && s->names)
                return 0;
        snapshot_fini(s);
        return -ENOMEM;
}

void snapshot_fini(struct snapshot *s)
{
        free(s->cgroups);
        free(s->names);
        *s = (struct snapshot){ 0 };
}

void snapshot_reset(struct snapshot *s, const char *domain)
{
        s->domain = domain;
        s->facts = (struct domain_facts){ 0 };
        s->time_us = 0;
        s->n = 0;
        s->names_len = 0;
        s->left_out = 0;
}

struct snapshot_cgroup *snapshot_add(struct snapshot *s, uint64_t id, const char *path)
{
        size_t len = strlen(path) + 1;
        struct snapshot_cgroup *c;

        if (s->n == s->capacity || len > s->names_size - s->names_len) {
                s->left_out++;
                return NULL;
        }
        c = &s->cgroups[s->n++];
        *c = (struct snapshot_cgroup){ .id = id, .path = (uint32_t)s->names_len };
        memcpy(s->names + s->names_len, path, len);
        s->names_len += len;
        return c;
}

static bool is_older(const void *a, const void *b, const void *context UNUSED)
{
        const struct snapshot_cgroup *x = a, *y = b;

        return x->id < y->id;
}

void snapshot_sort(struct snapshot *s)
{
        struct snapshot_cgroup spare[2];
        size_t kept = 0;

        heapsort_run(s->cgroups, s->n, sizeof(*s->cgroups), spare, is_older, NULL);
        for (size_t i = 0; i < s->n; i++)
                if (kept == 0 || s->cgroups[i].id != s->cgroups[kept - 1].id)
                        s->cgroups[kept++] = s->cgroups[i];
        s->n = kept;
}

const char *snapshot_path(const struct snapshot *s, const struct snapshot_cgroup *c)
{
        return s->names + c->path;
}

const struct snapshot_cgroup *snapshot_find(const struct snapshot *s, uint64_t id)
{
        size_t low = 0, high = s->n;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (s->cgroups[middle].id < id)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < s->n && s->cgroups[low].id == id ? &s->cgroups[low] : NULL;
}

static const char *const barred_names[] = {
        [BARRED_NOT] = "candidate",
        [BARRED_LABEL] = "protected by its label",
        [BARRED_RULE] = "protected by the configuration",
        [BARRED_SELF] = "holds the controller itself",
        [BARRED_SHIELDED] = "holds a process that must not die",
        [BARRED_DYING] = "is dying already",
        [BARRED_STUCK] = "did not die when struck",
        [BARRED_BARREN] = "freed next to nothing when struck",
};
_Static_assert(ARRAY_SIZE(barred_names) == BARRED_N, "name every bar");

const char *barred_name(enum barred b)
{
        return (size_t)b < BARRED_N ? barred_names[b] : "unknown";
}
