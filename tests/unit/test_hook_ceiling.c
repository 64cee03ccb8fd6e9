/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ceilings: what the file may say, what is refused and how, and what a ceiling leaves of a claim. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "config_fixture.h"
#include "hooks/ceiling.h"

TestSuite(hook_ceiling, .init = fixture_make, .fini = fixture_remove);

static int load(const char *text, struct ceilings *c, struct config_error *e)
{
        fixture_write("jettison.json", text);
        *e = (struct config_error){ 0 };
        return ceilings_load(fixture_path, true, c, e);
}

static const struct {
        const char *label, *text, *says;        /* says: behind the file's name */
} wrong[] = {
        { "garbage", "x", ":1: not JSON" },
        { "a list", "[]", ":1: expected an object" },
        { "cut off", "{\n\"ceilings\": [", ":2: not JSON" },
        { "twice", "{\"default\":1,\"default\":2}", ":1: not JSON: duplicate" },
        { "an unknown key", "{\n\n\"cielings\": []}",
          ":3: cielings: unknown key, expected \"default\" or \"ceilings\"" },
        { "default", "{\"default\":\"much\"}", ":1: default: expected a utility: 0 to 1000, \"TIER:VALUE\" "
          "with a tier of 0 to 15, or \"protect\", found \"much\"" },
        { "default over the top", "{\"default\":1001}", ", found 1001" },
        { "negative default", "{\"default\":-1}", ", found -1" },
        { "fraction", "{\"default\":1.5}", ", found 1.5" },
        { "no list", "{\"ceilings\":{}}", ":1: ceilings: expected a list of ceilings, found an object" },
        { "no object", "{\"ceilings\":[\n7]}", ":2: ceilings[0]: expected an object, found 7" },
        { "no utility", "{\"ceilings\":[{\"image\":\"a\",\"utility\":1},\n{\"image\":\"a\"}]}",
          ":2: ceilings[1]: expected a \"utility\", found an object" },
        { "of nothing", "{\"ceilings\":[{\"utility\":1}]}",
          ":1: ceilings[0]: expected a \"namespace\", an \"image\" or both" },
        { "utility", "{\"ceilings\":[{\"image\":\"a\",\n\"utility\":\"16:1\"}]}",
          ":2: ceilings[0].utility: expected a utility" },
        { "an unknown key inside", "{\"ceilings\":[{\"image\":\"a\",\n\"utility\":1,\n\"name\":\"x\"}]}",
          ":3: ceilings[0].name: unknown key, expected \"namespace\", \"image\" or \"utility\"" },
        { "a pattern that is no text", "{\"ceilings\":[{\"namespace\":5,\"utility\":1}]}",
          ":1: ceilings[0].namespace: expected a pattern of namespaces such as \"batch-*\", found 5" },
        { "an empty pattern", "{\"ceilings\":[{\"image\":\"\",\"utility\":1}]}",
          "image: expected a pattern of image names such as \"docker.io/library/*\", found \"\"" },
        { "an open class", "{\"ceilings\":[{\"image\":\"[a\",\"utility\":1}]}", "found \"[a\"" },
        { "an absolute image", "{\"ceilings\":[{\"image\":\"/a\",\"utility\":1}]}", "found \"/a\"" },
        { "a path for a namespace", "{\"ceilings\":[{\"namespace\":\"a/*\",\"utility\":1}]}",
          "found \"a/*\"" },
        { "control bytes", "{\"\\u001b[2J\":1}", ":1: ?[2J: unknown key" },
        { "deep", "{\"ceilings\":[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]}", "levels of brackets" },
};

Test(hook_ceiling, what_is_refused)
{
        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                struct ceilings c = CEILINGS_BROKEN, before = c;
                struct config_error e;

                cr_expect(load(wrong[i].text, &c, &e) < 0, "%s", wrong[i].label);
                cr_expect(strstr(e.text, wrong[i].says), "%s: %s", wrong[i].label, e.text);
                cr_expect_eq(strncmp(e.text, fixture_path, strlen(fixture_path)), 0, "%s: %s", wrong[i].label, e.text);
                cr_expect_eq(memcmp(&c, &before, sizeof(c)), 0, "%s: the result was touched", wrong[i].label);
        }
}

Test(hook_ceiling, a_file_of_anybodys)
{
        struct ceilings c = CEILINGS_BROKEN;
        struct config_error e = { 0 };

        fixture_write("jettison.json", "{}");
        cr_assert(chmod(fixture_path, 0666) == 0);
        cr_expect_eq(ceilings_load(fixture_path, true, &c, &e), -EPERM);
        cr_expect(strstr(e.text, "writable by the owner alone"), "%s", e.text);
}

Test(hook_ceiling, no_file)
{
        struct ceilings c = CEILINGS_BROKEN;
        struct config_error e = { 0 };

        cr_expect_eq(ceilings_load(fixture_path, true, &c, &e), -ENOENT);
        cr_expect(strstr(e.text, "No such file"), "%s", e.text);
        cr_expect_eq(ceilings_load(fixture_path, false, &c, &e), 0);
        cr_expect(c.n == 0 && c.otherwise.value == UTILITY_MAX);
        cr_expect(c.otherwise.tier == 0 && !c.otherwise.protect);
        ceilings_fini(&c);
}

static const char house[] =
        "{ \"default\": 500, \"ceilings\": ["
        "  { \"namespace\": \"batch-vip\", \"utility\": \"2:900\" },"
        "  { \"namespace\": \"batch-*\", \"image\": \"**/lab/**\", \"utility\": 7 },"
        "  { \"image\": \"*/untrusted/*\", \"utility\": 50 },"
        "  { \"namespace\": \"batch-*\", \"utility\": \"3:200\" },"
        "  { \"namespace\": \"kube-system\", \"utility\": \"protect\" } ] }";

static const struct {
        const char *label, *namespaces[3], *images[3], *asked, *given;
} rows[] = {
        { "unknown, below the default", { NULL }, { NULL }, "499", "499" },
        { "unknown, at the default", { NULL }, { NULL }, "500", "500" },
        { "unknown, above it", { NULL }, { NULL }, "501", "500" },
        { "unknown, a tier", { NULL }, { NULL }, "1:0", "500" },
        { "unknown, protect", { NULL }, { NULL }, "protect", "500" },
        { "another namespace", { "web" }, { NULL }, "1000", "500" },
        { "tier before value", { "batch-1" }, { NULL }, "2:1000", "2:1000" },
        { "the tier's value", { "batch-1" }, { NULL }, "3:201", "3:200" },
        { "a tier above", { "batch-1" }, { NULL }, "4:0", "3:200" },
        { "protect is above a tier", { "batch-1" }, { NULL }, "protect", "3:200" },
        { "the first that matches", { "batch-vip" }, { "quay.io/lab/x" }, "protect", "2:900" },
        { "a ceiling of protect", { "kube-system" }, { NULL }, "protect", "protect" },
        { "an image", { "web" }, { "docker.io/untrusted/x:1" }, "protect", "50" },
        { "an image without a namespace", { NULL }, { "docker.io/untrusted/x:1" }, "60", "50" },
        { "an image further down is another", { NULL }, { "docker.io/a/untrusted/x:1" }, "60", "60" },
        { "both", { "batch-1" }, { "quay.io/a/lab/b/c" }, "9", "7" },
        { "one of both", { "web" }, { "quay.io/a/lab/b/c" }, "9", "9" },
        { "a star in the name is a byte", { "*" }, { "**" }, "protect", "500" },
        { "a slash in the namespace", { "batch-1/x" }, { NULL }, "protect", "500" },
        { "a forged namespace lifts nothing", { "kube-system", "batch-1" }, { NULL }, "protect", "3:200" },
        { "nor does it behind the true one", { "batch-1", "kube-system" }, { NULL }, "protect", "3:200" },
        { "a forged image lifts nothing", { NULL }, { "good/x", "docker.io/untrusted/x" }, "protect", "50" },
        { "every pair counts", { "web", "batch-1" }, { "a", "x/lab/y" }, "100", "7" },
};

Test(hook_ceiling, what_is_left)
{
        struct config_error e;
        struct ceilings c;

        cr_assert_eq(load(house, &c, &e), 0, "%s", e.text);
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct claim claim = { 0 };
                char given[UTILITY_TEXT_MAX + 1];
                bool lowered;

                memcpy(claim.namespaces, rows[i].namespaces, sizeof(rows[i].namespaces));
                memcpy(claim.images, rows[i].images, sizeof(rows[i].images));
                cr_assert(utility_parse(rows[i].asked, strlen(rows[i].asked), &claim.utility) == 0);
                lowered = ceilings_lower(&c, &claim);
                cr_expect_str_eq(utility_format(claim.utility, given), rows[i].given, "%s: %s", rows[i].label,
                                 given);
                cr_expect_eq(lowered, strcmp(rows[i].asked, rows[i].given) != 0, "%s", rows[i].label);
        }
        ceilings_fini(&c);
}

/* What takes the place of a file that cannot be read gives no more than having no label. */
Test(hook_ceiling, broken_is_safe)
{
        struct ceilings c = CEILINGS_BROKEN;
        struct claim high = { .utility = { .protect = true } }, low = { .utility = { .value = 3 } };

        cr_expect(ceilings_lower(&c, &high));
        cr_expect(!high.utility.protect && high.utility.tier == 0 && high.utility.value == UTILITY_DEFAULT);
        cr_expect(!ceilings_lower(&c, &low));
        cr_expect_eq(low.utility.value, 3);
}

/* The example that is installed. */
Test(hook_ceiling, the_example)
{
        char name[4096];
        struct config_error e = { 0 };
        struct ceilings c;

        snprintf(name, sizeof(name), "%s/hooks/hook.json", getenv("JETTISON_SOURCE"));
        cr_assert_eq(ceilings_load(name, true, &c, &e), 0, "%s", e.text);
        cr_expect_gt(c.n, 0);
        ceilings_fini(&c);
}
