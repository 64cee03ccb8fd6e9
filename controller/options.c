/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line overrides the configuration where a person at a terminal wants it to: what is watched,
 * and whether anybody is struck. Everything else has one place, the configuration. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
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

enum { OPT_CHECK = 256, OPT_FEED, OPT_ONCE, OPT_CGROUP_ROOT, OPT_PROC_ROOT, OPT_SANDBOX, OPT_LOG_LEVEL };

static const struct option long_options[] = {
        { "config", required_argument, NULL, 'c' },
        { "check-config", no_argument, NULL, OPT_CHECK },
        { "dry-run", no_argument, NULL, 'n' },
        { "domain", required_argument, NULL, 'd' },
        { "feed", required_argument, NULL, OPT_FEED },
        { "once", no_argument, NULL, OPT_ONCE },
        { "cgroup-root", required_argument, NULL, OPT_CGROUP_ROOT },
        { "proc-root", required_argument, NULL, OPT_PROC_ROOT },
        { "sandbox", required_argument, NULL, OPT_SANDBOX },
        { "log-level", required_argument, NULL, OPT_LOG_LEVEL },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { 0 },
};

static const struct {
        const char *name;
        enum feed_kind feed;
} feeds[] = { { "auto", FEED_AUTO }, { "files", FEED_FILES }, { "module", FEED_MODULE } };

static const struct {
        const char *name;
        enum log_level level;
} levels[] = {
        { "error", LOG_LEVEL_ERROR },
        { "warning", LOG_LEVEL_WARNING },
        { "notice", LOG_LEVEL_NOTICE },
        { "info", LOG_LEVEL_INFO },
        { "debug", LOG_LEVEL_DEBUG },
};

static int refuse(const char *option, const char *expected, const char *found)
{
        fprintf(stderr, "jettisond: --%s: expected %s, found \"%s\"; see jettisond --help\n", option,
                expected, found);
        return EXIT_USAGE;
}

static int refuse_option(int option, const char *word)
{
        fprintf(stderr, option == ':' ? "jettisond: option \"%s\" needs a value; see jettisond --help\n"
                                      : "jettisond: unknown or incomplete option \"%s\"; see jettisond --help\n",
                word);
        return EXIT_USAGE;
}

static int parse_feed(struct options *o, const char *text)
{
        for (size_t i = 0; i < ARRAY_SIZE(feeds); i++)
                if (strcmp(feeds[i].name, text) == 0) {
                        o->feed = feeds[i].feed;
                        return -1;
                }
        return refuse("feed", "auto, files or module", text);
}

static int parse_level(struct options *o, const char *text)
{
        for (size_t i = 0; i < ARRAY_SIZE(levels); i++)
                if (strcmp(levels[i].name, text) == 0) {
                        o->log_level = levels[i].level;
                        return -1;
                }
        return refuse("log-level", "error, warning, notice, info or debug", text);
}

static int parse_one(struct options *o, int option)
{
        switch (option) {
        case 'c':
                o->config = optarg;
                return -1;
        case 'n':
                o->dry_run = true;
                return -1;
        case 'd':
                if (optarg[0] != '/' || (optarg[1] && optarg[strlen(optarg) - 1] == '/'))
                        return refuse("domain",
                                      "a cgroup's path from the hierarchy's root, such as /kubepods.slice",
                                      optarg);
                o->domains[o->n_domains++] = optarg;
                return -1;
        case OPT_CHECK:
                o->check_config = true;
                return -1;
        case OPT_ONCE:
                o->once = true;
                return -1;
        case OPT_CGROUP_ROOT:
                o->cgroup_root = optarg;
                return -1;
        case OPT_PROC_ROOT:
                o->proc_root = optarg;
                return -1;
        case OPT_FEED:
                return parse_feed(o, optarg);
        case OPT_LOG_LEVEL:
                return parse_level(o, optarg);
        case OPT_SANDBOX:
                return sandbox_mode_parse(optarg, &o->sandbox) < 0
                               ? refuse("sandbox", "errno, kill or off", optarg)
                               : -1;
        case 'h':
                fputs(help, stdout);
                return EXIT_DONE;
        default:
                puts("jettisond " JETTISON_VERSION);
                return EXIT_DONE;
        }
}

int options_parse(struct options *o, int argc, char **argv)
{
        int option, at = optind, r = -1;

        *o = (struct options){ .proc_root = "/proc", .log_level = LOG_LEVEL_INFO };
        o->domains = calloc((size_t)argc, sizeof(*o->domains));
        if (!o->domains)
                return EXIT_FAILED;
        opterr = 0;             /* the messages are ours */
        for (; r < 0 && (option = getopt_long(argc, argv, ":c:nd:hV", long_options, NULL)) != -1; at = optind)
                r = option == ':' || option == '?' ? refuse_option(option, argv[optind > at ? optind - 1 : at])
                                                   : parse_one(o, option);
        if (r < 0 && optind < argc) {
                fprintf(stderr, "jettisond: unexpected argument \"%s\"; see jettisond --help\n",
                        argv[optind]);
                return EXIT_USAGE;
        }
        return r;
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
