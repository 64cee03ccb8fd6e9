/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Docker runs no hooks, but it lets the program that makes containers be chosen. This is one: it puts the
 * hook into the specification of a container whose annotations ask for a utility, and becomes the runtime
 * that would have been called without it.
 *
 * It stands in the way of every container and of every command to one that runs. So it changes nothing but
 * that one file: the runtime's arguments, environment, descriptors, signals and process are those that were
 * meant for it. Whatever goes wrong on the way is a line in the system log, and the container starts without
 * its label. What cannot be helped is a runtime that is not there; that is told as the runtime itself tells
 * its errors, in the file of --log, where containerd's shim looks for the last line of level "error".
 *
 * There is no system-call filter, which the runtime would inherit, and no clock: all that is read is a file
 * of bounded size that the runtime reads next. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/base.h"
#include "base/sink.h"
#include "hooks/arguments.h"
#include "hooks/bundle.h"
#include "hooks/say.h"

#define PROGRAM        "jettison-runtime"
#define TEXT_MAX_BYTES 1024

/* What a shell says of a command that it cannot find. */
#define EXIT_NO_RUNTIME 127

/* In the order of systemd's default PATH (systemd.exec(5)), which is how dockerd finds it. */
static char places[][32] = {
        "/usr/local/sbin/runc", "/usr/local/bin/runc", "/usr/sbin/runc", "/usr/bin/runc",
};

/* As the runtimes write it, one line, in the form that was asked for. */
static void log_failure(const struct arguments *a, const char *text)
{
        CLEANUP(close_p) int fd = open(a->log, O_WRONLY | O_CREAT | O_APPEND | O_NOCTTY | O_CLOEXEC, 0644);
        char line[8 * TEXT_MAX_BYTES], when[32] = "";
        struct tm utc;
        time_t now = time(NULL);
        struct sink s;
        ssize_t n;

        if (gmtime_r(&now, &utc))
                strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%SZ", &utc);
        sink_init(&s, line, sizeof(line));
        if (a->log_json) {
                json_open(&s, NULL, '{');
                json_text(&s, "level", "error");
                json_text(&s, "msg", text);
                json_text(&s, "time", when);
                json_close(&s, '}');
                sink_text(&s, "\n");
        } else {
                sink_format(&s, "time=\"%s\" level=error msg=\"%s\"\n", when, text);
        }
        n = fd < 0 ? 0 : write(fd, s.text, s.len);
        (void)n;
}

/* Returns the exit code. */
static int fail(const struct arguments *a, const char *program, const char *why)
{
        char text[TEXT_MAX_BYTES];

        snprintf(text, sizeof(text), PROGRAM ": %s: %s", program, why);
        fprintf(stderr, "%s\n", text);
        if (a->log)
                log_failure(a, text);
        return EXIT_NO_RUNTIME;
}

/* Without /proc nobody can say; then nothing is. */
static bool is_self(const char *path)
{
        struct stat own, other;

        return stat("/proc/self/exe", &own) == 0 && stat(path, &other) == 0 && own.st_dev == other.st_dev &&
               own.st_ino == other.st_ino;
}

static char *find_runc(void)
{
        for (size_t i = 0; i < ARRAY_SIZE(places); i++)
                if (access(places[i], X_OK) == 0 && !is_self(places[i]))
                        return places[i];
        return NULL;
}

/* Returns only if that fails, with the exit code. */
static int become_runtime(const struct arguments *a)
{
        char *program = a->runtime ? a->runtime : find_runc();

        if (!program)
                return fail(a, "runc", "not found in sbin and bin below /usr and /usr/local; name a runtime "
                            "with --jettison-runtime");
        if (*program != '/')
                return fail(a, program, "expected an absolute path with --jettison-runtime");
        if (is_self(program))
                return fail(a, program, "that is " PROGRAM " itself");
        a->words[0] = program;
        execv(program, a->words);
        return fail(a, program, strerrordesc_np(errno));
}

static void add_hook(const struct arguments *a)
{
        /* A closed standard error is no reason to die, but the runtime's own affair again afterwards. */
        void (*before)(int) = signal(SIGPIPE, SIG_IGN);
        struct config_error e = { 0 };
        const char *hook = a->hook ? a->hook : JETTISON_HOOK;

        if (a->id)
                say_container(a->id);
        if (bundle_add_hook(a->bundle, hook, &e) < 0)
                say(LOG_LEVEL_ERROR, "starts without a label: %s", e.text);
        signal(SIGPIPE, before);
}

int main(int argc, char **argv)
{
        struct arguments a;

        if (argc < 1)
                return EXIT_NO_RUNTIME;
        say_name(PROGRAM);
        arguments_parse(&a, argv);
        if (a.creates)
                add_hook(&a);
        return become_runtime(&a);
}
