/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcurl speaks HTTP and TLS; this is its only door. Every call is an easy handle on one multi handle, and
 * the program waits in one place for all of them and its own descriptors.
 *
 * What it is not left to decide: the server's certificate is always checked, against the cluster's authority
 * alone and for the name that was asked for; nothing but https is spoken and no redirection followed, so that
 * the token goes to this server or nowhere; no proxy, cookie or netrc of the environment is used; names are
 * resolved without signals. HTTP/1.1, since each call has a connection of its own anyway and a watch must not
 * share the fate of another's stream.
 *
 * An answer that trickles is an answer; one that stands still is lost after the timeout, except a watch's:
 * there the kernel's keepalive finds out whether the other side is still there, and the whole is bounded. */
#include "kube/api.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"

/* A lost peer is noticed after 15 + 9 × 5 s: Linux asks nine times (tcp(7)). */
#define KEEPALIVE_IDLE_S     15L
#define KEEPALIVE_INTERVAL_S 5L

#define FDS_MAX 8

struct api {
        struct api_options options;
        CURLM *multi;
        struct api_call *calls;
};

_Static_assert(sizeof(((struct api_call *)0)->error) >= CURL_ERROR_SIZE, "room for what libcurl says");

uint64_t api_now_us(void)
{
        struct timespec ts;

        clock_gettime(CLOCK_MONOTONIC, &ts);
        return (uint64_t)ts.tv_sec * USEC_PER_SEC + (uint64_t)ts.tv_nsec / NSEC_PER_USEC;
}

int api_new(const struct api_options *options, struct api **ret_api)
{
        struct api *a;

        if (strncmp(options->server, "https://", 8) != 0)
                return -EINVAL;
        a = calloc(1, sizeof(*a));
        if (!a)
                return -ENOMEM;
        a->options = *options;
        if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
                a->multi = curl_multi_init();
        if (!a->multi) {
                free(a);
                return -ENOMEM;
        }
        *ret_api = a;
        return 0;
}

struct api *api_free(struct api *a)
{
        if (!a)
                return NULL;
        while (a->calls)
                api_cancel(a->calls);
        curl_multi_cleanup(a->multi);
        curl_global_cleanup();
        free(a);
        return NULL;
}

/* "Authorization: Bearer TOKEN". A token with bytes that could end the header is none. */
static int read_token(const struct api *a, char *header, size_t size)
{
        static const char head[] = "Authorization: Bearer ";
        CLEANUP(close_p) int fd = open(a->options.token_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        size_t len = sizeof(head) - 1;
        ssize_t n = 1;

        if (fd < 0)
                return -errno;
        memcpy(header, head, sizeof(head));
        while (len < size - 1 && (n = read(fd, header + len, size - 1 - len)) > 0)
                len += (size_t)n;
        if (n < 0)
                return -errno;
        while (len > sizeof(head) - 1 && (header[len - 1] == '\n' || header[len - 1] == '\r'))
                len--;
        header[len] = '\0';
        for (size_t i = sizeof(head) - 1; i < len; i++)
                if (header[i] <= 0x20 || header[i] >= 0x7f)
                        return -EBADMSG;
        return len > sizeof(head) - 1 && len < size - 1 ? 0 : -EBADMSG;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *closure)
{
        struct api_call *c = closure;
        long status = 0;

        curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status / 100 != 2 || c->take(c, bytes, size * n))
                return size * n;
        c->stopped = true;
        return 0;
}

static int add_headers(struct api_call *c)
{
        char token[API_TOKEN_MAX], type[128];
        const char *const lines[] = {
                token, type, "Accept: application/json",
                "Expect:",                      /* no pause before a body of 2 kB */
        };
        int r = read_token(c->api, token, sizeof(token));

        if (r < 0) {
                log_errno(r, "cannot read a token from %s", c->api->options.token_file);
                return r;
        }
        snprintf(type, sizeof(type), "Content-Type: %s",
                 c->content_type ? c->content_type : "application/json");
        for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
                struct curl_slist *longer = curl_slist_append(c->headers, lines[i]);

                if (!longer)
                        return -ENOMEM;
                c->headers = longer;
        }
        explicit_bzero(token, sizeof(token));
        return 0;
}

static void set_times(struct api_call *c)
{
        const uint64_t still_s = u64_max(c->api->options.timeout_us / USEC_PER_SEC, 1);

        curl_easy_setopt(c->easy, CURLOPT_CONNECTTIMEOUT_MS,
                         (long)(c->api->options.timeout_us / USEC_PER_MSEC));
        curl_easy_setopt(c->easy, CURLOPT_TIMEOUT_MS, (long)(c->longest_us / USEC_PER_MSEC));
        if (!c->may_stand_still) {
                curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
                curl_easy_setopt(c->easy, CURLOPT_LOW_SPEED_TIME, (long)still_s);
        }
        curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPALIVE, 1L);
        curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE_S);
        curl_easy_setopt(c->easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S);
}

static void set_trust(struct api_call *c)
{
        curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYPEER, 1L);
        curl_easy_setopt(c->easy, CURLOPT_SSL_VERIFYHOST, 2L);
        curl_easy_setopt(c->easy, CURLOPT_CAINFO, c->api->options.ca_file);
        curl_easy_setopt(c->easy, CURLOPT_CAPATH, NULL);
        curl_easy_setopt(c->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
        curl_easy_setopt(c->easy, CURLOPT_FOLLOWLOCATION, 0L);
        curl_easy_setopt(c->easy, CURLOPT_PROXY, "");
        curl_easy_setopt(c->easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
        curl_easy_setopt(c->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
        curl_easy_setopt(c->easy, CURLOPT_NOSIGNAL, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
        curl_easy_setopt(c->easy, CURLOPT_CA_CACHE_TIMEOUT, 60L);       /* the authority is rotated as well */
#endif
}

static void set_request(struct api_call *c, const char *url)
{
        curl_easy_setopt(c->easy, CURLOPT_URL, url);
        curl_easy_setopt(c->easy, CURLOPT_PATH_AS_IS, 1L);
        curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
        curl_easy_setopt(c->easy, CURLOPT_USERAGENT, "jettison-kube/" JETTISON_VERSION);
        curl_easy_setopt(c->easy, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(c->easy, CURLOPT_WRITEDATA, c);
        curl_easy_setopt(c->easy, CURLOPT_ERRORBUFFER, c->error);
        curl_easy_setopt(c->easy, CURLOPT_PRIVATE, c);
        if (c->body)
                curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->body);
        curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, c->method);
}

/* Takes back what api_start has given. */
static void clean(struct api_call *c)
{
        if (c->easy) {
                curl_multi_remove_handle(c->api->multi, c->easy);
                curl_easy_cleanup(c->easy);
        }
        curl_slist_free_all(c->headers);
        c->easy = c->headers = NULL;
        c->api = NULL;
}

int api_start(struct api *a, struct api_call *c, const char *path)
{
        CLEANUP(free_p) char *url = NULL;
        int r;

        if (asprintf(&url, "%s%s", a->options.server, path) < 0) {
                url = NULL;
                return -ENOMEM;
        }
        c->api = a;
        c->stopped = false;
        c->error[0] = '\0';
        c->headers = NULL;
        c->easy = curl_easy_init();
        r = c->easy ? add_headers(c) : -ENOMEM;
        if (r == 0) {
                set_request(c, url);
                set_trust(c);
                set_times(c);
                if (curl_multi_add_handle(a->multi, c->easy) != CURLM_OK)
                        r = -ENOMEM;
        }
        if (r < 0) {
                clean(c);
                return r;
        }
        c->next = a->calls;
        a->calls = c;
        return 0;
}

static void unlink_call(struct api_call *c)
{
        for (struct api_call **p = &c->api->calls; *p; p = &(*p)->next)
                if (*p == c) {
                        *p = c->next;
                        return;
                }
}

void api_cancel(struct api_call *c)
{
        if (!c->api)
                return;
        unlink_call(c);
        clean(c);
}

static void finish(struct api_call *c, CURLcode code)
{
        struct api_result result = { .end = API_LOST };
        curl_off_t after_s = 0;
        char why[sizeof(c->error) + 32];

        curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &result.status);
        curl_easy_getinfo(c->easy, CURLINFO_RETRY_AFTER, &after_s);
        if (after_s > 0)
                result.after_us = u64_min((uint64_t)after_s, UINT32_MAX) * USEC_PER_SEC;
        if (c->stopped)
                result.end = API_STOPPED;
        else if (code == CURLE_OK)
                result.end = result.status / 100 == 2 ? API_DONE : API_REFUSED;
        if (result.end == API_REFUSED)
                snprintf(why, sizeof(why), "HTTP status %ld", result.status);
        else
                snprintf(why, sizeof(why), "%s", c->error[0] ? c->error : curl_easy_strerror(code));
        result.why = why;
        unlink_call(c);
        clean(c);
        c->done(c, &result);
}

int api_turn(struct api *a, const int *fds, size_t n, uint64_t timeout_us)
{
        struct curl_waitfd waits[FDS_MAX];
        int running, left;
        CURLMsg *message;

        for (size_t i = 0; i < n && i < FDS_MAX; i++)
                waits[i] = (struct curl_waitfd){ .fd = fds[i], .events = CURL_WAIT_POLLIN };
        /* Rounded up: a timer must not be looked at just before it is due, again and again. */
        timeout_us = u64_min(timeout_us, 3600 * USEC_PER_SEC) + USEC_PER_MSEC - 1;
        if (curl_multi_poll(a->multi, waits, (unsigned)u64_min(n, FDS_MAX), (int)(timeout_us / USEC_PER_MSEC),
                            NULL) != CURLM_OK ||
            curl_multi_perform(a->multi, &running) != CURLM_OK)
                return -EIO;
        while ((message = curl_multi_info_read(a->multi, &left))) {
                CURLcode code = message->data.result;
                char *call = NULL;

                if (message->msg != CURLMSG_DONE)
                        continue;
                curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
                finish((struct api_call *)(void *)call, code);
        }
        return 0;
}

char *api_escape(const char *text)
{
        char *escaped = curl_easy_escape(NULL, text, 0), *copy = escaped ? strdup(escaped) : NULL;

        curl_free(escaped);
        return copy;
}
