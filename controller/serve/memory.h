/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon's own memory: little, and what a round needs is always there. What is wrong, and what helps, is
 * told to the log; the returned error needs no second line. */
#pragma once

/* Before any table is allocated, with the rights of the start: settles how malloc() goes about it and raises
 * RLIMIT_MEMLOCK. 0, or -ENOMEM if that is too small and cannot be raised. */
int memory_prepare(void);

/* Gives back memory that has only been cleared. Before any thread is started. */
void memory_return(void);

/* Gives back freed memory, and lets go of all code that has been run so far: before the rehearsal, which
 * brings back what a round needs. */
void memory_forget(void);

/* Locks the program and every page that has been used since, or is in use. Again whenever tables have grown;
 * not in a round. 0 or a negative errno. */
int memory_lock(void);
