/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A piece is taken out only if it stands in the text exactly as often as it was put in: what is there more
 * often may be somebody else's. The longest go first, since a short one may be a part of a longer one. */
#include "cli/configure_patch.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cli/text.h"

void patch_replace(struct patch *p, size_t at, char *old, char *piece)
{
        size_t i = p->n;

        if (p->n == PATCH_MAX)
                abort();
        for (; i > 0 && p->items[i - 1].at > at; i--)
                p->items[i] = p->items[i - 1];
        p->items[i].at = at;
        p->items[i].old = old;
        p->items[i].piece = piece;
        p->n++;
}

void patch_add(struct patch *p, size_t at, char *piece)
{
        patch_replace(p, at, NULL, piece);
}

char *patch_apply(const struct patch *p, const char *text)
{
        size_t size = strlen(text) + 1, from = 0;
        char *out, *to;

        for (size_t i = 0; i < p->n; i++)
                size += strlen(p->items[i].piece);
        out = to = must(malloc(size));
        for (size_t i = 0; i < p->n; i++) {
                to = mempcpy(to, text + from, p->items[i].at - from);
                to = stpcpy(to, p->items[i].piece);
                from = p->items[i].at + (p->items[i].old ? strlen(p->items[i].old) : 0);
        }
        strcpy(to, text + from);
        return out;
}

static size_t count_in(const char *text, const char *piece)
{
        size_t n = 0;

        for (const char *p = text; (p = strstr(p, piece)); p += strlen(piece))
                n++;
        return n;
}

/* All pieces that are there, each replaced by 'old'. Takes the text and returns a new one. */
static char *put_back(char *text, const char *piece, const char *old)
{
        CLEANUP(free_p) char *before = text;
        char *out = must(malloc(strlen(text) + count_in(text, piece) * strlen(old) + 1)), *to = out;

        for (const char *found; (found = strstr(text, piece)); text += found - text + strlen(piece))
                to = stpcpy(mempcpy(to, text, (size_t)(found - text)), old);
        strcpy(to, text);
        return out;
}

char *patch_take_out(const struct patch *p, const char *text, size_t *ret_missing)
{
        char *out = must(strdup(text));
        bool done[PATCH_MAX] = { false };
        size_t missing = 0;

        for (size_t round = 0; round < p->n; round++) {
                const char *longest = "", *old = NULL;
                size_t times = 0;

                for (size_t i = 0; i < p->n; i++)
                        if (!done[i] && strlen(p->items[i].piece) > strlen(longest))
                                longest = p->items[i].piece;
                for (size_t i = 0; i < p->n; i++)
                        if (!done[i] && strcmp(p->items[i].piece, longest) == 0) {
                                done[i] = true;
                                old = p->items[i].old;
                                times++;
                        }
                if (times > 0 && count_in(out, longest) == times)
                        out = put_back(out, longest, old ? old : "");
                else
                        missing += times;
        }
        *ret_missing = missing;
        return out;
}

void patch_fini(struct patch *p)
{
        for (size_t i = 0; i < p->n; i++) {
                free(p->items[i].old);
                free(p->items[i].piece);
        }
        *p = (struct patch){ 0 };
}
