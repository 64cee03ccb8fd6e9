/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Kubernetes' own clients do (client-go, tools/cache/reflector.go): list everything in pages, remember
 * the resource version, watch from there; when the watch ends, watch again from the last version that was
 * told; when the server no longer has that version (410, as a status or as an event), list again. Everything
 * else that can go wrong is answered by a pause and another try. Even a watch that ended as it should is
 * followed by a pause, or a server that closes each at once would be asked without end.
 *
 * While a list comes in, the pods of the last one stand; it takes their place as a whole. A list that is cut
 * off, or whose continuation has expired, begins anew.
 *
 * An event that is not understood may have been any event: the watch is given up and the list taken again. A
 * line that is too long is skipped, as the next list would bring the same. A pod that cannot be read is left
 * out. */
#include "kube/reflector.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "serve/json.h"

#define HTTP_UNAUTHORIZED 401
#define HTTP_GONE         410

static void replace(char **text, const char *with)
{
        char *copy = with && *with ? strdup(with) : NULL;

        free(*text);
        *text = copy;
}

void reflector_init(struct reflector *r, struct api *api, const char *node, uint64_t watch_us)
{
        *r = (struct reflector){
                .api = api, .node = node, .watch_us = watch_us,
                .pods = PODS_INIT, .next = PODS_INIT, .lines = LINES_INIT(REFLECTOR_LINE_MAX),
        };
}

void reflector_fini(struct reflector *r)
{
        api_cancel(&r->call);
        lines_clear(&r->lines);
        pods_clear(&r->pods);
        pods_clear(&r->next);
        replace(&r->token, NULL);
        replace(&r->version, NULL);
}

/* Goes on after a pause; after a failure with a longer one each time. */
static void pause_for(struct reflector *r, uint64_t after_us)
{
        uint64_t random = 0;

        if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
                random = api_now_us() * UINT64_C(0x9e3779b97f4a7c15);
        r->state = REFLECTOR_IDLE;
        r->is_current = false;
        r->due_us = api_now_us() + retry_next_us(&r->retry, random, after_us);
        lines_clear(&r->lines);
}

static void list_anew(struct reflector *r)
{
        replace(&r->version, NULL);
        replace(&r->token, NULL);
        pods_clear(&r->next);
}

/* ---- pods ---- */

static void put(struct pods *pods, const struct pods *before, const json_t *object)
{
        struct pod *p = NULL, *old;
        int r = pod_read(object, &p);

        if (r == 0) {
                old = pods_find(before, p->uid);
                if (p->is_wrong && !(old && old->is_wrong))
                        log_warning("%s/%s: an annotation " POD_KEY_UTILITY
                                    " is no utility (0 to 1000, TIER:VALUE "
                                    "or protect) and counts as not given",
                                    p->namespace, p->name);
                r = pods_put(pods, p);
        }
        if (r < 0) {
                pod_free(p);
                log_errno(r, "a pod was left out");
        }
}

/* ---- list ---- */

static bool take_page(struct api_call *c, const char *bytes, size_t len)
{
        struct reflector *r = CONTAINER_OF(c, struct reflector, call);
        struct lines *page = &r->lines;

        /* A page is gathered like a line, whatever newlines are in it: they mean nothing to JSON. */
        if (page->len + len > REFLECTOR_PAGE_MAX)
                return false;
        while (page->size < page->len + len) {
                size_t size = page->size ? page->size * 2 : 64 * KIB;
                char *text = realloc(page->text, size);

                if (!text)
                        return false;
                page->text = text;
                page->size = size;
        }
        memcpy(page->text + page->len, bytes, len);
        page->len += len;
        return true;
}

/* Takes in what has come; false when it is no list of pods. */
static bool read_page(struct reflector *r)
{
        json_t *list = json_loadb(r->lines.text ? r->lines.text : "", r->lines.len, 0, NULL);
        const json_t *metadata = json_object_get(list, "metadata"), *items = json_object_get(list, "items");
        bool ok = strcmp(field_text(list, "kind"), "PodList") == 0 &&
                  (json_is_array(items) || json_is_null(items));
        json_t *object;
        size_t i;

        lines_clear(&r->lines);
        if (ok) {
                json_array_foreach(items, i, object)
                        put(&r->next, &r->pods, object);
                replace(&r->token, field_text(metadata, "continue"));
                if (!r->token)
                        replace(&r->version, field_text(metadata, "resourceVersion"));
        }
        json_decref(list);
        return ok && (r->token || r->version);
}

static void listed(struct reflector *r)
{
        pods_clear(&r->pods);
        r->pods = r->next;
        r->next = (struct pods)PODS_INIT;
        r->changes++;
        log_line(r->is_listed ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO, "%zu pods on %s", r->pods.n, r->node);
        r->is_listed = r->is_current = true;
}

/* ---- watch ---- */

static void put_event(struct reflector *r, const char *type, const json_t *object)
{
        const char *version = field_text(json_object_get(object, "metadata"), "resourceVersion");

        if (strcmp(type, "DELETED") == 0)
                pods_remove(&r->pods, field_text(json_object_get(object, "metadata"), "uid"));
        else if (strcmp(type, "BOOKMARK") != 0)
                put(&r->pods, &r->pods, object);
        r->changes += strcmp(type, "BOOKMARK") != 0;
        if (*version)
                replace(&r->version, version);
        r->events++;
}

static bool is_event(const char *type)
{
        static const char *const types[] = { "ADDED", "MODIFIED", "DELETED", "BOOKMARK" };

        for (size_t i = 0; i < ARRAY_SIZE(types); i++)
                if (strcmp(type, types[i]) == 0)
                        return true;
        return false;
}

static bool take_event(void *who, const char *text, size_t len)
{
        struct reflector *r = who;
        json_t *event = json_loadb(text, len, 0, NULL);
        const json_t *object = json_object_get(event, "object");
        const char *type = field_text(event, "type");
        bool ok = json_is_object(object) && is_event(type);

        if (ok) {
                put_event(r, type, object);
        } else if (strcmp(type, "ERROR") == 0) {
                json_int_t code = json_integer_value(json_object_get(object, "code"));

                log_info("the watch of pods ended: %.200s", field_text(object, "message"));
                if (code == HTTP_GONE)
                        list_anew(r);
        } else if (len > 0) {
                log_warning("the watch of pods brought something that is no event: listing anew");
                list_anew(r);
        } else {
                ok = true;
        }
        json_decref(event);
        return ok;
}

static bool take_watch(struct api_call *c, const char *bytes, size_t len)
{
        struct reflector *r = CONTAINER_OF(c, struct reflector, call);
        uint64_t skipped = r->lines.skipped;
        int result = lines_take(&r->lines, bytes, len, take_event, r);

        r->is_current = true;
        if (r->lines.skipped > skipped)
                log_warning("the watch of pods brought an event of more than %" PRIu64 " MiB: skipped",
                            (uint64_t)(REFLECTOR_LINE_MAX / MIB));
        return result == 0;
}

/* ---- calls ---- */

/* What a refusal means. */
static void refused(struct reflector *r, const struct api_result *result)
{
        r->failures++;
        if (result->status == HTTP_GONE) {
                log_info("the API server no longer has that version: listing anew");
                list_anew(r);
        } else {
                log_warning("cannot %s pods: %s", r->state == REFLECTOR_LISTING ? "list" : "watch",
                            result->why);
        }
        if (result->status == HTTP_UNAUTHORIZED && !r->was_unauthorized) {
                r->was_unauthorized = true;
                r->state = REFLECTOR_IDLE;
                r->is_current = false;
                r->due_us = 0;          /* the token may have been replaced: read it again, at once */
                lines_clear(&r->lines);
                return;
        }
        pause_for(r, result->after_us);
}

static void on_listed(struct api_call *c, const struct api_result *result)
{
        struct reflector *r = CONTAINER_OF(c, struct reflector, call);
        struct api_result wrong = { .end = API_LOST, .why = "the answer is no list of pods" };

        if (result->end == API_STOPPED)
                wrong.why = "the answer is too long";
        if (result->end == API_DONE && read_page(r)) {
                r->was_unauthorized = false;
                if (!r->token)
                        listed(r);
                r->state = REFLECTOR_IDLE;
                r->due_us = 0;
                return;
        }
        if (result->status != HTTP_UNAUTHORIZED) {      /* a list is whole or not at all */
                replace(&r->token, NULL);
                pods_clear(&r->next);
        }
        refused(r, result->end == API_DONE || result->end == API_STOPPED ? &wrong : result);
}

static void on_watched(struct api_call *c, const struct api_result *result)
{
        struct reflector *r = CONTAINER_OF(c, struct reflector, call);

        if (result->end == API_REFUSED) {
                refused(r, result);
                return;
        }
        r->was_unauthorized = false;
        if (result->end == API_LOST) {
                r->failures++;
                log_info("the watch of pods was cut off: %s", result->why);
        }
        if (api_now_us() - r->since_us >= REFLECTOR_GOOD_US || (result->end == API_DONE && r->events > 0))
                retry_reset(&r->retry);
        pause_for(r, 0);
}

static int start_list(struct reflector *r, const char *node)
{
        CLEANUP(free_p) char *path = NULL, *token = r->token ? api_escape(r->token) : NULL;

        if (asprintf(&path, "/api/v1/pods?fieldSelector=spec.nodeName%%3D%s&limit=%u%s%s", node,
                     REFLECTOR_PAGE, token ? "&continue=" : "", token ? token : "") < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r->state = REFLECTOR_LISTING;
        r->call = (struct api_call){ .method = "GET", .take = take_page, .done = on_listed,
                                     .longest_us = REFLECTOR_PAGE_US };
        return api_start(r->api, &r->call, path);
}

static int start_watch(struct reflector *r, const char *node)
{
        CLEANUP(free_p) char *path = NULL, *version = api_escape(r->version);

        if (!version ||
            asprintf(&path,
                     "/api/v1/pods?fieldSelector=spec.nodeName%%3D%s&watch=1&allowWatchBookmarks=true"
                     "&timeoutSeconds=%" PRIu64 "&resourceVersion=%s",
                     node, r->watch_us / USEC_PER_SEC, version) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r->state = REFLECTOR_WATCHING;
        r->since_us = api_now_us();
        r->events = 0;
        r->call = (struct api_call){
                .method = "GET", .take = take_watch, .done = on_watched, .may_stand_still = true,
                .longest_us = r->watch_us + 30 * USEC_PER_SEC, /* the server ends it, unless it is lost */
        };
        return api_start(r->api, &r->call, path);
}

void reflector_run(struct reflector *r, uint64_t now_us)
{
        CLEANUP(free_p) char *node = NULL;
        int result;

        if (r->state != REFLECTOR_IDLE || now_us < r->due_us)
                return;
        node = api_escape(r->node);
        r->due_us = UINT64_MAX;
        result = !node ? -ENOMEM : r->version ? start_watch(r, node) : start_list(r, node);
        if (result < 0) {
                r->failures++;
                pause_for(r, 0);
        }
}
