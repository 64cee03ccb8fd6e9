/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What must agree with the table of keys: the installed file, the examples, the manual page.
 *
 * JETTISON_SOURCE names the top of the source tree; without it, that is where the test is started. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/glob.h"
#include "config_fixture.h"
#include "serve/config_private.h"

TestSuite(config_agrees, .init = fixture_make, .fini = fixture_remove);

static const char *source_root(void)
{
        const char *root = getenv("JETTISON_SOURCE");

        return root ? root : ".";
}

static char *read_source(const char *name)
{
        CLEANUP(free_p) char *full = NULL;
        char *text = calloc(1, CONFIG_SIZE_MAX + 1);
        FILE *f;

        cr_assert(text && asprintf(&full, "%s/%s", source_root(), name) > 0);
        f = fopen(full, "r");
        cr_assert(f, "%s: %s", full, strerror(errno));
        cr_assert(fread(text, 1, CONFIG_SIZE_MAX, f) > 0);
        fclose(f);
        return text;
}

Test(config_agrees, the_installed_file_is_the_dump_of_the_defaults)
{
        CLEANUP(free_p) char *file = read_source("examples/config/jettison.json");
        CLEANUP(free_p) char *dumped = NULL;
        struct config c;

        cr_assert(config_init(&c) == 0);
        dumped = config_dump(&c);
        cr_expect(strcmp(file, dumped) == 0, "examples/config/jettison.json should be:\n%s", dumped);
        config_fini(&c);
}

Test(config_agrees, every_example_loads)
{
        CLEANUP(free_p) char *folder = NULL;
        struct dirent *entry;
        size_t n = 0;
        DIR *dir;

        cr_assert(asprintf(&folder, "%s/examples/config", source_root()) > 0);
        dir = opendir(folder);
        cr_assert(dir, "%s", folder);
        while ((entry = readdir(dir))) {
                CLEANUP(free_p) char *name = NULL, *text = NULL;
                struct config c;

                if (!strstr(entry->d_name, ".json"))
                        continue;
                cr_assert(asprintf(&name, "examples/config/%s", entry->d_name) > 0);
                text = read_source(name);
                load_good(name, text, &c);
                expect_dump_loads_again(name, &c);
                config_fini(&c);
                n++;
        }
        closedir(dir);
        cr_assert(n >= 4, "only %zu examples", n);
}

/* The report's own setting, number by number. */
Test(config_agrees, the_report)
{
        CLEANUP(free_p) char *text = read_source("examples/config/report.json");
        struct config c;

        load_good("report.json", text, &c);
        cr_expect(c.policy.act_available.permyriad == 3000 && c.policy.act_available.bytes == UINT64_MAX);
        cr_expect(c.policy.stall_kind == STALL_FULL && c.policy.stall_permyriad == 3000);
        cr_expect(c.policy.stall_window_us == 10 * USEC_PER_SEC && c.policy.stall_required);
        cr_expect(c.sense.timer_min_us == 5 * USEC_PER_SEC && c.sense.timer_max_us == 5 * USEC_PER_SEC);
        cr_expect(c.act.settle_us == USEC_PER_SEC);
        cr_expect(!c.policy.weigh_memory && c.policy.oom_score_unit == 1);
        cr_expect(c.policy.capacity_fixed && c.policy.capacity == 1000 && c.policy.cover == COVER_WEIGHT);
        cr_expect(c.act.method == STRIKE_SIGNALS && c.act.grace_us == USEC_PER_SEC);
        config_fini(&c);
}

/* What an example says of a cgroup, by the rule that speaks first. */
struct verdict_row {
        const char *path, *utility;     /* "": no rule speaks */
        bool candidate;
};

static void expect_verdicts(const struct config *c, const struct verdict_row *rows, size_t n)
{
        for (size_t i = 0; i < n; i++) {
                char utility[UTILITY_TEXT_MAX + 1] = "";
                bool candidate = false;

                for (size_t j = 0; j < c->sense.n_rules; j++)
                        if (glob_match(c->sense.rules[j].match, rows[i].path)) {
                                utility_format(c->sense.rules[j].utility, utility);
                                candidate = c->sense.rules[j].candidate;
                                break;
                        }
                cr_expect(strcmp(utility, rows[i].utility) == 0 && candidate == rows[i].candidate,
                          "%s: \"%s\"%s", rows[i].path, utility, candidate ? ", may die" : "");
        }
}

/* What the list of protected services is for. */
Test(config_agrees, the_services_a_host_needs)
{
        static const struct verdict_row rows[] = {
                { "/system.slice/systemd-journald.service", "protect", false },
                { "/system.slice/systemd-logind.service", "protect", false },
                { "/system.slice/system-systemd\\x2dfsck.slice/systemd-fsck@dev-sda1.service", "protect",
                  false },
                { "/system.slice/dbus.service", "protect", false },
                { "/system.slice/dbus-broker.service", "protect", false },
                { "/system.slice/ssh.service", "protect", false },
                { "/system.slice/sshd.service", "protect", false },
                { "/system.slice/system-ssh.slice/ssh@1-10.0.0.1:22.service", "protect", false },
                { "/system.slice/system-getty.slice/getty@tty1.service", "protect", false },
                { "/system.slice/system-serial\\x2dgetty.slice/serial-getty@ttyS0.service", "protect",
                  false },
                { "/system.slice/wpa_supplicant.service", "protect", false },
                { "/system.slice/system-wpa_supplicant.slice/wpa_supplicant@wlan0.service", "protect",
                  false },
                { "/system.slice/iwd.service", "protect", false },
                { "/system.slice/dhcpcd.service", "protect", false },
                { "/system.slice/docker.service", "protect", false },
                { "/system.slice/libvirtd.service", "protect", false },
                { "/system.slice/virtqemud.service", "protect", false },
                { "/system.slice/lxd.service", "protect", false },
                { "/system.slice/snap.lxd.daemon.service", "protect", false },
                { "/system.slice/incus.service", "protect", false },
                { "/system.slice/lxcfs.service", "protect", false },
                { "/system.slice/nginx.service", "1:300", true },
                { "/system.slice/system-postgresql.slice/postgresql@15-main.service", "1:500", true },
                { "/system.slice/cron.service", "20", true },
                { "/system.slice/docker-0123456789ab.scope", "", false },
                { "/system.slice", "", false },
                { "/init.scope", "", false },
                { "/user.slice/user-1000.slice/session-1.scope", "", false },
        };
        CLEANUP(free_p) char *text = read_source("examples/config/services.json");
        struct config c;

        load_good("services.json", text, &c);
        expect_verdicts(&c, rows, ARRAY_SIZE(rows));
        config_fini(&c);
}

/* The web outlives the batch jobs, the nightly ones go first, and each has its time to save its state. */
Test(config_agrees, batch_beside_the_web)
{
        static const struct verdict_row rows[] = {
                { "/web.slice/libpod-0123456789ab.scope", "1:500", false },
                { "/web.slice/shop.slice/docker-0123456789ab.scope", "1:500", false },
                { "/batch.slice/nightly-backup.service", "5", true },
                { "/batch.slice/render.service", "50", true },
                { "/batch.slice/libpod-0123456789ab.scope", "50", false },
                { "/batch.slice/fleet.slice/render.service", "50", false },
                { "/system.slice/cron.service", "", false },
        };
        CLEANUP(free_p) char *text = read_source("examples/config/batch-vs-web.json");
        struct config c;

        load_good("batch-vs-web.json", text, &c);
        expect_verdicts(&c, rows, ARRAY_SIZE(rows));
        cr_expect(c.sense.host && !c.sense.domains_auto && c.sense.n_domains == 1);
        cr_expect(strcmp(c.sense.domains[0], "/batch.slice") == 0);
        cr_expect(c.sense.labels_user == LABELS_USER_NEVER);
        cr_expect(c.act.grace_us == 2 * USEC_PER_SEC && c.act.backoff_us == 60 * USEC_PER_SEC);
        config_fini(&c);
}

/* "*NAME* (…, default *VALUE*)" and on the next line the sentence of the table. */
static void expect_in_manual(const char *manual, const char *name, const char *default_text,
                             const char *about)
{
        CLEANUP(free_p) char *start = NULL, *value = NULL, *sentence = NULL;
        const char *line, *end;

        cr_assert(asprintf(&start, "\n*%s* (", name) > 0);
        cr_assert(asprintf(&value, ", default *%s*)\n", default_text) > 0);
        cr_assert(asprintf(&sentence, "\t%s", about) > 0);
        line = strstr(manual, start);
        cr_expect(line, "%s is not in the manual page", name);
        if (!line)
                return;
        cr_expect(!strstr(line + 1, start), "%s is in the manual page twice", name);
        end = strchr(line + 1, '\n') + 1;
        cr_expect((size_t)(end - line) > strlen(value) &&
                          strncmp(end - strlen(value), value, strlen(value)) == 0,
                  "the manual page gives another default than %s for %s", default_text, name);
        cr_expect(strncmp(end, sentence, strlen(sentence)) == 0,
                  "the manual page says something else of %s than: %s", name, about);
}

Test(config_agrees, manual_page)
{
        CLEANUP(free_p) char *manual = read_source("man/jettison.json.5.scd");
        json_t *defaults = dump_defaults();
        size_t n_keys, n_entries = 0;
        const struct key *keys = config_keys(&n_keys);

        for (size_t i = 0; i < n_keys; i++) {
                json_t *value = value_at(defaults, keys[i].name);
                CLEANUP(free_p) char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

                expect_in_manual(manual, keys[i].name, text, keys[i].about);
        }
        json_decref(defaults);
        n_entries += n_keys;

        keys = config_rule_keys(&n_keys);
        for (size_t i = 0; i < n_keys; i++)
                expect_in_manual(manual, keys[i].name,
                                 strcmp(keys[i].name, "match") == 0     ? "none, it must be there"
                                 : strcmp(keys[i].name, "utility") == 0 ? "none"
                                                                        : "false",
                                 keys[i].about);
        n_entries += n_keys;

        /* And no key that is not in a table. */
        for (const char *line = manual; (line = strstr(line, ", default *")); line++)
                n_entries--;
        cr_expect(n_entries == 0, "the manual page has other entries than the tables");
}
