/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where things stand in TOML, what an edit puts in and takes out, and how the difference is shown. */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cli/configure_diff.h"
#include "cli/configure_json.h"
#include "cli/configure_patch.h"
#include "cli/configure_toml.h"

#define D TOML_DOT

static const struct {
        const char *label, *text, *path, *value;        /* NULL: there is no such value */
} found[] = {
        { "a key", "version = 2\n", "version", "2" },
        { "no line end", "version = 2", "version", "2" },
        { "windows line ends", "a = 1\r\n[t]\r\nb = 'x'\r\n", "t" D "b", "'x'" },
        { "a comment behind", "a = \"#\" # \"no\"\n", "a", "\"#\"" },
        { "a table", "[a]\nb = true\n[c]\nb = false\n", "c" D "b", "false" },
        { "quoted and spaced", "[ plugins . \"io.x.v1\" . 'c' ]\n k = 1\n",
          "plugins" D "io.x.v1" D "c" D "k", "1" },
        { "dotted", "[a]\nb . \"c.d\" = 1\n", "a" D "b" D "c.d", "1" },
        { "an inline table", "e = { h = [\"x\"], \"y\" = {} }\n", "e" D "h", "[\"x\"]" },
        { "in an inline table", "e = { h = 1, y = { z = 2 } }\n", "e" D "y" D "z", "2" },
        { "an array of many lines", "a = [ # [\n 'x', # ]\n [1, {b = 2}],\n ]\nc = 3\n", "a",
          "[ # [\n 'x', # ]\n [1, {b = 2}],\n ]" },
        { "behind it", "a = [ # [\n 'x',\n ]\nc = 3\n", "c", "3" },
        { "not in an array of tables", "[[a]]\nb = 1\n[a.c]\nb = 2\n[[a]]\nb = 1\n", "a" D "b", NULL },
        { "behind an array of tables", "[[a]]\nb = 1\n[[a]]\nb = 1\n[d]\ne = 5\n", "d" D "e", "5" },
        { "not in an array", "a = [{b = 1}]\n", "a" D "b", NULL },
        { "escapes", "a = \"\\\"\\\\\" \nb = 1\n", "b", "1" },
        { "a literal ends at its quote", "a = '\\'\nb = 1\n", "b", "1" },
        { "a long string", "a = \"\"\"\n[t]\nb = 1 \\\"\\\"\\\" \"\"\"\"\"\nc = 1\n", "c", "1" },
        { "no table in a long string", "a = '''\n[t]\nb = 1\n'''\n", "t" D "b", NULL },
        { "a date", "a = 1979-05-27 07:32:00Z\n", "a", "1979-05-27 07:32:00Z" },
        { "numbers", "a = -1_000.5e+3\nb = 0xdead_BEEF\n", "b", "0xdead_BEEF" },
        { "a byte order mark", "\xef\xbb\xbf" "a = 1\n", "a", "1" },
        { "nothing", "", "a", NULL },
        { "comments", "# a = 1\n\n", "a", NULL },
};

Test(configure, values_are_found_where_they_stand)
{
        for (size_t i = 0; i < ARRAY_SIZE(found); i++) {
                CLEANUP(toml_fini) struct toml t = { 0 };
                const struct toml_item *item;
                struct toml_error e;

                cr_assert(toml_read(found[i].text, &t, &e) == 0, "%s: line %zu: %s", found[i].label, e.line,
                          e.text);
                item = toml_value(&t, found[i].path);
                cr_assert((item != NULL) == (found[i].value != NULL), "%s", found[i].label);
                if (item)
                        cr_expect(strlen(found[i].value) == item->end - item->begin &&
                                  memcmp(found[i].text + item->begin, found[i].value,
                                         item->end - item->begin) == 0, "%s", found[i].label);
        }
}

static const struct {
        const char *text;
        size_t line;
} refused[] = {
        { "a", 1 }, { "a =", 1 }, { "= 1", 1 }, { "\na = b\n", 2 }, { "a = 1 b = 2", 1 },
        { "a = \"x\n\"", 1 }, { "a = 'x", 1 }, { "a = \"\"\"\n\n", 3 }, { "a = [1\n2]", 2 }, { "a = [", 1 },
        { "a = {b = 1", 1 }, { "a = {b = 1\n}", 1 }, { "[a\n", 1 }, { "[a] b\n", 1 }, { "[]\n", 1 },
        { "[[a]\n", 1 }, { "[a.]\n", 1 }, { "a = 1\na = 2\n", 2 }, { "[a]\n[b]\n[a]\n", 3 },
        { "[a]\nb = 1\n[a.b]\n", 3 }, { "a = trueish\n", 1 }, { "a = \x01\n", 1 },
        { "\"a\\u0041\" = 1\n", 1 }, { "a = \"\\", 1 },
        { "a = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\n", 1 },
};

Test(configure, what_is_no_toml_is_refused_with_its_line)
{
        for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
                struct toml t = { .n_items = 7 };
                struct toml_error e = { 0 };

                cr_expect(toml_read(refused[i].text, &t, &e) < 0, "%s", refused[i].text);
                cr_expect(e.line == refused[i].line && e.text[0], "%s: line %zu", refused[i].text, e.line);
                cr_expect_eq(t.n_items, 7, "%s", refused[i].text);
        }
}

/* Every beginning of a text is read or refused, and nothing else. */
Test(configure, texts_may_end_anywhere)
{
        for (size_t i = 0; i < ARRAY_SIZE(found); i++)
                for (size_t len = 0; len <= strlen(found[i].text); len++) {
                        CLEANUP(free_p) char *text = strndup(found[i].text, len);
                        CLEANUP(toml_fini) struct toml t = { 0 };
                        struct toml_error e = { 0 };

                        if (toml_read(text, &t, &e) < 0)
                                cr_expect(e.line > 0 && e.text[0], "%s", text);
                }
}

static const struct {
        const char *text, *strings;     /* joined by '|'; NULL: not plain strings */
        const char *before_end;
} lists[] = {
        { "a = []\n", "", "a = [" },
        { "a = [ # none\n]\n", "", "a = [" },
        { "a = ['x', \"y\\n\\\"\"]\n", "x|y\n\"", "a = ['x', \"y\\n\\\"\"" },
        { "a = [\n  \"x\", # , 'z'\n]\n", "x", "a = [\n  \"x\"" },
        { "a = ['x', 1]\n", NULL, NULL },
        { "a = ['x', {append = true}]\n", NULL, NULL },
        { "a = ['x', \"\\u0041\"]\n", NULL, NULL },
        { "a = ['''x''']\n", NULL, NULL },
        { "a = 'x'\n", NULL, NULL },
};

Test(configure, lists_of_strings)
{
        for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
                CLEANUP(toml_fini) struct toml t = { 0 };
                CLEANUP(strings_free_p) char **strings = NULL;
                char joined[64] = "";
                struct toml_error e;
                size_t end = 0;

                cr_assert(toml_read(lists[i].text, &t, &e) == 0, "%s", lists[i].text);
                strings = toml_strings(&t, toml_value(&t, "a"), &end);
                cr_assert((strings != NULL) == (lists[i].strings != NULL), "%s", lists[i].text);
                for (char **p = strings; p && *p; p++)
                        strcat(strcat(joined, p > strings ? "|" : ""), *p);
                if (strings) {
                        cr_expect_str_eq(joined, lists[i].strings);
                        cr_expect_eq(end, strlen(lists[i].before_end), "%s", lists[i].text);
                }
        }
}

static const struct {
        const char *text;
        bool obstacle;          /* to [a.b.c] */
} obstacles[] = {
        { "[a.b]\nx = 1\n", false }, { "[a.b.c.d]\nx = 1\n", false }, { "[a.b]\ncd = 1\n", false },
        { "[a.b]\nx.c = 1\n", false }, { "[a]\nx.b.c = 1\n", false }, { "", false },
        { "[a]\nb = { c = {} }\n", true }, { "[a]\nb.x = 1\n", true }, { "[a]\nb = 5\n", true },
        { "[a.b]\nc.x = 1\n", true }, { "a.b.c.x = 1\n", true },
};

Test(configure, what_keeps_a_table_from_being_added)
{
        for (size_t i = 0; i < ARRAY_SIZE(obstacles); i++) {
                CLEANUP(toml_fini) struct toml t = { 0 };
                struct toml_error e;

                cr_assert(toml_read(obstacles[i].text, &t, &e) == 0, "%s", obstacles[i].text);
                cr_expect_eq(toml_obstacle(&t, "a" D "b" D "c") != NULL, obstacles[i].obstacle, "%s",
                             obstacles[i].text);
        }
}

Test(configure, a_patch_goes_in_and_comes_out)
{
        static const char text[] = "one []\ntwo [x]\n";
        CLEANUP(patch_fini) struct patch p = { 0 };
        CLEANUP(free_p) char *in = NULL, *out = NULL, *changed = NULL;
        size_t missing = 9;

        patch_add(&p, 13, strdup(", y"));
        patch_add(&p, 5, strdup("y"));
        patch_add(&p, strlen(text), strdup("three\n"));
        in = patch_apply(&p, text);
        cr_assert_str_eq(in, "one [y]\ntwo [x, y]\nthree\n");
        out = patch_take_out(&p, "# mine\none [y]\ntwo [z, x, y]\nthree\nfour\n", &missing);
        cr_expect_str_eq(out, "# mine\none []\ntwo [z, x]\nfour\n");
        cr_expect_eq(missing, 0);
        changed = patch_take_out(&p, "why [y]\nthree\nthree\n", &missing);
        cr_expect_str_eq(changed, "why [y]\nthree\nthree\n", "what is there more often is left");
        cr_expect_eq(missing, 3);
}

#define HOOK "/usr/libexec/oci/hooks.d/jettison-hook"

Test(configure, a_patch_may_take_the_place_of_text)
{
        static const char text[] = "{\"a\": \"x\", \"b\": null}";
        CLEANUP(patch_fini) struct patch p = { 0 };
        CLEANUP(free_p) char *in = NULL, *out = NULL;
        size_t missing = 9;

        patch_replace(&p, 11, strdup("\"b\": null"), strdup("B"));
        patch_replace(&p, 1, strdup("\"a\": \"x\""), strdup("\"a\": \"longer\""));
        in = patch_apply(&p, text);
        cr_assert_str_eq(in, "{\"a\": \"longer\", B}");
        out = patch_take_out(&p, "{\"c\": 1, \"a\": \"longer\", B}", &missing);
        cr_expect_str_eq(out, "{\"c\": 1, \"a\": \"x\", \"b\": null}");
        cr_expect_eq(missing, 0);
}

static const struct {
        const char *label, *text;
        size_t at;              /* our hook's place in the list */
        bool added;
} specs[] = {
        { "no hooks", "{\n  \"ociVersion\": \"1.0.2\", \"root\": {\"hooks\": {}}\n}\n", 0, true },
        { "no stage", "{\"ociVersion\":\"1.0.2\",\"hooks\":{\"poststop\":[{\"path\":\"/x\"}]}}", 0, true },
        { "empty hooks", "{\"hooks\": {}, \"ociVersion\": \"1.0.2\"}", 0, true },
        { "empty stage", "{\"ociVersion\":\"1\",\"hooks\":{\"createRuntime\":[]}}", 0, true },
        { "hooks are null", "{\"hooks\":null,\"ociVersion\":\"1\"}", 0, true },
        { "the stage is null", "{\"hooks\":{\"createRuntime\": null },\"ociVersion\":\"1\"}", 0, true },
        { "numbers beyond 64 bits", "{\"a\":18446744073709551615,\"ociVersion\":\"1\"}", 0, true },
        { "another hook", "{\"a\":\"}\\\"]\",\"ociVersion\":\"1\",\"hooks\":{\"createRuntime\":"
          "[{\"path\":\"/x\"}]}}", 0, true },
        { "there", "{\"ociVersion\":\"1\",\"hooks\":{\"createRuntime\":[{\"path\":\"/x\"},"
          "{\"path\":\"" HOOK "\"}]}}", 1, false },
        { "there under another path", "{\"ociVersion\":\"1\",\"hooks\":{\"createRuntime\":[{\"path\":"
          "\"/opt/jettison-hook\"}]}}", 0, false },
        { "there for prestart", "{\"ociVersion\":\"1\",\"hooks\":{\"prestart\":[{\"path\":\"" HOOK "\"}]}}",
          0, false },
};

Test(configure, a_specification_gets_the_hook_once)
{
        for (size_t i = 0; i < ARRAY_SIZE(specs); i++) {
                CLEANUP(patch_fini) struct patch p = { 0 }, again = { 0 };
                CLEANUP(free_p) char *why = NULL, *text = NULL, *back = NULL;
                const json_t *stage;
                size_t missing;
                json_t *spec;

                cr_assert_eq(spec_add_hook(specs[i].text, HOOK, &p, &why), 0, "%s", specs[i].label);
                cr_assert_eq(p.n, specs[i].added ? 1 : 0, "%s", specs[i].label);
                text = patch_apply(&p, specs[i].text);
                spec = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL, NULL);
                cr_assert(spec, "%s: %s", specs[i].label, text);
                stage = json_object_get(json_object_get(spec, "hooks"), "createRuntime");
                if (specs[i].added)
                        cr_expect(spec_is_hook(json_array_get(stage, specs[i].at), HOOK), "%s",
                                  specs[i].label);
                json_decref(spec);
                cr_expect(spec_add_hook(text, HOOK, &again, &why) == 0 && again.n == 0, "%s: twice",
                          specs[i].label);
                back = patch_take_out(&p, text, &missing);
                cr_expect_str_eq(back, specs[i].text);
        }
}

Test(configure, what_is_no_specification_is_refused)
{
        static const char *const texts[] = {
                "", "{", "[]", "5", "{}", "{\"ociVersion\":1}", "{\"ociVersion\":\"1\",\"hooks\":[]}",
                "{\"ociVersion\":\"1\",\"h\\u006foks\":{}}",
                "{\"ociVersion\":\"1\",\"hooks\":{\"createRuntime\":{}}}",
                "{\"ociVersion\":\"1\",\"hooks\":{},\"hooks\":{}}",
        };

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                CLEANUP(patch_fini) struct patch p = { 0 };
                CLEANUP(free_p) char *why = NULL;

                cr_expect(spec_add_hook(texts[i], HOOK, &p, &why) < 0 && why && p.n == 0, "%s", texts[i]);
        }
}

static char *diff_text(const char *before, const char *after)
{
        const struct term term = { 0 };
        char *text;
        size_t len;
        FILE *out = open_memstream(&text, &len);

        diff_print("/f", before, after, out, &term);
        fclose(out);
        return text;
}

Test(configure, the_difference_is_shown)
{
        CLEANUP(free_p) char *some = diff_text("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\nnew\n5\n6\n");
        CLEANUP(free_p) char *made = diff_text(NULL, "a"), *gone = diff_text("a\n", NULL);
        CLEANUP(free_p) char *same = diff_text("a", "a"), *empty = diff_text("", "a\n");
        CLEANUP(free_p) char *between = diff_text("1\n2\n3\n", "x\n2\ny\n");

        cr_expect_str_eq(some, "--- /f\n+++ /f\n@@ -2,5 +2,6 @@\n 2\n 3\n 4\n+new\n 5\n 6\n");
        cr_expect_str_eq(made, "--- /dev/null\n+++ /f\n@@ -0,0 +1,1 @@\n+a\n\\ No newline at end of file\n");
        cr_expect_str_eq(gone, "--- /f\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-a\n");
        cr_expect_str_eq(empty, "--- /f\n+++ /f\n@@ -0,0 +1,1 @@\n+a\n");
        cr_expect_str_eq(between, "--- /f\n+++ /f\n@@ -1,3 +1,3 @@\n-1\n+x\n 2\n-3\n+y\n");
        cr_expect_str_eq(same, "");
}

/* What comes of 'before' when the hunks of a diff are carried out; every context line must be there. */
static char *carry_out(const char *before, const char *diff)
{
        char *out = calloc(1, strlen(before) + strlen(diff) + 1);
        size_t at = 1, old, skip = 0;

        for (const char *p = diff; *p; p += strcspn(p, "\n") + 1) {
                size_t len = strcspn(p, "\n") + 1;

                if (skip++ < 2)
                        continue;
                if (sscanf(p, "@@ -%zu", &old) == 1) {
                        old += strncmp(p + strcspn(p, ","), ",0 ", 3) == 0;
                        for (; at < old; at++, before += strcspn(before, "\n") + 1)
                                strncat(out, before, strcspn(before, "\n") + 1);
                        continue;
                }
                if (*p != '+') {
                        cr_assert(strncmp(before, p + 1, len - 1) == 0, "%s", diff);
                        before += len - 1;
                        at++;
                }
                if (*p != '-')
                        strncat(out, p + 1, len - 1);
        }
        return strcat(out, before);
}

Test(configure, a_difference_can_be_carried_out)
{
        static const char *const some[] = { "a\n", "b\n", "c\n", "dd\n", "\n" };
        unsigned seed = 11;

        for (int round = 0; round < 300; round++) {
                char before[256] = "", after[256] = "";

                for (int i = rand_r(&seed) % 30; i > 0; i--) {
                        const char *line = some[rand_r(&seed) % ARRAY_SIZE(some)];

                        if (rand_r(&seed) % 6)
                                strcat(before, line);
                        if (rand_r(&seed) % 6)
                                strcat(after, line);
                }
                CLEANUP(free_p) char *diff = diff_text(before, after), *result = carry_out(before, diff);

                cr_assert_str_eq(result, after, "%s", diff);
        }
}
