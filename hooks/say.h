/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the hook, and the runtime that installs it, have to say: single lines for the system log. */
#pragma once

#include <stdbool.h>

#include "base/log.h"

/* Where the local system log listens (syslog(3)). */
#define SAY_LOG_PATH "/dev/log"

/* Every line goes to standard error as well: a person is there, or the exit status is going to be taken for
 * an answer that needs a reason. */
void say_aloud(void);

/* The program that speaks (a constant); without it, jettison-hook. */
void say_name(const char *program);

/* The container that lines are about from now on. */
void say_container(const char *id);

/* One line, cut at 1 KiB, bytes outside printable ASCII as '?'. Never waits: a log that does not take it at
 * once does not get it, and standard error does. */
void say(enum log_level level, const char *format, ...) PRINTF(2, 3);

/* The same without a format: for signal handlers. */
void say_text(enum log_level level, const char *text);
