/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Asks the module for anything. A step is one of the things a program can do with the device: a call, a
 * buffer, reading, waiting, opening and closing. Half of the calls begin as good ones and are spoilt in
 * some bytes, so that the checks behind the first are reached; the others are noise. What a pointer points
 * to is as uncertain: memory, the end of a page with nothing behind it, memory that cannot be written, the
 * module's own buffer, nothing.
 *
 * Four processes do so at the same time, each in two threads with one set of descriptors, so that calls
 * meet on one open file, too. An id of a cgroup that an order names has its highest bit set, and no cgroup
 * has such an id: so nobody is killed, whatever the order says. Buffers that are granted are small; the
 * module's memory is nobody's to account, and the VM is not to run out of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "device.h"

#define PROCESSES  4u
#define FILES      4u           /* descriptors of one process, shared by its threads */
#define CALL_BYTES 1024u
#define NO_CGROUP  (1ull << 63)

enum verdict { GRANTED, REFUSED, VERDICT_N };
enum { DID_INFO, DID_WATCH, DID_SNAPSHOT, DID_ORDER, DID_NOISE, DID_MAP, DID_READ, DID_N };

static const char *const did_names[DID_N] = { "info", "watch", "snapshot", "order", "noise", "mmap", "read" };
static const unsigned long numbers[] = { JETTISON_INFO, JETTISON_WATCH, JETTISON_SNAPSHOT, JETTISON_ORDER };

static unsigned long (*done)[VERDICT_N];       /* shared by the processes */
static uint64_t end_ns;
static int files[FILES];

struct fuzzer {
        uint64_t state;
        char *pages;                    /* two, of which the second is not there */
        char *readonly;
        char *mapped;                   /* the module's buffer, or NULL */
        size_t mapped_bytes;
};

static uint64_t draw(struct fuzzer *f)
{
        f->state ^= f->state << 13;
        f->state ^= f->state >> 7;
        f->state ^= f->state << 17;
        return f->state * 0x2545f4914f6cdd1du >> 8;
}

static void count(unsigned what, bool granted)
{
        __atomic_fetch_add(&done[what][granted ? GRANTED : REFUSED], 1, __ATOMIC_RELAXED);
}

/* A good call, spoilt in up to three places, or not at all. */
static void call_make(struct fuzzer *f, unsigned which, char *call)
{
        struct jettison_watch *watch = (void *)call;
        struct jettison_snapshot *snapshot = (void *)call;
        struct jettison_order *order = (void *)call;
        unsigned spoilt = (unsigned)(draw(f) % 4);

        memset(call, 0, CALL_BYTES);
        watch->version = JETTISON_ABI;
        if (which == DID_WATCH) {
                watch->available_low = draw(f) % (1ull << 30);
                watch->available_high = watch->available_low + draw(f) % (1ull << 28);
        } else if (which == DID_SNAPSHOT) {
                snapshot->flags = draw(f) % 2;
                snapshot->cgroup = draw(f) % 3 ? draw(f) % 200 : 0;
                snapshot->score_neutral = (uint32_t)(draw(f) % 2001);
        } else if (which == DID_ORDER) {
                order->round = draw(f);
                order->available_max = draw(f);
                order->expires_ms = 1 + (uint32_t)(draw(f) % 60000);
                order->deadline_ms = 1 + (uint32_t)(draw(f) % 10000);
                order->n = (uint32_t)(draw(f) % (JETTISON_ORDER_MAX + 1));
        }
        for (; spoilt > 1; spoilt--)
                call[draw(f) % (sizeof(*order) / 2)] = (char)draw(f);
}

/* Whatever else is asked, it names no cgroup. */
static void call_disarm(char *call)
{
        struct jettison_order *order = (void *)call;

        for (unsigned i = 0; i < JETTISON_ORDER_MAX; i++)
                order->cgroups[i] |= NO_CGROUP;
}

/* Where the structure lies; what can be written there is written. */
static void *call_place(struct fuzzer *f, const char *call)
{
        size_t tail = draw(f) % CALL_BYTES;

        switch (draw(f) % 12) {
        case 0:
                return NULL;
        case 1:
                return f->pages + PAGE_BYTES;
        case 2:
                memcpy(f->pages + PAGE_BYTES - tail, call, tail);
                return f->pages + PAGE_BYTES - tail;
        case 3:
                return f->readonly;
        case 4:
                return f->mapped ? f->mapped : NULL;
        case 5:
                return (void *)(0xffff800000000000u + draw(f) % (1ull << 46));
        default:
                memcpy(f->pages, call, CALL_BYTES);
                return f->pages;
        }
}

static void step_call(struct fuzzer *f, int fd)
{
        unsigned which = (unsigned)(draw(f) % 4);
        char call[CALL_BYTES];

        call_make(f, which, call);
        if (which == DID_ORDER)
                call_disarm(call);
        count(which, ioctl(fd, numbers[which], call_place(f, call)) == 0);
}

/* Random numbers of calls, of which some are the module's by their letter, and random bytes. */
static void step_noise(struct fuzzer *f, int fd)
{
        unsigned long spoilt = numbers[draw(f) % 4] ^ (1u << draw(f) % 32);
        unsigned long number = draw(f) % 2 ? draw(f) & 0xffffffff : spoilt;
        char call[CALL_BYTES];

        for (size_t i = 0; i < sizeof(call); i++)
                call[i] = (char)draw(f);
        call_disarm(call);
        /* the letter of files and sockets: those calls are not the module's, and could close or block */
        if ((number >> 8 & 0xff) == 'T' || (number >> 8 & 0xff) == 0x89)
                return;
        count(DID_NOISE, ioctl(fd, number, call_place(f, call)) >= 0);
}

static void step_map(struct fuzzer *f, int fd)
{
        size_t small = 1 + draw(f) % 256 * PAGE_BYTES;
        size_t large = JETTISON_BUFFER_MAX + 1 + draw(f) % (1ull << 46);
        size_t bytes = draw(f) % 4 ? small : large;
        int protection = draw(f) % 4 ? PROT_READ : (int)(draw(f) % 8);
        int flags = draw(f) % 4 ? MAP_SHARED : MAP_PRIVATE;
        off_t offset = draw(f) % 4 ? 0 : (off_t)(draw(f) % 1024 * PAGE_BYTES);
        char *memory = mmap(NULL, bytes, protection, flags | MAP_NORESERVE, fd, offset);

        count(DID_MAP, memory != MAP_FAILED);
        if (memory == MAP_FAILED)
                return;
        /* split, write to, grow and shorten it */
        if (draw(f) % 4 == 0)
                mprotect(memory, PAGE_BYTES, (int)(draw(f) % 2) * PROT_WRITE);
        if (draw(f) % 4 == 0 && mremap(memory, bytes, bytes + PAGE_BYTES, 0) != MAP_FAILED)
                bytes += PAGE_BYTES;
        if (draw(f) % 4 == 0 && bytes > PAGE_BYTES) {
                munmap(memory + PAGE_BYTES, bytes - PAGE_BYTES);
                bytes = PAGE_BYTES;
        }
        if (f->mapped)
                munmap(f->mapped, f->mapped_bytes);
        f->mapped = memory;
        f->mapped_bytes = bytes;
}

static void step_read(struct fuzzer *f, int fd)
{
        struct pollfd wait = { .fd = fd, .events = (short)draw(f) };
        char bytes[CALL_BYTES] = { 0 };
        size_t size = draw(f) % 4 ? draw(f) % sizeof(bytes) : draw(f) % (1ull << 47);
        void *place = size > sizeof(bytes) ? f->pages : call_place(f, bytes);

        poll(&wait, 1, (int)(draw(f) % 3));
        count(DID_READ, read(fd, place, size) > 0);
}

static int file_open(struct fuzzer *f)
{
        return device_open((draw(f) % 2 ? O_RDONLY : O_RDWR) | O_NONBLOCK);
}

static void step(struct fuzzer *f)
{
        unsigned which = (unsigned)(draw(f) % FILES);
        int fd = __atomic_load_n(&files[which], __ATOMIC_RELAXED);
        pid_t child;

        switch (draw(f) % 32) {
        case 0:
                close(__atomic_exchange_n(&files[which], file_open(f), __ATOMIC_RELAXED));
                break;
        case 1:
                child = draw(f) % 8 ? -1 : fork();
                if (child == 0)
                        _exit(0);
                if (child > 0)
                        waitpid(child, NULL, 0);
                break;
        case 2 ... 5:
                step_map(f, fd);
                break;
        case 6 ... 10:
                step_read(f, fd);
                break;
        case 11 ... 15:
                step_noise(f, fd);
                break;
        default:
                step_call(f, fd);
        }
}

static void *fuzz(void *seed)
{
        struct fuzzer f = { .state = *(uint64_t *)seed };

        f.pages = mmap(NULL, 2 * PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        f.readonly = mmap(NULL, PAGE_BYTES, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (f.pages == MAP_FAILED || f.readonly == MAP_FAILED)
                exit(failed("mmap"));
        /* nothing may come to lie there */
        mprotect(f.pages + PAGE_BYTES, PAGE_BYTES, PROT_NONE);
        while (now_ns() < end_ns)
                step(&f);
        return NULL;
}

static void fuzz_process(uint64_t seed)
{
        struct fuzzer opener = { .state = seed };
        uint64_t seeds[2] = { seed, draw(&opener) | 1 };
        pthread_t thread;

        for (unsigned i = 0; i < FILES; i++)
                files[i] = file_open(&opener);
        if (pthread_create(&thread, NULL, fuzz, &seeds[1]) != 0)
                exit(failed("pthread_create"));
        fuzz(&seeds[0]);
        pthread_join(thread, NULL);
        exit(0);
}

int verb_fuzz(char **arguments)
{
        uint64_t seed = strtoull(arguments[1], NULL, 10);
        unsigned ended = 0;
        int status;

        end_ns = now_ns() + strtoull(arguments[0], NULL, 10) * 1000000000;
        done = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (done == MAP_FAILED)
                return failed("mmap");
        for (unsigned i = 0; i < PROCESSES; i++)
                if (fork() == 0)
                        fuzz_process((seed + i) * 0x9e3779b97f4a7c15u | 1);
        while (wait(&status) > 0)
                ended += WIFEXITED(status) && WEXITSTATUS(status) == 0;
        row(ended == PROCESSES, "%u of %u processes came to their end", ended, PROCESSES);
        for (unsigned i = 0; i < DID_N; i++) {
                printf("# %s: %lu granted, %lu refused\n", did_names[i], done[i][GRANTED], done[i][REFUSED]);
                row((done[i][GRANTED] > 0 || i == DID_NOISE) && done[i][REFUSED] > 0,
                    "%s was %sasked for well and badly", did_names[i], i == DID_NOISE ? "only " : "");
        }
        return rows_status();
}
