/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_world.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include "base/base.h"
#include "sense/label.h"

void world_make(struct world *w, const char *text)
{
        static const char head[] =
                "/ cgroup.controllers=memory\n"
                "/proc/meminfo MemTotal=8388608 MemAvailable=4194304 SwapTotal=0 SwapFree=0\n"
                "/proc/pressure/memory\n";
        CLEANUP(free_p) char *whole = malloc(sizeof(head) + strlen(text));
        struct cgroupfs_lack lack;
        int r;

        *w = (struct world){ .fixture = TREE_FIXTURE_INIT, .fs = CGROUPFS_INIT };
        cr_assert_not_null(whole);
        stpcpy(stpcpy(whole, head), text);
        r = tree_fixture_make(&w->fixture, whole);
        cr_assert_eq(r, 0, "fixture: %s", strerror(-r));
        r = cgroupfs_open(w->fixture.cgroup, &w->fs, &lack);
        cr_assert_eq(r, 0, "hierarchy: %s", lack.text);
        w->options = (struct sense_options){ .utility_default = { [POD_NONE ... POD_STATIC] = {
                                                                          .value = UTILITY_DEFAULT } },
                                             .oom_score_neutral = OOM_SCORE_NEUTRAL,
                                             .containers = true,
                                             .cgroups_max = 64,
                                             .host = true,
                                             .timer_min_us = 20000,
                                             .timer_max_us = 10000000,
                                             .fill_rate_bytes = GIB };
        w->host = (struct domain){ .path = "/", .is_host = true };
}

void world_scanner(struct world *w)
{
        int r = scan_init(&w->scanner, &w->fs, w->fixture.proc, &w->options, NULL);

        cr_assert_eq(r, 0, "scanner: %s", strerror(-r));
        r = snapshot_init(&w->snapshot, w->options.cgroups_max, w->options.cgroups_max * 192);
        cr_assert_eq(r, 0);
}

void world_remove(struct world *w)
{
        if (w->scanner.tree)
                scan_fini(&w->scanner);
        snapshot_fini(&w->snapshot);
        cgroupfs_close(&w->fs);
        tree_fixture_remove(&w->fixture);
}

static void path_of(const struct world *w, const char *path, char whole[static 4096])
{
        cr_assert_lt(snprintf(whole, 4096, "%s/%s", w->fixture.cgroup, path), 4096);
}

void world_mkdir(const struct world *w, const char *path)
{
        char whole[4096];

        path_of(w, path, whole);
        for (char *p = whole + strlen(w->fixture.cgroup) + 1; (p = strchr(p, '/')); p++) {
                *p = '\0';
                cr_assert(mkdir(whole, 0755) == 0 || errno == EEXIST, "%s: %s", whole, strerror(errno));
                *p = '/';
        }
        cr_assert(mkdir(whole, 0755) == 0, "%s: %s", whole, strerror(errno));
}

static int remove_entry(const char *path, const struct stat *stat UNUSED, int type UNUSED,
                        struct FTW *ftw UNUSED)
{
        return remove(path);
}

void world_rmdir(const struct world *w, const char *path)
{
        char whole[4096];

        path_of(w, path, whole);
        cr_assert_eq(nftw(whole, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0, "%s", whole);
}

void world_write(const struct world *w, const char *path, const char *text)
{
        int r = tree_fixture_write(&w->fixture, path, text);

        cr_assert_eq(r, 0, "%s: %s", path, strerror(-r));
}

bool world_label(const struct world *w, const char *path, const char *label)
{
        char whole[4096];

        path_of(w, path, whole);
        if (!label)
                return removexattr(whole, LABEL_TRUSTED_NAME) == 0;
        return setxattr(whole, LABEL_TRUSTED_NAME, label, strlen(label), 0) == 0;
}

const struct snapshot_cgroup *world_scan(struct world *w, const char *path)
{
        int r = scan_run(&w->scanner, &w->host, true, 1000000, &w->snapshot);

        cr_assert_eq(r, 0, "scan: %d", r);
        for (size_t i = 0; i < w->snapshot.n; i++)
                if (strcmp(snapshot_path(&w->snapshot, &w->snapshot.cgroups[i]), path) == 0)
                        return &w->snapshot.cgroups[i];
        return NULL;
}

size_t world_descriptors(void)
{
        DIR *d = opendir("/proc/self/fd");
        size_t n = 0;

        cr_assert_not_null(d);
        while (readdir(d))
                n++;
        closedir(d);
        return n - 3;           /* ".", ".." and the directory itself */
}
