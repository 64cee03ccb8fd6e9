/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An OCI hook stands in the way of every container that is started: the runtime waits for it and gives up the
 * container if it fails. A label is worth less than that. So the hook never fails unless it is told to
 * (--strict), ends by itself after a time limit whatever it hangs in, reads its input to the end, since the
 * runtime may be writing it, and says what went wrong in one line of the system log.
 *
 * The order of main() is the security model: nothing inherited is kept, then the command line, then the
 * clock, then the filter, and only then the first byte that somebody else wrote. What the container's image
 * holds is never opened. The process that is asked for its cgroup is still the runtime's own code. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/xattr.h>

#include "base/base.h"
#include "hooks/ceiling.h"
#include "hooks/claim.h"
#include "hooks/filter.h"
#include "hooks/options.h"
#include "hooks/place.h"
#include "hooks/say.h"
#include "hooks/state.h"
#include "sense/label.h"
#include "serve/config_private.h"

/* Well before the 5 s of the hooks.d entry, after which the runtime kills the hook and counts that as a
 * failure. The work itself takes less than a millisecond. */
#define TIME_LIMIT_S 2

/* For the handler; set before the clock runs. */
static int code_failed = EXIT_DONE;

static void give_up(int number UNUSED)
{
        say_text(LOG_LEVEL_ERROR, "not done within 2 s");
        _exit(code_failed);
}

/* A signal's mask and disposition are inherited, so both are set. */
static void clock_start(void)
{
        const struct itimerval limit = { .it_value.tv_sec = TIME_LIMIT_S };
        const struct sigaction on_alarm = { .sa_handler = give_up };
        sigset_t alarm;

        sigaction(SIGALRM, &on_alarm, NULL);
        sigemptyset(&alarm);
        sigaddset(&alarm, SIGALRM);
        sigprocmask(SIG_UNBLOCK, &alarm, NULL);
        setitimer(ITIMER_REAL, &limit, NULL);
}

/* Standard input, output and error stay, and are there; a closed output is no reason to die. */
static void inheritance_drop(void)
{
        for (int fd = 0; fd < 3; fd++)
                if (fcntl(fd, F_GETFD) < 0)
                        open("/dev/null", O_RDWR);      /* the lowest number that is free */
        close_range(3, ~0u, 0);
        clearenv();
        signal(SIGPIPE, SIG_IGN);
}

static int failed(int r, const struct config_error *e)
{
        say(LOG_LEVEL_ERROR, "%s", e->text[0] != '\0' ? e->text : strerrordesc_np(-r));
        return r;
}

/* For people who look for the container when it is gone; without it nothing is lost that counts. */
static void write_name(int fd, const struct claim *claim)
{
        char name[LABEL_NAME_SIZE];

        if (claim->namespaces[0] && claim->pod && claim->container &&
            snprintf(name, sizeof(name), "%s/%s/%s", claim->namespaces[0], claim->pod, claim->container) <
                    (int)sizeof(name))
                fsetxattr(fd, LABEL_NAME, name, strlen(name), 0);
}

/* Writes the label, or prints it. */
static int write_label(const struct options *o, const char *path, const struct claim *claim,
                       struct config_error *e)
{
        CLEANUP(close_p) int fd = place_open(o->cgroup_root, path, e);
        char text[UTILITY_TEXT_MAX + 1];
        bool trusted;
        int r;

        if (fd < 0)
                return fd;
        if (o->dry_run) {
                printf("%s ", utility_format(claim->utility, text));
                for (; *path != '\0'; path++)
                        putchar(*path >= 0x20 && *path < 0x7f ? *path : '?');
                return putchar('\n') == EOF ? -EIO : 0;
        }
        utility_format(claim->utility, text);
        r = label_write(fd, text, strlen(text), &trusted);
        if (r < 0)
                return config_error_set(e, r, path, 0, "cannot write its label: %s", strerrordesc_np(-r));
        write_name(fd, claim);
        if (!trusted && label_subtree(path, strlen(path)) == 0)
                say(LOG_LEVEL_WARNING, "%s: only %s could be written, which counts only below a delegated "
                    "user subtree (user@UID.service)", path, LABEL_USER_NAME);
        return 0;
}

/* Lowers the claim; 0, or a negative errno when nobody can say to what, and then it is at its lowest. */
static int lower_claim(const struct options *o, struct claim *claim, struct config_error *e)
{
        CLEANUP(ceilings_fini) struct ceilings c = CEILINGS_BROKEN;
        char asked[UTILITY_TEXT_MAX + 1], given[UTILITY_TEXT_MAX + 1];
        const char *path = o->config ? o->config : CEILING_PATH;
        int r = ceilings_load(path, o->config != NULL, &c, e);

        utility_format(claim->utility, asked);
        if (ceilings_lower(&c, claim))
                say(LOG_LEVEL_NOTICE, "%s: %s is above the ceiling, %s is written", claim->key, asked,
                    utility_format(claim->utility, given));
        return r;
}

static int label_container(const struct options *o, const struct state *s, struct claim *claim)
{
        CLEANUP(free_p) char *path = NULL;
        struct config_error e = { 0 };
        int lowered, r;

        if ((s->late && !o->dry_run) || s->pid == 0) {
                r = config_error_set(&e, -ESRCH, "state", 0,
                                     "expected a container that is being created, found %s",
                                     s->late ? "a later stage" : "no process id");
                return failed(r, &e);
        }
        lowered = lower_claim(o, claim, &e);
        if (lowered < 0)
                failed(lowered, &e);
        e.text[0] = '\0';
        if ((r = place_find(o->proc_root, s->pid, s->id, &path, &e)) < 0 ||
            (r = write_label(o, path, claim, &e)) < 0)
                return failed(r, &e);
        return lowered;
}

/* 0 when there was nothing to do, too. */
static int hook_run(const struct options *o)
{
        CLEANUP(state_fini) struct state s = STATE_INIT;
        CLEANUP(free_p) char *text = NULL;
        json_t *bundle = NULL;
        struct config_error e = { 0 };
        struct claim claim;
        size_t len;
        int r;

        if ((r = state_drain(STDIN_FILENO, &text, &len, &e)) < 0 || (r = state_parse(text, len, &s, &e)) < 0)
                return failed(r, &e);
        say_container(s.id);
        if (!s.annotations && (r = state_read_bundle(&s, &bundle, &s.annotations, &e)) < 0)
                return failed(r, &e);
        r = s.annotations ? claim_read(s.annotations, &claim, &e) : CLAIM_NONE;
        if (r == CLAIM_FOUND)
                r = label_container(o, &s, &claim);
        else if (r < 0)
                failed(r, &e);
        json_decref(bundle);
        return r;
}

/* What is not understood may have been meant to forbid something, so nothing is labelled. */
static void refuse_command_line(const char *problem)
{
        CLEANUP(free_p) char *text = NULL;
        struct config_error e;
        size_t len;

        say(LOG_LEVEL_ERROR, "%s; see jettison-hook --help", problem);
        if (!isatty(STDIN_FILENO))
                state_drain(STDIN_FILENO, &text, &len, &e);
}

int main(int argc, char **argv)
{
        char problem[COMMAND_PROBLEM_MAX];
        enum command_end end;
        struct options o;
        int r;

        inheritance_drop();
        if (isatty(STDERR_FILENO))
                say_aloud();
        end = options_parse(&o, argc, argv, problem);
        if (end == COMMAND_HELP || end == COMMAND_VERSION)
                return fflush(stdout) == 0 ? EXIT_DONE : EXIT_FAILED;
        if (o.strict) {
                say_aloud();
                code_failed = EXIT_FAILED;
        }
        clock_start();
        if (end == COMMAND_WRONG) {
                refuse_command_line(problem);
                return o.strict ? EXIT_USAGE : EXIT_DONE;
        }
        r = filter_enter();
        if (r < 0)
                say(LOG_LEVEL_WARNING, "no system-call filter: %s", strerrordesc_np(-r));
        r = hook_run(&o);
        if (fflush(stdout) != 0)
                r = -EIO;
        return r < 0 ? code_failed : EXIT_DONE;
}
