/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The C library's syslog() waits when the log's socket is full, and reads the time zone; a container's start
 * must wait for neither. So the line is one datagram that is sent or not, with the priority in front as every
 * syslog daemon reads it, who fills in the time that is missing. */
#include "hooks/say.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base.h"
#include "base/sink.h"

#define LINE_MAX_BYTES    1024
#define FACILITY_DAEMON   (3 << 3)      /* LOG_DAEMON of syslog.h, which names levels its own way */
#define ID_SHOWN_BYTES    64            /* all of an id that engines make */

static bool aloud;
static const char *name = "jettison-hook";
static char container[ID_SHOWN_BYTES + 1];

void say_aloud(void)
{
        aloud = true;
}

void say_name(const char *program)
{
        name = program;
}

void say_container(const char *id)
{
        snprintf(container, sizeof(container), "%s", id);
}

/* Text from elsewhere, harmless to whatever shows it. */
static void sink_plain(struct sink *s, const char *text)
{
        for (; *text != '\0'; text++) {
                char c = *text;

                if ((unsigned char)c < 0x20 || (unsigned char)c >= 0x7f)
                        c = '?';
                sink_bytes(s, &c, 1);
        }
}

static bool log_takes(const char *line, size_t len)
{
        CLEANUP(close_p) int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        struct sockaddr_un log = { .sun_family = AF_UNIX, .sun_path = SAY_LOG_PATH };

        return fd >= 0 && connect(fd, (const struct sockaddr *)&log, sizeof(log)) == 0 &&
               send(fd, line, len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len;
}

static void write_error(const char *line, size_t len)
{
        struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
        ssize_t n = 0;

        if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT))
                n = write(STDERR_FILENO, line, len);
        (void)n;
}

void say_text(enum log_level level, const char *text)
{
        /* Facility and level are two decimals: 24 + 3 … 24 + 7. */
        const char head[] = { '<', (char)('0' + (FACILITY_DAEMON + level) / 10),
                              (char)('0' + (FACILITY_DAEMON + level) % 10), '>' };
        char line[sizeof(head) + LINE_MAX_BYTES];
        struct sink s;

        sink_init(&s, line, sizeof(line) - 1);
        sink_bytes(&s, head, sizeof(head));
        sink_text(&s, name);
        sink_text(&s, ": ");
        if (container[0] != '\0') {
                sink_text(&s, "container ");
                sink_plain(&s, container);
                sink_text(&s, ": ");
        }
        sink_plain(&s, text);
        if (!log_takes(s.text, s.len) || aloud) {
                s.text[s.len] = '\n';
                write_error(s.text + sizeof(head), s.len + 1 - sizeof(head));
        }
}

void say(enum log_level level, const char *format, ...)
{
        char text[LINE_MAX_BYTES];
        va_list args;

        va_start(args, format);
        vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        say_text(level, text);
}
