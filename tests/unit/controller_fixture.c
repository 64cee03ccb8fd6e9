/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "controller_fixture.h"

#include <criterion/criterion.h>

#include "base/base.h"

void controlled_configure(struct controlled *d)
{
        *d = (struct controlled){ .module = MODULE_INIT };
        cr_assert_eq(config_init(&d->config), 0);
        d->config.sense.cgroups_max = 64;
        d->config.sense.fill_rate_bytes = GIB;
}

void controlled_start(struct controlled *d, struct world *w)
{
        d->world = w;
        d->folder = folder_make();
        cr_assert_eq(loop_init(&d->loop), 0);
        cr_assert_eq(controller_init(&d->c, &d->config, &d->loop, &w->fs, w->fixture.proc, &d->module,
                                     open_journal(folder_file(&d->folder, "journal"), MIB, 1)), 0);
        cr_assert_eq(controller_start(&d->c), 0);
}

void controlled_end(struct controlled *d)
{
        journal_free(d->c.journal);
        controller_fini(&d->c);
        loop_fini(&d->loop);
        d->config.sense.rules = NULL;
        d->config.sense.n_rules = 0;
        config_fini(&d->config);
        folder_remove(&d->folder);
        world_remove(d->world);
}
