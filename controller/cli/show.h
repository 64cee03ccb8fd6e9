/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Snapshot and plan as tables for people, from the JSON that the interfaces promise: so that it does not
 * matter whether they come from the daemon, from the journal, or were made here. Names stand in them where
 * names_tell (cli/names.h) has been there before. */
#pragma once

#include <jansson.h>

#include "cli/table.h"
#include "serve/json.h"

/* The cgroups of a snapshot, and its domain in a line above. */
void show_snapshot(const json_t *snapshot, FILE *out, const struct term *term);

/* The plan's cgroups with their fate, and its verdict in a line below. 'snapshot' adds memory and oom
 * scores; NULL: not known. */
void show_plan(const json_t *plan, const json_t *snapshot, FILE *out, const struct term *term);

/* The table alone. An entry's fate is what 'fates' says under its id (an object of strings), else "shed" or
 * "kept". May be NULL. */
void show_entries(const json_t *plan, const json_t *snapshot, const json_t *fates, FILE *out,
                  const struct term *term);

/* A member of an object for people, each new: a size; a duration, or "-" where there is none or it did not
 * come to that; a text (text_show_json). */
char *show_size(const json_t *object, const char *name);
char *show_duration(const json_t *object, const char *name);
char *show_text(const json_t *object, const char *name);

/* "1.2 GiB of 7.7 GiB", or "none" of nothing; and a utility as labels have it. Both new. */
char *show_part(uint64_t part, uint64_t whole);
char *show_utility(const json_t *cgroup);

/* How many entries a plan's list has, with those that found no room in it. */
size_t show_count(const json_t *plan, const char *list);

/* One JSON value as one line. */
void show_json(const json_t *value, FILE *out);
