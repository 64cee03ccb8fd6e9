/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs what registered itself, each test in a child; see criterion/criterion.h. */
#include "criterion/criterion.h"

#include <sys/wait.h>
#include <unistd.h>

#define TIMEOUT_DEFAULT 120

static struct tsan_test *tests;

void tsan_register(struct tsan_test *test)
{
        test->next = tests;
        tests = test;
}

/* 1 passed, 0 failed, -1 skipped. */
static int run(const struct tsan_test *test)
{
        int status;
        pid_t child = fork();

        if (child == 0) {
                alarm(test->timeout > 0 ? (unsigned)test->timeout * 4 : TIMEOUT_DEFAULT);
                if (test->init)
                        test->init();
                test->run();
                if (test->fini)
                        test->fini();
                exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
                return 0;
        if (WIFEXITED(status) && WEXITSTATUS(status) == TSAN_SKIPPED)
                return -1;
        if (test->signal)
                return WIFSIGNALED(status) && WTERMSIG(status) == test->signal;
        return WIFEXITED(status) && WEXITSTATUS(status) == test->exit_code;
}

int main(void)
{
        int tested = 0, passed = 0;

        for (const struct tsan_test *test = tests; test; test = test->next) {
                int result = run(test);

                tested += result >= 0;
                passed += result > 0;
                if (result == 0)
                        fprintf(stderr, "[FAIL] %s::%s\n", test->suite, test->name);
        }
        fprintf(stderr, "[====] Synthesis: Tested: %d | Passing: %d | Failing: %d | Crashing: 0\n", tested,
                passed, tested - passed);
        return passed == tested && tested > 0 ? 0 : 1;
}
