/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No label tells of a container: those come and go, and each would leave its samples behind with whoever
 * stores them. Of whom it was, and why, the journal tells. Labels are words from fixed lists, and the paths
 * of domains that last: the host, and limits above pods. A pod's own limit makes it a domain as well; those
 * are counted.
 *
 * The counters of rounds and kills begin with the journal, not with this process. They fall back only when
 * the process starts after lines at the journal's far end were rotated away.
 *
 * A sample of kills appears when there has been one, but those of a kill that went as it should are there
 * from the start: an increase from nothing to 1 is not seen by who computes rates. */
#include "export/metrics.h"

#include <string.h>

#include "base/base.h"
#include "export/exposition.h"
#include "sense/container.h"

/* A number of 64 bits in a struct: of the daemon's answer, of a domain in it, of the tally. */
struct number {
        const char *name;
        enum metric_type type;
        size_t at;
        const char *help;
};

static const struct number status_numbers[] = {
        { "jettison_candidates", METRIC_GAUGE, offsetof(struct status, candidates),
          "Cgroups that may be shed." },
        { "jettison_bad_labels", METRIC_GAUGE, offsetof(struct status, bad_labels),
          "Labels that cannot be parsed and say nothing." },
        { "jettison_degradations", METRIC_GAUGE, offsetof(struct status, n_degraded),
          "Things that the daemon does without; 'jettison status' names them." },
        { "jettison_wakeups_total", METRIC_COUNTER, offsetof(struct status, wakeups),
          "Times that the daemon's loop has woken up since it was started." },
        { "jettison_journal_dropped_lines_total", METRIC_COUNTER, offsetof(struct status, journal_dropped),
          "Journal lines that the daemon could not write since it was started." },
};

static const struct number module_numbers[] = {
        { "jettison_module_events_missed_total", METRIC_COUNTER, offsetof(struct status, events_missed),
          "Events of the kernel module that came faster than the daemon read them." },
        { "jettison_module_looks_failed_total", METRIC_COUNTER, offsetof(struct status, looks_failed),
          "Scans for which files were read in place of the kernel module." },
        { "jettison_standing_order_victims", METRIC_GAUGE, offsetof(struct status, order_victims),
          "Cgroups in the order that lies with the kernel module." },
};

static const struct number domain_numbers[] = {
        { "jettison_memory_total_bytes", METRIC_GAUGE, offsetof(struct status_domain, memory_total),
          "Memory of the domain." },
        { "jettison_memory_available_bytes", METRIC_GAUGE, offsetof(struct status_domain, memory_available),
          "Memory of the domain that can be had without swapping." },
        { "jettison_swap_total_bytes", METRIC_GAUGE, offsetof(struct status_domain, swap_total),
          "Swap of the domain." },
        { "jettison_swap_free_bytes", METRIC_GAUGE, offsetof(struct status_domain, swap_free),
          "Free swap of the domain." },
        { "jettison_act_available_bytes", METRIC_GAUGE, offsetof(struct status_domain, act_available),
          "Available memory below which the domain is short." },
        { "jettison_target_available_bytes", METRIC_GAUGE, offsetof(struct status_domain, target_available),
          "Available memory that a round restores." },
};

static const struct number tally_numbers[] = {
        { "jettison_freed_bytes_total", METRIC_COUNTER, offsetof(struct tally, freed),
          "Memory that came back from those who were struck, measured." },
        { "jettison_expected_bytes_total", METRIC_COUNTER, offsetof(struct tally, expected),
          "Memory that was expected from those who were struck." },
        { "jettison_kernel_oom_kills_total", METRIC_COUNTER, offsetof(struct tally, kernel_kills),
          "Kills by the kernel's own OOM killer on the whole host while a round was under way." },
        { "jettison_unpriced_kills_total", METRIC_COUNTER, offsetof(struct tally, unpriced),
          "Deaths without a plan in the journal, which utility_lost therefore leaves out." },
        { "jettison_helpless_shortages_total", METRIC_COUNTER, offsetof(struct tally, helpless),
          "Shortages that were not acted on, told at most once a minute and domain." },
        { "jettison_starts_total", METRIC_COUNTER, offsetof(struct tally, starts), "Starts of the daemon." },
        { "jettison_reload_failures_total", METRIC_COUNTER, offsetof(struct tally, reloads_failed),
          "Reloads after which the old configuration stayed in force." },
        { "jettison_journal_garbage_lines_total", METRIC_COUNTER, offsetof(struct tally, n_garbage),
          "Journal lines that make no sense." },
};

static uint64_t number_of(const struct number *n, const void *of)
{
        return *(const uint64_t *)((const char *)of + n->at);
}

static void write_numbers(FILE *out, const struct number *list, size_t n, const void *of)
{
        for (size_t i = 0; i < n; i++) {
                exposition_metric(out, list[i].name, list[i].type, list[i].help);
                exposition_count(out, list[i].name, NO_LABELS, number_of(&list[i], of));
        }
}

static void write_gauge(FILE *out, const char *name, const char *help, uint64_t value)
{
        exposition_metric(out, name, METRIC_GAUGE, help);
        exposition_count(out, name, NO_LABELS, value);
}

static void write_seconds(FILE *out, const char *name, const char *help, uint64_t value_us)
{
        exposition_metric(out, name, METRIC_GAUGE, help);
        exposition_seconds(out, name, NO_LABELS, value_us);
}

/* --- what the daemon says */

/* Does no part of the path name a pod or a container? */
static bool is_lasting(const struct status_domain *d)
{
        size_t len = strlen(d->path);

        for (size_t i = 1; i <= len; i++)
                if ((d->path[i] == '/' || d->path[i] == '\0') &&
                    container_recognise(d->path, i).role != CONTAINER_NONE)
                        return false;
        return true;
}

static void write_counts(FILE *out, const struct status *s)
{
        uint64_t counts[STATUS_LEVEL_N + 1] = { 0 };

        for (size_t i = 0; i < s->n_domains; i++)
                counts[s->domains[i].level] += s->domains[i].state != STATUS_GONE;
        exposition_metric(out, "jettison_domains", METRIC_GAUGE,
                          "Domains that are watched, pods with a limit of their own included.");
        for (enum status_level w = 0; w < STATUS_LEVEL_N; w++)
                exposition_count(out, "jettison_domains", LABELS({ "level", status_level_name(w) }),
                                 counts[w]);
}

static void write_words(FILE *out, const struct status_domain *const *domains, size_t n)
{
        exposition_metric(out, "jettison_state", METRIC_GAUGE,
                          "What the daemon does with the domain, 1 for the one.");
        for (size_t i = 0; i < n; i++)
                for (enum status_state w = 0; w < STATUS_STATE_N; w++)
                        exposition_count(
                                out, "jettison_state",
                                LABELS({ "domain", domains[i]->path }, { "state", status_state_name(w) }),
                                domains[i]->state == w);
        exposition_metric(out, "jettison_level", METRIC_GAUGE,
                          "How short of memory the domain is, 1 for the one.");
        for (size_t i = 0; i < n; i++)
                for (enum status_level w = 0; w < STATUS_LEVEL_N; w++)
                        exposition_count(
                                out, "jettison_level",
                                LABELS({ "domain", domains[i]->path }, { "level", status_level_name(w) }),
                                domains[i]->level == w);
}

static void write_domains(FILE *out, const struct status *s)
{
        const struct status_domain *domains[STATUS_DOMAINS_MAX];
        size_t n = 0;

        for (size_t i = 0; i < s->n_domains; i++)
                if (is_lasting(&s->domains[i]))
                        domains[n++] = &s->domains[i];
        for (size_t k = 0; k < ARRAY_SIZE(domain_numbers); k++) {
                const struct number *number = &domain_numbers[k];

                exposition_metric(out, number->name, number->type, number->help);
                for (size_t i = 0; i < n; i++)
                        exposition_count(out, number->name, LABELS({ "domain", domains[i]->path }),
                                         number_of(number, domains[i]));
        }
        exposition_metric(
                out, "jettison_stall_ratio", METRIC_GAUGE,
                "Share of the last window in which tasks of the domain stood still for want of memory.");
        for (size_t i = 0; i < n; i++)
                exposition_ratio(out, "jettison_stall_ratio", LABELS({ "domain", domains[i]->path }),
                                 domains[i]->stall_permyriad);
        write_words(out, domains, n);
}

static void write_module(FILE *out, const struct status *s)
{
        write_numbers(out, module_numbers, ARRAY_SIZE(module_numbers), s);
        exposition_metric(out, "jettison_standing_order_state", METRIC_GAUGE,
                          "What the kernel module has made of its order, 1 for the one.");
        for (enum status_order w = 0; w < STATUS_ORDER_N; w++)
                exposition_count(out, "jettison_standing_order_state",
                                 LABELS({ "state", status_order_name(w) }), s->order == w);
}

static void write_status(FILE *out, const struct status *s)
{
        exposition_metric(out, "jettison_build_info", METRIC_GAUGE,
                          "The daemon's version, and where its facts come from (files or module); always 1.");
        exposition_count(out, "jettison_build_info", LABELS({ "version", s->version }, { "feed", s->feed }),
                         1);
        write_gauge(out, "jettison_dry_run", "Whether the daemon decides and strikes nobody.", s->dry_run);
        write_gauge(out, "jettison_pressure", "Whether the kernel tells of memory pressure.", s->pressure);
        write_seconds(out, "jettison_uptime_seconds", "Time since the daemon was started.", s->uptime_us);
        write_numbers(out, status_numbers, ARRAY_SIZE(status_numbers), s);
        if (s->has_module)
                write_module(out, s);
        write_counts(out, s);
        write_domains(out, s);
}

/* --- what the journal says */

static void write_kills(FILE *out, const struct tally *t)
{
        exposition_metric(out, "jettison_kills_total", METRIC_COUNTER,
                          "Victims, by runtime, by how they were struck and by what came of it.");
        for (enum container_runtime r = 0; r < RUNTIME_N; r++)
                for (enum tally_method m = 0; m < METHOD_N; m++)
                        for (enum tally_outcome o = 0; o < DEATH_N; o++) {
                                bool usual = m == METHOD_KILL && o == DEATH_FREED;

                                if (t->kills[r][m][o] == 0 && !usual)
                                        continue;
                                exposition_count(out, "jettison_kills_total",
                                                 LABELS({ "runtime", container_runtime_name(r) },
                                                        { "method", tally_method_name(m) },
                                                        { "outcome", tally_outcome_name(o) }),
                                                 t->kills[r][m][o]);
                        }
}

static void write_tally(FILE *out, const struct tally *t)
{
        exposition_metric(out, "jettison_rounds_total", METRIC_COUNTER, "Rounds, by what came of them.");
        for (enum tally_result r = 0; r < RESULT_N; r++)
                exposition_count(out, "jettison_rounds_total", LABELS({ "outcome", tally_result_name(r) }),
                                 t->rounds[r]);
        write_kills(out, t);
        write_numbers(out, tally_numbers, ARRAY_SIZE(tally_numbers), t);
        exposition_metric(out, "jettison_utility_lost_total", METRIC_COUNTER,
                          "Utility of those who died, by tier.");
        for (unsigned tier = 0; tier <= TIER_MAX; tier++) {
                char text[4];

                snprintf(text, sizeof(text), "%u", tier);
                if (tier == 0 || t->utility_lost[tier] > 0)
                        exposition_count(out, "jettison_utility_lost_total", LABELS({ "tier", text }),
                                         t->utility_lost[tier]);
        }
        write_seconds(out, "jettison_last_round_timestamp_seconds",
                      "When the last round ended, since 1970; 0: the journal tells of none.",
                      t->last_round_us);
        histogram_write(&t->freed_after, out, "jettison_shortage_to_freed_seconds",
                        "From the trigger until the memory of a victim was back, of each that freed what was "
                        "expected.");
        histogram_write(&t->took, out, "jettison_round_duration_seconds",
                        "From the trigger to the outcome of a round, dry runs apart.");
}

void metrics_write(const struct sources *s, FILE *out)
{
        const struct peer *p = s->peer;

        write_gauge(out, "jettison_up", "Whether the daemon has answered.", p->error == 0);
        write_seconds(out, "jettison_answer_duration_seconds",
                      "How long the daemon took to answer, or was waited for.", p->took_us);
        if (p->error == 0)
                write_status(out, &p->status);
        write_gauge(out, "jettison_journal_readable",
                    "Whether the journal can be read; if not, its counters stand still.",
                    s->journal_error == 0);
        exposition_metric(
                out, "jettison_journal_lost_lines_total", METRIC_COUNTER,
                "Journal lines that were too long for the exporter, or that ended with their file.");
        exposition_count(out, "jettison_journal_lost_lines_total", NO_LABELS, tail_lost(s->journal));
        write_tally(out, s->tally);
        exposition_metric(out, "jettison_exporter_build_info", METRIC_GAUGE,
                          "The exporter's version; always 1.");
        exposition_count(out, "jettison_exporter_build_info", LABELS({ "version", JETTISON_VERSION }), 1);
}
