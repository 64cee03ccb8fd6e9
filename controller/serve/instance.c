/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program that is to act while memory is short competes with what makes it short, four times over:
 *
 * For being left alive. oom_score_adj -1000 takes it off the kernel's list. Without CAP_SYS_RESOURCE the
 * kernel takes values down to a floor that it does not tell; it is found by bisection.
 *
 * For its pages: serve/memory.c.
 *
 * For the rest of what the kernel holds for it (page tables, file pages, socket buffers): memory.min of
 * its own group. The kernel honours it only as far as every group above has as much, so those are looked
 * at and told about.
 *
 * For the processor: nice -20, which is worth 87 ordinary tasks. Kernels with SCHED_AUTOGROUP (Debian's) put
 * each session into a group of its own and count nice inside of it only, so a service has to ask for its
 * group as well (sched(7)); a daemon that somebody started in his own session leaves that alone. In a cgroup
 * that the cpu controller weighs, as on every Kubernetes node, neither ranks it against others: that is for
 * who gives the group its weight (CPUWeight= in the unit). Not SCHED_FIFO: a round plans for milliseconds, and a
 * real-time task that does so on one processor stops the very tasks that have to exit; where RT groups are
 * configured it is refused anyway, and its benefit then would depend on the machine.
 *
 * Single instance by flock(): the kernel gives the lock back however the holder ends, and no stale file
 * needs a judgement. */
#include "serve/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <libcgroup.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "base/base.h"
#include "base/ktext.h"
#include "base/log.h"
#include "sense/cgroupfs.h"
#include "sense/container.h"

#define OOM_SCORE_ADJ_MIN   (-1000)             /* linux/oom.h: never a victim */
#define NICE_MIN            (-20)
#define GROUP_AUTO          "/jettison"

/* Reads a small file as text. Its length, or a negative errno. */
static ssize_t text_read(const char *path, char *buffer, size_t size)
{
        CLEANUP(close_p) int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n;

        if (fd < 0)
                return -errno;
        n = read(fd, buffer, size - 1);
        if (n < 0)
                return -errno;
        buffer[n] = '\0';
        return n;
}

static int folder_make(const char *path)
{
        char folder[PATH_MAX];
        char *slash;

        if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
                return -ENAMETOOLONG;
        slash = strrchr(folder, '/');
        if (!slash || slash == folder)
                return 0;
        *slash = '\0';
        return mkdir(folder, 0755) < 0 && errno != EEXIST ? -errno : 0;
}

/* Who says in the file that he holds the lock; 0 if nobody does (yet). */
static uint64_t holder_read(int fd)
{
        char text[32] = "";
        uint64_t pid = 0;

        if (pread(fd, text, sizeof(text) - 1, 0) > 0)
                ktext_u64(text, &pid);
        return pid;
}

int instance_lock(const char *path, int *ret_fd)
{
        CLEANUP(close_p) int fd = -1;
        int r = folder_make(path);

        if (r < 0)
                return log_errno(r, "cannot make the folder of %s", path);
        fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0)
                return log_errno(-errno, "cannot open %s", path);
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK)
                        return log_errno(-errno, "cannot lock %s", path);
                log_error("jettisond is already running, as process %llu: it holds %s",
                          (unsigned long long)holder_read(fd), path);
                return -EBUSY;
        }
        if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", getpid()) < 0)
                return log_errno(-errno, "cannot write %s", path);
        *ret_fd = steal_fd(&fd);
        return 0;
}

static int number_write(const char *path, int value)
{
        CLEANUP(close_p) int fd = open(path, O_WRONLY | O_CLOEXEC);

        return fd < 0 || dprintf(fd, "%d", value) < 0 ? -errno : 0;
}

/* The lowest value that the kernel takes between OOM_SCORE_ADJ_MIN, which it refused, and the present one. */
static int oom_score_adj_lowest(int present)
{
        int refused = OOM_SCORE_ADJ_MIN, taken = present;

        while (taken - refused > 1) {
                int middle = refused + (taken - refused) / 2;

                if (number_write("/proc/self/oom_score_adj", middle) < 0)
                        refused = middle;
                else
                        taken = middle;
        }
        return taken;
}

void instance_raise_priority(void)
{
        char text[32] = "0";
        int r = number_write("/proc/self/oom_score_adj", OOM_SCORE_ADJ_MIN);

        if (r < 0) {
                text_read("/proc/self/oom_score_adj", text, sizeof(text));
                log_warning("oom_score_adj is %d, not %d (%s), so it may be killed: CAP_SYS_RESOURCE helps",
                            oom_score_adj_lowest(atoi(text)), OOM_SCORE_ADJ_MIN, strerrordesc_np(-r));
        }
        if (setpriority(PRIO_PROCESS, 0, NICE_MIN) < 0)
                log_notice("nice %d is refused (%s), so a busy machine delays it: Nice=%d in the unit helps",
                           NICE_MIN, strerrordesc_np(errno), NICE_MIN);
        r = getsid(0) == getpid() ? number_write("/proc/self/autogroup", NICE_MIN) : 0;
        if (r == -EPERM || r == -EACCES)
                log_notice("its session's group keeps its nice value (%s), so a busy machine delays it: "
                           "LimitNICE=%d in the unit helps",
                           strerrordesc_np(-r), NICE_MIN);
}

int instance_raise_files(uint64_t wanted)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
                return log_errno(-errno, "cannot read the limit of open files");
        if (limit.rlim_max < wanted) {
                struct rlimit more = { .rlim_cur = wanted, .rlim_max = wanted };

                if (setrlimit(RLIMIT_NOFILE, &more) == 0)
                        return 0;
        }
        limit.rlim_cur = limit.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
                return log_errno(-errno, "cannot raise the limit of open files");
        if (limit.rlim_cur >= wanted)
                return 0;
        log_warning("only %llu files can be open and %llu may be needed: LimitNOFILE=%llu in the unit helps",
                    (unsigned long long)limit.rlim_cur, (unsigned long long)wanted,
                    (unsigned long long)wanted);
        return -EPERM;
}

/* The unified hierarchy's mount point, to be freed. libcgroup names the hierarchy that has the memory
 * controller; it must be version 2. */
static int mount_find(char **ret_mount)
{
        CLEANUP(free_p) char *mount = NULL;
        struct statfs fs;

        if (cgroup_init() != 0 || cgroup_get_subsys_mount_point("memory", &mount) != 0)
                return -ENOENT;
        if (statfs(mount, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
                return -ENOENT;
        *ret_mount = mount;
        mount = NULL;
        return 0;
}

/* libcgroup's numbers are not errnos; the one of the call that failed is behind ECGOTHER. */
static int group_failed(int error, const char *what, const char *group)
{
        int number = error == ECGOTHER ? cgroup_get_last_errno() : EPERM;

        log_warning("cannot %s %s (%s): the daemon's memory is less protected", what, group,
                    error == ECGOTHER ? strerrordesc_np(number) : cgroup_strerror(error));
        return number ? -number : -EPERM;
}

/* Gives the group its memory.min, and makes it and goes there first unless it is the own one. */
static int group_use(const char *group, uint64_t memory_min, bool own)
{
        struct cgroup *cgroup = cgroup_new_cgroup(group + 1);   /* libcgroup wants no '/' in front */
        struct cgroup_controller *memory = cgroup ? cgroup_add_controller(cgroup, "memory") : NULL;
        int error = 0, r = 0;

        if (!memory || cgroup_add_value_uint64(memory, "memory.min", memory_min) != 0)
                r = -ENOMEM;
        if (r == 0 && (error = own ? cgroup_modify_cgroup(cgroup) : cgroup_create_cgroup(cgroup, 1)) != 0)
                r = group_failed(error, own ? "protect" : "make", group);
        if (r == 0 && !own && (error = cgroup_attach_task_pid(cgroup, getpid())) != 0)
                r = group_failed(error, "go into", group);
        cgroup_free(&cgroup);
        return r;
}

/* Tells of groups above that protect less: the kernel gives no more than they have. Those right below the
 * root have nobody above. */
static void ancestors_check(const char *mount, const char *group, uint64_t memory_min)
{
        char above[PATH_MAX], path[2 * PATH_MAX], text[32];
        uint64_t min;
        char *slash;

        snprintf(above, sizeof(above), "%s", group);
        while ((slash = strrchr(above, '/')) && slash != above) {
                *slash = '\0';
                snprintf(path, sizeof(path), "%s%s/memory.min", mount, above);
                if (text_read(path, text, sizeof(text)) < 0 || ktext_u64(text, &min) < 0 || min >= memory_min)
                        continue;
                log_warning("memory.min of %s, %llu, limits that of the daemon, %llu: give it as much", above,
                            (unsigned long long)min, (unsigned long long)memory_min);
        }
}

static bool ends_with(const char *text, const char *end)
{
        size_t len = strlen(text), end_len = strlen(end);

        return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

/* The own group, sought below the mount: in a cgroup namespace nothing else tells it. */
static int own_group(const char *mount, char *path, size_t size)
{
        CLEANUP(close_p) int root_fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return root_fd < 0 ? -errno : cgroupfs_own_path(root_fd, path, size);
}

int instance_enter_group(const char *group, uint64_t memory_min)
{
        bool automatic = strcmp(group, "auto") == 0;
        CLEANUP(free_p) char *mount = NULL;
        char own[PATH_MAX];
        int r;

        if (!*group)
                return 0;
        if (!automatic && (group[0] != '/' || !group[1] || strstr(group, ".."))) {
                log_error("the daemon's group '%s' is no path of a cgroup", group);
                return -EINVAL;
        }
        r = mount_find(&mount);
        if (r == 0)
                r = own_group(mount, own, sizeof(own));
        if (r < 0) {
                log_warning("the daemon has no memory.min: no unified cgroup hierarchy (version 2) has the "
                            "memory controller");
                return r;
        }
        if (automatic && container_recognise(own, strlen(own)).role != CONTAINER_NONE)
                return 0;       /* going elsewhere would hide it from who is to stop it */
        if (automatic)
                group = ends_with(own, ".service") ? own : GROUP_AUTO;
        r = group_use(group, memory_min, strcmp(group, own) == 0);
        if (r == 0)
                ancestors_check(mount, group, memory_min);
        return r;
}
