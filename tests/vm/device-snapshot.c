/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot judged by itself: whatever happens on the machine meanwhile, parents stand before their
 * children, no id is there twice, each process belongs to a cgroup that is listed, and the sums that a
 * cgroup carries are the sums of what is listed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"

#define KNOWN_FLAGS (JETTISON_CGROUP_POPULATED | JETTISON_CGROUP_OOM_GROUP | JETTISON_CGROUP_FROZEN | \
                     JETTISON_CGROUP_INIT | JETTISON_CGROUP_PSI)

void snapshot_init(struct snapshot *s)
{
        *s = (struct snapshot){ .fd = device_open(O_RDONLY) };
}

void snapshot_fini(struct snapshot *s)
{
        if (s->buffer)
                munmap(s->buffer, s->size_bytes);
        close(s->fd);
}

static void buffer_map(struct snapshot *s, size_t bytes)
{
        if (s->buffer)
                munmap(s->buffer, s->size_bytes);
        s->size_bytes = (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
        s->buffer = mmap(NULL, s->size_bytes, PROT_READ, MAP_SHARED, s->fd, 0);
        if (s->buffer == MAP_FAILED)
                exit(failed("mmap"));
}

int snapshot_take(struct snapshot *s, uint64_t topmost)
{
        if (!s->buffer)
                buffer_map(s, PAGE_BYTES);
        for (;;) {
                s->call = (struct jettison_snapshot){
                        .version = JETTISON_ABI,
                        .flags = JETTISON_SNAPSHOT_PROCESSES,
                        .cgroup = topmost,
                        .score_neutral = SCORE_NEUTRAL,
                };
                if (ioctl(s->fd, JETTISON_SNAPSHOT, &s->call) == 0)
                        break;
                if (errno != ENOSPC)
                        return -errno;
                buffer_map(s, s->call.needed);
        }
        s->cgroups = s->buffer;
        s->processes = (const void *)(s->cgroups + s->call.n_cgroups);
        return 0;
}

static int compare_ids(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

static bool has_double(uint64_t *ids, size_t n)
{
        qsort(ids, n, sizeof(*ids), compare_ids);
        for (size_t i = 1; i < n; i++)
                if (ids[i] == ids[i - 1])
                        return true;
        return false;
}

static const char *cgroup_flaw(const struct snapshot *s, uint32_t i)
{
        const struct jettison_cgroup *c = &s->cgroups[i];

        if (i == 0 && (c->parent || c->parent_index != JETTISON_NO_PARENT))
                return "the topmost has a parent";
        if (i > 0 && c->parent_index >= i)
                return "a child stands before its parent";
        if (i > 0 && s->cgroups[c->parent_index].id != c->parent)
                return "a parent is another one";
        if (!c->id || c->reserved || c->flags & ~KNOWN_FLAGS || c->comm[sizeof(c->comm) - 1])
                return "a cgroup's record is not well-formed";
        if (c->oom_score_adj_min < -1000 || c->oom_score_adj_min > 1000 || !c->processes != !c->first_pid)
                return "a cgroup's processes are not well-formed";
        return NULL;
}

/* What the processes listed in a cgroup add up to. */
static const char *sums_flaw(const struct snapshot *s, const struct jettison_cgroup *c)
{
        uint64_t score = 0;
        uint32_t n = 0, first = 0;

        for (uint32_t i = 0; i < s->call.n_processes; i++) {
                const struct jettison_process *p = &s->processes[i];

                if (p->cgroup != c->id)
                        continue;
                n++;
                score += p->oom_score > SCORE_NEUTRAL ? p->oom_score - SCORE_NEUTRAL : 0;
                first += p->pid == (uint32_t)c->first_pid;
        }
        if (n != c->processes || score != c->oom_score || first != (n > 0))
                return "a cgroup's processes do not add up";
        return NULL;
}

static const char *list_flaw(const struct snapshot *s)
{
        uint32_t n = s->call.n_processes;
        uint64_t *pids = calloc(n + 1, sizeof(*pids));
        const char *flaw = NULL;

        for (uint32_t i = 0; i < n; i++) {
                const struct jettison_process *p = &s->processes[i];

                pids[i] = p->pid;
                if (!p->pid || p->reserved || p->oom_score > 2000 || p->comm[sizeof(p->comm) - 1])
                        flaw = "a process's record is not well-formed";
        }
        if (has_double(pids, n))
                flaw = "a process is there twice";
        free(pids);
        return flaw;
}

const char *snapshot_flaw(const struct snapshot *s)
{
        uint32_t n = s->call.n_cgroups, listed = 0;
        uint64_t *ids = calloc(n + 1, sizeof(*ids));
        const char *flaw = NULL;

        for (uint32_t i = 0; i < n && !flaw; i++) {
                ids[i] = s->cgroups[i].id;
                listed += s->cgroups[i].processes;
                flaw = cgroup_flaw(s, i);
                if (!flaw)
                        flaw = sums_flaw(s, &s->cgroups[i]);
        }
        if (!flaw && has_double(ids, n))
                flaw = "a cgroup is there twice";
        free(ids);
        if (!flaw && (n == 0 || listed != s->call.n_processes))
                flaw = "processes are listed of cgroups that are not";
        if (!flaw && s->call.needed != n * sizeof(struct jettison_cgroup) +
                                               s->call.n_processes * sizeof(struct jettison_process))
                flaw = "needed is not what was needed";
        return flaw ? flaw : list_flaw(s);
}

/* The first process, and one that is a thread of the kernel. */
static void judge_known(const struct snapshot *s)
{
        uint64_t home = 0;
        bool idle = false, marked = true;

        for (uint32_t i = 0; i < s->call.n_processes; i++) {
                const struct jettison_process *p = &s->processes[i];

                if (p->pid == 1)
                        home = p->cgroup;
                if (p->pid == 2)
                        idle = !p->rss && !p->swap && !p->page_tables && !p->oom_score;
        }
        for (uint32_t i = 0; i < s->call.n_cgroups; i++)
                marked &= !(s->cgroups[i].flags & JETTISON_CGROUP_INIT) == (s->cgroups[i].id != home);
        row(home && marked, "the cgroup of PID 1 is marked, and no other");
        row(idle, "a kernel thread has no memory and no score");
}

int verb_snapshots(char **arguments)
{
        unsigned n = (unsigned)strtoul(arguments[0], NULL, 10), flaws = 0;
        uint32_t least = UINT32_MAX, most = 0;
        const char *flaw = NULL;
        struct snapshot s;
        uint64_t took_ns = 0;

        snapshot_init(&s);
        for (unsigned i = 0; i < n; i++) {
                uint64_t began_ns = now_ns();
                int r = snapshot_take(&s, 0);

                took_ns += now_ns() - began_ns;
                if (r < 0) {
                        errno = -r;
                        return failed("JETTISON_SNAPSHOT");
                }
                least = s.call.n_cgroups < least ? s.call.n_cgroups : least;
                most = s.call.n_cgroups > most ? s.call.n_cgroups : most;
                if (snapshot_flaw(&s)) {
                        flaw = snapshot_flaw(&s);
                        flaws++;
                }
        }
        printf("# %u snapshots of %u to %u cgroups, %llu us each\n", n, least, most,
               (unsigned long long)(took_ns / n / 1000));
        row(flaws == 0, "%u snapshots are well-formed%s%s", n, flaw ? ": " : "", flaw ? flaw : "");
        row(most > least, "while cgroups come and go");
        judge_known(&s);
        snapshot_fini(&s);
        return rows_status();
}

int verb_find(char **arguments)
{
        uint64_t id = strtoull(arguments[0], NULL, 10);
        struct snapshot s;
        bool found = false, asked;

        snapshot_init(&s);
        asked = snapshot_take(&s, id) == 0;
        if (!asked && errno != ENOENT)
                return failed("JETTISON_SNAPSHOT") + 1;
        if (snapshot_take(&s, 0) < 0)
                return failed("JETTISON_SNAPSHOT") + 1;
        for (uint32_t i = 0; i < s.call.n_cgroups; i++)
                found |= s.cgroups[i].id == id;
        snapshot_fini(&s);
        return found == asked ? !found : 2;
}

/* One that is too short for the cgroups, one that is too short for the processes, one that fits. */
int verb_shorts(char **arguments)
{
        struct jettison_snapshot call = {
                .version = JETTISON_ABI, .flags = JETTISON_SNAPSHOT_PROCESSES, .score_neutral = SCORE_NEUTRAL,
                .cgroup = group_id(arguments[0]),
        };
        struct jettison_snapshot without = { .version = JETTISON_ABI, .cgroup = call.cgroup };
        struct snapshot s;
        uint64_t needed;

        snapshot_init(&s);
        buffer_map(&s, PAGE_BYTES);
        row(ioctl(s.fd, JETTISON_SNAPSHOT, &call) < 0 && errno == ENOSPC, "a page is too short: %s",
            strerror(ENOSPC));
        needed = call.needed;
        row(needed > PAGE_BYTES && call.n_cgroups * sizeof(struct jettison_cgroup) > PAGE_BYTES,
            "it is told what is needed: %llu bytes", (unsigned long long)needed);

        buffer_map(&s, call.n_cgroups * sizeof(struct jettison_cgroup));
        row(ioctl(s.fd, JETTISON_SNAPSHOT, &without) == 0 && without.n_processes == 0 &&
                    without.n_cgroups == call.n_cgroups,
            "cgroups alone need less");
        call.needed = 0;
        row(s.size_bytes >= needed || (ioctl(s.fd, JETTISON_SNAPSHOT, &call) < 0 && errno == ENOSPC),
            "it is not enough for the processes: %s", strerror(ENOSPC));
        row(s.size_bytes >= needed || call.needed == needed, "the same is needed");

        buffer_map(&s, needed);
        row(snapshot_take(&s, call.cgroup) == 0 && s.call.needed == needed, "with that it succeeds");
        row(!snapshot_flaw(&s), "and is well-formed");
        row(s.cgroups[0].id == call.cgroup, "its topmost is who was asked for");
        snapshot_fini(&s);
        return rows_status();
}
