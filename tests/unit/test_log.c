/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is logged, read at the other end of a socket that keeps writes apart: a message is a write. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/log.h"

static int reader, stderr_before;

static void begin(void)
{
        int pair[2];

        cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0, pair), 0);
        stderr_before = dup(STDERR_FILENO);
        dup2(pair[1], STDERR_FILENO);
        close(pair[1]);
        reader = pair[0];
        unsetenv("JOURNAL_STREAM");
        log_init(LOG_LEVEL_INFO);
}

static void end(void)
{
        dup2(stderr_before, STDERR_FILENO);
        close(reader);
}

/* The next write, or "" if there is none. */
static const char *heard(void)
{
        static char text[8192];
        ssize_t n = recv(reader, text, sizeof(text) - 1, 0);

        text[n > 0 ? n : 0] = '\0';
        return text;
}

Test(log, a_line_is_a_write, .init = begin, .fini = end)
{
        log_notice("one %d", 1);
        log_debug("not at this level");
        cr_expect_eq(log_errno(-ENOENT, "no\n%s", "\x1b[31m"), -ENOENT);
        cr_expect_str_eq(heard(), "one 1\n");
        cr_expect_str_eq(heard(), "no??[31m: No such file or directory\n");
        cr_expect_str_eq(heard(), "");
}

Test(log, held_back, .init = begin, .fini = end)
{
        log_hold();
        log_notice("one");
        log_hold();
        log_notice("two");
        log_release();
        cr_expect_str_eq(heard(), "", "not before the last release");
        log_release();
        cr_expect_str_eq(heard(), "one\ntwo\n", "in one write");
        log_hold();
        log_release();
        cr_expect_str_eq(heard(), "", "nothing was said");
        log_notice("three");
        cr_expect_str_eq(heard(), "three\n");
}

/* What finds no room any more makes room for itself; nothing is lost, and the order stays. */
Test(log, more_than_can_be_held, .init = begin, .fini = end)
{
        char text[8192] = "", line[1001];

        log_hold();
        for (int i = 0; i < 7; i++) {
                memset(line, '0' + i, sizeof(line) - 1);
                line[sizeof(line) - 1] = '\0';
                log_notice("%s", line);
        }
        log_release();
        strcat(text, heard());
        cr_expect_eq(strlen(text), 4 * sizeof(line));
        strcat(text, heard());
        cr_expect_eq(strlen(text), 7 * sizeof(line));
        for (size_t i = 0; i < 7; i++)
                cr_expect_eq(text[i * sizeof(line)], '0' + (char)i);
        cr_expect_str_eq(heard(), "");
}

/* A reader that does not read costs a line, never a pause. */
Test(log, nobody_reads, .init = begin, .fini = end, .timeout = 10)
{
        for (int i = 0; i < 500; i++)
                log_notice("%01000d", i);
        cr_expect_eq(strlen(heard()), 1001);
}
