/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The journal's queue: what is written parses, what is not is counted, and the producer never waits. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "base/loop.h"
#include "journal_fixture.h"

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

/* A folder stands where the old file should go: the journal grows, and loses nothing. */
/* /dev/full takes every open and no byte. Then the disk has room again. */
/* The file may grow to 10,000 bytes and no further: the line that does not fit is cut off again. */
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
