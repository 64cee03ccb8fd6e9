/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of the lines in main() is the security model: parse and load; find the hierarchy; be the only
 * instance; take what privilege is needed for (a protected group, priority, limits, sockets); drop it; start
 * the threads; enter the filter; rehearse a whole cycle with a real kill under it; lock the memory that took;
 * and only then say ready. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>

#include "answers.h"
#include "base/base.h"
#include "base/log.h"
#include "check.h"
#include "controller.h"
#include "options.h"
#include "record/last.h"
#include "record/write.h"
#include "rehearsal.h"
#include "report.h"
#include "sense/label.h"
#include "serve/control.h"
#include "serve/instance.h"
#include "serve/memory.h"
#include "serve/notify.h"
#include "serve/sandbox.h"

/* Of a cgroup: its directory and the files that are kept. */
#define FILES_PER_CGROUP (1 + NODE_FILE_N)
#define FILES_EXTRA      1024

/* Text of a snapshot and a plan: 330 bytes for each candidate in each, and its path twice. */
#define REPLY_PER_CANDIDATE 1024
#define REPLY_EXTRA         (64 * KIB)

/* A start in the middle of a shortage is when the daemon is needed most, so it is given time. */
#define REHEARSAL_US (30 * USEC_PER_SEC)

/* How long a reload waits for a round to end before it asks again, and before it says so. */
#define RELOAD_AGAIN_US (100 * USEC_PER_MSEC)
#define RELOAD_TELL_US  (5 * USEC_PER_SEC)

struct daemon {
        struct options options;
        struct config configs[2];       /* the one in force, and room for the next */
        unsigned current;
        struct cgroupfs fs;
        struct module module;
        struct loop loop;
        struct journal *journal;
        struct control *control;
        struct controller controller;
        struct rehearsal rehearsal;
        struct loop_source signals;
        struct loop_timer alive, reload;
        uint64_t reload_tell_us;        /* when it is said that a reload waits; 0: none does */
        int lock_fd;
};

static struct config *config_of(struct daemon *d)
{
        return &d->configs[d->current];
}

static size_t reply_size(const struct config *config)
{
        return REPLY_EXTRA + config->sense.cgroups_max * REPLY_PER_CANDIDATE;
}

/* Reads the configuration into 'config', the command line's wishes included; text is what was wrong. */
static int load_config(const struct daemon *d, struct config *config, struct config_error *error)
{
        const char *path = d->options.config ? d->options.config : CONFIG_PATH;
        int r;

        *config = (struct config){ 0 };
        r = config_load(path, d->options.config != NULL, config, error);
        if (r == 0 && (r = options_apply(&d->options, config)) < 0)
                config_fini(config);
        if (r == -ENOMEM)
                snprintf(error->text, sizeof(error->text), "out of memory");
        return r;
}

/* What the start has settled for good: sizes, descriptors, the filter. NULL: nothing of it would have to
 * change. */
static const char *find_immutable(struct daemon *d, const struct config *next)
{
        const struct config *now = config_of(d);
        bool module = module_is_open(&d->module);

        if (next->sense.cgroups_max != now->sense.cgroups_max)
                return "candidates.max cannot change while running; restart for it";
        if ((next->feed == FEED_MODULE && !module) || (next->feed == FEED_FILES && module))
                return "the feed cannot change while running; restart for it";
        if (now->act.dry_run && !next->act.dry_run)
                return "a dry run cannot become a real one while running, since the filter lets no signal out; "
                       "restart for it";
        return NULL;
}

/* A round takes its time, and a strike may hang in the kernel for ever. */
static void postpone_reload(struct daemon *d)
{
        uint64_t now_us = loop_now_us();

        d->reload.due_us = now_us + RELOAD_AGAIN_US;
        if (d->reload_tell_us == 0)
                d->reload_tell_us = now_us + RELOAD_TELL_US;
        if (now_us < d->reload_tell_us)
                return;
        d->reload_tell_us = LOOP_NEVER;
        log_notice("the reload waits until %s",
                   d->controller.round.active ? "the round is over" : "a strike that hangs has returned");
}

/* Takes the new configuration once no round is under way; keeps the old one when the new one is wrong. */
static void on_reload(struct loop_timer *timer)
{
        struct daemon *d = CONTAINER_OF(timer, struct daemon, reload);
        struct config *next = &d->configs[!d->current];
        struct config_error error;
        int r;

        if (controller_is_busy(&d->controller)) {       /* no file is read and nothing allocated before */
                postpone_reload(d);
                return;
        }
        d->reload_tell_us = 0;
        notify_reloading();
        if ((r = load_config(d, next, &error)) == 0) {
                const char *immutable = find_immutable(d, next);

                r = immutable ? -EINVAL : controller_reload(&d->controller, next);
                config_fini(r == 0 ? config_of(d) : next);
                snprintf(error.text, sizeof(error.text), "%s", immutable ? immutable : strerror(-r));
        }
        notify_ready();
        if (r < 0) {
                log_error("%s; the old configuration stays in force", error.text);
                report_reload(&d->controller, error.text);
        } else {
                d->current = !d->current;
                memory_lock();
                log_info("configuration reloaded: %s", config_of(d)->files);
                report_reload(&d->controller, NULL);
        }
}

static void on_signal(struct loop_source *source, uint32_t events UNUSED)
{
        struct daemon *d = CONTAINER_OF(source, struct daemon, signals);
        struct signalfd_siginfo info;

        while (read(source->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
                switch (info.ssi_signo) {
                case SIGHUP:
                        d->reload.due_us = 0;
                        break;
                case SIGUSR1:
                        journal_reopen(d->journal);
                        break;
                default:
                        report_stop(&d->controller, info.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
                        d->loop.stop = true;
                }
        }
}

static void on_alive(struct loop_timer *timer)
{
        notify_alive();
        timer->due_us = loop_now_us() + notify_watchdog_us() / 2;
}

static void serve_reload(void *context, const struct control_request *request UNUSED,
                         struct sink *reply UNUSED)
{
        struct daemon *d = CONTAINER_OF(context, struct daemon, controller);

        d->reload.due_us = 0;
}

static const struct control_verb verbs[] = {
        { "status", false, answer_status },
        { "snapshot", false, answer_snapshot },
        { "plan", false, answer_plan },
        { "reload", true, serve_reload },
};

static int watch_signals(struct daemon *d)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGHUP);
        sigaddset(&set, SIGUSR1);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN);
        d->signals = (struct loop_source){ .ready = on_signal,
                                           .fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK) };
        if (d->signals.fd < 0)
                return -errno;
        return loop_watch(&d->loop, &d->signals, EPOLLIN);
}

/* The kernel module, where it is wanted and there; without it a feed of "auto" is made of files. */
static int open_feed(struct daemon *d)
{
        enum feed_kind feed = config_of(d)->feed;
        int r = 0;

        if (feed != FEED_FILES)
                r = module_open(&d->module, JETTISON_DEVICE, config_of(d)->sense.cgroups_max);
        if (r < 0 && feed == FEED_MODULE) {
                log_error("the module feed is not to be had: " JETTISON_DEVICE ": %s", module_remedy(r));
                return r;
        }
        if (r < 0 && r != -ENOENT)
                log_notice("going on with files: " JETTISON_DEVICE ": %s", module_remedy(r));
        return 0;
}

/* What privilege is needed for, before it is dropped. Threads do not exist yet. */
static int acquire(struct daemon *d)
{
        const struct config *config = config_of(d);
        int r;

        if ((r = loop_init(&d->loop)) < 0 || (r = watch_signals(d)) < 0)
                return log_errno(r, "cannot start the event loop");
        if ((r = instance_lock(INSTANCE_LOCK_PATH, &d->lock_fd)) < 0 || (r = memory_prepare()) < 0)
                return r;
        if ((r = notify_open()) < 0)
                log_errno(r, "cannot tell the service manager anything");
        if (label_self_test(d->fs.root_fd) < 0)
                log_warning(
                        "labels cannot be read: trusted.* needs CAP_SYS_ADMIN in the initial user namespace; "
                        "every container has its default utility");
        instance_enter_group(config->group, config->group_memory_min);
        instance_raise_priority();
        instance_raise_files((config->sense.cgroups_max + NODES_EXTRA) * FILES_PER_CGROUP + FILES_EXTRA);
        d->control = control_new(&d->loop, config->control_path, config->control_group, verbs,
                                 ARRAY_SIZE(verbs), reply_size(config), &d->controller, &r);
        if (!d->control)
                return log_errno(r, "cannot listen at %s", config->control_path);
        r = rehearsal_prepare(&d->rehearsal, &d->fs);
        if (r < 0 && r != -EOPNOTSUPP)
                log_warning("no kill will be rehearsed: %s", strerror(-r));
        memory_return();
        return sandbox_drop_capabilities();
}

/* The threads, the controller, the filter. */
static int start(struct daemon *d)
{
        struct config *config = config_of(d);
        int r;

        d->journal = journal_new(&config->journal, &r);
        if (!d->journal)
                return log_errno(r, "cannot open the journal %s", config->journal.path);
        r = controller_init(&d->controller, config, &d->loop, &d->fs, d->options.proc_root, &d->module,
                            d->journal);
        if (r < 0)
                return log_errno(r, "cannot start the controller");
        d->controller.round.number = last_round(config->journal.path);
        if ((r = loop_add_timer(&d->loop, &d->reload)) < 0 || (r = loop_add_timer(&d->loop, &d->alive)) < 0)
                return r;
        if ((r = sandbox_enter(d->options.sandbox, config->act.dry_run)) < 0)
                return log_errno(r, "cannot enter the system-call filter");
        return controller_start(&d->controller);
}

static int rehearse(struct daemon *d)
{
        int r = 0;

        memory_forget();
        if (d->rehearsal.dir_fd >= 0 && !config_of(d)->act.dry_run)
                r = controller_rehearse(&d->controller, d->rehearsal.id, REHEARSAL_US);
        rehearsal_clear(&d->rehearsal);
        tree_walk(d->controller.scanner.tree);
        if (r < 0 && r != -ENOENT)
                return log_errno(r, "the rehearsal of a kill failed: the kill path does not work here");
        if (r < 0)
                log_warning("no kill was rehearsed: its cgroup found no room; raise candidates.max");
        return 0;
}

static int run(struct daemon *d)
{
        const char *phrases[8];
        size_t n;
        int r;

        if (acquire(d) < 0 || start(d) < 0 || rehearse(d) < 0)
                return EXIT_FAILED;
        n = report_degraded(&d->controller, phrases, ARRAY_SIZE(phrases));
        for (size_t i = 0; i < n; i++)
                log_notice("%s", phrases[i]);
        report_start(&d->controller);
        if (memory_lock() < 0)
                return EXIT_FAILED;
        if (notify_watchdog_us())
                d->alive.due_us = 0;
        log_info("jettisond " JETTISON_VERSION " is ready: %zu domains watched", d->controller.n_watches);
        notify_ready();
        r = loop_run(&d->loop);
        notify_stopping();
        notify_close();
        return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

/* One snapshot and plan of each domain on standard output. */
static int once(struct daemon *d)
{
        CLEANUP(free_p) char *buffer = malloc(reply_size(config_of(d)));
        struct journal_options none = { 0 };
        const struct snapshot *snapshot;
        uint64_t solve_us;
        int r;

        d->journal = journal_new(&none, &r);
        if (!buffer || !d->journal || loop_init(&d->loop) < 0 ||
            controller_init(&d->controller, config_of(d), &d->loop, &d->fs, d->options.proc_root,
                            &d->module, d->journal) < 0 ||
            controller_start(&d->controller) < 0)
                return EXIT_FAILED;
        for (size_t i = 0; i < d->controller.n_watches; i++) {
                const char *path = d->controller.watches[i].domain.path;
                const struct plan *plan = controller_plan(&d->controller, path, 0, &snapshot, &solve_us);
                struct sink s;

                if (!plan)
                        continue;
                sink_init(&s, buffer, reply_size(config_of(d)));
                json_open(&s, NULL, '{');
                snapshot_write(&s, "snapshot", snapshot, plan->need);
                plan_write(&s, "plan", plan, snapshot, solve_us);
                json_close(&s, '}');
                if (s.full) {
                        log_error("snapshot and plan of %s do not fit; lower candidates.max", path);
                        return EXIT_FAILED;
                }
                puts(buffer);
        }
        return EXIT_DONE;
}

static void tear_down(struct daemon *d)
{
        d->control = control_free(d->control);
        if (d->controller.loop)
                controller_fini(&d->controller);
        d->journal = journal_free(d->journal);
        module_close(&d->module);
        rehearsal_clear(&d->rehearsal);
        cgroupfs_close(&d->fs);
        close_p(&d->signals.fd);
        loop_fini(&d->loop);
        config_fini(config_of(d));
        free(d->options.domains);
}

int main(int argc, char **argv)
{
        static struct daemon d = { .fs = CGROUPFS_INIT,
                                   .module = MODULE_INIT,
                                   .loop = LOOP_INIT,
                                   .rehearsal = REHEARSAL_INIT,
                                   .signals.fd = -1,
                                   .lock_fd = -1,
                                   .reload.due = on_reload,
                                   .alive.due = on_alive };
        struct config_error error;
        struct cgroupfs_lack lack;
        int r = options_parse(&d.options, argc, argv);

        if (r >= 0)
                return r;
        log_init(d.options.log_level);
        if (load_config(&d, config_of(&d), &error) < 0) {
                log_error("%s", error.text);
                return EXIT_CONFIG;
        }
        if (d.options.check_config) {
                r = check_config(config_of(&d), d.options.cgroup_root);
        } else if (!d.options.once && !check_group(config_of(&d))) {
                r = EXIT_CONFIG;
        } else if (cgroupfs_open(d.options.cgroup_root, &d.fs, &lack) < 0) {
                log_error("%s", lack.text);
                r = EXIT_KERNEL;
        } else if (open_feed(&d) < 0) {
                r = EXIT_KERNEL;
        } else {
                r = d.options.once ? once(&d) : run(&d);
        }
        tear_down(&d);
        return r;
}
