/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line per message on standard error, with the <level> prefix that systemd reads when it is listening. */
#pragma once

#include "base/base.h"

enum log_level {
        LOG_LEVEL_ERROR = 3,
        LOG_LEVEL_WARNING = 4,
        LOG_LEVEL_NOTICE = 5,
        LOG_LEVEL_INFO = 6,
        LOG_LEVEL_DEBUG = 7
};

/* Messages above the level are left out. Prefixes are written when systemd's journal listens. */
void log_init(enum log_level level);

/* Writes one line (cut at 1 KiB, bytes outside printable ASCII as '?') with a single write and without
 * allocating. Standard error never blocks the caller for long: a full pipe drops the line. */
void log_line(enum log_level level, const char *format, ...) PRINTF(2, 3);

/* Lines of this thread are held back, up to 4 KiB of them (PIPE_BUF: what a pipe takes as a whole), until they are
 * released as often as they were held. For one thread of a process. */
void log_hold(void);
void log_release(void);

/* As log_line at error level with ": strerror(-error)" behind it; returns error, so that a caller can pass
 * it on. */
int log_errno(int error, const char *format, ...) PRINTF(2, 3);

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(...)  log_line(LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)
