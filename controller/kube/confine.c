/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The process reads what tenants wrote, and its labels decide who dies; that is what there is to win. Nothing
 * beyond that: it needs no program, no process and no mount. The daemon's list of calls that only an attacker
 * makes (serve/sandbox.c) serves here, too, with signals added, since nobody is to be killed from here. What
 * else a TLS library and a resolver call is theirs to choose, so there is no list of what is allowed. */
#include "kube/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "base/base.h"
#include "serve/sandbox.h"

static const int kept[] = { CAP_SYS_ADMIN, CAP_DAC_OVERRIDE };

/* tgkill stays: abort() sends SIGABRT to itself with it. */
static const int signals[] = { SCMP_SYS(kill),
                               SCMP_SYS(tkill),
                               SCMP_SYS(pidfd_send_signal),
                               SCMP_SYS(rt_sigqueueinfo),
                               SCMP_SYS(rt_tgsigqueueinfo),
                               SCMP_SYS(process_mrelease) };

static int drop_capabilities(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };
        uint32_t keep[_LINUX_CAPABILITY_U32S_3] = { 0 };

        if (syscall(SYS_capget, &header, data) < 0)
                return -errno;
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
                prctl(PR_CAPBSET_DROP, i, 0, 0, 0);     /* no_new_privs closes that way where this may not */
        for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
                keep[kept[i] / 32] |= 1u << kept[i] % 32;
        for (size_t i = 0; i < ARRAY_SIZE(data); i++) {
                data[i].permitted &= keep[i];
                data[i].effective = data[i].permitted;
                data[i].inheritable = 0;
        }
        return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

static int forbid(scmp_filter_ctx filter)
{
        size_t n;
        const struct sandbox_entry *fatal = sandbox_calls_fatal(&n);
        int r = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);

        for (size_t i = 0; i < n && r == 0; i++)
                r = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, fatal[i].number, 0);
        for (size_t i = 0; i < ARRAY_SIZE(signals) && r == 0; i++)
                r = seccomp_rule_add(filter, SCMP_ACT_KILL_PROCESS, signals[i], 0);
        return r;
}

int confine_enter(void)
{
        scmp_filter_ctx filter;
        int r = drop_capabilities();

        if (r < 0)
                return r;
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return -errno;
        filter = seccomp_init(SCMP_ACT_ALLOW);
        if (!filter)
                return -ENOMEM;
        r = forbid(filter);
        if (r == 0)
                r = seccomp_load(filter);
        seccomp_release(filter);
        return r;
}
