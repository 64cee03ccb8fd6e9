/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel counts of the machine and of a contestant. The files that are asked in every sample are
 * opened once, before anything is short; a contestant's processes come and go, and are looked up, but only
 * before and after the play. Its CPU time is that of its cgroup, so that nothing it starts is forgotten.
 *
 * When a contestant strikes, the kernel's tracepoint signal_generate tells to the microsecond, for cgroup.kill
 * and the kernel's own killer as well; how long a victim takes to die after that is nobody's merit.
 */
#include "witness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#define TRACING        "/sys/kernel/tracing"
#define TRACING_SIGNAL TRACING "/events/signal/signal_generate"

static int fd_meminfo, fd_pressure, fd_vmstat;

bool witness_open(void)
{
        fd_meminfo = open("/proc/meminfo", O_RDONLY | O_CLOEXEC);
        fd_pressure = open("/proc/pressure/memory", O_RDONLY | O_CLOEXEC);
        fd_vmstat = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
        return fd_meminfo >= 0 && fd_pressure >= 0 && fd_vmstat >= 0;
}

ssize_t text_read(int fd, char *text, size_t size)
{
        ssize_t len = fd < 0 ? -1 : pread(fd, text, size - 1, 0);

        text[len > 0 ? len : 0] = '\0';
        return len;
}

ssize_t file_read(int folder, const char *name, char *text, size_t size)
{
        int fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
        ssize_t len = text_read(fd, text, size);

        if (fd >= 0)
                close(fd);
        return len;
}

void text_write(int folder, const char *name, const char *text)
{
        int fd = openat(folder, name, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                fprintf(stderr, "referee: %s: %s\n", name, strerror(errno));
        if (fd >= 0)
                close(fd);
}

uint64_t number_of(const char *text, const char *key)
{
        size_t len = strlen(key);

        for (const char *line = text; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, key, len) == 0)
                        return strtoull(line + len, NULL, 10);
        }
        return 0;
}

uint64_t stall_of(const char *text, const char *kind)
{
        const char *total = strstr(text, kind);

        total = total ? strstr(total, "total=") : NULL;
        return total ? strtoull(total + 6, NULL, 10) : 0;
}

struct machine machine_read(void)
{
        static char text[8192];
        struct machine m = { 0 };

        text_read(fd_meminfo, text, sizeof(text));
        m.total_kib = number_of(text, "MemTotal:");
        m.available_kib = number_of(text, "MemAvailable:");
        m.swap_total_kib = number_of(text, "SwapTotal:");
        m.swap_free_kib = number_of(text, "SwapFree:");
        text_read(fd_pressure, text, sizeof(text));
        m.full_us = stall_of(text, "full ");
        return m;
}

bool signals_trace(const char *const *comms)
{
        char filter[512] = "(sig == 9 || sig == 15) && (";
        size_t len = strlen(filter);

        for (; *comms; comms++)
                len += (size_t)snprintf(filter + len, sizeof(filter) - len, "comm == \"%s\"%s", *comms,
                                        comms[1] ? " || " : ")");
        mount("tracefs", TRACING, "tracefs", 0, NULL);  /* mostly it is there */
        if (access(TRACING_SIGNAL "/filter", W_OK) < 0)
                return false;
        text_write(AT_FDCWD, TRACING "/trace_clock", "mono");
        text_write(AT_FDCWD, TRACING "/buffer_size_kb", "64");
        text_write(AT_FDCWD, TRACING "/options/overwrite", "0");        /* what is kept is the first */
        text_write(AT_FDCWD, TRACING_SIGNAL "/filter", filter);
        text_write(AT_FDCWD, TRACING_SIGNAL "/enable", "1");
        close(open(TRACING "/trace", O_WRONLY | O_TRUNC | O_CLOEXEC));
        return true;
}

/* A line: "hog-123     [001] d..2.   345.678901: signal_generate: sig=9 …". */
uint64_t signals_first(void)
{
        static char text[1 << 16];
        const char *at;
        uint64_t s, us;

        text_write(AT_FDCWD, TRACING_SIGNAL "/enable", "0");
        file_read(AT_FDCWD, TRACING "/trace", text, sizeof(text));
        at = strstr(text, ": signal_generate:");
        while (at && at > text && at[-1] != ' ')
                at--;
        return at && sscanf(at, "%" SCNu64 ".%" SCNu64, &s, &us) == 2 ? s * 1000000 + us : 0;
}

uint64_t oom_kills(void)
{
        static char text[16384];

        text_read(fd_vmstat, text, sizeof(text));
        return number_of(text, "oom_kill ");
}

static void cost_of_process(long pid, struct cost *cost)
{
        char path[64], text[4096];
        struct dirent *entry;
        DIR *tasks;

        snprintf(path, sizeof(path), "/proc/%ld/status", pid);
        file_read(AT_FDCWD, path, text, sizeof(text));
        cost->rss_kib += number_of(text, "VmRSS:");
        cost->locked_kib += number_of(text, "VmLck:");
        snprintf(path, sizeof(path), "/proc/%ld/task", pid);
        tasks = opendir(path);
        while (tasks && (entry = readdir(tasks)))
                if (entry->d_name[0] != '.') {
                        snprintf(path, sizeof(path), "%.16s/status", entry->d_name);
                        file_read(dirfd(tasks), path, text, sizeof(text));
                        cost->wakeups += number_of(text, "voluntary_ctxt_switches:");
                }
        if (tasks)
                closedir(tasks);
}

struct cost cost_read(const char *unit)
{
        struct cost cost = { 0 };
        char path[4096], text[4096];

        if (!*unit)
                return cost;
        snprintf(path, sizeof(path), "%s/cpu.stat", unit);
        file_read(AT_FDCWD, path, text, sizeof(text));
        cost.cpu_us = number_of(text, "usage_usec ");
        snprintf(path, sizeof(path), "%s/cgroup.procs", unit);
        file_read(AT_FDCWD, path, text, sizeof(text));
        for (char *rest = text, *line; (line = strsep(&rest, "\n")) && *line;) {
                cost.pid = cost.processes++ ? cost.pid : atol(line);
                cost_of_process(atol(line), &cost);
        }
        return cost;
}
