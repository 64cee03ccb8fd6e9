/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What 'jettisond --check-config' does with a configuration that could be loaded. */
#pragma once

#include "serve/config.h"

/* Prints the configuration in force on standard output, and on standard error what each rule and domain finds
 * among the cgroups that live below cgroup_root now (NULL: wherever the hierarchy is mounted), or why that
 * cannot be tried. Returns the exit code (options.h). */
int check_config(const struct config *config, const char *cgroup_root);
