/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every key of the configuration: its field, its bounds, its dump, and what else it takes. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "config_fixture.h"
#include "serve/config_private.h"

TestSuite(config_keys, .init = fixture_make, .fini = fixture_remove);

Test(config_keys, every_key_is_dumped_and_no_other)
{
        size_t n_keys, n_leaves = 0;
        const struct key *keys = config_keys(&n_keys);
        json_t *root = dump_defaults(), *value, *inner;
        const char *name, *inner_name;

        for (size_t i = 0; i < n_keys; i++) {
                cr_expect(value_at(root, keys[i].name), "%s is not dumped", keys[i].name);
                cr_expect(keys[i].about[0] != '\0' && !strchr(keys[i].about, '\n'), "%s", keys[i].name);
                cr_expect((keys[i].type->get && keys[i].type->put && keys[i].type->width > 0) !=
                                  (keys[i].type->read && keys[i].type->write),
                          "%s has half a type", keys[i].name);
                for (size_t j = 0; j < i; j++)
                        cr_expect(strcmp(keys[i].name, keys[j].name) != 0, "%s twice", keys[i].name);
        }
        json_object_foreach(root, name, value) {
                if (!json_is_object(value)) {
                        n_leaves++;
                        continue;
                }
                json_object_foreach(value, inner_name, inner) {
                        cr_expect(!json_is_object(inner), "%s.%s", name, inner_name);
                        n_leaves++;
                }
        }
        cr_assert(n_leaves == n_keys, "%zu keys, but %zu in the dump", n_keys, n_leaves);
        json_decref(root);
}

/* What is dumped equals what was said, and differs from every default: so each key has a field of its own. */
Test(config_keys, every_key_has_its_field)
{
        CLEANUP(free_p) char *text = all_other_text();
        size_t n_keys;
        const struct key *keys = config_keys(&n_keys);
        json_t *said = parse(text), *defaults = dump_defaults(), *dumped;
        struct config c;

        load_good("every key", text, &c);
        dumped = dump(&c);
        for (size_t i = 0; i < n_keys; i++) {
                json_t *value = value_at(dumped, keys[i].name);

                cr_expect(json_equal(value, value_at(said, keys[i].name)), "%s is dumped as something else",
                          keys[i].name);
                cr_expect(!json_equal(value, value_at(defaults, keys[i].name)),
                          "%s: the test uses the default", keys[i].name);
        }
        expect_dump_loads_again("every key", &c);
        config_fini(&c);
        json_decref(said);
        json_decref(defaults);
        json_decref(dumped);
}

/* The same, of the fields themselves: the dump could be wrong in the same way as the loader. */
Test(config_keys, fields_hold_what_was_said)
{
        CLEANUP(free_p) char *text = all_other_text();
        struct config c;

        load_good("every key", text, &c);
        cr_expect(!c.sense.host && c.sense.domains_auto && c.sense.n_domains == 2);
        cr_expect(strcmp(c.sense.domains[0], "/machine.slice") == 0);
        cr_expect(strcmp(c.sense.domains[1], "/kubepods.slice/a\\x2db") == 0);
        cr_expect(c.policy.arm_available.permyriad == 4000 && c.policy.arm_available.bytes == UINT64_MAX);
        cr_expect(c.policy.act_available.permyriad == 1250 && c.policy.act_available.bytes == 5 * GIB);
        cr_expect(c.policy.act_swap.permyriad == 2000 && c.policy.act_swap.bytes == GIB);
        cr_expect(c.policy.stall_permyriad == 3333 && c.policy.stall_kind == STALL_SOME);
        cr_expect(c.policy.stall_window_us == 1500000 && c.policy.stall_required);
        cr_expect(c.policy.stall_available.permyriad == PERMYRIAD &&
                  c.policy.stall_available.bytes == 7 * GIB);
        cr_expect(c.policy.target_available.permyriad == 2000 && c.policy.target_available.bytes == 7 * GIB);
        cr_expect(c.policy.target_swap.permyriad == 2500 && !c.policy.slow_start);
        cr_expect(c.sense.timer_min_us == 50000 && c.sense.timer_max_us == 60000000);
        cr_expect(c.sense.fill_rate_bytes == 10 * GIB);
        cr_expect(!c.policy.weigh_memory && c.policy.oom_score_unit == 1);
        cr_expect(c.policy.capacity_fixed && c.policy.capacity == 1000);
        cr_expect(c.policy.cover == COVER_RELIEF && c.policy.work == 250000);
        cr_expect(!c.sense.containers && c.sense.kill_unit == KILL_UNIT_POD && c.sense.cgroups_max == 100);
        cr_expect(c.sense.utility_default[POD_NONE].tier == 3 && c.sense.utility_default[POD_NONE].value == 50);
        cr_expect(c.sense.labels_user == LABELS_USER_ALWAYS);
        cr_assert(c.sense.n_rules == 3);
        cr_expect(strcmp(c.sense.rules[0].match, "/a/**") == 0 && c.sense.rules[0].has_utility);
        cr_expect(c.sense.rules[0].utility.protect && !c.sense.rules[0].candidate);
        cr_expect(c.sense.rules[1].candidate && c.sense.rules[1].utility.tier == 2);
        cr_expect(c.sense.rules[2].ignore && !c.sense.rules[2].has_utility);
        cr_expect(c.act.method == STRIKE_SIGNALS && c.act.grace_us == USEC_PER_SEC && c.act.dry_run);
        cr_expect(c.act.strike_deadline_us == 250000 && c.act.settle_us == 3 * USEC_PER_SEC);
        cr_expect(c.act.backoff_us == 120 * USEC_PER_SEC);
        cr_expect(c.journal.path[0] == '\0' && c.journal.size_max == 100 * KIB && c.journal.keep == 0);
        cr_expect(!c.journal.kmsg);
        cr_expect(strcmp(c.control_path, "/run/j\xc3\xb6.sock") == 0 && strcmp(c.control_group, "adm") == 0);
        cr_expect(strcmp(c.group, "/jettison.slice") == 0 && c.group_memory_min == 0);
        cr_expect(c.feed == FEED_MODULE);
        config_fini(&c);
}

Test(config_keys, defaults_are_the_policy_of_the_core)
{
        struct config c, other;

        cr_assert(config_init(&c) == 0);
        other = c;
        other.policy = policy_default;
        expect_same_dump("policy", &c, &other);
        expect_dump_loads_again("defaults", &c);
        config_fini(&c);
        config_fini(&c);
}

static json_t *nest(const char *name, json_t *value)
{
        const char *dot = strchr(name, '.');

        if (!dot)
                return json_pack("{s:o}", name, value);
        return json_pack("{s#:o}", name, (int)(dot - name), nest(dot + 1, value));
}

static int load_number(const struct key *key, uint64_t number, struct config *ret_config)
{
        json_t *root = nest(key->name, key->type->put(key, number));
        CLEANUP(free_p) char *text = json_dumps(root, 0);
        struct config_error error;

        json_decref(root);
        return load_text(text, ret_config, &error);
}

/* The bounds themselves are taken, the numbers beside them are not. What is checked against another key is
 * left out. */
Test(config_keys, bounds)
{
        size_t n_keys, tried = 0;
        const struct key *keys = config_keys(&n_keys);

        for (size_t i = 0; i < n_keys; i++) {
                struct config c;

                if (!keys[i].type->put || keys[i].max == 0 || strncmp(keys[i].name, "timer.m", 7) == 0)
                        continue;
                tried++;
                cr_assert(load_number(&keys[i], keys[i].min, &c) == 0, "%s: lower bound", keys[i].name);
                config_fini(&c);
                cr_assert(load_number(&keys[i], keys[i].max, &c) == 0, "%s: upper bound", keys[i].name);
                expect_dump_loads_again(keys[i].name, &c);
                config_fini(&c);
                cr_assert(load_number(&keys[i], keys[i].max + 1, &c) == -EINVAL, "%s: above", keys[i].name);
                if (keys[i].min > 0)
                        cr_assert(load_number(&keys[i], keys[i].min - 1, &c) == -EINVAL, "%s: below",
                                  keys[i].name);
        }
        cr_assert(tried > 10);
}

Test(config_keys, accepted)
{
        static const struct {
                const char *label, *text, *key, *dumped;
        } rows[] = {
                { "nothing", "{}", "feed", "'auto'" },
                { "share", "{'arm':{'available':'50.50%'}}", "arm.available", "'50.5%'" },
                { "size", "{'arm':{'available':'8192MiB'}}", "arm.available", "'8G'" },
                { "all of it, and a size", "{'arm':{'available':'100%,4G'}}", "arm.available", "'4G'" },
                { "odd size", "{'weight':{'oom_score_unit':'1025'}}", "weight.oom_score_unit", "'1025'" },
                { "unit of the score", "{'weight':{'oom_score_unit':'auto'}}", "weight.oom_score_unit",
                  "'auto'" },
                { "capacity in points", "{'capacity':1024}", "capacity", "1024" },
                { "capacity in bytes", "{'capacity':'4G'}", "capacity", "'4G'" },
                { "the same as a number", "{'capacity':4294967296}", "capacity", "'4G'" },
                { "capacity, odd", "{'capacity':4294967297}", "capacity", "'4294967297'" },
                { "capacity, the largest", "{'capacity':4611686018427387903}", "capacity",
                  "'4611686018427387903'" },
                { "capacity again dynamic", "{'capacity':'dynamic'}", "capacity", "'dynamic'" },
                { "utility as a number", "{'labels':{'default':0}}", "labels.default", "'0'" },
                { "utility with tier 0", "{'labels':{'default':'0:5'}}", "labels.default", "'5'" },
                { "protect by default", "{'labels':{'default':'protect'}}", "labels.default", "'protect'" },
                { "no rules", "{'rules':[]}", "rules", "[]" },
                { "utility of a rule as a number", "{'rules':[{'match':'/a','utility':50}]}", "rules",
                  "[{'match':'/a','utility':'50','candidate':false,'ignore':false}]" },
                { "a rule that stops the search", "{'rules':[{'match':'/a'}]}", "rules",
                  "[{'match':'/a','candidate':false,'ignore':false}]" },
                { "order of domains", "{'domains':['/b','auto','/a','host']}", "domains",
                  "['host','auto','/b','/a']" },
                { "one domain", "{'domains':['/b']}", "domains", "['/b']" },
                { "duration in other units", "{'action':{'settle':'1500000us'}}", "action.settle",
                  "'1500ms'" },
                { "grace with a unit", "{'action':{'grace':'0s'}}", "action.grace", "'0'" },
                { "escaped key", "{'\\u0066eed':'files'}", "feed", "'files'" },
                { "no group of its own", "{'group':{'path':''}}", "group.path", "''" },
                { "target at the trigger", "{'target':{'available':'10%,4G'}}", "target.available",
                  "'10%,4G'" },
                { "a share and a size are not compared",
                  "{'target':{'available':'1M'},"
                  "'trigger':{'available':'20%'}}",
                  "target.available", "'1M'" },
                { "one pair, moved together", "{'timer':{'min':'5s','max':'5s'}}", "timer.min", "'5s'" },
                { "empty groups", "{'timer':{},'target':{}}", "timer.min", "'10ms'" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                CLEANUP(free_p) char *text = quoted(rows[i].text);
                CLEANUP(free_p) char *dumped = quoted(rows[i].dumped);
                json_t *want = parse(dumped), *root;
                struct config c;

                load_good(rows[i].label, text, &c);
                root = dump(&c);
                cr_expect(json_equal(value_at(root, rows[i].key), want), "%s: %s", rows[i].label,
                          rows[i].text);
                expect_dump_loads_again(rows[i].label, &c);
                config_fini(&c);
                json_decref(want);
                json_decref(root);
        }
}

static size_t allocations_left = SIZE_MAX;

static void *scarce_malloc(size_t size)
{
        if (allocations_left == 0)
                return NULL;
        allocations_left--;
        return malloc(size);
}

/* Whatever jansson cannot allocate: an error or all of it, and never half. */
Test(config_keys, jansson_without_memory)
{
        CLEANUP(free_p) char *text = all_other_text();
        CLEANUP(free_p) char *whole = NULL;
        struct config c;
        size_t n = 0;
        bool loaded = false;

        load_good("enough memory", text, &c);
        whole = config_dump(&c);
        config_fini(&c);
        json_set_alloc_funcs(scarce_malloc, free);
        for (; !loaded; n++) {
                struct config_error error;

                allocations_left = n;
                loaded = config_load(fixture_path, true, &c, &error) == 0;
                cr_assert(loaded || error.text[0] != '\0');
        }
        cr_expect(n > 50, "only %zu allocations", n);
        for (n = 0;; n++) {
                CLEANUP(free_p) char *dumped = NULL;

                allocations_left = n;
                dumped = config_dump(&c);
                if (!dumped)
                        continue;
                cr_expect(strcmp(dumped, whole) == 0, "with %zu allocations:\n%s", n, dumped);
                break;
        }
        config_fini(&c);
}
