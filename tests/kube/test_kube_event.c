/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events: names that are the same for the same kill, notes that fit, objects that the API takes. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "kube/event.h"
#include "objects.h"

static struct event event_of(struct pod *p)
{
        return (struct event){
                .pod = p, .container = &p->containers[0], .node = "node-1", .time_us = 1795403868567218,
                .cgroup = 77, .freed = MIB, .expected = 2 * MIB,
        };
}

static bool is_name(const char *name)
{
        return strlen(name) <= 253 &&
               strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(name) &&
               !strstr(name, "..") && !strstr(name, ".-") && !strstr(name, "-.");
}

Test(kube_event, names)
{
        char name[EVENT_NAME_SIZE], other[EVENT_NAME_SIZE], long_name[254];
        struct pod *p = object_plain("ns", "web-0", '1');
        struct event e = event_of(p), f = e;

        cr_assert_str_eq(event_name(&e, name), "web-0.660e909d076b2.4d");
        cr_assert_str_eq(event_name(&f, other), name);
        f.cgroup++;
        cr_assert_str_neq(event_name(&f, other), name);
        f = e;
        f.time_us++;
        cr_assert_str_neq(event_name(&f, other), name);
        pod_free(p);
        for (size_t dot = 200; dot < 252; dot++) {
                memset(long_name, 'a', sizeof(long_name) - 1);
                long_name[253] = '\0';
                long_name[dot] = '.';
                p = object_plain("ns", long_name, '1');
                e = event_of(p);
                cr_assert(is_name(event_name(&e, name)), "%s", name);
                pod_free(p);
        }
}

Test(kube_event, notes)
{
        char note[EVENT_NOTE_MAX];
        struct pod *p = object_plain("ns", "web-0", '1');
        struct event e = event_of(p);

        cr_assert_str_eq(event_note(&e, note),
                         "Killed because memory ran short on node-1. Freed 1 MiB (2 MiB were expected).");
        e.need = GIB;
        e.has_utility = true;
        e.utility = (struct utility){ .tier = 1, .value = 5 };
        e.n_kept = 1;
        e.n_kept_more = 6;
        strcpy(e.kept[0].who, "a/b/c");
        e.kept[0].utility.value = 900;
        cr_assert_str_eq(
                event_note(&e, note),
                "Killed because memory ran short on node-1, as what was worth least: utility 1:5. Freed "
                "1 MiB (2 MiB were expected), needed were 1 GiB. Kept: a/b/c (900) and 6 more.");
        pod_free(p);
}

Test(kube_event, the_longest_note)
{
        char note[EVENT_NOTE_MAX], node[254];
        struct pod *p = object_plain("ns", "web-0", '1');
        struct event e = event_of(p);

        memset(node, 'n', sizeof(node) - 1);
        node[253] = '\0';
        e.node = node;
        e.need = e.freed = e.expected = UINT64_MAX;
        e.has_utility = true;
        e.n_kept = EVENT_KEPT_MAX;
        e.n_kept_more = SIZE_MAX;
        for (size_t i = 0; i < EVENT_KEPT_MAX; i++) {
                memset(e.kept[i].who, 'k', sizeof(e.kept[i].who) - 1);
                e.kept[i].who[sizeof(e.kept[i].who) - 1] = '\0';
        }
        event_note(&e, note);
        cr_assert(strlen(note) < 1024 && strcmp(note + strlen(note) - 5, "more.") == 0, "%s", note);
        pod_free(p);
}

Test(kube_event, objects)
{
        struct pod *p = object_plain("ns", "web-0", '1');
        struct event e = event_of(p);
        json_t *object = event_object(&e), *regarding = json_object_get(object, "regarding");

        cr_assert_str_eq(json_string_value(json_object_get(object, "eventTime")),
                         "2026-11-23T03:17:48.567218Z");
        cr_assert_str_eq(json_string_value(json_object_get(regarding, "fieldPath")), "spec.containers{main}");
        cr_assert_str_eq(json_string_value(json_object_get(regarding, "uid")), p->uid);
        json_decref(object);
        e.container = NULL;
        object = event_object(&e);
        cr_assert(object && !json_object_get(json_object_get(object, "regarding"), "fieldPath"));
        json_decref(object);
        object = event_disruption(&e);
        regarding = json_array_get(json_object_get(json_object_get(object, "status"), "conditions"), 0);
        cr_assert_str_eq(json_string_value(json_object_get(regarding, "lastTransitionTime")),
                         "2026-11-23T03:17:48Z");
        json_decref(object);
        pod_free(p);
}
