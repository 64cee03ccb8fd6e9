/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A folder of its own for each test of the configuration, and what may be said of every load in it.
 * Failures are Criterion's. */
#pragma once

#include <jansson.h>
#include <stddef.h>

#include "serve/config.h"

extern char fixture_folder[];   /* "/tmp/jettison-config-…" */
extern char fixture_path[];     /* its jettison.json, which does not exist at first */

void fixture_make(void);
void fixture_remove(void);

/* Writes a file below the folder, mode 0644. */
void fixture_write(const char *name, const char *text);
void fixture_write_bytes(const char *name, const char *bytes, size_t len);
void fixture_make_dropins(void);        /* the folder jettison.d, mode 0755 */

/* The text with every ' made a ", so that JSON can be read in C; new. */
char *quoted(const char *text);

/* A configuration in which no key has its default, each value as it is dumped; new. */
char *all_other_text(void);

/* Writes jettison.json and loads it. */
int load_bytes(const char *bytes, size_t len, struct config *ret_config, struct config_error *ret_error);
int load_text(const char *text, struct config *ret_config, struct config_error *ret_error);

/* Loads what must be good. */
void load_good(const char *label, const char *text, struct config *ret_config);

/* Tries to load what must be refused: there is a message, it is printable, and *ret_config stays as it
 * was. */
void load_bad(const char *label, const char *bytes, size_t len, struct config_error *ret_error);

/* JSON that must be well-formed; new. */
json_t *parse(const char *text);
json_t *dump(const struct config *c);
json_t *dump_defaults(void);

/* The value at a dotted name, borrowed; NULL when there is none. */
json_t *value_at(json_t *root, const char *name);

void expect_same_dump(const char *label, const struct config *a, const struct config *b);
void expect_dump_loads_again(const char *label, const struct config *c);
