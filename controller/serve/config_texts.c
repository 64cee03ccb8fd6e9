/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The notations that own memory: paths, names, and the two lists. Lists replace what an earlier file said;
 * the reader fills a configuration that is thrown away when anything is refused, so a list that is half read
 * harms nobody. */
#include "serve/config_private.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/glob.h"

/* Each domain costs a pressure trigger and a solver's memory; a host has a handful. */
#define DOMAINS_MAX 256u
/* Every rule is held against every cgroup of a scan. */
#define RULES_MAX   1000u

/* ---- texts ---- */

static bool has_control_bytes(const char *text)
{
        for (; *text != '\0'; text++)
                if ((unsigned char)*text < 0x20 || *text == 0x7f)
                        return true;
        return false;
}

/* An absolute path below the root that means what it says: no empty component, no "." and no "..". */
static bool is_path(const char *text)
{
        if (*text != '/' || has_control_bytes(text))
                return false;
        for (const char *part = text, *end; *part != '\0'; part = end) {
                size_t len;

                part++;
                end = strchrnul(part, '/');
                len = (size_t)(end - part);
                if (len == 0 || (len == 1 && part[0] == '.') ||
                    (len == 2 && part[0] == '.' && part[1] == '.'))
                        return false;
        }
        return true;
}

static bool accept_path(const struct key *key UNUSED, const char *text)
{
        return is_path(text);
}

static bool accept_file(const struct key *key UNUSED, const char *text)
{
        return *text == '\0' || is_path(text);
}

static bool accept_group(const struct key *key UNUSED, const char *text)
{
        return *text == '\0' || strcmp(text, "auto") == 0 || is_path(text);
}

/* What /etc/group can hold in its first field. */
static bool accept_name(const struct key *key UNUSED, const char *text)
{
        return !strpbrk(text, ":/, ") && !has_control_bytes(text);
}

static bool accept_match(const struct key *key UNUSED, const char *text)
{
        return glob_check(text) == 0;
}

static int read_text(struct reader *r UNUSED, const struct key *key, json_t *value, void *field)
{
        const char *text = json_string_value(value);
        char **owned = field, *copy;

        if (!text || json_string_length(value) > key->max || !key->type->accept(key, text))
                return -EINVAL;
        copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        free(*owned);
        *owned = copy;
        return 0;
}

static json_t *write_text(const struct key *key UNUSED, const void *field)
{
        const char *text = *(char *const *)field;

        return json_string(text ? text : "");
}

const struct key_type type_path = {
        .expected = "an absolute path without \".\", \"..\" and empty parts",
        .read = read_text, .write = write_text, .accept = accept_path,
};
const struct key_type type_file = {
        .expected = "\"\" or an absolute path without \".\", \"..\" and empty parts",
        .read = read_text, .write = write_text, .accept = accept_file,
};
const struct key_type type_group = {
        .expected = "\"auto\", \"\" or the path of a cgroup such as \"/system.slice/jettison.service\"",
        .read = read_text, .write = write_text, .accept = accept_group,
};
const struct key_type type_name = {
        .expected = "the name of a group, or \"\"",
        .read = read_text, .write = write_text, .accept = accept_name,
};
const struct key_type type_match = {
        .expected = "a pattern of whole paths such as \"/machine.slice/*\"",
        .read = read_text, .write = write_text, .accept = accept_match,
};

/* ---- domains ---- */

void config_free_domains(struct sense_options *o)
{
        for (size_t i = 0; i < o->n_domains; i++)
                free(o->domains[i]);
        free(o->domains);
        o->domains = NULL;
        o->n_domains = 0;
        o->host = o->domains_auto = false;
}

static bool has_domain(const struct sense_options *o, const char *path)
{
        for (size_t i = 0; i < o->n_domains; i++)
                if (strcmp(o->domains[i], path) == 0)
                        return true;
        return false;
}

static int add_domain(struct reader *r, struct sense_options *o, const json_t *value)
{
        const char *text = json_string_value(value);
        bool *word = !text ? NULL : strcmp(text, "host") == 0 ? &o->host
                                  : strcmp(text, "auto") == 0 ? &o->domains_auto : NULL;
        char found[FOUND_TEXT_MAX];

        if (!word && (!text || !is_path(text)))
                return reader_refuse(r, "expected \"host\", \"auto\" or the path of a cgroup such as "
                                        "\"/machine.slice\", found %s", config_found(value, found));
        if (word ? *word : has_domain(o, text))
                return reader_refuse(r, "expected every domain once, found %s again",
                                     config_found(value, found));
        if (word) {
                *word = true;
                return 0;
        }
        o->domains[o->n_domains] = strdup(text);
        if (!o->domains[o->n_domains])
                return -ENOMEM;
        o->n_domains++;
        return 0;
}

static int read_domains(struct reader *r, const struct key *key UNUSED, json_t *value, void *field)
{
        struct sense_options *o = field;
        size_t n = json_array_size(value);

        if (!json_is_array(value))
                return -EINVAL;
        if (n == 0 || n > DOMAINS_MAX)
                return reader_refuse(r, "expected 1 to %u domains, found %zu", DOMAINS_MAX, n);
        config_free_domains(o);
        o->domains = calloc(n, sizeof(*o->domains));
        if (!o->domains)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                int ret;

                reader_enter(r, i);
                ret = add_domain(r, o, json_array_get(value, i));
                if (ret < 0)
                        return ret;
                reader_leave(r);
        }
        return 0;
}

static json_t *write_domains(const struct key *key UNUSED, const void *field)
{
        const struct sense_options *o = field;
        json_t *list = json_array();
        int ret = 0;

        if (o->host)
                ret |= json_array_append_new(list, json_string("host"));
        if (o->domains_auto)
                ret |= json_array_append_new(list, json_string("auto"));
        for (size_t i = 0; i < o->n_domains; i++)
                ret |= json_array_append_new(list, json_string(o->domains[i]));
        if (ret == 0)
                return list;
        json_decref(list);
        return NULL;
}

const struct key_type type_domains = {
        .expected = "a list of \"host\", \"auto\" and paths of cgroups",
        .read = read_domains, .write = write_domains,
};

/* ---- rules ---- */

void config_free_rules(struct sense_options *o)
{
        for (size_t i = 0; i < o->n_rules; i++)
                free(o->rules[i].match);
        free(o->rules);
        o->rules = NULL;
        o->n_rules = 0;
}

static int read_rule(struct reader *r, json_t *value, struct rule *rule)
{
        char found[FOUND_TEXT_MAX];
        const struct key *keys;
        size_t n_keys;
        int ret;

        if (!json_is_object(value))
                return reader_refuse(
                        r,
                        "expected a rule such as { \"match\": \"/machine.slice/*\", \"utility\": 50 }, "
                        "found %s",
                        config_found(value, found));
        keys = config_rule_keys(&n_keys);
        ret = reader_object(r, keys, n_keys, value, rule);
        if (ret < 0)
                return ret;
        if (!rule->match)
                return reader_refuse(r, "expected a \"match\", found none");
        if (rule->candidate && rule->ignore)
                return reader_refuse(r, "expected \"candidate\" or \"ignore\", found both");
        return 0;
}

static int read_rules(struct reader *r, const struct key *key UNUSED, json_t *value, void *field)
{
        struct sense_options *o = field;
        size_t n = json_array_size(value);

        if (!json_is_array(value))
                return -EINVAL;
        if (n > RULES_MAX)
                return reader_refuse(r, "expected at most %u rules, found %zu", RULES_MAX, n);
        config_free_rules(o);
        if (n == 0)
                return 0;
        o->rules = calloc(n, sizeof(*o->rules));
        if (!o->rules)
                return -ENOMEM;
        o->n_rules = n;
        for (size_t i = 0; i < n; i++) {
                int ret;

                reader_enter(r, i);
                ret = read_rule(r, json_array_get(value, i), &o->rules[i]);
                if (ret < 0)
                        return ret;
                reader_leave(r);
        }
        return 0;
}

static json_t *write_rules(const struct key *key UNUSED, const void *field)
{
        const struct sense_options *o = field;
        json_t *list = json_array();
        const struct key *keys;
        size_t n_keys;
        int ret = 0;

        keys = config_rule_keys(&n_keys);
        for (size_t i = 0; i < o->n_rules; i++)
                ret |= json_array_append_new(list, config_write(keys, n_keys, &o->rules[i]));
        if (ret == 0)
                return list;
        json_decref(list);
        return NULL;
}

const struct key_type type_rules = {
        .expected = "a list of rules",
        .read = read_rules, .write = write_rules,
};
