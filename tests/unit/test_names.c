/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names of containers, from files as the runtimes leave them, below a root of the test's own. */
#include <criterion/criterion.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/base.h"
#include "cli/names.h"
#include "cli/text.h"

#define SIXTEEN(c) c c c c c c c c c c c c c c c c
#define ID(c)      SIXTEEN(c) SIXTEEN(c) SIXTEEN(c) SIXTEEN(c)
#define UID        "0f1e2d3c-0000-1111-2222-333344445555"
#define POD_SLICE  "/kubepods.slice/kubepods-pod0f1e2d3c_0000_1111_2222_333344445555.slice"

static char root[64];

static void file_make(const char *path, const char *text)
{
        CLEANUP(free_p) char *whole = text_format("%s%s", root, path);
        FILE *file;

        for (char *slash = whole + strlen(root); (slash = strchr(slash + 1, '/'));) {
                *slash = '\0';
                mkdir(whole, 0755);
                *slash = '/';
        }
        file = fopen(whole, "w");
        cr_assert(file, "%s", whole);
        fputs(text, file);
        fclose(file);
}

static int remove_one(const char *path, const struct stat *st UNUSED, int kind UNUSED, struct FTW *ftw UNUSED)
{
        return remove(path);
}

static void root_make(void)
{
        snprintf(root, sizeof(root), "/tmp/jettison-names-XXXXXX");
        cr_assert(mkdtemp(root));
}

static void root_remove(void)
{
        nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* What the tool says of a cgroup. New. */
static char *told(const char *path)
{
        json_t *list = json_pack("[{s:s}]", "path", path);
        struct names *names = names_new(root);
        char *text;

        cr_assert(list);
        names_tell(names, list);
        text = names_text(json_array_get(list, 0));
        names_free(names);
        json_decref(list);
        return text;
}

static void expect_told(const char *path, const char *expected)
{
        CLEANUP(free_p) char *text = told(path);

        cr_expect_str_eq(text, expected, "%s: told '%s', not '%s'", path, text, expected);
}

TestSuite(names, .init = root_make, .fini = root_remove);

Test(names, podman)
{
        file_make("/var/lib/containers/storage/overlay-containers/containers.json",
                  "[{\"id\":\"" ID("a") "\",\"names\":[\"web\"],\"image\":\"77\",\"metadata\":"
                  "\"{\\\"image-name\\\":\\\"docker.io/library/nginx:1\\\",\\\"name\\\":\\\"web\\\"}\"},"
                  " {\"id\":\"" ID("b") "\",\"names\":[\"bare\"]}, {\"names\":[\"no id\"]}, 7]");
        file_make("/var/lib/containers/storage/vfs-containers/volatile-containers.json",
                  "[{\"id\":\"" ID("c") "\",\"names\":[\"passing\"]}]");
        file_make("/var/lib/containers/storage/overlay-layers/containers.json",
                  "[{\"id\":\"" ID("d") "\",\"names\":[\"no container\"]}]");
        file_make("/run/containers/storage/overlay-containers/volatile-containers.json",
                  "[{\"id\":\"" ID("e") "\",\"names\":[\"fleeting\"]}]");
        expect_told("/machine.slice/libpod-" ID("a") ".scope", "podman web, docker.io/library/nginx:1");
        expect_told("/libpod-" ID("a") ".scope/container", "podman web, docker.io/library/nginx:1");
        expect_told("/machine.slice/libpod-" ID("b") ".scope", "podman bare");
        expect_told("/system.slice/x.service/libpod-payload-" ID("c"), "podman passing");
        expect_told("/machine.slice/libpod-" ID("d") ".scope", "podman dddddddddddd");
        expect_told("/machine.slice/libpod-" ID("e") ".scope", "podman fleeting");
        expect_told("/machine.slice/libpod-conmon-" ID("a") ".scope", "");
        expect_told("/machine.slice", "");
}

/* A user names cgroups as he likes: his come from his own folders, never from the host's. */
Test(names, rootless)
{
        const struct passwd *me = getpwuid(getuid());
        CLEANUP(free_p) char *storage = NULL, *mine = NULL, *nobodys = NULL;

        if (!me)
                cr_skip_test("nobody knows who this is");
        storage = text_format("%s/.local/share/containers/storage/overlay-containers/containers.json",
                              me->pw_dir);
        mine = text_format("/user.slice/user@%u.service/user.slice/libpod-" ID("a") ".scope", getuid());
        nobodys = text_format("/user.slice/user@%u.service/user.slice/libpod-" ID("b") ".scope", getuid());
        file_make(storage, "[{\"id\":\"" ID("a") "\",\"names\":[\"mine\"]}]");
        file_make("/var/lib/containers/storage/overlay-containers/containers.json",
                  "[{\"id\":\"" ID("a") "\",\"names\":[\"the host's\"]},"
                  " {\"id\":\"" ID("b") "\",\"names\":[\"the host's\"]}]");
        expect_told(mine, "podman mine");
        expect_told(nobodys, "podman bbbbbbbbbbbb");
        expect_told("/user@4294967294.service/libpod-" ID("a") ".scope", "podman aaaaaaaaaaaa");
        expect_told("/user@0.servicex/libpod-" ID("a") ".scope", "podman the host's");
}

Test(names, docker)
{
        file_make("/var/lib/docker/containers/" ID("a") "/config.v2.json",
                  "{\"ID\":\"" ID("a") "\",\"Name\":\"/db\",\"Config\":{\"Image\":\"postgres:16\"}}");
        file_make("/var/lib/docker/containers/" ID("b") "/config.v2.json",
                  "{\"Name\":\"/k8s_app_pod-1_prod_" UID "_0\",\"Config\":{\"Image\":\"sha256:00\"}}");
        expect_told("/system.slice/docker-" ID("a") ".scope", "docker db, postgres:16");
        expect_told("/docker/" ID("a"), "docker db, postgres:16");
        expect_told(POD_SLICE "/docker-" ID("b") ".scope", "docker prod/pod-1/app, sha256:00");
}

Test(names, kubernetes)
{
        file_make("/run/containerd/io.containerd.runtime.v2.task/k8s.io/" ID("a") "/config.json",
                  "{\"annotations\":{\"io.kubernetes.cri.container-name\":\"app\","
                  "\"io.kubernetes.cri.sandbox-name\":\"pod-1\","
                  "\"io.kubernetes.cri.sandbox-namespace\":\"prod\","
                  "\"io.kubernetes.cri.image-name\":\"registry.example/app:2\"}}");
        file_make("/run/containerd/io.containerd.runtime.v2.task/default/" ID("b") "/config.json",
                  "{\"annotations\":{\"nerdctl/name\":\"job\"}}");
        file_make("/var/log/containers/pod-2_prod_side-car-" ID("c") ".log", "");
        file_make("/var/log/pods/prod_pod-1_" UID "/app/0.log", "");
        expect_told("/kubepods.slice/cri-containerd-" ID("a") ".scope",
                    "containerd prod/pod-1/app, registry.example/app:2");
        expect_told("/kubepods/burstable/pod" UID "/" ID("a"), "cri prod/pod-1/app, registry.example/app:2");
        expect_told("/system.slice/nerdctl-" ID("b") ".scope", "containerd job");
        expect_told("/kubepods.slice/crio-" ID("c") ".scope", "cri-o prod/pod-2/side-car");
        expect_told("/kubepods.slice/cri-containerd-" ID("c") ".scope", "containerd prod/pod-2/side-car");
        expect_told("/kubepods/burstable/pod" UID, "cri prod/pod-1");
        expect_told(POD_SLICE, "cri prod/pod-1");
}

Test(names, lxc)
{
        expect_told("/lxc.payload.box", "lxc box");
        expect_told("/machine.slice/machine-box.scope", "nspawn box");
}

/* Whatever stands in the files, or in their place, nothing worse than no name comes of it. */
Test(names, hostile_files)
{
        static const char *const texts[] = {
                "", "{", "[", "null", "[[]]", "[{\"id\":7}]", "{\"id\":\"" ID("a") "\"}",
                "[{\"id\":\"" ID("a") "\",\"names\":\"web\",\"metadata\":7}]",
                "[{\"id\":\"" ID("a") "\",\"names\":[],\"metadata\":\"{\\\"image-name\\\":\"}]",
                "[{\"id\":\"" ID("a") "\",\"names\":[null]}]",
        };
        CLEANUP(free_p) char *pipe = NULL;

        for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
                file_make("/var/lib/containers/storage/overlay-containers/containers.json", texts[i]);
                expect_told("/libpod-" ID("a") ".scope", "podman aaaaaaaaaaaa");
        }
        file_make("/var/lib/containers/storage/overlay-containers/containers.json",
                  "[{\"id\":\"" ID("a") "\",\"names\":[\"\\u001b[2J\"]}]");
        expect_told("/libpod-" ID("a") ".scope", "podman \\x1b[2J");

        pipe = text_format("%s/var/lib/containers/storage/overlay-containers/volatile-containers.json", root);
        cr_assert_eq(mkfifo(pipe, 0600), 0);            /* to be opened is to wait for a writer */
        expect_told("/libpod-" ID("b") ".scope", "podman bbbbbbbbbbbb");
}

static bool matches(const char *wanted)
{
        json_t *object = json_pack("{s:{s:s, s:s}}", "container", "id", ID("ab"), "name", "prod/pod-1/app");
        bool is_match = names_match(object, wanted);

        json_decref(object);
        return is_match;
}

Test(names, match)
{
        static const char *const yes[] = {
                "app", "pod-1", "prod", "pod-1/app", "prod/pod-1/app", "abab", ID("ab"),
        };
        static const char *const no[] = {
                "", "ap", "pod", "rod", "od-1/app", "/", "prod/", "baba", ID("ab") "0",
        };

        for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
                cr_expect(matches(yes[i]), "%s", yes[i]);
        for (size_t i = 0; i < ARRAY_SIZE(no); i++)
                cr_expect(!matches(no[i]), "%s", no[i]);
}

Test(names, a_recorded_name_stays)
{
        json_t *list = json_pack("[{s:s, s:{s:s}}, s]", "path", "/libpod-" ID("a") ".scope", "container",
                                 "name", "web", "no object");
        const json_t *about = json_object_get(json_array_get(list, 0), "container");
        struct names *names = names_new(root);

        names_tell(names, list);
        names_tell(names, NULL);
        names_free(names);
        cr_expect_str_eq(json_string_value(json_object_get(about, "name")), "web");
        json_decref(list);
}

Test(names, a_noted_name_serves_when_there_is_no_other)
{
        json_t *list = json_pack("[{s:s, s:s}]", "path", "/kubepods.slice/cri-containerd-" ID("e") ".scope",
                                 "name", "prod/web-1/app");
        const json_t *about;
        struct names *names = names_new(root);

        names_tell(names, list);
        names_free(names);
        about = json_object_get(json_array_get(list, 0), "container");
        cr_expect_str_eq(json_string_value(json_object_get(about, "name")), "prod/web-1/app");
        cr_expect_str_eq(json_string_value(json_object_get(about, "runtime")), "containerd");
        json_decref(list);
}
