/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Families and their pauses. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "act/backoff.h"
#include "base/base.h"

#define HEX   "0123456789abcdef"
#define ID    HEX HEX HEX HEX
#define OTHER "fedcba9876543210" HEX HEX HEX
#define PODS  "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"
#define POD   PODS "9f1c6a52_7e0b_4d2c_8a11_0c5d3b7e9f42.slice/cri-containerd-"
#define POD2  PODS "11112222_3b3b_4c4c_8a8a_0c5d3b7e9f43.slice/cri-containerd-"

#define FIRST (10 * USEC_PER_SEC)

/* What the header promises: ids change from one start to the next, names do not. */
static const struct {
        const char *label, *a, *b;
        bool family;
} pairs[] = {
        { "the same", "/system.slice/web.service", "/system.slice/web.service", true },
        { "docker, systemd", "/system.slice/docker-" ID ".scope", "/system.slice/docker-" OTHER ".scope",
          false },
        { "two users", "/user.slice/user-1000.slice/a.scope", "/user.slice/user-1001.slice/a.scope", false },
        { "docker, cgroupfs", "/docker/" ID, "/docker/" OTHER, false },
        { "podman", "/machine.slice/libpod-" ID ".scope", "/machine.slice/libpod-" OTHER ".scope", false },
        { "a container started again in its pod", POD ID ".scope", POD OTHER ".scope", true },
        { "containers of two pods", POD ID ".scope", POD2 OTHER ".scope", false },
        { "transient units", "/system.slice/run-12345.scope", "/system.slice/run-67890.scope", true },
        { "runs of different lengths", "/app-1234.scope", "/app-1234567.scope", true },
        { "sessions of one program", "/app-gnome-firefox-2345.scope", "/app-gnome-firefox-99999.scope",
          true },

        { "two services", "/system.slice/web.service", "/system.slice/batch.service", false },
        { "two of a row", "/system.slice/web-1.service", "/system.slice/web-2.service", false },
        { "a hundred of a row", "/web-100", "/web-101", false },
        { "another parent", "/a/docker-" ID ".scope", "/b/docker-" ID ".scope", false },
        { "another runtime", "/x/docker-" ID ".scope", "/x/libpod-" ID ".scope", false },
        { "words that are hexadecimal", "/feedface", "/deadbeef", false },
        { "and short ones", "/cafe", "/beef", false },
        { "hexadecimal too short to be an id", "/a1b2c3", "/a1b2c4", false },
        { "one inside the other", "/docker/" ID, "/docker/" ID "/inner", false },
        { "the root and nothing", "/", "", false },
};

Test(backoff, families)
{
        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
                struct backoff b = { 0 };

                cr_expect_eq(backoff_note(&b, pairs[i].a, 1000, FIRST), 1, "%s", pairs[i].label);
                cr_expect_eq(backoff_note(&b, pairs[i].b, 2000, FIRST), pairs[i].family ? 2 : 1, "%s",
                             pairs[i].label);
                cr_expect_eq(backoff_until(&b, pairs[i].a) > 0, pairs[i].family, "%s", pairs[i].label);
        }
}

Test(backoff, doubles_up_to_64_times)
{
        struct backoff b = { 0 };
        uint64_t now_us = 1000, pause_us = FIRST;

        cr_expect_eq(backoff_until(&b, "/a"), 0, "never shed");
        cr_expect_eq(backoff_note(&b, "/a", now_us, FIRST), 1);
        cr_expect_eq(backoff_until(&b, "/a"), 0, "once is no row");
        for (uint32_t sheds = 2; sheds < 12; sheds++) {
                now_us += 1000;
                cr_expect_eq(backoff_note(&b, "/a", now_us, FIRST), sheds);
                cr_expect_eq(backoff_until(&b, "/a"), now_us + pause_us, "shed %u", sheds);
                pause_us = u64_min(2 * pause_us, 64 * FIRST);
        }
        cr_expect_eq(pause_us, 64 * FIRST);
}

Test(backoff, a_row_ends_after_twice_its_pause)
{
        struct backoff b = { 0 };

        backoff_note(&b, "/a", 0, FIRST);
        cr_expect_eq(backoff_note(&b, "/a", 2 * FIRST, FIRST), 2, "at the last moment");
        cr_expect_eq(backoff_note(&b, "/a", 4 * FIRST, FIRST), 3);
        cr_expect_eq(backoff_note(&b, "/a", 4 * FIRST + 4 * FIRST + 1, FIRST), 1,
                     "quiet for longer than that");
        cr_expect_eq(backoff_until(&b, "/a"), 0);
}

Test(backoff, others_are_not_touched)
{
        struct backoff b = { 0 };

        backoff_note(&b, "/a", 0, FIRST);
        backoff_note(&b, "/a", 1, FIRST);
        backoff_note(&b, "/b", 2, FIRST);
        cr_expect_eq(backoff_until(&b, "/a"), 1 + FIRST);
        cr_expect_eq(backoff_until(&b, "/b"), 0);
}

Test(backoff, the_quietest_makes_room)
{
        struct backoff b = { 0 };
        char path[64];

        for (int i = 0; i < BACKOFF_FAMILIES; i++) {
                snprintf(path, sizeof(path), "/f%d", i);
                backoff_note(&b, path, 100 + (uint64_t)i, FIRST);
        }
        cr_expect_eq(backoff_note(&b, "/f0", 200, FIRST), 2, "all are there: /f1 is the quietest now");
        cr_expect_eq(backoff_note(&b, "/new", 201, FIRST), 1);
        cr_expect_eq(backoff_note(&b, "/f63", 202, FIRST), 2);
        cr_expect_eq(backoff_note(&b, "/f0", 203, FIRST), 3);
        cr_expect_eq(backoff_note(&b, "/f1", 204, FIRST), 1, "it was forgotten");
        cr_expect_eq(backoff_note(&b, "/f3", 205, FIRST), 2, "and took the place of /f2, not of this one");
        cr_expect_eq(backoff_note(&b, "/f2", 206, FIRST), 1);
}

Test(backoff, switched_off)
{
        struct backoff b = { 0 };

        cr_expect_eq(backoff_note(&b, "/a", 10, 0), 1);
        cr_expect_eq(backoff_note(&b, "/a", 11, 0), 1);
        cr_expect_eq(backoff_until(&b, "/a"), 0);
}

Test(backoff, a_shorter_pause_takes_effect)
{
        struct backoff b = { 0 };

        for (uint64_t i = 0; i < 9; i++)
                backoff_note(&b, "/a", i, FIRST);
        backoff_note(&b, "/a", 10, 1000);
        cr_expect_eq(backoff_until(&b, "/a"), 10 + 64 * 1000, "the configuration was changed");
}
