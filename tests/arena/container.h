/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A container of a play: a cgroup that is there already, and a command. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a line of the plan holds. */
enum field { F_NAME, F_UTILITY, F_DEMAND, F_PROCESSES, F_START, F_RESTART, F_STEPS, F_OWN, F_ADJ, F_COMMAND,
             F_N };

struct container {
        char *field[F_N];
        long start_ms, restart_ms;      /* restart: after each death; 0: never */
        int folder, fd_current, fd_events;
        pid_t pid;
        bool started, populated, is_endless;    /* endless: wants all the memory there is */
        long next_start_ms, died_ms;    /* -1: not to be started, has not died; died: the first time */
        unsigned deaths, processes_end;
        /* bytes: when the shortage began, at most, now */
        uint64_t memory_short, memory_peak, memory_last, stall_us;
};

/* Opens its group below root. Its fields are set, and stay the caller's. */
bool container_open(struct container *c, int root);

void container_start(struct container *c);

/* How it is now; notes a death. */
void container_look(struct container *c, long at_ms);

unsigned container_processes(const struct container *c);

/* Steps of gradient descent that a training has told of: the last "steps N" it wrote. */
uint64_t container_steps(const struct container *c);
