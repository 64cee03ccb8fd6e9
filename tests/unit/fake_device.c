/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_device.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <pthread.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"

#define RECORDS_MAX 4096

static int answer_info(const struct fake_device *d, struct jettison_info *info)
{
        info->features = d->features;
        info->memory_total = d->host.memory_total;
        return 0;
}

static int answer_look(struct fake_device *d, struct jettison_snapshot *s)
{
        d->looks++;
        d->cgroup = s->cgroup;
        d->score_neutral = s->score_neutral;
        s->needed = d->n * sizeof(struct jettison_cgroup);
        s->n_cgroups = d->n;
        s->memory_total = d->host.memory_total;
        s->memory_available = d->host.memory_available;
        s->swap_total = d->host.swap_total;
        s->swap_free = d->host.swap_free;
        return d->module && s->needed > d->module->buffer_size ? -ENOSPC : 0;
}

/* The caller waits meanwhile, and what its argument points at is in the same memory. */
static int answer(struct fake_device *d, uint32_t request, void *argument)
{
        if (*(uint32_t *)argument != JETTISON_ABI)
                return -EPROTONOSUPPORT;
        if (d->error < 0)
                return d->error;
        switch (request) {
        case (uint32_t)JETTISON_INFO:
                return answer_info(d, argument);
        case (uint32_t)JETTISON_SNAPSHOT:
                return answer_look(d, argument);
        case (uint32_t)JETTISON_WATCH:
                d->watch = *(struct jettison_watch *)argument;
                return 0;
        default:
                d->order = *(struct jettison_order *)argument;
                ((struct jettison_order *)argument)->n_taken = d->order.n;
                return 0;
        }
}

static void *serve(void *argument)
{
        struct fake_device *d = argument;
        struct seccomp_notif *call;
        struct seccomp_notif_resp *reply;

        if (seccomp_notify_alloc(&call, &reply) < 0)
                return NULL;
        while (seccomp_notify_receive(d->listener_fd, call) == 0) {
                reply->id = call->id;
                reply->val = 0;
                reply->flags = 0;
                reply->error = answer(d, (uint32_t)call->data.args[1], (void *)(uintptr_t)call->data.args[2]);
                if (seccomp_notify_respond(d->listener_fd, reply) < 0)
                        break;
                memset(call, 0, sizeof(*call));         /* the kernel demands it */
        }
        seccomp_notify_free(call, reply);
        return NULL;
}

static bool catch_calls(struct fake_device *d)
{
        static const uint32_t requests[] = { JETTISON_INFO, JETTISON_WATCH, JETTISON_SNAPSHOT,
                                             JETTISON_ORDER };
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        pthread_t thread;
        bool caught;

        for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
                seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(ioctl), 1,
                                 SCMP_A1_32(SCMP_CMP_EQ, requests[i]));
        caught = seccomp_load(filter) == 0 && (d->listener_fd = seccomp_notify_fd(filter)) >= 0 &&
                 pthread_create(&thread, NULL, serve, d) == 0 && pthread_detach(thread) == 0;
        seccomp_release(filter);
        return caught;
}

bool fake_device_make(struct fake_device *d)
{
        size_t size = RECORDS_MAX * sizeof(struct jettison_cgroup);

        *d = (struct fake_device){ .path = "/tmp/jettison-device-XXXXXX",
                                   .n_max = RECORDS_MAX,
                                   .features = JETTISON_HAS_MEMCG | JETTISON_HAS_RECLAIM,
                                   .host = { .memory_total = 8 * GIB, .memory_available = 4 * GIB } };
        d->file_fd = mkstemp(d->path);
        cr_assert_geq(d->file_fd, 0);
        cr_assert_eq(ftruncate(d->file_fd, (off_t)size), 0);
        d->records = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, d->file_fd, 0);
        cr_assert_neq(d->records, MAP_FAILED);
        return catch_calls(d);
}

void fake_device_remove(struct fake_device *d)
{
        unlink(d->path);
        munmap(d->records, RECORDS_MAX * sizeof(struct jettison_cgroup));
        close(d->file_fd);
}

struct jettison_cgroup *fake_device_add(struct fake_device *d, uint64_t id, uint32_t parent_index)
{
        struct jettison_cgroup *record = &d->records[d->n++];

        cr_assert_leq(d->n, d->n_max);
        *record = (struct jettison_cgroup){ .id = id,
                                            .parent_index = parent_index,
                                            .oom_score_adj_min = 1000 };
        return record;
}
