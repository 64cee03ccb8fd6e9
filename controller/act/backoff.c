/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A service with Restart=always and a leak is shed, restarted, shed again. Each shedding is right, but done
 * at full speed it is a machine for burning CPU. So a workload that is shed again soon after the last time
 * is given a pause, which doubles; during it a shortage of which only such workloads would pay is borne
 * until memory is critical. Nobody else ever dies in their place, and memory that is really running out is
 * always acted upon.
 *
 * What makes two cgroups one family is the path. A service has the same one at every start, and so has a
 * container that its runtime starts again. In a pod a container comes back with a new id, so there the id
 * is left out; and so are the numbers that run(1)-like tools put at the end of a name. The table holds the
 * families seen last; the one quiet for longest makes room. */
#include "act/backoff.h"

#include <string.h>

#include "base/base.h"

#define DOUBLINGS_MAX 6

/* Digits at least this many are a process number or the like, hexadecimal ones an id. */
#define DECIMAL_RUN_MIN 4
#define HEX_RUN_MIN     8
#define CONTAINER_ID    64

static bool is_hex(char c)
{
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static uint64_t hash_byte(uint64_t hash, char c)
{
        return (hash ^ (unsigned char)c) * UINT64_C(0x100000001b3);      /* FNV-1a */
}

static uint64_t hash_bytes(uint64_t hash, const char *bytes, size_t len)
{
        for (size_t i = 0; i < len; i++)
                hash = hash_byte(hash, bytes[i]);
        return hash;
}

/* Is a run of hexadecimal digits in the last name one that differs from start to start? */
static bool is_passing(size_t run, size_t decimals, bool in_pod)
{
        if (run == CONTAINER_ID)
                return in_pod;
        return decimals == run ? run >= DECIMAL_RUN_MIN : decimals > 0 && run >= HEX_RUN_MIN;
}

static uint64_t family_key(const char *path)
{
        const char *name = strrchr(path, '/');
        uint64_t hash = hash_bytes(UINT64_C(0xcbf29ce484222325), path, name ? (size_t)(name - path) : 0);
        bool in_pod = name && memmem(path, (size_t)(name - path), "pod", 3);

        for (name = name ? name : path; *name;) {
                size_t run = 0, decimals = 0;

                for (; is_hex(name[run]); run++)
                        decimals += name[run] <= '9';
                if (run > 0 && is_passing(run, decimals, in_pod))
                        hash = hash_byte(hash, '#');
                else
                        hash = hash_bytes(hash, name, run > 0 ? run : 1);
                name += run > 0 ? run : 1;
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
