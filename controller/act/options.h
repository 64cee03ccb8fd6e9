/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the operator asked of the hands. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum strike_method {
        STRIKE_CGROUP_KILL,     /* cgroup.kill; signals if it does not return in time */
        STRIKE_SIGNALS,         /* SIGKILL to every process through a pidfd */
        STRIKE_METHOD_N,
};

struct act_options {
        enum strike_method method;
        uint64_t grace_us;              /* between SIGTERM and SIGKILL; 0: no SIGTERM. Shrinks with the
                                         * memory left */
        uint64_t strike_deadline_us;    /* a cgroup.kill that has not returned by then is helped out by
                                         * signals */
        uint64_t settle_us;             /* how long a victim's memory is awaited before it counts as not
                                         * coming */
        uint64_t backoff_us;            /* first pause for a workload that is shed again and again; doubles
                                         * each time */
        bool dry_run;                   /* decide and record, strike nobody */
};
