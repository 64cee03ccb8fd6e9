/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a cluster nothing needs to be said but the node's name, which the downward API puts into the
 * environment; the rest is where Kubernetes puts it. */
#include "kube/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "kube/api.h"
#include "kube/rules.h"

#define JOURNAL_PATH "/var/log/jettison/journal.jsonl"
#define STATE_PATH   "/var/lib/jettison"

/* A name of a DNS subdomain, as nodes and hosts have it. */
#define NODE_LEN_MAX 253u

static const char help[] =
        "Usage: jettison-kube [OPTION]...\n"
        "Labels the containers of this node's pods with their utility, from annotations, priorities and QoS\n"
        "classes, and tells the API server of those that were shed.\n"
        "\n"
        "      --node NAME           this node (default: $NODE_NAME)\n"
        "      --server URL          the API server (default: https://$KUBERNETES_SERVICE_HOST:\n"
        "                            $KUBERNETES_SERVICE_PORT)\n"
        "      --token-file FILE     (default: " API_TOKEN_PATH ")\n"
        "      --ca-file FILE        (default: " API_CA_PATH ")\n"
        "      --timeout TIME        for an answer that stands still (default: 30s)\n"
        "      --watch-timeout TIME  after which a watch is begun anew (default: 5min)\n"
        "  -c, --config FILE         weights and ceilings (default: " RULES_PATH ",\n"
        "                            if it is there)\n"
        "      --cgroup-root DIR     (default: /sys/fs/cgroup, or unified in it)\n"
        "      --journal FILE        the daemon's (default: " JOURNAL_PATH ")\n"
        "      --state DIR           where it remembers how far that was told (default: " STATE_PATH ",\n"
        "                            if it is there)\n"
        "      --no-events           tell the API server nothing\n"
        "      --disruption-target   set the condition DisruptionTarget of pods with a shed container\n"
        "      --once                list, label, end\n"
        "  -n, --dry-run             list, print what would be labelled, end\n"
        "      --json                with --dry-run: as JSON\n"
        "  -v, --verbose             say more\n"
        "  -h, --help                this text\n"
        "  -V, --version             the version\n"
        "\n"
        "Exit codes: 0 done, 1 failed, 2 usage, 3 configuration, 4 no cgroup v2 hierarchy.\n"
        "See jettison-kube(8), jettisond(8).\n";

enum {
        OPT_NODE = 256,
        OPT_SERVER,
        OPT_TOKEN,
        OPT_CA,
        OPT_TIMEOUT,
        OPT_WATCH,
        OPT_ROOT,
        OPT_JOURNAL,
        OPT_STATE,
        OPT_NO_EVENTS,
        OPT_DISRUPTION,
        OPT_ONCE,
        OPT_JSON,
};

static const struct option long_options[] = {
        { "node", required_argument, NULL, OPT_NODE },
        { "server", required_argument, NULL, OPT_SERVER },
        { "token-file", required_argument, NULL, OPT_TOKEN },
        { "ca-file", required_argument, NULL, OPT_CA },
        { "timeout", required_argument, NULL, OPT_TIMEOUT },
        { "watch-timeout", required_argument, NULL, OPT_WATCH },
        { "config", required_argument, NULL, 'c' },
        { "cgroup-root", required_argument, NULL, OPT_ROOT },
        { "journal", required_argument, NULL, OPT_JOURNAL },
        { "state", required_argument, NULL, OPT_STATE },
        { "no-events", no_argument, NULL, OPT_NO_EVENTS },
        { "disruption-target", no_argument, NULL, OPT_DISRUPTION },
        { "once", no_argument, NULL, OPT_ONCE },
        { "dry-run", no_argument, NULL, 'n' },
        { "json", no_argument, NULL, OPT_JSON },
        { "verbose", no_argument, NULL, 'v' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { 0 },
};

/* Where the text, the switch or the time of an option goes. */
static const char **text_field(struct options *o, int option)
{
        switch (option) {
        case OPT_NODE:
                return &o->node;
        case OPT_SERVER:
                return &o->server;
        case OPT_TOKEN:
                return &o->token_file;
        case OPT_CA:
                return &o->ca_file;
        case OPT_ROOT:
                return &o->cgroup_root;
        case OPT_JOURNAL:
                return &o->journal;
        case OPT_STATE:
                return &o->state;
        case 'c':
                return &o->config;
        default:
                return NULL;
        }
}

static bool *switch_field(struct options *o, int option)
{
        switch (option) {
        case OPT_DISRUPTION:
                return &o->disruption_target;
        case OPT_ONCE:
                return &o->once;
        case OPT_JSON:
                return &o->json;
        case 'n':
                return &o->dry_run;
        case 'v':
                return &o->verbose;
        default:
                return NULL;
        }
}

PRINTF(1, 2) static int wrong(const char *format, ...)
{
        va_list args;

        va_start(args, format);
        fputs("jettison-kube: ", stderr);
        vfprintf(stderr, format, args);
        fputs("; see jettison-kube --help\n", stderr);
        va_end(args);
        return OPTIONS_WRONG;
}

static int parse_one(struct options *o, int option, const char *word)
{
        const char **text = text_field(o, option);
        bool *on = switch_field(o, option);

        if (text) {
                *text = optarg;
                return OPTIONS_RUN;
        }
        if (on) {
                *on = true;
                return OPTIONS_RUN;
        }
        switch (option) {
        case OPT_TIMEOUT:
        case OPT_WATCH:
                if (duration_parse(optarg, option == OPT_WATCH ? &o->watch_us : &o->timeout_us) == 0)
                        return OPTIONS_RUN;
                return wrong("\"%s\" is no time such as 30s", optarg);
        case OPT_NO_EVENTS:
                o->journal = "";
                return OPTIONS_RUN;
        case 'h':
                fputs(help, stdout);
                return OPTIONS_SHOWN;
        case 'V':
                puts("jettison-kube " JETTISON_VERSION);
                return OPTIONS_SHOWN;
        case ':':
                return wrong("option \"%s\" needs a value", word);
        default:
                return wrong("unknown option \"%s\"", word);
        }
}

/* The environment of a pod; an IPv6 address stands in brackets in a URL. */
static char *server_from_environment(void)
{
        const char *host = getenv("KUBERNETES_SERVICE_HOST"), *port = getenv("KUBERNETES_SERVICE_PORT");
        const char *open = "", *close = "";
        char *server;

        if (!host || !*host || !port || !*port)
                return NULL;
        if (strchr(host, ':')) {
                open = "[";
                close = "]";
        }
        return asprintf(&server, "https://%s%s%s:%s", open, host, close, port) < 0 ? NULL : server;
}

static int check(const struct options *o)
{
        if (!o->node || !*o->node || strlen(o->node) > NODE_LEN_MAX)
                return wrong("the node's name is missing: --node or $NODE_NAME");
        if (!o->server)
                return wrong("the API server is missing: --server or $KUBERNETES_SERVICE_HOST and _PORT");
        if (strncmp(o->server, "https://", 8) != 0)
                return wrong("the API server \"%s\" does not begin with https://", o->server);
        if (o->watch_us < USEC_PER_SEC || o->timeout_us < USEC_PER_SEC)
                return wrong("a time of less than a second");
        if (o->json && !o->dry_run)
                return wrong("--json goes with --dry-run");
        return OPTIONS_RUN;
}

int options_parse(struct options *o, int argc, char **argv)
{
        int option, answer = OPTIONS_RUN;

        *o = (struct options){
                .token_file = API_TOKEN_PATH, .ca_file = API_CA_PATH, .node = getenv("NODE_NAME"),
                .own_uid = getenv("POD_UID"), .journal = JOURNAL_PATH, .state = STATE_PATH,
                .timeout_us = 30 * USEC_PER_SEC, .watch_us = 300 * USEC_PER_SEC,
        };
        opterr = 0;
        while (answer == OPTIONS_RUN &&
               (option = getopt_long(argc, argv, ":c:nvhV", long_options, NULL)) != -1)
                answer = parse_one(o, option, argv[optind - 1]);
        if (answer != OPTIONS_RUN)
                return answer;
        if (optind < argc)
                return wrong("unexpected argument \"%s\"", argv[optind]);
        if (!o->server)
                o->server = server_from_environment();
        return check(o);
}
