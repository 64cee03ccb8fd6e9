/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The containers of this machine, scanned by files and, where the kernel module is loaded, by it: processor
 * time of this process, the kernel's share included, as the median of some scans of a tree that is known
 * already.
 *
 * files        as without module
 * if all moved by module, when something in every container has moved: every memory.stat is read
 * if none      by module, when nothing has: none is read
 * differ       containers of which the two feeds do not say the same; on a quiet machine 0
 *
 * Whether a memory.stat is read depends on how long its numbers have stood. The time that scans are told is
 * made up here, so that one need not wait: it stands still, or has leapt. */
#include <stdio.h>
#include <time.h>

#include "base/base.h"
#include "bench.h"
#include "sense/scan.h"

#define CGROUPS_MAX 12000
#define RUNS        21

/* Longer than what is read takes to settle, shorter than it is kept. */
#define LEAP_US (10 * USEC_PER_SEC)

struct real {
        struct cgroupfs fs;
        struct sense_options options;
        struct scanner scanner;
        struct domain host;
        uint64_t now_us;                /* what scans are told */
};

static void real_begin(struct real *b, const char *root)
{
        struct cgroupfs_lack lack;

        *b = (struct real){ .host = { .path = "/", .is_host = true },
                            .now_us = LEAP_US,
                            .options = { .containers = true,
                                         .oom_score_neutral = OOM_SCORE_NEUTRAL,
                                         .fill_rate_bytes = GIB,
                                         .cgroups_max = CGROUPS_MAX } };
        room_for(CGROUPS_MAX);          /* else what is left out is noticed */
        if (cgroupfs_open(root, &b->fs, &lack) < 0)
                die(lack.text);
}

static void real_scanner(struct real *b, struct module *module, struct snapshot *snapshot)
{
        if (scan_init(&b->scanner, &b->fs, "/proc", &b->options, module) < 0 ||
            snapshot_init(snapshot, CGROUPS_MAX, CGROUPS_MAX * 192) < 0)
                die("scanner");
}

/* Processor time, microseconds. */
static uint64_t scan_once(struct real *b, struct snapshot *snapshot)
{
        struct timespec begun, ended;

        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begun);
        if (scan_run(&b->scanner, &b->host, true, b->now_us, snapshot) != CGROUPFS_OK)
                die("scan");
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ended);
        if (tree_left_out(b->scanner.tree) > 0 || snapshot->left_out > 0)
                die("more cgroups than descriptors or room");
        return (uint64_t)(ended.tv_sec - begun.tv_sec) * USEC_PER_SEC +
               (uint64_t)ended.tv_nsec / NSEC_PER_USEC - (uint64_t)begun.tv_nsec / NSEC_PER_USEC;
}

static uint64_t scan_often(struct real *b, struct snapshot *snapshot)
{
        uint64_t us[RUNS];

        for (size_t i = 0; i < RUNS; i++)
                us[i] = scan_once(b, snapshot);
        return median_of(us, RUNS);
}

/* What was read of every memory.stat has settled from here on. */
static void leap(struct real *b, struct snapshot *snapshot)
{
        b->now_us += LEAP_US;
        scan_once(b, snapshot);
}

static bool is_same(const struct snapshot_cgroup *a, const struct snapshot_cgroup *b)
{
        return b && a->memory == b->memory && a->swap == b->swap && a->relief == b->relief &&
               a->oom_score == b->oom_score && a->processes == b->processes && a->barred == b->barred;
}

static size_t differing(const struct snapshot *a, const struct snapshot *b)
{
        size_t n = b->n > a->n ? b->n - a->n : 0;

        for (size_t i = 0; i < a->n; i++)
                n += !is_same(&a->cgroups[i], snapshot_find(b, a->cgroups[i].id));
        return n;
}

/* Opens the module or says why not. */
static bool module_found(struct module *module)
{
        int r = module_open(module, JETTISON_DEVICE, CGROUPS_MAX);

        if (r < 0)
                fprintf(stderr, "bench_scan: " JETTISON_DEVICE ": %s\n", module_remedy(r));
        return r == 0;
}

int real_print(const char *root)
{
        struct snapshot by_files, by_module;
        struct module module;
        uint64_t files_us, all_us, still_us;
        struct real b;

        real_begin(&b, root);
        real_scanner(&b, NULL, &by_files);
        scan_once(&b, &by_files);
        files_us = scan_often(&b, &by_files);
        scan_fini(&b.scanner);
        if (!module_found(&module)) {
                printf("%8zu cgroups, CPU ms: files %.3f\n", by_files.n, (double)files_us / 1000);
                return 0;
        }
        real_scanner(&b, &module, &by_module);
        scan_once(&b, &by_module);
        all_us = scan_often(&b, &by_module);
        leap(&b, &by_module);
        still_us = scan_often(&b, &by_module);
        printf("%8zu cgroups, CPU ms: files %.3f, module %.3f if all moved, %.3f if none; %.1f to %.1f "
               "times; %zu differ, %lu failures\n",
               by_files.n, (double)files_us / 1000, (double)all_us / 1000, (double)still_us / 1000,
               (double)files_us / (double)u64_max(all_us, 1),
               (double)files_us / (double)u64_max(still_us, 1),
               differing(&by_files, &by_module), (unsigned long)b.scanner.census.failures);
        return 0;
}

int real_calls(bool by_module, size_t times, const char *root)
{
        struct snapshot snapshot;
        struct module module;
        struct real b;

        real_begin(&b, root);
        if (by_module && !module_found(&module))
                return 4;
        real_scanner(&b, by_module ? &module : NULL, &snapshot);
        scan_once(&b, &snapshot);
        leap(&b, &snapshot);
        for (size_t i = 0; i < times; i++)
                scan_once(&b, &snapshot);
        printf("%zu cgroups\n", snapshot.n);
        return 0;
}
