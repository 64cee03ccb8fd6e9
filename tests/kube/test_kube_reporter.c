/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Lines of the journal, and what is queued for them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "kube/reporter.h"
#include "objects.h"

#define ID(d) d d d d d d d d d d d d d d d d
#define PATH  "/kubepods/pod12345678-1234-1234-1234-123456789abc/"
#define ID_1  ID("1111")

static struct pods pods = PODS_INIT;
static struct poster poster;
static struct reporter reporter = REPORTER_INIT;

static void make(void)
{
        cr_assert(pods_put(&pods, object_plain("a", "p", '1')) == 0);
        poster_init(&poster, NULL, 0);
        reporter.pods = &pods;
        reporter.poster = &poster;
        reporter.node = "n";
}

static void remove_all(void)
{
        reporter_close(&reporter);
        poster_fini(&poster);
        pods_clear(&pods);
}

TestSuite(kube_reporter, .init = make, .fini = remove_all);

static void take(const char *text)
{
        json_t *line = object_json(text);
        char *dumped = json_dumps(line, JSON_COMPACT);

        reporter_take(&reporter, dumped, strlen(dumped));
        free(dumped);
        json_decref(line);
}

#define VICTIM(round, outcome, path)                                                                         \
        "{'what':'victim','round':" #round ",'time_usec':1,'id':5,'path':'" path "','outcome':'" outcome     \
        "','expected':2048,'freed':1024}"

static const char *note(size_t i)
{
        static char text[EVENT_NOTE_MAX];
        json_t *object;

        cr_assert(i < poster.n, "%zu of %zu", i, poster.n);
        object = json_loads(poster.items[i].body, 0, NULL);
        snprintf(text, sizeof(text), "%s", json_string_value(json_object_get(object, "note")));
        json_decref(object);
        return text;
}

static const struct {
        const char *label, *line;
        size_t events;
} lines[] = {
        { "freed", VICTIM(1, "freed", PATH ID_1), 1 },
        { "partial", VICTIM(1, "partial", PATH ID_1), 1 },
        { "not freed, but dead", VICTIM(1, "not-freed", PATH ID_1), 1 },
        { "of the whole pod", VICTIM(1, "freed", "/kubepods/pod12345678-1234-1234-1234-123456789abc"), 1 },
        { "stuck", VICTIM(1, "stuck", PATH ID_1), 0 },
        { "vanished", VICTIM(1, "vanished", PATH ID_1), 0 },
        { "dry run", VICTIM(1, "dry-run", PATH ID_1), 0 },
        { "another container", VICTIM(1, "freed", PATH ID("2222")), 0 },
        { "another pod", VICTIM(1, "freed", "/kubepods/pod32345678-1234-1234-1234-123456789abc/" ID_1), 0 },
        { "no container at all", VICTIM(1, "freed", "/system.slice/x.service"), 0 },
        { "no path", "{'what':'victim','outcome':'freed'}", 0 },
        { "no victim", "{'what':'start'}", 0 },
        { "no line", "[1]", 0 },
};

Test(kube_reporter, who_is_told)
{
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                size_t before = poster.n;

                take(lines[i].line);
                cr_assert(poster.n - before == lines[i].events, "%s", lines[i].label);
        }
        reporter_take(&reporter, "{torn", 5);
}

Test(kube_reporter, a_container_that_runs_again)
{
        struct pod_container *c = &pods_find(&pods, "12345678-1234-1234-1234-123456789abc")->containers[0];

        memcpy(c->last_id, c->id, POD_ID_SIZE);
        memset(c->id, '7', POD_ID_SIZE - 1);
        take(VICTIM(1, "freed", PATH ID_1));
        cr_assert(poster.n == 1 && strstr(poster.items[0].body, "spec.containers{main}"));
}

#define PLAN                                                                                                 \
        "'victims':[{'id':5,'path':'/x','tier':2,'utility':41}],'kept':[{'id':6,'path':'/k','utility':7},"   \
        "{'id':7,'path':'/l','tier':1,'utility':0},{'id':8,'path':'/m','utility':9,'protected':true},"       \
        "{'id':9,'path':'/n','utility':8},{'id':10,'path':'/o','utility':6}]"

Test(kube_reporter, of_its_round)
{
        take("{'what':'intent','round':3,'need':1024,'plan':{" PLAN "}}");
        take(VICTIM(3, "freed", PATH ID_1));
        cr_assert(strstr(note(0), "utility 2:41") && strstr(note(0), "needed were"), "%s", note(0));
        cr_assert(strstr(note(0), "Kept: /l (1:0), /n (8), /k (7) and 1 more."), "%s", note(0));
        take(VICTIM(4, "freed", PATH ID_1));
        cr_assert(!strstr(note(1), "utility"), "of another round: %s", note(1));
        take("{'what':'outcome','round':3}");
        take(VICTIM(3, "freed", PATH ID_1));
        cr_assert(!strstr(note(2), "utility"), "the round is over: %s", note(2));
}

Test(kube_reporter, a_standing_order)
{
        take("{'what':'order','round':2,'victims':[{'id':5,'utility':3}]}");
        take("{'what':'order','round':2,'victims':[{'id':5,'utility':4}]}");
        take(VICTIM(2, "freed", PATH ID_1));
        cr_assert(strstr(note(0), "utility 4"), "the last one: %s", note(0));
        take("{'what':'outcome','round':2}");
        take("{'what':'intent','round':3,'need':1024,'plan':{" PLAN "}}");
        take("{'what':'order','round':4,'victims':[]}");
        take(VICTIM(3, "freed", PATH ID_1));
        cr_assert(strstr(note(1), "utility 2:41"), "the round is not over by the next order: %s", note(1));
}

Test(kube_reporter, what_does_not_fit_drops_the_oldest)
{
        for (unsigned i = 0; i < POSTER_QUEUE + 10; i++) {
                char line[512];

                snprintf(line, sizeof(line),
                         "{'what':'victim','time_usec':%u,'id':5,'path':'" PATH ID_1 "','outcome':'freed'}",
                         i + 1);
                take(line);
        }
        cr_assert(poster.n == POSTER_QUEUE && poster.dropped == 10);
        cr_assert(strstr(poster.items[poster.first].body, "\"p.b.5\""), "%s",
                  poster.items[poster.first].body);
}

Test(kube_reporter, the_one_under_way_stays)
{
        poster.busy = true;
        for (unsigned i = 0; i < POSTER_QUEUE + 1; i++) {
                char line[512];

                snprintf(line, sizeof(line),
                         "{'what':'victim','time_usec':%u,'id':5,'path':'" PATH ID_1 "','outcome':'freed'}",
                         i + 1);
                take(line);
        }
        cr_assert(poster.n == POSTER_QUEUE && poster.dropped == 1);
        cr_assert(strstr(poster.items[poster.first].body, "\"p.1.5\""), "%s",
                  poster.items[poster.first].body);
        cr_assert(strstr(poster.items[(poster.first + 1) % POSTER_QUEUE].body, "\"p.3.5\""));
        poster.busy = false;
}

Test(kube_reporter, the_condition)
{
        reporter.disruption_target = true;
        take(VICTIM(1, "freed", PATH ID_1));
        cr_assert(poster.n == 2);
        cr_assert_str_eq(poster.items[1].path, "/api/v1/namespaces/a/pods/p/status");
        cr_assert_str_eq(poster.items[1].method, "PATCH");
}
