/* SPDX-License-Identifier: GPL-2.0-or-later */
/* New versions of the daemon may say more, and are read all the same; a word that is new has no name here and
 * makes no sample. */
#include "export/status.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "base/base.h"
#include "serve/json.h"

static const char *const level_names[] = {
        [STATUS_CALM] = "calm",
        [STATUS_ARMED] = "armed",
        [STATUS_SHORT] = "short",
};

static const char *const state_names[] = {
        [STATUS_WATCHING] = "watching",
        [STATUS_ACTING] = "acting",
        [STATUS_SETTLING] = "settling",
        [STATUS_GONE] = "gone",
};

static const char *const order_names[] = {
        [STATUS_NONE] = "none",
        [STATUS_STANDING] = "standing",
        [STATUS_ORDER_ACTING] = "acting",
        [STATUS_OVER] = "over",
};

_Static_assert(ARRAY_SIZE(level_names) == STATUS_LEVEL_N, "name every level");
_Static_assert(ARRAY_SIZE(state_names) == STATUS_STATE_N, "name every state");
_Static_assert(ARRAY_SIZE(order_names) == STATUS_ORDER_N, "name every state of an order");

const char *status_level_name(enum status_level l)
{
        return level_names[l];
}

const char *status_state_name(enum status_state s)
{
        return state_names[s];
}

const char *status_order_name(enum status_order o)
{
        return order_names[o];
}

/* Where a number of the answer goes. */
struct number {
        const char *name;
        size_t at;
};

static const struct number numbers[] = {
        { "uptime_usec", offsetof(struct status, uptime_us) },
        { "wakeups", offsetof(struct status, wakeups) },
        { "journal_dropped", offsetof(struct status, journal_dropped) },
        { "bad_labels", offsetof(struct status, bad_labels) },
        { "candidates", offsetof(struct status, candidates) },
        { "events_missed", offsetof(struct status, events_missed) },
        { "looks_failed", offsetof(struct status, looks_failed) },
};

static const struct number domain_numbers[] = {
        { "memory_total", offsetof(struct status_domain, memory_total) },
        { "memory_available", offsetof(struct status_domain, memory_available) },
        { "swap_total", offsetof(struct status_domain, swap_total) },
        { "swap_free", offsetof(struct status_domain, swap_free) },
        { "act_available", offsetof(struct status_domain, act_available) },
        { "target_available", offsetof(struct status_domain, target_available) },
};

static void read_numbers(const json_t *object, const struct number *list, size_t n, void *into)
{
        for (size_t i = 0; i < n; i++)
                *(uint64_t *)((char *)into + list[i].at) = field_u64(object, list[i].name);
}

static bool read_text(const json_t *object, const char *name, char **ret_text)
{
        *ret_text = strdup(field_text(object, name));
        return *ret_text != NULL;
}

/* The word's place among the names; n when it is none of them. */
static size_t read_word(const json_t *object, const char *name, const char *const *names, size_t n)
{
        const char *word = json_string_value(json_object_get(object, name));
        size_t i = 0;

        while (i < n && (!word || strcmp(names[i], word) != 0))
                i++;
        return i;
}

static bool read_domain(const json_t *object, struct status_domain *d)
{
        double stall = json_number_value(json_object_get(object, "stall"));

        read_numbers(object, domain_numbers, ARRAY_SIZE(domain_numbers), d);
        d->level = read_word(object, "level", level_names, STATUS_LEVEL_N);
        d->state = read_word(object, "state", state_names, STATUS_STATE_N);
        d->stall_permyriad = stall > 0 && stall <= 100 ? (uint32_t)lround(stall * 100) : 0;
        return read_text(object, "path", &d->path);
}

static bool read_members(const json_t *root, struct status *s)
{
        const json_t *domains = json_object_get(root, "domains"), *order = json_object_get(root, "order");

        read_numbers(root, numbers, ARRAY_SIZE(numbers), s);
        s->dry_run = json_is_true(json_object_get(root, "dry_run"));
        s->pressure = json_is_true(json_object_get(root, "pressure"));
        s->n_degraded = json_array_size(json_object_get(root, "degraded"));
        s->has_module = order != NULL;
        s->order = read_word(order, "state", order_names, STATUS_ORDER_N);
        s->order_victims = field_u64(order, "victims");
        while (s->n_domains < STATUS_DOMAINS_MAX && s->n_domains < json_array_size(domains)) {
                if (!read_domain(json_array_get(domains, s->n_domains), &s->domains[s->n_domains]))
                        return false;
                s->n_domains++;
        }
        return read_text(root, "version", &s->version) && read_text(root, "feed", &s->feed);
}

int status_read(const char *text, size_t len, struct status *ret_status)
{
        CLEANUP(status_fini) struct status s = { 0 };
        json_t *root = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
        const json_t *ok = json_object_get(root, "ok");
        int r = json_is_true(ok) ? 0 : json_is_false(ok) ? -EACCES : -EBADMSG;

        if (r == 0 && !read_members(root, &s))
                r = -ENOMEM;
        json_decref(root);
        if (r < 0)
                return r;
        *ret_status = s;
        s = (struct status){ 0 };
        return 0;
}

void status_fini(struct status *s)
{
        for (size_t i = 0; i < s->n_domains; i++)
                free(s->domains[i].path);
        free(s->version);
        free(s->feed);
        *s = (struct status){ 0 };
}
