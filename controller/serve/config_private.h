/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the configuration share: a file and its places, the reader that walks it, the table of
 * keys. */
#pragma once

#include <jansson.h>

#include "serve/config.h"

/* A configuration needs 3; the bound is there for files that are not configurations. */
#define CONFIG_DEPTH_MAX 16u
/* Ten thousand rules fit; it is also what the daemon is willing to hold while it reloads. */
#define CONFIG_SIZE_MAX  (1 * MIB)

/* ---- config_file.c: one file, checked and parsed ---- */

struct config_file {
        char *name;             /* owned; for people */
        char *text;             /* owned; len bytes */
        size_t len;
        json_t *root;           /* owned; always an object */
};

/* Opens leaf below dir_fd (borrowed), checks owner, mode, size and depth, and parses it. 'name' is what
 * errors call it. 0; -ENOENT with no error text when there is no such file; or another negative errno with
 * *ret_error filled. */
int config_file_open(int dir_fd, const char *leaf, const char *name, struct config_file *ret_file,
                     struct config_error *ret_error);
void config_file_close(struct config_file *f);

/* The folder of drop-ins must not be writable by others either. 0, or -EPERM with *ret_error filled. */
int config_folder_check(int fd, const char *name, struct config_error *ret_error);

/* The line of an element, given as its ordinals from the root down: { 2, 0 } is the first member of the
 * root's third. 0 when there is no such element. */
size_t config_file_line(const struct config_file *f, const uint32_t *ordinals, size_t depth);

/* Fills *ret_error with "FILE:LINE: …" (no line when it is 0; a long FILE loses its beginning) in printable
 * bytes. Returns error. */
int config_error_set(struct config_error *ret_error, int error, const char *file, size_t line,
                     const char *format, ...) PRINTF(5, 6);

/* A value as an error message shows it: at most FOUND_TEXT_MAX bytes with the NUL. Returns buffer. */
#define FOUND_TEXT_MAX 64u
char *config_found(const json_t *value, char buffer[static FOUND_TEXT_MAX]);

/* A utility, as a number or in its notation; what an error message says that it must be. 0, or a negative errno
 * with *ret_utility as it was. */
#define EXPECTED_UTILITY "a utility: 0 to 1000, \"TIER:VALUE\" with a tier of 0 to 15, or \"protect\""
int config_utility(const json_t *value, struct utility *ret_utility);

/* ---- config_spot.c: a file of few keys, read by tables: each object has a table of members ---- */

/* Where in the file the reader is. */
struct spot {
        const struct config_file *file;         /* borrowed */
        struct config_error *error;             /* borrowed */
        uint32_t ordinals[4];                   /* root's member, element, its member */
        size_t depth;
        char name[96];                          /* "ceilings[2].utility" */
};

struct spot_member {
        const char *name;
        int (*read)(struct spot *at, json_t *value, void *target);      /* 0 or a negative errno */
        bool needed;
};

/* Reads a file that config_file_open takes, its members into 'target'. What was read so far is in it also
 * after an error. 0, also for a file that is not there unless 'required'; or a negative errno with *ret_error
 * filled (not for -ENOMEM). */
int spot_load(const char *path, bool required, const struct spot_member *members, size_t n, void *target,
              struct config_error *ret_error);

/* For members that are objects; or lists of objects, of 'size' bytes each in an array, which is new and the
 * caller's also after an error. 0 or a negative errno. */
int spot_object(struct spot *at, json_t *object, const struct spot_member *members, size_t n, void *target);
int spot_list(struct spot *at, json_t *list, const struct spot_member *members, size_t n_members, size_t size,
              void **ret_array, size_t *ret_n);

/* For members that are a utility, or a pattern as glob_match takes it, without its '/' in front (new). 0 or a
 * negative errno. */
int spot_utility(struct spot *at, json_t *value, struct utility *ret_utility);
int spot_pattern(struct spot *at, json_t *value, const char *expected, char **ret_pattern);

/* Fill the error for the member at hand, or for element i of the list that it is. Return -EINVAL. */
int spot_refuse(const struct spot *at, const char *expected, const json_t *value);
int spot_refuse_element(struct spot *at, const char *expected, const json_t *list, size_t i);

/* ---- config_keys.c: what may be said ---- */

struct reader;
struct key;

/* A notation. Numbers have get, put and width; everything else has read and write. All return 0 or a negative
 * errno, where -EINVAL without an error text set means "this value is not of the type". */
struct key_type {
        const char *expected;   /* "a size such as \"16M\"" */
        size_t width;           /* of a number's field, in bytes */
        int (*get)(const struct key *key, const json_t *value, uint64_t *ret_number);
        json_t *(*put)(const struct key *key, uint64_t number);         /* new */
        int (*read)(struct reader *r, const struct key *key, json_t *value, void *field);
        json_t *(*write)(const struct key *key, const void *field);     /* new; null: leave the key out */
        bool (*accept)(const struct key *key, const char *text);        /* of a text: whether it will do */
};

struct key {
        const char *name;               /* dotted: "trigger.available" */
        const struct key_type *type;
        size_t offset;                  /* of the field in its struct */
        uint64_t min, max;              /* of a number, both inclusive; max also the longest text, bytes */
        const char *const *words;       /* of a word: in the order of the enum, NULL at the end */
        const char *about;              /* one line; the manual page repeats it */
};

const struct key *config_keys(size_t *ret_n);           /* into struct config */
const struct key *config_rule_keys(size_t *ret_n);      /* into struct rule */

/* ---- config_types.c: the notations ---- */

extern const struct key_type type_bool, type_word, type_number, type_size, type_share, type_duration,
        type_auto_size;
extern const struct key_type type_amount, type_capacity, type_utility, type_path, type_file, type_group,
        type_name, type_domains, type_rules, type_match, type_rule_utility;

/* Frees what the field owns. */
void config_free_rules(struct sense_options *o);

/* The fields behind the keys as a JSON object, new; NULL when there is no memory. */
json_t *config_write(const struct key *keys, size_t n_keys, const void *base);
json_t *config_write_key(const struct key *key, const void *base);

/* ---- config_read.c: from JSON to fields, knowing where it is ---- */

/* Room for the name of the place that is read; a longer one is no key. */
#define READER_NAME_MAX 128u

struct reader {
        struct config_error *error;     /* borrowed: "" until something is refused */
        const struct config_file *file; /* borrowed */
        char **origins;                 /* borrowed: per key "FILE:LINE" of who set it last */
        uint32_t ordinals[CONFIG_DEPTH_MAX + 1];        /* the place, from the root down … */
        size_t ends[CONFIG_DEPTH_MAX + 1];              /* … and how long the name was before each step */
        size_t depth;
        char name[READER_NAME_MAX];     /* "rules[2].utility" */
        size_t table;                   /* where in name the names of the table at hand begin */
};

/* Reads the object's members into base. 0, or a negative errno with the error filled. */
int reader_object(struct reader *r, const struct key *keys, size_t n_keys, json_t *object, void *base);

/* Goes into element i of a list and comes back. */
void reader_enter(struct reader *r, size_t i);
void reader_leave(struct reader *r);

/* Fills the error with the reader's place in front. Returns -EINVAL. */
int reader_refuse(struct reader *r, const char *format, ...) PRINTF(2, 3);
int reader_refuse_type(struct reader *r, const struct key *key, const json_t *value);
