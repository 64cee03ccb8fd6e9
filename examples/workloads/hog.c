/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A program that takes memory and does not stop: it allocates and writes at a steady rate, and when asked
 * to leave it says no. The four shapes differ in who is charged and in what a kill gives back:
 *   anon    private memory of one process (or of threads of it): a kill frees it all
 *   fork    the same, spread over processes that must all be killed
 *   shared  one mapping that several processes fill: freed with the last of them
 *   tmpfs   a file: charged to the cgroup that wrote it, and still there after the kill
 * What is written cannot be compressed, so that swap in compressed memory is no way out: each page is cut
 * at random from one block of noise. A page more costs one memcpy, so that the rate holds even where the
 * processor is emulated.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE      4096u
#define NOISE     (1u << 18)    /* bytes; large against a page, small against what is taken */
#define TICK_NS   20000000u     /* memory grows in steps of a fiftieth of a second */
#define TICKS     50u           /* … of which a second has this many */
#define NS_PER_S  1000000000
#define SHARED_MAX (UINT64_C(4) << 30)  /* address space of --shape shared without --max */

enum shape { SHAPE_ANON, SHAPE_FORK, SHAPE_SHARED, SHAPE_TMPFS, SHAPE_N };

static const char *const shape_names[SHAPE_N] = { "anon", "fork", "shared", "tmpfs" };

struct options {
        enum shape shape;
        uint64_t rate_bytes;    /* per second, of all workers together; 0: as fast as it goes */
        uint64_t max_bytes;     /* of all workers together; 0: no end */
        uint64_t delay_ms, workers, threads;
        const char *folder;
        bool polite, zero;
};

/* Who fills what: one per process or thread. */
struct worker {
        const struct options *options;
        uint64_t rate_bytes, max_bytes;         /* its share */
        char *shared;                           /* its part of the mapping, or NULL */
        int fd;                                 /* its file, or -1 */
        uint64_t seed;
};

static const char usage[] =
        "Usage: hog [OPTION]...\n"
        "Take memory without end, write it, keep it, and ignore SIGTERM.\n"
        "\n"
        "  --rate SIZE     a second (default 64M; 0: as fast as it goes)\n"
        "  --max SIZE      stop growing there, and stay\n"
        "  --delay MS      wait before the first byte\n"
        "  --shape SHAPE   anon, fork, shared or tmpfs (default anon)\n"
        "  --workers N     processes of fork and shared (default 4)\n"
        "  --threads N     threads of anon (default 1)\n"
        "  --dir DIR       where tmpfs writes its file\n"
        "  --zero          write zeroes: nearly free to compress\n"
        "  --polite        leave on SIGTERM\n";

static char noise[NOISE + PAGE];
static char zeroes[PAGE];

static uint64_t random_next(uint64_t *state)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state;
}

static void on_sigterm(int signal)
{
        static const char text[] = "hog: SIGTERM, ignoring\n";
        ssize_t ignored = write(STDOUT_FILENO, text, sizeof(text) - 1);

        (void)signal;
        (void)ignored;
}

static const char *page_next(struct worker *w)
{
        if (w->options->zero)
                return zeroes;
        return noise + random_next(&w->seed) % NOISE;
}

/* Takes up to 'want' bytes more, the worker's way. Returns how many it got; the limit of a file system or
 * of the address space is no reason to leave. */
static uint64_t take(struct worker *w, uint64_t taken, uint64_t want)
{
        uint64_t got = 0;
        char *memory = NULL;

        if (w->shared)
                memory = w->shared + taken;
        else if (w->fd < 0) {
                memory = mmap(NULL, want, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                if (memory == MAP_FAILED)
                        return 0;
        }
        for (; got < want; got += PAGE) {
                if (memory)
                        memcpy(memory + got, page_next(w), PAGE);
                else if (write(w->fd, page_next(w), PAGE) != PAGE)
                        return got;
        }
        return got;
}

/* Waits for the next tick. Time lost in reclaim is not made up for: the rate is a ceiling. */
static void tick_wait(struct timespec *due)
{
        struct timespec now;

        due->tv_nsec += TICK_NS;
        if (due->tv_nsec >= NS_PER_S) {
                due->tv_nsec -= NS_PER_S;
                due->tv_sec++;
        }
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, due, NULL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec > due->tv_sec || (now.tv_sec == due->tv_sec && now.tv_nsec > due->tv_nsec))
                *due = now;
}

static _Noreturn void *work(void *worker)
{
        struct worker *w = worker;
        struct timespec due;
        uint64_t taken = 0, step = w->rate_bytes / TICKS;

        step = step ? (step + PAGE - 1) / PAGE * PAGE : UINT64_C(1) << 20;
        clock_gettime(CLOCK_MONOTONIC, &due);
        while (w->max_bytes - taken >= PAGE) {
                uint64_t left = w->max_bytes - taken;
                uint64_t got = take(w, taken, left < step ? left / PAGE * PAGE : step);

                taken += got;
                if (w->rate_bytes != 0 || got == 0)
                        tick_wait(&due);
        }
        for (;;)
                pause();
}

/* The file has a name, so that it outlives whoever wrote it. */
static int file_open(const char *folder)
{
        char path[4096];
        int fd;

        snprintf(path, sizeof(path), "%s/hog-%d", folder, (int)getpid());
        fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0) {
                fprintf(stderr, "hog: %s: %s\n", path, strerror(errno));
                exit(1);
        }
        return fd;
}

static void worker_start(struct worker *w, bool is_thread)
{
        pthread_t thread;

        if (is_thread) {
                if (pthread_create(&thread, NULL, work, w) != 0)
                        exit(1);
        } else if (fork() == 0)
                work(w);
}

static _Noreturn void run(const struct options *o)
{
        uint64_t n = o->shape == SHAPE_ANON ? o->threads : o->shape == SHAPE_TMPFS ? 1 : o->workers;
        uint64_t max = o->max_bytes ? o->max_bytes : o->shape == SHAPE_SHARED ? SHARED_MAX : UINT64_MAX;
        uint64_t share = max / n / PAGE * PAGE;
        struct worker *workers = calloc(n, sizeof(*workers));
        char *shared = NULL;

        if (o->shape == SHAPE_SHARED)
                shared = mmap(NULL, max, PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (!workers || shared == MAP_FAILED) {
                fprintf(stderr, "hog: cannot begin: %s\n", strerror(errno));
                exit(1);
        }
        for (uint64_t i = 0; i < n; i++)
                workers[i] = (struct worker){
                        .options = o,
                        .rate_bytes = o->rate_bytes / n,
                        .max_bytes = share,
                        .shared = shared ? shared + i * share : NULL,
                        .fd = o->shape == SHAPE_TMPFS ? file_open(o->folder) : -1,
                        .seed = (uint64_t)getpid() * 0x9e3779b97f4a7c15 + i + 1,
                };
        for (uint64_t i = 1; i < n; i++)
                worker_start(&workers[i], o->shape == SHAPE_ANON);
        work(&workers[0]);
}

static bool parse_number(const char *text, bool is_size, uint64_t *ret_number)
{
        static const char units[] = "KMGT";
        const char *unit;
        char *end;

        errno = 0;
        *ret_number = strtoull(text, &end, 10);
        if (errno || end == text || *text == '-')
                return false;
        unit = is_size && *end ? strchr(units, *end) : NULL;
        if (unit) {
                *ret_number <<= 10 * (unit - units + 1);
                end++;
        }
        return *end == '\0';
}

static bool parse_shape(const char *text, enum shape *ret_shape)
{
        for (int i = 0; i < SHAPE_N; i++)
                if (strcmp(text, shape_names[i]) == 0) {
                        *ret_shape = (enum shape)i;
                        return true;
                }
        return false;
}

static bool parse_options(int argc, char **argv, struct options *o)
{
        static const struct option names[] = {
                { "rate", required_argument, NULL, 'r' },    { "max", required_argument, NULL, 'm' },
                { "delay", required_argument, NULL, 'd' },   { "shape", required_argument, NULL, 's' },
                { "workers", required_argument, NULL, 'w' }, { "threads", required_argument, NULL, 't' },
                { "dir", required_argument, NULL, 'f' },     { "zero", no_argument, NULL, 'z' },
                { "polite", no_argument, NULL, 'p' },        { "help", no_argument, NULL, 'h' },
                { NULL, 0, NULL, 0 },
        };
        bool good = true;

        for (int c; good && (c = getopt_long(argc, argv, "", names, NULL)) >= 0;)
                switch (c) {
                case 'r': good = parse_number(optarg, true, &o->rate_bytes); break;
                case 'm': good = parse_number(optarg, true, &o->max_bytes); break;
                case 'd': good = parse_number(optarg, false, &o->delay_ms); break;
                case 's': good = parse_shape(optarg, &o->shape); break;
                case 'w': good = parse_number(optarg, false, &o->workers) && o->workers > 0; break;
                case 't': good = parse_number(optarg, false, &o->threads) && o->threads > 0; break;
                case 'f': o->folder = optarg; break;
                case 'z': o->zero = true; break;
                case 'p': o->polite = true; break;
                case 'h':
                        fputs(usage, stdout);
                        exit(0);
                default: good = false;
                }
        return good && optind == argc && (o->folder != NULL) == (o->shape == SHAPE_TMPFS);
}

int main(int argc, char **argv)
{
        struct options o = { .rate_bytes = UINT64_C(64) << 20, .workers = 4, .threads = 1 };
        struct sigaction action = { .sa_handler = on_sigterm, .sa_flags = SA_RESTART };
        uint64_t seed = (uint64_t)getpid();
        struct timespec delay;

        if (!parse_options(argc, argv, &o)) {
                fputs(usage, stderr);
                return 2;
        }
        if (!o.polite)
                sigaction(SIGTERM, &action, NULL);
        for (size_t i = 0; i < sizeof(noise); i += sizeof(seed)) {
                uint64_t bits = random_next(&seed);

                memcpy(noise + i, &bits, sizeof(bits));
        }
        delay.tv_sec = (time_t)(o.delay_ms / 1000);
        delay.tv_nsec = (long)(o.delay_ms % 1000) * 1000000;
        nanosleep(&delay, NULL);
        run(&o);
}
