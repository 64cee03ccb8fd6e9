/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Labels: read from real extended attributes, believed by rule, scaled inside a delegated subtree. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "base/base.h"
#include "sense/label.h"
#include "tree.h"

#define DELEGATED "/user.slice/user-1000.slice/user@1000.service"

/* Trust by path. */

static const struct {
        const char *label, *path, *subtree;     /* subtree: what label_subtree finds, "" for none */
} places[] = {
        { "inside", DELEGATED "/app.slice/web.service", DELEGATED },
        { "directly inside", DELEGATED "/web", DELEGATED },
        { "the subtree itself", DELEGATED, "" },
        { "the subtree itself, slash at its end", DELEGATED "//", "" },
        { "beside it", "/user.slice/user-1000.slice/session-1.scope/x", "" },
        { "a user manager of the user's own making", DELEGATED "/user@0.service/x", DELEGATED },
        { "root's user manager", "/user.slice/user-0.slice/user@0.service/x",
          "/user.slice/user-0.slice/user@0.service" },
        { "from a cgroup namespace", "user@7.service/x", "user@7.service" },
        { "no number", "/user.slice/user@.service/x", "" },
        { "a name", "/user.slice/user@alice.service/x", "" },
        { "a number and more", "/user.slice/user@1000x.service/x", "" },
        { "a sign", "/user.slice/user@-1.service/x", "" },
        { "another unit", "/user.slice/user@1000.slice/x", "" },
        { "something in front", "/user.slice/xuser@1000.service/x", "" },
        { "something behind", "/user.slice/user@1000.service2/x", "" },
        { "a container of the host", "/system.slice/docker-0123.scope", "" },
        { "the root", "/", "" },
        { "nothing", "", "" },
};

Test(label, trust_by_place)
{
        for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
                const char *path = places[i].path;
                size_t len = strlen(path), found = label_subtree(path, len);
                bool inside = places[i].subtree[0] != '\0';

                cr_expect(found == strlen(places[i].subtree) && memcmp(path, places[i].subtree, found) == 0,
                          "%s: the subtree is '%.*s'", places[i].label, (int)found, path);
                cr_expect_eq(label_trust(LABELS_USER_DELEGATED, path, len),
                             inside ? LABEL_TRUST_SUBTREE : LABEL_TRUST_NONE, "%s: delegated",
                             places[i].label);
                cr_expect_eq(label_trust(LABELS_USER_NEVER, path, len), LABEL_TRUST_NONE, "%s: never",
                             places[i].label);
                cr_expect_eq(label_trust(LABELS_USER_ALWAYS, path, len), LABEL_TRUST_FULL, "%s: always",
                             places[i].label);
        }
}

/* A path cut anywhere is read no further than it goes. */
Test(label, subtree_reads_only_its_bytes)
{
        const char *path = DELEGATED "/app.slice/x";

        for (size_t len = 0; len <= strlen(path); len++) {
                char *copy = memcpy(malloc(len + !len), path, len);
                size_t expected = len > strlen(DELEGATED "/") ? strlen(DELEGATED) : 0;

                cr_expect_eq(label_subtree(copy, len), expected, "cut to %zu", len);
                free(copy);
        }
}

static const struct {
        const char *label;
        struct utility claimed;
        enum label_trust trust;
        struct utility left;
} claims[] = {
        { "a number stays", { .value = 90 }, LABEL_TRUST_SUBTREE, { .value = 90 } },
        { "zero stays", { .value = 0 }, LABEL_TRUST_SUBTREE, { .value = 0 } },
        { "the tier goes", { .value = 7, .tier = 15 }, LABEL_TRUST_SUBTREE, { .value = 7 } },
        { "protect is the most", { .protect = true }, LABEL_TRUST_SUBTREE, { .value = UTILITY_MAX } },
        { "in full: tier", { .value = 7, .tier = 15 }, LABEL_TRUST_FULL, { .value = 7, .tier = 15 } },
        { "in full: protect", { .protect = true }, LABEL_TRUST_FULL, { .protect = true } },
};

static void expect_utility(const char *label, struct utility u, struct utility expected)
{
        cr_expect(u.value == expected.value && u.tier == expected.tier && u.protect == expected.protect,
                  "%s: %u:%u%s, not %u:%u%s", label, u.tier, u.value, u.protect ? " protect" : "",
                  expected.tier, expected.value, expected.protect ? " protect" : "");
}

Test(label, what_a_claim_leaves)
{
        for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
                expect_utility(claims[i].label, label_confine(claims[i].claimed, claims[i].trust),
                               claims[i].left);
}

/* Scaling. */

static const struct {
        const char *label;
        uint16_t own;
        size_t n;
        uint16_t numbers[4], expected[4];
} scales[] = {
        { "the dearest is worth the subtree", 10, 3, { 100, 50, 0 }, { 10, 5, 0 } },
        { "all equal", 10, 3, { 1, 1, 1 }, { 10, 10, 10 } },
        { "all at the top", 10, 2, { 1000, 1000 }, { 10, 10 } },
        { "all zero", 10, 2, { 0, 0 }, { 0, 0 } },
        { "one alone", 10, 1, { 3 }, { 10 } },
        { "a subtree worth nothing", 0, 2, { 1000, 1 }, { 0, 0 } },
        { "a subtree worth the most", 1000, 3, { 1000, 999, 1 }, { 1000, 999, 1 } },
        { "scaled up", 1000, 3, { 4, 2, 1 }, { 1000, 500, 250 } },
        { "a half is rounded up", 1, 3, { 2, 1, 0 }, { 1, 1, 0 } },
        { "less than a half is rounded down", 1, 3, { 1000, 499, 500 }, { 1, 0, 1 } },
        { "nobody", 10, 0, { 0 }, { 0 } },
};

Test(label, scaling)
{
        for (size_t i = 0; i < ARRAY_SIZE(scales); i++) {
                uint16_t numbers[4];

                memcpy(numbers, scales[i].numbers, sizeof(numbers));
                label_scale(numbers, scales[i].n, scales[i].own);
                for (size_t j = 0; j < scales[i].n; j++)
                        cr_expect_eq(numbers[j], scales[i].expected[j], "%s: [%zu] is %u, not %u",
                                     scales[i].label, j, numbers[j], scales[i].expected[j]);
        }
}

/* The laws, on random subtrees: nothing exceeds what the subtree is worth; the dearest reaches it; the order
 * stays; and raising all of one's own numbers by the same factor changes nothing. */
Test(label, laws_of_scaling)
{
        for (unsigned seed = 1; seed <= 2000; seed++) {
                uint16_t claimed[20], plain[20], raised[20];
                unsigned dice = seed, largest = 0;
                size_t n = 1 + (size_t)rand_r(&dice) % ARRAY_SIZE(claimed);
                unsigned own = (unsigned)rand_r(&dice) % (UTILITY_MAX + 1);
                unsigned top = 1 + (unsigned)rand_r(&dice) % UTILITY_MAX, factor;

                for (size_t i = 0; i < n; i++) {
                        claimed[i] = (uint16_t)((unsigned)rand_r(&dice) % (top + 1));
                        largest = claimed[i] > largest ? claimed[i] : largest;
                }
                factor = largest ? 1 + (unsigned)rand_r(&dice) % (UTILITY_MAX / largest) : 7;
                for (size_t i = 0; i < n; i++) {
                        plain[i] = claimed[i];
                        raised[i] = (uint16_t)(claimed[i] * factor);
                }
                label_scale(plain, n, (uint16_t)own);
                label_scale(raised, n, (uint16_t)own);
                for (size_t i = 0; i < n; i++) {
                        cr_assert_eq(plain[i], raised[i],
                                     "seed %u: [%zu] is %u, and %u when all are raised %u times", seed, i,
                                     plain[i], raised[i], factor);
                        cr_assert_leq(plain[i], own, "seed %u: [%zu] is above the subtree's own %u", seed, i,
                                      own);
                        if (claimed[i] == largest && largest > 0)
                                cr_assert_eq(plain[i], own, "seed %u: the dearest is %u of %u", seed,
                                             plain[i], own);
                        for (size_t j = 0; j < n; j++)
                                cr_assert(claimed[i] > claimed[j] || plain[i] <= plain[j],
                                          "seed %u: %zu and %zu swap", seed, i, j);
                }
        }
}

/* Reading. trusted.* needs the host's root; without it these tests say so and pass over what cannot be set.
 */

static const struct {
        const char *label;
        const char *trusted, *user;     /* NULL: not set */
        enum label_trust trust;
        enum label expected;
        struct utility utility;
} readings[] = {
        { "no label", NULL, NULL, LABEL_TRUST_SUBTREE, LABEL_NONE, { 0 } },
        { "trusted", "90", NULL, LABEL_TRUST_NONE, LABEL_TRUSTED, { .value = 90 } },
        { "trusted, with a tier", "3:7", NULL, LABEL_TRUST_NONE, LABEL_TRUSTED, { .value = 7, .tier = 3 } },
        { "trusted, protect", "protect", NULL, LABEL_TRUST_NONE, LABEL_TRUSTED, { .protect = true } },
        { "trusted before user", "1", "1000", LABEL_TRUST_FULL, LABEL_TRUSTED, { .value = 1 } },
        { "user, not believed", NULL, "90", LABEL_TRUST_NONE, LABEL_NONE, { 0 } },
        { "user, junk not believed", NULL, "junk", LABEL_TRUST_NONE, LABEL_NONE, { 0 } },
        { "user, in its subtree", NULL, "90", LABEL_TRUST_SUBTREE, LABEL_USER, { .value = 90 } },
        { "user, protect there", NULL, "protect", LABEL_TRUST_SUBTREE, LABEL_USER, { .value = 1000 } },
        { "user, tier in its subtree", NULL, "15:2", LABEL_TRUST_SUBTREE, LABEL_USER, { .value = 2 } },
        { "user, in full", NULL, "15:2", LABEL_TRUST_FULL, LABEL_USER, { .value = 2, .tier = 15 } },
        { "user, protect in full", NULL, "protect", LABEL_TRUST_FULL, LABEL_USER, { .protect = true } },
        { "trusted junk hides user", "junk", "90", LABEL_TRUST_FULL, LABEL_INVALID, { 0 } },
        { "empty", "", NULL, LABEL_TRUST_NONE, LABEL_INVALID, { 0 } },
        { "user, empty", NULL, "", LABEL_TRUST_SUBTREE, LABEL_INVALID, { 0 } },
        { "user, over the maximum", NULL, "1001", LABEL_TRUST_SUBTREE, LABEL_INVALID, { 0 } },
        { "user, a line end", NULL, "90\n", LABEL_TRUST_SUBTREE, LABEL_INVALID, { 0 } },
        { "user, negative", NULL, "-1", LABEL_TRUST_SUBTREE, LABEL_INVALID, { 0 } },
        { "user, 16 bytes", NULL, "0000000000000090", LABEL_TRUST_SUBTREE, LABEL_USER, { .value = 90 } },
        { "user, 17 bytes", NULL, "00000000000000090", LABEL_TRUST_SUBTREE, LABEL_INVALID, { 0 } },
        { "user, 18 bytes", NULL, "000000000000000090", LABEL_TRUST_SUBTREE, LABEL_INVALID, { 0 } },
        { "trusted, 34 bytes", "0000000000000000000000000000000090", NULL, LABEL_TRUST_NONE, LABEL_INVALID,
          { 0 } },
};

Test(label, reading)
{
        struct tree_fixture t;
        size_t checked = 0;

        for (size_t i = 0; i < ARRAY_SIZE(readings); i++) {
                const char *trusted = readings[i].trusted, *user = readings[i].user;
                const struct utility untouched = { .value = 77, .tier = 7, .protect = true };
                struct utility u = untouched;
                enum label label;
                int fd;

                cr_assert_eq(tree_fixture_make(&t, "web"), 0);
                fd = openat(t.cgroup_fd, "web", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                cr_assert_geq(fd, 0);
                if ((!trusted || fsetxattr(fd, LABEL_TRUSTED_NAME, trusted, strlen(trusted), 0) == 0) &&
                    (!user || fsetxattr(fd, LABEL_USER_NAME, user, strlen(user), 0) == 0)) {
                        label = label_read(fd, readings[i].trust, &u);
                        cr_expect_eq(label, readings[i].expected, "%s: answer %d, not %d", readings[i].label,
                                     label, readings[i].expected);
                        expect_utility(readings[i].label, u, label == LABEL_TRUSTED || label == LABEL_USER ?
                                                             readings[i].utility : untouched);
                        checked++;
                } else {
                        fprintf(stderr, "%s: cannot be set here: %s\n", readings[i].label, strerror(errno));
                }
                close(fd);
                tree_fixture_remove(&t);
        }
        cr_assert_gt(checked, 1, "no label could be set here at all");
}

/* security.* may say what it likes. */
Test(label, security_is_not_read)
{
        struct tree_fixture t;
        struct utility u;
        int fd;

        cr_assert_eq(tree_fixture_make(&t, "web security.jettison.utility=protect"), 0);
        fd = openat(t.cgroup_fd, "web", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cr_expect_eq(label_read(fd, LABEL_TRUST_FULL, &u), LABEL_NONE);
        if (t.attributes_refused)
                fprintf(stderr, "security.* cannot be set here\n");
        close(fd);
        tree_fixture_remove(&t);
}

/* A descriptor that cannot answer must not look like a cgroup without a label. */
Test(label, no_answer_is_not_no_label)
{
        struct tree_fixture t;
        struct utility u;
        int fd;

        cr_assert_eq(tree_fixture_make(&t, "web"), 0);
        fd = openat(t.cgroup_fd, "web", O_PATH | O_DIRECTORY | O_CLOEXEC);
        cr_expect_eq(label_read(fd, LABEL_TRUST_FULL, &u), LABEL_GONE, "O_PATH");
        cr_expect_eq(label_self_test(fd), label_self_test(t.cgroup_fd) < 0 ? -EPERM : -EBADF, "self-test");
        close(fd);
        cr_expect_eq(label_read(-1, LABEL_TRUST_FULL, &u), LABEL_GONE, "no descriptor");
        tree_fixture_remove(&t);
}

/* Who owns a directory can forbid to read user.* on it; he must not be spared for it. */
Test(label, unreadable_user_label_is_none)
{
        struct tree_fixture t;
        int fd, status;
        pid_t pid;

        cr_assert_eq(tree_fixture_make(&t, "web user.jettison.utility=90"), 0);
        fd = openat(t.cgroup_fd, "web", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cr_assert_eq(fchmod(fd, 0), 0);
        pid = fork();
        if (pid == 0) {
                struct utility u;

                if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
                        _exit(LABEL_N);
                _exit((int)label_read(fd, LABEL_TRUST_FULL, &u));
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == LABEL_NONE, "status %#x", (unsigned)status);
        cr_assert_eq(fchmod(fd, 0755), 0);
        close(fd);
        tree_fixture_remove(&t);
}

/* The self-test, in children that give up what it asks for. Each child's exit status is what it was told. */

static int drop_capability(void)
{
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];

        if (syscall(SYS_capget, &header, sets) < 0)
                return -errno;
        sets[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective &= ~CAP_TO_MASK(CAP_SYS_ADMIN);
        return syscall(SYS_capset, &header, sets) < 0 ? -errno : 0;
}

static int enter_user_namespace(void)
{
        return unshare(CLONE_NEWUSER) < 0 ? -errno : 0;
}

static int child_result(int (*prepare)(void), int dir_fd)
{
        enum { CANNOT_PREPARE = 255 };
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                if (prepare && prepare() < 0)
                        _exit(CANNOT_PREPARE);
                _exit(-label_self_test(dir_fd));
        }
        cr_assert_eq(waitpid(pid, &status, 0), pid);
        cr_assert(WIFEXITED(status));
        return WEXITSTATUS(status) == CANNOT_PREPARE ? 1 : -WEXITSTATUS(status);
}

Test(label, self_test)
{
        struct tree_fixture t;
        int r;

        cr_assert_eq(tree_fixture_make(&t, "web"), 0);
        r = fsetxattr(t.cgroup_fd, LABEL_TRUSTED_NAME, "1", 1, 0) < 0 ? -EPERM : 0;
        cr_expect_eq(child_result(NULL, t.cgroup_fd), r, "it says what the kernel says");
        cr_expect_eq(child_result(drop_capability, t.cgroup_fd), -EPERM, "without the capability");
        r = child_result(enter_user_namespace, t.cgroup_fd);
        if (r == 1)
                fprintf(stderr, "no user namespaces here\n");
        else
                cr_expect_eq(r, -EPERM, "all capabilities, but of a user namespace: %d", r);
        tree_fixture_remove(&t);
}

Test(label, name)
{
        char text[LABEL_NAME_SIZE], longest[LABEL_NAME_SIZE + 1];
        struct tree_fixture t;
        int fd;

        memset(longest, 'x', sizeof(longest));
        cr_assert_eq(tree_fixture_make(&t, "web"), 0);
        fd = openat(t.cgroup_fd, "web", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        cr_expect_str_eq(label_name_read(fd, text), "", "there is none");
        cr_expect_str_eq(label_name_read(-1, text), "", "nobody answers");
        if (fsetxattr(fd, LABEL_NAME, "prod/web-1/app", 14, 0) == 0) {
                cr_expect_str_eq(label_name_read(fd, text), "prod/web-1/app");
                cr_assert_eq(fsetxattr(fd, LABEL_NAME, longest, LABEL_NAME_SIZE - 1, 0), 0);
                cr_expect_eq(strlen(label_name_read(fd, text)), LABEL_NAME_SIZE - 1);
                cr_assert_eq(fsetxattr(fd, LABEL_NAME, longest, LABEL_NAME_SIZE, 0), 0);
                cr_expect_str_eq(label_name_read(fd, text), "", "too long");
        }
        close(fd);
        tree_fixture_remove(&t);
}
