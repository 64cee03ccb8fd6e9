/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bench_starts N FILE COMMAND...: starts COMMAND N times with FILE as its standard input, and prints how long
 * it took from spawn to end: median and 99th percentile, µs of the clock. */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static uint64_t now_ns(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
        size_t n = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
        uint64_t *took = n ? calloc(n, sizeof(*took)) : NULL;
        posix_spawn_file_actions_t actions;

        if (!took) {
                fprintf(stderr, "Usage: bench_starts N FILE COMMAND...\n");
                return 2;
        }
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 0, argv[2], O_RDONLY, 0);
        for (size_t i = 0; i < n; i++) {
                uint64_t begun = now_ns();
                int status;
                pid_t pid;

                if (posix_spawn(&pid, argv[3], &actions, NULL, argv + 3, environ) != 0 ||
                    waitpid(pid, &status, 0) != pid || status != 0) {
                        fprintf(stderr, "bench_starts: %s failed\n", argv[3]);
                        return 1;
                }
                took[i] = now_ns() - begun;
        }
        qsort(took, n, sizeof(*took), compare);
        printf("%-40.40s n %zu  p50 %6.0f us  p99 %6.0f us\n", argv[3], n, (double)took[n / 2] / 1000,
               (double)took[n * 99 / 100] / 1000);
        return 0;
}
