/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal read back: its lines put together to rounds. */
#pragma once

#include <jansson.h>

#include "base/base.h"

#define JOURNAL_PATH "/var/log/jettison/journal.jsonl"

struct round {
        uint64_t number;
        size_t life;            /* of the daemon: numbers may begin again when it is started */
        json_t *intent;         /* NULL: its line is gone */
        json_t *victims;        /* array of their lines, in order */
        json_t *replans;        /* likewise: plans made anew when memory was still short after a victim */
        json_t *outcome;        /* NULL: the round was interrupted, or is still under way */
};

struct history {
        struct round *rounds;   /* oldest first */
        size_t n;
        size_t n_torn;          /* lines that make no sense */
        uint64_t n_dropped;     /* lines that the daemon could not write */
        json_t *errors;         /* array: shortages in which nothing was done; HISTORY_ALL only */
};

/* Which rounds are meant. */
struct history_filter {
        const char *cgroup;     /* with a victim whose path contains these bytes; NULL: all */
        const char *container;  /* with a victim that names_match() takes for it; NULL: all */
        uint64_t since_us;      /* time of day; 0: all */
};

enum history_keep {
        HISTORY_ALL,            /* every round, without snapshot and kept entries: a journal may be large */
        HISTORY_ONE,            /* the rounds of one number, whole */
        HISTORY_LAST,           /* the last round, whole */
};

/* Reads path.N … path.1 (as far as they follow one another) and path. 0 with a new history, or -errno when
 * path itself cannot be read. */
int history_read(const char *path, enum history_keep keep, uint64_t number, struct history *ret_history);
void history_fini(struct history *h);

/* Why it cannot be read, and what to do. New. */
char *history_complaint(const char *path, int error);

/* The number of a round (uint64_t) as people type it. */
bool history_parse_round(const char *text, void *ret_round);

/* Is what stands for its intent an order that the kernel module has carried out? */
bool history_is_order(const struct round *r);

/* When it began, as far as is known: the time of day of the first line that tells; 0: none does. */
uint64_t history_time_us(const struct round *r);

/* {"round":N,"interrupted":bool,"intent":{…},"victims":[…],"replans":[…],"outcome":{…}}, what is missing
 * being null. New. */
json_t *history_json(const struct round *r);

/* Looks up the names of victims and kept (cli/names.h). */
void history_tell_names(struct history *h);

/* Forgets the rounds that are not meant, and the errors unless all or a time is. In a round without an
 * outcome whoever was to be struck counts as a victim. Containers are told only after history_tell_names. */
void history_keep(struct history *h, const struct history_filter *filter);

/* Does the path of a line do? */
bool history_line_mentions(const json_t *line, const char *bytes);
