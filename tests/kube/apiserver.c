/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An API server for tests: real TLS, real HTTP, and as well behaved as a script has it.
 *
 *   apiserver --dir DIR --key FILE --cert FILE [--port PORT]
 *
 * In DIR it finds 'token' (what a caller must bear; read at each request), 'list', 'watch' and 'event', the
 * scripts for three kinds of request; it leaves 'port', and 'requests': a line for each request, with its
 * status, method, path, query and time (ms). Bodies of POST and PATCH are appended to 'bodies', a line each.
 *
 * A script is read anew at each request of its kind. Its first line is done and forgotten; the last one
 * stays.
 *
 *   status N [SECONDS]     that status, with Retry-After
 *   file NAME              200, with that file
 *   many N                 a list of N pods, in pages as 'limit' and 'continue' ask for
 *   page NAME TOKEN        200, with that file, only if 'continue' is TOKEN ("-": none); else 410
 *   stream NAME            200, with the file as it grows; it ends when NAME.end is there
 *   cut NAME N             200, N bytes of the file, then the connection is closed
 *   trickle NAME N         200, with the file, N bytes at a time, 20 ms apart
 *   long NAME N            200, with a line of N bytes, then as 'stream'
 *   silent                 the answer never begins
 *
 * Ends with its standard input. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_SIZE 256
#define STEP_US   20000

static int dir_fd = -1;
static volatile bool ending;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;        /* scripts and what is left behind */

/* What a request has brought so far. */
struct request {
        char *body;
        size_t len;
};

/* New, ended by NUL; NULL when there is no such file. */
static char *read_file(const char *name, size_t *ret_len)
{
        int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
        struct stat st;
        char *text;
        ssize_t n;

        if (fd < 0)
                return NULL;
        text = fstat(fd, &st) < 0 ? NULL : malloc((size_t)st.st_size + 1);
        n = text ? read(fd, text, (size_t)st.st_size) : -1;
        close(fd);
        if (n < 0) {
                free(text);
                return NULL;
        }
        text[n] = '\0';
        if (ret_len)
                *ret_len = (size_t)n;
        return text;
}

static void append(const char *name, const char *text)
{
        int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);

        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                perror(name);
        close(fd);
}

/* The step of a script whose turn it is. */
static void next_step(const char *script, char step[static LINE_SIZE])
{
        char *text, *end;

        snprintf(step, LINE_SIZE, "status 404");
        text = read_file(script, NULL);
        if (text && (end = strchr(text, '\n'))) {
                snprintf(step, LINE_SIZE, "%.*s", (int)(end - text), text);
                if (end[1]) {
                        int fd = openat(dir_fd, script, O_WRONLY | O_TRUNC | O_CLOEXEC);

                        if (fd < 0 || write(fd, end + 1, strlen(end + 1)) < 0)
                                perror(script);
                        close(fd);
                }
        }
        free(text);
}

static void note_request(unsigned status, const char *method, const char *url, struct MHD_Connection *c)
{
        static const char *const known[] = { "watch", "resourceVersion", "continue", "limit", "fieldSelector",
                                             "allowWatchBookmarks", "timeoutSeconds" };
        struct timespec now;
        char line[1024];
        size_t len = (size_t)snprintf(line, sizeof(line), "%u %s %s", status, method, url);

        for (size_t i = 0; i < sizeof(known) / sizeof(*known) && len < sizeof(line); i++) {
                const char *value = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, known[i]);

                if (value)
                        len += (size_t)snprintf(line + len, sizeof(line) - len, " %s=%s", known[i], value);
        }
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (len < sizeof(line))
                snprintf(line + len, sizeof(line) - len, " at=%lld\n",
                         (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000);
        append("requests", line);
}

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, struct MHD_Response *response)
{
        enum MHD_Result result = MHD_queue_response(c, status, response);

        MHD_destroy_response(response);
        return result;
}

static enum MHD_Result answer_text(struct MHD_Connection *c, unsigned status, char *text, size_t len)
{
        struct MHD_Response *r = MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);

        MHD_add_response_header(r, "Content-Type", "application/json");
        return answer(c, status, r);
}

static enum MHD_Result answer_status(struct MHD_Connection *c, unsigned status, unsigned after_s)
{
        struct MHD_Response *r;
        char *text, after[16];
        int len = asprintf(&text, "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"code\":%u}", status);

        if (len < 0)
                return MHD_NO;
        r = MHD_create_response_from_buffer((size_t)len, text, MHD_RESPMEM_MUST_FREE);
        if (after_s > 0) {
                snprintf(after, sizeof(after), "%u", after_s);
                MHD_add_response_header(r, "Retry-After", after);
        }
        return answer(c, status, r);
}

/* ---- streams ---- */

struct stream {
        int fd;                 /* -1: nothing comes */
        char end[LINE_SIZE];    /* its end is there when this file is */
        size_t filler;          /* bytes of a long line that still stand before it */
        size_t piece;           /* 0: as much as there is */
        size_t left;            /* after which the connection is closed; SIZE_MAX: never */
};

static ssize_t read_stream(void *closure, uint64_t position, char *buffer, size_t size)
{
        struct stream *s = closure;
        ssize_t n;

        (void)position;
        if (ending || s->left == 0)
                return MHD_CONTENT_READER_END_WITH_ERROR;
        if (s->filler > 0) {
                n = (ssize_t)(s->filler < size ? s->filler : size);
                memset(buffer, 'x', (size_t)n);
                s->filler -= (size_t)n;
                if (s->filler == 0)
                        buffer[n - 1] = '\n';
                return n;
        }
        if (s->piece > 0) {
                usleep(STEP_US);
                size = s->piece < size ? s->piece : size;
        }
        n = s->fd < 0 ? 0 : read(s->fd, buffer, s->left < size ? s->left : size);
        if (n > 0) {
                s->left -= s->left == SIZE_MAX ? 0 : (size_t)n;
                return n;
        }
        if (s->end[0] && faccessat(dir_fd, s->end, F_OK, 0) == 0)
                return MHD_CONTENT_READER_END_OF_STREAM;
        usleep(STEP_US);
        return 0;
}

static void free_stream(void *closure)
{
        struct stream *s = closure;

        if (s->fd >= 0)
                close(s->fd);
        free(s);
}

static enum MHD_Result answer_stream(struct MHD_Connection *c, const char *name, struct stream stream)
{
        struct stream *s = malloc(sizeof(*s));
        struct MHD_Response *r;

        if (!s)
                return MHD_NO;
        *s = stream;
        s->fd = name ? openat(dir_fd, name, O_RDONLY | O_CLOEXEC) : -1;
        if (name)
                snprintf(s->end, sizeof(s->end), "%s.end", name);
        r = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 4096, read_stream, s, free_stream);
        MHD_add_response_header(r, "Content-Type", "application/json");
        return answer(c, MHD_HTTP_OK, r);
}

/* ---- lists ---- */

static enum MHD_Result answer_many(struct MHD_Connection *c, unsigned total)
{
        const char *limit = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "limit");
        const char *from = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "continue");
        unsigned i = from ? (unsigned)atoi(from) : 0, end = limit ? i + (unsigned)atoi(limit) : total;
        size_t len = 0;
        char *text = NULL;
        FILE *f = open_memstream(&text, &len);

        if (!f)
                return MHD_NO;
        end = end > total ? total : end;
        fprintf(f, "{\"kind\":\"PodList\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"7\"");
        if (end < total)
                fprintf(f, ",\"continue\":\"%u\"", end);
        fprintf(f, "},\"items\":[");
        for (unsigned first = i; i < end; i++)
                fprintf(f,
                        "%s{\"metadata\":{\"name\":\"pod-%u\",\"namespace\":\"ns-%u\","
                        "\"uid\":\"00000000-0000-0000-0000-%012x\","
                        "\"annotations\":{\"jettison.io/utility\":\"%u\",\"filler\":\"%01000u\"}},"
                        "\"spec\":{\"priority\":0,\"containers\":[{\"name\":\"main\"}]},"
                        "\"status\":{\"phase\":\"Running\",\"qosClass\":\"Burstable\",\"containerStatuses\":["
                        "{\"name\":\"main\",\"containerID\":\"containerd://%064x\","
                        "\"state\":{\"running\":{}}}]}}",
                        i > first ? "," : "", i, i % 100, i, i % 1000, 0, i);
        fprintf(f, "]}\n");
        fclose(f);
        return answer_text(c, MHD_HTTP_OK, text, len);
}

static bool is_page(struct MHD_Connection *c, const char *token)
{
        const char *from = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "continue");

        return strcmp(from ? from : "-", token) == 0;
}

/* ---- requests ---- */

static unsigned status_of(const char *step, struct MHD_Connection *c)
{
        char token[LINE_SIZE];
        unsigned status;

        if (sscanf(step, "status %u", &status) == 1)
                return status;
        if (sscanf(step, "page %*s %255s", token) == 1 && !is_page(c, token))
                return MHD_HTTP_GONE;
        return MHD_HTTP_OK;
}

static enum MHD_Result follow(struct MHD_Connection *c, const char *step, unsigned status)
{
        char name[LINE_SIZE - 8] = "";
        unsigned long n = 0;
        char verb[16] = "";
        size_t len;
        char *text;

        sscanf(step, "%15s %247s %lu", verb, name, &n);
        if (status != MHD_HTTP_OK)
                return answer_status(c, status, (unsigned)n);
        if (strcmp(verb, "many") == 0)
                return answer_many(c, (unsigned)atoi(name));
        if (strcmp(verb, "stream") == 0)
                return answer_stream(c, name, (struct stream){ .left = SIZE_MAX });
        if (strcmp(verb, "cut") == 0)
                return answer_stream(c, name, (struct stream){ .left = n });
        if (strcmp(verb, "trickle") == 0)
                return answer_stream(c, name, (struct stream){ .left = SIZE_MAX, .piece = n });
        if (strcmp(verb, "long") == 0)
                return answer_stream(c, name, (struct stream){ .left = SIZE_MAX, .filler = n });
        text = read_file(name, &len);
        return text ? answer_text(c, status, text, len) : answer_status(c, MHD_HTTP_NOT_FOUND, 0);
}

static bool is_allowed(struct MHD_Connection *c)
{
        const char *header = MHD_lookup_connection_value(c, MHD_HEADER_KIND, "Authorization");
        char *token = read_file("token", NULL);
        bool allowed = false;

        if (token && header && strncmp(header, "Bearer ", 7) == 0) {
                token[strcspn(token, "\n")] = '\0';
                allowed = strcmp(header + 7, token) == 0;
        }
        free(token);
        return allowed;
}

/* The lines of 'bodies' are for jq. */
static void keep_body(struct request *r)
{
        for (size_t i = 0; i < r->len; i++)
                if (r->body[i] == '\n')
                        r->body[i] = ' ';
        if (r->body) {
                append("bodies", r->body);
                append("bodies", "\n");
        }
}

static enum MHD_Result on_request(void *closure, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *data, size_t *size,
                                  void **state)
{
        struct request *r = *state;
        char step[LINE_SIZE];
        unsigned status;

        (void)closure;
        (void)version;
        if (!r) {
                *state = calloc(1, sizeof(struct request));
                return *state ? MHD_YES : MHD_NO;
        }
        if (*size > 0) {
                char *longer = realloc(r->body, r->len + *size + 1);

                if (!longer)
                        return MHD_NO;
                memcpy(longer + r->len, data, *size);
                r->body = longer;
                r->len += *size;
                r->body[r->len] = '\0';
                *size = 0;
                return MHD_YES;
        }
        pthread_mutex_lock(&lock);
        if (is_allowed(c)) {
                bool watch = MHD_lookup_connection_value(c, MHD_GET_ARGUMENT_KIND, "watch") != NULL;

                next_step(strcmp(method, "GET") != 0 ? "event" : watch ? "watch" : "list", step);
        } else {
                snprintf(step, sizeof(step), "status 401");
        }
        status = status_of(step, c);
        note_request(status, method, url, c);
        keep_body(r);
        pthread_mutex_unlock(&lock);
        while (strcmp(step, "silent") == 0 && !ending)
                usleep(STEP_US);
        return follow(c, step, status);
}

static void on_completed(void *closure, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode code)
{
        struct request *r = *state;

        (void)closure;
        (void)c;
        (void)code;
        if (r)
                free(r->body);
        free(r);
        *state = NULL;
}

static void on_error(void *closure, const char *format, va_list args)
{
        (void)closure;
        (void)format;   /* callers that hang up are what is tested here */
        (void)args;
}

int main(int argc, char **argv)
{
        static const struct option options[] = {
                { "dir", required_argument, NULL, 'd' },
                { "key", required_argument, NULL, 'k' },
                { "cert", required_argument, NULL, 'c' },
                { "port", required_argument, NULL, 'p' },
                { 0 },
        };
        struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
        const union MHD_DaemonInfo *info;
        struct MHD_Daemon *daemon;
        char *key = NULL, *cert = NULL, port[16], byte;
        int option;

        while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
                if (option == 'd' && dir_fd < 0)
                        dir_fd = open(optarg, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                else if (option == 'k')
                        key = read_file(optarg, NULL);
                else if (option == 'c')
                        cert = read_file(optarg, NULL);
                else if (option == 'p')
                        address.sin_port = htons((uint16_t)atoi(optarg));
                else
                        return 2;
        }
        if (dir_fd < 0 || !key || !cert) {
                fprintf(stderr, "usage: apiserver --dir DIR --key FILE --cert FILE [--port PORT]\n");
                return 2;
        }
        daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD |
                                          MHD_USE_TLS | MHD_USE_ERROR_LOG,
                                  0, NULL, NULL, on_request, NULL, MHD_OPTION_EXTERNAL_LOGGER, on_error, NULL,
                                  MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_HTTPS_MEM_KEY, key,
                                  MHD_OPTION_HTTPS_MEM_CERT, cert, MHD_OPTION_NOTIFY_COMPLETED, on_completed,
                                  NULL, MHD_OPTION_END);
        if (!daemon || !(info = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT))) {
                fprintf(stderr, "apiserver: cannot start\n");
                return 1;
        }
        snprintf(port, sizeof(port), "%u\n", info->port);
        append("port", port);
        do
                poll(&in, 1, -1);
        while (read(STDIN_FILENO, &byte, 1) > 0);
        ending = true;
        MHD_stop_daemon(daemon);
        free(key);
        free(cert);
        close(dir_fd);
        return 0;
}
