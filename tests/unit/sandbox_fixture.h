/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The filter is the kernel's and so are its answers: every case runs in a child that puts itself under it.
 * A child ends with 0 when all was as it should be, by SIGSYS, or with 1 after telling the line that was
 * wrong. */
#pragma once

#include <stdbool.h>

#include "child_fixture.h"
#include "serve/sandbox.h"

/* Runs body(mode, dry_run) in a child. Its status, as of waitpid(). */
int run(void (*body)(enum sandbox_mode, bool), enum sandbox_mode mode, bool dry_run);

bool is_done(int status);
bool is_killed(int status);
