/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration decides who dies, so a file is believed only if nobody but root or the caller can have
 * written it; that is asked of the open file, not of its name, so that nothing can be exchanged in between.
 *
 * jansson reads the JSON. Before that, one pass over the bytes bounds the depth. jansson tells the line of a
 * syntax error but forgets where values came from, so the line of a value is found by a second pass: it
 * counts commas on every level until the ordinals of the element that is asked for stand in its stack. It
 * compares no names (they may be escaped in many ways) and relies on jansson having accepted the text. */
#include "serve/config_private.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"

/* What is shown of a file's name; 'key: expected …, found …' must still fit behind it. */
#define NAME_SHOWN_MAX 160

int config_error_set(struct config_error *ret_error, int error, const char *file, size_t line,
                     const char *format, ...)
{
        size_t len = strlen(file), size = sizeof(ret_error->text), n;
        const char *dots = len > NAME_SHOWN_MAX ? "..." : "";
        char *text = ret_error->text;
        va_list args;

        file += len > NAME_SHOWN_MAX ? len - NAME_SHOWN_MAX : 0;
        if (line > 0)
                n = (size_t)snprintf(text, size, "%s%s:%zu: ", dots, file, line);
        else
                n = (size_t)snprintf(text, size, "%s%s: ", dots, file);
        va_start(args, format);
        vsnprintf(text + n, size - n, format, args);
        va_end(args);
        for (; *text != '\0'; text++)
                if ((unsigned char)*text < 0x20 || (unsigned char)*text >= 0x7f)
                        *text = '?';
        return error;
}

char *config_found(const json_t *value, char buffer[static FOUND_TEXT_MAX])
{
        CLEANUP(free_p) char *text = NULL;

        if (json_is_object(value))
                return strcpy(buffer, "an object");
        if (json_is_array(value))
                return strcpy(buffer, "a list");
        text = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
        if (!text)
                return strcpy(buffer, "something else");
        if (strlen(text) < FOUND_TEXT_MAX)
                return strcpy(buffer, text);
        snprintf(buffer, FOUND_TEXT_MAX, "%.*s...", (int)FOUND_TEXT_MAX - 4, text);
        return buffer;
}

int config_utility(const json_t *value, struct utility *ret_utility)
{
        json_int_t number = json_integer_value(value);

        if (json_is_string(value))
                return utility_parse(json_string_value(value), json_string_length(value), ret_utility);
        if (!json_is_integer(value) || number < 0 || number > UTILITY_MAX)
                return -EINVAL;
        *ret_utility = (struct utility){ .value = (uint16_t)number };
        return 0;
}

/* Where a pass over JSON text is. Text that is not JSON is walked as well, to no harm. */
struct walk {
        const char *p, *end;
        size_t line;
        size_t level;           /* brackets open; counted beyond the bound, but not recorded */
        uint32_t ordinals[CONFIG_DEPTH_MAX + 1];        /* [level − 1]: commas seen on that level */
        bool fresh;             /* an element has not begun yet */
};

static void skip_string(struct walk *w)
{
        for (w->p++; w->p < w->end && *w->p != '"'; w->p++) {
                w->line += *w->p == '\n';
                if (*w->p == '\\' && w->p + 1 < w->end)
                        w->p++;
        }
        if (w->p < w->end)
                w->p++;
}

/* Takes one byte, or one string. Returns true if it is the first of an element. */
static bool walk_step(struct walk *w)
{
        char c = *w->p;
        bool begins = w->fresh && !strchr(" \t\r\n]}", c);

        if (begins)
                w->fresh = false;
        if (c == '"') {
                skip_string(w);
                return begins;
        }
        if (c == '\n') {
                w->line++;
        } else if (c == '[' || c == '{') {
                if (w->level < ARRAY_SIZE(w->ordinals))
                        w->ordinals[w->level] = 0;
                w->level++;
                w->fresh = true;
        } else if (c == ']' || c == '}') {
                w->level -= w->level > 0;
                w->fresh = false;
        } else if (c == ',' && w->level > 0) {
                if (w->level <= ARRAY_SIZE(w->ordinals))
                        w->ordinals[w->level - 1]++;
                w->fresh = true;
        }
        w->p++;
        return begins;
}

size_t config_file_line(const struct config_file *f, const uint32_t *ordinals, size_t depth)
{
        struct walk w = { .p = f->text, .end = f->text + f->len, .line = 1 };

        while (w.p < w.end) {
                size_t line = w.line, level = w.level;

                /* An element that opens a bracket begins on the level below it. */
                if (walk_step(&w) && level == depth &&
                    memcmp(w.ordinals, ordinals, depth * sizeof(*ordinals)) == 0)
                        return line;
        }
        return 0;
}

static int check_depth(const struct config_file *f, struct config_error *ret_error)
{
        struct walk w = { .p = f->text, .end = f->text + f->len, .line = 1 };

        while (w.p < w.end) {
                walk_step(&w);
                if (w.level > CONFIG_DEPTH_MAX)
                        return config_error_set(ret_error, -EINVAL, f->name, w.line,
                                                "expected at most %u levels of brackets, found more",
                                                CONFIG_DEPTH_MAX);
        }
        return 0;
}

static int parse_text(struct config_file *f, struct config_error *ret_error)
{
        json_error_t e = { 0 };

        f->root = json_loadb(f->text, f->len, JSON_REJECT_DUPLICATES, &e);
        /* It says nothing at all when it has no memory to begin with. */
        if (!f->root && (e.text[0] == '\0' || json_error_code(&e) == json_error_out_of_memory))
                return -ENOMEM;
        if (!f->root)
                return config_error_set(ret_error, -EINVAL, f->name, e.line > 0 ? (size_t)e.line : 1,
                                        "not JSON: %s", e.text);
        if (!json_is_object(f->root))
                return config_error_set(ret_error, -EINVAL, f->name, 1, "expected an object, found a list");
        return 0;
}

static bool is_trusted(const struct stat *st)
{
        return (st->st_uid == 0 || st->st_uid == geteuid()) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

static const char untrusted[] =
        "expected to belong to root or the caller and to be writable by the owner alone, "
        "found owner %u and mode %04o";

int config_folder_check(int fd, const char *name, struct config_error *ret_error)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return config_error_set(ret_error, -errno, name, 0, "%s", strerror(errno));
        if (!is_trusted(&st))
                return config_error_set(ret_error, -EPERM, name, 0, untrusted, st.st_uid, st.st_mode & 07777);
        return 0;
}

static int check_file(int fd, const char *name, struct config_error *ret_error)
{
        struct stat st;

        if (fstat(fd, &st) < 0)
                return config_error_set(ret_error, -errno, name, 0, "%s", strerror(errno));
        if (!S_ISREG(st.st_mode))
                return config_error_set(ret_error, -EINVAL, name, 0,
                                        "expected a regular file, found something else");
        if (!is_trusted(&st))
                return config_error_set(ret_error, -EPERM, name, 0, untrusted, st.st_uid, st.st_mode & 07777);
        return 0;
}

/* A byte more than the bound is asked for: a file that has it, however it came by it, is too long. */
static int read_text(int fd, struct config_file *f, struct config_error *ret_error)
{
        size_t size = CONFIG_SIZE_MAX + 1;

        f->text = malloc(size);
        if (!f->text)
                return -ENOMEM;
        while (f->len < size) {
                ssize_t n = read(fd, f->text + f->len, size - f->len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return config_error_set(ret_error, -errno, f->name, 0, "%s", strerror(errno));
                if (n == 0)
                        return 0;
                f->len += (size_t)n;
        }
        return config_error_set(ret_error, -EFBIG, f->name, 0, "expected at most 1 MiB, found more");
}

int config_file_open(int dir_fd, const char *leaf, const char *name, struct config_file *ret_file,
                     struct config_error *ret_error)
{
        CLEANUP(config_file_close) struct config_file f = { 0 };
        CLEANUP(close_p) int fd = -1;
        int r;

        /* Not to be held up by a pipe without a writer. */
        fd = openat(dir_fd, leaf, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return -ENOENT;
        if (fd < 0)
                return config_error_set(ret_error, -errno, name, 0, "%s", strerror(errno));
        f.name = strdup(name);
        if (!f.name)
                return -ENOMEM;
        if ((r = check_file(fd, name, ret_error)) < 0 || (r = read_text(fd, &f, ret_error)) < 0 ||
            (r = check_depth(&f, ret_error)) < 0 || (r = parse_text(&f, ret_error)) < 0)
                return r;
        *ret_file = f;
        f = (struct config_file){ 0 };
        return 0;
}

void config_file_close(struct config_file *f)
{
        free(f->name);
        free(f->text);
        json_decref(f->root);
        *f = (struct config_file){ 0 };
}
