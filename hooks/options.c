/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line stands in a file of the engine's, and one slip there would keep every container of the
 * host from starting if it counted as a failure. So it is said and passed over; only --strict, wherever it
 * stands, makes it one. */
#include "hooks/options.h"

#include <getopt.h>
#include <stdio.h>

#include "hooks/ceiling.h"
#include "hooks/say.h"

static const char help[] =
        "Usage: jettison-hook [OPTION]... <STATE\n"
        "OCI hook for the stage createRuntime (or prestart): labels the container's cgroup with the utility "
        "that\n"
        "its annotation io.jettison.utility or jettison.io/utility asks for, up to the operator's ceiling.\n"
        "\n"
        "  -c, --config FILE         ceilings (default: " CEILING_PATH ", if it is there)\n"
        "  -n, --dry-run             print what would be written, write nothing\n"
        "      --strict              let a failure keep the container from starting\n"
        "      --cgroup-root DIR     (default: /sys/fs/cgroup, or unified in it)\n"
        "      --proc-root DIR       the proc file system (default: /proc)\n"
        "  -h, --help                this text\n"
        "  -V, --version             the version\n"
        "\n"
        "Exit codes: 0, whatever happens; with --strict 1 failed, 2 usage. Failures go to the system log.\n"
        "See jettison-hook(8), jettison(1).\n";

enum { OPT_STRICT = 256, OPT_CGROUP_ROOT, OPT_PROC_ROOT };

static const struct option long_options[] = {
        { "config", required_argument, NULL, 'c' },
        { "dry-run", no_argument, NULL, 'n' },
        { "strict", no_argument, NULL, OPT_STRICT },
        { "cgroup-root", required_argument, NULL, OPT_CGROUP_ROOT },
        { "proc-root", required_argument, NULL, OPT_PROC_ROOT },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'V' },
        { 0 },
};

static int parse_one(struct options *o, int option, const char *word)
{
        switch (option) {
        case 'c':
                o->config = optarg;
                return OPTIONS_RUN;
        case 'n':
                o->dry_run = true;
                return OPTIONS_RUN;
        case OPT_STRICT:
                o->strict = true;
                return OPTIONS_RUN;
        case OPT_CGROUP_ROOT:
                o->cgroup_root = optarg;
                return OPTIONS_RUN;
        case OPT_PROC_ROOT:
                o->proc_root = optarg;
                return OPTIONS_RUN;
        case 'h':
                fputs(help, stdout);
                return OPTIONS_SHOWN;
        case 'V':
                puts("jettison-hook " JETTISON_VERSION);
                return OPTIONS_SHOWN;
        case ':':
                say(LOG_LEVEL_ERROR, "option \"%s\": expected a value, found none; see jettison-hook --help",
                    word);
                return OPTIONS_WRONG;
        default:
                say(LOG_LEVEL_ERROR, "unknown option \"%s\"; see jettison-hook --help", word);
                return OPTIONS_WRONG;
        }
}

int options_parse(struct options *o, int argc, char **argv)
{
        int answer = OPTIONS_RUN, option;

        *o = (struct options){ .proc_root = "/proc" };
        opterr = 0;
        while (answer != OPTIONS_SHOWN &&
               (option = getopt_long(argc, argv, ":c:nhV", long_options, NULL)) != -1) {
                int r = parse_one(o, option, optind > 0 && optind <= argc ? argv[optind - 1] : "");

                if (r != OPTIONS_RUN)
                        answer = r;
        }
        if (answer == OPTIONS_RUN && optind < argc) {
                say(LOG_LEVEL_ERROR, "unexpected argument \"%s\"; see jettison-hook --help", argv[optind]);
                return OPTIONS_WRONG;
        }
        return answer;
}
