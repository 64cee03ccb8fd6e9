/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Buckets are counted apart and summed when they are written: the format wants each to hold all that are
 * shorter. */
#include "export/histogram.h"

#include "base/base.h"
#include "export/exposition.h"

/* From a kill of a small container to the longest that a round may last. */
static const uint64_t bounds_us[] = { 10000,   25000,   50000,   100000,   250000,   500000,
                                      1000000, 2500000, 5000000, 10000000, 30000000, 60000000 };

_Static_assert(ARRAY_SIZE(bounds_us) + 1 == HISTOGRAM_BUCKETS, "a bucket for each bound and one above");

void histogram_add(struct histogram *h, uint64_t value_us)
{
        size_t i = 0;

        while (i < ARRAY_SIZE(bounds_us) && value_us > bounds_us[i])
                i++;
        h->counts[i]++;
        h->sum_us = u64_add(h->sum_us, value_us);
}

void histogram_write(const struct histogram *h, FILE *out, const char *name, const char *help)
{
        char sample[128], bound[32];
        uint64_t n = 0;

        exposition_metric(out, name, METRIC_HISTOGRAM, help);
        snprintf(sample, sizeof(sample), "%s_bucket", name);
        for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
                n += h->counts[i];
                if (i < ARRAY_SIZE(bounds_us))
                        snprintf(bound, sizeof(bound), "%g", (double)bounds_us[i] / (double)USEC_PER_SEC);
                else
                        snprintf(bound, sizeof(bound), "+Inf");
                exposition_count(out, sample, LABELS({ "le", bound }), n);
        }
        snprintf(sample, sizeof(sample), "%s_sum", name);
        exposition_seconds(out, sample, NO_LABELS, h->sum_us);
        snprintf(sample, sizeof(sample), "%s_count", name);
        exposition_count(out, sample, NO_LABELS, n);
}
