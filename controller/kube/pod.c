/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An object of the API has some ten thousand bytes, of which a few hundred matter here. They are copied out,
 * so that fifty thousand pods take what two thousand objects would. Everything in an object but its status,
 * its uid and its priority is written by tenants: nothing is taken that does not have the form it must have.
 */
#include "kube/pod.h"

#include <errno.h>
#include <search.h>
#include <string.h>

#include "base/base.h"
#include "serve/json.h"

#define NAME_LEN_MAX 253u       /* of a pod; namespaces and containers have 63 (apimachinery, validation) */
#define HASH_LEN     32u

static bool is_hex(const char *text, size_t len)
{
        return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

/* A DNS name: what the API takes, and what may stand in a path and a log. */
static bool is_name(const char *text, size_t len_max)
{
        static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789", inside[] = ".-";
        size_t len = strlen(text);

        if (len == 0 || len > len_max || strchr(inside, text[0]) || strchr(inside, text[len - 1]))
                return false;
        for (; *text; text++)
                if (!strchr(letters, *text) && !strchr(inside, *text))
                        return false;
        return true;
}

/* "containerd://ID" */
static void read_id(const char *text, char id[static POD_ID_SIZE])
{
        const char *end = strstr(text, "://");

        id[0] = '\0';
        if (end && is_hex(end + 3, POD_ID_SIZE - 1))
                memcpy(id, end + 3, POD_ID_SIZE);
}

enum kind { KIND_REGULAR, KIND_INIT, KIND_EPHEMERAL, KIND_N };

static const struct {
        const char *spec, *status;
} kinds[KIND_N] = {
        [KIND_REGULAR] = { "containers", "containerStatuses" },
        [KIND_INIT] = { "initContainers", "initContainerStatuses" },
        [KIND_EPHEMERAL] = { "ephemeralContainers", "ephemeralContainerStatuses" },
};

static enum pod_phase phase_of(enum kind kind, const json_t *state)
{
        const json_t *ended = json_object_get(state, "terminated");

        if (json_object_get(state, "running"))
                return POD_RUNNING;
        if (!ended || kind == KIND_REGULAR)
                return POD_WAITING;
        /* An init container that succeeded is run again only in a new sandbox, an ephemeral one never. */
        if (kind == KIND_INIT && json_integer_value(json_object_get(ended, "exitCode")) != 0)
                return POD_WAITING;
        return POD_DONE;
}

/* The status with this name; NULL. */
static const json_t *status_of(const json_t *statuses, const char *name)
{
        size_t i;
        json_t *status;

        json_array_foreach(statuses, i, status)
                if (strcmp(field_text(status, "name"), name) == 0)
                        return status;
        return NULL;
}

/* Whether the annotation is there and a utility; *wrong is set when it is there and none. */
static bool read_claim(const json_t *annotations, const char *key, struct utility *ret_claim, bool *wrong)
{
        const json_t *value = json_object_get(annotations, key);
        const char *text = json_string_value(value);

        if (!value)
                return false;
        if (text && utility_parse(text, json_string_length(value), ret_claim) == 0)
                return true;
        *wrong = true;
        return false;
}

static int read_container(struct pod *p, enum kind kind, const json_t *container, const json_t *statuses,
                          const json_t *annotations)
{
        char key[sizeof(POD_KEY_CONTAINER) + NAME_LEN_MAX] = POD_KEY_CONTAINER;
        const char *name = field_text(container, "name");
        const json_t *status = status_of(statuses, name);
        struct pod_container *c = &p->containers[p->n];

        if (!is_name(name, NAME_LEN_MAX))
                return -EBADMSG;
        *c = (struct pod_container){ .name = strdup(name) };
        if (!c->name)
                return -ENOMEM;
        p->n++;
        strcat(key, name);
        c->has_claim = read_claim(annotations, key, &c->claim, &c->is_wrong);
        p->is_wrong |= c->is_wrong;
        if (!status) {
                p->is_told = false;
                return 0;
        }
        read_id(field_text(status, "containerID"), c->id);
        read_id(field_text(json_object_get(json_object_get(status, "lastState"), "terminated"), "containerID"),
                c->last_id);
        c->phase = phase_of(kind, json_object_get(status, "state"));
        return 0;
}

static int read_containers(struct pod *p, const json_t *object, const json_t *annotations)
{
        const json_t *spec = json_object_get(object, "spec"), *status = json_object_get(object, "status");

        p->is_told = true;
        for (enum kind k = 0; k < KIND_N; k++) {
                const json_t *list = json_object_get(spec, kinds[k].spec);
                const json_t *statuses = json_object_get(status, kinds[k].status);
                json_t *container;
                size_t i;

                json_array_foreach(list, i, container) {
                        int r = read_container(p, k, container, statuses, annotations);

                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

static size_t count_containers(const json_t *object)
{
        const json_t *spec = json_object_get(object, "spec");
        size_t n = 0;

        for (enum kind k = 0; k < KIND_N; k++)
                n += json_array_size(json_object_get(spec, kinds[k].spec));
        return n;
}

static enum qos qos_of(const json_t *status)
{
        static const char *const names[QOS_N] = {
                [QOS_BEST_EFFORT] = "BestEffort",
                [QOS_BURSTABLE] = "Burstable",
                [QOS_GUARANTEED] = "Guaranteed",
        };

        for (enum qos q = 0; q < QOS_N; q++)
                if (strcmp(field_text(status, "qosClass"), names[q]) == 0)
                        return q;
        return QOS_BEST_EFFORT;
}

static int32_t priority_of(const json_t *spec)
{
        json_int_t priority = json_integer_value(json_object_get(spec, "priority"));

        return priority > INT32_MAX ? INT32_MAX : priority < INT32_MIN ? INT32_MIN : (int32_t)priority;
}

static int read_names(struct pod *p, const json_t *metadata, const json_t *annotations)
{
        const char *uid = field_text(metadata, "uid"), *namespace = field_text(metadata, "namespace");
        const char *name = field_text(metadata, "name"),
                   *hash = field_text(annotations, "kubernetes.io/config.hash");

        if (!is_name(uid, POD_ID_SIZE - 1) || !is_name(namespace, NAME_LEN_MAX) ||
            !is_name(name, NAME_LEN_MAX))
                return -EBADMSG;
        p->is_static = json_object_get(annotations, "kubernetes.io/config.mirror") && is_hex(hash, HASH_LEN);
        p->uid = strdup(uid);
        p->key = strdup(p->is_static ? hash : uid);
        p->namespace = strdup(namespace);
        p->name = strdup(name);
        return p->uid && p->key && p->namespace && p->name ? 0 : -ENOMEM;
}

static void pod_free_p(struct pod **p)
{
        pod_free(*p);
}

int pod_read(const json_t *object, struct pod **ret_pod)
{
        const json_t *metadata = json_object_get(object, "metadata"), *spec = json_object_get(object, "spec");
        const json_t *annotations = json_object_get(metadata, "annotations");
        const json_t *status = json_object_get(object, "status");
        const char *phase = field_text(status, "phase");
        CLEANUP(pod_free_p) struct pod *p = NULL;
        int r;

        p = calloc(1, sizeof(*p) + count_containers(object) * sizeof(*p->containers));
        if (!p)
                return -ENOMEM;
        r = read_names(p, metadata, annotations);
        if (r < 0)
                return r;
        p->priority = priority_of(spec);
        p->has_priority = p->priority != 0 || *field_text(spec, "priorityClassName");
        p->qos = qos_of(status);
        p->is_over = strcmp(phase, "Succeeded") == 0 || strcmp(phase, "Failed") == 0;
        p->has_claim = read_claim(annotations, POD_KEY_UTILITY, &p->claim, &p->is_wrong);
        r = read_containers(p, object, annotations);
        if (r < 0)
                return r;
        *ret_pod = p;
        p = NULL;
        return 0;
}

struct pod *pod_free(struct pod *p)
{
        if (!p)
                return NULL;
        for (size_t i = 0; i < p->n; i++)
                free(p->containers[i].name);
        free(p->uid);
        free(p->key);
        free(p->namespace);
        free(p->name);
        free(p);
        return NULL;
}

struct pod_container *pod_find_container(struct pod *p, const char *id)
{
        for (size_t i = 0; i < p->n && *id; i++)
                if (strcmp(p->containers[i].id, id) == 0)
                        return &p->containers[i];
        for (size_t i = 0; i < p->n && *id; i++)
                if (strcmp(p->containers[i].last_id, id) == 0)
                        return &p->containers[i];
        return NULL;
}

bool pod_is_settled(const struct pod *p)
{
        for (size_t i = 0; i < p->n; i++) {
                const struct pod_container *c = &p->containers[i];

                if (c->phase == POD_WAITING || (c->phase == POD_RUNNING && !c->id[0]))
                        return false;
        }
        return p->is_told && p->n > 0;
}

/* ---- all pods ---- */

static int compare_uid(const void *a, const void *b)
{
        return strcmp(((const struct pod *)a)->uid, ((const struct pod *)b)->uid);
}

static struct pod **slot_of(const struct pods *pods, const char *uid)
{
        /* Only its uid is looked at. */
        const struct pod wanted = { .uid = (char *)(uintptr_t)uid };

        return tfind(&wanted, &pods->tree, compare_uid);
}

int pods_put(struct pods *pods, struct pod *p)
{
        struct pod **slot = slot_of(pods, p->uid);

        if (slot) {
                pod_free(*slot);
                *slot = p;
                return 0;
        }
        if (!tsearch(p, &pods->tree, compare_uid))
                return -ENOMEM;
        pods->n++;
        return 0;
}

struct pod *pods_find(const struct pods *pods, const char *uid)
{
        struct pod **slot = slot_of(pods, uid);

        return slot ? *slot : NULL;
}

void pods_remove(struct pods *pods, const char *uid)
{
        struct pod *p = pods_find(pods, uid);

        if (!p)
                return;
        tdelete(p, &pods->tree, compare_uid);
        pods->n--;
        pod_free(p);
}

static void free_node(void *pod)
{
        pod_free(pod);
}

void pods_clear(struct pods *pods)
{
        tdestroy(pods->tree, free_node);
        *pods = (struct pods)PODS_INIT;
}

struct listing {
        struct pod **pods;
        size_t n;
};

static void list_node(const void *node, VISIT which, void *closure)
{
        struct listing *l = closure;

        if (which == postorder || which == leaf)
                l->pods[l->n++] = *(struct pod *const *)node;
}

struct pod **pods_list(const struct pods *pods)
{
        struct listing l = { .pods = calloc(pods->n + 1, sizeof(*l.pods)) };

        if (l.pods)
                twalk_r(pods->tree, list_node, &l);
        return l.pods;
}
