/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's answer, read: whole, cut, wrong, from another version; and a daemon that does not answer. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/base.h"
#include "base/loop.h"
#include "export/metrics.h"
#include "export/peer.h"
#include "journal_fixture.h"

static const char answer[] =
        "{\"ok\":true,\"version\":\"0.1.0\",\"pid\":42,\"uptime_usec\":7200000000,\"feed\":\"files\",\"dry_"
        "run\":true,"
        "\"pressure\":true,\"rounds\":3,\"victims\":4,\"wakeups\":5,\"journal_dropped\":6,\"bad_labels\":7,"
        "\"candidates\":8,\"new\":{\"member\":[]},\"degraded\":[\"a\",\"b\"],\"domains\":["
        "{\"path\":\"/\",\"level\":\"armed\",\"state\":\"watching\",\"memory_total\":8589934592,"
        "\"memory_available\":2147483648,\"swap_total\":0,\"swap_free\":0,\"stall\":12.34,"
        "\"act_available\":858993459,\"target_available\":1288490188},"
        "{\"path\":\"/"
        "m\\\"\\\\\\u00ff\\n.slice\",\"level\":\"new\",\"state\":7,\"memory_total\":-1,\"stall\":-3}]}";

Test(status, is_read)
{
        struct status s;

        cr_assert_eq(status_read(answer, strlen(answer), &s), 0);
        cr_expect_str_eq(s.version, "0.1.0");
        cr_expect(s.dry_run && s.pressure && !s.has_module && s.n_degraded == 2 && s.n_domains == 2);
        cr_expect(s.wakeups == 5 && s.journal_dropped == 6 && s.bad_labels == 7 && s.candidates == 8);
        cr_expect_eq(s.uptime_us, 7200000000);
        cr_expect_eq(s.domains[0].memory_available, 2147483648);
        cr_expect_eq(s.domains[0].stall_permyriad, 1234);
        cr_expect(s.domains[0].level == STATUS_ARMED && s.domains[0].state == STATUS_WATCHING);
        cr_expect(s.domains[1].level == STATUS_LEVEL_N && s.domains[1].state == STATUS_STATE_N);
        cr_expect(s.domains[1].memory_total == 0 && s.domains[1].stall_permyriad == 0);
        status_fini(&s);
}

Test(status, is_no_status)
{
        struct status s;

        for (size_t len = 0; len < strlen(answer); len++)
                cr_assert_eq(status_read(answer, len, &s), -EBADMSG);
        cr_expect_eq(status_read("{\"ok\":false,\"error\":\"no\"}", 25, &s), -EACCES);
        cr_expect_eq(status_read("[]", 2, &s), -EBADMSG);
        cr_expect_eq(status_read("{}", 2, &s), -EBADMSG);
        cr_assert_eq(status_read("{\"ok\":true}", 11, &s), 0);
        cr_expect(s.n_domains == 0 && s.version[0] == '\0');
        status_fini(&s);
}

Test(status, more_domains_than_places)
{
        CLEANUP(free_p) char *text = malloc(64 * 1024);
        struct status s;
        size_t n = (size_t)sprintf(text, "{\"ok\":true,\"domains\":[{\"path\":\"/0\"}");

        for (int i = 1; i < 100; i++)
                n += (size_t)sprintf(text + n, ",{\"path\":\"/%d\"}", i);
        n += (size_t)sprintf(text + n, "]}");
        cr_assert_eq(status_read(text, n, &s), 0);
        cr_expect_eq(s.n_domains, STATUS_DOMAINS_MAX);
        cr_expect_str_eq(s.domains[STATUS_DOMAINS_MAX - 1].path, "/31");
        status_fini(&s);
}

/* A name in a path cannot make a sample of its own. */
Test(status, metrics_of_hostile_names)
{
        struct peer p = { 0 };
        struct tally t = { 0 };
        struct tail journal = TAIL_INIT;
        const struct sources sources = { &p, &t, &journal, -ENOENT };
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);

        cr_assert_eq(status_read(answer, strlen(answer), &p.status), 0);
        metrics_write(&sources, out);
        fclose(out);
        cr_expect(strstr(text, "\njettison_up 1\n") && strstr(text, "\njettison_journal_readable 0\n"));
        cr_expect(strstr(text, "jettison_memory_total_bytes{domain=\"/m\\\"\\\\\xc3\xbf\\n.slice\"} 0\n"));
        cr_expect(strstr(text, "jettison_level{domain=\"/\",level=\"armed\"} 1\n"));
        cr_expect(strstr(text, "jettison_stall_ratio{domain=\"/\"} 0.1234\n"));
        cr_expect(!strstr(text, "jettison_module_"));
        for (const char *line = text; *line; line = strchr(line, '\n') + 1)
                cr_expect(strncmp(line, "jettison_", 9) == 0 || line[0] == '#');
        free(text);
        peer_fini(&p);
}

/* Pods come and go, and each name would stay with whoever stores the samples. */
Test(status, domains_of_pods_are_counted_and_not_named)
{
        static const char pods[] =
                "{\"ok\":true,\"domains\":[{\"path\":\"/\",\"level\":\"calm\",\"state\":\"watching\"},"
                "{\"path\":\"/kubepods.slice\",\"level\":\"armed\",\"state\":\"watching\"},"
                "{\"path\":\"/kubepods.slice/"
                "kubepods-pod01234567_89ab_cdef_0123_456789abcdef.slice\",\"level\":\"short\","
                "\"state\":\"acting\"},{\"path\":\"/system.slice/"
                "docker-0123456789abcdef0123456789abcdef0123456789abcdef"
                "0123456789abcdef.scope/inner\",\"level\":\"short\",\"state\":\"watching\"},"
                "{\"path\":\"/old\",\"level\":\"short\",\"state\":\"gone\"}]}";
        struct peer p = { 0 };
        struct tally t = { 0 };
        struct tail journal = TAIL_INIT;
        const struct sources sources = { &p, &t, &journal, 0 };
        char *text = NULL;
        size_t len = 0;
        FILE *out = open_memstream(&text, &len);

        cr_assert_eq(status_read(pods, strlen(pods), &p.status), 0);
        metrics_write(&sources, out);
        fclose(out);
        cr_expect(strstr(text, "{domain=\"/kubepods.slice\"}") && strstr(text, "{domain=\"/\"}"));
        cr_expect(!strstr(text, "01234567") && !strstr(text, "docker-"));
        cr_expect(strstr(text, "jettison_domains{level=\"short\"} 2\n"), "who is gone is not counted");
        free(text);
        peer_fini(&p);
}

static int listen_there(const char *path)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        strcpy(address.sun_path, path);
        cr_assert(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                  listen(fd, 1) == 0);
        return fd;
}

Test(peer, nobody_answers, .timeout = 20)
{
        struct folder folder = folder_make();
        char path[128];
        struct peer p = { .socket = path, .wait_us = 300 * USEC_PER_MSEC };
        uint64_t begun_us;
        int fd;

        snprintf(path, sizeof(path), "%s", folder_file(&folder, "s"));
        cr_expect_eq(peer_ask(&p), -ENOENT);
        fd = listen_there(path);
        cr_expect_eq(peer_ask(&p), -ENOENT, "what was found is good for a second");
        p.asked_us = 0;
        begun_us = loop_now_us();
        cr_expect_eq(peer_ask(&p), -ETIMEDOUT);
        cr_expect_lt(loop_now_us() - begun_us, 2 * USEC_PER_SEC);
        for (int i = 0; i < 10; i++)
                cr_expect_eq(peer_ask(&p), -ETIMEDOUT);
        cr_expect_lt(loop_now_us() - begun_us, 2 * USEC_PER_SEC, "ten more have waited no more");
        cr_expect(!p.answered && p.silent_us > 0 && p.silent_us <= begun_us, "since the first question");
        close(fd);
        p.asked_us = 0;
        cr_expect_eq(peer_ask(&p), -ECONNREFUSED);
        peer_fini(&p);
        folder_remove(&folder);
}
