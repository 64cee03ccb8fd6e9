/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Names and paths of Kubernetes are plain ASCII, but a cgroup's path may hold any byte, so it is printed as
 * the other programs print one: nothing that could steer a terminal. */
#include "kube/dryrun.h"

#include <errno.h>
#include <stdio.h>

#include "base/base.h"

int dryrun_begin(struct dryrun *d, bool json)
{
        d->list = json ? json_array() : NULL;
        if (!json)
                printf("%-9s %-9s %-48s %s\n", "UTILITY", "NOW", "CONTAINER", "CGROUP");
        return json && !d->list ? -ENOMEM : 0;
}

static void print_safe(const char *text)
{
        for (; *text; text++)
                putchar(*text >= 0x20 && *text < 0x7f ? *text : '?');
}

void dryrun_show(void *who, const struct labelled *l)
{
        struct dryrun *d = who;
        const char *container = l->container ? l->container->name : NULL;
        char utility[UTILITY_TEXT_MAX + 1], name[400];

        utility_format(l->utility, utility);
        if (d->list) {
                json_array_append_new(d->list,
                                      json_pack("{s:s, s:s, s:s, s:s, s:s?, s:s?}", "utility", utility,
                                                "current", l->current, "namespace", l->pod->namespace, "pod",
                                                l->pod->name, "container", container, "path", l->path));
                return;
        }
        snprintf(name, sizeof(name), "%s/%s%s%s", l->pod->namespace, l->pod->name, container ? "/" : "",
                 container ? container : "");
        printf("%-9s ", utility);
        printf("%-9.9s ", *l->current ? l->current : "-");
        printf("%-48s ", name);
        print_safe(l->path ? l->path : "-");
        putchar('\n');
}

void dryrun_end(struct dryrun *d)
{
        json_t *root;

        if (d->list) {
                root = json_pack("{s:s, s:i, s:o}", "jettison", "kube", "version", 1, "labels", d->list);
                json_dumpf(root, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII);
                putchar('\n');
                json_decref(root);
        }
        d->list = NULL;
        fflush(stdout);
}
