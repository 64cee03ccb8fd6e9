/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Beside the daemon and never in its way: labels lie on the cgroups, and what is written there counts whether
 * this process lives or not. So it may wait for the network and allocate as it likes, in one thread with one
 * place where it waits.
 *
 * Containers whose cgroup is not there yet are looked for again soon, then less and less: the kubelet tells
 * the API of a container when it runs, so its cgroup is nearly always there before its id. inotify on the
 * pods' directories would come no sooner, since without the id a cgroup cannot be told from another's; what
 * it costs is a watch for each pod. What labels the first second of a container's life is the OCI hook. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/statfs.h>

#include "base/log.h"
#include "kube/api.h"
#include "kube/confine.h"
#include "kube/dryrun.h"
#include "kube/labeller.h"
#include "kube/options.h"
#include "kube/poster.h"
#include "kube/reflector.h"
#include "kube/reporter.h"

/* Changes come in bursts (a deployment, a drain), and one pass does for all of a burst. */
#define GATHER_US (50 * USEC_PER_MSEC)

/* … and no more than a tenth of the time is spent in passes, however long one takes. */
#define PASS_SHARE 10u

/* When nothing has changed: labels that somebody else wrote over, cgroups that came late. */
#define RESYNC_US (30 * USEC_PER_SEC)

static const uint64_t again_us[] = { 100 * USEC_PER_MSEC, 300 * USEC_PER_MSEC, USEC_PER_SEC,
                                     3 * USEC_PER_SEC };

/* Where systemd mounts it. */
static const char *const mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

struct program {
        struct options options;
        struct rules rules;
        struct api *api;
        struct reflector reflector;
        struct labeller labeller;
        struct poster poster;
        struct reporter reporter;
        struct dryrun dryrun;
        int root_fd, signal_fd, journal_fd;     /* journal_fd: inotify, -1 without */
        uint64_t seen, told;                    /* changes of pods; events sent */
        uint64_t label_us, pass_us, report_us;  /* when due; how long the last pass took */
        size_t tries;
        bool reports, stop;
};

static int open_root(const char *path)
{
        struct statfs fs;

        if (path)
                return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        for (size_t i = 0; i < ARRAY_SIZE(mounts); i++) {
                CLEANUP(close_p) int fd = open(mounts[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

                if (fd >= 0 && fstatfs(fd, &fs) == 0 && fs.f_type == CGROUP2_SUPER_MAGIC)
                        return steal_fd(&fd);
        }
        errno = EOPNOTSUPP;
        return -1;
}

static int open_signals(void)
{
        sigset_t set;

        signal(SIGPIPE, SIG_IGN);
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
                return -errno;
        return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* The folder tells of its files, also of a new one under the name of a rotated one. */
static void watch_journal(struct program *p)
{
        char path[PATH_MAX];

        if (p->journal_fd < 0)
                p->journal_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        snprintf(path, sizeof(path), "%s", p->options.journal);
        if (p->journal_fd >= 0)
                inotify_add_watch(p->journal_fd, dirname(path), IN_MODIFY | IN_CREATE | IN_MOVED_TO);
}

static void drain(int fd)
{
        char buffer[4096];

        while (fd >= 0 && read(fd, buffer, sizeof(buffer)) > 0)
                ;
}

/* ---- what is due ---- */

static int label(struct program *p, uint64_t now_us)
{
        uint64_t writes = p->labeller.writes;
        int r = labeller_run(&p->labeller, &p->reflector.pods, p->reflector.is_current);

        if (r < 0)
                return log_errno(r, "cannot look through the hierarchy");
        p->pass_us = u64_less(api_now_us(), now_us);
        if (p->labeller.writes > writes)
                log_info("%" PRIu64 " labels written; of %zu running containers %zu are not found",
                         p->labeller.writes - writes, p->labeller.found + p->labeller.missing,
                         p->labeller.missing);
        p->label_us = now_us + RESYNC_US;
        if (p->labeller.missing > 0 && p->tries < ARRAY_SIZE(again_us))
                p->label_us = now_us + u64_max(again_us[p->tries++], p->pass_us * PASS_SHARE);
        return 0;
}

static void run_labels(struct program *p, uint64_t now_us)
{
        if (!p->reflector.is_listed)
                return;
        if (p->seen != p->reflector.changes) {
                p->seen = p->reflector.changes;
                p->tries = 0;
                p->label_us = u64_min(p->label_us, now_us + u64_max(GATHER_US, p->pass_us * PASS_SHARE));
        }
        if (now_us >= p->label_us && label(p, now_us) < 0)
                p->label_us = now_us + RESYNC_US;
}

static void run_reports(struct program *p, uint64_t now_us)
{
        if (!p->reports || !p->reflector.is_listed)
                return;
        if (now_us >= p->report_us || p->told != p->poster.sent + p->poster.refused) {
                p->told = p->poster.sent + p->poster.refused;
                watch_journal(p);
                drain(p->journal_fd);
                reporter_run(&p->reporter);
                p->report_us = now_us + RESYNC_US;
        }
        poster_run(&p->poster, now_us);
}

static uint64_t next_us(const struct program *p)
{
        uint64_t due_us = p->reflector.due_us;

        if (p->reflector.is_listed) {
                due_us = u64_min(due_us, p->label_us);
                if (p->reports)
                        due_us = u64_min(due_us, u64_min(p->report_us, p->poster.due_us));
        }
        return due_us;
}

static void take_signals(struct program *p)
{
        struct signalfd_siginfo info;

        while (read(p->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
                p->stop = true;
}

static int turn(struct program *p)
{
        uint64_t now_us = api_now_us();
        const int fds[] = { p->signal_fd, p->journal_fd };
        int r;

        reflector_run(&p->reflector, now_us);
        run_labels(p, now_us);
        run_reports(p, now_us);
        r = api_turn(p->api, fds, p->journal_fd < 0 ? 1 : 2, u64_less(next_us(p), api_now_us()));
        take_signals(p);
        if (p->journal_fd >= 0) {
                char buffer[4096];

                if (read(p->journal_fd, buffer, sizeof(buffer)) > 0)
                        p->report_us = 0;
        }
        return r;
}

static int run(struct program *p)
{
        int r = 0;

        while (!p->stop && r == 0)
                r = turn(p);
        return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* One list, one pass. A second try only where a token may just have been replaced. */
static int run_once(struct program *p)
{
        int r = 0;

        while (!p->stop && r == 0 && !p->reflector.is_listed &&
               (p->reflector.failures == 0 || p->reflector.due_us <= api_now_us() ||
                p->reflector.state != REFLECTOR_IDLE)) {
                uint64_t now_us = api_now_us();

                reflector_run(&p->reflector, now_us);
                if (p->reflector.state != REFLECTOR_IDLE)
                        r = api_turn(p->api, &p->signal_fd, 1, p->options.timeout_us);
                take_signals(p);
        }
        if (r < 0 || !p->reflector.is_listed)
                return EXIT_FAILED;
        if (p->options.dry_run && dryrun_begin(&p->dryrun, p->options.json) < 0)
                return EXIT_FAILED;
        r = label(p, api_now_us());
        if (p->options.dry_run)
                dryrun_end(&p->dryrun);
        return r < 0 || p->labeller.failing ? EXIT_FAILED : EXIT_DONE;
}

/* ---- start and end ---- */

static void open_reports(struct program *p)
{
        p->reporter = (struct reporter)REPORTER_INIT;
        poster_init(&p->poster, p->api, api_now_us());
        if (!*p->options.journal || p->options.once || p->options.dry_run)
                return;
        p->reporter.pods = &p->reflector.pods;
        p->reporter.poster = &p->poster;
        p->reporter.node = p->options.node;
        p->reporter.disruption_target = p->options.disruption_target;
        p->reporter.state_fd = open(p->options.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (p->reporter.state_fd < 0)
                log_notice("no folder %s: after a restart the journal is read from its end",
                           p->options.state);
        reporter_open(&p->reporter, p->options.journal);
        p->reports = true;
        watch_journal(p);
}

static int open_all(struct program *p)
{
        const struct options *o = &p->options;
        struct config_error error = { 0 };
        int r = rules_load(o->config ? o->config : RULES_PATH, o->config != NULL, &p->rules, &error);

        if (r < 0) {
                log_error("%s", r == -ENOMEM ? "out of memory" : error.text);
                return EXIT_CONFIG;
        }
        p->root_fd = open_root(o->cgroup_root);
        if (p->root_fd < 0) {
                log_errno(-errno, "cannot open the cgroup v2 hierarchy%s%s", o->cgroup_root ? " " : "",
                          o->cgroup_root ? o->cgroup_root : "");
                return EXIT_KERNEL;
        }
        p->signal_fd = open_signals();
        r = p->signal_fd < 0 ? -errno : 0;
        if (r == 0)
                r = api_new(&(struct api_options){ o->server, o->token_file, o->ca_file, o->timeout_us },
                            &p->api);
        if (r < 0) {
                log_errno(r, "cannot start");
                return EXIT_FAILED;
        }
        reflector_init(&p->reflector, p->api, o->node, o->watch_us);
        p->labeller = (struct labeller){ .root_fd = p->root_fd, .rules = &p->rules, .own_uid = o->own_uid };
        if (o->dry_run) {
                p->labeller.show = dryrun_show;
                p->labeller.who = &p->dryrun;
        }
        open_reports(p);
        r = confine_enter();
        return r < 0 ? (log_errno(r, "cannot give up rights"), EXIT_FAILED) : EXIT_DONE;
}

static void close_all(struct program *p)
{
        if (p->api) {
                reflector_fini(&p->reflector);
                poster_fini(&p->poster);
                reporter_close(&p->reporter);
        }
        api_free(p->api);
        rules_fini(&p->rules);
        close_p(&p->root_fd);
        close_p(&p->signal_fd);
        close_p(&p->journal_fd);
}

int main(int argc, char **argv)
{
        struct program p = { .root_fd = -1, .signal_fd = -1, .journal_fd = -1, .label_us = UINT64_MAX };
        int code = options_parse(&p.options, argc, argv);

        if (code >= 0)
                return code;
        log_init(p.options.verbose ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
        code = open_all(&p);
        if (code == EXIT_DONE)
                code = p.options.once || p.options.dry_run ? run_once(&p) : run(&p);
        close_all(&p);
        return code;
}
