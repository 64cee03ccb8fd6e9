/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the kernel counts of the machine and of a contestant. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct machine {
        uint64_t total_kib, available_kib, swap_total_kib, swap_free_kib;
        uint64_t full_us;               /* since boot, no task could run for want of memory */
};

/* What a contestant costs: time and wake-ups since it began, memory now. */
struct cost {
        uint64_t cpu_us;
        uint64_t wakeups;               /* voluntary context switches of all its threads */
        uint64_t rss_kib, locked_kib;
        unsigned processes;
        long pid;                       /* of the first */
};

/* Opens what the others read; false if the kernel lacks something. */
bool witness_open(void);

struct machine machine_read(void);

/* From now on the kernel notes each SIGTERM and SIGKILL to a program of the loads (COMMS, ended by NULL), whoever
 * sends it; false if it cannot. signals_first: when the first one was sent, in us of CLOCK_MONOTONIC; 0: none. */
bool signals_trace(const char *const *comms);
uint64_t signals_first(void);

/* Processes that the kernel's own killer has killed since boot. */
uint64_t oom_kills(void);

/* UNIT is the folder of its cgroup; all is 0 if that is empty. */
struct cost cost_read(const char *unit);

/* Read from the beginning, ended by a 0; -1, and an empty text, if that fails. */
ssize_t text_read(int fd, char *text, size_t size);
ssize_t file_read(int folder, const char *name, char *text, size_t size);

/* A failure is told on standard error. */
void text_write(int folder, const char *name, const char *text);

/* The number behind the first KEY that begins a line; 0 if there is none. */
uint64_t number_of(const char *text, const char *key);

/* Microseconds of a kind ("some ", "full ") in the text of a pressure file. */
uint64_t stall_of(const char *text, const char *kind);
