/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every key there is: its name, its notation, its field, its bounds. The loader, the dump, the installed
 * default file and the test of the manual page all go by this table, so none of them can know a key that
 * another does not.
 *
 * Bounds keep out what cannot work: times the kernel refuses, a rate of zero that would be divided by, sums
 * that would leave 62 bits, waits so long that the machine would be gone. They do not keep out what is merely
 * unwise. */
#include "serve/config_private.h"

#include "base/base.h"
#include "decide/knapsack.h"

#define MINUTE (60 * USEC_PER_SEC)
#define TIB    (GIB << 10)

/* psi.rst: a trigger's window is 500 ms to 10 s. */
#define STALL_WINDOW_MIN (500 * USEC_PER_MSEC)
#define STALL_WINDOW_MAX (10 * USEC_PER_SEC)
/* unix(7): sun_path has room for 107 bytes and a NUL. */
#define SOCKET_PATH_MAX  107
/* PATH_MAX less its NUL; a cgroup's path is bound by the same. */
#define PATH_LENGTH_MAX  4095
/* useradd(8): a name has at most 32 characters. */
#define NAME_LENGTH_MAX  32
/* The solver adds weights in 62 bits. */
#define CAPACITY_MAX     ((UINT64_C(1) << 62) - 1)
/* 200 times the default; a round that thinks longer comes too late. */
#define WORK_MAX         100000000

#define AT(field) offsetof(struct config, field)

static const char *const stall_words[] = { [STALL_SOME] = "some", [STALL_FULL] = "full", NULL };
static const char *const cover_words[] = {
        [COVER_BOTH] = "both", [COVER_WEIGHT] = "weight", [COVER_RELIEF] = "relief", NULL
};
static const char *const kill_unit_words[KILL_UNIT_N + 1] = {
        [KILL_UNIT_CONTAINER] = "container", [KILL_UNIT_POD] = "pod"
};
static const char *const labels_user_words[LABELS_USER_N + 1] = {
        [LABELS_USER_DELEGATED] = "delegated", [LABELS_USER_NEVER] = "never", [LABELS_USER_ALWAYS] = "always"
};
static const char *const method_words[STRIKE_METHOD_N + 1] = {
        [STRIKE_CGROUP_KILL] = "cgroup.kill", [STRIKE_SIGNALS] = "signals"
};
static const char *const feed_words[FEED_N + 1] = {
        [FEED_AUTO] = "auto", [FEED_FILES] = "files", [FEED_MODULE] = "module"
};

static const struct key keys[] = {
        { "domains", &type_domains, AT(sense), 0, 0, NULL,
          "The memory limits that are watched." },

        { "arm.available", &type_amount, AT(policy.arm_available), 0, 0, NULL,
          "Below this much available memory snapshots and the standing order are kept fresh." },

        { "trigger.available", &type_amount, AT(policy.act_available), 0, 0, NULL,
          "A domain with less available memory than this is short." },
        { "trigger.swap", &type_amount, AT(policy.act_swap), 0, 0, NULL,
          "Where there is swap, its free part must be below this as well." },
        { "trigger.pressure", &type_share, AT(policy.stall_permyriad), 1, PERMYRIAD, NULL,
          "The share of the window for which tasks must have stood still." },
        { "trigger.pressure_kind", &type_word, AT(policy.stall_kind), 0, 0, stall_words,
          "Whether some tasks or all of them must have stood still." },
        { "trigger.pressure_window", &type_duration, AT(policy.stall_window_us), STALL_WINDOW_MIN,
          STALL_WINDOW_MAX, NULL,
          "The window over which pressure is measured." },
        { "trigger.pressure_below", &type_amount, AT(policy.stall_available), 0, 0, NULL,
          "Pressure counts only with less available memory than this." },
        { "trigger.pressure_required", &type_bool, AT(policy.stall_required), 0, 0, NULL,
          "Whether low memory without pressure is no reason to act." },

        { "target.available", &type_amount, AT(policy.target_available), 0, 0, NULL,
          "The available memory that rounds restore." },
        { "target.swap", &type_amount, AT(policy.target_swap), 0, 0, NULL,
          "The free swap that rounds restore when swap was short." },
        { "target.slow_start", &type_bool, AT(policy.slow_start), 0, 0, NULL,
          "Whether the first round restores a quarter of the way to the target, and the next ones more." },

        { "timer.min", &type_duration, AT(sense.timer_min_us), USEC_PER_MSEC, MINUTE, NULL,
          "Available memory is looked at no more often than this." },
        { "timer.max", &type_duration, AT(sense.timer_max_us), USEC_PER_MSEC, MINUTE, NULL,
          "Available memory is looked at no less often than this." },
        { "timer.fill_rate", &type_auto_size, AT(sense.fill_rate_bytes), 0, TIB, NULL,
          "The fastest that memory can be filled, per second; \"auto\": measured at the start." },

        { "weight.memory", &type_bool, AT(policy.weigh_memory), 0, 0, NULL,
          "Whether a container's memory is part of its weight." },
        { "weight.oom_score_unit", &type_auto_size, AT(policy.oom_score_unit), 0, TIB, NULL,
          "What one point of the oom score adds to the weight." },
        { "weight.oom_score_neutral", &type_number, AT(sense.oom_score_neutral), 0, 1000, NULL,
          "The oom score of an idle process; only what a process has above it counts." },
        { "capacity", &type_capacity, AT(policy), 1, CAPACITY_MAX, NULL,
          "How much weight may stay." },
        { "cover", &type_word, AT(policy.cover), 0, 0, cover_words,
          "Which sums the victims must reach." },
        { "work", &type_number, AT(policy.work), 1000, WORK_MAX, NULL,
          "The solver's budget, in units of work." },

        { "candidates.containers", &type_bool, AT(sense.containers), 0, 0, NULL,
          "Whether containers are recognised and may die without a label or a rule." },
        { "candidates.unit", &type_word, AT(sense.kill_unit), 0, 0, kill_unit_words,
          "What dies as a whole." },
        { "candidates.max", &type_number, AT(sense.cgroups_max), 1, KNAPSACK_ITEMS_MAX, NULL,
          "How many candidates a snapshot holds." },

        { "labels.default", &type_utility, AT(sense.utility_default[POD_NONE]), 0, 0, NULL,
          "The utility of a candidate for which neither a label nor a rule speaks." },
        { "labels.guaranteed", &type_utility, AT(sense.utility_default[POD_GUARANTEED]), 0, 0, NULL,
          "The same, of the containers of a Kubernetes pod of class Guaranteed." },
        { "labels.burstable", &type_utility, AT(sense.utility_default[POD_BURSTABLE]), 0, 0, NULL,
          "The same, of a Burstable pod." },
        { "labels.besteffort", &type_utility, AT(sense.utility_default[POD_BESTEFFORT]), 0, 0, NULL,
          "The same, of a BestEffort pod." },
        { "labels.static", &type_utility, AT(sense.utility_default[POD_STATIC]), 0, 0, NULL,
          "The same, of a static pod, which the kubelet runs from a file." },
        { "labels.user", &type_word, AT(sense.labels_user), 0, 0, labels_user_words,
          "Where labels that unprivileged users can write count." },

        { "rules", &type_rules, AT(sense), 0, 0, NULL,
          "What is known of cgroups by their paths; the first rule that matches speaks." },

        { "action.method", &type_word, AT(act.method), 0, 0, method_words,
          "How a cgroup is killed." },
        { "action.grace", &type_duration, AT(act.grace_us), 0, MINUTE, NULL,
          "The time between SIGTERM and SIGKILL; 0 for no SIGTERM." },
        { "action.strike_deadline", &type_duration, AT(act.strike_deadline_us), USEC_PER_MSEC,
          10 * USEC_PER_SEC, NULL,
          "When a write to cgroup.kill has not returned by then, signals help out." },
        { "action.settle", &type_duration, AT(act.settle_us), 10 * USEC_PER_MSEC, MINUTE, NULL,
          "How long a victim's memory is awaited before it counts as not coming." },
        { "action.backoff", &type_duration, AT(act.backoff_us), 0, 60 * MINUTE, NULL,
          "The first pause for a workload that is shed again and again; each next one is twice as long." },
        { "action.dry_run", &type_bool, AT(act.dry_run), 0, 0, NULL,
          "Whether to decide and record, and strike nobody." },

        { "journal.path", &type_file, AT(journal.path), 0, PATH_LENGTH_MAX, NULL,
          "The file of the journal; \"\" for none." },
        { "journal.size_max", &type_size, AT(journal.size_max), 64 * KIB, TIB, NULL,
          "The size at which the journal is rotated." },
        { "journal.keep", &type_number, AT(journal.keep), 0, 100, NULL,
          "How many rotated files stay." },
        { "journal.kernel_log", &type_bool, AT(journal.kmsg), 0, 0, NULL,
          "Whether each kill also leaves a line in the kernel's log." },

        { "control.path", &type_path, AT(control_path), 0, SOCKET_PATH_MAX, NULL,
          "The control socket." },
        { "control.group", &type_name, AT(control_group), 0, NAME_LENGTH_MAX, NULL,
          "The group whose members may ask for status, snapshot and plan; \"\" for root alone." },

        { "group.path", &type_group, AT(group), 0, PATH_LENGTH_MAX, NULL,
          "The daemon's own cgroup." },
        { "group.memory_min", &type_size, AT(group_memory_min), 0, TIB, NULL,
          "How much memory of it is protected from reclaim." },

        { "feed", &type_word, AT(feed), 0, 0, feed_words,
          "Where the facts come from." },
};

static const struct key rule_keys[] = {
        { "match", &type_match, offsetof(struct rule, match), 0, PATH_LENGTH_MAX, NULL,
          "The pattern." },
        { "utility", &type_rule_utility, 0, 0, 0, NULL,
          "What it is worth where there is no label; \"protect\" outranks any label." },
        { "candidate", &type_bool, offsetof(struct rule, candidate), 0, 0, NULL,
          "Whether it may die without being a container or labelled." },
        { "ignore", &type_bool, offsetof(struct rule, ignore), 0, 0, NULL,
          "Whether it is no candidate although it is a container or labelled." },
};

const struct key *config_keys(size_t *ret_n)
{
        *ret_n = ARRAY_SIZE(keys);
        return keys;
}

const struct key *config_rule_keys(size_t *ret_n)
{
        *ret_n = ARRAY_SIZE(rule_keys);
        return rule_keys;
}
