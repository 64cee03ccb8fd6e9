/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line stands in a file of the engine's, and one slip there would keep every container of the
 * host from starting if it counted as a failure. So it is said and passed over; only --strict, wherever it
 * stands, makes it one. */
#include "hooks/options.h"

#include <stdio.h>
#include <string.h>

#include "hooks/ceiling.h"

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

enum command_end options_parse(struct options *o, int argc, char **argv, char problem[static COMMAND_PROBLEM_MAX])
{
        const struct command_option options[] = {
                { "config", 'c', .text = &o->config },
                { "dry-run", 'n', .flag = &o->dry_run },
                { "strict", .flag = &o->strict },
                { "cgroup-root", .text = &o->cgroup_root },
                { "proc-root", .text = &o->proc_root },
                { 0 },
        };
        enum command_end end;

        *o = (struct options){ .proc_root = "/proc" };
        for (int i = 1; i < argc; i++)
                o->strict |= strcmp(argv[i], "--strict") == 0;
        end = command_line_read_only(options, argc, argv, problem);
        if (end == COMMAND_HELP)
                fputs(help, stdout);
        else if (end == COMMAND_VERSION)
                puts("jettison-hook " JETTISON_VERSION);
        return end;
}
