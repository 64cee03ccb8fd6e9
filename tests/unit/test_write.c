/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshot and plan as JSON: every member that the interfaces promise is there, with its value, and the
 * text always parses. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <string.h>

#include "base/base.h"
#include "decide/plan.h"
#include "record/write.h"

struct scene {
        struct snapshot snapshot;
        struct plan plan;
        struct planner *planner;
};

static struct snapshot_cgroup *add(struct snapshot *s, uint64_t id, const char *path, uint64_t memory,
                                   struct utility utility)
{
        struct snapshot_cgroup *c = snapshot_add(s, id, path);

        cr_assert(c);
        c->memory = memory;
        c->relief = memory / 2;
        c->swap = 4096 * id;
        c->oom_score = 10 * id;
        c->processes = (uint32_t)id;
        c->utility = utility;
        return c;
}

/* Two candidates, one protected by its label and one by the configuration; a need that the cheaper
 * candidate meets. */
static struct scene scene_make(void)
{
        struct scene scene;
        struct snapshot *s = &scene.snapshot;
        const struct shortage shortage = { .level = LEVEL_SHORT, .need = 200 * MIB };

        cr_assert(snapshot_init(s, 8, 1024) == 0 && plan_init(&scene.plan, 8) == 0);
        scene.planner = planner_new(8);
        cr_assert(scene.planner);
        snapshot_reset(s, "/machine\xff.slice");
        s->time_us = 1769864645000001;
        s->facts = (struct domain_facts){
                .memory_total = 4 * GIB, .memory_available = 100 * MIB, .memory_lists = 3 * MIB,
                .swap_total = GIB, .swap_free = 5,
                .psi = { .some = { 1234, 205, 7, 99 }, .full = { 1, 2, 10000, 98 } }, .has_psi = true,
        };
        add(s, 1, "/cheap", 600 * MIB, (struct utility){ .value = 5 });
        add(s, 2, "/dear \"\n", 700 * MIB, (struct utility){ .value = 7, .tier = 3 });
        add(s, 3, "/label", 800 * MIB, (struct utility){ .protect = true })->barred = BARRED_LABEL;
        add(s, 4, "/self", 900 * MIB, (struct utility){ .value = 9 })->barred = BARRED_SELF;
        snapshot_sort(s);
        cr_assert_eq(plan_make(&scene.plan, scene.planner, s, &shortage, &policy_default), VERDICT_ACT);
        return scene;
}

static void scene_free(struct scene *scene)
{
        snapshot_fini(&scene->snapshot);
        plan_fini(&scene->plan);
        planner_free(scene->planner);
}

static json_t *parse(const struct sink *s)
{
        json_error_t error;
        json_t *value = json_loadb(s->text, s->len, JSON_REJECT_DUPLICATES, &error);

        cr_assert(value, "%s at %d of %s", error.text, error.position, s->text);
        for (size_t i = 0; i < s->len; i++)
                cr_assert(s->text[i] >= 0x20 && s->text[i] < 0x7f);
        return value;
}

/* Follows a path such as "cgroups.2.path". */
static const json_t *at(const json_t *value, const char *path)
{
        char text[128];
        char *rest = NULL;

        strcpy(text, path);
        for (char *step = strtok_r(text, ".", &rest); step; step = strtok_r(NULL, ".", &rest))
                value = json_is_array(value) ? json_array_get(value, strtoul(step, NULL, 10)) :
                                               json_object_get(value, step);
        cr_assert(value, "%s is missing", path);
        return value;
}

struct expected_number {
        const char *path;
        uint64_t value;
};

struct expected_text {
        const char *path, *value;
};

static void expect_numbers(const json_t *value, const struct expected_number *n, size_t count)
{
        for (size_t i = 0; i < count; i++)
                cr_expect_eq((uint64_t)json_integer_value(at(value, n[i].path)), n[i].value, "%s", n[i].path);
}

static void expect_texts(const json_t *value, const struct expected_text *t, size_t count)
{
        for (size_t i = 0; i < count; i++)
                cr_expect_str_eq(json_string_value(at(value, t[i].path)), t[i].value, "%s", t[i].path);
}

Test(write, snapshot_has_every_member)
{
        static const struct expected_number numbers[] = {
                { "version", 1 }, { "time_usec", 1769864645000001 }, { "need", 77 }, { "left_out", 2 },
                { "domain.memory_total", 4 * GIB }, { "domain.memory_available", 100 * MIB },
                { "domain.memory_lists", 3 * MIB },
                { "domain.swap_total", GIB }, { "domain.swap_free", 5 },
                { "domain.psi.some.total_usec", 99 }, { "domain.psi.full.total_usec", 98 },
                { "cgroups.1.id", 2 }, { "cgroups.1.memory", 700 * MIB }, { "cgroups.1.relief", 350 * MIB },
                { "cgroups.1.swap", 8192 }, { "cgroups.1.oom_score", 20 }, { "cgroups.1.processes", 2 },
                { "cgroups.1.tier", 3 }, { "cgroups.1.utility", 7 },
        };
        static const struct expected_text texts[] = {
                { "jettison", "snapshot" }, { "domain.path", "/machine\u00ff.slice" },
                { "cgroups.0.path", "/cheap" }, { "cgroups.1.path", "/dear \"\n" },
                { "cgroups.2.barred", "protected by its label" },
                { "cgroups.3.barred", "holds the controller itself" },
        };
        struct scene scene = scene_make();
        char text[8192];
        struct sink s;
        json_t *value;

        sink_init(&s, text, sizeof(text));
        scene.snapshot.left_out = 2;
        snapshot_write(&s, NULL, &scene.snapshot, 77);
        cr_assert_not(s.full);
        value = parse(&s);
        expect_numbers(value, numbers, ARRAY_SIZE(numbers));
        expect_texts(value, texts, ARRAY_SIZE(texts));
        cr_expect_float_eq(json_real_value(at(value, "domain.psi.some.avg10")), 12.34, 1e-9);
        cr_expect_float_eq(json_real_value(at(value, "domain.psi.some.avg60")), 2.05, 1e-9);
        cr_expect_float_eq(json_real_value(at(value, "domain.psi.full.avg300")), 100.0, 1e-9);
        cr_expect(json_is_false(at(value, "cgroups.0.protected")));
        cr_expect(json_is_true(at(value, "cgroups.2.protected")));
        cr_expect(json_is_false(at(value, "cgroups.3.protected")), "barred, but not protected");
        cr_expect_not(json_object_get(at(value, "cgroups.0"), "barred"));
        json_decref(value);
        scene_free(&scene);
}

Test(write, no_pressure_no_member)
{
        struct scene scene = scene_make();
        char text[8192];
        struct sink s;
        json_t *value;

        scene.snapshot.facts.has_psi = false;
        sink_init(&s, text, sizeof(text));
        snapshot_write(&s, NULL, &scene.snapshot, 0);
        value = parse(&s);
        cr_expect_not(json_object_get(at(value, "domain"), "psi"));
        cr_expect_not(json_object_get(value, "left_out"));
        json_decref(value);
        scene_free(&scene);
}

Test(write, plan_has_every_member)
{
        static const struct expected_number numbers[] = {
                { "version", 1 }, { "need", 200 * MIB }, { "utility_lost", 5 }, { "relief", 300 * MIB },
                { "bound", 5 }, { "solve_usec", 42 }, { "victims.0.id", 1 },
                { "victims.0.relief", 300 * MIB },
                { "victims.0.tier", 0 }, { "victims.0.utility", 5 }, { "kept.0.id", 2 }, { "kept.0.tier", 3 },
                { "kept.0.utility", 7 }, { "kept.0.relief", 350 * MIB },
        };
        static const struct expected_text texts[] = {
                { "jettison", "plan" }, { "verdict", "act" }, { "proof", "optimal" },
                { "victims.0.path", "/cheap" }, { "kept.0.path", "/dear \"\n" },
                { "kept.0.why", "of a higher tier" },
                { "kept.1.why", "protected by its label" }, { "kept.2.why", "holds the controller itself" },
        };
        struct scene scene = scene_make();
        const struct plan *p = &scene.plan;
        char text[8192];
        struct sink s;
        json_t *value;

        sink_init(&s, text, sizeof(text));
        plan_write(&s, NULL, p, &scene.snapshot, 42);
        value = parse(&s);
        expect_numbers(value, numbers, ARRAY_SIZE(numbers));
        expect_texts(value, texts, ARRAY_SIZE(texts));
        cr_expect_eq((uint64_t)json_integer_value(at(value, "capacity")), p->capacity);
        cr_expect_eq((uint64_t)json_integer_value(at(value, "weight_total")), p->weight_total);
        cr_expect_eq((uint64_t)json_integer_value(at(value, "weight")), p->weight);
        cr_expect_eq((uint64_t)json_integer_value(at(value, "victims.0.weight")), p->entries[0].weight);
        cr_expect_eq((uint64_t)json_integer_value(at(value, "kept.0.weight")), p->entries[1].weight);
        cr_expect_eq(json_array_size(at(value, "victims")), 1);
        cr_expect_eq(json_array_size(at(value, "kept")), 3);
        cr_expect_not(json_object_get(at(value, "victims.0"), "why"));
        cr_expect(json_is_true(at(value, "kept.1.protected")));
        cr_expect_not(json_object_get(at(value, "kept.0"), "protected"));
        cr_expect_not(json_object_get(value, "kept_left_out"));
        json_decref(value);
        scene_free(&scene);
}

Test(write, bounded_proof_is_said)
{
        struct scene scene = scene_make();
        char text[8192];
        struct sink s;
        json_t *value;

        scene.plan.optimal = false;
        scene.plan.bound = 3;
        sink_init(&s, text, sizeof(text));
        plan_write(&s, NULL, &scene.plan, &scene.snapshot, 0);
        value = parse(&s);
        cr_expect_str_eq(json_string_value(at(value, "proof")), "bounded");
        cr_expect_eq(json_integer_value(at(value, "bound")), 3);
        json_decref(value);
        scene_free(&scene);
}

/* Both stand as members of an object, as in the journal, whatever the order. */
Test(write, members_of_an_object)
{
        struct scene scene = scene_make();
        char text[16384];
        struct sink s;
        json_t *value;

        sink_init(&s, text, sizeof(text));
        json_open(&s, NULL, '{');
        json_u64(&s, "before", 1);
        plan_write(&s, "plan", &scene.plan, &scene.snapshot, 0);
        snapshot_write(&s, "snapshot", &scene.snapshot, 0);
        json_u64(&s, "behind", 2);
        json_close(&s, '}');
        value = parse(&s);
        cr_expect_str_eq(json_string_value(at(value, "plan.jettison")), "plan");
        cr_expect_str_eq(json_string_value(at(value, "snapshot.jettison")), "snapshot");
        cr_expect_eq(json_integer_value(at(value, "behind")), 2);
        json_decref(value);
        scene_free(&scene);
}

/* In a buffer of any size a plan either parses, with every entry written or counted, or the sink is full.
 * Once it has room for no entry but for the rest, it is never full again. */
Test(write, plan_goes_short_and_counts)
{
        struct scene scene = scene_make();
        char text[4096];
        bool fits = false;

        for (size_t size = 64; size <= sizeof(text); size++) {
                size_t victims, kept;
                struct sink s;
                json_t *value;

                sink_init(&s, text, size);
                plan_write(&s, NULL, &scene.plan, &scene.snapshot, 0);
                cr_assert(!(s.full && fits), "full again at %zu", size);
                if (s.full)
                        continue;
                fits = true;
                value = parse(&s);
                victims = json_array_size(at(value, "victims"));
                kept = json_array_size(at(value, "kept"));
                victims += (size_t)json_integer_value(json_object_get(value, "victims_left_out"));
                kept += (size_t)json_integer_value(json_object_get(value, "kept_left_out"));
                cr_assert(victims == 1 && kept == 3, "%zu victims and %zu kept at %zu", victims, kept, size);
                json_decref(value);
        }
        cr_expect(fits);
        scene_free(&scene);
}

/* Half a snapshot would replay to another plan. */
Test(write, snapshot_is_whole_or_full)
{
        struct scene scene = scene_make();
        char text[4096];

        for (size_t size = 64; size <= sizeof(text); size++) {
                struct sink s;
                json_t *value;

                sink_init(&s, text, size);
                snapshot_write(&s, NULL, &scene.snapshot, 0);
                if (s.full)
                        continue;
                value = parse(&s);
                cr_assert_eq(json_array_size(at(value, "cgroups")), 4);
                json_decref(value);
        }
        scene_free(&scene);
}
