/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The referee of the arena: it starts the containers of one play, each at its time, and sees what becomes of
 * them and of the machine. It is none of the contestants, asks none of them, and reads only what the kernel
 * counts.
 *
 *   referee PLAN ROOT UNIT IDLE_MS LIMIT_MS AFTER_MS GIVEN_UP_MS LAST_MS
 *
 * PLAN has a line for each container, with its group below ROOT, which is there already:
 *   name|utility|demand MiB|processes|start ms|restart ms|steps/s|own|oom_score_adj|command
 * UNIT is the folder of the contestant's cgroup, or empty. The play ends after LIMIT_MS, or when there was a
 * shortage and has been none for AFTER_MS (LAST_MS when nobody is left, or to come, who wants memory without
 * end), or when the machine has been short for GIVEN_UP_MS on end. A line of JSON on standard output says what
 * was seen; then every container is killed.
 *
 * The truth of the moment. A sample is taken every PERIOD_MS, and every NEAR_MS while less than one and a half
 * times the line is available, from descriptors that were opened before anything was short, by a process that
 * is locked in memory, has the highest weight on the processor, and holds -1000 as its oom_score_adj. The
 * containers are looked at every PERIOD_MS throughout: two hundred of them take longer than NEAR_MS on an
 * emulated processor. A look that was missed is not made up for. The machine is short of memory
 *   when less than a tenth of it is available, and
 *   where there is swap: when less than a tenth of that is free, or for a fifth of the last second no task
 *   could run because all of them waited for memory.
 * A tenth is what earlyoom and systemd-oomd take when nothing is configured, and the kernel's documentation
 * has no figure; whoever takes another line is measured by this one all the same. The second half is there
 * because a machine that swaps in circles is short, however much of its swap is free.
 * Where available memory made it so, the moment of the crossing is drawn between the two samples around it.
 * Memory is back when the machine has not been short for BACK_MS. What was available at the last look before
 * the first strike is told too: who kills above the line may never see it crossed.
 */
#include "container.h"
#include "witness.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_MS     20        /* a fifth of the shortest poll of the peers (100 ms) */
#define NEAR_MS       5         /* an allocator without a brake takes some MiB in that */
#define BACK_MS       1000
#define SERIES_MS     100       /* of the curve in the report */
#define STALL_MS      1000      /* the window of the stalls */
#define NICE_HIGHEST  (-20)
#define GROUPS_MAX    256
#define SAMPLES_MAX   32768     /* 160 s of NEAR_MS */

struct sample {
        uint32_t at_ms, available_kib, swap_free_kib;
        uint64_t full_us;
};

static struct container groups[GROUPS_MAX];
static struct sample samples[SAMPLES_MAX];
static size_t n_groups, n_samples;
static struct timespec epoch;

static _Noreturn void die(const char *what)
{
        fprintf(stderr, "referee: %s: %s\n", what, strerror(errno));
        exit(1);
}

static long now_ms(void)
{
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (t.tv_sec - epoch.tv_sec) * 1000 + (t.tv_nsec - epoch.tv_nsec) / 1000000;
}

static long epoch_ms(void)
{
        return epoch.tv_sec * 1000 + epoch.tv_nsec / 1000000;
}

static void plan_read(const char *path, int root)
{
        FILE *file = fopen(path, "re");
        char *line = NULL;
        size_t size = 0;

        if (!file)
                die(path);
        while (n_groups < GROUPS_MAX && getline(&line, &size, file) > 0) {
                struct container *g = &groups[n_groups++];
                char *rest = line;

                line[strcspn(line, "\n")] = '\0';
                for (int i = 0; i < F_COMMAND; i++)
                        g->field[i] = strsep(&rest, "|");
                g->field[F_COMMAND] = rest;
                if (!rest)
                        die("a line of the plan is too short");
                line = NULL;
                if (!container_open(g, root))
                        die(g->field[F_NAME]);
        }
        fclose(file);
}

static void groups_kill(void)
{
        bool left = true;

        for (int tries = 0; left && tries < 500; tries++) {
                left = false;
                for (size_t i = 0; i < n_groups; i++) {
                        groups[i].restart_ms = 0;
                        container_look(&groups[i], 0);
                        if (groups[i].populated)
                                text_write(groups[i].folder, "cgroup.kill", "1");
                        left |= groups[i].populated;
                }
                while (waitpid(-1, NULL, WNOHANG) > 0)
                        ;
                usleep(PERIOD_MS * 1000);
        }
}

/* --- the play */

struct verdict {
        long short_ms, back_ms, short_total_ms;
        long short_since_ms, calm_since_ms;     /* one of them is -1 */
        struct machine at_shortage;
};

static uint64_t line_kib(const struct machine *m)
{
        return m->total_kib / 10;
}

/* The last sample that was taken before then; NULL if there is none. */
static const struct sample *sample_before(long at_ms)
{
        for (size_t i = n_samples; i-- > 0;)
                if (samples[i].at_ms < at_ms)
                        return &samples[i];
        return NULL;
}

static bool is_short(const struct machine *m, long at_ms)
{
        const struct sample *before = sample_before(at_ms - STALL_MS + 1);
        uint64_t window_us = before ? (uint64_t)(at_ms - before->at_ms) * 1000 : 0;

        if (m->available_kib >= line_kib(m))
                return false;
        return m->swap_total_kib == 0 || m->swap_free_kib < m->swap_total_kib / 10 ||
               (before && m->full_us - before->full_us >= window_us / 5);
}

/* When the line was crossed since the sample before, if memory fell evenly. */
static long crossing_ms(const struct machine *m, long at_ms)
{
        const struct sample *before = n_samples > 0 ? &samples[n_samples - 1] : NULL;
        uint64_t line = line_kib(m);

        if (!before || before->available_kib <= line)
                return at_ms;
        return before->at_ms + (long)((uint64_t)(at_ms - before->at_ms) * (before->available_kib - line) /
                                      (before->available_kib - m->available_kib));
}

static void judge(struct verdict *v, const struct machine *m, long at_ms, long step_ms)
{
        if (is_short(m, at_ms)) {
                if (v->short_ms < 0) {
                        v->short_ms = crossing_ms(m, at_ms);
                        v->at_shortage = *m;
                        for (size_t i = 0; i < n_groups; i++)
                                groups[i].memory_short = groups[i].populated ? groups[i].memory_last : 0;
                }
                v->short_total_ms += step_ms;
                if (v->short_since_ms < 0)
                        v->short_since_ms = at_ms;
                v->calm_since_ms = -1;
        } else if (v->short_ms >= 0) {
                if (v->calm_since_ms < 0)
                        v->calm_since_ms = at_ms;
                v->short_since_ms = -1;
                if (v->back_ms < 0 && at_ms - v->calm_since_ms >= BACK_MS)
                        v->back_ms = v->calm_since_ms;
        }
}

static bool is_more_wanted(void)
{
        for (size_t i = 0; i < n_groups; i++)
                if (groups[i].is_endless && (groups[i].populated || groups[i].next_start_ms >= 0))
                        return true;
        return false;
}

static bool is_over(const struct verdict *v, long at_ms, long after_ms, long given_up_ms)
{
        return v->short_ms >= 0 && (v->calm_since_ms >= 0 ? at_ms - v->calm_since_ms >= after_ms
                                                          : at_ms - v->short_since_ms >= given_up_ms);
}

static void sample_add(const struct machine *m, long at_ms)
{
        if (n_samples < SAMPLES_MAX)
                samples[n_samples++] = (struct sample){ (uint32_t)at_ms, (uint32_t)m->available_kib,
                                                        (uint32_t)m->swap_free_kib, m->full_us };
}

static void groups_look(long at_ms)
{
        for (size_t i = 0; i < n_groups; i++) {
                if (groups[i].next_start_ms >= 0 && groups[i].next_start_ms <= at_ms)
                        container_start(&groups[i]);
                container_look(&groups[i], at_ms);
        }
        while (waitpid(-1, NULL, WNOHANG) > 0)
                ;
}

static void sleep_until(long at_ms)
{
        long due_ms = epoch_ms() + at_ms;
        struct timespec due = { due_ms / 1000, due_ms % 1000 * 1000000 };

        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &due, NULL);
}

static struct verdict play(long limit_ms, long after_ms, long given_up_ms, long last_ms)
{
        struct verdict v = { .short_ms = -1, .back_ms = -1, .short_since_ms = -1, .calm_since_ms = -1 };
        long before_ms = 0, groups_ms = 0;

        clock_gettime(CLOCK_MONOTONIC, &epoch);
        epoch.tv_nsec -= epoch.tv_nsec % 1000000;       /* all times are whole milliseconds from here */
        for (long at_ms = 0; at_ms < limit_ms &&
             !is_over(&v, at_ms, is_more_wanted() ? after_ms : last_ms, given_up_ms); at_ms = now_ms()) {
                struct machine m = machine_read();

                judge(&v, &m, at_ms, at_ms - before_ms);
                sample_add(&m, at_ms);
                before_ms = at_ms;
                if (at_ms >= groups_ms) {
                        groups_look(at_ms);
                        groups_ms = at_ms + PERIOD_MS;
                }
                sleep_until(at_ms + (m.available_kib < line_kib(&m) * 3 / 2 ? NEAR_MS : PERIOD_MS));
        }
        return v;
}

/* --- the report */

static void print_machine(const struct machine *start, const struct verdict *v, uint64_t kills)
{
        printf("{\"memory_total_mib\":%" PRIu64 ",\"swap_total_mib\":%" PRIu64
               ",\"available_start_mib\":%" PRIu64 ",\"swap_start_mib\":%" PRIu64 ",", start->total_kib >> 10,
               start->swap_total_kib >> 10, start->available_kib >> 10, start->swap_free_kib >> 10);
        printf("\"shortage_ms\":%ld,\"back_ms\":%ld,\"short_total_ms\":%ld,", v->short_ms, v->back_ms,
               v->short_total_ms);
        printf("\"available_at_shortage_mib\":%" PRIu64 ",\"swap_at_shortage_mib\":%" PRIu64
               ",\"oom_kills\":%" PRIu64 ",", v->at_shortage.available_kib >> 10,
               v->at_shortage.swap_free_kib >> 10, kills);
}

static void print_strike(uint64_t struck_us)
{
        long struck_ms = struck_us ? (long)(struck_us / 1000) - epoch_ms() : -1;
        const struct sample *before = sample_before(struck_ms);

        printf("\"struck_ms\":%ld,\"available_at_strike_mib\":%ld,", struck_ms,
               before ? (long)before->available_kib >> 10 : -1);
        printf("\"look_before_strike_ms\":%ld,", before ? struck_ms - (long)before->at_ms : -1);
        printf("\"fall_at_strike_mib\":%ld,", before && before > samples ?
               ((long)before[-1].available_kib - (long)before->available_kib) >> 10 : 0);
}

static void print_cost(const char *name, long ms, const struct cost *from, const struct cost *to)
{
        printf("\"%s\":{\"ms\":%ld,\"cpu_us\":%" PRIu64 ",\"wakeups\":%" PRIu64 ",\"rss_kib\":%" PRIu64
               ",\"locked_kib\":%" PRIu64 "},", name, ms, to->cpu_us - from->cpu_us,
               to->wakeups >= from->wakeups ? to->wakeups - from->wakeups : 0, to->rss_kib, to->locked_kib);
}

static void print_group(struct container *g, long end_ms, bool is_first)
{
        uint64_t steps = container_steps(g);
        double planned = atof(g->field[F_STEPS]) * (double)(end_ms - g->start_ms) / 1000;

        printf("%s{\"name\":\"%s\",\"utility\":%s,\"demand_mib\":%s,\"processes\":%s,\"own\":%s,"
               "\"memory_at_shortage\":%" PRIu64 ",\"memory_peak\":%" PRIu64 ",\"died_ms\":%ld,\"deaths\":%u,"
               "\"alive\":%s,\"processes_end\":%u,\"stall_us\":%" PRIu64 ",\"steps\":%" PRIu64
               ",\"steps_planned\":%.0f}", is_first ? "" : ",", g->field[F_NAME], g->field[F_UTILITY],
               g->field[F_DEMAND], g->field[F_PROCESSES], *g->field[F_OWN] == '1' ? "true" : "false",
               g->memory_short, g->memory_peak, g->died_ms, g->deaths, g->populated ? "true" : "false",
               g->processes_end, g->stall_us, steps, planned);
}

static void print_series(void)
{
        uint32_t next_ms = 0;
        bool is_first = true;

        printf("\"series\":[");
        for (size_t i = 0; i < n_samples; i++) {
                if (samples[i].at_ms < next_ms)
                        continue;
                printf("%s[%u,%u,%u]", is_first ? "" : ",", samples[i].at_ms, samples[i].available_kib >> 10,
                       samples[i].swap_free_kib >> 10);
                next_ms = samples[i].at_ms + SERIES_MS;
                is_first = false;
        }
        printf("]");
}

static void groups_close(long end_ms)
{
        char text[512];

        for (size_t i = 0; i < n_groups; i++) {
                struct container *g = &groups[i];

                g->processes_end = container_processes(g);
                container_look(g, end_ms);      /* one that died since the last look is no half-dead one */
                file_read(g->folder, "memory.pressure", text, sizeof(text));
                g->stall_us = stall_of(text, "some ");
        }
}

/* Out of reach of memory's shortage, and before everybody else. No real-time priority: a look that has to
 * reclaim memory in the kernel would keep those from the processor who are to free it. */
static void settle_down(void)
{
        text_write(AT_FDCWD, "/proc/self/oom_score_adj", "-1000");
        if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
                die("mlockall");
        if (setpriority(PRIO_PROCESS, 0, NICE_HIGHEST) < 0)
                die("setpriority");
        memset(samples, 0, sizeof(samples));
}

int main(int argc, char **argv)
{
        struct machine start;
        static const char *const programs[] = { "hog", "load", "faceswap", NULL };
        struct cost before, idle, after;
        struct verdict v;
        uint64_t kills, struck_us;
        long end_ms;
        int root;

        if (argc != 9) {
                fprintf(stderr, "usage: referee PLAN ROOT UNIT IDLE_MS LIMIT_MS AFTER_MS GIVEN_UP_MS LAST_MS\n");
                return 2;
        }
        root = open(argv[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (root < 0 || !witness_open())
                die("open");
        plan_read(argv[1], root);
        if (!signals_trace(programs))
                die("the kernel traces no signals");
        settle_down();

        before = cost_read(argv[3]);
        usleep((useconds_t)atol(argv[4]) * 1000);
        idle = cost_read(argv[3]);
        start = machine_read();
        kills = oom_kills();
        v = play(atol(argv[5]), atol(argv[6]), atol(argv[7]), atol(argv[8]));
        end_ms = now_ms();
        struck_us = signals_first();
        after = cost_read(argv[3]);
        groups_close(end_ms);
        kills = oom_kills() - kills;

        print_machine(&start, &v, kills);
        print_strike(struck_us);
        printf("\"end_ms\":%ld,", end_ms);
        print_cost("idle", atol(argv[4]), &before, &idle);
        print_cost("busy", end_ms, &idle, &after);
        printf("\"survived\":%s,\"groups\":[", !*argv[3] || (after.pid == before.pid && after.processes) ?
               "true" : "false");
        for (size_t i = 0; i < n_groups; i++)
                print_group(&groups[i], end_ms, i == 0);
        printf("],");
        print_series();
        printf("}\n");
        fflush(stdout);
        groups_kill();
        return 0;
}
