/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon gives up once it has started: capabilities and system calls, each kept one with its
 * reason. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* What happens to a system call that is in no table. */
enum sandbox_mode {
        SANDBOX_ERRNO,          /* it fails with EPERM; exec, ptrace, mount and their like end the process */
        SANDBOX_KILL,           /* it ends the process, too: for tests */
        SANDBOX_OFF,            /* no filter at all */
        SANDBOX_MODE_N,
};

/* "errno", "kill", "off". 0 or -EINVAL. */
int sandbox_mode_parse(const char *text, enum sandbox_mode *ret_mode);

/* Capabilities belong to a thread and those of others cannot be taken, so: to be called while the process
 * has one thread, and after everything that needs more (the control socket's group, nice, locked memory).
 * Keeps those of the table that it has, empties the inheritable, ambient and, where CAP_SETPCAP allows it,
 * the bounding set. Warns about capabilities of the table that the process never had. 0, or a negative
 * errno: -EBUSY if there is a second thread. */
int sandbox_drop_capabilities(void);

/* Sets no_new_privs and the filter for every thread of the process; none can be started afterwards. In a
 * dry run the filter also refuses what could kill. SANDBOX_OFF does nothing. 0 or a negative errno: -ESRCH
 * if a thread has a filter of its own. */
int sandbox_enter(enum sandbox_mode mode, bool dry_run);

/* One thing that is kept (or that is fatal), for the man page, the unit and the tests. */
struct sandbox_entry {
        const char *name;       /* "pidfd_open", "CAP_KILL" */
        int number;             /* of the call on this machine, negative if it has none; of the capability */
        const char *why;
};

/* The tables. Borrowed. */
const struct sandbox_entry *sandbox_calls(size_t *ret_n);               /* allowed, some conditionally */
const struct sandbox_entry *sandbox_calls_fatal(size_t *ret_n);         /* end the process in every mode */
const struct sandbox_entry *sandbox_capabilities(size_t *ret_n);        /* kept while it runs */
const struct sandbox_entry *sandbox_capabilities_start(size_t *ret_n);  /* needed before that */

/* Is the call in the table of allowed ones? False for names that do not exist. */
bool sandbox_allows(const char *name, bool dry_run);
