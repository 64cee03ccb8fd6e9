/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a scan costs, against the least that reading the same facts could cost. Plain program; prints a table,
 * fails nothing.
 *
 * The tree is faked in a temporary folder (below TMPDIR; a tmpfs is nearest to the real thing): N containers
 * with two processes each. 'scan' is scan_run with its walk on a tree that is known already, 'first' the one
 * that opens everything. 'floor' reads the same facts and does nothing with them: one pread for each of four
 * kept descriptors of a container, and open, pread and close for each process. Files of a real cgroupfs cost
 * more to read than these, on both sides alike; so the difference is what counts, and the ratio is at its
 * worst here.
 *
 * bench_scan [SIZE…]             the table
 * bench_scan --calls SIZE N      N further scans and nothing else: for counting system calls
 *                                (scan-syscalls.sh)
 * bench_scan --floor-calls SIZE N
 * bench_scan --real [PATH]       the containers of this machine, by files and by module (bench_real.c); PATH:
 *                                the hierarchy, else the one that is mounted
 * bench_scan --real-calls files|module N [PATH] */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/loop.h"
#include "bench.h"
#include "sense/scan.h"

#define RUNS_MAX 101

/* Beyond the process ids of a small machine: the group that the bench itself seems to be in would be left out. */
#define PID_FIRST 1000000

static const char stat_text[] =
        "anon 104857600\nfile 20971520\nkernel 1048576\nkernel_stack 65536\npagetables "
        "262144\nsec_pagetables 0\n"
        "percpu 4096\nsock 0\nvmalloc 0\nshmem 0\nzswap 0\nzswapped 0\nfile_mapped 1048576\nfile_dirty 4096\n"
        "file_writeback 0\nswapcached 0\nanon_thp 0\nfile_thp 0\nshmem_thp 0\ninactive_anon "
        "104857600\nactive_anon 0\n"
        "inactive_file 10485760\nactive_file 10485760\nunevictable 0\nslab_reclaimable "
        "524288\nslab_unreclaimable 262144\n"
        "slab 786432\nworkingset_refault_anon 0\nworkingset_refault_file 0\npgfault 123456\npgmajfault 12\n";

struct bench {
        char root[64];
        size_t n;
        struct cgroupfs fs;
        struct sense_options options;
        struct scanner scanner;
        struct snapshot snapshot;
        struct domain host;
        int proc_fd, (*fds)[4];
};

void die(const char *what)
{
        fprintf(stderr, "bench_scan: %s: %s\n", what, strerror(errno));
        exit(1);
}

static void file_write(const struct bench *b, const char *path, const char *text)
{
        char whole[256];
        CLEANUP(close_p) int fd = -1;

        snprintf(whole, sizeof(whole), "%s/%s", b->root, path);
        fd = open(whole, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                die(whole);
}

static void folder_make(const struct bench *b, const char *path)
{
        char whole[256];

        snprintf(whole, sizeof(whole), "%s/%s", b->root, path);
        if (mkdir(whole, 0755) < 0)
                die(whole);
}

static void container_path(size_t i, char path[static 128])
{
        snprintf(path, 128, "cgroup/s/docker-%064zx.scope", i + 1);
}

static void container_make(const struct bench *b, size_t i)
{
        char path[128], file[200], text[64];

        container_path(i, path);
        folder_make(b, path);
        snprintf(file, sizeof(file), "%s/memory.current", path);
        snprintf(text, sizeof(text), "%zu\n", 130000000 + i);
        file_write(b, file, text);
        snprintf(file, sizeof(file), "%s/memory.stat", path);
        file_write(b, file, stat_text);
        snprintf(file, sizeof(file), "%s/memory.swap.current", path);
        file_write(b, file, "0\n");
        snprintf(file, sizeof(file), "%s/cgroup.procs", path);
        snprintf(text, sizeof(text), "%zu\n%zu\n", PID_FIRST + 2 * i, PID_FIRST + 2 * i + 1);
        file_write(b, file, text);
        for (size_t pid = PID_FIRST + 2 * i; pid < PID_FIRST + 2 * (i + 1); pid++) {
                snprintf(path, sizeof(path), "proc/%zu", pid);
                folder_make(b, path);
                snprintf(path, sizeof(path), "proc/%zu/oom_score", pid);
                file_write(b, path, "680\n");
        }
}

static void bench_begin(struct bench *b, size_t n)
{
        const char *folder = getenv("TMPDIR");
        struct cgroupfs_lack lack;
        char path[160];

        *b = (struct bench){ .n = n, .host = { .path = "/", .is_host = true } };
        snprintf(b->root, sizeof(b->root), "%s/jettison-bench-XXXXXX", folder ? folder : "/tmp");
        if (!mkdtemp(b->root))
                die(b->root);
        folder_make(b, "cgroup");
        folder_make(b, "cgroup/s");
        folder_make(b, "proc");
        file_write(b, "cgroup/cgroup.controllers", "memory\n");
        file_write(b, "proc/meminfo",
                   "MemTotal: 8388608 kB\nMemAvailable: 1000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
        for (size_t i = 0; i < n; i++)
                container_make(b, i);
        b->options = (struct sense_options){ .containers = true,
                                             .oom_score_neutral = OOM_SCORE_NEUTRAL,
                                             .cgroups_max = (uint32_t)n + 16 };
        snprintf(path, sizeof(path), "%s/cgroup", b->root);
        if (cgroupfs_open(path, &b->fs, &lack) < 0)
                die(lack.text);
        snprintf(path, sizeof(path), "%s/proc", b->root);
        b->proc_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (b->proc_fd < 0 || scan_init(&b->scanner, &b->fs, path, &b->options, NULL) < 0 ||
            snapshot_init(&b->snapshot, n + 16, (n + 16) * 192) < 0)
                die("scanner");
}

static int entry_remove(const char *path, const struct stat *stat UNUSED, int type UNUSED,
                        struct FTW *ftw UNUSED)
{
        return remove(path);
}

static void bench_end(struct bench *b)
{
        scan_fini(&b->scanner);
        snapshot_fini(&b->snapshot);
        cgroupfs_close(&b->fs);
        close_p(&b->proc_fd);
        nftw(b->root, entry_remove, 16, FTW_DEPTH | FTW_PHYS);
}

static uint64_t scan_once(struct bench *b)
{
        uint64_t begun_us = loop_now_us();

        if (scan_run(&b->scanner, &b->host, true, begun_us, &b->snapshot) < 0)
                die("scan");
        if (b->snapshot.n != b->n) {
                fprintf(stderr, "bench_scan: %zu of %zu containers were read\n", b->snapshot.n, b->n);
                exit(1);
        }
        return loop_now_us() - begun_us;
}

/* Opens what the floor keeps open; the scanner lets go of its own first. */
static void floor_open(struct bench *b)
{
        static const char *const names[4] = { "memory.current", "memory.stat", "memory.swap.current",
                                              "cgroup.procs" };
        char path[256], container[128];

        scan_fini(&b->scanner);
        b->fds = calloc(b->n, sizeof(*b->fds));
        for (size_t i = 0; b->fds && i < b->n; i++)
                for (size_t k = 0; k < 4; k++) {
                        container_path(i, container);
                        snprintf(path, sizeof(path), "%s/%s/%s", b->root, container, names[k]);
                        b->fds[i][k] = open(path, O_RDONLY | O_CLOEXEC);
                        if (b->fds[i][k] < 0)
                                die(path);
                }
}

static uint64_t floor_once(struct bench *b)
{
        uint64_t begun_us = loop_now_us(), bytes = 0;
        char text[4096], path[32];

        for (size_t i = 0; i < b->n; i++) {
                for (size_t k = 0; k < 4; k++)
                        bytes += (uint64_t)pread(b->fds[i][k], text, sizeof(text), 0);
                for (size_t pid = PID_FIRST + 2 * i; pid < PID_FIRST + 2 * (i + 1); pid++) {
                        CLEANUP(close_p) int fd = -1;

                        snprintf(path, sizeof(path), "%zu/oom_score", pid);
                        fd = openat(b->proc_fd, path, O_RDONLY | O_CLOEXEC);
                        bytes += (uint64_t)pread(fd, text, sizeof(text), 0);
                }
        }
        if (bytes == 0)
                die("floor");
        return loop_now_us() - begun_us;
}

static void floor_close(struct bench *b)
{
        for (size_t i = 0; i < b->n; i++)
                for (size_t k = 0; k < 4; k++)
                        close(b->fds[i][k]);
        free(b->fds);
}

static uint64_t median(struct bench *b, uint64_t (*once)(struct bench *), size_t runs)
{
        uint64_t us[RUNS_MAX];

        for (size_t i = 0; i < runs; i++)
                us[i] = once(b);
        return median_of(us, runs);
}

bool room_for(size_t n)
{
        rlim_t need = n * FDS_PER_CGROUP + FDS_OTHER;
        struct rlimit limit;

        getrlimit(RLIMIT_NOFILE, &limit);
        if (limit.rlim_max < need)
                limit.rlim_max = need;          /* granted to root */
        limit.rlim_cur = limit.rlim_max;
        return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

static void row_print(size_t n)
{
        size_t runs = n <= 1000 ? RUNS_MAX : 11;
        uint64_t first_us, scan_us, floor_us;
        struct bench b;

        if (!room_for(n)) {
                printf("%8zu   left out: needs %zu descriptors\n", n, n * FDS_PER_CGROUP + FDS_OTHER);
                return;
        }
        bench_begin(&b, n);
        first_us = scan_once(&b);
        scan_us = median(&b, scan_once, runs);
        floor_open(&b);
        floor_once(&b);
        floor_us = median(&b, floor_once, runs);
        floor_close(&b);
        printf("%8zu %10.3f %10.3f %10.3f %8.2f %10.2f\n", n, (double)first_us / 1000, (double)scan_us / 1000,
               (double)floor_us / 1000, (double)scan_us / (double)u64_max(floor_us, 1),
               (double)scan_us / (double)n);
        fflush(stdout);
        bench_end(&b);
}

static int calls_make(bool is_floor, size_t n, size_t times)
{
        struct bench b;

        if (!room_for(n))
                die("descriptors");
        bench_begin(&b, n);
        scan_once(&b);
        if (is_floor)
                floor_open(&b);
        for (size_t i = 0; i < times; i++)
                (is_floor ? floor_once : scan_once)(&b);
        if (is_floor)
                floor_close(&b);
        bench_end(&b);
        return 0;
}

int main(int argc, char **argv)
{
        static const size_t sizes[] = { 10, 100, 1000, 10000 };

        if (argc == 4 && (strcmp(argv[1], "--calls") == 0 || strcmp(argv[1], "--floor-calls") == 0))
                return calls_make(argv[1][2] == 'f', strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
        if (argc > 1 && strcmp(argv[1], "--real") == 0)
                return real_print(argv[2]);
        if (argc > 3 && strcmp(argv[1], "--real-calls") == 0)
                return real_calls(strcmp(argv[2], "module") == 0, strtoul(argv[3], NULL, 10), argv[4]);
        printf("%8s %10s %10s %10s %8s %10s\n", "cgroups", "first ms", "scan ms", "floor ms", "ratio",
               "µs each");
        for (size_t i = 0; argc == 1 && i < ARRAY_SIZE(sizes); i++)
                row_print(sizes[i]);
        for (int i = 1; i < argc; i++)
                row_print(strtoul(argv[i], NULL, 10));
        return 0;
}
