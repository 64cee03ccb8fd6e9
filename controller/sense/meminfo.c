/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MemAvailable is the kernel's own estimate of what can be had without swapping: free pages above the
 * reserves, the page cache but for a low watermark's worth, and reclaimable slab. It is taken as it stands,
 * and cut to MemTotal because on some kernels the estimate has exceeded it. */
#include "sense/meminfo.h"

#include <errno.h>
#include <fcntl.h>

#include "base/base.h"
#include "sense/cgroupfs.h"

int meminfo_open(struct meminfo *m, int proc_fd)
{
        m->fd = cgroupfs_open_file(proc_fd, "meminfo", O_RDONLY);
        return m->fd < 0 ? m->fd : 0;
}

void meminfo_close(struct meminfo *m)
{
        close_p(&m->fd);
        *m = (struct meminfo)MEMINFO_INIT;
}

int meminfo_parse(const char *text, struct domain_facts *facts)
{
        uint64_t total, available, swap_total, swap_free;
        const struct ktext_key keys[] = {
                { "MemTotal:", &total },
                { "MemAvailable:", &available },
                { "SwapTotal:", &swap_total },
                { "SwapFree:", &swap_free },
        };

        if (ktext_keys(text, keys, ARRAY_SIZE(keys)) != ARRAY_SIZE(keys) || total == 0)
                return -EINVAL;
        facts->memory_total = u64_scale(total, KIB, 1);
        facts->memory_available = u64_min(u64_scale(available, KIB, 1), facts->memory_total);
        facts->swap_total = u64_scale(swap_total, KIB, 1);
        facts->swap_free = u64_min(u64_scale(swap_free, KIB, 1), facts->swap_total);
        return 0;
}

int meminfo_read(const struct meminfo *m, struct domain_facts *facts)
{
        char text[4096];
        int r = cgroupfs_pread(m->fd, text, sizeof(text));

        return r == CGROUPFS_OK ? meminfo_parse(text, facts) : -EIO;
}
