/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Hostile bytes for a configuration: too deep, too long, cut short, not text at all. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "config_fixture.h"
#include "serve/config_private.h"

TestSuite(config_bytes, .init = fixture_make, .fini = fixture_remove);

Test(config_bytes, hostile_bytes)
{
#define BYTES(s) s, sizeof(s) - 1
        static const struct {
                const char *label, *bytes;
                size_t len;
        } rows[] = {
                { "NUL alone", BYTES("\0") },
                { "NUL behind", BYTES("{}\0") },
                { "NUL in a text", BYTES("{\"feed\":\"au\0to\"}") },
                { "NUL between", BYTES("{\"feed\":\0\"auto\"}") },
                { "escaped NUL in a value", BYTES("{\"feed\":\"auto\\u0000\"}") },
                { "escaped NUL in a key", BYTES("{\"feed\\u0000\":\"auto\"}") },
                { "not UTF-8", BYTES("{\"control\":{\"group\":\"\xff\"}}") },
                { "UTF-8 cut short", BYTES("{\"control\":{\"group\":\"\xc3\"}}") },
                { "UTF-8, too long a form", BYTES("{\"control\":{\"group\":\"\xc0\x80\"}}") },
                { "half a surrogate", BYTES("{\"control\":{\"group\":\"\\ud800\"}}") },
                { "byte order mark", BYTES("\xef\xbb\xbf{}") },
                { "UTF-16", BYTES("\xff\xfe{\0}\0") },
                { "raw newline in a text", BYTES("{\"feed\":\"au\nto\"}") },
                { "open text", BYTES("{\"feed\":\"auto") },
                { "open escape", BYTES("{\"feed\":\"auto\\") },
                { "brackets that do not pair", BYTES("{\"rules\":[}]") },
                { "only closing", BYTES("]]]]]]}}}}}}") },
                { "only commas", BYTES(",,,,,,,,") },
                { "quote alone", BYTES("\"") },
        };

        for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
                struct config_error error;

                load_bad(rows[i].label, rows[i].bytes, rows[i].len, &error);
        }
}

Test(config_bytes, depth)
{
        CLEANUP(free_p) char *text = malloc(CONFIG_SIZE_MAX);
        struct config_error error;
        size_t len = CONFIG_SIZE_MAX;

        cr_assert(text);
        memset(text, '[', len);
        load_bad("a mebibyte of brackets", text, len, &error);
        cr_expect(strstr(error.text, "expected at most 16 levels of brackets"), "%s", error.text);

        /* One level is the outer object's. */
        for (size_t levels = 14; levels <= 17; levels++) {
                len = (size_t)sprintf(text, "{\"feed\":\n");
                memset(text + len, '[', levels - 1);
                memset(text + len + levels - 1, ']', levels - 1);
                len += 2 * (levels - 1);
                text[len++] = '}';
                load_bad("levels", text, len, &error);
                cr_expect(!strstr(error.text, "levels of brackets") == (levels <= 16), "%zu: %s", levels,
                          error.text);
                cr_expect(strstr(error.text, levels <= 16 ? ":1: feed:" : ":2: expected"), "%zu: %s", levels,
                          error.text);
        }
        len = (size_t)sprintf(text, "{\"rules\":[{\"match\":\"/[[[[[[[[[[[[[[[[[[[[[[{{{{{{{{{{{{]\"}]}");
        {
                struct config c;

                cr_assert(load_bytes(text, len, &c, &error) == 0, "brackets in a text are no levels: %s",
                          error.text);
                config_fini(&c);
        }
}

Test(config_bytes, size)
{
        CLEANUP(free_p) char *text = malloc(CONFIG_SIZE_MAX + 1);
        struct config_error error;
        struct config c;

        cr_assert(text);
        memset(text, ' ', CONFIG_SIZE_MAX + 1);
        memcpy(text, "{}", 2);
        cr_assert(load_bytes(text, CONFIG_SIZE_MAX, &c, &error) == 0, "1 MiB: %s", error.text);
        config_fini(&c);
        load_bad("a byte more", text, CONFIG_SIZE_MAX + 1, &error);
        cr_expect(strstr(error.text, "expected at most 1 MiB"), "%s", error.text);
}

/* The n-th value of a long list, and one too many. */
Test(config_bytes, long_lists)
{
        CLEANUP(free_p) char *text = malloc(CONFIG_SIZE_MAX);
        struct config_error error;
        struct config c;
        size_t len = 0;

        cr_assert(text);
        len += (size_t)sprintf(text, "{\"rules\":[");
        for (size_t i = 0; i < 1000; i++)
                len += (size_t)sprintf(text + len, "%s\n{\"match\":\"/%zu\"}", i > 0 ? "," : "", i);
        strcpy(text + len, "]}");
        cr_assert(load_text(text, &c, &error) == 0, "1000 rules: %s", error.text);
        cr_expect(c.sense.n_rules == 1000 && strcmp(c.sense.rules[999].match, "/999") == 0);
        config_fini(&c);

        strcpy(text + len, ",{\"match\":\"/x\"}]}");
        load_bad("1001 rules", text, strlen(text), &error);
        cr_expect(strstr(error.text, ":1: rules: expected at most 1000 rules, found 1001"), "%s", error.text);

        memcpy(strstr(text, "\"/998\""), "998   ", 6);
        strcpy(text + len, "]}");
        load_bad("rule 998", text, strlen(text), &error);
        cr_expect(strstr(error.text, ":1000: rules[998].match: expected"), "%s", error.text);
}

/* A key of any length is refused, and the message still ends. */
Test(config_bytes, long_names)
{
        CLEANUP(free_p) char *text = malloc(200000);
        struct config_error error;

        cr_assert(text);
        strcpy(text, "{\"trigger\":{\"");
        memset(text + strlen(text), 'a', 100000);
        strcpy(text + 100013, "\":{\"available\":5}}}");
        load_bad("long key", text, strlen(text), &error);
        cr_expect(strstr(error.text, "unknown key"), "%s", error.text);

        strcpy(text, "{\"control\":{\"path\":\"/");
        memset(text + strlen(text), 'a', 100000);
        strcpy(text + 100021, "\"}}");
        load_bad("long path", text, strlen(text), &error);
        cr_expect(strstr(error.text, "at most 107 bytes"), "%s", error.text);
}

/* A file that was cut off while it was written says nothing at all. */
Test(config_bytes, cut_at_every_byte)
{
        CLEANUP(free_p) char *text = all_other_text();
        size_t len = strlen(text);
        struct config_error error;

        cr_assert(text[len - 1] == '\n' && text[len - 2] == '}');
        for (size_t n = 0; n < len - 1; n++) {
                char label[32];

                snprintf(label, sizeof(label), "cut at %zu", n);
                load_bad(label, text, n, &error);
        }
}

/* One byte changed: refused, or something that was meant and survives a dump. Where JETTISON_TEST_ROUNDS asks for
 * fewer rounds, as under a sanitizer, every seventh. */
Test(config_bytes, one_wrong_byte, .timeout = 120)
{
        static const char bytes[] = "\0\"{}[],:0a\\ \xff";
        CLEANUP(free_p) char *text = all_other_text();
        size_t len = strlen(text), accepted = 0, refused = 0, step = getenv("JETTISON_TEST_ROUNDS") ? 7 : 1;

        for (size_t at = 0; at < len; at += step)
                for (size_t i = 0; i < sizeof(bytes) - 1; i++) {
                        char was = text[at];
                        struct config_error error;
                        struct config c;

                        text[at] = bytes[i];
                        if (load_bytes(text, len, &c, &error) < 0) {
                                cr_assert(error.text[0] != '\0', "byte %zu", at);
                                refused++;
                        } else {
                                accepted++;
                                expect_dump_loads_again("changed byte", &c);
                                config_fini(&c);
                        }
                        text[at] = was;
                }
        cr_assert(accepted > 100 / step && refused > 10000 / step, "%zu accepted, %zu refused", accepted, refused);
}
