/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What benchmarks share; from FDS_PER_CGROUP on, the parts of bench_scan. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of this thread's CPU clock. */
uint64_t thread_nsec(void);

/* Sorts the values, n > 0. */
uint64_t median_of(uint64_t *values, size_t n);

/* Descriptors a container needs: its directory and four files; and some for everything else. */
#define FDS_PER_CGROUP 5
#define FDS_OTHER      64

/* Says what could not be done, with errno's text, and ends the program. */
_Noreturn void die(const char *what);

/* Raises the limit so that n containers can be held open. */
bool room_for(size_t n);

/* The containers of this machine. root: the hierarchy, or NULL for the one that is mounted. Exit codes. */
int real_print(const char *root);
int real_calls(bool by_module, size_t times, const char *root);
