/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The metrics: each with its name, type, help and where its value comes from. */
#pragma once

#include <stdio.h>

#include "export/peer.h"
#include "export/tally.h"
#include "record/tail.h"

/* What there is to tell. All borrowed. */
struct sources {
        const struct peer *peer;
        const struct tally *tally;
        const struct tail *journal;
        int journal_error; /* of the last look at it: 0 or a negative errno */
};

/* Writes all of it. Without an answer to the last question nothing that the daemon says of itself is there
 * but jettison_up; what the journal says is there always. */
void metrics_write(const struct sources *s, FILE *out);
