/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon says of itself, asked for over its control socket. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATUS_SOCKET "/run/jettison/control.sock"

/* As many as the daemon watches. */
#define STATUS_DOMAINS_MAX 32

enum status_level { STATUS_CALM, STATUS_ARMED, STATUS_SHORT, STATUS_LEVEL_N };
enum status_state { STATUS_WATCHING, STATUS_ACTING, STATUS_SETTLING, STATUS_GONE, STATUS_STATE_N };
enum status_order { STATUS_NONE, STATUS_STANDING, STATUS_ORDER_ACTING, STATUS_OVER, STATUS_ORDER_N };

struct status_domain {
        char *path;                     /* owned; UTF-8 */
        enum status_level level;        /* STATUS_LEVEL_N: a word that is not known; so with state */
        enum status_state state;
        uint64_t memory_total, memory_available, swap_total, swap_free, act_available, target_available;
        uint32_t stall_permyriad;
};

struct status {
        char *version, *feed;           /* owned */
        bool dry_run, pressure;
        uint64_t uptime_us, wakeups, journal_dropped, bad_labels, candidates, n_degraded;
        bool has_module;                /* then: */
        uint64_t events_missed, looks_failed;
        enum status_order order;
        uint64_t order_victims;
        size_t n_domains;
        struct status_domain domains[STATUS_DOMAINS_MAX];
};

/* Reads an answer to {"verb":"status"}: what is missing or of another type is 0, false or "". 0; -EBADMSG
 * when it is no answer that begins with "ok", -EACCES when the daemon says no. */
int status_read(const char *text, size_t len, struct status *ret_status);
void status_fini(struct status *s);

/* The words of docs/interfaces.md. */
const char *status_level_name(enum status_level l);
const char *status_state_name(enum status_state s);
const char *status_order_name(enum status_order o);
