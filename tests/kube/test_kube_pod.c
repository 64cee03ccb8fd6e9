/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is read of an object, and the pods of a node. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "objects.h"

#define ID_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define ID_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define ID_C "cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define HASH "0123456789abcdef0123456789abcdef"
#define META "'metadata':{'uid':'u','namespace':'n','name':'p'}"

Test(kube_pod, all_of_it)
{
        struct pod *p =
                object_pod("{'metadata':{'uid':'u-1','namespace':'prod','name':'web-0','annotations':"
                           "{'jettison.io/utility':'300','jettison.io/utility.side':'2:5','else':'x'}},"
                           "'spec':{'priority':1000,'priorityClassName':'high','containers':[{'name':'web'},{"
                           "'name':'side'}],"
                           "'initContainers':[{'name':'prepare'}]},"
                           "'status':{'phase':'Running','qosClass':'Guaranteed','containerStatuses':["
                           "{'name':'side','containerID':'cri-o://" ID_B "','state':{'waiting':{}},"
                           "'lastState':{'terminated':{'containerID':'cri-o://" ID_C "'}}},"
                           "{'name':'web','containerID':'containerd://" ID_A "','state':{'running':{}}}],"
                           "'initContainerStatuses':[{'name':'prepare','containerID':'x','state':{'"
                           "terminated':{'exitCode':0}}}]}}");

        cr_assert(strcmp(p->uid, "u-1") == 0 && strcmp(p->key, "u-1") == 0);
        cr_assert(strcmp(p->namespace, "prod") == 0 && strcmp(p->name, "web-0") == 0);
        cr_assert(p->priority == 1000 && p->has_priority && p->qos == QOS_GUARANTEED);
        cr_assert(!p->is_static && !p->is_over && p->is_told && !p->is_wrong);
        cr_assert(p->has_claim && p->claim.value == 300);
        cr_assert(p->n == 3);
        cr_assert(strcmp(p->containers[0].id, ID_A) == 0 && p->containers[0].phase == POD_RUNNING);
        cr_assert(!p->containers[0].has_claim);
        cr_assert(p->containers[1].has_claim && p->containers[1].claim.tier == 2);
        cr_assert(strcmp(p->containers[1].last_id, ID_C) == 0 && p->containers[1].phase == POD_WAITING);
        cr_assert(p->containers[2].id[0] == '\0' && p->containers[2].phase == POD_DONE);
        cr_assert(pod_find_container(p, ID_B) == &p->containers[1]);
        cr_assert(pod_find_container(p, ID_C) == &p->containers[1]);
        cr_assert(!pod_find_container(p, "") && !pod_find_container(p, HASH));
        cr_assert(!pod_is_settled(p), "one is waiting");
        pod_free(p);
}

static const struct {
        const char *label, *text;
} refused[] = {
        { "nothing", "{}" },
        { "no object", "[]" },
        { "no uid", "{'metadata':{'namespace':'n','name':'p'}}" },
        { "no namespace", "{'metadata':{'uid':'u','name':'p'}}" },
        { "a uid that is a number", "{'metadata':{'uid':5,'namespace':'n','name':'p'}}" },
        { "a long uid", "{'metadata':{'uid':'" ID_A "x','namespace':'n','name':'p'}}" },
        { "a name that leads elsewhere", "{'metadata':{'uid':'u','namespace':'..','name':'p'}}" },
        { "a name with a slash", "{'metadata':{'uid':'u','namespace':'n','name':'a/../b'}}" },
        { "a name that steers a terminal", "{'metadata':{'uid':'u','namespace':'n','name':'a\\u001b'}}" },
        { "a container without a name", "{" META ",'spec':{'containers':[{}]}}" },
        { "containers that are none", "{" META ",'spec':{'containers':[5,[],null]}}" },
};

Test(kube_pod, refused)
{
        for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
                json_t *object = object_json(refused[i].text);
                struct pod *p = (void *)1;

                cr_assert(pod_read(object, &p) == -EBADMSG && p == (void *)1, "%s", refused[i].label);
                json_decref(object);
        }
}

/* What is missing or of another type counts as empty. */
Test(kube_pod, of_odd_types)
{
        struct pod *p = object_pod("{" META ",'spec':{'priority':'high','containers':{'name':'x'}},"
                                   "'status':{'phase':7,'qosClass':[],'containerStatuses':'x'}}");

        cr_assert(p->n == 0 && p->priority == 0 && !p->has_priority && p->qos == QOS_BEST_EFFORT);
        cr_assert(!pod_is_settled(p));
        pod_free(p);
        p = object_pod("{" META ",'spec':{'priority':99999999999}}");
        cr_assert(p->priority == INT32_MAX);
        pod_free(p);
}

static const struct {
        const char *label, *annotations;
        bool is_static;
} origins[] = {
        { "a mirror with its hash",
          "'kubernetes.io/config.mirror':'x','kubernetes.io/config.hash':'" HASH "'", true },
        { "a source alone: anybody may write that", "'kubernetes.io/config.source':'file'", false },
        { "a hash alone", "'kubernetes.io/config.hash':'" HASH "'", false },
        { "a mirror without a hash", "'kubernetes.io/config.mirror':'x'", false },
        { "a mirror with somebody's uid",
          "'kubernetes.io/config.mirror':'x','kubernetes.io/config.hash':"
          "'12345678-1234-1234-1234-123456789abc'",
          false },
};

Test(kube_pod, static_pods)
{
        for (size_t i = 0; i < ARRAY_SIZE(origins); i++) {
                char text[512];
                struct pod *p;

                snprintf(text, sizeof(text),
                         "{'metadata':{'uid':'u','namespace':'n','name':'p','annotations':{%s}}}",
                         origins[i].annotations);
                p = object_pod(text);
                cr_assert(p->is_static == origins[i].is_static, "%s", origins[i].label);
                cr_assert_str_eq(p->key, origins[i].is_static ? HASH : "u", "%s", origins[i].label);
                pod_free(p);
        }
}

static const struct {
        const char *label, *spec, *status;
        bool settled;
} stages[] = {
        { "runs", "'containers':[{'name':'a'}]",
          "'containerStatuses':[{'name':'a','containerID':'c://" ID_A "','state':{'running':{}}}]", true },
        { "runs without an id", "'containers':[{'name':'a'}]",
          "'containerStatuses':[{'name':'a','state':{'running':{}}}]", false },
        { "not told of", "'containers':[{'name':'a'}]", "'containerStatuses':[]", false },
        { "ended: it may begin again", "'containers':[{'name':'a'}]",
          "'containerStatuses':[{'name':'a','containerID':'c://" ID_A
          "','state':{'terminated':{'exitCode':0}}}]",
          false },
        { "init failed: it will be tried again", "'initContainers':[{'name':'a'}]",
          "'initContainerStatuses':[{'name':'a','state':{'terminated':{'exitCode':1}}}]", false },
        { "init done", "'initContainers':[{'name':'a'}]",
          "'initContainerStatuses':[{'name':'a','state':{'terminated':{'exitCode':0}}}]", true },
        { "debugging has ended", "'ephemeralContainers':[{'name':'a'}]",
          "'ephemeralContainerStatuses':[{'name':'a','state':{'terminated':{'exitCode':1}}}]", true },
        { "debugging is about to begin", "'ephemeralContainers':[{'name':'a'}]", "'x':1", false },
};

Test(kube_pod, settled)
{
        for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
                char text[1024];
                struct pod *p;

                snprintf(text, sizeof(text), "{" META ",'spec':{%s},'status':{%s}}", stages[i].spec,
                         stages[i].status);
                p = object_pod(text);
                cr_assert(pod_is_settled(p) == stages[i].settled, "%s", stages[i].label);
                pod_free(p);
        }
}

static const struct {
        const char *label, *annotation;
        bool has_claim;
} claims[] = {
        { "a utility", "'7'", true },          { "a tier", "'3:7'", true },
        { "protect", "'protect'", true },      { "a number", "7", false },
        { "too much", "'1001'", false },       { "with blanks", "' 7'", false },
        { "nothing", "''", false },            { "null", "null", false },
        { "a NUL inside", "'7\\u0000'", false },
};

Test(kube_pod, annotations)
{
        for (size_t i = 0; i < ARRAY_SIZE(claims); i++) {
                json_t *object;
                struct pod *p;
                char text[512];
                size_t flags = JSON_ALLOW_NUL;

                snprintf(text, sizeof(text),
                         "{\"metadata\":{\"uid\":\"u\",\"namespace\":\"n\",\"name\":\"p\",\"annotations\":"
                         "{\"jettison.io/utility\":%s}}}", claims[i].annotation);
                for (char *c = text; *c; c++)
                        *c = *c == '\'' ? '"' : *c;
                object = json_loads(text, flags, NULL);
                cr_assert(object && pod_read(object, &p) == 0);
                cr_assert(p->has_claim == claims[i].has_claim && p->is_wrong == !claims[i].has_claim, "%s",
                          claims[i].label);
                json_decref(object);
                pod_free(p);
        }
}

/* Held against an array that is searched. */
Test(kube_pod, all_pods)
{
        struct pods pods = PODS_INIT;
        bool there[64] = { false };
        uint64_t seed = 7;

        for (unsigned round = 0; round < object_rounds(20000); round++) {
                unsigned i = object_random(&seed, ARRAY_SIZE(there));
                char uid[16], text[128];
                struct pod **list, *found;
                size_t n = 0;

                snprintf(uid, sizeof(uid), "u%u", i);
                snprintf(text, sizeof(text), "{'metadata':{'uid':'%s','namespace':'n','name':'p%u'}}", uid,
                         round);
                if (object_random(&seed, 2)) {
                        cr_assert(pods_put(&pods, object_pod(text)) == 0);
                        there[i] = true;
                } else {
                        pods_remove(&pods, uid);
                        there[i] = false;
                }
                found = pods_find(&pods, uid);
                cr_assert(!!found == there[i]);
                for (size_t j = 0; j < ARRAY_SIZE(there); j++)
                        n += there[j];
                cr_assert(pods.n == n);
                if (round % 1000 == 0) {
                        list = pods_list(&pods);
                        cr_assert(n == 0 || list[n - 1]);
                        cr_assert(!list[n]);
                        free(list);
                }
        }
        pods_clear(&pods);
        cr_assert(pods.n == 0 && !pods_find(&pods, "u1"));
}
