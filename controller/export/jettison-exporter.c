/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The exporter of metrics: a process of its own, so that HTTP costs the daemon neither memory nor a moment.
 * It asks the daemon's control socket and reads its journal, as anybody with the right to can; the daemon
 * does not know of it.
 *
 * The order of main() is the security model: parse; listen, which may need a right; drop every right; read
 * the journal; serve. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>

#include "base/base.h"
#include "base/command_line.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/units.h"
#include "export/exposition.h"
#include "export/metrics.h"
#include "export/privilege.h"
#include "export/server.h"

#define DEFAULT_LISTEN  "127.0.0.1:9847"
#define DEFAULT_JOURNAL "/var/log/jettison/journal.jsonl"
#define DEFAULT_WAIT    "2s"            /* the daemon answers within milliseconds, also while it acts */
#define DEFAULT_LIMIT   "10s"           /* as long as the watchdog of the daemon's unit */

/* Nobody else is answered while the daemon is waited for, and those who wait are not to be taken for slow ones
 * (SERVER_CROWDED_US). */
#define WAIT_MAX_US     (SERVER_CROWDED_US - USEC_PER_SEC / 2)
#define LIMIT_MAX_US    (3600 * USEC_PER_SEC)

static const char help[] =
        "Usage: jettison-exporter [OPTION]...\n"
        "Serves the metrics and the health of jettisond over HTTP.\n"
        "\n"
        "  -l, --listen ADDRESS:PORT  where; [ADDRESS]:PORT for IPv6, :PORT for all addresses, port 0 for\n"
        "                            a free one, told on standard error (default: " DEFAULT_LISTEN ")\n"
        "      --socket PATH         the daemon's control socket (default: " STATUS_SOCKET ")\n"
        "      --journal FILE        the daemon's journal (default: " DEFAULT_JOURNAL ")\n"
        "      --timeout TIME        how long the daemon is waited for (default: " DEFAULT_WAIT ")\n"
        "      --health-limit TIME   how long /healthz bears its silence (default: " DEFAULT_LIMIT ")\n"
        "      --user USER           become this user: NAME, UID or UID:GID (default: stay who it is)\n"
        "      --once                print the metrics and exit\n"
        "  -h, --help                this text\n"
        "  -V, --version             the version\n"
        "\n"
        "Pages: /metrics, /healthz, /readyz. Exit codes: 0 told to stop, 1 failed, 2 usage.\n"
        "See jettison-exporter(8), jettisond(8).\n";

struct exporter {
        const char *listen, *user, *journal_path;
        bool once;
        uint64_t limit_us;
        struct peer peer;
        struct tally tally;
        struct tail journal;
        int journal_error;
};

/* --- pages */

static bool take_line(void *tally, const char *line, size_t len)
{
        tally_line(tally, line, len);
        return true;
}

static void look(struct exporter *e)
{
        peer_ask(&e->peer);
        e->journal_error = tail_read(&e->journal, take_line, &e->tally);
}

static unsigned write_metrics(void *context, char **ret_text, size_t *ret_len)
{
        struct exporter *e = context;
        const struct sources sources = { &e->peer, &e->tally, &e->journal, e->journal_error };
        FILE *out = open_memstream(ret_text, ret_len);

        if (!out)
                return 0;
        metrics_write(&sources, out);
        if (fclose(out) == 0)
                return 200;
        free(*ret_text);
        return 0;
}

static unsigned page_metrics(void *context, char **ret_text, size_t *ret_len)
{
        look(context);
        return write_metrics(context, ret_text, ret_len);
}

/* Answers with one line. */
static unsigned say(unsigned status, char **ret_text, size_t *ret_len, const char *format, ...) PRINTF(4, 5);

static unsigned say(unsigned status, char **ret_text, size_t *ret_len, const char *format, ...)
{
        va_list args;
        int n;

        va_start(args, format);
        n = vasprintf(ret_text, format, args);
        va_end(args);
        *ret_len = (size_t)n;
        return n < 0 ? 0 : status;
}

/* Is the daemon's loop alive? It need not answer at once: on a machine that is short of memory it may be this
 * process that is late, and whoever asks here would end a daemon in the middle of its work. What counts is
 * the time since the first question without an answer, so that it does not matter how often anybody asks. */
static unsigned page_healthz(void *context, char **ret_text, size_t *ret_len)
{
        struct exporter *e = context;
        char limit[DURATION_TEXT_MAX], silence[DURATION_TEXT_MAX];
        int error = peer_ask(&e->peer);
        uint64_t silent_us = e->peer.silent_us ? loop_now_us() - e->peer.silent_us : 0;

        if (!e->peer.answered)
                return say(503, ret_text, ret_len, "the daemon has not answered yet: %s\n",
                           strerrordesc_np(-error));
        if (error == 0)
                return say(200, ret_text, ret_len, "ok: the daemon answered %s ago\n",
                           duration_format(loop_now_us() - e->peer.asked_us, silence));
        return say(silent_us <= e->limit_us ? 200 : 503, ret_text, ret_len,
                   "the daemon has not answered for %s, the limit is %s: %s\n",
                   duration_format(silent_us, silence), duration_format(e->limit_us, limit),
                   strerrordesc_np(-error));
}

/* Has the daemon looked at memory, and does it answer now? It answers for the first time when it has scanned
 * everything and rehearsed a kill. */
static unsigned page_readyz(void *context, char **ret_text, size_t *ret_len)
{
        struct exporter *e = context;
        const struct status *s = &e->peer.status;
        int error = peer_ask(&e->peer);

        if (error < 0)
                return say(503, ret_text, ret_len, "the daemon does not answer: %s\n",
                           strerrordesc_np(-error));
        for (size_t i = 0; i < s->n_domains; i++)
                if (s->domains[i].memory_total > 0 && s->domains[i].state != STATUS_GONE)
                        return say(200, ret_text, ret_len, "ok\n");
        return say(503, ret_text, ret_len, "the daemon watches nothing\n");
}

static unsigned page_root(void *context UNUSED, char **ret_text, size_t *ret_len)
{
        return say(200, ret_text, ret_len,
                   "jettison-exporter " JETTISON_VERSION "\n/metrics\n/healthz\n/readyz\n");
}

static const struct page pages[] = {
        { "/metrics", EXPOSITION_TYPE, page_metrics },
        { "/healthz", "text/plain; charset=utf-8", page_healthz },
        { "/readyz", "text/plain; charset=utf-8", page_readyz },
        { "/", "text/plain; charset=utf-8", page_root },
        { 0 },
};

/* --- command line */

_Static_assert(WAIT_MAX_US == 2500 * USEC_PER_MSEC, "as its message says");

static bool parse_time(const char *text, uint64_t most_us, uint64_t *ret_us)
{
        return duration_parse(text, ret_us) == 0 && *ret_us > 0 && *ret_us <= most_us;
}

static bool parse_wait(const char *text, void *to)
{
        return parse_time(text, WAIT_MAX_US, to);
}

static bool parse_limit(const char *text, void *to)
{
        return parse_time(text, LIMIT_MAX_US, to);
}

static int parse(struct exporter *e, int argc, char **argv)
{
        const struct command_option options[] = {
                { "listen", 'l', .text = &e->listen },
                { "socket", .text = &e->peer.socket },
                { "journal", .text = &e->journal_path },
                { "timeout", .parse = parse_wait, .to = &e->peer.wait_us, .form = "a time such as 2s, at most 2.5 s" },
                { "health-limit", .parse = parse_limit, .to = &e->limit_us, .form = "a time such as 10s, at most 1h" },
                { "user", .text = &e->user },
                { "once", .flag = &e->once },
                { 0 },
        };

        return command_line_run("jettison-exporter", help, options, argc, argv);
}

/* --- life */

/* Readable once somebody wants an end. */
static int open_signals(void)
{
        sigset_t set;

        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN);
        return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int print_once(struct exporter *e)
{
        CLEANUP(free_p) char *text = NULL;
        size_t len;

        if (privilege_drop(e->user) < 0)
                return EXIT_FAILED;
        look(e);
        if (!write_metrics(e, &text, &len) || fwrite(text, 1, len, stdout) != len || fflush(stdout) != 0) {
                perror("jettison-exporter: cannot write the metrics");
                return EXIT_FAILED;
        }
        return EXIT_DONE;
}

static int run(struct exporter *e)
{
        CLEANUP(close_p) int stop_fd = open_signals();
        char address[SERVER_ADDRESS_MAX];
        struct server *server;
        int listen_fd, r;

        if (stop_fd < 0) {
                log_errno(-errno, "cannot wait for signals");
                return EXIT_FAILED;
        }
        r = server_listen(e->listen, address, &listen_fd);
        if (r == -EINVAL) {
                fprintf(stderr,
                        "jettison-exporter: --listen: expected ADDRESS:PORT, found \"%s\"; "
                        "see jettison-exporter --help\n",
                        e->listen);
                return EXIT_USAGE;
        }
        if (r < 0) {
                log_errno(r, "cannot listen at %s", e->listen);
                return EXIT_FAILED;
        }
        if (privilege_drop(e->user) < 0)
                return EXIT_FAILED;
        look(e);
        if (e->peer.error < 0)
                log_errno(e->peer.error, "no answer from the daemon at %s yet", e->peer.socket);
        if (e->journal_error < 0)
                log_errno(e->journal_error, "cannot read the journal %s yet", e->journal_path);
        server = server_new(listen_fd, pages, e);
        if (!server) {
                log_error("cannot serve at %s", address);
                return EXIT_FAILED;
        }
        log_info("jettison-exporter " JETTISON_VERSION " listens at %s", address);
        r = server_run(server, stop_fd);
        server_free(server);
        if (r < 0)
                log_errno(r, "cannot go on serving");
        return r < 0 ? EXIT_FAILED : EXIT_DONE;
}

int main(int argc, char **argv)
{
        static struct exporter e = {
                .listen = DEFAULT_LISTEN,
                .journal_path = DEFAULT_JOURNAL,
                .peer.socket = STATUS_SOCKET,
                .journal = TAIL_INIT,
        };
        int r;

        duration_parse(DEFAULT_WAIT, &e.peer.wait_us);
        duration_parse(DEFAULT_LIMIT, &e.limit_us);
        r = parse(&e, argc, argv);
        if (r >= 0)
                return r;
        log_init(LOG_LEVEL_INFO);
        tail_open(&e.journal, e.journal_path, TAIL_OLDEST, NULL);
        r = e.once ? print_once(&e) : run(&e);
        tail_close(&e.journal);
        tally_fini(&e.tally);
        peer_fini(&e.peer);
        return r;
}
