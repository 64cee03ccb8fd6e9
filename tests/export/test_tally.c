/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Journal lines become counters: what is counted, what is not, and that no line can do harm. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "export/tally.h"

#define ID64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void take(struct tally *t, const char *line)
{
        tally_line(t, line, strlen(line));
}

static uint64_t total(const struct tally *t)
{
        const uint64_t *kills = &t->kills[0][0][0];
        uint64_t sum = 0;

        for (size_t i = 0; i < sizeof(t->kills) / sizeof(*kills); i++)
                sum += kills[i];
        return sum;
}

static const char intent[] =
        "{\"what\":\"intent\",\"round\":1,\"plan\":{\"victims\":[{\"id\":1,\"tier\":0,\"utility\":5}],"
        "\"kept\":[{\"id\":2,\"tier\":3,\"utility\":700}]}}";

Test(tally, a_round)
{
        struct tally t = { 0 };

        take(&t, "{\"what\":\"start\"}");
        take(&t, intent);
        take(&t, "{\"what\":\"victim\",\"id\":1,\"path\":\"/system.slice/docker-" ID64 ".scope\","
                 "\"method\":\"cgroup.kill\",\"outcome\":\"freed\",\"expected\":100,\"freed\":90,"
                 "\"strike_usec\":20000,\"settle_usec\":10000}");
        take(&t,
             "{\"what\":\"victim\",\"id\":2,\"path\":\"/x\",\"method\":\"signals\",\"outcome\":\"partial\","
             "\"expected\":50,\"freed\":10,\"strike_usec\":1,\"settle_usec\":1}");
        take(&t, "{\"what\":\"outcome\",\"round\":1,\"time_usec\":1795401593668623,\"result\":\"recovered\","
                 "\"kernel_kills\":2,\"took_usec\":95000}");
        cr_expect_eq(t.kills[RUNTIME_DOCKER][METHOD_KILL][DEATH_FREED], 1);
        cr_expect_eq(t.kills[RUNTIME_UNKNOWN][METHOD_SIGNALS][DEATH_PARTIAL], 1);
        cr_expect_eq(total(&t), 2);
        cr_expect(t.freed == 100 && t.expected == 150 && t.kernel_kills == 2 && t.starts == 1);
        cr_expect(t.utility_lost[0] == 5 && t.utility_lost[3] == 700 && t.unpriced == 0,
                  "the second was replanned and is priced by the kept of the first plan");
        cr_expect_eq(t.freed_after.sum_us, 30000, "only what freed what was expected, strike and settling");
        cr_expect_eq(t.took.sum_us, 95000);
        cr_expect_eq(t.rounds[RESULT_RECOVERED], 1);
        cr_expect_eq(t.last_round_us, 1795401593668623);
        tally_fini(&t);
}

Test(tally, who_was_not_struck_costs_nothing)
{
        static const char *const outcomes[] = { "dry-run", "vanished", "not-struck" };
        struct tally t = { 0 };

        take(&t, intent);
        for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
                char line[256];

                snprintf(line, sizeof(line),
                         "{\"what\":\"victim\",\"id\":1,\"path\":\"/x\",\"method\":"
                         "\"cgroup.kill\",\"outcome\":\"%s\",\"expected\":100,\"freed\":0}",
                         outcomes[i]);
                take(&t, line);
        }
        take(&t, "{\"what\":\"outcome\",\"result\":\"dry-run\",\"took_usec\":7}");
        cr_expect(t.kills[0][METHOD_NONE][DEATH_DRY_RUN] == 1 &&
                  t.kills[0][METHOD_NONE][DEATH_VANISHED] == 1 &&
                  t.kills[0][METHOD_NONE][DEATH_NOT_STRUCK] == 1);
        cr_expect(t.expected == 0 && t.freed == 0 && t.utility_lost[0] == 0 && t.took.sum_us == 0);
        tally_fini(&t);
}

Test(tally, a_crash_is_an_interrupted_round)
{
        struct tally t = { 0 };

        take(&t, "{\"what\":\"start\"}");
        take(&t, intent);
        take(&t, "{\"what\":\"start\"}");
        take(&t, "{\"what\":\"start\"}");
        cr_expect_eq(t.rounds[RESULT_INTERRUPTED], 1);
        take(&t, "{\"what\":\"victim\",\"id\":1,\"path\":\"/"
                 "x\",\"method\":\"cgroup.kill\",\"outcome\":\"freed\"}");
        cr_expect(t.unpriced == 1 && t.utility_lost[0] == 0, "a plan of another life says nothing");
        tally_fini(&t);
}

Test(tally, the_module_s_victims_are_priced_by_the_order)
{
        struct tally t = { 0 };

        take(&t, "{\"what\":\"order\",\"round\":2,\"victims\":[{\"id\":9,\"path\":\"/"
                 "a\",\"tier\":1,\"utility\":10}]}");
        take(&t, "{\"what\":\"victim\",\"round\":2,\"id\":9,\"path\":\"\",\"method\":\"standing order\","
                 "\"outcome\":\"freed\",\"expected\":1,\"freed\":1,\"strike_usec\":0,\"settle_usec\":3}");
        take(&t, "{\"what\":\"outcome\",\"round\":2,\"result\":\"standing order\",\"took_usec\":1}");
        cr_expect(t.utility_lost[1] == 10 && t.rounds[RESULT_STANDING_ORDER] == 1);
        cr_expect_eq(t.kills[RUNTIME_UNKNOWN][METHOD_ORDER][DEATH_FREED], 1);
        cr_expect_eq(t.freed_after.sum_us, 0, "without a trigger there is no time since it");
        tally_fini(&t);
}

Test(tally, words_that_are_not_known_make_no_new_label)
{
        struct tally t = { 0 };

        take(&t, "{\"what\":\"victim\",\"path\":\"/x\",\"method\":\"laser\",\"outcome\":\"turned to gold\"}");
        take(&t, "{\"what\":\"outcome\",\"result\":\"better\"}");
        take(&t, "{\"what\":\"something new\"}");
        cr_expect(t.kills[0][METHOD_OTHER][DEATH_OTHER] == 1 && t.rounds[RESULT_OTHER] == 1 &&
                  t.n_garbage == 0);
        tally_fini(&t);
}

Test(tally, the_rest)
{
        struct tally t = { 0 };

        take(&t, "{\"what\":\"error\",\"domain\":\"/\",\"text\":\"nothing may die\"}");
        take(&t, "{\"what\":\"reload\",\"ok\":true}");
        take(&t, "{\"what\":\"reload\",\"ok\":false,\"error\":\"x\"}");
        take(&t, "");
        cr_expect(t.helpless == 1 && t.reloads_failed == 1 && t.n_garbage == 0);
        tally_fini(&t);
}

Test(tally, garbage_is_counted_and_does_no_harm)
{
        static const char *const lines[] = {
                "x", "{", "[]", "{}", "7", "null", "{\"what\":7}", "\xff\xfe", "{\"what\":\"victim\"",
        };
        static const char *const odd[] = {
                "{\"what\":\"intent\",\"plan\":7}",
                "{\"what\":\"intent\",\"plan\":{\"victims\":[1,null,{\"id\":-1,\"tier\":99,\"utility\":-5}]}"
                "}",
                "{\"what\":\"victim\",\"path\":7,\"id\":18446744073709551615,\"freed\":-1}",
                "{\"what\":\"victim\",\"id\":0,\"path\":\"\",\"outcome\":\"freed\",\"freed\":"
                "9223372036854775807,"
                "\"strike_usec\":9223372036854775807,\"settle_usec\":9223372036854775807}",
                "{\"what\":\"outcome\",\"result\":[],\"took_usec\":\"long\"}",
                "{\"what\":\"order\",\"victims\":{}}",
        };
        struct tally t = { 0 };

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
                take(&t, lines[i]);
        tally_line(&t, "{\"what\":\0\"start\"}", 17);
        cr_expect_eq(t.n_garbage, ARRAY_SIZE(lines) + 1);
        for (size_t i = 0; i < ARRAY_SIZE(odd); i++)
                take(&t, odd[i]);
        for (unsigned tier = 0; tier <= TIER_MAX; tier++)
                cr_expect_eq(t.utility_lost[tier], 0);
        tally_fini(&t);
}

/* Every line of a journal cut at every place: the sanitizers watch. */
Test(tally, torn_lines)
{
        struct tally t = { 0 };

        for (size_t len = 0; len < sizeof(intent); len++)
                tally_line(&t, intent, len);
        cr_expect_eq(t.n_garbage, sizeof(intent) - 2);
        tally_fini(&t);
}
