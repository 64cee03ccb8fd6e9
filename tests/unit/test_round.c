/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rounds from the trigger to the outcome: the controller itself on a faked host, with real children as containers.
 * Between two turns of the loop the test plays the kernel: whoever is dead gives back what he held, unless the case
 * wants it otherwise, and meminfo says so. The journal is what is asked afterwards. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "controller_fixture.h"
#include "fake_group.h"

#define GROUPS_N 3
#define MEMORY   (300 * MIB)            /* of each */
#define PLENTY   (4 * GIB)              /* of 8; the line is at 819 MiB, a quarter of the way at 921 */
#define SHORT    (800 * MIB)
#define LONG_US  (10 * USEC_PER_SEC)

static struct world w;
static struct controlled d;
static struct group groups[GROUPS_N];
static bool freed[GROUPS_N];
static uint64_t available;
static bool barren;                     /* the first that dies frees nothing … */
static uint64_t taken;                  /* … or somebody takes so much of it at once */

static void tell_available(uint64_t bytes)
{
        char text[128];

        available = bytes;
        snprintf(text, sizeof(text), "MemTotal: 8388608 kB\nMemAvailable: %llu kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n",
                 (unsigned long long)(bytes / KIB));
        world_write(&w, "proc/meminfo", text);
}

/* What a, b and c are worth, by rules: not everybody may write labels. */
static void make_rules(const char *utilities[static GROUPS_N])
{
        static char paths[GROUPS_N][16];
        static struct rule rules[GROUPS_N];

        for (size_t i = 0; i < GROUPS_N; i++) {
                snprintf(paths[i], sizeof(paths[i]), "/lxc.payload.%c", (char)('a' + i));
                rules[i] = (struct rule){ .match = paths[i], .has_utility = true };
                cr_assert_eq(utility_parse(utilities[i], strlen(utilities[i]), &rules[i].utility), 0);
        }
        d.config.sense.rules = rules;
        d.config.sense.n_rules = GROUPS_N;
}

static void begin(const char *a, const char *b, const char *last)
{
        const char *utilities[GROUPS_N] = { a, b, last };
        char text[1024] = "";

        for (size_t i = 0; i < GROUPS_N; i++)
                sprintf(text + strlen(text), "/lxc.payload.%c memory.current=%llu anon=%llu\n", (char)('a' + i),
                        (unsigned long long)MEMORY, (unsigned long long)MEMORY);
        world_make(&w, text);
        tell_available(PLENTY);
        for (size_t i = 0; i < GROUPS_N; i++) {
                char path[] = { "lxc.payload.?" };

                path[strlen(path) - 1] = (char)('a' + i);
                group_start(&groups[i], &w, path, 1, CHILD_SLEEPS);
        }
        controlled_configure(&d);
        make_rules(utilities);
        d.config.sense.fill_rate_bytes = 100 * GIB;
        d.config.sense.timer_max_us = 50 * USEC_PER_MSEC;
        d.config.act.method = STRIKE_SIGNALS;
        d.config.act.grace_us = 0;
        d.config.act.settle_us = 300 * USEC_PER_MSEC;
        controlled_start(&d, &w);
}

static void play_kernel(void)
{
        for (size_t i = 0; i < GROUPS_N; i++) {
                char path[64];

                if (freed[i] || group_update(&groups[i]) > 0)
                        continue;
                freed[i] = true;
                if (barren) {
                        barren = false;
                        continue;
                }
                snprintf(path, sizeof(path), "cgroup/%s/memory.current", groups[i].path);
                world_write(&w, path, "0\n");
                tell_available(available + MEMORY - taken);
                taken = 0;
        }
}

/* Lets rounds come until so many have begun and none is under way, or for so long. */
static void let_pass(uint64_t rounds, uint64_t time_us)
{
        for (uint64_t until_us = loop_now_us() + time_us; loop_now_us() < until_us;) {
                cr_assert_eq(loop_turn(&d.loop, 5 * USEC_PER_MSEC), 0);
                play_kernel();
                if (d.c.rounds >= rounds && !controller_is_busy(&d.c))
                        return;
        }
}

/* "abc": who is alive. */
static const char *living(char text[GROUPS_N + 1])
{
        size_t n = 0;

        for (size_t i = 0; i < GROUPS_N; i++)
                if (group_lives(&groups[i], 0))
                        text[n++] = (char)('a' + i);
        text[n] = '\0';
        return text;
}

/* The journal as one word for each line, blanks between: what it is, and of a victim who and what became of it. */
static const char *journal(char text[512])
{
        FILE *file;
        char *line = NULL;
        size_t size = 0, n = 0;

        d.c.journal = journal_free(d.c.journal);
        file = fopen(folder_file(&d.folder, "journal"), "re");
        cr_assert_not_null(file);
        text[0] = '\0';
        while (getline(&line, &size, file) > 0) {
                json_t *object = json_loads(line, 0, NULL);
                const char *what = json_string_value(json_object_get(object, "what"));
                const char *path = json_string_value(json_object_get(object, "path"));
                const char *result = json_string_value(json_object_get(object, path ? "outcome" : "result"));

                cr_assert_not_null(what, "%s", line);
                n += (size_t)snprintf(text + n, 512 - n, "%s%s%s%s%s", n ? " " : "", what, result ? ":" : "",
                                      path ? path + strlen(path) - 1 : "", result ? result : "");
                json_decref(object);
        }
        free(line);
        fclose(file);
        return text;
}

static void expect(const char *lives, const char *lines)
{
        char text[GROUPS_N + 1], said[512];

        cr_expect_str_eq(living(text), lives, "%s live", text);
        cr_expect_str_eq(journal(said), lines, "%s", said);
}

static void finish(void)
{
        for (size_t i = 0; i < GROUPS_N; i++)
                group_end(&groups[i]);
        controlled_end(&d);
}

Test(round, one_is_enough)
{
        begin("50", "5", "900");
        let_pass(1, 200 * USEC_PER_MSEC);
        cr_expect_eq(d.c.rounds, 0, "there is plenty");
        tell_available(SHORT);
        let_pass(1, LONG_US);
        cr_expect_eq(controller_host(&d.c)->lost.utility[0], 5);
        expect("ac", "intent victim:bfreed outcome:recovered");
        finish();
}

/* What one frees is taken at once: the same round goes on, by a new plan. */
Test(round, eaten)
{
        begin("50", "5", "900");
        taken = MEMORY;
        tell_available(SHORT);
        let_pass(1, LONG_US);
        expect("c", "intent victim:bfreed replan victim:afreed outcome:recovered");
        finish();
}

/* A second round soon afterwards goes on in the same account. */
Test(round, again)
{
        begin("10", "5", "20");
        tell_available(SHORT);
        let_pass(1, LONG_US);
        tell_available(SHORT);
        let_pass(2, LONG_US);
        cr_expect_eq(controller_host(&d.c)->lost.utility[0], 15);
        expect("c", "intent victim:bfreed outcome:recovered intent victim:afreed outcome:recovered");
        finish();
}

/* It dies, and nothing comes back: another has to go, and it is not asked again. */
Test(round, barren)
{
        begin("50", "5", "900");
        barren = true;
        tell_available(SHORT);
        let_pass(1, LONG_US);
        expect("c", "intent victim:bnot-freed replan victim:afreed outcome:recovered");
        finish();
}

Test(round, nobody_may_die)
{
        begin("protect", "protect", "protect");
        tell_available(SHORT);
        let_pass(1, USEC_PER_SEC);
        cr_expect_eq(d.c.rounds, 0);
        expect("abc", "error");
        finish();
}

Test(round, dry)
{
        begin("50", "5", "900");
        d.config.act.dry_run = true;
        tell_available(SHORT);
        let_pass(1, LONG_US);
        cr_expect_eq(controller_host(&d.c)->lost.utility[0], 0, "nothing is lost");
        expect("abc", "intent victim:bdry-run outcome:dry-run");
        finish();
}

/* A snapshot taken while memory fell towards the line serves: what has changed since is not seen. */
Test(round, primed)
{
        begin("50", "5", "900");
        tell_available(GIB);
        while (!d.c.primed)
                cr_assert_eq(loop_turn(&d.loop, 5 * USEC_PER_MSEC), 0);
        world_write(&w, "cgroup/lxc.payload.b/memory.stat", "anon 0\nfile 0\n");
        tell_available(SHORT);
        let_pass(1, LONG_US);
        expect("ac", "intent victim:bfreed outcome:recovered");
        finish();
}

/* Half of the way was to be had for one of 5. A part of what it gave is taken, a quarter of the way is restored: the
 * rest is not worth one of 50. */
Test(round, not_at_any_price)
{
        begin("50", "5", "900");
        taken = 170 * MIB;
        tell_available(SHORT);
        let_pass(1, LONG_US);
        cr_expect_eq(available, 930 * MIB);
        expect("ac", "intent victim:bfreed outcome:recovered");
        finish();
}
