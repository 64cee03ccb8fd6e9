/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What would be labelled, printed. */
#pragma once

#include <jansson.h>

#include "kube/labeller.h"

struct dryrun {
        json_t *list;           /* NULL: lines for people */
};

/* Begins; with JSON the whole is printed at the end. 0 or -ENOMEM. */
int dryrun_begin(struct dryrun *d, bool json);

/* For labeller.show, with the struct dryrun. */
void dryrun_show(void *who, const struct labelled *l);
void dryrun_end(struct dryrun *d);
