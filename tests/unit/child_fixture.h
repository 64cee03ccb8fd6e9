/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Cases that leave their process changed for good (limits, priorities, locked memory, filters) run in a child. It
 * ends with 0 when all was as it should be, with 1 after telling the line that was wrong, with SKIPPED after
 * telling why it could not be tried. */
#pragma once

#define SKIPPED 77

/* In the child. */
#define MUST(condition) ((condition) ? (void)0 : give_up(__LINE__))
_Noreturn void give_up(int line);

/* What the last child wrote to standard error, its log included. */
extern char told[4096];

/* Runs body in a child. Its exit status, or 256 and the signal that ended it. */
int child_run(void (*body)(void));

/* The same, and expects 0; skips the test if the child did. */
void expect_done(void (*body)(void));
