/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Taking out: an edit only puts pieces in, and the text that it was made to lies in the backup. So the
 * same edit of the backup tells which pieces they were, and whether anything else has happened to the
 * file since. If nothing has, the backup takes its place, byte for byte; else the pieces are cut out of
 * what the file has become. Without a backup the file was not there before. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/configure.h"
#include "cli/configure_file.h"
#include "cli/text.h"

int configure_fail(struct configure *c, int code, const char *path, size_t line, const char *format, ...)
{
        CLEANUP(free_p) char *whole = root_path(c->root, path);
        char text[512], place[32] = "";
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        if (line > 0)
                snprintf(place, sizeof(place), "%zu:", line);
        return verb_fail(c->verb, code, "%s:%s %s", whole, place, text);
}

void configure_note(struct configure *c, const char *format, ...)
{
        CLEANUP(free_p) char *line = NULL, *before = c->notes;
        va_list args;
        int n;

        va_start(args, format);
        n = vasprintf(&line, format, args);
        va_end(args);
        must(n < 0 ? NULL : line);
        c->notes = text_format("%s%s\n", before, line);
}

int configure_read(struct configure *c, const char *path, char **ret_text)
{
        char *text = NULL;
        int r = file_read(c->root_fd, path, &text);

        if (r == -ELOOP)
                return configure_fail(c, EXIT_FAILED, path, 0, "a symbolic link is not replaced; put a file "
                                      "there");
        if (r == -EILSEQ)
                return configure_fail(c, EXIT_CONFIG, path, 0, "not a text");
        if (r == -ENOSYS)
                return configure_fail(c, EXIT_KERNEL, path, 0, "the kernel has no openat2, Linux 5.6 has");
        if (r < 0 && r != -ENOENT)
                return configure_fail(c, EXIT_FAILED, path, 0, "%s", strerrordesc_np(-r));
        *ret_text = text;
        return EXIT_SUCCESS;
}

void change_add(struct configure *c, const char *path, char *before, char *after, bool keep)
{
        bool same = before && after ? strcmp(before, after) == 0 : before == after;

        if (same) {
                free(before);
                free(after);
                return;
        }
        c->changes = must(reallocarray(c->changes, c->n_changes + 1, sizeof(*c->changes)));
        c->changes[c->n_changes++] = (struct change){
                .path = must(strdup(path)), .before = before, .after = after,
                .keep = keep && before,
        };
}

/* The text is what the edit made of the file before, or has other changes as well. */
static void add_undo(struct configure *c, const char *path, const char *text, const char *backup,
                     const struct patch *patch)
{
        CLEANUP(free_p) char *ours = patch_apply(patch, backup ? backup : ""), *rest = NULL;
        size_t missing = 0, n = c->n_changes;

        if (strcmp(text, ours) == 0) {
                rest = backup ? must(strdup(backup)) : NULL;
        } else {
                rest = patch_take_out(patch, text, &missing);
                if (missing == patch->n || (!backup && missing > 0)) {
                        configure_note(c, "%s: nothing that was put in is found; left as it is", path);
                        return;
                }
                configure_note(c, "%s has been changed since; only what was put in is taken out", path);
                if (missing > 0)
                        configure_note(c, "%s: %zu of %zu additions are not found as they were; compare with "
                                       "%s" BACKUP_SUFFIX, path, missing, patch->n, path);
        }
        change_add(c, path, must(strdup(text)), rest, false);
        rest = NULL;
        if (c->n_changes > n)
                c->changes[n].drop = backup && missing == 0;
}

int change_add_undo(struct configure *c, const char *path, edit_fn *edit)
{
        CLEANUP(free_p) char *text = NULL, *backup = NULL;
        CLEANUP(free_p) char *backup_path = text_format("%s" BACKUP_SUFFIX, path);
        CLEANUP(patch_fini) struct patch patch = { 0 };
        int code = configure_read(c, path, &text);

        if (code == EXIT_SUCCESS && text)
                code = configure_read(c, backup_path, &backup);
        if (code == EXIT_SUCCESS && text)
                code = edit(c, backup ? backup_path : path, backup ? backup : "", &patch);
        if (code == EXIT_SUCCESS && text)
                add_undo(c, path, text, backup, &patch);
        return code;
}

int change_add_removal(struct configure *c, const char *path, const char *mark)
{
        char *text = NULL;
        int code = configure_read(c, path, &text);

        if (text && !strstr(text, mark)) {
                configure_note(c, "%s is not what configure writes; left as it is", path);
                free(text);
                return code;
        }
        change_add(c, path, text, NULL, false);
        return code;
}
