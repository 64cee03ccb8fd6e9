/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A request on the control socket: there is a complaint, or there are a verb, a path and a need that, written
 * as a request, read the same. */
#include <jansson.h>

#include "base/base.h"
#include "fuzz.h"
#include "serve/request.h"

static char *write_request(const struct control_request *q)
{
        json_t *root = json_pack("{s:s}", "verb", q->verb);
        char *line;

        EXPECT(root);
        if (q->domain[0] != '\0')
                EXPECT(json_object_set_new(root, "domain", json_string(q->domain)) == 0);
        if (q->has_need)
                EXPECT(json_object_set_new(root, "need", json_integer((json_int_t)q->need)) == 0);
        line = json_dumps(root, JSON_COMPACT);
        json_decref(root);
        EXPECT(line);
        return line;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct control_request request, again;
        CLEANUP(free_p) char *line = NULL;
        const char *complaint = request_parse((const char *)data, size, &request);

        if (complaint) {
                EXPECT(*complaint != '\0');
                return 0;
        }
        EXPECT(memchr(request.verb, '\0', sizeof(request.verb)) && request.verb[0] != '\0');
        EXPECT(memchr(request.domain, '\0', sizeof(request.domain)));
        EXPECT(request.domain[0] == '\0' || request.domain[0] == '/');
        EXPECT(request.need <= INT64_MAX && (request.has_need || request.need == 0));
        line = write_request(&request);
        EXPECT(!request_parse(line, strlen(line), &again));
        EXPECT(memcmp(&request, &again, sizeof(request)) == 0);
        return 0;
}
