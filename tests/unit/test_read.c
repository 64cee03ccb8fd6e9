/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading snapshots: what was written comes back byte for byte, and what is wrong is refused with its
 * place. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "cli/read.h"
#include "record/write.h"

#define HEAD   "{\"jettison\":\"snapshot\",\"version\":1,"
#define DOMAIN "\"domain\":{\"path\":\"/\",\"memory_total\":1000000,\"memory_available\":1000},"
#define SMALL  "\"memory_total\":1,\"memory_available\":1"
#define ONE    "\"id\":1,\"path\":\"/a\",\"memory\":10"

/* What is refused, and how the message begins. */
static const struct bad {
        const char *label, *text, *error;
} bads[] = {
        { "nothing", "", "line 1, column 0: " },
        { "no JSON", "{\"jettison\":\"snapshot\",\n\"version\" 1}", "line 2, column 11: " },
        { "a second value behind it", HEAD DOMAIN "\"cgroups\":[]} {}", "line 1, column " },
        { "a member twice", "{\"version\":1,\"version\":1}", "line 1, column 22: duplicate object key" },
        { "NUL in a path", HEAD DOMAIN "\"cgroups\":[{\"id\":1,\"path\":\"/\\u0000\",\"memory\":1}]}",
          "line 1, " },
        { "a number of 70 bits", HEAD "\"need\":1180591620717411303424}",
          "line 1, column 64: too big integer" },
        { "an array", "[]", "the snapshot: expected an object, found an array" },
        { "no kind", "{}", "jettison: is missing" },
        { "a kind that is no text", "{\"jettison\":1}", "jettison: expected a string, found a number" },
        { "a plan", "{\"jettison\":\"plan\",\"version\":1," DOMAIN "\"cgroups\":[]}",
          "jettison: expected \"snapshot\", found \"plan\"" },
        { "a whole plan", "{\"jettison\":\"plan\",\"version\":1,\"verdict\":\"calm\",\"need\":0}",
          "jettison: expected \"snapshot\", found \"plan\"" },
        { "a snapshot in something of another kind",
          "{\"jettison\":\"plan\",\"snapshot\":" HEAD DOMAIN "\"cgroups\":[]}}",
          "jettison: expected \"snapshot\", found \"plan\"" },
        { "a wrong snapshot inside", "{\"snapshot\":" HEAD DOMAIN "\"cgroups\":7}}",
          "cgroups: expected an array, found a number" },
        { "no version", "{\"jettison\":\"snapshot\"}", "version: is missing" },
        { "another version", "{\"jettison\":\"snapshot\",\"version\":2," DOMAIN "\"cgroups\":[]}",
          "version: expected 1, found 2" },
        { "no domain", HEAD "\"cgroups\":[]}", "domain: is missing" },
        { "a domain that is a path", HEAD "\"domain\":\"/\",\"cgroups\":[]}",
          "domain: expected an object, found a string" },
        { "no total", HEAD "\"domain\":{\"memory_available\":1},\"cgroups\":[]}",
          "domain.memory_total: is missing" },
        { "a negative size", HEAD "\"domain\":{\"memory_total\":-1,\"memory_available\":1},\"cgroups\":[]}",
          "domain.memory_total: expected 0 to 1125899906842624, found -1" },
        { "a relative domain", HEAD "\"domain\":{\"path\":\"a\"," SMALL "},\"cgroups\":[]}",
          "domain.path: expected a path that begins with '/'" },
        { "half of the pressure", HEAD "\"domain\":{" SMALL ",\"psi\":{\"some\":{}}},"
          "\"cgroups\":[]}", "domain.psi.full: is missing" },
        { "pressure over 100", HEAD "\"domain\":{" SMALL ",\"psi\":{\"full\":{},\"some\":"
          "{\"avg10\":100.5}}},\"cgroups\":[]}", "domain.psi.some.avg10: expected a number from 0 to 100" },
        { "no cgroups", HEAD "\"domain\":{}}", "cgroups: is missing" },
        { "cgroups by name", HEAD DOMAIN "\"cgroups\":{}}", "cgroups: expected an array, found an object" },
        { "a misspelt member", HEAD DOMAIN "\"cgroups\":[],\"neeed\":1}", "neeed: is not known" },
        { "a cgroup that is a number", HEAD DOMAIN "\"cgroups\":[{" ONE "},7]}",
          "cgroups[1]: expected an object, found a number" },
        { "no id", HEAD DOMAIN "\"cgroups\":[{\"path\":\"/a\",\"memory\":1}]}", "cgroups[0].id: is missing" },
        { "no path", HEAD DOMAIN "\"cgroups\":[{\"id\":1,\"memory\":1}]}", "cgroups[0].path: is missing" },
        { "no memory", HEAD DOMAIN "\"cgroups\":[{\"id\":1,\"path\":\"/a\"}]}",
          "cgroups[0].memory: is missing" },
        { "an empty path", HEAD DOMAIN "\"cgroups\":[{\"id\":1,\"path\":\"\",\"memory\":1}]}",
          "cgroups[0].path: expected a path that begins with '/'" },
        { "a path beyond bytes", HEAD DOMAIN "\"cgroups\":[{\"id\":1,\"path\":\"/\\u0100\",\"memory\":1}]}",
          "cgroups[0].path: a character above U+00FF" },
        { "a size with a fraction", HEAD DOMAIN "\"cgroups\":[{\"id\":1,\"path\":\"/a\",\"memory\":1.5}]}",
          "cgroups[0].memory: expected a whole number, found a fraction" },
        { "a size beyond machines", HEAD DOMAIN "\"cgroups\":[{" ONE ",\"swap\":1125899906842625}]}",
          "cgroups[0].swap: expected 0 to 1125899906842624, found 1125899906842625" },
        { "a utility over 1000", HEAD DOMAIN "\"cgroups\":[{" ONE ",\"utility\":1001}]}",
          "cgroups[0].utility: expected 0 to 1000, found 1001" },
        { "a tier over 15", HEAD DOMAIN "\"cgroups\":[{" ONE ",\"tier\":16}]}",
          "cgroups[0].tier: expected 0 to 15, found 16" },
        { "a utility as text", HEAD DOMAIN "\"cgroups\":[{" ONE ",\"utility\":\"10\"}]}",
          "cgroups[0].utility: expected a whole number, found a string" },
        { "protected as a number", HEAD DOMAIN "\"cgroups\":[{" ONE ",\"protected\":1}]}",
          "cgroups[0].protected: expected true or false, found a number" },
        { "barred for no known reason", HEAD DOMAIN "\"cgroups\":[{" ONE ",\"barred\":\"because\"}]}",
          "cgroups[0].barred: no such reason" },
        { "a misspelt member of a cgroup", HEAD DOMAIN "\"cgroups\":[{" ONE ",\"utilty\":1}]}",
          "cgroups[0].utilty: is not known" },
        { "a hostile member", HEAD DOMAIN "\"cgroups\":[{" ONE ",\"\\u001b[31m\":1}]}",
          "cgroups[0].\\x1b[31m: is not known" },
        { "an id twice", HEAD DOMAIN
          "\"cgroups\":[{" ONE "},{\"id\":2,\"path\":\"/b\",\"memory\":1},{" ONE "}]}",
          "cgroups[2].id: 1 is already the id of cgroups[0]" },
        { "a negative need", HEAD DOMAIN "\"need\":-1,\"cgroups\":[]}", "need: expected 0 to " },
};

Test(read, bad_snapshots_are_refused)
{
        for (size_t i = 0; i < ARRAY_SIZE(bads); i++) {
                const struct bad *b = &bads[i];
                struct reading reading, before;
                struct read_error error = { "" };

                memset(&reading, 0x5a, sizeof(reading));
                before = reading;
                cr_expect_eq(read_snapshot_text(b->text, strlen(b->text), &reading, &error), -EINVAL, "%s",
                             b->label);
                cr_expect(strncmp(error.text, b->error, strlen(b->error)) == 0, "%s: \"%s\"", b->label,
                          error.text);
                cr_expect(memcmp(&reading, &before, sizeof(reading)) == 0, "%s: half read", b->label);
        }
}

static struct reading read_good(const char *text)
{
        struct read_error error = { "" };
        struct reading reading;

        cr_assert_eq(read_snapshot_text(text, strlen(text), &reading, &error), 0, "%s", error.text);
        return reading;
}

Test(read, what_may_be_left_out)
{
        struct reading r = read_good(HEAD "\"domain\":{\"memory_total\":1000000,\"memory_available\":1},"
                                     "\"cgroups\":[{\"id\":9,\"path\":\"/z\",\"memory\":77},{" ONE "}]}");
        const struct snapshot_cgroup *c = &r.snapshot.cgroups[1];

        cr_expect_not(r.has_need);
        cr_expect_not(r.snapshot.facts.has_psi);
        cr_expect_str_eq(r.snapshot.domain, "/");
        cr_expect(r.snapshot.n == 2 && r.snapshot.cgroups[0].id == 1 && c->id == 9, "not sorted by id");
        cr_expect(c->relief == 77 && c->swap == 0 && c->oom_score == 0 && c->processes == 0);
        cr_expect(c->utility.value == UTILITY_DEFAULT && c->utility.tier == 0 && !c->utility.protect);
        cr_expect_eq(c->barred, BARRED_NOT);
        cr_expect_str_eq(snapshot_path(&r.snapshot, c), "/z");
        read_fini(&r);
}

/* What the daemon answers, or has written into its journal. */
Test(read, snapshot_inside_of_something)
{
        struct reading r = read_good("{\"ok\":true,\"snapshot\":" HEAD DOMAIN "\"cgroups\":[{" ONE "}]},"
                                     "\"plan\":{}}");

        cr_expect_eq(r.snapshot.n, 1);
        read_fini(&r);
}

Test(read, need_and_relief_of_nothing_are_said)
{
        struct reading r = read_good(HEAD DOMAIN "\"need\":0,\"cgroups\":[{" ONE ",\"relief\":0}]}");

        cr_expect(r.has_need && r.need == 0);
        cr_expect_eq(r.snapshot.cgroups[0].relief, 0);
        read_fini(&r);
}

Test(read, protected_is_barred)
{
        struct reading r = read_good(HEAD DOMAIN "\"cgroups\":[{" ONE ",\"protected\":true}]}");

        cr_expect_eq(r.snapshot.cgroups[0].barred, BARRED_LABEL);
        cr_expect(r.snapshot.cgroups[0].utility.protect);
        read_fini(&r);
}

/* A sum that a choice could not add up is refused, however large the machine claims to be. */
Test(read, sums_are_bound)
{
        const char *head = HEAD "\"domain\":{\"memory_total\":1125899906842624,\"memory_available\":1},"
                           "\"cgroups\":[";
        char *text = malloc(MIB), *p = text + sprintf(text, "%s", head);
        struct read_error error = { "" };
        struct reading r;

        for (int i = 1; i <= 2000; i++)
                p += sprintf(p, "%s{\"id\":%d,\"path\":\"/a\",\"memory\":1}", i > 1 ? "," : "", i);
        strcpy(p, "]}");
        cr_expect_eq(read_snapshot_text(text, strlen(text), &r, &error), -EINVAL);
        cr_expect_str_eq(error.text, "cgroups: 2000 are too many for a domain of this size");
        free(text);
}

/* Numbers at the edges of their ranges, each kind of bar, every byte in a name. */
static void fill(struct snapshot *s)
{
        static char path[300] = "/";    /* the snapshot borrows it */

        cr_assert_eq(snapshot_init(s, BARRED_N + 1, 4096), 0);
        for (int i = 1; i < 256; i++)
                path[i] = (char)i;
        snapshot_reset(s, path);
        s->time_us = INT64_MAX;
        s->left_out = 3;
        s->facts = (struct domain_facts){
                .memory_total = 1ull << 50, .memory_available = 0, .memory_lists = 1ull << 49, .swap_total = 1,
                .swap_free = 1ull << 50,
                .psi = { { 1, 10, 100, 0 }, { 9999, 10000, 3333, INT64_MAX } }, .has_psi = true,
        };
        for (enum barred b = 0; b < BARRED_N; b++) {
                struct snapshot_cgroup *c = snapshot_add(s, INT64_MAX - b, b == 0 ? path : "/x");

                c->memory = 1ull << 50;
                c->relief = 1;
                c->swap = b;
                c->oom_score = 1ull << 32;
                c->processes = UINT32_MAX;
                c->utility = (struct utility){ UTILITY_MAX, TIER_MAX, b == BARRED_LABEL || b == BARRED_RULE };
                c->barred = b;
        }
        snapshot_sort(s);
}

Test(read, round_trip_is_identity)
{
        char first[16384], second[16384];
        struct snapshot s;
        struct reading r;
        struct sink a, b;

        fill(&s);
        sink_init(&a, first, sizeof(first));
        snapshot_write(&a, NULL, &s, 4711);
        cr_assert_not(a.full);
        r = read_good(a.text);
        cr_expect(r.has_need && r.need == 4711);
        sink_init(&b, second, sizeof(second));
        snapshot_write(&b, NULL, &r.snapshot, r.need);
        cr_expect_str_eq(first, second);
        for (size_t i = 0; i < s.n; i++) {
                const struct snapshot_cgroup *x = &s.cgroups[i], *y = &r.snapshot.cgroups[i];

                cr_expect(x->id == y->id && x->barred == y->barred);
                cr_expect_eq(x->utility.protect, y->utility.protect);
                cr_expect_str_eq(snapshot_path(&s, x), snapshot_path(&r.snapshot, y));
        }
        snapshot_fini(&s);
        read_fini(&r);
}

Test(read, files_that_cannot_be_read)
{
        struct read_error error = { "" };
        struct reading r;

        cr_expect_eq(read_snapshot_file("/nonexistent/snapshot", &r, &error), -ENOENT);
        cr_expect_str_eq(error.text, "No such file or directory");
        cr_expect_eq(read_snapshot_file("/tmp", &r, &error), -EISDIR);
        cr_expect_eq(read_snapshot_file("/dev/null", &r, &error), -EINVAL);
        cr_expect_eq(read_snapshot_file("/dev/zero", &r, &error), -EFBIG, "more than the cap was read");
        cr_expect_str_eq(error.text, "larger than 64 MiB");
}
