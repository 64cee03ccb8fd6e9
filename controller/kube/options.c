/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a cluster nothing needs to be said but the node's name, which the downward API puts into the
 * environment; the rest is where Kubernetes puts it. */
#include "kube/options.h"

#include <stdio.h>
#include <string.h>

#include "base/base.h"
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

/* What is wrong, or NULL. */
static const char *check(const struct options *o)
{
        if (!o->node || !*o->node || strlen(o->node) > NODE_LEN_MAX)
                return "the node's name is missing: --node or $NODE_NAME";
        if (!o->server)
                return "the API server is missing: --server or $KUBERNETES_SERVICE_HOST and _PORT";
        if (strncmp(o->server, "https://", 8) != 0)
                return "the API server's address does not begin with https://";
        if (o->watch_us < USEC_PER_SEC || o->timeout_us < USEC_PER_SEC)
                return "a time of less than a second";
        if (o->json && !o->dry_run)
                return "--json goes with --dry-run";
        return NULL;
}

int options_parse(struct options *o, int argc, char **argv)
{
        bool no_events = false;
        const struct command_option options[] = {
                { "node", .text = &o->node },
                { "server", .text = &o->server },
                { "token-file", .text = &o->token_file },
                { "ca-file", .text = &o->ca_file },
                { "timeout", .parse = command_parse_duration, .to = &o->timeout_us, .form = "a time such as 30s" },
                { "watch-timeout", .parse = command_parse_duration, .to = &o->watch_us, .form = "a time such as 5min" },
                { "config", 'c', .text = &o->config },
                { "cgroup-root", .text = &o->cgroup_root },
                { "journal", .text = &o->journal },
                { "state", .text = &o->state },
                { "no-events", .flag = &no_events },
                { "disruption-target", .flag = &o->disruption_target },
                { "once", .flag = &o->once },
                { "dry-run", 'n', .flag = &o->dry_run },
                { "json", .flag = &o->json },
                { "verbose", 'v', .flag = &o->verbose },
                { 0 },
        };
        const char *problem;
        int code;

        *o = (struct options){
                .token_file = API_TOKEN_PATH, .ca_file = API_CA_PATH, .node = getenv("NODE_NAME"),
                .own_uid = getenv("POD_UID"), .journal = JOURNAL_PATH, .state = STATE_PATH,
                .timeout_us = 30 * USEC_PER_SEC, .watch_us = 300 * USEC_PER_SEC,
        };
        code = command_line_run("jettison-kube", help, options, argc, argv);
        if (code >= 0)
                return code;
        if (no_events)
                o->journal = "";
        if (!o->server)
                o->server = server_from_environment();
        problem = check(o);
        return problem ? command_line_wrong("jettison-kube", problem) : -1;
}
