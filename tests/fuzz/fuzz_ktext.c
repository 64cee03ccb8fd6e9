/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel text: numbers are what the C library reads there, many keys at a time are found as one by one, and
 * pressure that was read can be written and read again. */
#include <errno.h>

#include "base/base.h"
#include "base/ktext.h"
#include "fuzz.h"

#define UNTOUCHED UINT64_C(0x5a5a5a5a5a5a5a5a)

static void try_value(const char *text)
{
        uint64_t value = UNTOUCHED;
        int r = ktext_u64(text, &value);
        char *end;

        if (r < 0) {
                EXPECT(r == -EINVAL && value == UNTOUCHED);
                return;
        }
        text += strspn(text, " \t");
        if (strncmp(text, "max", 3) == 0) {
                EXPECT(value == KTEXT_MAX);
                return;
        }
        errno = 0;
        EXPECT(*text >= '0' && *text <= '9' && strtoull(text, &end, 10) == value && errno == 0);
        EXPECT(strspn(end, " \t\n") == strlen(end));
}

static void try_keys(const char *text)
{
        uint64_t values[5] = { UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED, UNTOUCHED };
        const struct ktext_key keys[] = {
                { "anon", &values[0] },
                { "file", &values[1] },
                { "slab_reclaimable", &values[2] },
                { "MemAvailable:", &values[3] },
                { "SwapFree:", &values[4] },
        };
        size_t found = ktext_keys(text, keys, ARRAY_SIZE(keys)), n = 0;

        for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
                uint64_t value = UNTOUCHED;

                n += ktext_find(text, keys[i].name, &value) == 0;
                EXPECT(value == values[i]);
        }
        EXPECT(found == n);
}

static int write_line(char *text, size_t size, const char *name, const struct psi_line *l)
{
        EXPECT(l->avg10 <= PERMYRIAD && l->avg60 <= PERMYRIAD && l->avg300 <= PERMYRIAD);
        return snprintf(text, size, "%s avg10=%u.%02u avg60=%u.%02u avg300=%u.%02u total=%llu\n", name,
                        l->avg10 / 100, l->avg10 % 100, l->avg60 / 100, l->avg60 % 100, l->avg300 / 100,
                        l->avg300 % 100, (unsigned long long)l->total_us);
}

static void try_psi(const char *text)
{
        struct psi psi, again;
        char written[256];
        int len;

        memset(&psi, 0x5a, sizeof(psi));
        again = psi;
        if (ktext_psi(text, &psi) < 0) {
                EXPECT(memcmp(&psi, &again, sizeof(psi)) == 0);
                return;
        }
        len = write_line(written, sizeof(written), "some", &psi.some);
        write_line(written + len, sizeof(written) - (size_t)len, "full", &psi.full);
        EXPECT(ktext_psi(written, &again) == 0 && memcmp(&psi, &again, sizeof(psi)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP(free_p) char *text = fuzz_text(data, size);

        try_value(text);
        try_keys(text);
        try_psi(text);
        return 0;
}
