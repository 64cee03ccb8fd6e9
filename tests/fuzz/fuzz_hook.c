/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The OCI state and what is taken from it: what is refused leaves the results as they were and says why in
 * printable bytes; what is accepted is a claim that a ceiling can only lower, and that no second look lowers
 * further. The same bytes as /proc/PID/cgroup give a path of which the container's part is a beginning. */
#include <errno.h>

#include "base/base.h"
#include "fuzz.h"
#include "hooks/ceiling.h"
#include "hooks/claim.h"
#include "hooks/place.h"
#include "hooks/state.h"

static void expect_printable(const char *text)
{
        EXPECT(*text != '\0');
        for (; *text != '\0'; text++)
                EXPECT(*text >= 0x20 && *text < 0x7f);
}

static void try_claim(const struct state *s)
{
        static char batch[] = "/batch-*", image[] = "/**/untrusted/*";
        struct ceiling list[] = {
                { .namespace = batch, .utility = { .value = 200, .tier = 3 } },
                { .image = image, .utility = { .value = 50 } },
        };
        const struct ceilings c = { .list = list, .n = ARRAY_SIZE(list), .otherwise = { .value = 500 } };
        struct config_error e = { 0 };
        struct claim claim;
        int r = claim_read(s->annotations, &claim, &e);

        EXPECT(r == CLAIM_NONE || r == CLAIM_FOUND || r == -EINVAL);
        if (r == -EINVAL)
                expect_printable(e.text);
        if (r != CLAIM_FOUND)
                return;
        ceilings_lower(&c, &claim);
        EXPECT(!claim.utility.protect && claim.utility.tier <= 3 && claim.utility.value <= UTILITY_MAX);
        EXPECT(!ceilings_lower(&c, &claim));
}

static void try_place(const char *text, const char *id)
{
        CLEANUP(free_p) char *path = NULL;
        size_t len;

        if (place_parse(text, &path) < 0) {
                EXPECT(!path);
                return;
        }
        EXPECT(path[0] == '/' && !strchr(path, '\n'));
        len = place_container(path, id);
        EXPECT(len <= strlen(path) && (len == 0 || path[len] == '/' || path[len] == '\0'));
        if (len > 0) {
                path[len] = '\0';
                EXPECT(strstr(path, id) && place_container(path, id) == len);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP(free_p) char *text = fuzz_text(data, size);
        struct config_error e = { 0 };
        struct state s, before;

        try_place(text, "c1");
        memset(&s, 0x5a, sizeof(s));
        before = s;
        if (state_parse(text, size, &s, &e) < 0) {
                expect_printable(e.text);
                EXPECT(memcmp(&s, &before, sizeof(s)) == 0);
                return 0;
        }
        EXPECT(s.id[0] != '\0' && !strchr(s.id, '/') && s.pid >= 0);
        if (s.annotations)
                try_claim(&s);
        state_fini(&s);
        return 0;
}
