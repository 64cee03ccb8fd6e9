/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of an OCI runtime, as containerd's shim, podman and people write it for runc and crun. */
#pragma once

#include <stdbool.h>

struct arguments {
        char *runtime, *hook;   /* of our own options in front; NULL: not told. Borrowed from argv, as all */
        char **words;           /* as execv takes them: [0] is free, the runtime's own begin at [1] */
        bool creates;           /* the command makes a container: create or run */
        const char *bundle;     /* of these; where nothing is told, "." */
        const char *id;         /* of these; NULL: not told */
        const char *log;        /* the file of the option --log; NULL: not told */
        bool log_json;          /* --log-format json */
};

/* Parses, without changing a byte of it. What is not known is passed over. Pure. */
void arguments_parse(struct arguments *a, char **argv);
