/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Annotations: which one counts, and what runtimes tell beside it. */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "hooks/claim.h"

#define CONTAINERD "\"io.kubernetes.cri.container-name\":\"web\","
#define CRIO       "\"io.kubernetes.container.name\":\"web\","
#define CRIO_ALONE "\"io.kubernetes.cri-o.ContainerName\":\"web\","
#define OWN        "\"jettison.io/utility.web\":\"1\","
#define OTHER      "\"jettison.io/utility.db\":\"9\","
#define OCI        "\"io.jettison.utility\":\"2\","
#define POD        "\"jettison.io/utility\":\"3\","
#define END        "\"z\":\"\"}"

static const struct {
        const char *label, *text, *key;         /* key: NULL for none */
        unsigned value;
} choices[] = {
        { "none", "{" END, NULL, 0 },
        { "OCI", "{" OCI END, "io.jettison.utility", 2 },
        { "Kubernetes", "{" POD END, "jettison.io/utility", 3 },
        { "OCI before the pod's", "{" POD OCI END, "io.jettison.utility", 2 },
        { "the container's own, containerd", "{" CONTAINERD POD OCI OWN END, "jettison.io/utility.web", 1 },
        { "the container's own, CRI-O", "{" CRIO POD OTHER OWN END, "jettison.io/utility.web", 1 },
        { "the container's own, CRI-O alone", "{" CRIO_ALONE OWN END, "jettison.io/utility.web", 1 },
        { "another's", "{" CONTAINERD POD OTHER END, "jettison.io/utility", 3 },
        { "only another's", "{" CONTAINERD OTHER END, NULL, 0 },
        { "no name is told", "{" OWN POD END, "jettison.io/utility", 3 },
        { "containerd's pause", "{\"io.kubernetes.cri.container-type\":\"sandbox\"," POD END, NULL, 0 },
        { "CRI-O's pause", "{\"io.kubernetes.cri-o.ContainerType\":\"sandbox\"," POD END, NULL, 0 },
        { "a container", "{\"io.kubernetes.cri.container-type\":\"container\"," POD END,
          "jettison.io/utility", 3 },
        { "a name that is no text", "{\"io.kubernetes.cri.container-name\":7," CRIO OWN END,
          "jettison.io/utility.web", 1 },
};

Test(hook_claim, which_counts)
{
        for (size_t i = 0; i < ARRAY_SIZE(choices); i++) {
                json_t *annotations = json_loads(choices[i].text, 0, NULL);
                struct config_error e = { 0 };
                struct claim claim;
                int r;

                cr_assert(annotations, "%s", choices[i].label);
                r = claim_read(annotations, &claim, &e);
                cr_expect_eq(r, choices[i].key ? CLAIM_FOUND : CLAIM_NONE, "%s: %d", choices[i].label, r);
                if (r == CLAIM_FOUND && choices[i].key) {
                        cr_expect_str_eq(claim.key, choices[i].key, "%s", choices[i].label);
                        cr_expect_eq(claim.utility.value, choices[i].value, "%s", choices[i].label);
                }
                json_decref(annotations);
        }
}

/* What counts and is wrong is refused; what is right but counts less is no substitute. */
Test(hook_claim, what_is_no_utility)
{
        static const char *const wrong[] = {
                "\"\"", "\"1001\"", "\"-1\"", "\"+1\"", "\" 1\"", "\"1 \"", "\"1.5\"", "\"16:1\"",
                "\"1:1001\"", "\"Protect\"", "\"0x1\"", "\"00000000000000001\"",
                "\"\\u001b[2J\"", "\"\\u0661\"",
                "50", "true", "null", "{}", "[\"1\"]",
        };

        for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
                json_t *value = json_loads(wrong[i], JSON_DECODE_ANY, NULL);
                json_t *annotations = json_pack("{s:s,s:o}", "jettison.io/utility", "3",
                                                "io.jettison.utility", value);
                struct config_error e = { 0 };
                struct claim claim;

                cr_expect_eq(claim_read(annotations, &claim, &e), -EINVAL, "%s", wrong[i]);
                cr_expect(strstr(e.text, "annotation: io.jettison.utility: expected"), "%s: %s", wrong[i],
                          e.text);
                for (const char *p = e.text; *p; p++)
                        cr_expect(*p >= 0x20 && *p < 0x7f, "%s", wrong[i]);
                json_decref(annotations);
        }
}

Test(hook_claim, origins_are_all_gathered)
{
        json_t *annotations = json_pack("{s:s,s:s,s:s,s:s,s:s,s:i}",
                                        "io.jettison.utility", "3:70",
                                        "io.kubernetes.pod.namespace", "true",
                                        "io.kubernetes.cri.sandbox-namespace", "forged",
                                        "io.kubernetes.cri-o.ImageName", "quay.io/a/b:1",
                                        "io.kubernetes.cri.image-name", "docker.io/c/d:2",
                                        "io.kubernetes.cri-o.Namespace", 5);
        struct config_error e = { 0 };
        struct claim claim;

        cr_assert_eq(claim_read(annotations, &claim, &e), CLAIM_FOUND, "%s", e.text);
        cr_expect(claim.utility.tier == 3 && claim.utility.value == 70);
        cr_expect_str_eq(claim.namespaces[0], "forged");
        cr_expect_str_eq(claim.namespaces[1], "true");
        cr_expect_null(claim.namespaces[2]);
        cr_expect_str_eq(claim.images[0], "docker.io/c/d:2");
        cr_expect_str_eq(claim.images[1], "quay.io/a/b:1");
        cr_expect_null(claim.images[2]);
        json_decref(annotations);
}

/* A name as long as the key's buffer and longer selects nothing and overruns nothing. */
Test(hook_claim, long_names)
{
        for (size_t len = CLAIM_KEY_MAX - 40; len < CLAIM_KEY_MAX + 40; len++) {
                char name[CLAIM_KEY_MAX + 40] = { 0 }, key[2 * CLAIM_KEY_MAX] = "jettison.io/utility.";
                size_t head = strlen(key);
                struct config_error e = { 0 };
                json_t *annotations;
                struct claim claim;

                memset(name, 'n', len);
                memset(key + head, 'n', len);
                key[head + len] = '\0';
                annotations = json_pack("{s:s,s:s,s:s}", "io.kubernetes.cri.container-name", name, key, "1",
                                        "jettison.io/utility", "3");
                cr_assert_eq(claim_read(annotations, &claim, &e), CLAIM_FOUND, "%zu", len);
                cr_expect_eq(claim.utility.value, head + len < CLAIM_KEY_MAX ? 1 : 3, "%zu", len);
                json_decref(annotations);
        }
}
