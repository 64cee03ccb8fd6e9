/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files and drop-ins: order, owners, kinds, and what a failed reload leaves behind. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "config_fixture.h"

#define NOBODY 65534

TestSuite(config_files, .init = fixture_make, .fini = fixture_remove);

Test(config_files, no_file)
{
        struct config_error error;
        struct config c, defaults;

        cr_assert(config_load(fixture_path, false, &c, &error) == 0, "%s", error.text);
        cr_expect(c.files[0] == '\0');
        cr_assert(config_init(&defaults) == 0);
        expect_same_dump("no file", &c, &defaults);
        config_fini(&c);
        config_fini(&defaults);

        cr_assert(config_load(fixture_path, true, &c, &error) == -ENOENT);
        cr_expect(strncmp(error.text, fixture_path, strlen(fixture_path)) == 0 &&
                          strstr(error.text, "No such file"),
                  "%s", error.text);
}

Test(config_files, dropins_in_the_order_of_their_names)
{
        CLEANUP(free_p) char *files = NULL;
        struct config_error error;
        struct config c;

        fixture_make_dropins();
        fixture_write("jettison.d/10-b.json", "{\"timer\":{\"min\":\"2ms\"},\"journal\":{\"keep\":10}}");
        fixture_write("jettison.d/9-c.json", "{\"timer\":{\"min\":\"9ms\"}}");
        fixture_write("jettison.d/B.json", "{\"work\":2000,\"rules\":[{\"match\":\"/b\"}]}");
        fixture_write("jettison.d/a.json", "{\"work\":3000}");
        fixture_write("jettison.d/.hidden.json", "not JSON");
        fixture_write("jettison.d/other.conf", "not JSON");
        fixture_write("jettison.d/z.json~", "not JSON");
        fixture_write("jettison.json", "{\"timer\":{\"min\":\"1ms\",\"max\":\"3s\"},\"journal\":{\"keep\":1},"
                                    "\"rules\":[{\"match\":\"/a\"},{\"match\":\"/aa\"}]}");
        cr_assert(config_load(fixture_path, true, &c, &error) == 0, "%s", error.text);
        cr_expect(c.sense.timer_min_us == 9000, "by bytes, not by number: 10 before 9");
        cr_expect(c.sense.timer_max_us == 3 * USEC_PER_SEC, "single keys are overridden, not groups");
        cr_expect(c.journal.keep == 10);
        cr_expect(c.policy.work == 3000, "capitals before small letters in every locale");
        cr_expect(c.sense.n_rules == 1 && strcmp(c.sense.rules[0].match, "/b") == 0, "lists are replaced");
        cr_assert(asprintf(&files,
                           "%s, %s/jettison.d/10-b.json, %s/jettison.d/9-c.json, %s/jettison.d/B.json, "
                           "%s/jettison.d/a.json",
                           fixture_path, fixture_folder, fixture_folder, fixture_folder, fixture_folder) > 0);
        cr_expect(strcmp(c.files, files) == 0, "%s", c.files);
        config_fini(&c);

        unlink(fixture_path);
        cr_assert(config_load(fixture_path, false, &c, &error) == 0, "drop-ins without the file: %s",
                  error.text);
        cr_expect(c.policy.work == 3000);
        config_fini(&c);
}

Test(config_files, path_without_a_folder)
{
        struct config_error error;
        struct config c;

        fixture_make_dropins();
        fixture_write("jettison.d/x.json", "{\"work\":3000}");
        fixture_write("other.json", "{}");
        cr_assert(chdir(fixture_folder) == 0);
        cr_assert(config_load("other.json", true, &c, &error) == 0, "%s", error.text);
        cr_expect(c.policy.work == 3000);
        cr_expect(strcmp(c.files, "other.json, jettison.d/x.json") == 0, "%s", c.files);
        config_fini(&c);
}

/* Keys that are good one by one and not together: the file that said the last word on one of them is named.
 */
Test(config_files, pairs_over_two_files)
{
        struct config_error error;
        struct config c;
        char *text;

        fixture_make_dropins();
        fixture_write("jettison.json",
                      "{\"trigger\":{\"available\":\"20%\"},\"target\":{\"available\":\"25%\"}}");
        fixture_write("jettison.d/a.json", "{\"feed\":\"auto\",\n\"target\":{\n\"available\":\"12%\"}}");
        cr_assert(config_load(fixture_path, true, &c, &error) == -EINVAL);
        cr_assert(
                asprintf(&text,
                         "%s/jettison.d/a.json:3: target.available: expected no less than trigger.available, "
                         "which is \"20%%\", found \"12%%\"",
                         fixture_folder) > 0);
        cr_expect(strcmp(error.text, text) == 0, "%s", error.text);
        free(text);

        fixture_write("jettison.json", "{\"trigger\":{\"available\":\"20%\"}}");
        fixture_write("jettison.d/a.json", "{\"target\":{\"available\":\"25%\"}}");
        cr_assert(config_load(fixture_path, true, &c, &error) == 0, "one file may rely on the other: %s",
                  error.text);
        config_fini(&c);
}

Test(config_files, bad_dropin)
{
        struct config_error error;
        struct config c;
        char want[256];

        fixture_make_dropins();
        fixture_write("jettison.json", "{}");
        fixture_write("jettison.d/a.json", "{\n\"feed\":1}");
        cr_assert(config_load(fixture_path, true, &c, &error) == -EINVAL);
        snprintf(want, sizeof(want), "%s/jettison.d/a.json:2: feed: ", fixture_folder);
        cr_expect(strncmp(error.text, want, strlen(want)) == 0, "%s", error.text);

        /* A link to nowhere was meant to say something. */
        snprintf(want, sizeof(want), "%s/jettison.d/a.json", fixture_folder);
        cr_assert(unlink(want) == 0 && symlink("nowhere", want) == 0);
        cr_assert(config_load(fixture_path, true, &c, &error) == -ENOENT);
        cr_expect(strncmp(error.text, want, strlen(want)) == 0, "%s", error.text);
}

Test(config_files, who_may_have_written_it)
{
        static const struct {
                const char *label;
                mode_t mode;
                bool good;
        } rows[] = {
                { "everybody reads", 0644, true },
                { "owner alone", 0600, true },
                { "read only", 0400, true },
                { "executable", 0755, true },
                { "group writes", 0664, false },
                { "group writes and nobody else reads", 0620, false },
                { "everybody writes", 0646, false },
                { "all of it", 0777, false },
        };
        struct config_error error;
        struct config c;
        char dropins[64], text[256];

        fixture_write("jettison.json", "{}");
        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                int r;

                cr_assert(chmod(fixture_path, rows[i].mode) == 0);
                r = config_load(fixture_path, true, &c, &error);
                cr_expect(r == (rows[i].good ? 0 : -EPERM), "%s: %d %s", rows[i].label, r, error.text);
                if (r == 0)
                        config_fini(&c);
        }
        snprintf(text, sizeof(text),
                 "%s: expected to belong to root or the caller and to be writable by the owner "
                 "alone, found owner %u and mode 0777",
                 fixture_path, geteuid());
        cr_expect(strcmp(error.text, text) == 0, "%s", error.text);

        fixture_write("jettison.json", "{}");
        fixture_make_dropins();
        snprintf(dropins, sizeof(dropins), "%s/jettison.d", fixture_folder);
        cr_assert(chmod(dropins, 0777) == 0);
        cr_expect(config_load(fixture_path, true, &c, &error) == -EPERM);
        cr_expect(strncmp(error.text, dropins, strlen(dropins)) == 0, "%s", error.text);
        cr_assert(chmod(dropins, 0755) == 0);

        fixture_write("jettison.d/a.json", "{}");
        strcat(dropins, "/a.json");
        cr_assert(chmod(dropins, 0666) == 0);
        cr_expect(config_load(fixture_path, true, &c, &error) == -EPERM);
        cr_expect(strncmp(error.text, dropins, strlen(dropins)) == 0, "%s", error.text);
}

Test(config_files, whose_it_is)
{
        struct config_error error;
        struct config c;

        if (geteuid() != 0)
                cr_skip_test("only root can give files away");
        fixture_write("jettison.json", "{}");
        cr_assert(chown(fixture_path, NOBODY, 0) == 0);
        cr_expect(config_load(fixture_path, true, &c, &error) == -EPERM);
        cr_expect(strstr(error.text, "found owner 65534 and mode 0644"), "%s", error.text);

        /* The caller's own is fine, and so is root's. */
        cr_assert(chmod(fixture_folder, 0755) == 0 && seteuid(NOBODY) == 0);
        cr_expect(config_load(fixture_path, true, &c, &error) == 0, "%s", error.text);
        config_fini(&c);
        cr_assert(seteuid(0) == 0 && chown(fixture_path, 0, 0) == 0 && seteuid(NOBODY) == 0);
        cr_expect(config_load(fixture_path, true, &c, &error) == 0, "%s", error.text);
        config_fini(&c);
        cr_assert(seteuid(0) == 0);
}

Test(config_files, not_a_file)
{
        struct config_error error;
        struct config c;
        char real[64];

        cr_assert(mkfifo(fixture_path, 0600) == 0);
        cr_expect(config_load(fixture_path, true, &c, &error) == -EINVAL, "a pipe");
        cr_expect(strstr(error.text, "expected a regular file"), "%s", error.text);
        cr_assert(unlink(fixture_path) == 0 && mkdir(fixture_path, 0755) == 0);
        cr_expect(config_load(fixture_path, true, &c, &error) == -EINVAL, "a folder");
        cr_assert(rmdir(fixture_path) == 0 && symlink("/dev/null", fixture_path) == 0);
        cr_expect(config_load(fixture_path, false, &c, &error) == -EINVAL, "a device");

        /* What a link leads to is what counts. */
        fixture_write("real.json", "{\"work\":5000}");
        snprintf(real, sizeof(real), "%s/real.json", fixture_folder);
        cr_assert(unlink(fixture_path) == 0 && symlink(real, fixture_path) == 0);
        cr_expect(config_load(fixture_path, true, &c, &error) == 0, "a link: %s", error.text);
        config_fini(&c);
        cr_assert(chmod(real, 0666) == 0);
        cr_expect(config_load(fixture_path, true, &c, &error) == -EPERM,
                  "a link to a file that others write");

        fixture_write("jettison.d", "{}");
        cr_assert(unlink(fixture_path) == 0);
        cr_expect(config_load(fixture_path, false, &c, &error) == -ENOTDIR, "a file for the folder");
}

/* A name that does not fit the message loses its beginning, not the error. */
Test(config_files, long_file_name)
{
        char name[256], deep[1024];
        struct config_error error;
        struct config c;

        memset(name, 'd', 250);
        strcpy(name + 250, ".json");
        fixture_write(name, "{\n\"feed\":1}");
        snprintf(deep, sizeof(deep), "%s/%s", fixture_folder, name);
        cr_assert(config_load(deep, true, &c, &error) == -EINVAL);
        cr_expect(strncmp(error.text, "...ddd", 6) == 0, "%s", error.text);
        cr_expect(strstr(error.text, "ddd.json:2: feed: expected \"auto\""), "%s", error.text);
}

/* A running configuration stays as it is while a bad one is refused, pointers and all, and can still be
 * freed. */
Test(config_files, failed_reload)
{
        CLEANUP(free_p) char *text = all_other_text();
        CLEANUP(free_p) char *before = NULL, *after = NULL;
        struct config_error error;
        struct config c, copy;

        load_good("first", text, &c);
        before = config_dump(&c);
        copy = c;
        fixture_make_dropins();
        fixture_write("jettison.d/z.json",
                      "{\"work\":2000,\"rules\":[{\"match\":\"/new\"}],\"feed\":\"none\"}");
        cr_assert(config_load(fixture_path, true, &c, &error) == -EINVAL);
        cr_expect(c.sense.rules == copy.sense.rules && c.control_path == copy.control_path &&
                  c.files == copy.files);
        after = config_dump(&c);
        cr_expect(strcmp(before, after) == 0);
        config_fini(&c);
}
