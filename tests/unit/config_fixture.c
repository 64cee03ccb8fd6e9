/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config_fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"

char fixture_folder[] = "/tmp/jettison-config-XXXXXX";
char fixture_path[sizeof(fixture_folder) + 32];

void fixture_make(void)
{
        cr_assert(mkdtemp(fixture_folder));
        snprintf(fixture_path, sizeof(fixture_path), "%s/jettison.json", fixture_folder);
}

static int remove_entry(const char *name, const struct stat *st UNUSED, int type UNUSED,
                        struct FTW *ftw UNUSED)
{
        return remove(name);
}

void fixture_remove(void)
{
        nftw(fixture_folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void fixture_write_bytes(const char *name, const char *bytes, size_t len)
{
        CLEANUP(free_p) char *full = NULL;
        FILE *f;

        cr_assert(asprintf(&full, "%s/%s", fixture_folder, name) > 0);
        /* A new file each time: what is cut to nothing and written again is flushed by ext4 at once. */
        unlink(full);
        f = fopen(full, "w");
        cr_assert(f, "%s: %s", full, strerror(errno));
        cr_assert(fwrite(bytes, 1, len, f) == len);
        cr_assert(fclose(f) == 0);
        cr_assert(chmod(full, 0644) == 0);
}

void fixture_write(const char *name, const char *text)
{
        fixture_write_bytes(name, text, strlen(text));
}

void fixture_make_dropins(void)
{
        char name[sizeof(fixture_folder) + 16];

        snprintf(name, sizeof(name), "%s/jettison.d", fixture_folder);
        cr_assert(mkdir(name, 0755) == 0 && chmod(name, 0755) == 0);
}

char *quoted(const char *text)
{
        char *copy = strdup(text);

        cr_assert(copy);
        for (char *p = copy; *p != '\0'; p++)
                if (*p == '\'')
                        *p = '"';
        return copy;
}

static const char all_other[] =
        "{ 'domains': ['auto', '/machine.slice', '/kubepods.slice/a\\\\x2db'],\n"
        "  'arm': { 'available': '40%' },\n"
        "  'trigger': { 'available': '12.5%,5G', 'swap': '20%,1G', 'pressure': '33.33%',\n"
        "    'pressure_kind': 'some', 'pressure_window': '1500ms', 'pressure_below': '7G',\n"
        "    'pressure_required': true },\n"
        "  'target': { 'available': '20%,7G', 'swap': '25%', 'slow_start': false },\n"
        "  'timer': { 'min': '50ms', 'max': '1min', 'fill_rate': '10G' },\n"
        "  'weight': { 'memory': false, 'oom_score_unit': '1', 'oom_score_neutral': 0 },\n"
        "  'capacity': 1000, 'cover': 'relief', 'work': 250000,\n"
        "  'candidates': { 'containers': false, 'unit': 'pod', 'max': 100 },\n"
        "  'labels': { 'default': '3:50', 'guaranteed': '60', 'burstable': '40', 'besteffort': '1',\n"
        "              'static': '1:7', 'user': 'always' },\n"
        "  'rules': [ { 'match': '/a/**', 'utility': 'protect', 'candidate': false, 'ignore': false },\n"
        "    { 'match': '/b*', 'utility': '2:70', 'candidate': true, 'ignore': false },\n"
        "    { 'match': '/c', 'candidate': false, 'ignore': true } ],\n"
        "  'action': { 'method': 'signals', 'grace': '1s', 'strike_deadline': '250ms', 'settle': '3s',\n"
        "    'backoff': '2min', 'dry_run': true },\n"
        "  'journal': { 'path': '', 'size_max': '100K', 'keep': 0, 'kernel_log': false },\n"
        "  'control': { 'path': '/run/j\\u00f6.sock', 'group': 'adm' },\n"
        "  'group': { 'path': '/jettison.slice', 'memory_min': '0' },\n"
        "  'feed': 'module' }\n";

char *all_other_text(void)
{
        return quoted(all_other);
}

int load_bytes(const char *bytes, size_t len, struct config *ret_config, struct config_error *ret_error)
{
        fixture_write_bytes("jettison.json", bytes, len);
        return config_load(fixture_path, true, ret_config, ret_error);
}

int load_text(const char *text, struct config *ret_config, struct config_error *ret_error)
{
        return load_bytes(text, strlen(text), ret_config, ret_error);
}

void load_good(const char *label, const char *text, struct config *ret_config)
{
        struct config_error error;
        int r = load_text(text, ret_config, &error);

        cr_assert(r == 0, "%s: refused: %s", label, error.text);
        cr_assert(error.text[0] == '\0', "%s: loaded and yet: %s", label, error.text);
}

void load_bad(const char *label, const char *bytes, size_t len, struct config_error *ret_error)
{
        struct config before, config;
        int r;

        memset(&before, 0x5a, sizeof(before));
        memcpy(&config, &before, sizeof(config));
        r = load_bytes(bytes, len, &config, ret_error);
        cr_assert(r < 0, "%s: was accepted", label);
        cr_assert(ret_error->text[0] != '\0', "%s: refused without a word", label);
        cr_assert(memcmp(&config, &before, sizeof(config)) == 0, "%s: refused, but the configuration changed",
                  label);
        for (const char *p = ret_error->text; *p != '\0'; p++)
                cr_assert(*p >= 0x20 && *p < 0x7f, "%s: byte %02x in the message", label, (unsigned char)*p);
}

json_t *parse(const char *text)
{
        json_error_t e;
        json_t *value = json_loads(text, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &e);

        cr_assert(value, "%s in %s", e.text, text);
        return value;
}

json_t *value_at(json_t *root, const char *name)
{
        CLEANUP(free_p) char *copy = strdup(name);
        char *rest = copy, *part;

        while (root && (part = strsep(&rest, ".")))
                root = json_object_get(root, part);
        return root;
}

json_t *dump(const struct config *c)
{
        CLEANUP(free_p) char *text = config_dump(c);

        cr_assert(text);
        cr_assert(text[strlen(text) - 1] == '\n', "a text file ends with a newline");
        return parse(text);
}

json_t *dump_defaults(void)
{
        struct config c;
        json_t *root;

        cr_assert(config_init(&c) == 0);
        root = dump(&c);
        config_fini(&c);
        return root;
}

/* Two texts for one meaning: the struct behind both must be the same, as far as its dump can tell. */
void expect_same_dump(const char *label, const struct config *a, const struct config *b)
{
        CLEANUP(free_p) char *text_a = config_dump(a);
        CLEANUP(free_p) char *text_b = config_dump(b);

        cr_assert(text_a && text_b);
        cr_expect(strcmp(text_a, text_b) == 0, "%s:\n%s\n%s", label, text_a, text_b);
}

void expect_dump_loads_again(const char *label, const struct config *c)
{
        CLEANUP(free_p) char *text = config_dump(c);
        struct config again;

        cr_assert(text);
        load_good(label, text, &again);
        expect_same_dump(label, c, &again);
        config_fini(&again);
}
