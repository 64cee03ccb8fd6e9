/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One call takes the place of some ten system calls for each cgroup. Its answer lies in a buffer that the
 * kernel and this process share: nothing is copied, and the records are read where they were written.
 *
 * Memory for the buffer is the kernel's, allocated when it is mapped; a call that finds it too short says
 * what would have sufficed. Then it is mapped anew with twice that, so that a burst of new cgroups costs
 * this once, for it may be in the middle of a shortage. Between the old mapping and the new one there is
 * none; if the new one is refused the old size is taken again, and the call fails. */
#include "sense/module.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "base/base.h"

/* Growth asks for twice what was needed, so the second call succeeds; the third is for cgroups that doubled
 * meanwhile. */
#define LOOKS_MAX 3

static int call(const struct module *m, unsigned long request, void *argument)
{
        return ioctl(m->fd, request, argument) < 0 ? -errno : 0;
}

/* Rounded up to whole pages, and cut to what the module gives at most. */
static size_t buffer_size(uint64_t bytes)
{
        uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);

        bytes = u64_min(u64_max(bytes, 1), JETTISON_BUFFER_MAX);
        return (size_t)((bytes + page - 1) / page * page);
}

static int buffer_map(struct module *m, size_t size)
{
        void *buffer = mmap(NULL, size, PROT_READ, MAP_SHARED, m->fd, 0);

        if (buffer == MAP_FAILED)
                return -errno;
        m->buffer = buffer;
        m->buffer_size = size;
        return 0;
}

static void buffer_unmap(struct module *m)
{
        if (m->buffer)
                munmap(m->buffer, m->buffer_size);
        m->buffer = NULL;
}

/* A buffer for twice as much as was needed. */
static int buffer_grow(struct module *m, uint64_t needed)
{
        size_t old = m->buffer_size;
        int r;

        if (needed > JETTISON_BUFFER_MAX)
                return -ENOSPC;
        buffer_unmap(m);
        r = buffer_map(m, buffer_size(2 * needed));
        if (r < 0)
                buffer_map(m, old);
        return r;
}

int module_open(struct module *m, const char *path, uint32_t n_cgroups)
{
        struct jettison_info info;
        int r;

        *m = (struct module)MODULE_INIT;
        m->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (m->fd < 0)
                return -errno;
        r = module_info(m, &info);
        if (r == 0 && !(info.features & JETTISON_HAS_MEMCG))
                r = -EOPNOTSUPP;
        if (r == 0)
                r = buffer_map(m, buffer_size(2 * (uint64_t)n_cgroups * sizeof(struct jettison_cgroup)));
        if (r < 0)
                module_close(m);
        return r;
}

void module_close(struct module *m)
{
        buffer_unmap(m);
        close_p(&m->fd);
        *m = (struct module)MODULE_INIT;
}

bool module_is_open(const struct module *m)
{
        return m->fd >= 0;
}

const char *module_remedy(int error)
{
        static const struct {
                int error;
                const char *remedy;
        } remedies[] = {
                { -ENOENT, "the module is not loaded: modprobe jettison" },
                { -ENXIO, "the module was unloaded: modprobe jettison" },
                { -ENODEV, "the module was unloaded: modprobe jettison" },
                { -EACCES, "it is root's: run as root" },
                { -EPERM, "it asks for CAP_SYS_ADMIN in the initial user namespace" },
                { -ENOTTY, "it is not the module's device" },
                { -EPROTONOSUPPORT, "module and program are of different versions: install both of one" },
                { -EOPNOTSUPP, "the module finds no memory controller on cgroup v2: boot with "
                               "systemd.unified_cgroup_hierarchy=1" },
                { -ENOMEM, "there is no memory for its buffer" },
        };

        for (size_t i = 0; i < ARRAY_SIZE(remedies); i++)
                if (remedies[i].error == error)
                        return remedies[i].remedy;
        return "see the kernel's log";
}

int module_watch(struct module *m, uint64_t available_low, uint64_t available_high, uint64_t swap_low,
                 uint64_t swap_high)
{
        struct jettison_watch watch = { .version = JETTISON_ABI,
                                        .available_low = available_low,
                                        .available_high = available_high,
                                        .swap_low = swap_low,
                                        .swap_high = swap_high };

        return call(m, JETTISON_WATCH, &watch);
}

int module_take_event(struct module *m, struct jettison_event *ret_event)
{
        struct jettison_event event;
        ssize_t n = read(m->fd, &event, sizeof(event));

        if (n < 0)
                return errno == EAGAIN ? 0 : -errno;
        if (n != (ssize_t)sizeof(event))
                return -EIO;
        if (event.version != JETTISON_ABI)
                return -EPROTONOSUPPORT;
        m->missed += event.dropped;
        *ret_event = event;
        return 1;
}

/* Asks, and lets the buffer grow as often as that helps. */
static int look(struct module *m, struct jettison_snapshot *snapshot)
{
        const struct jettison_snapshot question = *snapshot;
        int r = m->buffer ? 0 : buffer_map(m, m->buffer_size);  /* the last growth has lost it */

        for (int i = 0; i < LOOKS_MAX && r == 0; i++) {
                *snapshot = question;
                r = call(m, JETTISON_SNAPSHOT, snapshot);
                if (r != -ENOSPC || i + 1 == LOOKS_MAX)
                        return r;
                r = buffer_grow(m, snapshot->needed);
        }
        return r;
}

int module_look(struct module *m, uint64_t cgroup, uint32_t score_neutral, struct module_view *ret_view)
{
        struct jettison_snapshot s = { .version = JETTISON_ABI,
                                       .cgroup = cgroup,
                                       .score_neutral = score_neutral };
        int r = look(m, &s);

        if (r < 0)
                return r;
        if (s.memory_total == 0 || s.n_cgroups > m->buffer_size / sizeof(struct jettison_cgroup))
                return -EIO;
        *ret_view = (struct module_view){
                .facts = { .memory_total = s.memory_total,
                           .memory_available = u64_min(s.memory_available, s.memory_total),
                           .swap_total = s.swap_total,
                           .swap_free = u64_min(s.swap_free, s.swap_total) },
                .cgroups = m->buffer,
                .n = s.n_cgroups,
        };
        return 0;
}

int module_info(struct module *m, struct jettison_info *ret_info)
{
        struct jettison_info info = { .version = JETTISON_ABI };
        int r = call(m, JETTISON_INFO, &info);

        if (r == 0)
                *ret_info = info;
        return r;
}

int module_order(struct module *m, struct jettison_order *order)
{
        order->version = JETTISON_ABI;
        return call(m, JETTISON_ORDER, order);
}
