/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel decides who may write which label, so it is tried and not asked beforehand. On kernels before
 * 5.7 cgroups have no user.* attributes: then there is no mirror, which is no loss where the label that
 * counts is there. */
#include "hooks/label.h"

#include <errno.h>
#include <string.h>
#include <sys/xattr.h>

#include "sense/label.h"

int label_write(int dir_fd, struct utility u, bool *ret_trusted)
{
        char text[UTILITY_TEXT_MAX + 1];
        size_t len = strlen(utility_format(u, text));
        bool trusted = fsetxattr(dir_fd, LABEL_TRUSTED_NAME, text, len, 0) == 0;

        if (!trusted && errno != EPERM)
                return -errno;
        if (fsetxattr(dir_fd, LABEL_USER_NAME, text, len, 0) < 0 && !trusted)
                return -errno;
        *ret_trusted = trusted;
        return 0;
}
