/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What can be said of a configuration that could be loaded, and what 'jettisond --check-config' does with it. */
#pragma once

#include "serve/config.h"

/* Is there a control.group, if one is named? If not, the log is told. */
bool check_group(const struct config *config);

/* Prints the configuration in force on standard output, and on standard error what each rule and domain finds
 * among the cgroups that live below cgroup_root now (NULL: wherever the hierarchy is mounted), or why that
 * cannot be tried, and what of it this machine lacks. Returns the exit code (options.h). */
int check_config(const struct config *config, const char *cgroup_root);
