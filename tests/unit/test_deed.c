/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One victim from the first signal to the outcome: real children in a faked cgroup. The test plays the kernel
 * between two turns of the loop: it lists who is alive, empties memory.current when nobody is, and, where a
 * case wants it, kills upon cgroup.kill.
 *
 * Two things plain files cannot do: they cannot be waited for (so only the tick is heard), and a kept
 * descriptor goes on answering when the directory is gone, where the kernel says ENODEV. */
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "act/deed.h"
#include "base/base.h"
#include "fake_group.h"

#define NAME    "lxc.payload.victim"
#define MEMORY  (100 * MIB)
#define LONG_US (5 * USEC_PER_SEC)

static struct world w;
static struct loop loop;
static struct group g;
static struct deed d;
static struct act_options options;
static struct deed_result result;
static uint32_t patience_permyriad;
static int n_done;

static uint32_t patience(void *context)
{
        cr_assert_eq(context, &d);
        return patience_permyriad;
}

static void on_done(void *context, const struct deed_result *r)
{
        cr_assert_eq(context, &d);
        cr_assert(deed_is_idle(&d), "the next deed may begin from here");
        result = *r;
        n_done++;
}

static void set_memory(uint64_t bytes)
{
        char text[32];

        snprintf(text, sizeof(text), "%llu\n", (unsigned long long)bytes);
        world_write(&w, "cgroup/" NAME "/memory.current", text);
}

static void begin(size_t children, enum child_kind kind)
{
        world_make(&w, "/" NAME "\n/proc/20\n");
        world_scanner(&w);
        set_memory(MEMORY);
        group_start(&g, &w, NAME, children, kind);
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        cr_assert_eq(loop_init(&loop), 0);
        options = (struct act_options){ .method = STRIKE_SIGNALS, .strike_deadline_us = 50 * USEC_PER_MSEC,
                                        .settle_us = 500 * USEC_PER_MSEC };
        patience_permyriad = PERMYRIAD;
        n_done = 0;
        cr_assert_eq(deed_init(&d, &loop, &options, patience, on_done, &d), 0);
}

static struct node *victim(void)
{
        uint32_t index = tree_find_path(w.scanner.tree, "/" NAME);

        cr_assert_neq(index, NODE_NONE);
        return tree_node(w.scanner.tree, index);
}

static struct deed_order order(void)
{
        uint32_t index = tree_find_path(w.scanner.tree, "/" NAME);

        return (struct deed_order){ .tree = w.scanner.tree,
                                    .node = index,
                                    .id = victim()->id,
                                    .memory = MEMORY,
                                    .expected = MEMORY,
                                    .trigger_us = loop_now_us() };
}

static void start(void)
{
        struct deed_order o = order();

        deed_start(&d, &o);
}

/* One turn of the loop, and of the kernel that the test plays. */
static void turn(bool frees)
{
        cr_assert_eq(loop_turn(&loop, 5 * USEC_PER_MSEC), 0);
        if (group_update(&g) == 0 && frees)
                set_memory(0);
}

static void await_done(bool frees)
{
        for (uint64_t until_us = loop_now_us() + LONG_US; n_done == 0 && loop_now_us() < until_us;)
                turn(frees);
        cr_assert_eq(n_done, 1);
}

/* Everything is let go of, sooner or later. */
static void await_pins(void)
{
        for (uint64_t until_us = loop_now_us() + LONG_US; victim()->pins > 0 && loop_now_us() < until_us;)
                loop_turn(&loop, 5 * USEC_PER_MSEC);
        cr_assert_eq(victim()->pins, 0);
}

static void finish(void)
{
        cr_expect_eq(n_done, 1, "done is called once: %d", n_done);
        deed_fini(&d);
        loop_fini(&loop);
        group_end(&g);
        world_remove(&w);
}

Test(deed, signals)
{
        size_t before = world_descriptors();

        begin(4, CHILD_IGNORES_TERM);
        start();
        cr_expect(!deed_is_idle(&d));
        cr_expect_gt(victim()->pins, 0);
        while (!d.returned && n_done == 0)
                turn(false);
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_FREED, "%s", outcome_name(result.outcome));
        cr_expect_eq(result.method, STRIKE_EACH);
        cr_expect_eq(result.freed, MEMORY);
        cr_expect_eq(result.processes, 4);
        cr_expect_gt(result.strike_us, 0);
        cr_expect_gt(result.dead_us, 0);
        cr_expect_geq(result.settle_us, result.dead_us);
        await_pins();
        finish();
        cr_expect_eq(world_descriptors(), before);
}

/* A thread that is late with a strike is no reason to send signals, in cases where only the group is struck. */
static void begin_with_group_kill(unsigned n, uint64_t settle_us)
{
        begin(n, CHILD_SLEEPS);
        options.method = STRIKE_CGROUP_KILL;    /* which a plain file does not do */
        options.strike_deadline_us = LONG_US;
        options.settle_us = settle_us;
}

Test(deed, cgroup_kill)
{
        char text[8] = "";
        int fd;

        begin_with_group_kill(3, LONG_US);
        start();
        fd = openat(victim()->dir_fd, "cgroup.kill", O_RDONLY | O_CLOEXEC);
        while (pread(fd, text, sizeof(text), 0) < 1)
                turn(true);
        cr_expect_eq(text[0], '1');
        cr_expect_eq(group_update(&g), 3);
        for (size_t i = 0; i < g.n; i++)
                kill(g.children[i], SIGKILL);
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_FREED);
        cr_expect_eq(result.method, STRIKE_GROUP);
        close(fd);
        await_pins();
        finish();
}

Test(deed, no_cgroup_kill)
{
        begin(2, CHILD_SLEEPS);
        cr_assert_eq(unlinkat(victim()->dir_fd, "cgroup.kill", 0), 0);
        options.method = STRIKE_CGROUP_KILL;
        start();
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_FREED);
        cr_expect_eq(result.method, STRIKE_EACH, "signals instead");
        await_pins();
        finish();
}

Test(deed, goes_when_asked)
{
        begin(3, CHILD_SLEEPS);
        options.grace_us = LONG_US;
        start();
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_FREED);
        cr_expect_eq(result.strike_us, 0, "it was never struck");
        cr_expect_eq(result.method, STRIKE_TERM);
        cr_expect(outcome_is_shed(result.outcome), "but it was made to go");
        cr_expect_eq(result.freed, MEMORY);
        await_pins();
        finish();
}

Test(deed, does_not_go_when_asked)
{
        uint64_t begun_us;

        begin(3, CHILD_IGNORES_TERM);
        options.grace_us = USEC_PER_SEC;
        begun_us = loop_now_us();
        start();
        while (loop_now_us() - begun_us < 300 * USEC_PER_MSEC)
                turn(true);
        cr_expect_eq(group_update(&g), 3, "it has its time");
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_FREED);
        cr_expect_eq(result.method, STRIKE_EACH);
        cr_expect_geq(result.strike_us, USEC_PER_SEC);
        await_pins();
        finish();
}

Test(deed, no_patience_left)
{
        begin(1, CHILD_IGNORES_TERM);
        options.grace_us = LONG_US;
        start();
        for (int i = 0; i < 5; i++)
                turn(true);
        cr_expect_eq(n_done, 0);
        patience_permyriad = 0;
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_FREED);
        cr_expect_lt(result.strike_us, USEC_PER_SEC);
        await_pins();
        finish();
}

static const struct {
        const char *label;
        uint64_t left, expected;
        enum outcome outcome;
} measures[] = {
        { "all", 0, MEMORY, OUTCOME_FREED },
        { "half", MEMORY / 2, MEMORY, OUTCOME_FREED },
        { "less than half", MEMORY * 6 / 10, MEMORY, OUTCOME_PARTIAL },
        { "next to nothing", MEMORY * 96 / 100, MEMORY, OUTCOME_NOT_FREED },
        { "nothing", MEMORY, MEMORY, OUTCOME_NOT_FREED },
        { "it has grown", 2 * MEMORY, MEMORY, OUTCOME_NOT_FREED },
        { "nothing was expected", MEMORY, 0, OUTCOME_FREED },
};

Test(deed, measured)
{
        for (size_t i = 0; i < ARRAY_SIZE(measures); i++) {
                struct deed_order o;

                begin(1, CHILD_SLEEPS);
                o = order();
                o.expected = measures[i].expected;
                deed_start(&d, &o);
                while (group_update(&g) > 0)
                        loop_turn(&loop, 1000);
                set_memory(measures[i].left);
                await_done(false);
                cr_expect_eq(result.outcome, measures[i].outcome, "%s: %s", measures[i].label,
                             outcome_name(result.outcome));
                cr_expect_eq(result.freed, u64_less(MEMORY, measures[i].left), "%s: %lu", measures[i].label,
                             result.freed);
                await_pins();
                finish();
        }
}

Test(deed, stuck)
{
        uint64_t begun_us = loop_now_us();

        begin_with_group_kill(1, 400 * USEC_PER_MSEC);
        start();
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_STUCK, "%s", outcome_name(result.outcome));
        cr_expect_eq(result.freed, 0);
        cr_expect_gt(result.strike_us, 0);
        cr_expect_eq(result.dead_us, 0);
        cr_expect_geq(loop_now_us() - begun_us, 400 * USEC_PER_MSEC);
        cr_expect_geq(d.strikes, 2, "it was struck again: %u", d.strikes);
        await_pins();
        finish();
}

/* Its memory has come back, but a process is not yet gone: nobody waits for that. */
Test(deed, memory_is_back_before_the_last_process_is_gone)
{
        uint64_t begun_us = loop_now_us();

        begin_with_group_kill(1, LONG_US);
        start();
        while (d.strikes == 0 || !d.returned)
                turn(false);
        cr_expect_eq(n_done, 0);
        set_memory(MEMORY / 20);
        await_done(false);
        cr_expect_eq(result.outcome, OUTCOME_FREED, "%s", outcome_name(result.outcome));
        cr_expect_eq(result.freed, MEMORY - MEMORY / 20);
        cr_expect_eq(result.dead_us, 0, "it is not dead");
        cr_expect_lt(loop_now_us() - begun_us, LONG_US);
        await_pins();
        finish();
}

/* 64 KiB every tick or so: 13 MB a second, and each single step too small to count. */
Test(deed, slowly_is_not_stuck)
{
        uint64_t begun_us, memory = MEMORY;

        begin_with_group_kill(1, 500 * USEC_PER_MSEC);
        begun_us = loop_now_us();
        start();
        while (loop_now_us() - begun_us < 2 * USEC_PER_SEC && n_done == 0) {
                turn(false);
                set_memory(memory -= 64 * KIB);
        }
        cr_expect_eq(n_done, 0, "%s although it was shrinking", outcome_name(result.outcome));
        kill(g.children[0], SIGKILL);
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_FREED, "%s", outcome_name(result.outcome));
        await_pins();
        finish();
}

Test(deed, nonsense_is_no_progress)
{
        begin_with_group_kill(1, 100 * USEC_PER_MSEC);
        world_write(&w, "cgroup/" NAME "/memory.current", "max\n");
        start();
        await_done(false);
        cr_expect_eq(result.outcome, OUTCOME_STUCK);
        cr_expect_eq(result.freed, 0);
        await_pins();
        finish();
}

/* Somebody puts a process into it whenever it was empty, and its memory stays. */
Test(deed, filled_up_again)
{
        uint64_t begun_us;

        begin(1, CHILD_SLEEPS);
        options.settle_us = 300 * USEC_PER_MSEC;
        begun_us = loop_now_us();
        start();
        while (n_done == 0 && loop_now_us() - begun_us < LONG_US) {
                cr_assert_eq(loop_turn(&loop, 5 * USEC_PER_MSEC), 0);
                if (group_update(&g) == 0 && d.state == DEED_SETTLING) {
                        group_end(&g);
                        group_start(&g, &w, NAME, 1, CHILD_SLEEPS);
                }
        }
        cr_expect_eq(n_done, 1, "it must end");
        cr_expect_eq(result.outcome, OUTCOME_STUCK, "%s", outcome_name(result.outcome));
        await_pins();
        finish();
}

Test(deed, emptied_by_itself_and_filled_again)
{
        begin(1, CHILD_SLEEPS);
        options.grace_us = LONG_US;
        start();
        while (d.state != DEED_SETTLING)
                turn(false);
        usleep(10000);
        group_end(&g);
        group_start(&g, &w, NAME, 2, CHILD_IGNORES_TERM);
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_FREED, "%s", outcome_name(result.outcome));
        cr_expect_eq(result.method, STRIKE_EACH);
        await_pins();
        finish();
}

Test(deed, cgroup_kill_hangs)
{
        int ends[2];

        begin(3, CHILD_SLEEPS);
        options.method = STRIKE_CGROUP_KILL;
        fill_pipe(ends);
        victim()->fd[FILE_KILL] = ends[1];
        start();
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_FREED);
        cr_expect_eq(result.method, STRIKE_EACH, "signals helped out");
        cr_expect_geq(result.strike_us, options.strike_deadline_us);
        for (int i = 0; i < 20; i++)
                loop_turn(&loop, 5000);
        cr_expect_eq(victim()->pins, 1, "the thread that hangs still holds it");
        release_pipe(ends);
        await_pins();
        close(ends[0]);
        finish();
}

/* What a thread that is late will say is known all the same. */
Test(deed, gone_before_its_striker_says_so)
{
        int ends[2];

        begin_with_group_kill(2, LONG_US);
        fill_pipe(ends);
        victim()->fd[FILE_KILL] = ends[1];
        start();
        for (size_t i = 0; i < g.n; i++)
                kill(g.children[i], SIGKILL);
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_FREED);
        cr_expect_eq(result.method, STRIKE_GROUP, "%s", strike_name(result.method));
        cr_expect_gt(result.strike_us, 0);
        cr_expect_gt(result.dead_us, 0);
        release_pipe(ends);
        await_pins();
        close(ends[0]);
        finish();
}

static int pipes[3][2];

/* Each thread hangs in an earlier victim, which the root plays. */
static void occupy_threads(void)
{
        struct strike_order busy = { .kind = STRIKE_GROUP, .ticket = 0, .procs_fd = -1, .dir_fd = -1 };

        for (size_t i = 0; i < ARRAY_SIZE(pipes); i++) {
                fill_pipe(pipes[i]);
                busy.kill_fd = pipes[i][1];
                tree_node(w.scanner.tree, 0)->pins++;
                cr_assert_eq(strikers_submit(d.strikers, &busy), 0);
        }
}

/* All but those that were let go already. */
static void vacate_threads(size_t already)
{
        for (size_t i = already; i < ARRAY_SIZE(pipes); i++)
                release_pipe(pipes[i]);
        for (int i = 0; i < 100 && tree_node(w.scanner.tree, 0)->pins > 0; i++)
                loop_turn(&loop, 5000);
        cr_expect_eq(tree_node(w.scanner.tree, 0)->pins, 0);
        for (size_t i = 0; i < ARRAY_SIZE(pipes); i++) {
                close(pipes[i][0]);
                close(pipes[i][1]);
        }
}

Test(deed, all_threads_are_taken)
{
        uint64_t freed_us;

        begin(2, CHILD_SLEEPS);
        options.strike_deadline_us = 2 * USEC_PER_SEC;
        options.settle_us = LONG_US;
        occupy_threads();
        start();
        for (int i = 0; i < 20; i++)
                turn(true);
        cr_expect_eq(n_done, 0);
        cr_expect_eq(group_update(&g), 2, "nobody was there to do it");
        release_pipe(pipes[0]);
        freed_us = loop_now_us();
        await_done(true);
        cr_expect_lt(loop_now_us() - freed_us, USEC_PER_SEC,
                     "tried again at the next tick, not at the deadline");
        cr_expect_eq(result.outcome, OUTCOME_FREED);
        vacate_threads(1);
        await_pins();
        finish();
}

/* All threads hang for as long as anybody waits. */
Test(deed, not_struck)
{
        begin(2, CHILD_SLEEPS);
        options.settle_us = 200 * USEC_PER_MSEC;
        occupy_threads();
        start();
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_NOT_STRUCK, "%s", outcome_name(result.outcome));
        cr_expect_not(outcome_is_shed(result.outcome));
        cr_expect_eq(group_update(&g), 2);
        cr_expect_eq(victim()->pins, 0);
        vacate_threads(0);
        finish();
}

/* From here on process_mrelease waits, as it does for a mmap_lock, until the descriptor is closed. */
static int block_reaping(void)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
        int fd = -1;

        if (filter && seccomp_rule_add(filter, SCMP_ACT_NOTIFY, SCMP_SYS(process_mrelease), 0) == 0 &&
            seccomp_load(filter) == 0)
                fd = seccomp_notify_fd(filter);
        seccomp_release(filter);
        return fd;
}

/* However often it is struck, one victim holds one thread. */
Test(deed, reaping_hangs)
{
        int fd = block_reaping();

        if (fd < 0)
                cr_skip("this kernel tells nobody of system calls");
        begin_with_group_kill(1, USEC_PER_SEC);
        start();
        await_done(true);
        cr_expect_eq(result.outcome, OUTCOME_STUCK, "%s", outcome_name(result.outcome));
        cr_expect_geq(d.strikes, 3, "%u", d.strikes);
        for (int i = 0; i < 20; i++)
                loop_turn(&loop, 5000);
        cr_expect_eq(victim()->pins, 1, "%u threads hang", victim()->pins);
        group_end(&g);                  /* its child has the descriptor, too */
        close(fd);
        await_pins();
        finish();
}

/* What was prepared need not be opened by the deed. */
Test(deed, prepared)
{
        int prepared[NODE_FILE_N];

        begin(1, CHILD_SLEEPS);
        options.method = STRIKE_CGROUP_KILL;
        options.dry_run = true;
        deed_prepare(&d, victim());
        cr_expect_eq(victim()->fd[FILE_KILL], -1, "nothing that kills is opened in a dry run");
        options.dry_run = false;
        deed_prepare(&d, victim());
        memcpy(prepared, victim()->fd, sizeof(prepared));
        cr_expect_geq(prepared[FILE_KILL], 0);
        start();
        while (!d.returned)
                turn(false);
        for (size_t i = 0; i < NODE_FILE_N; i++)
                cr_expect_eq(victim()->fd[i], prepared[i], "file %zu", i);
        group_end(&g);
        await_done(true);
        await_pins();
        finish();
}

Test(deed, refused)
{
        struct rlimit limit, few;
        int next;

        begin(1, CHILD_SLEEPS);
        options.settle_us = 200 * USEC_PER_MSEC;
        node_file(victim(), FILE_PROCS);
        node_file(victim(), FILE_EVENTS);
        node_file(victim(), FILE_CURRENT);
        getrlimit(RLIMIT_NOFILE, &limit);
        next = dup(0);
        close(next);
        few = (struct rlimit){ (rlim_t)next, limit.rlim_max };
        setrlimit(RLIMIT_NOFILE, &few);         /* no pidfd is to be had */
        start();
        while (n_done == 0)
                cr_assert_eq(loop_turn(&loop, 5 * USEC_PER_MSEC), 0);
        setrlimit(RLIMIT_NOFILE, &limit);
        cr_expect_eq(result.outcome, OUTCOME_REFUSED, "%s", outcome_name(result.outcome));
        cr_expect_eq(group_update(&g), 1);
        await_pins();
        finish();
}

Test(deed, vanished)
{
        struct deed_order o;

        begin(1, CHILD_SLEEPS);
        o = order();
        o.id++;
        deed_start(&d, &o);
        cr_expect_eq(result.outcome, OUTCOME_VANISHED, "another cgroup in its place");
        o = order();
        o.node = 0;
        o.id = tree_node(w.scanner.tree, 0)->id;
        deed_start(&d, &o);
        cr_expect_eq(result.outcome, OUTCOME_VANISHED, "not a candidate any more");
        cr_expect_eq(group_update(&g), 1);
        group_end(&g);
        group_update(&g);
        set_memory(5);
        start();
        cr_expect_eq(result.outcome, OUTCOME_VANISHED, "it is empty");
        cr_expect_eq(result.freed, 0, "nothing of it is our doing");
        cr_expect_eq(n_done, 3);
        cr_expect_eq(victim()->pins, 0);
        n_done = 0;
        close_p(&victim()->fd[FILE_EVENTS]);
        victim()->fd[FILE_EVENTS] = -1;
        o = order();
        world_rmdir(&w, NAME);
        deed_start(&d, &o);
        cr_expect_eq(result.outcome, OUTCOME_VANISHED, "its directory is gone");
        cr_expect_eq(d.tick.due_us, LOOP_NEVER);
        finish();
}

/* The kept cgroup.events is closed behind its back, so that opening it anew says what the kernel would say on
 * the kept one. */
Test(deed, removed_while_it_dies)
{
        begin_with_group_kill(1, LONG_US);
        start();
        for (int i = 0; i < 5; i++)
                turn(false);
        cr_expect_eq(n_done, 0);
        world_rmdir(&w, NAME);
        close_p(&victim()->fd[FILE_EVENTS]);
        victim()->fd[FILE_EVENTS] = -1;
        for (int i = 0; i < 100 && n_done == 0; i++)
                loop_turn(&loop, 5000);
        cr_expect_eq(n_done, 1);
        cr_expect_eq(result.outcome, OUTCOME_FREED);
        cr_expect_eq(result.freed, MEMORY, "what it held");
        cr_assert_eq(tree_walk(w.scanner.tree), 0);
        finish();
}

Test(deed, dry_run)
{
        begin(2, CHILD_SLEEPS);
        options.dry_run = true;
        options.grace_us = USEC_PER_SEC;
        start();
        cr_expect_eq(result.outcome, OUTCOME_DRY_RUN);
        cr_expect(deed_is_idle(&d));
        for (int i = 0; i < 10; i++)
                turn(true);
        cr_expect_eq(group_update(&g), 2);
        cr_expect_eq(victim()->pins, 0);
        finish();
}

/* Processes of one process group, one to a line, as the kernel would list a cgroup's. */
static char members[8192];

static size_t read_group(pid_t leader)
{
        DIR *proc = opendir("/proc");
        size_t len = 0, n = 0;

        cr_assert_not_null(proc);
        members[0] = '\0';
        for (struct dirent *e; (e = readdir(proc));) {
                char path[300], stat[512], state;
                int pid = atoi(e->d_name), group;
                FILE *f;

                snprintf(path, sizeof(path), "/proc/%s/stat", e->d_name);
                if (pid <= 0 || !(f = fopen(path, "re")))
                        continue;
                if (fgets(stat, sizeof(stat), f) && strrchr(stat, ')') &&
                    sscanf(strrchr(stat, ')') + 1, " %c %*d %d", &state, &group) == 2 && group == leader &&
                    state != 'Z') {
                        len += (size_t)snprintf(members + len, sizeof(members) - len, "%d\n", pid);
                        n++;
                }
                fclose(f);
        }
        closedir(proc);
        return n;
}

static void await_members(pid_t leader, size_t n)
{
        for (uint64_t until_us = loop_now_us() + LONG_US; loop_now_us() < until_us; usleep(5000))
                if (read_group(leader) >= n)
                        return;
        cr_assert_fail("fewer than %zu after %u s", n, (unsigned)(LONG_US / USEC_PER_SEC));
}

static size_t list_group(pid_t leader)
{
        size_t n = read_group(leader);

        world_write(&w, "cgroup/" NAME "/cgroup.procs", members);
        world_write(&w, "cgroup/" NAME "/cgroup.events", n ? "populated 1\n" : "populated 0\n");
        return n;
}

/* A process that forks all the while, and a list that is always a little old: the strike is repeated until
 * nobody is left. */
Test(deed, forks_slip_through)
{
        pid_t leader;
        size_t listed, left = 1;

        prctl(PR_SET_CHILD_SUBREAPER, 1);
        leader = fork();
        if (leader == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                setpgid(0, 0);
                for (int i = 0; i < 400; i++) {
                        if (fork() == 0) {
                                usleep(5 * USEC_PER_SEC);
                                _exit(0);
                        }
                        usleep(3000);
                }
                pause();
        }
        begin(0, CHILD_SLEEPS);
        options.settle_us = LONG_US;
        await_members(leader, 3);
        listed = list_group(leader);
        await_members(leader, listed + 2);      /* those that are born now are not listed */
        start();
        for (uint64_t until_us = loop_now_us() + LONG_US, listed_us = loop_now_us();
             n_done == 0 && loop_now_us() < until_us;) {
                cr_assert_eq(loop_turn(&loop, 5 * USEC_PER_MSEC), 0);
                while (waitpid(-1, NULL, WNOHANG) > 0)
                        ;
                if (loop_now_us() - listed_us < 20 * USEC_PER_MSEC)
                        continue;
                listed_us = loop_now_us();
                left = list_group(leader);
                if (left == 0)
                        set_memory(0);
        }
        cr_expect_eq(left, 0, "%zu are left", left);
        cr_expect_eq(result.outcome, OUTCOME_FREED);
        cr_expect_geq(d.strikes, 2, "%u", d.strikes);
        kill(-leader, SIGKILL);
        await_pins();
        finish();
}

Test(deed, one_after_the_other)
{
        begin(1, CHILD_SLEEPS);
        for (int i = 0; i < 10; i++) {
                n_done = 0;
                start();
                await_done(true);
                cr_expect_eq(result.outcome, OUTCOME_FREED);
                group_end(&g);
                group_start(&g, &w, NAME, 2, CHILD_SLEEPS);
                set_memory(MEMORY);
        }
        await_pins();
        n_done = 1;
        finish();
}

Test(deed, names)
{
        cr_expect_str_eq(outcome_name(OUTCOME_FREED), "freed");
        cr_expect_str_eq(outcome_name(OUTCOME_DRY_RUN), "dry-run");
        cr_expect_str_eq(outcome_name(OUTCOME_N), "unknown");
}
