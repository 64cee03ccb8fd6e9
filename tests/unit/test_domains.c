/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which cgroups are watched as domains, as limits and containers come and go. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "controller.h"
#include "domains.h"
#include "fake_world.h"
#include "journal_fixture.h"

static struct world w;
static struct loop loop;
static struct config config;
static struct controller c;
static struct module module = MODULE_INIT;
static struct folder folder;

static void begin(const char *tree, uint32_t cgroups_max)
{
        world_make(&w, tree);
        cr_assert_eq(config_init(&config), 0);
        config.sense.cgroups_max = cgroups_max;
        config.sense.fill_rate_bytes = GIB;
        folder = folder_make();
        cr_assert_eq(loop_init(&loop), 0);
        cr_assert_eq(controller_init(&c, &config, &loop, &w.fs, w.fixture.proc, &module,
                                     open_journal(folder_file(&folder, "journal"), MIB, 1)), 0);
        cr_assert_eq(controller_start(&c), 0);
}

static void finish(void)
{
        journal_free(c.journal);
        controller_fini(&c);
        loop_fini(&loop);
        config_fini(&config);
        folder_remove(&folder);
        world_remove(&w);
}

static void on_woken(struct watch *watch UNUSED)
{
}

static void walk(void)
{
        cr_assert_eq(tree_walk(c.scanner.tree), 0);
        domains_watch(&c, on_woken);
}

static bool is_watched(const char *path)
{
        const struct watch *watch = domains_find(&c, path);

        return watch && !watch->gone;
}

static const char tree[] =
        "/batch memory.max=1073741824\n"
        "/batch/lxc.payload.a\n"
        "/web memory.max=max\n"
        "/web/lxc.payload.b\n"
        "/empty memory.max=1073741824\n"
        "/lxc.payload.c memory.max=1073741824\n";

/* A limit and somebody inside who may die; neither alone is enough. A container's own limit is its own affair. */
Test(domains, found)
{
        begin(tree, 64);
        cr_expect(is_watched("/") && is_watched("/batch"));
        cr_expect(!is_watched("/web") && !is_watched("/empty") && !is_watched("/lxc.payload.c"));
        cr_expect_eq(c.n_watches, 2);
        finish();
}

Test(domains, limits_come_and_go)
{
        const struct watch *place;

        begin(tree, 64);
        place = domains_find(&c, "/batch");
        world_write(&w, "cgroup/batch/memory.max", "max\n");
        world_write(&w, "cgroup/web/memory.max", "1048576\n");
        walk();
        cr_expect(!is_watched("/batch") && is_watched("/web"));
        cr_expect_eq(domains_find(&c, "/web"), place, "the place of one that is gone is taken");
        world_write(&w, "cgroup/batch/memory.max", "1073741824\n");
        walk();
        cr_expect(is_watched("/batch") && is_watched("/web") && is_watched("/"));
        finish();
}

/* It is made anew under its name: the same place, but what was lost is not its own. */
Test(domains, made_anew)
{
        struct watch *place;

        begin(tree, 64);
        place = domains_find(&c, "/batch");
        watch_note_lost(place, (struct utility){ .value = 7 });
        world_rmdir(&w, "batch");
        walk();
        cr_expect(!is_watched("/batch") && is_watched("/"));
        world_mkdir(&w, "batch/lxc.payload.new");
        world_write(&w, "cgroup/batch/memory.max", "1048576\n");
        walk();
        cr_expect(is_watched("/batch") && domains_find(&c, "/batch") == place);
        cr_expect_eq(place->lost.utility[0], 0);
        finish();
}

Test(domains, configured)
{
        char *paths[] = { strdup("/web"), strdup("/nowhere") };

        begin(tree, 64);
        config.sense.domains_auto = false;
        config.sense.domains = paths;
        config.sense.n_domains = 2;
        c.n_watches = 1;                /* the host, which was first */
        walk();
        cr_expect(is_watched("/") && is_watched("/web"), "named, though it has no limit of its own yet");
        cr_expect(!is_watched("/batch") && !is_watched("/nowhere"));
        config.sense.domains = NULL;
        config.sense.n_domains = 0;
        free(paths[0]);
        free(paths[1]);
        finish();
}

/* More than there are places for: said, and everybody else is watched. */
Test(domains, too_many)
{
        size_t n = WATCHES_MAX + 10;
        char *text = malloc(n * 96), *at = text;

        cr_assert_not_null(text);
        for (size_t i = 0; i < n; i++)
                at += sprintf(at, "/slice-%zu memory.max=1048576\n/slice-%zu/lxc.payload.a\n", i, i);
        begin(text, 2 * (uint32_t)n);
        cr_expect_eq(c.n_watches, (size_t)WATCHES_MAX);
        cr_expect(c.left_out && is_watched("/"));
        free(text);
        finish();
}
