/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Criterion's words for a build under ThreadSanitizer, which has the addresses that Criterion 2.4 wants for
 * its arena; so Criterion aborts there before the first test. The same test files are compiled against this
 * header instead: each test in a process of its own, an assertion that fails ends it, and a closing line
 * like Criterion's. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TSAN_SKIPPED 77         /* exit code */

struct tsan_test {
        const char *suite, *name;
        void (*run)(void);
        void (*init)(void), (*fini)(void);
        double timeout;         /* seconds; 0: the default of main.c */
        const char *description;
        int signal, exit_code;
        struct tsan_test *next;
};

void tsan_register(struct tsan_test *test);

#define Test(Suite, Name, ...)                                                                               \
        static void Suite##_##Name##_run(void);                                                              \
        static struct tsan_test Suite##_##Name = { .suite = #Suite, .name = #Name,                           \
                                                   .run = Suite##_##Name##_run, ##__VA_ARGS__ };             \
        __attribute__((constructor)) static void Suite##_##Name##_add(void)                                  \
        {                                                                                                    \
                tsan_register(&Suite##_##Name);                                                              \
        }                                                                                                    \
        static void Suite##_##Name##_run(void)

#define TestSuite(...) struct tsan_test /* limits for a whole suite: the default of main.c is enough */

#define TSAN_CHECK(holds, text, ...)                                                                         \
        do {                                                                                                 \
                if (!(holds)) {                                                                              \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, text);                            \
                        fprintf(stderr, " " __VA_ARGS__);                                                    \
                        _Exit(1);                                                                            \
                }                                                                                            \
        } while (0)

#define cr_assert(Condition, ...) TSAN_CHECK(Condition, #Condition, ##__VA_ARGS__)
#define cr_expect(Condition, ...) TSAN_CHECK(Condition, #Condition, ##__VA_ARGS__)
#define cr_assert_not(Condition, ...) TSAN_CHECK(!(Condition), "not " #Condition, ##__VA_ARGS__)
#define cr_expect_not(Condition, ...) TSAN_CHECK(!(Condition), "not " #Condition, ##__VA_ARGS__)
#define cr_assert_null(A, ...) TSAN_CHECK(!(A), #A " is null", ##__VA_ARGS__)
#define cr_expect_null(A, ...) TSAN_CHECK(!(A), #A " is null", ##__VA_ARGS__)
#define cr_assert_not_null(A, ...) TSAN_CHECK(A, #A " is not null", ##__VA_ARGS__)
#define cr_expect_not_null(A, ...) TSAN_CHECK(A, #A " is not null", ##__VA_ARGS__)
#define cr_assert_eq(A, B, ...) TSAN_CHECK((A) == (B), #A " == " #B, ##__VA_ARGS__)
#define cr_expect_eq(A, B, ...) TSAN_CHECK((A) == (B), #A " == " #B, ##__VA_ARGS__)
#define cr_assert_neq(A, B, ...) TSAN_CHECK((A) != (B), #A " != " #B, ##__VA_ARGS__)
#define cr_expect_neq(A, B, ...) TSAN_CHECK((A) != (B), #A " != " #B, ##__VA_ARGS__)
#define cr_assert_gt(A, B, ...) TSAN_CHECK((A) > (B), #A " > " #B, ##__VA_ARGS__)
#define cr_expect_gt(A, B, ...) TSAN_CHECK((A) > (B), #A " > " #B, ##__VA_ARGS__)
#define cr_assert_geq(A, B, ...) TSAN_CHECK((A) >= (B), #A " >= " #B, ##__VA_ARGS__)
#define cr_expect_geq(A, B, ...) TSAN_CHECK((A) >= (B), #A " >= " #B, ##__VA_ARGS__)
#define cr_assert_lt(A, B, ...) TSAN_CHECK((A) < (B), #A " < " #B, ##__VA_ARGS__)
#define cr_expect_lt(A, B, ...) TSAN_CHECK((A) < (B), #A " < " #B, ##__VA_ARGS__)
#define cr_assert_leq(A, B, ...) TSAN_CHECK((A) <= (B), #A " <= " #B, ##__VA_ARGS__)
#define cr_expect_leq(A, B, ...) TSAN_CHECK((A) <= (B), #A " <= " #B, ##__VA_ARGS__)
#define cr_assert_str_eq(A, B, ...) TSAN_CHECK(strcmp(A, B) == 0, #A " equals " #B, ##__VA_ARGS__)
#define cr_expect_str_eq(A, B, ...) TSAN_CHECK(strcmp(A, B) == 0, #A " equals " #B, ##__VA_ARGS__)
#define cr_assert_fail(...) TSAN_CHECK(0, "failed", ##__VA_ARGS__)
#define cr_log_info(...) ((void)0)
#define cr_log_warn(...) ((void)0)
#define cr_skip_test(...) (fprintf(stderr, "[SKIP] %s: ", __func__), fprintf(stderr, __VA_ARGS__), \
                           fputc('\n', stderr), _Exit(TSAN_SKIPPED))
#define cr_skip cr_skip_test
