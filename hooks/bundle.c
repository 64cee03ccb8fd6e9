/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file is the engine's, made a moment ago for this one container. It is not written from what was read of
 * it but copied with a piece put in (cli/spec.h), so that the runtime sees each number and name as the engine
 * wrote it. */
#include "hooks/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "cli/spec.h"
#include "hooks/claim.h"
#include "serve/config_private.h"

#define SPEC_NAME "config.json"

/* Whatever the runtime may read, and where each name stands only once. */
#define READ_FLAGS (JSON_REJECT_DUPLICATES | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL)

static bool asks(const json_t *spec)
{
        const json_t *annotations = json_object_get(spec, "annotations");
        struct config_error ignored;
        struct claim claim;

        /* A value that is none is for the hook to report. */
        return json_is_object(annotations) && claim_read(annotations, &claim, &ignored) != CLAIM_NONE;
}

/* Paths that JSON takes as they are. */
static bool is_plain(const char *path)
{
        if (*path != '/' || strpbrk(path, "\"\\"))
                return false;
        while (*path >= 0x20 && *path < 0x7f)
                path++;
        return *path == '\0';
}

static int splice_text(const char *text, const json_t *spec, const char *hook, char **ret_text,
                       struct config_error *e)
{
        struct splice splice = { 0 };
        const char *why;
        int r = spec_splice(text, spec, hook, &splice, &why);

        if (r == -EINVAL)
                return config_error_set(e, r, SPEC_NAME, 0, "%s", why);
        if (r == 0 && splice.piece && asprintf(ret_text, "%.*s%s%s", (int)splice.at, text, splice.piece,
                                               text + splice.at + splice.cut) < 0)
                r = -ENOMEM;
        free(splice.piece);
        return r < 0 ? config_error_set(e, r, SPEC_NAME, 0, "no memory to change it") : 0;
}

int bundle_edit(const char *text, const char *hook, char **ret_text, struct config_error *ret_error)
{
        json_error_t e = { 0 };
        json_t *spec = json_loads(text, READ_FLAGS, &e);
        char *edited = NULL;
        int r = 0;

        if (!spec)
                return config_error_set(ret_error, -EINVAL, SPEC_NAME, e.line > 0 ? (size_t)e.line : 1,
                                        "not JSON: %s", e.text);
        if (asks(spec))
                r = is_plain(hook) ? splice_text(text, spec, hook, &edited, ret_error) :
                    config_error_set(ret_error, -EINVAL, "--jettison-hook", 0, "expected an absolute path "
                                     "without quotes and backslashes");
        json_decref(spec);
        if (r == 0)
                *ret_text = edited;
        return r;
}

static int refuse(struct config_error *e, int error, const char *what)
{
        return config_error_set(e, error, SPEC_NAME, 0, "%s", what);
}

static int check_file(const struct stat *st, struct config_error *e)
{
        if (!S_ISREG(st->st_mode))
                return refuse(e, -EINVAL, "expected a regular file, found something else");
        if ((st->st_uid != 0 && st->st_uid != geteuid()) || (st->st_mode & (S_IWGRP | S_IWOTH)))
                return config_error_set(e, -EPERM, SPEC_NAME, 0,
                                        "expected to belong to root or the caller and to be writable by the "
                                        "owner alone, found owner %u and mode %04o",
                                        st->st_uid, st->st_mode & 07777);
        if ((uint64_t)st->st_size > BUNDLE_SPEC_MAX)
                return refuse(e, -EFBIG, "expected at most 16 MiB, found more");
        return 0;
}

/* The text is new and has as many bytes as the file had when it was looked at. */
static int read_text(int fd, size_t size, char **ret_text, struct config_error *e)
{
        CLEANUP(free_p) char *text = malloc(size + 1);
        size_t len = 0;

        while (text && len < size) {
                ssize_t n = read(fd, text + len, size - len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return refuse(e, -errno, strerrordesc_np(errno));
                if (n == 0)
                        break;
                len += (size_t)n;
        }
        if (!text)
                return refuse(e, -ENOMEM, "no memory to read it");
        text[len] = '\0';
        if (len < size || strlen(text) < len)
                return refuse(e, -EILSEQ, "expected a text, found one that changes or holds a NUL");
        *ret_text = text;
        text = NULL;
        return 0;
}

static int write_text(int fd, const struct stat *like, const char *text)
{
        /* Owner before mode, which a change of owner may cut. */
        if (fchown(fd, like->st_uid, like->st_gid) < 0 || fchmod(fd, like->st_mode & 07777) < 0)
                return -errno;
        for (size_t len = strlen(text); len > 0;) {
                ssize_t n = write(fd, text, len);

                if (n < 0 && errno != EINTR)
                        return -errno;
                text += n > 0 ? n : 0;
                len -= n > 0 ? (size_t)n : 0;
        }
        return 0;
}

/* Not synced: what is lost with the machine is the container's, and goes as well. */
static int exchange(int folder, const struct stat *like, const char *text, struct config_error *e)
{
        CLEANUP(close_p) int fd = -1;
        char temporary[64];
        int r;

        snprintf(temporary, sizeof(temporary), "." SPEC_NAME ".jettison-%d", (int)getpid());
        fd = openat(folder, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        r = fd < 0 ? -errno : write_text(fd, like, text);
        if (r == 0 && renameat(folder, temporary, folder, SPEC_NAME) < 0)
                r = -errno;
        if (r < 0 && fd >= 0)
                unlinkat(folder, temporary, 0);
        return r < 0 ? config_error_set(e, r, SPEC_NAME, 0, "cannot be changed: %s", strerrordesc_np(-r)) : 0;
}

int bundle_add_hook(const char *bundle, const char *hook, struct config_error *ret_error)
{
        CLEANUP(close_p) int folder = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
        CLEANUP(free_p) char *text = NULL, *edited = NULL;
        struct stat st;
        int r;

        if (folder < 0)
                return config_error_set(ret_error, -errno, bundle, 0, "%s", strerrordesc_np(errno));
        /* Not to be held up by a pipe without a writer. */
        fd = openat(folder, SPEC_NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0 || fstat(fd, &st) < 0)
                return refuse(ret_error, -errno, strerrordesc_np(errno));
        if ((r = check_file(&st, ret_error)) < 0 ||
            (r = read_text(fd, (size_t)st.st_size, &text, ret_error)) < 0 ||
            (r = bundle_edit(text, hook, &edited, ret_error)) < 0 || !edited)
                return r;
        if (access(hook, X_OK) < 0)
                return config_error_set(ret_error, -errno, hook, 0, "%s", strerrordesc_np(errno));
        return exchange(folder, &st, edited, ret_error);
}
