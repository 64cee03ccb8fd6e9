/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/live.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/units.h"
#include "cli/names.h"
#include "cli/show.h"

#define BAR_CELLS 20u

/* "[############--------]": how much is in use. New. */
static char *bar_text(uint64_t total, uint64_t available)
{
        uint64_t used = u64_less(total, available);
        size_t full = total ? u64_scale(used, BAR_CELLS, total) : 0;
        unsigned long long percent = total ? u64_scale(used, 100, total) : 0;
        char bar[BAR_CELLS + 1];

        memset(bar, '-', BAR_CELLS);
        memset(bar, '#', u64_min(full, BAR_CELLS));
        bar[BAR_CELLS] = '\0';
        return text_format("[%s] %3llu%%", bar, percent);
}

static enum style level_style(const char *level)
{
        if (strcmp(level, "short") == 0)
                return STYLE_RED;
        return strcmp(level, "armed") == 0 ? STYLE_YELLOW : STYLE_PLAIN;
}

static void add_domain(struct table *t, const json_t *domain)
{
        const char *level = field_text(domain, "level");
        uint64_t total = field_u64(domain, "memory_total"), available = field_u64(domain, "memory_available");

        table_row(t, level_style(level));
        table_cell(t, text_show_json(field_text(domain, "path")));
        table_cell(t, names_text(domain));
        table_cell(t, bar_text(total, available));
        table_cell(t, show_part(available, total));
        table_cell(t, show_part(field_u64(domain, "swap_free"), field_u64(domain, "swap_total")));
        table_cell(t, text_format("%.2f%%", json_number_value(json_object_get(domain, "stall"))));
        table_size(t, field_u64(domain, "act_available"));
        table_size(t, field_u64(domain, "target_available"));
        table_cell(t, text_show_json(level));
        table_cell(t, text_show_json(field_text(domain, "state")));
}

void live_domains(json_t *domains, const struct term *term)
{
        static const struct column columns[] = {
                { "DOMAIN", CUT_FRONT, false },        { "NAME", CUT_AWAY, false },
                { "MEMORY IN USE", CUT_NEVER, false }, { "AVAILABLE", CUT_NEVER, true },
                { "SWAP FREE", CUT_NEVER, true },      { "STALL", CUT_NEVER, true },
                { "ACTS BELOW", CUT_NEVER, true },     { "TARGET", CUT_NEVER, true },
                { "LEVEL", CUT_NEVER, false },         { "STATE", CUT_NEVER, false },
        };
        struct names *names = names_new("");
        struct table table;
        json_t *domain;
        size_t i;

        names_tell(names, domains);
        names_free(names);
        table_init(&table, columns, ARRAY_SIZE(columns));
        json_array_foreach(domains, i, domain)
                add_domain(&table, domain);
        table_print(&table, stdout, term);
        table_fini(&table);
}

void live_erase(const struct term *term)
{
        if (term->steers)
                fputs("\033[H\033[J", stdout);        /* to the upper left, and nothing below it */
}

int live_follow(const struct verb *verb, live_draw *draw, const void *request)
{
        const struct timespec second = { .tv_sec = 1 };

        for (;;) {
                const struct term term = term_of(stdout);
                int code = draw(verb, request, &term);

                if (code != EXIT_SUCCESS)
                        return code;
                if (fflush(stdout) != 0)
                        return verb_fail(verb, EXIT_FAILED, "cannot write the output");
                nanosleep(&second, NULL);
        }
}
