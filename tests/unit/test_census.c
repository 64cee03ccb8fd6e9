/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Records of a snapshot, made by hand, counted over a tree of directories: whose they are, when the tree is
 * walked, and when memory.stat is read. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "fake_world.h"
#include "sense/census.h"

#define A "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define B "/docker/fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define C "/docker/0000111122223333444455556666777788889999aaaabbbbccccddddeeeeffff"

#define RECORDS_MAX 16
#define SEC         USEC_PER_SEC

/* Of no directory. */
#define UNKNOWN (UINT64_C(1) << 60)

static struct world w;
static struct census c;
static struct jettison_cgroup records[RECORDS_MAX];
static uint32_t n_records;
static uint64_t now_us = SEC;

static uint64_t id_of(const char *path)
{
        struct stat stat;
        char whole[512];

        snprintf(whole, sizeof(whole), "%s%s", w.fixture.cgroup, path);
        cr_assert_eq(lstat(whole, &stat), 0, "%s", whole);
        return (uint64_t)stat.st_ino;
}

static struct jettison_cgroup *add_id(uint64_t id, uint32_t parent_index)
{
        struct jettison_cgroup *r = &records[n_records++];

        cr_assert_leq(n_records, RECORDS_MAX);
        *r = (struct jettison_cgroup){ .id = id, .parent_index = parent_index, .oom_score_adj_min = 1000 };
        return r;
}

static struct jettison_cgroup *add(const char *path, uint32_t parent_index)
{
        return add_id(id_of(path), parent_index);
}

static void add_processes(struct jettison_cgroup *r, int first_pid, uint32_t n, uint64_t oom_score)
{
        r->flags |= JETTISON_CGROUP_POPULATED;
        r->first_pid = first_pid;
        r->processes = n;
        r->oom_score = oom_score;
        r->oom_score_adj_min = 0;
        snprintf(r->comm, sizeof(r->comm), "p%d", first_pid);
}

/* The root and /docker are records 0 and 1. */
static void begin(const char *text)
{
        static struct module module;

        world_make(&w, text);
        world_scanner(&w);
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        module = (struct module){ .fd = open("/dev/null", O_RDONLY | O_CLOEXEC) };
        cr_assert_eq(census_init(&c, w.scanner.tree, &module), 0);
        n_records = 0;
        add("", JETTISON_NO_PARENT);
        add("/docker", 0);
}

static void take(bool walk)
{
        cr_assert_eq(census_take(&c, records, n_records, walk), 0);
}

static int read_at(const char *path, struct facts *f)
{
        uint32_t index = tree_find(w.scanner.tree, id_of(path));

        cr_assert_neq(index, NODE_NONE, "%s is not known", path);
        return census_read(&c, index, now_us, f);
}

static void finish(void)
{
        census_fini(&c);
        world_remove(&w);
}

#define TWO A " anon=600 file=300 shmem=200\n" A "/inner\n" A "/inner/most\n" B "\n"

Test(census, each_to_its_owner)
{
        struct jettison_cgroup *r;
        struct facts f;

        begin(TWO);
        r = add(A, 1);
        r->memory = 1000;
        r->swap = 70;
        r->shmem_mapped = 5;
        r->flags = JETTISON_CGROUP_POPULATED;
        r = add(A "/inner", 2);
        r->memory = 400;        /* within the thousand */
        r->shmem_mapped = 60;
        add_processes(r, 20, 2, 30);
        r->oom_score_adj_min = -500;
        r = add(A "/inner/most", 3);
        add_processes(r, 21, 1, 4);
        r->flags |= JETTISON_CGROUP_INIT;
        r = add(B, 1);
        r->memory = 9;
        add_processes(&records[1], 30, 7, 700);         /* /docker's own are nobody's */
        take(true);

        cr_assert_eq(read_at(A, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory, 1000, "its own record's: it counts what lies below");
        cr_expect_eq(f.swap, 70);
        cr_expect_eq(f.stat.file, 300);
        cr_expect_eq(f.sum.processes, 3);
        cr_expect_eq(f.sum.oom_score, 34);
        cr_expect_eq(f.sum.shmem_mapped, 65);
        cr_expect_eq(f.sum.oom_score_adj_min, -500);
        cr_expect(f.sum.has_init);
        cr_expect_eq(f.sum.first_pid, 20);
        cr_expect_str_eq(f.comm, "p20");
        cr_expect(f.populated);

        cr_assert_eq(read_at(B, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory, 9);
        cr_expect_eq(f.sum.processes, 0);
        cr_expect_eq(f.sum.oom_score_adj_min, 1000);
        cr_expect_not(f.sum.has_init);
        cr_expect_not(f.populated);
        cr_expect_str_eq(f.comm, "");
        finish();
}

Test(census, what_is_unknown_inside_counts)
{
        struct facts f;

        begin(TWO);
        add(A, 1);
        add_processes(add_id(UNKNOWN, 2), 20, 1, 1);
        add_processes(add_id(UNKNOWN + 1, 3), 21, 1, 1);
        add_processes(add_id(UNKNOWN + 2, 1), 22, 1, 1);
        take(true);
        cr_assert_eq(read_at(A, &f), CGROUPFS_OK);
        cr_expect_eq(f.sum.processes, 2);
        cr_expect(f.populated);
        finish();
}

/* What no module should say. */
Test(census, garbage)
{
        static const uint32_t parents[] = { 2, 3, 4, 11, 16, UINT32_MAX - 1, JETTISON_NO_PARENT };
        struct facts f;

        begin(TWO);
        memset(add(A, 1)->comm, 'x', 16);
        records[2].first_pid = 5;
        for (size_t i = 0; i < ARRAY_SIZE(parents); i++)
                add_processes(add_id(UNKNOWN + i, parents[i]), 20, 1, UINT64_MAX);
        add(A "/inner", UINT32_MAX - 5)->processes = 100;
        add_id(0, 2)->processes = 1000;
        cr_assert_eq(n_records, 12);
        take(true);
        take(true);             /* of the pass before, nothing counts */
        cr_assert_eq(read_at(A, &f), CGROUPFS_OK);
        cr_expect_eq(f.sum.processes, 3 + 1000, "the first three have a parent that came before");
        cr_expect_eq(f.sum.oom_score, UINT64_MAX, "the sum does not wrap");
        cr_expect_eq(strlen(f.comm), 15, "ended by NUL");
        finish();
}

Test(census, an_id_that_comes_again)
{
        struct jettison_cgroup *r;
        struct facts f;

        begin(TWO);
        r = add(A, 1);
        r->memory = 100;
        add_processes(r, 20, 1, 1);
        r = add(A, 1);
        r->memory = 7000;
        add_processes(r, 21, 1, 1);
        take(true);
        cr_assert_eq(read_at(A, &f), CGROUPFS_OK);
        cr_expect_eq(f.memory, 100);
        cr_expect_eq(f.sum.processes, 2);
        finish();
}

Test(census, without_a_record_it_is_gone)
{
        struct facts f;

        begin(TWO);
        add(A, 1);
        add(B, 1);
        take(true);
        cr_expect_eq(read_at(B, &f), CGROUPFS_OK);
        n_records = 3;
        take(true);
        cr_expect_eq(read_at(A, &f), CGROUPFS_OK);
        cr_expect_eq(read_at(B, &f), CGROUPFS_GONE);
        cr_expect_eq(census_take(&c, records, 0, true), 0);
        cr_expect_eq(read_at(A, &f), CGROUPFS_GONE);
        finish();
}

/* A node that is only kept for a deed has no part in it. */
Test(census, gone_but_pinned)
{
        uint64_t id;
        uint32_t index;

        begin(TWO);
        id = id_of(B);
        index = tree_find(w.scanner.tree, id);
        tree_node(w.scanner.tree, index)->pins = 1;
        world_rmdir(&w, B + 1);
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        add_id(id, 1);
        take(false);
        cr_expect_eq(c.owners[2], NODE_NONE);
        tree_node(w.scanner.tree, index)->pins = 0;
        finish();
}

/* Its record is there, its directory is not. */
Test(census, gone_between_the_look_and_the_file)
{
        uint32_t index;
        struct facts f;

        begin(B "\n");
        add(B, 1);
        index = tree_find(w.scanner.tree, id_of(B));
        world_rmdir(&w, B + 1);
        take(true);
        cr_expect_eq(census_read(&c, index, now_us, &f), CGROUPFS_GONE);
        world_mkdir(&w, "docker/other");
        finish();
}

Test(census, memory_stat_that_says_nothing)
{
        struct facts f;

        begin(B " memory.stat=x\n");
        add(B, 1);
        take(true);
        cr_expect_eq(read_at(B, &f), -EINVAL);
        finish();
}

Test(census, more_records_than_room)
{
        uint32_t n = 4 * tree_capacity((begin(TWO), w.scanner.tree));
        struct jettison_cgroup *many = calloc(n, sizeof(*many));
        struct facts f;

        cr_assert_not_null(many);
        add(A, 1);
        memcpy(many, records, 3 * sizeof(*many));
        for (uint32_t i = 3; i < n; i++)
                many[i] = (struct jettison_cgroup){ .id = UNKNOWN + i,
                                                    .parent_index = i - 1,
                                                    .processes = 1 };
        cr_expect_eq(census_take(&c, many, n, false), 0);
        cr_assert_eq(read_at(A, &f), CGROUPFS_OK);
        cr_expect_eq(f.sum.processes, n - 3, "as deep as they are nested");
        free(many);
        finish();
}

/* The walk. */

static bool is_known(const char *path)
{
        return tree_find(w.scanner.tree, id_of(path)) != NODE_NONE;
}

Test(census, a_walk_only_for_what_is_new)
{
        uint32_t walks;
        struct facts f;

        begin(TWO);
        add(A, 1);
        take(true);
        walks = tree_walks(w.scanner.tree);
        take(true);
        cr_expect_eq(tree_walks(w.scanner.tree), walks);
        world_mkdir(&w, C + 1);
        add(C, 1)->memory = 5;
        take(false);
        cr_expect_not(is_known(C), "not if it is not asked for");
        take(true);
        cr_expect(is_known(C));
        world_write(&w, "cgroup" C "/memory.stat", "file 0\nshmem 0\n");
        cr_assert_eq(read_at(C, &f), CGROUPFS_OK, "counted at once");
        cr_expect_eq(f.memory, 5);
        finish();
}

static enum node_kind kind_of(const char *path)
{
        return tree_node(w.scanner.tree, tree_find(w.scanner.tree, id_of(path)))->kind;
}

Test(census, labels_make_candidates)
{
        uint32_t walks;

        begin("/batch\n/plain\n/docker\n");
        if (!world_label(&w, "plain", "5"))
                cr_skip("no trusted.* here");
        take(true);
        cr_expect_eq(kind_of("/plain"), NODE_CANDIDATE);
        world_label(&w, "plain", NULL);
        world_label(&w, "batch", "7");
        take(false);
        cr_expect_eq(kind_of("/batch"), NODE_BRANCH, "not asked for");
        take(true);
        cr_expect_eq(kind_of("/batch"), NODE_CANDIDATE);
        cr_expect_eq(kind_of("/plain"), NODE_BRANCH);
        walks = tree_walks(w.scanner.tree);
        take(true);
        cr_expect_eq(tree_walks(w.scanner.tree), walks, "nothing new");
        finish();
}

/* What was read of memory.stat. */

static uint64_t file_of_a(void)
{
        struct facts f;

        take(true);
        cr_assert_eq(read_at(A, &f), CGROUPFS_OK);
        return f.stat.file;
}

static void write_file_of_a(const char *text)
{
        world_write(&w, "cgroup" A "/memory.stat", text);
}

static void begin_kept(void)
{
        begin(TWO);
        add(A, 1)->memory = 1000;
        add(A "/inner", 2)->lru_file = 300;
        cr_expect_eq(file_of_a(), 300);
}

Test(census, the_split_is_read_until_it_has_settled)
{
        begin_kept();
        now_us += 4 * SEC;
        write_file_of_a("file 310\nshmem 0\n");
        cr_expect_eq(file_of_a(), 310, "it may have been late");
        now_us += 1 * SEC;
        write_file_of_a("file 320\nshmem 0\n");
        cr_expect_eq(file_of_a(), 320);
        now_us += 1 * SEC;
        write_file_of_a("file 330\nshmem 0\n");
        cr_expect_eq(file_of_a(), 320, "read 5 s after the numbers came");
        now_us += 58 * SEC;
        cr_expect_eq(file_of_a(), 320);
        now_us += 1 * SEC;
        cr_expect_eq(file_of_a(), 330, "once a minute");
        finish();
}

Test(census, the_split_is_read_when_a_number_moves)
{
        begin_kept();
        now_us += 10 * SEC;
        file_of_a();
        for (unsigned i = 0; i < 10; i++) {
                __u64 *const numbers[] = { &records[2].memory, &records[2].swap, &records[2].lru_anon,
                                           &records[3].lru_file, &records[3].lru_unevictable };
                char text[64];

                snprintf(text, sizeof(text), "file %u\nshmem 0\n", i);
                write_file_of_a(text);
                *numbers[i % 5] ^= 4096;
                cr_expect_eq(file_of_a(), i, "number %u", i % 5);
                now_us += 10 * SEC;
                cr_expect_eq(file_of_a(), i);
                write_file_of_a("file 999\nshmem 0\n");
                now_us += SEC;
                cr_expect_eq(file_of_a(), i, "number %u: settled", i % 5);
        }
        finish();
}

/* A place in the tree is used again. The new directory is made before the old one goes, since file systems
 * other than the kernel's use inode numbers again as well. */
Test(census, a_split_belongs_to_a_cgroup)
{
        char held[256], whole[256];
        uint32_t place;
        struct facts f;

        begin_kept();
        now_us += 10 * SEC;
        file_of_a();
        place = tree_find(w.scanner.tree, id_of(A));
        snprintf(held, sizeof(held), "%s/held", w.fixture.root);
        snprintf(whole, sizeof(whole), "%s" C, w.fixture.cgroup);
        cr_assert_eq(mkdir(held, 0755), 0);
        world_rmdir(&w, A + 1);
        world_rmdir(&w, B + 1);
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        cr_assert_eq(rename(held, whole), 0);
        world_write(&w, "cgroup" C "/memory.stat", "file 1\nshmem 0\n");
        n_records = 2;
        add(C, 1)->memory = 1000;
        records[2].lru_file = 300;
        take(true);
        cr_assert_eq(tree_find(w.scanner.tree, id_of(C)), place);
        cr_assert_eq(read_at(C, &f), CGROUPFS_OK);
        cr_expect_eq(f.stat.file, 1);
        finish();
}

/* Without module. */
Test(census, nothing_to_be_had)
{
        struct module closed = MODULE_INIT;
        struct domain_facts host;

        world_make(&w, TWO);
        world_scanner(&w);
        cr_expect_eq(census_init(&c, w.scanner.tree, NULL), 0);
        cr_expect_eq(census_look(&c, 0, 666, true, &host), -ENODEV);
        cr_expect_eq(census_init(&c, w.scanner.tree, &closed), 0);
        cr_expect_eq(census_look(&c, 0, 666, true, &host), -ENODEV);
        cr_expect_eq(c.failures, 0, "none was asked");
        finish();
}
