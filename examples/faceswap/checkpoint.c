/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The file is eight bytes that name the format, the struct as it lies in memory, and a checksum. It is read
 * back by the same program on the same machine only, so neither byte order nor padding matter; the checksum
 * and the size tell a torn or foreign file.
 */
#include "checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char magic[8] = "faceswp1";

struct file {
        char magic[8];
        struct training training;
        uint64_t checksum;
};

/* FNV-1a over 64-bit words; catches a torn file, not an enemy. */
static uint64_t checksum(const struct training *t)
{
        const unsigned char *bytes = (const unsigned char *)t;
        uint64_t sum = UINT64_C(0xcbf29ce484222325), word;

        for (size_t i = 0; i + sizeof(word) <= sizeof(*t); i += sizeof(word)) {
                memcpy(&word, bytes + i, sizeof(word));
                sum = (sum ^ word) * UINT64_C(0x100000001b3);
        }
        return sum;
}

static bool whole_read(int fd, char *buffer, size_t size)
{
        for (ssize_t n; size > 0; buffer += n, size -= (size_t)n) {
                n = read(fd, buffer, size);
                if (n <= 0)
                        return false;
        }
        return true;
}

static int whole_write(int fd, const char *buffer, size_t size)
{
        for (ssize_t n; size > 0; buffer += n, size -= (size_t)n) {
                n = write(fd, buffer, size);
                if (n < 0)
                        return -errno;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

int checkpoint_save(const char *path, const struct training *t)
{
        char draft[PATH_MAX];
        struct file *file;
        int fd, error;

        if (snprintf(draft, sizeof(draft), "%s.new", path) >= (int)sizeof(draft))
                return -ENAMETOOLONG;
        file = calloc(1, sizeof(*file));
        if (!file)
                return -ENOMEM;
        memcpy(file->magic, magic, sizeof(magic));
        memcpy(&file->training, t, sizeof(*t));
        file->checksum = checksum(&file->training);

        fd = open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        error = fd < 0 ? -errno : whole_write(fd, (const char *)file, sizeof(*file));
        if (fd >= 0 && close(fd) < 0 && !error)
                error = -errno;
        if (!error && rename(draft, path) < 0)
                error = -errno;
        free(file);
        return error;
}

static bool matches(const struct file *file, const struct training *t)
{
        const struct training *saved = &file->training;

        return memcmp(file->magic, magic, sizeof(magic)) == 0 && file->checksum == checksum(saved) &&
               saved->seed == t->seed && saved->faces == t->faces &&
               saved->steps_per_epoch == t->steps_per_epoch;
}

int checkpoint_load(const char *path, struct training *t)
{
        struct file *file;
        int fd, error = -EINVAL;

        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        file = malloc(sizeof(*file));
        if (!file) {
                close(fd);
                return -ENOMEM;
        }
        if (whole_read(fd, (char *)file, sizeof(*file)) && matches(file, t)) {
                memcpy(t, &file->training, sizeof(*t));
                error = 0;
        }
        free(file);
        close(fd);
        return error;
}
