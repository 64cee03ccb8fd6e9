/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The socket is a path, never an abstract name: an abstract socket is reached by every process of the
 * network namespace, a path only by who can walk to it. Its mode is set before bind() gives it a name, so
 * it never stands there with a wider one, and without touching the umask, which all threads share. A file
 * that is no socket is never removed; a socket is, if connecting to it says that nobody listens.
 *
 * Who may come in. SO_PEERCRED says who connected: root, the daemon's own user, or a member of the group
 * (SO_PEERGROUPS, so no name is looked up). User id 0 alone is not enough: a container that was handed the
 * socket's folder may also run as 0. A process in a nested PID namespace shows more than one number in the
 * NSpid line of /proc/PID/status, and is refused; so is one whose line cannot be read. Its cgroup would
 * say more, but /proc/PID/cgroup is read under cgroup_mutex, which a storm of containers that come and go
 * holds for half a second at a time, and the loop must not wait for that. A container that shares the
 * host's PID namespace passes: with user id 0 it could signal every process of the host anyway. */
#include "serve/door.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"

#define DOOR_BACKLOG     64     /* connections the kernel keeps for us between two turns of the loop */
#define DOOR_GROUPS_MAX  256    /* groups of a visitor; who is in more is judged by his first alone */
#define STATUS_BYTES     8192   /* of /proc/PID/status up to NSpid: mostly the numbers of those groups */

int door_group(const char *group, gid_t *ret_gid)
{
        struct group entry, *found = NULL;
        char buffer[16 * 1024], *end;
        unsigned long number;

        errno = 0;
        number = strtoul(group, &end, 10);
        if (group[0] >= '0' && group[0] <= '9' && *end == '\0' && errno == 0 && number < (gid_t)-1) {
                *ret_gid = (gid_t)number;
                return 0;
        }
        getgrnam_r(group, &entry, buffer, sizeof(buffer), &found);
        if (!found)
                return -ENOENT;
        *ret_gid = found->gr_gid;
        return 0;
}

static int folder_make(const char *path)
{
        char folder[sizeof(((struct sockaddr_un *)0)->sun_path)];
        char *slash;

        snprintf(folder, sizeof(folder), "%s", path);
        slash = strrchr(folder, '/');
        if (!slash || slash == folder)
                return 0;
        *slash = '\0';
        if (mkdir(folder, 0755) < 0)
                return errno == EEXIST ? 0 : -errno;
        return chmod(folder, 0755) < 0 ? -errno : 0;    /* whatever the umask */
}

/* Makes the name free: removes a socket that nobody listens at. */
static int place_clear(const struct sockaddr_un *address)
{
        struct stat st;

        if (lstat(address->sun_path, &st) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (!S_ISSOCK(st.st_mode))
                return -EEXIST;

        CLEANUP(close_p) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
                return -EADDRINUSE;     /* EAGAIN: somebody listens, and is busy */
        if (errno != ECONNREFUSED)
                return -errno;
        return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/* Opens the socket to the group, after it has its name. */
static int group_admit(const struct door *door)
{
        if (!door->has_group)
                return 0;
        if (chown(door->address.sun_path, (uid_t)-1, door->group) < 0 ||
            chmod(door->address.sun_path, 0660) < 0)
                return -errno;
        return 0;
}

int door_open(struct door *door, const char *path, const char *group)
{
        struct door d = {
                .fd = -1, .own_uid = geteuid(), .has_group = *group, .address.sun_family = AF_UNIX,
        };
        int r;

        if (strlen(path) >= sizeof(d.address.sun_path))
                return -ENAMETOOLONG;
        strcpy(d.address.sun_path, path);
        if (d.has_group && (r = door_group(group, &d.group)) < 0)
                return r;
        if ((r = folder_make(path)) < 0 || (r = place_clear(&d.address)) < 0)
                return r;

        CLEANUP(close_p) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0 || fchmod(fd, 0600) < 0)
                return -errno;
        if (bind(fd, (const struct sockaddr *)&d.address, sizeof(d.address)) < 0)
                return -errno;
        r = group_admit(&d);
        if (r == 0 && listen(fd, DOOR_BACKLOG) < 0)
                r = -errno;
        if (r < 0) {
                unlink(path);
                return r;
        }
        d.fd = steal_fd(&fd);
        *door = d;
        return 0;
}

void door_close(struct door *door)
{
        if (door->fd >= 0)
                unlink(door->address.sun_path);
        close_p(&door->fd);
        *door = (struct door)DOOR_INIT;
}

/* How deep the PID namespace of a process lies below ours: 0 is ours. Negative errno if nobody can tell. */
static int pid_depth(pid_t pid)
{
        char path[sizeof("/proc//status") + 3 * sizeof(pid)], text[STATUS_BYTES], *numbers;
        int depth = -1;
        ssize_t n;

        snprintf(path, sizeof(path), "/proc/%d/status", pid);
        CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        n = read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        numbers = strstr(text, "\nNSpid:");     /* newlines in names are escaped */
        if (!numbers)
                return -ENODATA;
        for (const char *p = numbers + strlen("\nNSpid:"); *p && *p != '\n'; p++)
                depth += *p == '\t';
        return depth;
}

static bool peer_in_group(int fd, gid_t primary, gid_t group)
{
        gid_t groups[DOOR_GROUPS_MAX];
        socklen_t len = sizeof(groups);

        if (primary == group)
                return true;
        if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
                return false;
        for (size_t i = 0; i < len / sizeof(gid_t); i++)
                if (groups[i] == group)
                        return true;
        return false;
}

const char *door_refusal(const struct door *door, int fd, struct visitor *ret_visitor)
{
        struct ucred peer;
        socklen_t len = sizeof(peer);
        bool root;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
                return "not permitted: the kernel does not say who is asking";
        root = peer.uid == 0 || peer.uid == door->own_uid;
        if (!root && !(door->has_group && peer_in_group(fd, peer.gid, door->group)))
                return "not permitted: neither root nor a member of the control group";
        if (pid_depth(peer.pid) != 0)
                return "not permitted: not in the daemon's PID namespace (asked from within a container?)";
        *ret_visitor = (struct visitor){ .pid = peer.pid, .uid = peer.uid, .root = root };
        return NULL;
}
