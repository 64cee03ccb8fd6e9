/* SPDX-License-Identifier: GPL-2.0-or-later */
/* To a kubelet a kill by Jettison is a container that ended with 137 and no word why, so this is where a
 * cluster's people learn it: in "kubectl describe pod". An event's name may be chosen, and it is made of what
 * the journal knows for good (the time and the cgroup's id), so that telling twice makes one event. */
#include "kube/event.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/sink.h"
#include "base/units.h"

#define MICRO_TIME_SIZE sizeof("2026-01-01T00:00:00.000000Z")
#define NODE_LEN_MAX    128     /* of reportingInstance */

static char *micro_time(uint64_t time_us, char text[static MICRO_TIME_SIZE])
{
        time_t seconds = (time_t)(time_us / USEC_PER_SEC);
        struct tm tm = { 0 };
        size_t len;

        gmtime_r(&seconds, &tm);
        len = strftime(text, MICRO_TIME_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
        snprintf(text + len, MICRO_TIME_SIZE - len, ".%06uZ", (unsigned)(time_us % USEC_PER_SEC));
        return text;
}

/* A pod's name may be as long as an event's, so it is cut where it has to be; a dot must not follow another.
 */
char *event_name(const struct event *e, char name[static EVENT_NAME_SIZE])
{
        char end[36];
        int len = (int)strlen(e->pod->name), end_len;

        end_len = snprintf(end, sizeof(end), ".%" PRIx64 ".%" PRIx64, e->time_us, e->cgroup);
        if (len > (int)EVENT_NAME_SIZE - 1 - end_len)
                len = (int)EVENT_NAME_SIZE - 1 - end_len;
        while (len > 0 && (e->pod->name[len - 1] == '.' || e->pod->name[len - 1] == '-'))
                len--;
        snprintf(name, EVENT_NAME_SIZE, "%.*s%s", len, e->pod->name, end);
        return name;
}

char *event_note(const struct event *e, char note[static EVENT_NOTE_MAX])
{
        char freed[SIZE_TEXT_MAX], expected[SIZE_TEXT_MAX], need[SIZE_TEXT_MAX], worth[UTILITY_TEXT_MAX + 1];
        struct sink s;

        sink_init(&s, note, EVENT_NOTE_MAX);
        sink_format(&s, "Killed because memory ran short on %.*s", NODE_LEN_MAX, e->node);
        if (e->has_utility)
                sink_format(&s, ", as what was worth least: utility %s", utility_format(e->utility, worth));
        sink_format(&s, ". Freed %s (%s were expected)", size_format(e->freed, freed),
                    size_format(e->expected, expected));
        if (e->need > 0)
                sink_format(&s, ", needed were %s", size_format(e->need, need));
        sink_text(&s, ".");
        for (size_t i = 0; i < e->n_kept; i++)
                sink_format(&s, "%s%.*s (%s)", i == 0 ? " Kept: " : ", ", 200, e->kept[i].who,
                            utility_format(e->kept[i].utility, worth));
        if (e->n_kept_more > 0)
                sink_format(&s, " and %zu more", e->n_kept_more);
        if (e->n_kept > 0)
                sink_text(&s, ".");
        return note;
}

json_t *event_object(const struct event *e)
{
        char name[EVENT_NAME_SIZE], note[EVENT_NOTE_MAX], when[MICRO_TIME_SIZE], node[NODE_LEN_MAX + 1];
        CLEANUP(free_p) char *field = NULL;

        if (e->container && asprintf(&field, "spec.containers{%s}", e->container->name) < 0) {
                field = NULL;
                return NULL;
        }
        snprintf(node, sizeof(node), "%s", e->node);
        return json_pack("{s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:s, s:s, s:s, s:s, s:s,"
                         " s:{s:s, s:s, s:s, s:s, s:s, s:s*}}",
                         "apiVersion", "events.k8s.io/v1",
                         "kind", "Event",
                         "metadata", "name", event_name(e, name), "namespace", e->pod->namespace,
                         "eventTime", micro_time(e->time_us, when),
                         "reportingController", "jettison.io/jettison-kube",
                         "reportingInstance", node,
                         "reason", "Jettisoned",
                         "action", "Kill",
                         "type", "Warning",
                         "note", event_note(e, note),
                         "regarding", "apiVersion", "v1", "kind", "Pod", "namespace", e->pod->namespace,
                         "name", e->pod->name, "uid", e->pod->uid, "fieldPath", field);
}

json_t *event_disruption(const struct event *e)
{
        char note[EVENT_NOTE_MAX], when[MICRO_TIME_SIZE];

        micro_time(e->time_us, when);
        strcpy(when + sizeof("2026-01-01T00:00:00") - 1, "Z");          /* metav1.Time has whole seconds */
        return json_pack("{s:{s:s}, s:{s:[{s:s, s:s, s:s, s:s, s:s}]}}",
                         "metadata", "uid", e->pod->uid,
                         "status", "conditions", "type", "DisruptionTarget", "status", "True",
                         "reason", "Jettisoned", "message", event_note(e, note), "lastTransitionTime", when);
}
