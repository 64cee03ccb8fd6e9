/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pauses: longer each time up to the cap, by chance from nothing on, and never shorter than asked for. */
#include <criterion/criterion.h>

#include "kube/retry.h"

Test(kube_retry, longest)
{
        static const uint64_t longest_s[] = { 1, 2, 4, 8, 16, 32, 60, 60, 60 };
        struct retry r = { 0 };

        for (size_t i = 0; i < ARRAY_SIZE(longest_s); i++) {
                struct retry copy = r;
                uint64_t span = longest_s[i] * USEC_PER_SEC;

                cr_assert(retry_next_us(&copy, span, 0) == span, "the end is reached after %zu", i);
                copy = r;
                cr_assert(retry_next_us(&copy, span + 1, 0) == 0, "and then it begins anew after %zu", i);
                retry_next_us(&r, 0, 0);
        }
        retry_reset(&r);
        cr_assert(retry_next_us(&r, USEC_PER_SEC, 0) == USEC_PER_SEC);
}

Test(kube_retry, for_ever)
{
        struct retry r = { .failures = UINT32_MAX };

        cr_assert(retry_next_us(&r, RETRY_CAP_US, 0) == RETRY_CAP_US);
        cr_assert(r.failures == UINT32_MAX);
}

Test(kube_retry, what_the_server_asks_for)
{
        struct retry r = { 0 };

        cr_assert(retry_next_us(&r, 5, 7 * USEC_PER_SEC) == 7 * USEC_PER_SEC);
        cr_assert(retry_next_us(&r, 5, UINT64_MAX) == RETRY_AFTER_MAX_US);
        cr_assert(retry_next_us(&r, 4 * USEC_PER_SEC, 1) == 4 * USEC_PER_SEC);
}
