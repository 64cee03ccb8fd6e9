/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's promises: every line that is in the file parses, what is not in it is counted, and the
 * producer never waits. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/base.h"
#include "base/loop.h"
#include "record/journal.h"

struct folder {
        char path[64];
};

static const char *folder_file(const struct folder *f, const char *name)
{
        static char paths[4][384];
        static unsigned turn;
        char *path = paths[turn++ % ARRAY_SIZE(paths)];

        snprintf(path, sizeof(paths[0]), "%s/%s", f->path, name);
        return path;
}

static struct folder folder_make(void)
{
        struct folder f = { "/tmp/jettison-journal-XXXXXX" };

        cr_assert(mkdtemp(f.path));
        return f;
}

static void folder_remove(const struct folder *f)
{
        DIR *dir = opendir(f->path);

        for (struct dirent *d; (d = readdir(dir));)
                if (d->d_name[0] != '.' && unlink(folder_file(f, d->d_name)) < 0)
                        rmdir(folder_file(f, d->d_name));
        closedir(dir);
        cr_expect_eq(rmdir(f->path), 0);
}

static struct journal *open_journal(const char *path, uint64_t size_max, uint32_t keep)
{
        const struct journal_options options = { .path = path, .size_max = size_max, .keep = keep };
        int error = 0;
        struct journal *j = journal_new(&options, &error);

        cr_assert(j, "cannot open %s: %s", path, strerror(-error));
        return j;
}

/* A line with its number and a filling of 'len' bytes. */
static void put_line(struct journal *j, uint64_t number, size_t len)
{
        struct sink *s = journal_begin(j, "victim", number);

        json_open(s, "filling", '[');
        for (; len >= 8; len -= 8)
                json_u64(s, NULL, 1234567);
        json_close(s, ']');
        journal_end(j);
}

static void pause_us(uint64_t us)
{
        nanosleep(&(struct timespec){ .tv_nsec = (long)(us * NSEC_PER_USEC) }, NULL);
}

/* What a journal holds: lines that parse, their numbers in ascending order, drops that they tell of. */
struct content {
        size_t n, n_torn;
        uint64_t first, last, dropped;
        bool ascending;
};

static void take_line(struct content *c, const char *text, size_t len)
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

static struct content read_journal(const char *path)
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

static void write_file(const char *path, const char *text)
{
        FILE *file = fopen(path, "w");

        cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0);
}

Test(journal, hostile_names_come_back)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 0, 0);
        char name[256] = "";
        json_t *line;

        for (int i = 1; i < 256; i++)
                name[i - 1] = (char)i;
        json_text(journal_begin(j, "victim", 7), "path", name);
        journal_end(j);
        journal_free(j);

        line = json_load_file(folder_file(&f, "j"), 0, NULL);
        cr_assert(line);
        cr_expect_str_eq(json_string_value(json_object_get(line, "what")), "victim");
        cr_expect_eq(json_integer_value(json_object_get(line, "round")), 7);
        cr_expect_gt(json_integer_value(json_object_get(line, "time_usec")), 1600000000000000);
        const unsigned char *path = (const unsigned char *)json_string_value(json_object_get(line, "path"));

        for (int i = 1; i < 256; i++) {
                unsigned c = *path++;

                if (c >= 0x80)
                        c = (c & 3) << 6 | (*path++ & 0x3f);
                cr_assert_eq(c, (unsigned)i, "byte %d came back as %u", i, c);
        }
        json_decref(line);
        folder_remove(&f);
}

/* 16 MiB in lines of every length go through the ring of 1 MiB; the thread is given time, so nothing is
 * lost. */
Test(journal, ring_wraps, .timeout = 60)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 0, 0);
        struct content c;

        for (uint64_t i = 1; i <= 2000; i++) {
                put_line(j, i, i * 37 % 16384);
                if (i % 20 == 0)
                        pause_us(5000);
        }
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect_eq(c.n, 2000);
        cr_expect(c.n_torn == 0 && c.ascending && c.last == 2000 && c.dropped == 0);
        folder_remove(&f);
}

/* As fast as it goes: lines may be dropped, but each is either in the file or counted. */
Test(journal, every_line_is_written_or_counted, .timeout = 60)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 0, 0);
        uint64_t dropped;
        struct content c;

        for (uint64_t i = 1; i <= 5000; i++)
                put_line(j, i, i * 37 % 16384);
        pause_us(900000);
        put_line(j, 5001, 0);
        dropped = journal_dropped(j);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect_eq(c.n + dropped, 5001, "%zu lines and %llu drops", c.n, (unsigned long long)dropped);
        cr_expect_eq(c.dropped, dropped);
        cr_expect(c.n_torn == 0 && c.ascending && c.last == 5001);
        folder_remove(&f);
}

struct pipe_reader {
        int fd;
        _Atomic bool stop;
        char *text;
        size_t len;
};

static void *read_pipe(void *data)
{
        struct pipe_reader *r = data;
        bool stop;

        r->text = calloc(1, 8 * MIB);
        do {
                ssize_t n;

                stop = r->stop;
                while ((n = read(r->fd, r->text + r->len, 8 * MIB - r->len)) > 0)
                        r->len += (size_t)n;
                pause_us(1000);
        } while (!stop);
        return NULL;
}

/* A pipe that nobody reads stalls the thread. The main thread goes on, counts what it loses, and says it in
 * the first line that is queued after there is room again. */
Test(journal, full_ring_drops_and_counts, .timeout = 60)
{
        struct folder f = folder_make();
        struct content c = { .ascending = true };
        struct pipe_reader reader = { 0 };
        uint64_t began_us, took_us, dropped;
        struct journal *j;
        pthread_t thread;

        cr_assert_eq(mkfifo(folder_file(&f, "fifo"), 0600), 0);
        reader.fd = open(folder_file(&f, "fifo"), O_RDONLY | O_NONBLOCK);
        j = open_journal(folder_file(&f, "fifo"), 4096, 3);
        began_us = loop_now_us();
        for (uint64_t i = 1; i <= 1000; i++)
                put_line(j, i, 4000);
        took_us = loop_now_us() - began_us;
        dropped = journal_dropped(j);
        cr_expect_gt(dropped, 500, "4 MB in 1 MiB and a pipe, %llu drops", (unsigned long long)dropped);
        cr_expect_lt(dropped, 900);
        cr_expect_lt(took_us, USEC_PER_SEC, "1000 lines took %llu us", (unsigned long long)took_us);

        cr_assert_eq(pthread_create(&thread, NULL, read_pipe, &reader), 0);
        pause_us(500000);
        put_line(j, 1001, 0);
        cr_expect_eq(journal_free(j), NULL);
        reader.stop = true;
        pthread_join(thread, NULL);
        for (char *line = reader.text, *end; (end = strchr(line, '\n')); line = end + 1)
                take_line(&c, line, (size_t)(end - line));
        cr_expect_eq(c.n + dropped, 1001);
        cr_expect_eq(c.dropped, dropped);
        cr_expect(c.n_torn == 0 && c.ascending && c.last == 1001);
        free(reader.text);
        close(reader.fd);
        folder_remove(&f);
}

/* A thread that never comes back must not keep the daemon from ending. */
Test(journal, end_does_not_wait_for_ever, .timeout = 30)
{
        struct folder f = folder_make();
        uint64_t began_us, took_us;
        struct journal *j;
        int fd;

        cr_assert_eq(mkfifo(folder_file(&f, "fifo"), 0600), 0);
        fd = open(folder_file(&f, "fifo"), O_RDONLY | O_NONBLOCK);
        j = open_journal(folder_file(&f, "fifo"), 0, 0);
        for (uint64_t i = 1; i <= 100; i++)
                put_line(j, i, 4000);
        began_us = loop_now_us();
        journal_free(j);
        took_us = loop_now_us() - began_us;
        cr_expect(took_us > USEC_PER_SEC / 2 && took_us < 3 * USEC_PER_SEC, "%llu us",
                  (unsigned long long)took_us);
        close(fd);
        folder_remove(&f);
}

Test(journal, rotates_by_size)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 4096, 2);
        struct content now, one, two;
        struct stat st;

        for (uint64_t i = 1; i <= 100; i++)
                put_line(j, i, 400);
        journal_free(j);
        two = read_journal(folder_file(&f, "j.2"));
        one = read_journal(folder_file(&f, "j.1"));
        now = read_journal(folder_file(&f, "j"));
        cr_expect(access(folder_file(&f, "j.3"), F_OK) < 0);
        cr_expect_eq(now.last, 100);
        cr_expect(now.first == one.last + 1 && one.first == two.last + 1 && two.first > 1);
        cr_expect(now.n_torn + one.n_torn + two.n_torn == 0);
        cr_expect(stat(folder_file(&f, "j.1"), &st) == 0 && st.st_size <= 4096 && st.st_size > 3000);
        cr_expect_eq(st.st_mode & 0777, 0640 & ~022);
        folder_remove(&f);
}

Test(journal, keeps_no_old_file_if_told_so)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 4096, 0);
        struct content c;

        for (uint64_t i = 1; i <= 100; i++)
                put_line(j, i, 400);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect(c.last == 100 && c.first > 50);
        cr_expect(access(folder_file(&f, "j.1"), F_OK) < 0);
        folder_remove(&f);
}

/* A folder stands where the old file should go: the journal grows, and loses nothing. */
Test(journal, rotation_refused_keeps_writing)
{
        struct folder f = folder_make();
        struct journal *j;
        struct content c;

        cr_assert_eq(mkdir(folder_file(&f, "j.1"), 0700), 0);
        j = open_journal(folder_file(&f, "j"), 4096, 1);
        for (uint64_t i = 1; i <= 100; i++)
                put_line(j, i, 400);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect(c.n == 100 && c.n_torn == 0);
        folder_remove(&f);
}

Test(journal, torn_last_line_is_ended)
{
        struct folder f = folder_make();
        struct content c;
        struct journal *j;

        write_file(folder_file(&f, "j"), "{\"what\":\"start\"}\n{\"what\":\"inte");
        j = open_journal(folder_file(&f, "j"), 0, 0);
        put_line(j, 1, 0);
        put_line(j, 2, 0);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect_eq(c.n, 3);
        cr_expect_eq(c.n_torn, 1);
        cr_expect_eq(c.last, 2);
        folder_remove(&f);
}

/* /dev/full takes every open and no byte. Then the disk has room again. */
Test(journal, full_disk_is_survived_and_told)
{
        struct folder f = folder_make();
        struct journal *j;
        struct content c;

        cr_assert_eq(symlink("/dev/full", folder_file(&f, "j")), 0);
        j = open_journal(folder_file(&f, "j"), 0, 0);
        for (uint64_t i = 1; i <= 10; i++)
                put_line(j, i, 100);
        pause_us(300000);
        cr_expect_eq(journal_dropped(j), 10);
        cr_assert_eq(unlink(folder_file(&f, "j")), 0);
        for (uint64_t i = 11; i <= 12; i++)
                put_line(j, i, 100);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect(c.n == 2 && c.first == 11 && c.dropped == 10 && c.n_torn == 0);
        folder_remove(&f);
}

/* The file may grow to 10,000 bytes and no further: the line that does not fit is cut off again. */
Test(journal, half_a_line_is_cut_off)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 0, 0);
        uint64_t dropped;
        struct content c;

        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 10000, RLIM_INFINITY });
        for (uint64_t i = 1; i <= 10; i++)
                put_line(j, i, 3000);
        pause_us(300000);
        dropped = journal_dropped(j);
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){ RLIM_INFINITY, RLIM_INFINITY });
        put_line(j, 11, 0);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect(c.n_torn == 0 && c.last == 11 && c.dropped == dropped && dropped > 5);
        cr_expect_eq(c.n + dropped, 11);
        folder_remove(&f);
}

Test(journal, reopens_when_asked)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 0, 0);

        put_line(j, 1, 0);
        pause_us(100000);
        cr_assert_eq(rename(folder_file(&f, "j"), folder_file(&f, "old")), 0);
        journal_reopen(j);
        put_line(j, 2, 0);
        journal_free(j);
        cr_expect_eq(read_journal(folder_file(&f, "old")).last, 1);
        cr_expect_eq(read_journal(folder_file(&f, "j")).first, 2);
        folder_remove(&f);
}

Test(journal, line_too_long_is_dropped)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 0, 0);
        struct content c;

        put_line(j, 1, MIB);
        cr_expect_eq(journal_dropped(j), 1);
        put_line(j, 2, 500 * KIB);
        journal_free(j);
        c = read_journal(folder_file(&f, "j"));
        cr_expect(c.n == 1 && c.first == 2 && c.dropped == 1);
        folder_remove(&f);
}

Test(journal, without_a_file_nothing_is_lost)
{
        struct journal *j = open_journal("", 0, 0);

        put_line(j, 1, 100);
        journal_kmsg(j, "never written: %s", "kmsg is off");
        journal_reopen(j);
        cr_expect_eq(journal_dropped(j), 0);
        cr_expect_eq(journal_free(j), NULL);
        cr_expect_eq(journal_free(NULL), NULL);
}

Test(journal, makes_its_folder_and_no_more)
{
        struct folder f = folder_make();
        struct journal_options options = { .path = folder_file(&f, "a/j") };
        struct journal *j;
        int error = 0;

        j = journal_new(&options, &error);
        cr_assert(j);
        journal_free(j);
        cr_expect_eq(unlink(folder_file(&f, "a/j")), 0);

        options.path = folder_file(&f, "b/c/j");
        cr_expect_eq(journal_new(&options, &error), NULL);
        cr_expect_eq(error, -ENOENT);
        options.path = f.path;
        cr_expect_eq(journal_new(&options, &error), NULL);
        cr_expect_eq(error, -EISDIR);
        folder_remove(&f);
}

/* The thread is known by name and takes no signal. */
Test(journal, thread_is_named_and_deaf)
{
        struct folder f = folder_make();
        struct journal *j = open_journal(folder_file(&f, "j"), 0, 0);
        DIR *tasks = opendir("/proc/self/task");
        unsigned long long blocked = 0;

        put_line(j, 1, 0);
        pause_us(100000);
        for (struct dirent *d; (d = readdir(tasks));) {
                char path[300], line[256], name[64] = "";
                unsigned long long mask = 0;
                FILE *file;

                snprintf(path, sizeof(path), "/proc/self/task/%s/status", d->d_name);
                file = d->d_name[0] != '.' ? fopen(path, "r") : NULL;
                while (file && fgets(line, sizeof(line), file)) {
                        sscanf(line, "Name: %63s", name);
                        sscanf(line, "SigBlk: %llx", &mask);
                }
                if (file)
                        fclose(file);
                if (strcmp(name, "jettison-record") == 0)
                        blocked = mask;
        }
        closedir(tasks);
        cr_expect(blocked & 1ull << (SIGTERM - 1), "no such thread, or it listens to SIGTERM");
        cr_expect(blocked & 1ull << (SIGUSR1 - 1));
        journal_free(j);
        folder_remove(&f);
}
