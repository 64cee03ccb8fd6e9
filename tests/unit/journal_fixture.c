/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "journal_fixture.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/base.h"

const char *folder_file(const struct folder *f, const char *name)
{
        static char paths[4][384];
        static unsigned turn;
        char *path = paths[turn++ % ARRAY_SIZE(paths)];

        snprintf(path, sizeof(paths[0]), "%s/%s", f->path, name);
        return path;
}

struct folder folder_make(void)
{
        struct folder f = { "/tmp/jettison-journal-XXXXXX" };

        cr_assert(mkdtemp(f.path));
        return f;
}

void folder_remove(const struct folder *f)
{
        DIR *dir = opendir(f->path);

        for (struct dirent *d; (d = readdir(dir));)
                if (d->d_name[0] != '.' && unlink(folder_file(f, d->d_name)) < 0)
                        rmdir(folder_file(f, d->d_name));
        closedir(dir);
        cr_expect_eq(rmdir(f->path), 0);
}

struct journal *open_journal(const char *path, uint64_t size_max, uint32_t keep)
{
        const struct journal_options options = { .path = path, .size_max = size_max, .keep = keep };
        int error = 0;
        struct journal *j = journal_new(&options, &error);

        cr_assert(j, "cannot open %s: %s", path, strerror(-error));
        return j;
}

void put_line(struct journal *j, uint64_t number, size_t len)
{
        struct sink *s = journal_begin(j, "victim", number);

        json_open(s, "filling", '[');
        for (; len >= 8; len -= 8)
                json_u64(s, NULL, 1234567);
        json_close(s, ']');
        journal_end(j);
}

void pause_us(uint64_t us)
{
        nanosleep(&(struct timespec){ .tv_nsec = (long)(us * NSEC_PER_USEC) }, NULL);
}

void take_line(struct content *c, const char *text, size_t len)
{
        json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
        uint64_t number = (uint64_t)json_integer_value(json_object_get(line, "round"));

        if (!line) {
                c->n_torn++;
                return;
        }
        c->ascending = c->ascending && number > c->last;
        if (c->n++ == 0)
                c->first = number;
        c->last = number;
        c->dropped += (uint64_t)json_integer_value(json_object_get(line, "dropped"));
        json_decref(line);
}

struct content read_journal(const char *path)
{
        struct content c = { .ascending = true };
        FILE *file = fopen(path, "r");
        char *text = NULL;
        size_t size = 0;

        cr_assert(file, "%s is not there", path);
        for (ssize_t n; (n = getline(&text, &size, file)) > 0;)
                take_line(&c, text, (size_t)n);
        free(text);
        fclose(file);
        return c;
}
