/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The number stands near the beginning of a line, and what is quoted there cannot look like it, since the
 * journal escapes quotation marks: so no line is parsed. The highest counts and not the last: journals in which
 * the numbers began again are older than this. */
#include "record/last.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "record/tail.h"

/* Two of the longest lines: an intent with all its containers, and what came before. */
#define RECENT_BYTES (1 * MIB)

/* Up to the number: {"dropped":N,"what":"intent","round":N */
#define HEAD_BYTES 128u

static bool note_round(void *who, const char *text, size_t len)
{
        const char key[] = "\"round\":";
        char head[HEAD_BYTES + 1];
        uint64_t *last = who, number;
        const char *found;

        snprintf(head, sizeof(head), "%.*s", (int)u64_min(len, HEAD_BYTES), text);
        found = strstr(head, key);
        number = found ? strtoull(found + strlen(key), NULL, 10) : 0;
        if (number < INT64_MAX)
                *last = u64_max(*last, number);
        return true;
}

static uint64_t last_round_of(const char *path)
{
        CLEANUP(tail_close) struct tail t = TAIL_INIT;
        uint64_t last = 0;

        tail_open(&t, path, TAIL_END, NULL);
        t.file.offset -= u64_min(t.file.offset, RECENT_BYTES);
        if (t.fd >= 0)
                tail_read(&t, note_round, &last);
        return last;
}

uint64_t last_round(const char *path)
{
        uint64_t last = last_round_of(path);
        char rotated[PATH_MAX];

        if (last == 0 && (size_t)snprintf(rotated, sizeof(rotated), "%s.1", path) < sizeof(rotated))
                last = last_round_of(rotated);
        return last;
}
