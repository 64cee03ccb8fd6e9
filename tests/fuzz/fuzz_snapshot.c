/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A snapshot from a file: what is refused leaves everything as it was and says why in printable bytes; what
 * is accepted can be written and read again and is the same text, and the plan made from it adds up. */
#include <jansson.h>

#include "base/base.h"
#include "cli/read.h"
#include "decide/plan.h"
#include "fuzz.h"
#include "record/write.h"

/* Of each decision. The default would leave time for a few hundred inputs only. */
#define WORK 5000u

/* The room that 'jettison plan' takes for either text. */
static size_t text_size(const struct snapshot *s)
{
        return 4 * KIB + 6 * (s->names_len + strlen(s->domain)) + s->n * 640;
}

static char *write_text(const struct reading *r)
{
        size_t size = text_size(&r->snapshot);
        char *text = malloc(size);
        struct sink s;

        EXPECT(text);
        sink_init(&s, text, size);
        snapshot_write(&s, NULL, &r->snapshot, r->need);
        EXPECT(!s.full);
        return text;
}

static void try_again(const struct reading *first)
{
        CLEANUP(free_p) char *text = write_text(first), *same = NULL;
        struct read_error error;
        struct reading second;

        EXPECT(read_snapshot_text(text, strlen(text), &second, &error) == 0);
        same = write_text(&second);
        EXPECT(strcmp(text, same) == 0);
        read_fini(&second);
}

static void check_plan(const struct plan *p, const struct snapshot *s)
{
        uint64_t relief = 0, weight = 0, utility = 0;

        EXPECT(p->n == s->n && p->n_victims <= p->n);
        for (size_t i = 0; i < p->n_victims; i++) {
                const struct snapshot_cgroup *c = &s->cgroups[p->entries[i].index];

                EXPECT(c->barred == BARRED_NOT && !c->utility.protect);
                relief += p->entries[i].relief;
                weight += p->entries[i].weight;
                utility += c->utility.value;
        }
        EXPECT(relief == p->relief && weight == p->weight && utility == p->utility_lost);
        EXPECT(p->verdict != VERDICT_ACT || relief >= p->need);
        EXPECT(p->bound <= p->utility_lost && p->optimal == (p->bound == p->utility_lost));
}

static void try_plan(const struct reading *r)
{
        const struct snapshot *s = &r->snapshot;
        struct shortage shortage = { .level = r->need > 0 ? LEVEL_SHORT : LEVEL_CALM, .need = r->need };
        struct planner *planner = planner_new(s->n + 1);
        CLEANUP(free_p) char *text = malloc(text_size(s));
        struct policy policy = policy_default;
        struct plan plan = { 0 };
        struct sink sink;
        json_t *json;

        EXPECT(planner && text && plan_init(&plan, s->n + 1) == 0);
        policy.work = WORK;
        shortage.swap_short = s->facts.swap_free < s->facts.swap_total / 2;
        plan_make(&plan, planner, s, &shortage, &policy);
        check_plan(&plan, s);
        sink_init(&sink, text, text_size(s));
        plan_write(&sink, NULL, &plan, s, 0);
        json = json_loadb(text, sink.len, JSON_REJECT_DUPLICATES, NULL);
        EXPECT(json && !sink.full);
        json_decref(json);
        plan_fini(&plan);
        planner_free(planner);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct reading reading, before;
        struct read_error error = { "" };

        memset(&reading, 0x5a, sizeof(reading));
        memcpy(&before, &reading, sizeof(before));
        if (read_snapshot_text((const char *)data, size, &reading, &error) < 0) {
                EXPECT(error.text[0] != '\0' && memcmp(&reading, &before, sizeof(reading)) == 0);
                for (const char *p = error.text; *p != '\0'; p++)
                        EXPECT(*p >= 0x20 && *p < 0x7f);
                return 0;
        }
        try_again(&reading);
        try_plan(&reading);
        read_fini(&reading);
        return 0;
}
