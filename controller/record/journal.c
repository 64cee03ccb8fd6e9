/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A write to a file can wait for writeback, and writeback waits for memory: the one thing that is missing
 * when there is most to write down. So the main thread only formats a line and copies it into a ring; a
 * second thread writes it, and nobody waits for that thread.
 *
 * The ring has one producer and one consumer, so two counters that only grow are all the locking it needs:
 * 'head' is moved by the main thread after the bytes are in place (release), 'tail' by the record thread
 * after they are out (release); each reads the other's with acquire. Their difference is what is queued,
 * modulo the size it is the place, counted from where the ring was last found empty: so a quiet journal uses
 * the same few pages again and again. 'start', which says where, is plain memory, since it changes only while
 * the record thread has nothing to look for. A frame is a small header and its bytes, and may wrap; writev
 * takes both halves as they lie. A frame that finds no room is not queued at all, so that the file never
 * holds half a line from a full ring.
 *
 * The thread sleeps in read() on an eventfd. The count in it is of no interest: a wake-up means "look", and
 * the thread looks until the ring is empty. It is a batch task (sched(7)), which never takes the processor from
 * who has woken it: that one is about to strike; and of lower priority than the others, which take it from this
 * one: a strike has waited 4 ms for it. What the file does with the bytes is in record/file.c. */
#include "record/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "record/file.h"

/* The longest line: an intent with a thousand containers, about 200 bytes of path and 300 of numbers in
 * plan and snapshot each, comes near it. Longer ones are shortened by their writer (see record/write.h). */
#define LINE_MAX_BYTES (512 * KIB)

/* What they take as a rule: the intent for its domain and each container, a victim's line. */
#define LINE_EXTRA         (2 * KIB)
#define LINE_PER_CONTAINER 512
#define VICTIM_BYTES       384

/* A round writes one intent, a victim line for each container (300 bytes), one outcome. The ring holds the
 * largest intent and over a thousand victims, or ten rounds of a host with a hundred containers, before the
 * disk has taken the first byte. */
#define RING_BYTES (1 * MIB)
_Static_assert((RING_BYTES & (RING_BYTES - 1)) == 0, "places in the ring are taken modulo its size");
_Static_assert(LINE_MAX_BYTES < RING_BYTES, "the longest line fits an empty ring");

/* The thread needs a few pages for its own frames and two paths of PATH_MAX when it rotates. */
#define STACK_BYTES (128 * KIB)

/* A weight of a ninth of what the other threads have at -20, and of nine ordinary tasks (sched_prio_to_weight in
 * kernel/sched/core.c). */
#define RECORD_NICE (-10)

/* devkmsg_write() in kernel/printk refuses more than 1024 bytes; the rest is left for prefix and newline. */
#define KMSG_TEXT_MAX 960
#define KMSG_PREFIX   "<4>jettison: "          /* 4 is a warning */

#define FREE_WAIT_US (1 * USEC_PER_SEC)
#define FREE_STEP_US (5 * USEC_PER_MSEC)

enum frame_kind { FRAME_LINE, FRAME_LINE_SYNC, FRAME_KMSG };

struct frame {
        uint32_t len;           /* of the bytes behind it */
        uint32_t kind;
};

struct journal {
        struct record_file file;        /* the thread's alone once it runs */
        bool has_file;
        int kmsg_fd;                    /* −1: not wanted, or no kernel log here */
        int wake_fd;
        pthread_t thread;

        struct sink line;               /* the main thread's, as is 'sync' */
        bool sync;

        _Atomic uint64_t head, tail;    /* bytes ever queued, bytes ever taken out */
        uint64_t start;                 /* the byte that lies at the ring's first place */
        _Atomic uint64_t dropped;       /* lines, by either side */
        _Atomic bool reopen, stop;
        _Atomic bool failing;           /* as the file was after its last use */

        char buffer[LINE_MAX_BYTES];
        char ring[RING_BYTES];
};

static void ring_put(struct journal *j, uint64_t at, const void *bytes, size_t len)
{
        size_t place = (at - j->start) % RING_BYTES, first = u64_min(len, RING_BYTES - place);

        memcpy(j->ring + place, bytes, first);
        memcpy(j->ring, (const char *)bytes + first, len - first);
}

/* The two halves of what lies at 'at'; the second is mostly empty. */
static void ring_look(struct journal *j, uint64_t at, size_t len, struct iovec halves[static 2])
{
        size_t place = (at - j->start) % RING_BYTES, first = u64_min(len, RING_BYTES - place);

        halves[0] = (struct iovec){ .iov_base = j->ring + place, .iov_len = first };
        halves[1] = (struct iovec){ .iov_base = j->ring, .iov_len = len - first };
}

static void journal_wake(struct journal *j)
{
        ssize_t n = write(j->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));

        (void)n;        /* fails only when 2^64 - 2 wake-ups are outstanding */
}

/* Copies a frame into the ring and wakes the thread; false when there is no room. */
static bool journal_queue(struct journal *j, enum frame_kind kind, const char *bytes, size_t len)
{
        uint64_t head = atomic_load_explicit(&j->head, memory_order_relaxed);
        uint64_t tail = atomic_load_explicit(&j->tail, memory_order_acquire);
        struct frame frame = { .len = (uint32_t)len, .kind = kind };

        if (sizeof(frame) + len > RING_BYTES - (head - tail))
                return false;
        if (head == tail)
                j->start = head;
        ring_put(j, head, &frame, sizeof(frame));
        ring_put(j, head + sizeof(frame), bytes, len);
        atomic_store_explicit(&j->head, head + sizeof(frame) + len, memory_order_release);
        journal_wake(j);
        return true;
}

/* Writes out one frame; true when the file should be synced for it. */
static bool frame_write(struct journal *j, const struct frame *frame, struct iovec halves[static 2])
{
        if (frame->kind == FRAME_KMSG) {
                ssize_t n = writev(j->kmsg_fd, halves, 2);

                (void)n;        /* the kernel's log may be rate-limited; the journal has it all */
                return false;
        }
        if (record_file_write(&j->file, halves, journal_dropped(j)) < 0) {
                atomic_fetch_add_explicit(&j->dropped, 1, memory_order_relaxed);
                return false;
        }
        return frame->kind == FRAME_LINE_SYNC;
}

/* Everything is written before anything is synced: what a write() has taken survives a crash of this
 * process, and only a crash of the machine asks for more. */
static void journal_drain(struct journal *j)
{
        uint64_t tail = atomic_load_explicit(&j->tail, memory_order_relaxed);
        bool sync = false;

        while (tail != atomic_load_explicit(&j->head, memory_order_acquire)) {
                struct iovec halves[2];
                struct frame frame;

                ring_look(j, tail, sizeof(frame), halves);
                memcpy(&frame, halves[0].iov_base, halves[0].iov_len);
                memcpy((char *)&frame + halves[0].iov_len, halves[1].iov_base, halves[1].iov_len);
                ring_look(j, tail + sizeof(frame), frame.len, halves);
                sync |= frame_write(j, &frame, halves);
                tail += sizeof(frame) + frame.len;
                atomic_store_explicit(&j->tail, tail, memory_order_release);
        }
        if (sync)
                record_file_sync(&j->file);
}

static void note_failing(struct journal *j)
{
        atomic_store_explicit(&j->failing, j->file.failing, memory_order_relaxed);
}

static void *journal_thread(void *data)
{
        struct journal *j = data;
        bool stop;

        pthread_setname_np(pthread_self(), "jettison-record");
        sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){ 0 });
        setpriority(PRIO_PROCESS, 0, RECORD_NICE);      /* of this thread alone (setpriority(2), BUGS) */
        do {
                uint64_t count;
                ssize_t n = read(j->wake_fd, &count, sizeof(count));

                (void)n;        /* a spurious wake-up does no harm */
                stop = atomic_load_explicit(&j->stop, memory_order_acquire);
                if (atomic_exchange_explicit(&j->reopen, false, memory_order_relaxed) && j->has_file)
                        record_file_reopen(&j->file);
                journal_drain(j);
                note_failing(j);
        } while (!stop);
        return NULL;
}

/* The thread takes no signals: they belong to the main thread's descriptor. */
static int journal_start(struct journal *j)
{
        pthread_attr_t attributes;
        sigset_t all, before;
        int r;

        sigfillset(&all);
        pthread_attr_init(&attributes);
        r = pthread_attr_setstacksize(&attributes, STACK_BYTES);
        if (r == 0) {
                pthread_sigmask(SIG_SETMASK, &all, &before);
                r = pthread_create(&j->thread, &attributes, journal_thread, j);
                pthread_sigmask(SIG_SETMASK, &before, NULL);
        }
        pthread_attr_destroy(&attributes);
        return -r;
}

static void journal_close(struct journal *j)
{
        record_file_close(&j->file);
        close_p(&j->kmsg_fd);
        close_p(&j->wake_fd);
        munmap(j, sizeof(*j));
}

static int journal_open(struct journal *j, const struct journal_options *options)
{
        int r;

        j->has_file = options->path && options->path[0];
        if (j->has_file) {
                r = record_file_open(&j->file, options->path, options->size_max, options->keep);
                if (r < 0)
                        return r;
                note_failing(j);
        }
        if (options->kmsg)
                j->kmsg_fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC | O_NOCTTY);
        j->wake_fd = eventfd(0, EFD_CLOEXEC);
        if (j->wake_fd < 0)
                return -errno;
        return journal_start(j);
}

struct journal *journal_new(const struct journal_options *options, int *ret_error)
{
        const int kind = MAP_PRIVATE | MAP_ANONYMOUS;
        struct journal *j = mmap(NULL, sizeof(*j), PROT_READ | PROT_WRITE, kind, -1, 0);
        int r;

        if (j == MAP_FAILED) {
                *ret_error = -ENOMEM;
                return NULL;
        }
        j->file = (struct record_file)RECORD_FILE_INIT;
        j->kmsg_fd = j->wake_fd = -1;
        r = journal_open(j, options);
        if (r < 0) {
                journal_close(j);
                *ret_error = r;
                return NULL;
        }
        return j;
}

/* A thread that is stuck in a write cannot be stopped and still uses the memory: both are then left to the
 * end of the process. */
struct journal *journal_free(struct journal *j)
{
        const struct timespec step = { .tv_nsec = FREE_STEP_US * NSEC_PER_USEC };

        if (!j)
                return NULL;
        atomic_store_explicit(&j->stop, true, memory_order_release);
        journal_wake(j);
        for (uint64_t waited_us = 0; pthread_tryjoin_np(j->thread, NULL) != 0; waited_us += FREE_STEP_US) {
                if (waited_us >= FREE_WAIT_US) {
                        pthread_detach(j->thread);
                        return NULL;
                }
                nanosleep(&step, NULL);
        }
        journal_close(j);
        return NULL;
}

/* The pages of the first 'bytes', as if they had been written to. */
static void pages_touch(char *begin, size_t bytes)
{
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)begin / page * page;

        madvise((void *)first, (uintptr_t)begin + bytes - first, MADV_POPULATE_WRITE);
}

void journal_reserve(struct journal *j, size_t n)
{
        size_t line = u64_min(LINE_EXTRA + n * LINE_PER_CONTAINER, LINE_MAX_BYTES);

        pages_touch(j->buffer, line);
        pages_touch(j->ring, u64_min(line + LINE_EXTRA + n * VICTIM_BYTES, RING_BYTES));
}

struct sink *journal_begin(struct journal *j, const char *what, uint64_t round)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        j->sync = strcmp(what, "intent") == 0 || strcmp(what, "outcome") == 0;
        sink_init(&j->line, j->buffer, sizeof(j->buffer));
        json_open(&j->line, NULL, '{');
        json_text(&j->line, "what", what);
        if (round)
                json_u64(&j->line, "round", round);
        json_u64(&j->line, "time_usec",
                 (uint64_t)now.tv_sec * USEC_PER_SEC + (uint64_t)now.tv_nsec / NSEC_PER_USEC);
        return &j->line;
}

void journal_end(struct journal *j)
{
        json_close(&j->line, '}');
        sink_text(&j->line, "\n");
        if (!j->has_file)
                return;
        if (j->line.full ||
            !journal_queue(j, j->sync ? FRAME_LINE_SYNC : FRAME_LINE, j->line.text, j->line.len))
                atomic_fetch_add_explicit(&j->dropped, 1, memory_order_relaxed);
}

void journal_kmsg(struct journal *j, const char *format, ...)
{
        char text[sizeof(KMSG_PREFIX) + KMSG_TEXT_MAX];
        const size_t prefix = sizeof(KMSG_PREFIX) - 1;
        va_list args;
        int n;

        if (j->kmsg_fd < 0)
                return;
        memcpy(text, KMSG_PREFIX, prefix);
        va_start(args, format);
        n = vsnprintf(text + prefix, KMSG_TEXT_MAX, format, args);
        va_end(args);
        if (n < 0)
                return;
        n = (int)u64_min((uint64_t)n, KMSG_TEXT_MAX - 1);
        for (char *p = text + prefix; *p; p++)
                if ((unsigned char)*p < 0x20 || *p == 0x7f)
                        *p = '?';
        text[prefix + (size_t)n] = '\n';
        journal_queue(j, FRAME_KMSG, text, prefix + (size_t)n + 1);
}

void journal_reopen(struct journal *j)
{
        atomic_store_explicit(&j->reopen, true, memory_order_relaxed);
        journal_wake(j);
}

uint64_t journal_dropped(const struct journal *j)
{
        return atomic_load_explicit(&j->dropped, memory_order_relaxed);
}

bool journal_is_failing(const struct journal *j)
{
        return atomic_load_explicit(&j->failing, memory_order_relaxed);
}
