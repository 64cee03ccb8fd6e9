/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line overrides the configuration where a person at a terminal wants it to: what is watched,
 * and whether anybody is struck. Everything else has one place, the configuration. */
#include "options.h"

#include <errno.h>
#include <string.h>

static const char help[] =
        "Usage: jettisond [OPTION]...\n"
        "Keeps a host or a memory-limited cgroup alive when memory runs out: sheds the set of containers "
        "that\n"
        "frees enough and costs the least utility.\n"
        "\n"
        "  -c, --config FILE         configuration (default: " CONFIG_PATH ", if it is there)\n"
        "      --check-config        check it, print what is in force and what each rule matches, and exit\n"
        "  -n, --dry-run             decide and record, strike nobody\n"
        "  -d, --domain PATH         watch this cgroup (\"/\": the host) in place of the configured domains; "
        "repeatable\n"
        "      --feed auto|files|module  where the facts come from (default: auto)\n"
        "      --once                print one snapshot and the plan for it as JSON, and exit\n"
        "      --cgroup-root DIR     the cgroup v2 hierarchy (default: where it is mounted)\n"
        "      --proc-root DIR       the proc file system (default: /proc)\n"
        "      --sandbox errno|kill|off  what a system call outside the filter gets (default: errno)\n"
        "      --log-level error|warning|notice|info|debug  (default: info)\n"
        "  -h, --help                this text\n"
        "  -V, --version             the version\n"
        "\n"
        "Exit codes: 0 done, 1 failed, 2 usage, 3 configuration, 4 the kernel or cgroup hierarchy lacks "
        "something.\n"
        "See jettisond(8), jettison.json(5), jettison(1).\n";

/* The place of the text among the words, of which some may be missing. */
static bool find_word(const char *const *words, size_t n, const char *text, size_t *ret_at)
{
        for (size_t i = 0; i < n; i++)
                if (words[i] && strcmp(words[i], text) == 0) {
                        *ret_at = i;
                        return true;
                }
        return false;
}

static bool parse_feed(const char *text, void *to)
{
        static const char *const words[FEED_N] = {
                [FEED_AUTO] = "auto", [FEED_FILES] = "files", [FEED_MODULE] = "module",
        };
        size_t at;
        bool found = find_word(words, ARRAY_SIZE(words), text, &at);

        if (found)
                *(enum feed_kind *)to = (enum feed_kind)at;
        return found;
}

static bool parse_level(const char *text, void *to)
{
        static const char *const words[] = {
                [LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
                [LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
        };
        size_t at;
        bool found = find_word(words, ARRAY_SIZE(words), text, &at);

        if (found)
                *(enum log_level *)to = (enum log_level)at;
        return found;
}

static bool parse_sandbox(const char *text, void *to)
{
        return sandbox_mode_parse(text, to) == 0;
}

static bool parse_domain(const char *text, void *to)
{
        struct options *o = to;

        if (text[0] != '/' || (text[1] && text[strlen(text) - 1] == '/'))
                return false;
        o->domains[o->n_domains++] = text;
        return true;
}

int options_parse(struct options *o, int argc, char **argv)
{
        const struct command_option options[] = {
                { "config", 'c', .text = &o->config },
                { "check-config", .flag = &o->check_config },
                { "dry-run", 'n', .flag = &o->dry_run },
                { "domain", 'd', .parse = parse_domain, .to = o,
                  .form = "a cgroup's path from the hierarchy's root, such as /kubepods.slice" },
                { "feed", .parse = parse_feed, .to = &o->feed, .form = "auto, files or module" },
                { "once", .flag = &o->once },
                { "cgroup-root", .text = &o->cgroup_root },
                { "proc-root", .text = &o->proc_root },
                { "sandbox", .parse = parse_sandbox, .to = &o->sandbox, .form = "errno, kill or off" },
                { "log-level", .parse = parse_level, .to = &o->log_level,
                  .form = "error, warning, notice, info or debug" },
                { 0 },
        };

        *o = (struct options){ .proc_root = "/proc", .log_level = LOG_LEVEL_INFO };
        o->domains = calloc((size_t)argc, sizeof(*o->domains));
        return o->domains ? command_line_run("jettisond", help, options, argc, argv) : EXIT_FAILED;
}

int options_apply(const struct options *o, struct config *config)
{
        struct sense_options *s = &config->sense;

        if (o->dry_run)
                config->act.dry_run = true;
        if (o->feed != FEED_AUTO)
                config->feed = o->feed;
        if (o->n_domains == 0)
                return 0;
        config_free_domains(s);
        s->domains = calloc(o->n_domains, sizeof(*s->domains));
        if (!s->domains)
                return -ENOMEM;
        for (size_t i = 0; i < o->n_domains; i++) {
                if (strcmp(o->domains[i], "/") == 0) {
                        s->host = true;
                        continue;
                }
                s->domains[s->n_domains] = strdup(o->domains[i]);
                if (!s->domains[s->n_domains++])
                        return -ENOMEM;
        }
        return 0;
}
