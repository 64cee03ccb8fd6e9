/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon without what it does for its own safety: the controller, its journal and its control socket, in
 * a dry run, on a hierarchy of plain files. For machines on which jettisond itself refuses to start, because
 * it may not lock its memory. dry_daemon CONFIGURATION CGROUP-ROOT PROC-ROOT */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/log.h"
#include "controller.h"
#include "answers.h"
#include "report.h"
#include "serve/control.h"

#define REPLY_BYTES (1 * MIB)

static const struct control_verb verbs[] = { { "status", false, answer_status } };

static int fail(const char *what, int error)
{
        fprintf(stderr, "dry_daemon: %s: %s\n", what, strerror(error < 0 ? -error : error));
        return 1;
}

int main(int argc, char **argv)
{
        static struct config config;
        static struct config_error why;
        static struct controller c;
        static struct module module = MODULE_INIT;
        struct cgroupfs fs = CGROUPFS_INIT;
        struct cgroupfs_lack lack;
        struct loop loop = LOOP_INIT;
        struct journal *journal;
        int r = 0;

        if (argc != 4)
                return fail("usage: dry_daemon CONFIGURATION CGROUP-ROOT PROC-ROOT", EINVAL);
        log_init(LOG_LEVEL_WARNING);
        if ((r = config_load(argv[1], true, &config, &why)) < 0)
                return fail(why.text, r);
        config.act.dry_run = true;
        if ((r = cgroupfs_open(argv[2], &fs, &lack)) < 0)
                return fail(lack.text, r);
        if ((r = loop_init(&loop)) < 0)
                return fail("loop", r);
        if (!control_new(&loop, config.control_path, config.control_group, verbs, ARRAY_SIZE(verbs),
                         REPLY_BYTES, &c, &r))
                return fail("socket", r);
        if (!(journal = journal_new(&config.journal, &r)))
                return fail("journal", r);
        if ((r = controller_init(&c, &config, &loop, &fs, argv[3], &module, journal)) < 0 ||
            (r = controller_start(&c)) < 0)
                return fail("controller", r);
        report_start(&c);
        r = loop_run(&loop);
        return r < 0 ? fail("loop", r) : 0;
}
