/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A daemon that acts while memory is short must be able to speak without memory: one stack buffer, one
 * write. Standard error may be a pipe to a logger that is itself starved, so the line is sent only if the
 * pipe takes it at once; poll() asks first, because setting O_NONBLOCK would change the descriptor for
 * everyone who shares it. */
#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/sink.h"

static enum log_level level_max = LOG_LEVEL_INFO;
static bool prefixed;

void log_init(enum log_level level)
{
        level_max = level;
        prefixed = getenv("JOURNAL_STREAM") != NULL; /* set by systemd for what it connects to its journal */
}

static void log_write(enum log_level level, const char *text)
{
        struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
        char line[1024 + 8];
        struct sink s;
        ssize_t n;

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
        if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT))
                n = write(STDERR_FILENO, s.text, s.len);
        else
                n = 0;
        (void)n;
}

void log_line(enum log_level level, const char *format, ...)
{
        char text[1024];
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
        char text[1024];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        log_line(LOG_LEVEL_ERROR, "%s: %s", text, strerrordesc_np(error < 0 ? -error : error));
        return error;
}
