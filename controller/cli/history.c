/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A journal may end anywhere, begin in the middle of a round (its older part was rotated away), hold a line
 * that a crash tore, and use a number again after the daemon was started anew. So lines are taken one by
 * one and each finds its round by number within the present life of the daemon; what is not JSON is counted
 * and passed over. */
#include "cli/history.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/ktext.h"
#include "cli/names.h"
#include "cli/show.h"

struct reader {
        struct history *history;
        enum history_keep keep;
        uint64_t number;
        size_t life;
        json_t *order;          /* the last one left with the kernel module, or NULL */
};

static void round_fini(struct round *r)
{
        json_decref(r->intent);
        json_decref(r->victims);
        json_decref(r->replans);
        json_decref(r->outcome);
}

void history_fini(struct history *h)
{
        for (size_t i = 0; i < h->n; i++)
                round_fini(&h->rounds[i]);
        free(h->rounds);
        json_decref(h->errors);
        *h = (struct history){ 0 };
}

/* The round of that number in this life, new if need be. */
static struct round *find_round(struct reader *reader, uint64_t number)
{
        struct history *h = reader->history;

        for (size_t i = h->n; i-- > 0 && h->rounds[i].life == reader->life;)
                if (h->rounds[i].number == number)
                        return &h->rounds[i];
        if (reader->keep == HISTORY_LAST && h->n > 0)
                round_fini(&h->rounds[--h->n]);
        h->rounds = must(reallocarray(h->rounds, h->n + 1, sizeof(*h->rounds)));
        h->rounds[h->n] = (struct round){ .number = number, .life = reader->life,
                                          .victims = must(json_array()), .replans = must(json_array()) };
        return &h->rounds[h->n++];
}

static void take_intent(struct reader *reader, struct round *round, json_t *line)
{
        if (round->intent)
                return;
        round->intent = json_incref(line);
        if (reader->keep != HISTORY_ALL)
                return;
        json_object_del(line, "snapshot");
        json_object_del(json_object_get(line, "plan"), "kept");
}

static void take_order(struct reader *reader, json_t *line)
{
        json_decref(reader->order);
        reader->order = json_incref(line);
}

/* An order is no round until something of it is done. */
static void take_round_line(struct reader *reader, json_t *line, const char *what)
{
        uint64_t number = field_u64(line, "round");
        struct round *round;

        if (number == 0 || (reader->keep == HISTORY_ONE && number != reader->number))
                return;
        if (strcmp(what, "order") == 0) {
                take_order(reader, line);
                return;
        }
        round = find_round(reader, number);
        if (strcmp(what, "intent") == 0)
                take_intent(reader, round, line);
        else if (field_u64(reader->order, "round") == number)
                take_intent(reader, round, reader->order);
        if (strcmp(what, "victim") == 0) {
                json_array_append(round->victims, line);
        } else if (strcmp(what, "replan") == 0) {
                json_array_append(round->replans, line);
        } else if (strcmp(what, "outcome") == 0 && !round->outcome) {
                round->outcome = json_incref(line);
        }
}

static void take_line(struct reader *reader, const char *text, size_t len)
{
        json_t *line = json_loadb(text, len, 0, NULL);
        const char *what = field_text(line, "what");

        if (!what[0])
                reader->history->n_torn++;
        reader->history->n_dropped += field_u64(line, "dropped");
        if (strcmp(what, "start") == 0) {
                reader->life++;
                json_decref(reader->order);
                reader->order = NULL;
        }
        if (strcmp(what, "error") == 0 && reader->keep == HISTORY_ALL)
                json_array_append(reader->history->errors, line);
        take_round_line(reader, line, what);
        json_decref(line);
}

static int take_file(struct reader *reader, const char *path)
{
        CLEANUP(free_p) char *text = NULL;
        FILE *file = fopen(path, "re");
        size_t size = 0;
        int r = 0;

        if (!file)
                return -errno;
        for (ssize_t n; (n = getline(&text, &size, file)) > 0;)
                if (n > 1)
                        take_line(reader, text, (size_t)n);
        if (ferror(file))
                r = -errno;
        fclose(file);
        return r;
}

static bool is_there(const char *path, unsigned number)
{
        CLEANUP(free_p) char *name = text_format("%s.%u", path, number);

        return access(name, F_OK) == 0;
}

int history_read(const char *path, enum history_keep keep, uint64_t number, struct history *ret_history)
{
        struct history history = { .errors = must(json_array()) };
        struct reader reader = { .history = &history, .keep = keep, .number = number };
        unsigned oldest = 0;
        int r;

        while (is_there(path, oldest + 1))
                oldest++;
        for (; oldest > 0; oldest--) {
                CLEANUP(free_p) char *name = text_format("%s.%u", path, oldest);

                take_file(&reader, name);       /* what cannot be read of the past is missing from it */
        }
        r = take_file(&reader, path);
        json_decref(reader.order);
        if (r < 0) {
                history_fini(&history);
                return r;
        }
        *ret_history = history;
        return 0;
}

char *history_complaint(const char *path, int error)
{
        const char *advice = "";

        if (error == -ENOENT)
                advice = "; has jettisond ever run here? --file names another";
        else if (error == -EACCES)
                advice = "; run as root";
        return text_format("cannot read the journal %s: %s%s", path, strerrordesc_np(-error), advice);
}

bool history_parse_round(const char *text, void *ret_round)
{
        uint64_t *round = ret_round;

        return ktext_u64(text, round) == 0 && *round > 0 && *round != KTEXT_MAX;
}

bool history_is_order(const struct round *r)
{
        return strcmp(field_text(r->intent, "what"), "order") == 0;
}

/* An order was left long before it was carried out. */
uint64_t history_time_us(const struct round *r)
{
        const json_t *lines[] = { history_is_order(r) ? NULL : r->intent, json_array_get(r->victims, 0),
                                  r->outcome };

        for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
                if (field_u64(lines[i], "time_usec"))
                        return field_u64(lines[i], "time_usec");
        return 0;
}

json_t *history_json(const struct round *r)
{
        return must(json_pack("{s:I, s:b, s:O?, s:O, s:O, s:O?}", "round", (json_int_t)r->number,
                              "interrupted", !r->outcome, "intent", r->intent, "victims", r->victims,
                              "replans", r->replans, "outcome", r->outcome));
}

void history_tell_names(struct history *h)
{
        struct names *names = names_new("");

        for (size_t i = 0; i < h->n; i++) {
                const json_t *plan = json_object_get(h->rounds[i].intent, "plan");

                names_tell(names, h->rounds[i].victims);
                names_tell(names, json_object_get(plan, "victims"));
                names_tell(names, json_object_get(plan, "kept"));
                if (history_is_order(&h->rounds[i]))
                        names_tell(names, json_object_get(h->rounds[i].intent, "victims"));
        }
        names_free(names);
}

bool history_line_mentions(const json_t *line, const char *bytes)
{
        const char *path = field_text(line, "path");
        CLEANUP(free_p) char *own = text_from_json(path);

        return strstr(own ? own : path, bytes) != NULL;
}

typedef bool is_wanted(const json_t *line, const char *wanted);

static bool any(const json_t *lines, is_wanted *is_it, const char *wanted)
{
        json_t *line;
        size_t i;

        json_array_foreach(lines, i, line)
                if (is_it(line, wanted))
                        return true;
        return false;
}

/* In an interrupted round nobody knows who of the planned was struck. */
static bool has_victim(const struct round *r, is_wanted *is_it, const char *wanted)
{
        json_t *replan;
        size_t i;

        if (any(r->victims, is_it, wanted))
                return true;
        if (r->outcome)
                return false;
        json_array_foreach(r->replans, i, replan)
                if (any(json_object_get(replan, "victims"), is_it, wanted))
                        return true;
        return any(json_object_get(json_object_get(r->intent, "plan"), "victims"), is_it, wanted);
}

static bool is_meant(const struct round *r, const struct history_filter *f)
{
        return history_time_us(r) >= f->since_us &&
               (!f->cgroup || has_victim(r, history_line_mentions, f->cgroup)) &&
               (!f->container || has_victim(r, names_match, f->container));
}

void history_keep(struct history *h, const struct history_filter *filter)
{
        size_t n = 0;

        for (size_t i = 0; i < h->n; i++)
                if (is_meant(&h->rounds[i], filter))
                        h->rounds[n++] = h->rounds[i];
                else
                        round_fini(&h->rounds[i]);
        h->n = n;
        for (size_t i = json_array_size(h->errors); i-- > 0;)
                if (filter->cgroup || filter->container ||
                    field_u64(json_array_get(h->errors, i), "time_usec") < filter->since_us)
                        json_array_remove(h->errors, i);
}
