/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes, shares, durations: what is accepted is worth what a second, slower reading says, to the last unit;
 * what is written for people fits its buffer. */
#include "base/base.h"
#include "base/units.h"
#include "fuzz.h"

#define UNTOUCHED UINT64_C(0x5a5a5a5a5a5a5a5a)

struct unit {
        const char *name;
        uint64_t factor;
};

static const struct unit sizes[] = {
        { "", 1 },          { "B", 1 },
        { "K", KIB },       { "KB", KIB },       { "KiB", KIB },
        { "M", MIB },       { "MB", MIB },       { "MiB", MIB },
        { "G", GIB },       { "GB", GIB },       { "GiB", GIB },
        { "T", GIB << 10 }, { "TB", GIB << 10 }, { "TiB", GIB << 10 },
};

static const struct unit durations[] = {
        { "us", 1 }, { "ms", 1000 }, { "s", 1000000 }, { "min", 60000000 }, { "h", 3600000000 },
};

static const struct unit shares[] = { { "%", 100 } };

/* The text as a number with decimals times a unit of the table, exactly; UNTOUCHED if it is none. A lone "0"
 * needs no unit. */
static uint64_t value_of(const char *text, const struct unit *units, size_t n_units)
{
        unsigned __int128 number = 0, tens = 1;

        if (strcmp(text, "0") == 0)
                return 0;
        for (; *text >= '0' && *text <= '9'; text++)
                number = number * 10 + (unsigned)(*text - '0');
        if (*text == '.')
                for (text++; *text >= '0' && *text <= '9'; text++, tens *= 10)
                        number = number * 10 + (unsigned)(*text - '0');
        for (size_t i = 0; i < n_units; i++)
                if (strcmp(units[i].name, text) == 0 && number * units[i].factor % tens == 0)
                        return (uint64_t)(number * units[i].factor / tens);
        return UNTOUCHED;
}

static void try_texts(const char *text)
{
        uint64_t size = UNTOUCHED, duration = UNTOUCHED;
        uint32_t share = UINT32_MAX;

        if (size_parse(text, &size) == 0)
                EXPECT(size == value_of(text, sizes, ARRAY_SIZE(sizes)));
        else
                EXPECT(size == UNTOUCHED);
        if (duration_parse(text, &duration) == 0)
                EXPECT(duration == value_of(text, durations, ARRAY_SIZE(durations)));
        else
                EXPECT(duration == UNTOUCHED);
        if (share_parse(text, &share) == 0)
                EXPECT(share <= PERMYRIAD && share == value_of(text, shares, ARRAY_SIZE(shares)));
        else
                EXPECT(share == UINT32_MAX);
}

static void try_amount(const char *text, uint64_t total)
{
        struct amount a = { UNTOUCHED, UINT32_MAX };

        if (amount_parse(text, &a) < 0) {
                EXPECT(a.bytes == UNTOUCHED && a.permyriad == UINT32_MAX);
                return;
        }
        EXPECT(a.permyriad <= PERMYRIAD);
        EXPECT(amount_bytes(a, total) <= total && amount_bytes(a, total) <= a.bytes);
}

static void try_formats(uint64_t number)
{
        char *size = malloc(SIZE_TEXT_MAX), *duration = malloc(DURATION_TEXT_MAX);
        char last;

        EXPECT(size && duration);
        size_format(number, size);
        EXPECT(size[strlen(size) - 1] == 'B' && size[0] >= '0' && size[0] <= '9');
        duration_format(number, duration);
        last = duration[strlen(duration) - 1];
        EXPECT((last == 's' || last == 'n' || last == 'h') && duration[0] >= '0' && duration[0] <= '9');
        free(size);
        free(duration);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP(free_p) char *text = fuzz_text(data, size);
        uint64_t number = 0;

        memcpy(&number, data, u64_min(size, sizeof(number)));
        try_texts(text);
        try_amount(text, number);
        try_formats(number);
        return 0;
}
