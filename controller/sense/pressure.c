/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The averages in a pressure file go on decaying for ten seconds after the stall has ended, and whoever
 * decides by them kills a second time. 'total' stands still at once. So the file is asked for totals only,
 * and the share of a window is their difference: samples are kept in a ring, and the window is measured
 * between the newest and the youngest that is old enough. One that is much older will not do: samples are
 * taken while memory is short, and the calm before would thin out what has just begun.
 *
 * The trigger is the kernel's own measurement of the same thing and costs nothing until it fires. */
#include "sense/pressure.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "sense/cgroupfs.h"

/* Windows the kernel grants to anyone (kernel/sched/psi.c, psi_trigger_create). */
#define UNPRIVILEGED_WINDOW_US (2 * USEC_PER_SEC)

static int write_trigger(int fd, const struct policy *policy, uint64_t window_us)
{
        uint64_t stall_us = u64_max(u64_scale(window_us, policy->stall_permyriad, PERMYRIAD), 1);
        char line[64];
        int n = snprintf(line, sizeof(line), "%s %llu %llu",
                         policy->stall_kind == STALL_FULL ? "full" : "some", (unsigned long long)stall_us,
                         (unsigned long long)window_us);

        return write(fd, line, (size_t)n + 1) < 0 ? -errno : 0;
}

int pressure_open(int dir_fd, const char *name, const struct policy *policy)
{
        CLEANUP(close_p) int fd = cgroupfs_open_file(dir_fd, name, O_RDWR | O_NONBLOCK);
        uint64_t multiples = (policy->stall_window_us + UNPRIVILEGED_WINDOW_US - 1) / UNPRIVILEGED_WINDOW_US;
        int r;

        if (fd < 0)
                return fd;
        r = write_trigger(fd, policy, policy->stall_window_us);
        if (r == -EINVAL || r == -EPERM)
                r = write_trigger(fd, policy, multiples * UNPRIVILEGED_WINDOW_US);
        return r < 0 ? r : steal_fd(&fd);
}

int pressure_read(int fd, struct psi *ret_psi)
{
        char text[256];
        int r = cgroupfs_pread(fd, text, sizeof(text));

        return r == CGROUPFS_OK ? ktext_psi(text, ret_psi) : r < 0 ? r : -ENODEV;
}

void stall_meter_reset(struct stall_meter *m)
{
        *m = (struct stall_meter){ 0 };
}

static const struct stall_sample *sample_back(const struct stall_meter *m, size_t age)
{
        return &m->samples[(m->next + ARRAY_SIZE(m->samples) - 1 - age) % ARRAY_SIZE(m->samples)];
}

void stall_meter_add(struct stall_meter *m, uint64_t now_us, uint64_t total_us, uint64_t window_us)
{
        if (m->n > 0 && (sample_back(m, 0)->at_us > now_us || sample_back(m, 0)->total_us > total_us))
                stall_meter_reset(m);
        if (m->n > 1 && sample_back(m, 0)->at_us - sample_back(m, 1)->at_us < window_us / 16) {
                m->next = (m->next + ARRAY_SIZE(m->samples) - 1) % ARRAY_SIZE(m->samples);
                m->n--;
        }
        m->samples[m->next] = (struct stall_sample){ now_us, total_us };
        m->next = (m->next + 1) % ARRAY_SIZE(m->samples);
        if (m->n < ARRAY_SIZE(m->samples))
                m->n++;
}

/* The youngest sample that is one window older than the newest, and no more than two, or NULL. */
static const struct stall_sample *sample_before(const struct stall_meter *m, uint64_t window_us)
{
        for (size_t age = 1; age < m->n; age++) {
                uint64_t apart_us = sample_back(m, 0)->at_us - sample_back(m, age)->at_us;

                if (apart_us >= u64_max(window_us, 1))
                        return apart_us <= 2 * window_us ? sample_back(m, age) : NULL;
        }
        return NULL;
}

bool stall_meter_spans(const struct stall_meter *m, uint64_t window_us)
{
        return sample_before(m, window_us) != NULL;
}

uint32_t stall_meter_share(const struct stall_meter *m, uint64_t window_us)
{
        const struct stall_sample *then = sample_before(m, window_us), *now = sample_back(m, 0);

        if (!then)
                return 0;
        return (uint32_t)u64_min(
                u64_scale(now->total_us - then->total_us, PERMYRIAD, now->at_us - then->at_us), PERMYRIAD);
}
