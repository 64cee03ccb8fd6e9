/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prometheus' text format 0.0.4: HELP and TYPE of a metric, then its samples. The caller keeps the samples of
 * a metric together, as the format demands. Errors stay with the stream, for ferror(). */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a scrape has to say of itself. */
#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

enum metric_type { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM, METRIC_TYPE_N };

/* A value may hold any UTF-8; it is escaped. A list of labels ends with one without a name. */
struct metric_label {
        const char *name, *value;
};

#define LABELS(...) ((const struct metric_label[]){ __VA_ARGS__, { NULL, NULL } })
#define NO_LABELS   ((const struct metric_label[]){ { NULL, NULL } })

void exposition_metric(FILE *out, const char *name, enum metric_type type, const char *help);

/* One sample. 'labels' ends as LABELS() does. */
void exposition_count(FILE *out, const char *name, const struct metric_label *labels, uint64_t value);
void exposition_seconds(FILE *out, const char *name, const struct metric_label *labels, uint64_t value_us);
void exposition_ratio(FILE *out, const char *name, const struct metric_label *labels, uint32_t permyriad);
