/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A victim's line does not say what the victim was worth; the plan before it does. After each victim the rest
 * is planned anew, so it may be one whom the intent meant to keep: those are looked up as well. What the
 * kernel module struck stands in the last order. */
#include "export/tally.h"

#include <jansson.h>
#include <string.h>

#include "base/base.h"
#include "serve/json.h"

static const char *const result_names[] = {
        [RESULT_RECOVERED] = "recovered",
        [RESULT_SHORT] = "short",
        [RESULT_DRY_RUN] = "dry-run",
        [RESULT_STANDING_ORDER] = "standing order",
        [RESULT_INTERRUPTED] = "interrupted",
        [RESULT_OTHER] = "other",
};

static const char *const method_names[] = {
        [METHOD_KILL] = "cgroup.kill",     [METHOD_SIGNALS] = "signals", [METHOD_TERM] = "SIGTERM",
        [METHOD_ORDER] = "standing order", [METHOD_NONE] = "none",       [METHOD_OTHER] = "other",
};

static const char *const outcome_names[] = {
        [DEATH_FREED] = "freed",           [DEATH_PARTIAL] = "partial", [DEATH_NOT_FREED] = "not-freed",
        [DEATH_STUCK] = "stuck",           [DEATH_REFUSED] = "refused", [DEATH_VANISHED] = "vanished",
        [DEATH_NOT_STRUCK] = "not-struck", [DEATH_DRY_RUN] = "dry-run", [DEATH_OTHER] = "other",
};

_Static_assert(ARRAY_SIZE(result_names) == RESULT_N, "name every result");
_Static_assert(ARRAY_SIZE(method_names) == METHOD_N, "name every method");
_Static_assert(ARRAY_SIZE(outcome_names) == DEATH_N, "name every outcome");

const char *tally_result_name(enum tally_result r)
{
        return result_names[r];
}

const char *tally_method_name(enum tally_method m)
{
        return method_names[m];
}

const char *tally_outcome_name(enum tally_outcome o)
{
        return outcome_names[o];
}

/* The word's place among the names; the last one's when it is none of them. */
static size_t word_find(const char *const *names, size_t n, const char *word)
{
        size_t i = 0;

        while (i < n - 1 && strcmp(names[i], word) != 0)
                i++;
        return i;
}

static void worths_clear(struct worths *w)
{
        free(w->list);
        *w = (struct worths){ 0 };
}

/* Adds the entries of a list; those for whom there is no memory are missing. */
static void worths_add(struct worths *w, const json_t *entries)
{
        size_t n = json_array_size(entries), i;
        struct worth *list = n ? reallocarray(w->list, w->n + n, sizeof(*list)) : NULL;
        json_t *entry;

        if (!list)
                return;
        w->list = list;
        json_array_foreach(entries, i, entry) w->list[w->n++] = (struct worth){
                .id = field_u64(entry, "id"),
                .tier = (uint32_t)u64_min(field_u64(entry, "tier"), TIER_MAX),
                .utility = (uint32_t)u64_min(field_u64(entry, "utility"), UTILITY_MAX),
        };
}

static const struct worth *worths_find(const struct worths *w, uint64_t id)
{
        for (size_t i = 0; i < w->n; i++)
                if (w->list[i].id == id)
                        return &w->list[i];
        return NULL;
}

static void take_start(struct tally *t, const json_t *line UNUSED)
{
        t->starts++;
        t->rounds[RESULT_INTERRUPTED] += t->open;
        t->open = false;
        worths_clear(&t->planned);
        worths_clear(&t->ordered);
}

static void take_intent(struct tally *t, const json_t *line)
{
        const json_t *plan = json_object_get(line, "plan");

        t->open = true;
        worths_clear(&t->planned);
        worths_add(&t->planned, json_object_get(plan, "victims"));
        worths_add(&t->planned, json_object_get(plan, "kept"));
}

static void take_order(struct tally *t, const json_t *line)
{
        worths_clear(&t->ordered);
        worths_add(&t->ordered, json_object_get(line, "victims"));
}

static void price_death(struct tally *t, const json_t *line)
{
        uint64_t id = field_u64(line, "id");
        const struct worth *worth = worths_find(&t->planned, id);

        if (!worth)
                worth = worths_find(&t->ordered, id);
        if (worth)
                t->utility_lost[worth->tier] += worth->utility;
        else
                t->unpriced++;
}

static void take_victim(struct tally *t, const json_t *line)
{
        const char *path = field_text(line, "path");
        enum container_runtime runtime = container_recognise(path, strlen(path)).runtime;
        enum tally_outcome outcome = word_find(outcome_names, DEATH_N, field_text(line, "outcome"));
        enum tally_method method = word_find(method_names, METHOD_N, field_text(line, "method"));
        uint64_t strike_us = field_u64(line, "strike_usec"), settle_us = field_u64(line, "settle_usec");

        if (outcome == DEATH_DRY_RUN || outcome == DEATH_VANISHED || outcome == DEATH_NOT_STRUCK)
                method = METHOD_NONE;
        t->kills[runtime][method][outcome]++;
        if (method == METHOD_NONE)
                return;
        t->freed = u64_add(t->freed, field_u64(line, "freed"));
        t->expected = u64_add(t->expected, field_u64(line, "expected"));
        if (outcome <= DEATH_NOT_FREED)
                price_death(t, line);
        if (outcome == DEATH_FREED && strike_us > 0)
                histogram_add(&t->freed_after, u64_add(strike_us, settle_us));
}

static void take_outcome(struct tally *t, const json_t *line)
{
        enum tally_result result = word_find(result_names, RESULT_N, field_text(line, "result"));

        t->open = false;
        t->rounds[result]++;
        t->kernel_kills = u64_add(t->kernel_kills, field_u64(line, "kernel_kills"));
        t->last_round_us = u64_max(t->last_round_us, field_u64(line, "time_usec"));
        if (result != RESULT_DRY_RUN)
                histogram_add(&t->took, field_u64(line, "took_usec"));
}

static void take_error(struct tally *t, const json_t *line UNUSED)
{
        t->helpless++;
}

static void take_reload(struct tally *t, const json_t *line)
{
        t->reloads_failed += json_is_false(json_object_get(line, "ok"));
}

static const struct {
        const char *what;
        void (*take)(struct tally *t, const json_t *line);
} kinds[] = {
        { "start", take_start },   { "intent", take_intent },   { "order", take_order },
        { "victim", take_victim }, { "outcome", take_outcome }, { "error", take_error },
        { "reload", take_reload },
};

void tally_line(struct tally *t, const char *line, size_t len)
{
        json_t *object = json_loadb(line, len, 0, NULL);
        const char *what = field_text(object, "what");

        t->n_garbage += !*what && len > 0; /* an empty line ends one that a crash tore */
        for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
                if (strcmp(kinds[i].what, what) == 0)
                        kinds[i].take(t, object);
        json_decref(object);
}

void tally_fini(struct tally *t)
{
        worths_clear(&t->planned);
        worths_clear(&t->ordered);
}
