/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What 'jettison configure' is about to do: a list of files with their text before and after. Nothing is
 * written before the whole list stands. */
#pragma once

#include "cli/configure_patch.h"
#include "cli/verb.h"

#define BACKUP_SUFFIX ".jettison-backup"

struct change {
        char *path;             /* below the root; owned */
        char *before, *after;   /* owned; NULL: not there */
        bool keep;              /* the text before goes into a backup, unless there is one */
        bool drop;              /* the backup has served */
};

struct runtime;

struct configure {
        const struct verb *verb;
        const struct runtime *how;      /* what 'runtime' names */
        const char *runtime, *root, *hook;
        int root_fd;
        bool dry_run, undo, json;
        struct change *changes;
        size_t n_changes;
        char *notes;            /* owned: lines for the user; "" when there are none */
};

/* The planners below return an exit code, after one line on standard error if it is not EXIT_SUCCESS. */

/* hooks.d and the list of its folders, for the engine that is called podman or crio. */
int hooks_plan(struct configure *c);
int hooks_plan_undo(struct configure *c);

/* The base specification, and config.toml. */
int containerd_plan(struct configure *c);
int containerd_plan_undo(struct configure *c);

/* The default runtime in daemon.json. */
int docker_plan(struct configure *c);
int docker_plan_undo(struct configure *c);

/* Adds a change; before and after are stolen. Nothing is added where they are the same. 'keep' is for files
 * of others: a backup in a folder of drop-ins may be read as one. */
void change_add(struct configure *c, const char *path, char *before, char *after, bool keep);

/* Adds what takes an edit out of a file again, if it has been edited: its backup, where the file is what
 * the edit makes of the backup; else the file without the edit's pieces. 'edit' says what is put into a
 * text. */
typedef int edit_fn(struct configure *c, const char *path, const char *text, struct patch *patch);
int change_add_undo(struct configure *c, const char *path, edit_fn *edit);

/* Adds the removal of a file that configure has made, which 'mark' (a part of it) proves; any other is
 * left. */
int change_add_removal(struct configure *c, const char *path, const char *mark);

/* The text of a file, new; NULL in *ret_text when it is not there. */
int configure_read(struct configure *c, const char *path, char **ret_text);

/* A line for the user, said in the end. */
void configure_note(struct configure *c, const char *format, ...) PRINTF(2, 3);

/* "jettison configure: ROOT/PATH: TEXT" or, with a line that is not 0, "ROOT/PATH:LINE: TEXT". Returns
 * 'code'. */
int configure_fail(struct configure *c, int code, const char *path, size_t line, const char *format, ...)
        PRINTF(5, 6);
