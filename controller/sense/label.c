/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may write a label decides what it may mean. trusted.* is written by the host's root alone, so it
 * stands as it is. user.* is written by whoever may write to the directory: inside a container that can be
 * the container, and below user@UID.service it is the user to whom systemd has delegated the subtree. He
 * may say which of his own containers he would rather lose, so his numbers are taken as a ranking: the
 * dearest of his containers is worth what the subtree is worth, and the others their share of that. Equal
 * numbers, whatever they are, make each worth what the subtree is; so a number can only lower what is his,
 * and claiming ten times as much for all of it changes nothing. Zero for all is not a ranking but an offer,
 * and is taken as one.
 *
 * The first user@UID.service of a path is the one that the host's systemd made; any below it is of the
 * user's own making.
 *
 * A trusted label that cannot be read must not look like one that is not there: it might say "protect".
 * So only the kernel's plain "no such attribute" (or "no such attributes here") is believed, and every
 * other refusal takes the cgroup out of the choice. With user.* it is the other way round: the owner of a
 * directory can forbid reading it, and must not escape by that, so what cannot be read is not there. */
#include "sense/label.h"

#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/base.h"

/* One byte over the longest label is enough to see that one is too long; ERANGE says the same of what is
 * longer still. */
#define LABEL_BUFFER_SIZE (UTILITY_TEXT_MAX + 1)

/* PROC_USER_INIT_INO in include/linux/proc_ns.h: the same on every kernel since 3.8. */
#define USER_NS_INIT_INODE UINT32_C(0xeffffffd)

bool label_is_user_manager(const char *name, size_t len)
{
        static const char head[] = "user@", tail[] = ".service";
        const size_t head_len = sizeof(head) - 1, tail_len = sizeof(tail) - 1;

        if (len <= head_len + tail_len || memcmp(name, head, head_len) != 0 ||
            memcmp(name + len - tail_len, tail, tail_len) != 0)
                return false;
        for (size_t i = head_len; i < len - tail_len; i++)
                if (name[i] < '0' || name[i] > '9')
                        return false;
        return true;
}

size_t label_subtree(const char *path, size_t len)
{
        while (len > 0 && path[len - 1] == '/')
                len--;
        for (size_t begin = 0, end; begin < len; begin = end + 1) {
                const char *slash = memchr(path + begin, '/', len - begin);

                if (!slash)
                        break;          /* the cgroup itself: not inside */
                end = (size_t)(slash - path);
                if (label_is_user_manager(path + begin, end - begin))
                        return end;
        }
        return 0;
}

enum label_trust label_trust(enum labels_user mode, const char *path, size_t len)
{
        switch (mode) {
        case LABELS_USER_ALWAYS:
                return LABEL_TRUST_FULL;
        case LABELS_USER_DELEGATED:
                return label_subtree(path, len) > 0 ? LABEL_TRUST_SUBTREE : LABEL_TRUST_NONE;
        case LABELS_USER_NEVER:
        case LABELS_USER_N:
                break;
        }
        return LABEL_TRUST_NONE;
}

struct utility label_confine(struct utility claimed, enum label_trust trust)
{
        if (trust == LABEL_TRUST_FULL)
                return claimed;
        return (struct utility){ .value = claimed.protect ? UTILITY_MAX : claimed.value };
}

void label_scale(uint16_t *numbers, size_t n, uint16_t own)
{
        uint32_t largest = 0;

        for (size_t i = 0; i < n; i++)
                if (numbers[i] > largest)
                        largest = numbers[i];
        if (largest == 0)
                return;
        for (size_t i = 0; i < n; i++)
                numbers[i] = (uint16_t)((2u * own * numbers[i] + largest) / (2 * largest));
}

/* Reads one attribute: LABEL_NONE when there is none, 'refused' when the kernel does not say, 'found' when
 * it holds a utility. */
static enum label attribute_read(int dir_fd, const char *name, enum label refused, enum label found,
                                 struct utility *ret_utility)
{
        char text[LABEL_BUFFER_SIZE];
        ssize_t len = fgetxattr(dir_fd, name, text, sizeof(text));

        if (len < 0 && errno == ERANGE)
                return LABEL_INVALID;
        if (len < 0)
                return errno == ENODATA || errno == EOPNOTSUPP ? LABEL_NONE : refused;
        return utility_parse(text, (size_t)len, ret_utility) < 0 ? LABEL_INVALID : found;
}

enum label label_read(int dir_fd, enum label_trust user, struct utility *ret_utility)
{
        struct utility claimed;
        enum label label = attribute_read(dir_fd, LABEL_TRUSTED_NAME, LABEL_GONE, LABEL_TRUSTED, ret_utility);

        if (label != LABEL_NONE || user == LABEL_TRUST_NONE)
                return label;
        label = attribute_read(dir_fd, LABEL_USER_NAME, LABEL_NONE, LABEL_USER, &claimed);
        if (label == LABEL_USER)
                *ret_utility = label_confine(claimed, user);
        return label;
}

/* The kernel decides who may write which label, so it is tried and not asked beforehand. On kernels before 5.7
 * cgroups have no user.* attributes: then there is no mirror, which is no loss where the label that counts is
 * there. */
int label_write(int dir_fd, const char *text, size_t len, bool *ret_trusted)
{
        bool trusted = fsetxattr(dir_fd, LABEL_TRUSTED_NAME, text, len, 0) == 0;

        if (!trusted && errno != EPERM)
                return -errno;
        if (fsetxattr(dir_fd, LABEL_USER_NAME, text, len, 0) < 0 && !trusted)
                return -errno;
        *ret_trusted = trusted;
        return 0;
}

char *label_name_read(int dir_fd, char text[static LABEL_NAME_SIZE])
{
        ssize_t len = fgetxattr(dir_fd, LABEL_NAME, text, LABEL_NAME_SIZE - 1);

        text[len > 0 ? len : 0] = '\0';
        return text;
}

int label_self_test(int dir_fd)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
        struct stat ns;

        if (syscall(SYS_capget, &header, sets) < 0)
                return -errno;
        if (!(sets[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN)))
                return -EPERM;
        if (stat("/proc/self/ns/user", &ns) < 0)
                return -errno;
        if (ns.st_ino != USER_NS_INIT_INODE)
                return -EPERM;
        if (fgetxattr(dir_fd, LABEL_TRUSTED_NAME, NULL, 0) < 0 && errno != ENODATA)
                return -errno;
        return 0;
}
