/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pass over the records, parents first, gives each to the candidate that it counts for: a candidate's own
 * record to itself, one inside to whomever its parent's counts for, the rest to nobody. What an unknown
 * cgroup inside a candidate is, need not be known; what is new elsewhere the walk before the pass has found.
 *
 * memory.stat is the dearest file of all, since the kernel has to sum over all processors and descendants
 * first, and the records lack only its split: how much is page cache, how much shared, how much reclaimable
 * slab. That split is kept, together with the numbers of its moment: memory, swap and the lengths of the LRU
 * lists, which the kernel counts page by page. Every page that is charged or freed changes memory, and cache
 * that gives way to anonymous memory changes the lists. What changes neither is a trade inside one of them,
 * page for page: anonymous memory for shared, or one kind of kernel memory for another. No busy cgroup comes
 * back to all five numbers by chance; whoever does so on purpose gains no more than by writing to a tmpfs in
 * the first place; and after KEPT_US even that is found out.
 *
 * Not seen are up to 63 pages a processor, which the kernel charges in advance, and which lie below what
 * memory.stat itself leaves out. And memory.stat is late: a reader that comes while another one sums gets
 * what was summed before. So a split counts as one of these numbers only if it was read when they had been
 * there for SETTLED_US already. */
#include "sense/census.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"

/* The kernel sums up what memory.stat says every 2 s (FLUSH_TIME in mm/memcontrol.c), by a timer that an idle
 * processor may put off. */
#define SETTLED_US (5 * USEC_PER_SEC)

/* How long a trade page for page, or a number that was read in an odd moment, may stand: read once a minute,
 * a file costs next to nothing. */
#define KEPT_US (60 * USEC_PER_SEC)

/* What moves when the split does. Bytes; in a tally, sums over the candidate's subtree where the kernel has
 * not summed already. */
struct footprint {
        uint64_t memory, swap;
        uint64_t lru_anon, lru_file, lru_unevictable;
};

struct tally {
        uint64_t id;            /* the candidate's; a place is used again */
        uint32_t pass;          /* the last one that saw it */
        bool populated;
        struct footprint now;
        struct procfs_sum sum;
        char comm[16];
        struct footprint then;  /* the numbers that 'stat' belongs to … */
        uint64_t since_us;      /* … which were first seen at this time */
        struct memstat stat;
        uint64_t read_us;       /* 0: not read */
};

int census_init(struct census *c, struct tree *t, struct module *module)
{
        *c = (struct census){ .tree = t };
        if (!module || !module_is_open(module))
                return 0;
        c->module = module;
        c->owners_max = 2 * tree_capacity(t);
        c->owners = calloc(c->owners_max, sizeof(*c->owners));
        c->tallies = calloc(tree_capacity(t), sizeof(*c->tallies));
        if (c->owners && c->tallies)
                return 0;
        census_fini(c);
        return -ENOMEM;
}

void census_fini(struct census *c)
{
        free(c->owners);
        free(c->tallies);
        *c = (struct census){ 0 };
}

static int make_room(struct census *c, uint32_t n)
{
        uint32_t *owners;

        if (n <= c->owners_max)
                return 0;
        owners = reallocarray(c->owners, n, 2 * sizeof(*owners));
        if (!owners)
                return -ENOMEM;
        c->owners = owners;
        c->owners_max = 2 * n;
        return 0;
}

/* Where in the tree a record's cgroup is, or NODE_NONE. A node that is only kept for a deed is not it. */
static uint32_t find_node(const struct census *c, const struct jettison_cgroup *record)
{
        uint32_t index = tree_find(c->tree, record->id);

        return index != NODE_NONE && tree_node(c->tree, index)->gone ? NODE_NONE : index;
}

/* Whom the record counts for, given that those before it are settled. */
static uint32_t owner_of(const struct census *c, const struct jettison_cgroup *records, uint32_t i,
                         uint32_t index)
{
        enum node_kind kind = index == NODE_NONE ? NODE_PART : tree_node(c->tree, index)->kind;
        uint32_t above = records[i].parent_index;

        switch (kind) {
        case NODE_CANDIDATE:
                return index;
        case NODE_PART:
                return above < i ? c->owners[above] : NODE_NONE;
        default:
                return NODE_NONE;
        }
}

/* Begins to count a candidate, by its own record. */
static void tally_begin(struct census *c, struct tally *t, const struct jettison_cgroup *record)
{
        if (t->id != record->id)
                *t = (struct tally){ .id = record->id };
        t->pass = c->pass;
        t->populated = record->flags & JETTISON_CGROUP_POPULATED;
        t->now = (struct footprint){ .memory = record->memory, .swap = record->swap };
        t->sum = (struct procfs_sum)PROCFS_SUM_INIT;
        t->comm[0] = '\0';
}

static void tally_add(struct tally *t, const struct jettison_cgroup *record)
{
        struct procfs_sum *sum = &t->sum;

        if (sum->first_pid == 0 && record->first_pid > 0) {
                sum->first_pid = record->first_pid;
                memcpy(t->comm, record->comm, sizeof(t->comm));
                t->comm[sizeof(t->comm) - 1] = '\0';
        }
        sum->processes += record->processes;
        sum->oom_score = u64_add(sum->oom_score, record->oom_score);
        sum->shmem_mapped = u64_add(sum->shmem_mapped, record->shmem_mapped);
        if (record->oom_score_adj_min < sum->oom_score_adj_min)
                sum->oom_score_adj_min = record->oom_score_adj_min;
        sum->has_init = sum->has_init || record->flags & JETTISON_CGROUP_INIT;
        t->now.lru_anon = u64_add(t->now.lru_anon, record->lru_anon);
        t->now.lru_file = u64_add(t->now.lru_file, record->lru_file);
        t->now.lru_unevictable = u64_add(t->now.lru_unevictable, record->lru_unevictable);
}

static void count(struct census *c, const struct jettison_cgroup *records, uint32_t n)
{
        c->pass++;
        for (uint32_t i = 0; i < n; i++) {
                uint32_t index = find_node(c, &records[i]), owner = owner_of(c, records, i, index);
                struct tally *t = owner == NODE_NONE ? NULL : &c->tallies[owner];

                c->owners[i] = owner;
                if (t && owner == index && t->pass != c->pass)  /* an id that comes again counts as a part */
                        tally_begin(c, t, &records[i]);
                if (t)
                        tally_add(t, &records[i]);
        }
}

int census_take(struct census *c, const struct jettison_cgroup *records, uint32_t n, bool walk)
{
        int r = make_room(c, n);

        if (r == 0 && walk)
                r = tree_walk(c->tree);
        if (r == 0)
                count(c, records, n);
        return r;
}

int census_look(struct census *c, uint64_t cgroup, uint32_t score_neutral, bool walk,
                struct domain_facts *ret_host)
{
        struct module_view view;
        int r;

        if (!c->module)
                return -ENODEV;
        if ((r = module_look(c->module, cgroup, score_neutral, &view)) == 0)
                r = census_take(c, view.cgroups, view.n, walk);
        if (r < 0) {
                c->failures += r != -ENOENT;    /* a domain goes, as cgroups do */
                return r;
        }
        *ret_host = view.facts;
        return 0;
}

static bool is_equal(const struct footprint *a, const struct footprint *b)
{
        return a->memory == b->memory && a->swap == b->swap && a->lru_anon == b->lru_anon &&
               a->lru_file == b->lru_file && a->lru_unevictable == b->lru_unevictable;
}

/* Does what was read of memory.stat still hold? Notes since when the numbers are what they are. */
static bool is_settled(struct tally *t, uint64_t now_us)
{
        if (t->read_us == 0 || !is_equal(&t->now, &t->then)) {
                t->then = t->now;
                t->since_us = now_us;
                return false;
        }
        return t->read_us >= t->since_us + SETTLED_US && now_us - t->read_us < KEPT_US;
}

int census_read(struct census *c, uint32_t index, uint64_t now_us, struct facts *ret_facts)
{
        struct tally *t = &c->tallies[index];
        struct node *n = tree_node(c->tree, index);

        if (t->pass != c->pass || t->id != n->id)
                return CGROUPFS_GONE;
        if (!is_settled(t, now_us)) {
                int r = memstat_read(n, &t->stat);

                t->read_us = r == CGROUPFS_OK ? now_us : 0;
                if (r != CGROUPFS_OK)
                        return r;
        }
        *ret_facts = (struct facts){ .memory = t->now.memory,
                                     .swap = t->now.swap,
                                     .stat = t->stat,
                                     .sum = t->sum,
                                     .populated = t->populated || t->sum.processes > 0 };
        memcpy(ret_facts->comm, t->comm, sizeof(t->comm));
        return CGROUPFS_OK;
}
