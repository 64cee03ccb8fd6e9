/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kill is a fact long before anybody is told of it, so telling may take its time and must never take memory
 * without end: one call at a time, the oldest goes when there is no room, and what is told twice (after a
 * restart, or when an answer was lost) has the same name, so that the server says 409 and it is done. */
#include "kube/poster.h"

#include <string.h>
#include <sys/random.h>

#include "base/log.h"

enum {
        HTTP_UNAUTHORIZED = 401,
        HTTP_TIMEOUT = 408,
        HTTP_CONFLICT = 409,
        HTTP_TOO_MANY = 429,
};

void poster_init(struct poster *p, struct api *api, uint64_t now_us)
{
        *p = (struct poster){
                .api = api, .credit_us = POSTER_BURST * POSTER_INTERVAL_US, .credited_us = now_us,
                .due_us = UINT64_MAX,
        };
}

static void free_item(struct poster_item *item)
{
        free(item->path);
        free(item->body);
        *item = (struct poster_item){ 0 };
}

static struct poster_item *item_at(struct poster *p, size_t i)
{
        return &p->items[(p->first + i) % POSTER_QUEUE];
}

static void remove_first(struct poster *p)
{
        free_item(item_at(p, 0));
        p->first = (p->first + 1) % POSTER_QUEUE;
        p->n--;
}

void poster_fini(struct poster *p)
{
        api_cancel(&p->call);
        while (p->n > 0)
                remove_first(p);
}

/* Frees one place, and not that of the call under way. */
static void drop_oldest(struct poster *p)
{
        if (p->busy) {
                struct poster_item under_way = *item_at(p, 0);

                *item_at(p, 0) = *item_at(p, 1);
                *item_at(p, 1) = under_way;
        }
        remove_first(p);
        if (p->dropped++ == 0)
                log_warning("events wait faster than they can be sent: the oldest are dropped");
}

void poster_put(struct poster *p, const char *method, const char *content_type, char *path, char *body)
{
        struct poster_item item = { method, content_type, path, body };

        if (!path || !body) {
                free_item(&item);
                p->dropped++;
                return;
        }
        if (p->n == POSTER_QUEUE)
                drop_oldest(p);
        *item_at(p, p->n++) = item;
        if (p->due_us == UINT64_MAX && !p->busy)
                p->due_us = 0;
}

static bool is_final(long status)
{
        return status / 100 == 4 && status != HTTP_UNAUTHORIZED && status != HTTP_TIMEOUT &&
               status != HTTP_TOO_MANY;
}

static void pause_for(struct poster *p, uint64_t after_us)
{
        uint64_t random = 0;

        if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
                random = api_now_us() * UINT64_C(0x9e3779b97f4a7c15);
        p->due_us = api_now_us() + retry_next_us(&p->retry, random, after_us);
}

static void on_sent(struct api_call *c, const struct api_result *result)
{
        struct poster *p = CONTAINER_OF(c, struct poster, call);
        bool told =
                result->end == API_DONE || (result->end == API_REFUSED && result->status == HTTP_CONFLICT);

        p->busy = false;
        if (!told && result->end == API_REFUSED && result->status == HTTP_UNAUTHORIZED &&
            !p->was_unauthorized) {
                p->was_unauthorized = true;
                p->due_us = 0;          /* with what the token's file holds by now */
                return;
        }
        if (!told && !(result->end == API_REFUSED && is_final(result->status))) {
                if (p->retry.failures == 0)
                        log_warning("cannot tell the API server of a kill, trying again: %s", result->why);
                pause_for(p, result->after_us);
                return;
        }
        if (told) {
                p->sent++;
        } else {
                p->refused++;
                log_warning("the API server does not take %s %s: %s", c->method, item_at(p, 0)->path,
                            result->why);
        }
        p->was_unauthorized = false;
        retry_reset(&p->retry);
        remove_first(p);
        p->due_us = p->n > 0 ? 0 : UINT64_MAX;
}

static bool ignore_body(struct api_call *c UNUSED, const char *bytes UNUSED, size_t len UNUSED)
{
        return true;
}

/* Takes one from the bucket; false, with due_us set, when it is empty. */
static bool take_credit(struct poster *p, uint64_t now_us)
{
        p->credit_us =
                u64_min(p->credit_us + u64_less(now_us, p->credited_us), POSTER_BURST * POSTER_INTERVAL_US);
        p->credited_us = now_us;
        if (p->credit_us < POSTER_INTERVAL_US) {
                p->due_us = now_us + POSTER_INTERVAL_US - p->credit_us;
                return false;
        }
        p->credit_us -= POSTER_INTERVAL_US;
        return true;
}

void poster_run(struct poster *p, uint64_t now_us)
{
        const struct poster_item *item;

        if (p->busy || p->n == 0 || now_us < p->due_us || !take_credit(p, now_us))
                return;
        item = item_at(p, 0);
        p->call = (struct api_call){
                .method = item->method, .content_type = item->content_type, .body = item->body,
                .longest_us = 60 * USEC_PER_SEC, .take = ignore_body, .done = on_sent,
        };
        p->busy = true;
        p->due_us = UINT64_MAX;
        if (api_start(p->api, &p->call, item->path) < 0) {
                p->busy = false;
                pause_for(p, 0);
        }
}
