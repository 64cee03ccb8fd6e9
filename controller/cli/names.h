/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What people call a container. Its runtime keeps name and image on disk, for as long as it knows the
 * container; a removed one is known by its runtime and id alone.
 *
 * Names are for reading, never for choosing: who owns a cgroup or a runtime's files can make them say
 * anything. */
#pragma once

#include <jansson.h>

#include "base/base.h"

/* No larger file of a runtime is read: 10,000 containers of podman take a tenth. */
#define NAMES_FILE_MAX (128 * MIB)

struct names;

/* Looks below 'root' ("" in service; tests have trees of their own), and once at each file. New. */
struct names *names_new(const char *root);
struct names *names_free(struct names *n);

/* Adds a member "container" to those objects of the array whose "path" is a container's or a pod's:
 *   { "runtime": "podman", "id": "3f…", "name": "web", "image": "docker.io/library/nginx:1" }
 * 'name' and 'image' only where they were found; what an object says itself in "name" stands in for a name
 * that the runtime has forgotten. In Kubernetes a name is NAMESPACE/POD/CONTAINER, or NAMESPACE/POD. An
 * object that has the member keeps it; what is no array is left alone. */
void names_tell(struct names *n, json_t *list);

/* "podman web, docker.io/library/nginx:1", "podman 3f2a9c01b7de" without a name, "" for what is no container;
 * printable ASCII. New. */
char *names_text(const json_t *object);

/* Is 'wanted' its name, a part of its name between slashes, or what its id begins with? */
bool names_match(const json_t *object, const char *wanted);
