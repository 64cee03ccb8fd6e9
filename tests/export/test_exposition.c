/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The text format: what is escaped, how numbers look, histograms. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "export/exposition.h"
#include "export/histogram.h"

#define EXPECT_TEXT(call, expected)                                                                          \
        do {                                                                                                 \
                char *text = NULL;                                                                           \
                size_t len = 0;                                                                              \
                FILE *out = open_memstream(&text, &len);                                                     \
                call;                                                                                        \
                fclose(out);                                                                                 \
                cr_expect_str_eq(text, expected);                                                            \
                free(text);                                                                                  \
        } while (0)

Test(exposition, escapes)
{
        EXPECT_TEXT(exposition_metric(out, "a_b", METRIC_GAUGE, "one\\two\nthree \"four\""),
                    "# HELP a_b one\\\\two\\nthree \"four\"\n# TYPE a_b gauge\n");
        EXPECT_TEXT(exposition_count(out, "a", LABELS({ "l", "q\"b\\n\nf\xc3\xa9" }), 1),
                    "a{l=\"q\\\"b\\\\n\\nf\xc3\xa9\"} 1\n");
        EXPECT_TEXT(exposition_count(out, "a", LABELS({ "l", "" }, { "m", "{},=" }), 2),
                    "a{l=\"\",m=\"{},=\"} 2\n");
}

Test(exposition, numbers)
{
        EXPECT_TEXT(exposition_count(out, "a", NO_LABELS, UINT64_MAX), "a 18446744073709551615\n");
        EXPECT_TEXT(exposition_seconds(out, "a", NO_LABELS, 0), "a 0.000000\n");
        EXPECT_TEXT(exposition_seconds(out, "a", NO_LABELS, 61000007), "a 61.000007\n");
        EXPECT_TEXT(exposition_ratio(out, "a", NO_LABELS, 1), "a 0.0001\n");
        EXPECT_TEXT(exposition_ratio(out, "a", NO_LABELS, 10000), "a 1.0000\n");
}

/* The value that stands behind a sample. */
static unsigned long long sample(const char *text, const char *name)
{
        const char *line = strstr(text, name);

        cr_assert(line, "%s is missing", name);
        return strtoull(line + strlen(name), NULL, 10);
}

Test(histogram, buckets_hold_all_that_are_shorter)
{
        struct histogram h = { 0 };
        static const uint64_t values_us[] = { 0, 10000, 10001, 999999, 1000000, 60000000, 60000001 };
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);

        cr_assert(out);
        for (size_t i = 0; i < ARRAY_SIZE(values_us); i++)
                histogram_add(&h, values_us[i]);
        histogram_write(&h, out, "x_seconds", "Some.");
        fclose(out);
        cr_expect(strstr(text, "# TYPE x_seconds histogram\n"));
        cr_expect_eq(sample(text, "x_seconds_bucket{le=\"0.01\"} "), 2);
        cr_expect_eq(sample(text, "x_seconds_bucket{le=\"0.025\"} "), 3);
        cr_expect_eq(sample(text, "x_seconds_bucket{le=\"0.5\"} "), 3);
        cr_expect_eq(sample(text, "x_seconds_bucket{le=\"1\"} "), 5);
        cr_expect_eq(sample(text, "x_seconds_bucket{le=\"60\"} "), 6);
        cr_expect_eq(sample(text, "x_seconds_bucket{le=\"+Inf\"} "), 7);
        cr_expect_eq(sample(text, "x_seconds_count "), 7);
        cr_expect(strstr(text, "x_seconds_sum 122.020001\n"));
        free(text);
}

Test(histogram, a_sum_does_not_wrap)
{
        struct histogram h = { 0 };

        histogram_add(&h, UINT64_MAX);
        histogram_add(&h, 5);
        cr_expect_eq(h.sum_us, UINT64_MAX);
}
