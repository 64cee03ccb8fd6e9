/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Facts come from one of two feeds, the kernel module's records (census.c) or the kernel's files (files.c);
 * what is made of them here does not know which. Labels are files' in both cases, and so are a domain's
 * limits.
 *
 * A domain's available memory is the smallest of what is left under each limit above it, plus the clean
 * cache that reclaim can take: the counterpart of MemAvailable for a cgroup.
 *
 * A file that does not parse, or a cgroup that answers nothing, leaves that cgroup out of the choice; it is
 * never taken for a large one. */
#include "sense/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "sense/files.h"
#include "sense/fillrate.h"
#include "sense/memstat.h"

/* A pause container: one process, pause or (podman's) catatonit, in next to no memory. */
#define PAUSE_BYTES (4 * MIB)

int scan_init(struct scanner *s, const struct cgroupfs *fs, const char *proc,
              const struct sense_options *options, struct module *module)
{
        int r;

        *s = (struct scanner){ .options = options, .procfs = { .fd = -1 }, .meminfo = MEMINFO_INIT,
                               .vmstat_fd = -1 };
        s->fill_rate_bytes = options->fill_rate_bytes ? options->fill_rate_bytes : fillrate_measure();
        s->tree = tree_new(fs, options);
        s->numbers = calloc(options->cgroups_max, sizeof(*s->numbers));
        s->members = calloc(options->cgroups_max, sizeof(*s->members));
        if (!s->tree || !s->numbers || !s->members)
                r = -ENOMEM;
        else if ((r = census_init(&s->census, s->tree, module)) == 0 &&
                 (r = procfs_open(&s->procfs, proc)) == 0)
                r = meminfo_open(&s->meminfo, s->procfs.fd);
        s->procfs.neutral = options->oom_score_neutral;
        if (r == 0)
                s->vmstat_fd = cgroupfs_open_file(s->procfs.fd, "vmstat", O_RDONLY);
        if (r < 0)
                scan_fini(s);
        return r;
}

void scan_fini(struct scanner *s)
{
        census_fini(&s->census);
        s->tree = tree_free(s->tree);
        free(s->numbers);
        free(s->members);
        meminfo_close(&s->meminfo);
        close_p(&s->vmstat_fd);
        procfs_close(&s->procfs);
        *s = (struct scanner){ .procfs = { .fd = -1 }, .meminfo = MEMINFO_INIT, .vmstat_fd = -1 };
}

int scan_reconfigure(struct scanner *s, const struct sense_options *options)
{
        int r = tree_reconfigure(s->tree, options);

        if (r < 0)
                return r;
        s->options = options;
        s->procfs.neutral = options->oom_score_neutral;
        if (options->fill_rate_bytes)
                s->fill_rate_bytes = options->fill_rate_bytes;
        return 0;
}

uint64_t scan_kernel_kills(const struct scanner *s)
{
        char text[8192];        /* 170 lines of up to 40 bytes on Linux 6.1 */
        uint64_t kills = 0;

        if (s->vmstat_fd >= 0 && cgroupfs_pread(s->vmstat_fd, text, sizeof(text)) == CGROUPFS_OK)
                ktext_find(text, "oom_kill", &kills);
        return kills;
}

/* Lowers *facts to what one limit leaves. */
static int apply_limit(struct node *n, uint64_t enough, struct domain_facts *facts)
{
        struct memstat stat;
        uint64_t max, current, left;
        int r = node_read_u64(n, FILE_MAX, &max);

        if (r != CGROUPFS_OK || max == KTEXT_MAX)
                return r == -EINVAL ? -EIO : r;
        if ((r = node_read_u64(n, FILE_CURRENT, &current)) != CGROUPFS_OK)
                return r;
        left = u64_less(max, current);
        if (left < enough) {
                if ((r = memstat_read(n, &stat)) != CGROUPFS_OK)
                        return r == -EINVAL ? -EIO : r; /* without the cache a full domain and a busy one look
                                                         * the same */
                left = u64_min(u64_add(left, memstat_clean(&stat)), max);
        }
        facts->memory_total = u64_min(facts->memory_total, max);
        facts->memory_available = u64_min(facts->memory_available, left);
        return CGROUPFS_OK;
}

/* The swap a cgroup may still use: the least of the host's and of all limits above it. */
static void apply_swap(struct scanner *s, uint32_t index, struct domain_facts *facts)
{
        struct domain_facts host = { 0 };

        if (meminfo_read(&s->meminfo, &host) < 0)
                return;
        facts->swap_total = host.swap_total;
        facts->swap_free = host.swap_free;
        for (struct node *n; host.swap_total > 0 && index != 0 && index != NODE_NONE; index = n->parent) {
                uint64_t max, current;

                n = tree_node(s->tree, index);
                if (node_read_u64(n, FILE_SWAP_MAX, &max) != CGROUPFS_OK ||
                    node_read_u64(n, FILE_SWAP, &current) != CGROUPFS_OK)
                        continue;
                facts->swap_total = u64_min(facts->swap_total, max);
                facts->swap_free = u64_min(facts->swap_free, u64_less(max, current));
        }
}

static void add_lists(const struct scanner *s, struct domain_facts *host)
{
        host->memory_lists = u64_min(meminfo_lists(&s->meminfo),
                                     u64_less(host->memory_total, host->memory_available));
        host->memory_available += host->memory_lists;
}

int scan_look(struct scanner *s, const struct domain *d, uint64_t enough, struct domain_facts *ret_facts)
{
        struct domain_facts facts = { .memory_total = UINT64_MAX, .memory_available = UINT64_MAX };
        int r;

        if (d->is_host) {
                if ((r = meminfo_read(&s->meminfo, ret_facts)) == 0 && ret_facts->memory_available < enough)
                        add_lists(s, ret_facts);
                return r;
        }
        if (d->node == NODE_NONE || tree_node(s->tree, d->node)->id != d->id)
                return CGROUPFS_GONE;
        for (uint32_t i = d->node; i != 0 && i != NODE_NONE; i = tree_node(s->tree, i)->parent)
                if ((r = apply_limit(tree_node(s->tree, i), enough, &facts)) != CGROUPFS_OK)
                        return r;
        if (facts.memory_total == UINT64_MAX)
                return -ENODATA;        /* no limit above it: no domain */
        if (facts.memory_available < enough)
                apply_swap(s, d->node, &facts);
        ret_facts->memory_total = facts.memory_total;
        ret_facts->memory_available = facts.memory_available;
        ret_facts->memory_lists = 0;
        ret_facts->swap_total = facts.swap_total;
        ret_facts->swap_free = facts.swap_free;
        return CGROUPFS_OK;
}

static bool is_pause_name(const char *comm)
{
        return strcmp(comm, "pause") == 0 || strcmp(comm, "catatonit") == 0;
}

static bool is_pause(const struct scanner *s, const struct facts *f)
{
        char comm[16];

        if (f->sum.processes != 1 || f->memory > PAUSE_BYTES)
                return false;
        if (f->comm[0])
                return is_pause_name(f->comm);
        procfs_comm(&s->procfs, f->sum.first_pid, comm);
        return is_pause_name(comm);
}

/* A kubelet gives every guaranteed container -997, so on what is known to be a container only the kernel's
 * own "never" counts. */
static bool is_shielded(const struct node *n, const struct procfs_sum *sum)
{
        int line = n->container.role == CONTAINER_NONE ? OOM_SCORE_ADJ_SHIELD : -1000;

        return sum->has_init || sum->oom_score_adj_min <= line;
}

static enum barred barred_of(const struct scanner *s, const struct node *n, const struct utility *utility,
                             const struct facts *f, uint64_t now_us)
{
        if (n->rule && n->rule->has_utility && n->rule->utility.protect)
                return BARRED_RULE;
        if (utility->protect)
                return BARRED_LABEL;
        if (n->is_self)
                return BARRED_SELF;
        if (is_shielded(n, &f->sum) || is_pause(s, f))
                return BARRED_SHIELDED;
        if (n->pins > 0)
                return BARRED_DYING;
        return n->struck_until_us > now_us ? n->struck : BARRED_NOT;
}

/* Its own number: the label, else the rule's word, else the default. */
static struct utility read_utility(struct scanner *s, struct node *n, bool *ret_gone)
{
        if (n->label_walk != tree_walks(s->tree))
                n->label = label_read(n->dir_fd, n->trust, &n->utility);
        n->label_walk = n->label == LABEL_GONE ? 0 : tree_walks(s->tree);
        switch (n->label) {
        case LABEL_TRUSTED:
        case LABEL_USER:
                return n->utility;
        case LABEL_GONE:
                *ret_gone = true;
                break;
        case LABEL_INVALID:
                s->bad_labels += !n->label_reported;
                n->label_reported = true;
                break;
        default:
                break;
        }
        return n->rule && n->rule->has_utility ? n->rule->utility :
                                                  s->options->utility_default[n->container.pod_class];
}

/* Adds one candidate to the snapshot. What cannot be read is left out, and counted if it is not simply
 * gone. */
static void scan_candidate(struct scanner *s, uint32_t index, bool by_module, uint64_t now_us,
                           struct snapshot *snapshot)
{
        struct node *n = tree_node(s->tree, index);
        struct snapshot_cgroup *c;
        struct facts f;
        bool gone = false;
        struct utility utility = read_utility(s, n, &gone);
        int r;

        if (gone)
                return;
        r = by_module ? census_read(&s->census, index, now_us, &f) :
                        files_read(&s->procfs, s->tree, index, &f);
        if (r != CGROUPFS_OK) {
                s->bad_files += r < 0;
                return;
        }
        if (!f.populated || !(c = snapshot_add(snapshot, n->id, tree_path(s->tree, index))))
                return;
        c->slot = index;
        c->memory = f.memory;
        c->swap = f.swap;
        c->relief = memstat_relief(&f.stat, f.memory, f.sum.shmem_mapped);
        c->oom_score = f.sum.oom_score;
        c->processes = f.sum.processes;
        c->utility = utility;
        c->barred = barred_of(s, n, &utility, &f, now_us);
}

/* What a delegated user subtree as a whole is worth: its own label or rule, else the default. */
static struct utility delegate_worth(struct scanner *s, uint32_t delegate)
{
        struct node *n = tree_node(s->tree, delegate);
        bool gone = false;

        if (n->rule && n->rule->has_utility && n->rule->utility.protect)
                return n->rule->utility;
        return read_utility(s, n, &gone);
}

/* Does its utility rank it inside a user's subtree only? What the host's root has labelled or configured
 * stands for itself. */
static bool is_ranked(const struct node *n)
{
        bool configured = n->label != LABEL_USER && n->rule && n->rule->has_utility;

        return n->delegate != NODE_NONE && n->trust == LABEL_TRUST_SUBTREE && n->label != LABEL_TRUSTED &&
               !configured;
}

/* Scales the numbers of all candidates of one user subtree to the subtree's own worth; they are of its tier
 * at least, and protected if it is. */
static void scale_subtree(struct scanner *s, struct snapshot *snapshot, uint32_t delegate)
{
        struct utility worth = delegate_worth(s, delegate);
        uint32_t n = 0;

        for (size_t i = 0; i < snapshot->n; i++) {
                struct snapshot_cgroup *c = &snapshot->cgroups[i];
                const struct node *node = tree_node(s->tree, c->slot);

                if (node->delegate != delegate || !is_ranked(node))
                        continue;
                s->members[n] = (uint32_t)i;
                s->numbers[n++] = c->utility.value;
        }
        label_scale(s->numbers, n, worth.value);
        for (uint32_t i = 0; i < n; i++) {
                struct snapshot_cgroup *c = &snapshot->cgroups[s->members[i]];

                c->utility.value = s->numbers[i];
                c->utility.tier = worth.tier > c->utility.tier ? worth.tier : c->utility.tier;
                c->utility.protect = c->utility.protect || worth.protect;
                if (c->utility.protect && c->barred == BARRED_NOT)
                        c->barred = BARRED_LABEL;
        }
}

/* Each delegate once: it is the first of its candidates, in the snapshot's order, that asks for it. */
static void scale_subtrees(struct scanner *s, struct snapshot *snapshot)
{
        for (size_t i = 0; i < snapshot->n; i++) {
                const struct node *n = tree_node(s->tree, snapshot->cgroups[i].slot);
                bool settled = !is_ranked(n);

                for (size_t j = 0; j < i && !settled; j++) {
                        const struct node *before = tree_node(s->tree, snapshot->cgroups[j].slot);

                        settled = is_ranked(before) && before->delegate == n->delegate;
                }
                if (!settled)
                        scale_subtree(s, snapshot, n->delegate);
        }
}

int scan_run(struct scanner *s, const struct domain *d, bool walk, uint64_t now_us, struct snapshot *snapshot)
{
        struct domain_facts host;
        bool by_module = census_look(&s->census, d->is_host ? 0 : d->id, s->procfs.neutral, walk, &host) == 0;
        int r = walk && !by_module ? tree_walk(s->tree) : 0;
        struct timespec now;

        if (r < 0)
                return r;
        snapshot_reset(snapshot, d->path);
        clock_gettime(CLOCK_REALTIME, &now);
        snapshot->time_us = (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / NSEC_PER_USEC;
        if (by_module && d->is_host) {
                snapshot->facts = host;
                add_lists(s, &snapshot->facts);
        } else if ((r = scan_look(s, d, UINT64_MAX, &snapshot->facts)) != CGROUPFS_OK) {
                return r;
        }
        for (uint32_t i = 1; i < tree_size(s->tree); i++) {
                const struct node *n = tree_node(s->tree, i);

                if (n->kind == NODE_CANDIDATE && !n->gone &&
                    (d->is_host || tree_is_below(s->tree, i, d->node)))
                        scan_candidate(s, i, by_module, now_us, snapshot);
        }
        snapshot_sort(snapshot);
        scale_subtrees(s, snapshot);
        return 0;
}
