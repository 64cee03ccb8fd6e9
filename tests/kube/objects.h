/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Objects of the API for tests, as short as they can be written. */
#pragma once

#include "kube/pod.h"

/* A pod from JSON with ' for ": { 'metadata': … }. Fails the test when it cannot be read. New. */
struct pod *object_pod(const char *text);

/* JSON as above. New. */
json_t *object_json(const char *text);

/* A pod of one container, "main", that runs with id 64 times the digit. New. */
struct pod *object_plain(const char *namespace, const char *name, char digit);

/* xorshift: the same numbers for the same seed on every machine. */
uint32_t object_random(uint64_t *state, uint32_t below);

/* How often a property is tried: JETTISON_TEST_ROUNDS, or 'rounds'. */
unsigned object_rounds(unsigned rounds);
