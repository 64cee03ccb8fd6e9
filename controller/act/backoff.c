/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A service with Restart=always and a leak is shed, restarted, shed again. Each shedding is right, but done at full speed it is a
 * machine for burning CPU. So a workload that is shed again soon after the last time is given a pause, which doubles; during it a
 * shortage of which only such workloads would pay is borne until memory is critical. Nobody else ever dies in their place, and
 * memory that is really running out is always acted upon.
 *
 * Containers of one workload have a new name at every start; what makes them a family is the path without its long hexadecimal
 * and decimal runs. The table holds the families seen last; the one quiet for longest makes room. */
#include "act/backoff.h"

#include "base/base.h"

#define DOUBLINGS_MAX 6

/* Runs of this many digits are an identity, not a name: container ids, UIDs, process numbers. */
#define RUN_MIN 4

static bool is_hex(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static uint64_t hash_byte(uint64_t hash, char c)
{
        return (hash ^ (unsigned char)c) * UINT64_C(0x100000001b3);      /* FNV-1a */
}

static uint64_t family_key(const char *path)
{
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        while (*path) {
                size_t run = 0, digits = 0;

                for (; is_hex(path[run]); run++)
                        digits += path[run] <= '9';
                if (run >= RUN_MIN && (digits == run || (digits > 0 && run >= 8))) {
                        hash = hash_byte(hash, '#');
                        path += run;
                        continue;
                }
                for (run = run ? run : 1; run > 0; run--)
                        hash = hash_byte(hash, *path++);
        }
        return hash;
}

static struct family *find(struct backoff *b, uint64_t key)
{
        struct family *oldest = &b->families[0];

        for (size_t i = 0; i < ARRAY_SIZE(b->families); i++) {
                struct family *f = &b->families[i];

                if (f->sheds > 0 && f->key == key)
                        return f;
                if (f->last_us < oldest->last_us)
                        oldest = f;
        }
        *oldest = (struct family){ .key = key };
        return oldest;
}

uint32_t backoff_note(struct backoff *b, const char *path, uint64_t now_us, uint64_t first_us)
{
        struct family *f = find(b, family_key(path));

        if (f->sheds > 0 && now_us - f->last_us <= 2 * u64_max(f->pause_us, first_us)) {
                f->pause_us = f->sheds == 1 ? first_us : u64_min(2 * f->pause_us, first_us << DOUBLINGS_MAX);
                f->sheds++;
        } else {
                f->pause_us = 0;
                f->sheds = 1;
        }
        f->last_us = now_us;
        return f->sheds;
}

uint64_t backoff_until(const struct backoff *b, const char *path)
{
        uint64_t key = family_key(path);

        for (size_t i = 0; i < ARRAY_SIZE(b->families); i++) {
                const struct family *f = &b->families[i];

                if (f->sheds > 1 && f->key == key)
                        return f->last_us + f->pause_us;
        }
        return 0;
}
