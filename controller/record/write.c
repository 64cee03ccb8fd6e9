/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Both objects are written member by member into the caller's buffer. The snapshot is written whole or not
 * at all (the sink is then full): half of the facts would replay to another plan. The plan is what an
 * intent cannot do without, so where room runs out its last entries are left out and counted instead. The
 * victims come first; it is the kept that go short. */
#include "record/write.h"

#include "base/base.h"

/* What the members behind the lists and the end of the journal's line take at most: a dozen numbers of 20
 * digits. */
#define TAIL_BYTES 1024u

static void psi_write(struct sink *s, const char *key, const struct psi_line *line)
{
        json_open(s, key, '{');
        json_hundredths(s, "avg10", line->avg10);
        json_hundredths(s, "avg60", line->avg60);
        json_hundredths(s, "avg300", line->avg300);
        json_u64(s, "total_usec", line->total_us);
        json_close(s, '}');
}

static void domain_write(struct sink *s, const struct snapshot *snapshot)
{
        const struct domain_facts *facts = &snapshot->facts;

        json_open(s, "domain", '{');
        json_text(s, "path", snapshot->domain);
        json_u64(s, "memory_total", facts->memory_total);
        json_u64(s, "memory_available", facts->memory_available);
        if (facts->memory_lists > 0 && !facts->lists_count)
                json_u64(s, "memory_lists", facts->memory_lists);
        json_u64(s, "swap_total", facts->swap_total);
        json_u64(s, "swap_free", facts->swap_free);
        if (facts->has_psi) {
                json_open(s, "psi", '{');
                psi_write(s, "some", &facts->psi.some);
                psi_write(s, "full", &facts->psi.full);
                json_close(s, '}');
        }
        json_close(s, '}');
}

static bool is_protected(const struct snapshot_cgroup *c)
{
        return c->utility.protect || c->barred == BARRED_LABEL || c->barred == BARRED_RULE;
}

static void cgroup_write(struct sink *s, const struct snapshot *snapshot, const struct snapshot_cgroup *c)
{
        json_open(s, NULL, '{');
        json_u64(s, "id", c->id);
        json_text(s, "path", snapshot_path(snapshot, c));
        json_u64(s, "memory", c->memory);
        json_u64(s, "relief", c->relief);
        json_u64(s, "swap", c->swap);
        json_u64(s, "oom_score", c->oom_score);
        json_u64(s, "processes", c->processes);
        json_u64(s, "tier", c->utility.tier);
        json_u64(s, "utility", c->utility.value);
        json_bool(s, "protected", is_protected(c));
        if (c->barred != BARRED_NOT)
                json_text(s, "barred", barred_name(c->barred));
        json_close(s, '}');
}

void snapshot_write(struct sink *s, const char *key, const struct snapshot *snapshot, uint64_t need)
{
        json_open(s, key, '{');
        json_text(s, "jettison", "snapshot");
        json_u64(s, "version", 1);
        json_u64(s, "time_usec", snapshot->time_us);
        domain_write(s, snapshot);
        json_u64(s, "need", need);
        json_open(s, "cgroups", '[');
        for (size_t i = 0; i < snapshot->n; i++)
                cgroup_write(s, snapshot, &snapshot->cgroups[i]);
        json_close(s, ']');
        if (snapshot->left_out)
                json_u64(s, "left_out", snapshot->left_out);
        json_close(s, '}');
}

static void entry_write(struct sink *s, const struct plan_entry *e, const struct snapshot *snapshot)
{
        const struct snapshot_cgroup *c = &snapshot->cgroups[e->index];

        json_open(s, NULL, '{');
        json_u64(s, "id", c->id);
        json_text(s, "path", snapshot_path(snapshot, c));
        json_u64(s, "weight", e->weight);
        json_u64(s, "relief", e->relief);
        json_u64(s, "tier", c->utility.tier);
        json_u64(s, "utility", c->utility.value);
        if (is_protected(c))
                json_bool(s, "protected", true);
        if (e->fate != FATE_SHED)
                json_text(s, "why", plan_why(e, snapshot));
        json_close(s, '}');
}

/* Writes the entries from 'from' to 'to' as far as there is room. */
static void entries_write(struct sink *s, const char *key, const char *key_left_out, const struct plan *plan,
                          size_t from, size_t to, const struct snapshot *snapshot)
{
        size_t left_out = 0;

        json_open(s, key, '[');
        for (size_t i = from; i < to && !left_out; i++) {
                struct sink before = *s;

                entry_write(s, &plan->entries[i], snapshot);
                if (!before.full && (s->full || s->size - s->len < TAIL_BYTES)) {
                        *s = before;
                        s->text[s->len] = '\0';
                        left_out = to - i;
                }
        }
        json_close(s, ']');
        if (left_out)
                json_u64(s, key_left_out, left_out);
}

void plan_write(struct sink *s, const char *key, const struct plan *plan, const struct snapshot *snapshot,
                uint64_t solve_us)
{
        json_open(s, key, '{');
        json_text(s, "jettison", "plan");
        json_u64(s, "version", 1);
        json_text(s, "verdict", verdict_name(plan->verdict));
        json_u64(s, "need", plan->need);
        json_u64(s, "capacity", plan->capacity);
        json_u64(s, "weight_total", plan->weight_total);
        entries_write(s, "victims", "victims_left_out", plan, 0, plan->n_victims, snapshot);
        entries_write(s, "kept", "kept_left_out", plan, plan->n_victims, plan->n, snapshot);
        json_u64(s, "utility_lost", plan->utility_lost);
        json_u64(s, "weight", plan->weight);
        json_u64(s, "relief", plan->relief);
        json_text(s, "proof", plan->optimal ? "optimal" : "bounded");
        json_u64(s, "bound", plan->bound);
        json_u64(s, "solve_usec", solve_us);
        json_close(s, '}');
}
