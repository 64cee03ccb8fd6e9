/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon that acts while memory is short must be able to speak without memory: one stack buffer, one
 * write. Standard error may be a pipe to a logger that is itself starved, so the line is sent only if the
 * pipe takes it at once; poll() asks first, because setting O_NONBLOCK would change the descriptor for
 * everyone who shares it.
 *
 * Who reads is woken by the write, and may take the processor from who has written: 9 ms were measured between
 * a round's line and its strike. So what is said in the middle of a deed is held back until it is done. */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "base/sink.h"

#define LINE_MAX_BYTES 1024

static enum log_level level_max = LOG_LEVEL_INFO;
static bool prefixed;

/* Lines that are held back: of one thread. */
static char held[4 * KIB];
static size_t n_held;
static _Thread_local unsigned holds;

void log_init(enum log_level level)
{
        level_max = level;
        prefixed = getenv("JOURNAL_STREAM") != NULL; /* set by systemd for what it connects to its journal */
}

static void log_send(const char *text, size_t len)
{
        struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
        ssize_t n = 0;

        if (len > 0 && poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT))
                n = write(STDERR_FILENO, text, len);
        (void)n;
}

static void send_held(void)
{
        log_send(held, n_held);
        n_held = 0;
}

void log_hold(void)
{
        holds++;
}

void log_release(void)
{
        if (--holds == 0)
                send_held();
}

static void log_write(enum log_level level, const char *text)
{
        char line[LINE_MAX_BYTES + 8];
        struct sink s;

        sink_init(&s, line, sizeof(line));
        if (prefixed)
                sink_format(&s, "<%d>", level);
        for (; *text && s.len < sizeof(line) - 2; text++) {
                char c = *text;

                if ((unsigned char)c < 0x20 || (unsigned char)c >= 0x7f)
                        c = '?';
                sink_bytes(&s, &c, 1);
        }
        sink_text(&s, "\n");
        if (holds == 0) {
                log_send(s.text, s.len);
                return;
        }
        if (s.len > sizeof(held) - n_held)
                send_held();
        memcpy(held + n_held, s.text, s.len);
        n_held += s.len;
}

void log_line(enum log_level level, const char *format, ...)
{
        char text[LINE_MAX_BYTES];
        va_list args;

        if (level > level_max)
                return;
        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        log_write(level, text);
}

int log_errno(int error, const char *format, ...)
{
        char text[LINE_MAX_BYTES];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        log_line(LOG_LEVEL_ERROR, "%s: %s", text, strerrordesc_np(error < 0 ? -error : error));
        return error;
}
