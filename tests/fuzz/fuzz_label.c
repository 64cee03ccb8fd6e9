/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels: a utility that was read is in its bounds and can be written and read again; a delegated subtree is
 * a part of the path that ends in a user's manager; scaled numbers keep their order and do not exceed what
 * the subtree is worth. */
#include "base/base.h"
#include "base/utility.h"
#include "fuzz.h"
#include "sense/label.h"

/* So many that multiples still fit. */
#define NUMBERS_MAX 64u
#define SMALL_MAX   100u

static bool is_same(struct utility a, struct utility b)
{
        return a.value == b.value && a.tier == b.tier && a.protect == b.protect;
}

static void try_utility(const char *label, size_t len)
{
        struct utility u = { .value = UINT16_MAX, .tier = UINT8_MAX }, again = u;
        char text[UTILITY_TEXT_MAX + 1];

        if (utility_parse(label, len, &u) < 0) {
                EXPECT(is_same(u, again));
                return;
        }
        EXPECT(len <= UTILITY_TEXT_MAX && u.value <= UTILITY_MAX && u.tier <= TIER_MAX);
        utility_format(u, text);
        EXPECT(utility_parse(text, strlen(text), &again) == 0);
        EXPECT(is_same(u, again));
        u = label_confine(u, LABEL_TRUST_SUBTREE);
        EXPECT(u.value <= UTILITY_MAX && u.tier == 0 && !u.protect);
}

static void try_subtree(const char *path, size_t len)
{
        static const char head[] = "user@", tail[] = ".service";
        size_t subtree = label_subtree(path, len), begin = subtree;

        EXPECT((subtree > 0) == (label_trust(LABELS_USER_DELEGATED, path, len) == LABEL_TRUST_SUBTREE));
        EXPECT(label_trust(LABELS_USER_NEVER, path, len) == LABEL_TRUST_NONE);
        if (subtree == 0)
                return;
        while (begin > 0 && path[begin - 1] != '/')
                begin--;
        EXPECT(subtree < len && path[subtree] == '/');
        EXPECT(subtree - begin > strlen(head) + strlen(tail));
        EXPECT(memcmp(path + begin, head, strlen(head)) == 0);
        EXPECT(memcmp(path + subtree - strlen(tail), tail, strlen(tail)) == 0);
        EXPECT(label_subtree(path, subtree) == 0);
}

static void try_scale(const uint8_t *data, size_t size)
{
        uint16_t numbers[NUMBERS_MAX], tenfold[NUMBERS_MAX], claimed[NUMBERS_MAX], largest = 0, own;
        size_t n = u64_min(size - 1, NUMBERS_MAX);

        own = (uint16_t)(data[0] * UTILITY_MAX / UINT8_MAX);
        for (size_t i = 0; i < n; i++) {
                claimed[i] = numbers[i] = data[i + 1] % (SMALL_MAX + 1);
                tenfold[i] = (uint16_t)(numbers[i] * (UTILITY_MAX / SMALL_MAX));
                largest = numbers[i] > largest ? numbers[i] : largest;
        }
        label_scale(numbers, n, own);
        label_scale(tenfold, n, own);
        EXPECT(memcmp(numbers, tenfold, n * sizeof(*numbers)) == 0);
        for (size_t i = 0; i < n; i++) {
                EXPECT(numbers[i] <= own && (claimed[i] > 0 || numbers[i] == 0));
                EXPECT(claimed[i] < largest || largest == 0 || numbers[i] == own);
                EXPECT(i == 0 || claimed[i - 1] > claimed[i] || numbers[i - 1] <= numbers[i]);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        try_utility((const char *)data, size);
        try_subtree((const char *)data, size);
        if (size > 0)
                try_scale(data, size);
        return 0;
}
