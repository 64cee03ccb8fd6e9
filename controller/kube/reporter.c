/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kill is told in two lines of the journal: the intent has what was needed, what the victim was worth and
 * who was kept; the victim's line says what came of it. So the intent is held until its round is over, and a
 * cursor points in front of it as long as that is so: after a restart the round is read again as a whole, and
 * events that were sent before it are sent a second time, under the same names.
 *
 * Whose container it was is told by its path: the pod's UID and the container's id. By the time the line is
 * read the container may have been started anew; the API then knows the dead one as its last, and so does
 * pod.h. */
#include "kube/reporter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/utility.h"
#include "sense/container.h"
#include "serve/json.h"

#define CURSOR "kube.cursor"

static struct utility utility_of(const json_t *entry)
{
        if (json_is_true(json_object_get(entry, "protected")))
                return (struct utility){ .protect = true };
        return (struct utility){
                .value = (uint16_t)u64_min(field_u64(entry, "utility"), UTILITY_MAX),
                .tier = (uint8_t)u64_min(field_u64(entry, "tier"), TIER_MAX),
        };
}

static const struct pod *find_pod(const struct pods *pods, const char *key)
{
        CLEANUP(free_p) struct pod **list = NULL;
        const struct pod *p = pods_find(pods, key);

        if (p)
                return p;
        list = pods_list(pods);         /* a static pod: few, and hardly ever asked for */
        for (size_t i = 0; list && i < pods->n; i++)
                if (strcmp(list[i]->key, key) == 0)
                        return list[i];
        return NULL;
}

/* Whose cgroup the path is; *ret_container is NULL for a pod's own. NULL when it is none that is known. */
static const struct pod *find(const struct pods *pods, const char *path,
                              const struct pod_container **ret_container)
{
        struct container c = container_recognise(path, strlen(path));
        char key[POD_TEXT_MAX], id[POD_ID_SIZE] = "";
        const struct pod *p;

        if (c.pod.len == 0 || (c.role != CONTAINER_WHOLE && c.role != CONTAINER_POD))
                return NULL;
        p = find_pod(pods, container_pod_text(path, &c, key));
        *ret_container = NULL;
        if (!p || c.role == CONTAINER_POD)
                return p;
        if (c.id.len < sizeof(id))
                memcpy(id, path + c.id.offset, c.id.len);
        *ret_container = pod_find_container((struct pod *)(uintptr_t)p, id);
        return *ret_container ? p : NULL;
}

static void name_of(const struct pods *pods, const json_t *entry, struct event_kept *kept)
{
        const struct pod_container *container = NULL;
        const char *path = field_text(entry, "path");
        const struct pod *p = find(pods, path, &container);

        kept->utility = utility_of(entry);
        if (p)
                snprintf(kept->who, sizeof(kept->who), "%s/%s%s%s", p->namespace, p->name,
                         container ? "/" : "", container ? container->name : "");
        else
                snprintf(kept->who, sizeof(kept->who), "%s", path);
        for (char *byte = kept->who; *byte; byte++)     /* a path may hold any */
                if (*byte < 0x20 || *byte >= 0x7f)
                        *byte = '?';
}

/* The dearest of the kept, dearest first. Those that are protected were never in question. */
static void pick_kept(const struct reporter *r, struct event *e)
{
        const json_t *list = json_object_get(r->plan, "kept");
        const json_t *best[EVENT_KEPT_MAX] = { NULL };
        size_t i, n = 0;
        json_t *entry;

        json_array_foreach(list, i, entry) {
                const json_t *next = entry;

                if (utility_of(entry).protect)
                        continue;
                n++;
                for (size_t j = 0; j < EVENT_KEPT_MAX && next; j++)
                        if (!best[j] || utility_is_above(utility_of(next), utility_of(best[j]))) {
                                const json_t *moved = best[j];

                                best[j] = next;
                                next = moved;
                        }
        }
        for (; e->n_kept < EVENT_KEPT_MAX && best[e->n_kept]; e->n_kept++)
                name_of(r->pods, best[e->n_kept], &e->kept[e->n_kept]);
        e->n_kept_more = n - e->n_kept;
}

static void pick_utility(const struct reporter *r, struct event *e)
{
        static const char *const lists[] = { "victims", "kept" }; /* it may be planned anew on the way */
        json_t *entry;
        size_t i;

        for (size_t l = 0; l < ARRAY_SIZE(lists) && !e->has_utility; l++)
                json_array_foreach(json_object_get(r->plan, lists[l]), i, entry)
                        if (field_u64(entry, "id") == e->cgroup && !e->has_utility) {
                                e->has_utility = true;
                                e->utility = utility_of(entry);
                        }
}

static void queue(struct reporter *r, const struct event *e)
{
        json_t *object = event_object(e);
        char *path = NULL;

        if (asprintf(&path, "/apis/events.k8s.io/v1/namespaces/%s/events", e->pod->namespace) < 0)
                path = NULL;
        poster_put(r->poster, "POST", "application/json", path, json_dumps(object, JSON_COMPACT));
        json_decref(object);
        if (!r->disruption_target)
                return;
        object = event_disruption(e);
        if (asprintf(&path, "/api/v1/namespaces/%s/pods/%s/status", e->pod->namespace, e->pod->name) < 0)
                path = NULL;
        poster_put(r->poster, "PATCH", "application/strategic-merge-patch+json", path,
                   json_dumps(object, JSON_COMPACT));
        json_decref(object);
}

/* ---- lines ---- */

static void end_round(struct reporter *r)
{
        json_decref(r->plan);
        r->plan = NULL;
}

static void take_plan(struct reporter *r, json_t *line, json_t *plan)
{
        end_round(r);
        r->plan = json_incref(plan);
        r->plan_place = r->before;
        r->round = json_integer_value(json_object_get(line, "round"));
        r->need = field_u64(line, "need");
}

static void take_intent(struct reporter *r, json_t *line)
{
        take_plan(r, line, json_object_get(line, "plan"));
        r->is_order = false;
}

/* It has its victims itself. A round under way is not over because the next order is told. */
static void take_order(struct reporter *r, json_t *line)
{
        if (r->plan && !r->is_order)
                return;
        take_plan(r, line, line);
        r->is_order = true;
}

static void take_victim(struct reporter *r, json_t *line)
{
        static const char *const deaths[] = { "freed", "partial", "not-freed" };
        struct event e = {
                .node = r->node, .time_us = field_u64(line, "time_usec"), .cgroup = field_u64(line, "id"),
                .freed = field_u64(line, "freed"), .expected = field_u64(line, "expected"),
        };
        const char *outcome = field_text(line, "outcome"), *path = field_text(line, "path");
        bool dead = false;

        for (size_t i = 0; i < ARRAY_SIZE(deaths); i++)
                dead |= strcmp(outcome, deaths[i]) == 0;
        if (!dead)
                return;
        e.pod = find(r->pods, path, &e.container);
        if (!e.pod) {
                log_debug("%s is no container of a known pod: no event", path);
                return;
        }
        if (r->plan && json_integer_value(json_object_get(line, "round")) == r->round) {
                e.need = r->need;
                pick_utility(r, &e);
                pick_kept(r, &e);
        }
        log_info("%s/%s%s%s was shed", e.pod->namespace, e.pod->name, e.container ? "/" : "",
                 e.container ? e.container->name : "");
        queue(r, &e);
}

static void take_end(struct reporter *r, json_t *line UNUSED)
{
        end_round(r);
}

static const struct {
        const char *what;
        void (*take)(struct reporter *r, json_t *line);
} kinds[] = {
        { "intent", take_intent }, { "order", take_order }, { "victim", take_victim },
        { "outcome", take_end },   { "start", take_end },
};

void reporter_take(struct reporter *r, const char *text, size_t len)
{
        json_t *line = json_loadb(text, len, 0, NULL);
        const char *what = field_text(line, "what");

        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (strcmp(what, kinds[i].what) == 0)
                        kinds[i].take(r, line);
        json_decref(line);
}

static bool take_line(void *who, const char *text, size_t len)
{
        struct reporter *r = who;

        reporter_take(r, text, len);
        r->before = tail_place(&r->tail);
        return true;
}

void reporter_open(struct reporter *r, const char *journal)
{
        struct tail_place place;
        bool has_place = r->state_fd >= 0 && tail_place_load(r->state_fd, CURSOR, &place) == 0;

        tail_open(&r->tail, journal, TAIL_END, has_place ? &place : NULL);
        r->before = tail_place(&r->tail);
}

void reporter_close(struct reporter *r)
{
        tail_close(&r->tail);
        end_round(r);
        close_p(&r->state_fd);
        r->state_fd = -1;
}

/* Behind everything that has been told, in front of everything that has not. */
static void save(struct reporter *r)
{
        struct tail_place place = r->plan ? r->plan_place : r->before;
        int result;

        if (r->state_fd < 0 || r->poster->n > 0 ||
            (place.inode == r->saved.inode && place.offset == r->saved.offset))
                return;
        result = tail_place_save(r->state_fd, CURSOR, &place);
        if (result < 0)
                log_errno(result, "cannot save the place in the journal");
        r->saved = place;
}

void reporter_run(struct reporter *r)
{
        int result = tail_read(&r->tail, take_line, r);

        if (result < 0 && result != -ENOENT && result != r->read_error)
                log_errno(result, "cannot read %s", r->tail.path);
        r->read_error = result;
        r->before = tail_place(&r->tail);
        save(r);
}
