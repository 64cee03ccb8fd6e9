/* SPDX-License-Identifier: GPL-2.0-or-later */
/* User 0 without a capability may read what belongs to root, the journal, and connect to root's socket, and
 * that is all it is needed for. So dropping capabilities is the important step; another user is possible
 * where journal and socket are open to a group. */
#include "export/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"
#include "base/log.h"

/* "UID", whose group has the same number, or "UID:GID". */
static bool parse_numbers(const char *text, uid_t *ret_uid, gid_t *ret_gid)
{
        unsigned uid, gid;
        int end = 0;

        if (strspn(text, "0123456789:") != strlen(text))
                return false;
        if (sscanf(text, "%9u%n", &uid, &end) == 1 && text[end] == '\0')
                gid = uid;
        else if (sscanf(text, "%9u:%9u%n", &uid, &gid, &end) != 2 || text[end] != '\0')
                return false;
        *ret_uid = uid;
        *ret_gid = gid;
        return true;
}

static int become(const char *user)
{
        const struct passwd *entry = NULL;
        uid_t uid;
        gid_t gid;

        if (!parse_numbers(user, &uid, &gid)) {
                entry = getpwnam(user);
                if (!entry) {
                        log_error("there is no user %s", user);
                        return -ENOENT;
                }
                uid = entry->pw_uid;
                gid = entry->pw_gid;
        }
        if ((entry ? initgroups(user, gid) : setgroups(0, NULL)) < 0 || setresgid(gid, gid, gid) < 0 ||
            setresuid(uid, uid, uid) < 0)
                return log_errno(-errno, "cannot become user %s", user);
        return 0;
}

/* The bounding set can be emptied by who has CAP_SETPCAP; no_new_privs closes the same way for others. */
static int drop_capabilities(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct none[2] = { 0 };

        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
        if (syscall(SYS_capset, &header, none) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                return log_errno(-errno, "cannot drop privileges");
        return 0;
}

int privilege_drop(const char *user)
{
        int r;

        for (int i = 0; prctl(PR_CAPBSET_READ, i, 0, 0, 0) >= 0; i++)
                prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
        r = user ? become(user) : 0;
        return r < 0 ? r : drop_capabilities();
}
