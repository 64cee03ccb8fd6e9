/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot may come from anywhere: a bug report, an editor, another version. What is wrong with it is
 * said with its place, and nothing is guessed: a member that is not known is an error, since it may be a
 * known one misspelt.
 *
 * The choice adds weights and must not overflow: decide/price.c cuts every cgroup down to what its domain
 * has, so the number of cgroups times the largest weight in such a domain is checked to stay below what the
 * knapsack takes. */
#include "cli/read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cli/member.h"
#include "cli/text.h"
#include "decide/knapsack.h"

#define VERSION     1
#define SCORE_MAX   (UINT64_C(1) << 32)
#define TIME_MAX    ((uint64_t)INT64_MAX)
#define SUM_MAX     (UINT64_C(1) << 61)         /* half of what knapsack_cover takes */

static int read_psi_line(const struct place *p, const char *name, const json_t *value, struct psi_line *line)
{
        char prefix[32];
        const struct place below = { prefix, p->why, p->why_size };
        const struct member members[] = {
                { "avg10", MEMBER_PERCENT, true, 0, &line->avg10, NULL },
                { "avg60", MEMBER_PERCENT, true, 0, &line->avg60, NULL },
                { "avg300", MEMBER_PERCENT, true, 0, &line->avg300, NULL },
                { "total_usec", MEMBER_UINT, true, TIME_MAX, &line->total_us, NULL },
        };

        if (!json_is_object(value))
                return place_refuse(p, name, "expected an object, found %s", member_type(value));
        snprintf(prefix, sizeof(prefix), "%s%s.", p->prefix, name);
        return place_read(&below, members, ARRAY_SIZE(members), value);
}

static int read_psi(const struct place *p, const json_t *value, struct domain_facts *facts)
{
        const struct place below = { "domain.psi.", p->why, p->why_size };
        const json_t *some = NULL, *full = NULL;
        const struct member members[] = {
                { "some", MEMBER_LEFT, true, 0, &some, NULL },
                { "full", MEMBER_LEFT, true, 0, &full, NULL },
        };
        int r;

        if (!json_is_object(value))
                return place_refuse(p, "psi", "expected an object, found %s", member_type(value));
        r = place_read(&below, members, ARRAY_SIZE(members), value);
        if (r == 0)
                r = read_psi_line(&below, "some", some, &facts->psi.some);
        if (r == 0)
                r = read_psi_line(&below, "full", full, &facts->psi.full);
        facts->has_psi = r == 0;
        return r;
}

static int check_path(const struct place *p, const char *path)
{
        return path[0] == '/' ? 0 : place_refuse(p, "path", "expected a path that begins with '/'");
}

static int read_domain(const json_t *value, struct reading *reading, struct read_error *error)
{
        const struct place root = { "", error->text, sizeof(error->text) };
        const struct place p = { "domain.", error->text, sizeof(error->text) };
        struct domain_facts *facts = &reading->snapshot.facts;
        const json_t *psi = NULL;
        const struct member members[] = {
                { "path", MEMBER_BYTES, false, 0, &reading->domain, NULL },
                { "memory_total", MEMBER_UINT, true, READ_BYTES_MAX, &facts->memory_total, NULL },
                { "memory_available", MEMBER_UINT, true, READ_BYTES_MAX, &facts->memory_available, NULL },
                { "memory_lists", MEMBER_UINT, false, READ_BYTES_MAX, &facts->memory_lists, NULL },
                { "swap_total", MEMBER_UINT, false, READ_BYTES_MAX, &facts->swap_total, NULL },
                { "swap_free", MEMBER_UINT, false, READ_BYTES_MAX, &facts->swap_free, NULL },
                { "psi", MEMBER_LEFT, false, 0, &psi, NULL },
        };
        int r;

        if (!json_is_object(value))
                return place_refuse(&root, "domain", "expected an object, found %s", member_type(value));
        r = place_read(&p, members, ARRAY_SIZE(members), value);
        if (r == 0)
                r = check_path(&p, reading->domain);
        return r == 0 && psi ? read_psi(&p, psi, facts) : r;
}

/* What a cgroup's members become before they are put together. */
struct raw_cgroup {
        uint64_t id, memory, relief, swap, oom_score, processes, tier, utility;
        bool has_relief, protected, has_barred;
        char *path, *barred;    /* owned */
};

/* Why it may not die: the reason's own words, or what "protected" alone says. */
static int read_barred(const struct place *p, const struct raw_cgroup *raw, enum barred *ret_barred)
{
        if (!raw->has_barred) {
                *ret_barred = raw->protected ? BARRED_LABEL : BARRED_NOT;
                return 0;
        }
        for (enum barred b = BARRED_NOT + 1; b < BARRED_N; b++)
                if (strcmp(raw->barred, barred_name(b)) == 0) {
                        *ret_barred = b;
                        return 0;
                }
        return place_refuse(p, "barred", "no such reason; one is \"%s\"", barred_name(BARRED_LABEL));
}

static int add_cgroup(const struct place *p, const struct raw_cgroup *raw, struct snapshot *s)
{
        struct snapshot_cgroup *c;
        enum barred barred = BARRED_NOT;
        int r;

        r = check_path(p, raw->path);
        if (r == 0)
                r = read_barred(p, raw, &barred);
        if (r < 0)
                return r;
        c = snapshot_add(s, raw->id, raw->path);
        if (!c)
                return place_refuse(p, "path", "no room");
        c->memory = raw->memory;
        c->relief = raw->has_relief ? raw->relief : raw->memory;
        c->swap = raw->swap;
        c->oom_score = raw->oom_score;
        c->processes = (uint32_t)raw->processes;
        c->utility = (struct utility){ (uint16_t)raw->utility, (uint8_t)raw->tier, raw->protected };
        c->barred = barred;
        return 0;
}

static int read_cgroup(size_t index, const json_t *value, struct snapshot *s, struct read_error *error)
{
        struct raw_cgroup raw = { .utility = UTILITY_DEFAULT };
        char prefix[32];
        const struct place root = { "", error->text, sizeof(error->text) };
        const struct place p = { prefix, error->text, sizeof(error->text) };
        const struct member members[] = {
                { "id", MEMBER_UINT, true, INT64_MAX, &raw.id, NULL },
                { "path", MEMBER_BYTES, true, 0, &raw.path, NULL },
                { "memory", MEMBER_UINT, true, READ_BYTES_MAX, &raw.memory, NULL },
                { "relief", MEMBER_UINT, false, READ_BYTES_MAX, &raw.relief, &raw.has_relief },
                { "swap", MEMBER_UINT, false, READ_BYTES_MAX, &raw.swap, NULL },
                { "oom_score", MEMBER_UINT, false, SCORE_MAX, &raw.oom_score, NULL },
                { "processes", MEMBER_UINT, false, UINT32_MAX, &raw.processes, NULL },
                { "tier", MEMBER_UINT, false, TIER_MAX, &raw.tier, NULL },
                { "utility", MEMBER_UINT, false, UTILITY_MAX, &raw.utility, NULL },
                { "protected", MEMBER_BOOL, false, 0, &raw.protected, NULL },
                { "barred", MEMBER_BYTES, false, 0, &raw.barred, &raw.has_barred },
        };
        int r;

        snprintf(prefix, sizeof(prefix), "cgroups[%zu]", index);
        if (!json_is_object(value))
                return place_refuse(&root, prefix, "expected an object, found %s", member_type(value));
        strcat(prefix, ".");
        r = place_read(&p, members, ARRAY_SIZE(members), value);
        if (r == 0)
                r = add_cgroup(&p, &raw, s);
        free(raw.path);
        free(raw.barred);
        return r;
}

/* No id twice: a snapshot would quietly lose one of the two. */
struct id_place {
        uint64_t id;
        size_t index;
};

static int compare_ids(const void *a, const void *b)
{
        const struct id_place *x = a, *y = b;

        if (x->id != y->id)
                return x->id < y->id ? -1 : 1;
        return x->index < y->index ? -1 : x->index > y->index;
}

static int check_ids(const struct place *p, const struct snapshot *s)
{
        CLEANUP(free_p) struct id_place *ids = must(calloc(s->n + 1, sizeof(*ids)));

        for (size_t i = 0; i < s->n; i++)
                ids[i] = (struct id_place){ s->cgroups[i].id, i };
        qsort(ids, s->n, sizeof(*ids), compare_ids);
        for (size_t i = 1; i < s->n; i++)
                if (ids[i].id == ids[i - 1].id) {
                        char name[48];

                        snprintf(name, sizeof(name), "cgroups[%zu].id", ids[i].index);
                        return place_refuse(p, name, "%llu is already the id of cgroups[%zu]",
                                            (unsigned long long)ids[i].id, ids[i - 1].index);
                }
        return 0;
}

static int check_sums(const struct place *p, const struct snapshot *s)
{
        uint64_t weight_max = 2 * u64_max(s->facts.memory_total, 1) + s->facts.swap_total;

        if (s->n > 0 && weight_max > SUM_MAX / s->n)
                return place_refuse(p, "cgroups", "%zu are too many for a domain of this size", s->n);
        return 0;
}

static size_t names_size(const json_t *cgroups)
{
        size_t size = 1, index;
        json_t *value;

        json_array_foreach(cgroups, index, value)
                size += json_string_length(json_object_get(value, "path")) + 1;
        return size;
}

static int read_cgroups(const json_t *cgroups, struct reading *r, struct read_error *error)
{
        const struct place p = { "", error->text, sizeof(error->text) };
        size_t n = json_array_size(cgroups), index;
        struct domain_facts facts = r->snapshot.facts;
        json_t *value;
        int code;

        if (!json_is_array(cgroups))
                return place_refuse(&p, "cgroups", "expected an array, found %s", member_type(cgroups));
        if (n > KNAPSACK_ITEMS_MAX)
                return place_refuse(&p, "cgroups", "expected at most %u, found %zu", KNAPSACK_ITEMS_MAX, n);
        if (snapshot_init(&r->snapshot, n + 1, names_size(cgroups)) < 0)
                return place_refuse(&p, "cgroups", "no memory");
        r->snapshot.facts = facts;
        json_array_foreach(cgroups, index, value) {
                code = read_cgroup(index, value, &r->snapshot, error);
                if (code < 0)
                        return code;
        }
        code = check_ids(&p, &r->snapshot);
        return code == 0 ? check_sums(&p, &r->snapshot) : code;
}

/* Asked before anything else: another kind of object has other members, and none of them is the mistake. */
static int check_kind(const struct place *p, const json_t *object)
{
        const json_t *kind = json_object_get(object, "jettison");
        const json_t *version = json_object_get(object, "version");
        CLEANUP(free_p) char *shown = text_show_json(json_string_value(kind));

        if (json_is_string(kind) && strcmp(json_string_value(kind), "snapshot") != 0)
                return place_refuse(p, "jettison", "expected \"snapshot\", found \"%.32s\"", shown);
        if (json_is_integer(version) && json_integer_value(version) != VERSION)
                return place_refuse(p, "version", "expected %d, found %lld", VERSION,
                                    (long long)json_integer_value(version));
        return 0;
}

/* An answer of the daemon, or a line of the journal, has the snapshot inside. */
static const json_t *unwrap(const json_t *object)
{
        const json_t *inner = json_object_get(object, "snapshot");

        return json_is_object(inner) && !json_object_get(object, "jettison") ? inner : object;
}

static int read_root(const json_t *object, struct reading *r, struct read_error *error)
{
        const struct place p = { "", error->text, sizeof(error->text) };
        const json_t *domain = NULL, *cgroups = NULL;
        CLEANUP(free_p) char *kind = NULL;
        uint64_t version = 0, time_us = 0, left_out = 0;
        const struct member members[] = {
                { "jettison", MEMBER_BYTES, true, 0, &kind, NULL },
                { "version", MEMBER_UINT, true, INT64_MAX, &version, NULL },
                { "time_usec", MEMBER_UINT, false, INT64_MAX, &time_us, NULL },
                { "domain", MEMBER_LEFT, true, 0, &domain, NULL },
                { "need", MEMBER_UINT, false, READ_BYTES_MAX, &r->need, &r->has_need },
                { "cgroups", MEMBER_LEFT, true, 0, &cgroups, NULL },
                { "left_out", MEMBER_UINT, false, UINT32_MAX, &left_out, NULL },
        };
        int code;

        if (!json_is_object(object))
                return place_refuse(&p, "the snapshot", "expected an object, found %s", member_type(object));
        code = check_kind(&p, object);
        if (code == 0)
                code = place_read(&p, members, ARRAY_SIZE(members), object);
        if (code == 0)
                code = read_domain(domain, r, error);
        if (code == 0)
                code = read_cgroups(cgroups, r, error);
        r->snapshot.time_us = time_us;
        r->snapshot.left_out = (uint32_t)left_out;
        return code;
}

int read_snapshot(const json_t *object, struct reading *ret_reading, struct read_error *ret_error)
{
        struct reading r = { .domain = must(strdup("/")) };
        int code = read_root(unwrap(object), &r, ret_error);

        if (code < 0) {
                read_fini(&r);
                return code;
        }
        r.snapshot.domain = r.domain;
        snapshot_sort(&r.snapshot);
        *ret_reading = r;
        return 0;
}

int read_snapshot_text(const char *text, size_t len, struct reading *ret_reading,
                       struct read_error *ret_error)
{
        json_error_t why;
        json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
        int code;

        if (!object) {
                CLEANUP(free_p) char *shown = text_show(why.text);

                snprintf(ret_error->text, sizeof(ret_error->text), "line %d, column %d: %s", why.line,
                         why.column, shown);
                return -EINVAL;
        }
        code = read_snapshot(object, ret_reading, ret_error);
        json_decref(object);
        return code;
}

static int read_all(int fd, char **ret_text, size_t *ret_len)
{
        CLEANUP(free_p) char *text = NULL;
        size_t len = 0, size = 64 * KIB;

        for (;;) {
                ssize_t n;

                text = must(realloc(text, size));
                n = read(fd, text + len, size - len);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                len += (size_t)n;
                if (len > READ_SIZE_MAX)
                        return -EFBIG;
                if (len == size)
                        size *= 2;
        }
        *ret_text = text;
        *ret_len = len;
        text = NULL;
        return 0;
}

int read_snapshot_file(const char *path, struct reading *ret_reading, struct read_error *ret_error)
{
        bool is_stdin = strcmp(path, "-") == 0;
        CLEANUP(close_p) int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        CLEANUP(free_p) char *text = NULL;
        size_t len = 0;
        int r;

        r = fd < 0 ? -errno : read_all(fd, &text, &len);
        if (r == -EFBIG)
                snprintf(ret_error->text, sizeof(ret_error->text), "larger than %llu MiB",
                         (unsigned long long)(READ_SIZE_MAX / MIB));
        else if (r < 0)
                snprintf(ret_error->text, sizeof(ret_error->text), "%s", strerrordesc_np(-r));
        return r < 0 ? r : read_snapshot_text(text, len, ret_reading, ret_error);
}

void read_fini(struct reading *r)
{
        snapshot_fini(&r->snapshot);
        free(r->domain);
        *r = (struct reading){ 0 };
}
