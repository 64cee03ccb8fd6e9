/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stands between a snapshot and the first strike, without system calls: the plan, the choice of how far to go,
 * and the intent's text. Plain program; prints a table, fails nothing. Nanoseconds are of the thread's CPU clock, the
 * median of some calls. Instructions do not depend on who else is on the machine:
 *
 *   valgrind --tool=callgrind --toggle-collect=plan_make bench_round 1000 1
 *
 *   bench_round [CONTAINERS] [CALLS] */
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"
#include "base/sink.h"
#include "bench.h"
#include "decide/reach.h"
#include "record/write.h"

#define CALLS_MAX 1001

static struct snapshot snapshot;
static struct planner *planner;
static struct plan plan;
static char *text;
static size_t text_size;

static void make_snapshot(size_t n)
{
        snapshot_reset(&snapshot, "/");
        snapshot.facts = (struct domain_facts){ .memory_total = 16 * GIB, .memory_available = 1500 * MIB,
                                                .has_psi = true };
        for (size_t i = 0; i < n; i++) {
                char path[256];
                struct snapshot_cgroup *c;

                snprintf(path, sizeof(path), "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod%08zx_"
                         "1234_5678_9abc_def012345678.slice/cri-containerd-%016zx%016zx%016zx%016zx.scope",
                         i * 77777, i * 123457, i * 77, i * 7, i);
                c = snapshot_add(&snapshot, 1000 + i, path);
                c->memory = (50 + i * 7919 % 400) * MIB;
                c->relief = c->memory * 9 / 10;
                c->utility.value = (uint16_t)(1 + i * 6997 % 900);
                c->oom_score = 700;
                c->processes = 3;
        }
}

static void call_plan(void)
{
        struct shortage shortage = { .level = LEVEL_SHORT, .witness = WITNESS_AVAILABLE, .need = 300 * MIB };

        plan_make(&plan, planner, &snapshot, &shortage, &policy_default);
}

static void call_reach(void)
{
        struct shortage shortage = { .level = LEVEL_SHORT, .witness = WITNESS_AVAILABLE };
        struct reach reach = reach_shortest(&policy_default);
        const struct loss lost = { .utility = { 5 } };
        const struct reach_question question = { .snapshot = &snapshot, .policy = &policy_default,
                                                 .shortage = &shortage, .lost = &lost, .anew = true };

        reach_plan(&plan, planner, &question, &reach);
}

static void call_intent(void)
{
        struct sink s;

        sink_init(&s, text, text_size);
        plan_write(&s, "plan", &plan, &snapshot, 12);
        snapshot_write(&s, "snapshot", &snapshot, plan.need);
}

static uint64_t time_of(void (*call)(void), size_t calls)
{
        static uint64_t nsec[CALLS_MAX];

        for (size_t i = 0; i < calls; i++) {
                uint64_t begun = thread_nsec();

                call();
                nsec[i] = thread_nsec() - begun;
        }
        return median_of(nsec, calls);
}

int main(int argc, char **argv)
{
        size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;
        size_t calls = u64_min(argc > 2 ? strtoul(argv[2], NULL, 10) : 101, CALLS_MAX);

        text_size = 4096 + 1024 * n;
        text = malloc(text_size);
        planner = planner_new(n);
        if (!text || !planner || calls == 0 || snapshot_init(&snapshot, n, n * 256) < 0 || plan_init(&plan, n) < 0)
                return 1;
        make_snapshot(n);
        printf("%zu containers, median of %zu calls, us: plan %.1f", n, calls,
               (double)time_of(call_plan, calls) / 1000);
        printf(", reach %.1f", (double)time_of(call_reach, calls) / 1000);
        printf(", intent %.1f\n", (double)time_of(call_intent, calls) / 1000);
        snapshot_fini(&snapshot);
        plan_fini(&plan);
        planner_free(planner);
        free(text);
        return 0;
}
