/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which cgroups are watched as domains, as limits and containers come and go. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "controller_fixture.h"
#include "domains.h"

static struct world w;
static struct controlled d;

static void begin(const char *tree, uint32_t cgroups_max)
{
        world_make(&w, tree);
        controlled_configure(&d);
        d.config.sense.cgroups_max = cgroups_max;
        controlled_start(&d, &w);
}

static void finish(void)
{
        controlled_end(&d);
}

static void on_woken(struct watch *watch UNUSED)
{
}

static void walk(void)
{
        cr_assert_eq(tree_walk(d.c.scanner.tree), 0);
        domains_watch(&d.c, on_woken);
}

static bool is_watched(const char *path)
{
        const struct watch *watch = domains_find(&d.c, path);

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
        cr_expect_eq(d.c.n_watches, 2);
        finish();
}

Test(domains, limits_come_and_go)
{
        const struct watch *place;

        begin(tree, 64);
        place = domains_find(&d.c, "/batch");
        world_write(&w, "cgroup/batch/memory.max", "max\n");
        world_write(&w, "cgroup/web/memory.max", "1048576\n");
        walk();
        cr_expect(!is_watched("/batch") && is_watched("/web"));
        cr_expect_eq(domains_find(&d.c, "/web"), place, "the place of one that is gone is taken");
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
        place = domains_find(&d.c, "/batch");
        watch_note_lost(place, (struct utility){ .value = 7 });
        world_rmdir(&w, "batch");
        walk();
        cr_expect(!is_watched("/batch") && is_watched("/"));
        world_mkdir(&w, "batch/lxc.payload.new");
        world_write(&w, "cgroup/batch/memory.max", "1048576\n");
        walk();
        cr_expect(is_watched("/batch") && domains_find(&d.c, "/batch") == place);
        cr_expect_eq(place->lost.utility[0], 0);
        finish();
}

Test(domains, configured)
{
        char *paths[] = { strdup("/web"), strdup("/nowhere") };

        begin(tree, 64);
        d.config.sense.domains_auto = false;
        d.config.sense.domains = paths;
        d.config.sense.n_domains = 2;
        d.c.n_watches = 1;                /* the host, which was first */
        walk();
        cr_expect(is_watched("/") && is_watched("/web"), "named, though it has no limit of its own yet");
        cr_expect(!is_watched("/batch") && !is_watched("/nowhere"));
        d.config.sense.domains = NULL;
        d.config.sense.n_domains = 0;
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
        cr_expect_eq(d.c.n_watches, (size_t)WATCHES_MAX);
        cr_expect(d.c.left_out && is_watched("/"));
        free(text);
        finish();
}
