/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the test program "device" share. Each verb returns an exit status. */
#ifndef JETTISON_TESTS_DEVICE_H
#define JETTISON_TESTS_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../../kmod/jettison_uapi.h"

/* The score of an idle process with oom_score_adj 0, as /proc/PID/oom_score has it on all kernels tested. */
#define SCORE_NEUTRAL 666u

/* A page, on the only architecture that the test VM has. */
#define PAGE_BYTES 4096u

/* Tells what failed, with errno, and returns 1. */
int failed(const char *what);

/* Until a signal ends the program. */
_Noreturn void stay(void);

void wait_ms(unsigned ms);
uint64_t now_ns(void);

/* A new descriptor of the device, close-on-exec; ends the program if there is none. */
int device_open(int flags);

/* What JETTISON_INFO says; ends the program if it fails. */
struct jettison_info device_info(int fd);

/* The id of the cgroup at this path; ends the program if there is none. */
uint64_t group_id(const char *path);

/* One line for the scenario, which makes a test of it: "ok LABEL" or "not ok LABEL". Returns passed. */
bool row(bool passed, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* 0 if all rows so far have passed, else 1. */
int rows_status(void);

/* A snapshot, and the buffer that it lies in. */
struct snapshot {
        int fd;
        void *buffer;                           /* mapped, or NULL */
        size_t size_bytes;
        struct jettison_snapshot call;          /* as answered */
        const struct jettison_cgroup *cgroups;
        const struct jettison_process *processes;
};

/* An open device and no buffer; fini closes and unmaps. */
void snapshot_init(struct snapshot *s);
void snapshot_fini(struct snapshot *s);

/* Takes one below this cgroup (0: the root) with all processes, and maps a larger buffer as long as this one
 * is too short. 0 or -errno. */
int snapshot_take(struct snapshot *s, uint64_t topmost);

/* What is wrong with a snapshot in itself, whatever the machine does; NULL: nothing. */
const char *snapshot_flaw(const struct snapshot *s);

int verb_refusals(char **arguments);
int verb_events(char **arguments);
int verb_watch(char **arguments);
int verb_order(char **arguments);
int verb_renew(char **arguments);
int verb_flood(char **arguments);
int verb_snapshots(char **arguments);
int verb_find(char **arguments);
int verb_shorts(char **arguments);
int verb_compare(char **arguments);
int verb_zoo(char **arguments);
int verb_swing(char **arguments);
int verb_grip(char **arguments);
int verb_churn(char **arguments);
int verb_fuzz(char **arguments);

#endif
