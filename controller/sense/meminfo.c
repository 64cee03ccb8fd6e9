/* SPDX-License-Identifier: GPL-2.0-or-later */
/* MemAvailable is the kernel's own estimate of what can be had without swapping: free pages above the
 * reserves, the page cache but for a low watermark's worth, and reclaimable slab. It is taken as it stands,
 * and cut to MemTotal because on some kernels the estimate has exceeded it.
 *
 * It leaves out what every processor keeps on free lists of its own. That was next to nothing, until Linux 6.7
 * let these lists grow: on 6.12, of 60 MiB that a victim freed on a host of 512, 26 were not in MemAvailable
 * when it was dead, and a second container would have gone for them. Any allocation finds them, directly or
 * by draining the lists before it reclaims. So what is missing is counted with them; the acting line is the
 * kernel's own figure all the same (decide/shortage.c). */
#include "sense/meminfo.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/base.h"
#include "sense/cgroupfs.h"

int meminfo_open(struct meminfo *m, int proc_fd)
{
        m->fd = cgroupfs_open_file(proc_fd, "meminfo", O_RDONLY);
        m->zoneinfo_fd = cgroupfs_open_file(proc_fd, "zoneinfo", O_RDONLY);
        return m->fd < 0 ? m->fd : 0;
}

void meminfo_close(struct meminfo *m)
{
        close_p(&m->fd);
        close_p(&m->zoneinfo_fd);
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
        facts->memory_lists = 0;
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

uint64_t meminfo_parse_lists(const char *text)
{
        static const char key[] = "count:";
        uint64_t pages = 0;

        for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
                char number[48];
                uint64_t n;

                line += strspn(line, " ");
                if (strncmp(line, key, strlen(key)) != 0 || (size_t)(end - line) >= sizeof(number))
                        continue;
                line += strlen(key);
                memcpy(number, line, (size_t)(end - line));
                number[end - line] = '\0';
                if (ktext_u64(number, &n) == 0 && n != KTEXT_MAX)
                        pages = u64_add(pages, n);
        }
        return pages;
}

uint64_t meminfo_lists(const struct meminfo *m)
{
        char text[16 * 1024];
        uint64_t pages = 0;
        off_t offset = 0;

        if (m->zoneinfo_fd < 0)
                return 0;
        for (ssize_t n; (n = pread(m->zoneinfo_fd, text, sizeof(text) - 1, offset)) > 0;) {
                char *end;

                text[n] = '\0';
                end = strrchr(text, '\n');
                if (!end)
                        break;
                end[1] = '\0';          /* the rest of the last line comes with the next piece */
                pages = u64_add(pages, meminfo_parse_lists(text));
                offset += end + 1 - text;
        }
        return u64_scale(pages, (uint64_t)sysconf(_SC_PAGESIZE), 1);
}
