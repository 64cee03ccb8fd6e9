/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel text: single values, flat-keyed files (memory.stat, memory.events, /proc/meminfo), PSI lines.
 * Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What a limit file says when there is none. */
#define KTEXT_MAX UINT64_MAX

/* Reads digits at p, and nothing else: where they end, or NULL when there are none or too many for 64 bits. */
const char *ktext_digits(const char *p, uint64_t *ret_value);

/* Reads an unsigned decimal, or "max" (→ KTEXT_MAX), with white space around it and nothing else.
 * 0, or -EINVAL: empty, negative, trailing bytes, or over 64 bits. *ret_value is then as it was. */
int ktext_u64(const char *text, uint64_t *ret_value);

/* One key that the caller wants from a flat-keyed text. */
struct ktext_key {
        const char *name;       /* "anon", "MemAvailable:"; up to the first space, colon included */
        uint64_t *value;        /* borrowed; written when the key is found with a number behind it */
};

/* Fills the keys, at most 64, in one pass; the unit behind the number ("kB") is the caller's business.
 * Returns how many of the keys were found. Lines that are not "key number" are passed over, and so is a key
 * that was found before; a truncated last line (one without its newline) is not believed. */
size_t ktext_keys(const char *text, const struct ktext_key *keys, size_t n_keys);

/* Finds one key. 0, or -ENOENT. */
int ktext_find(const char *text, const char *name, uint64_t *ret_value);

/* Where a process is in the unified hierarchy, as /proc/PID/cgroup says in its line "0::/…": points into text
 * and is *ret_len bytes long, "/" for the root. NULL when there is no such line, or only one without its
 * newline. */
const char *ktext_cgroup(const char *text, size_t *ret_len);

/* One line of a pressure file; averages in hundredths of a percent (psi.rst prints two decimals). */
struct psi_line {
        uint32_t avg10, avg60, avg300;
        uint64_t total_us;
};

struct psi {
        struct psi_line some, full;
};

/* Parses memory.pressure or /proc/pressure/memory: both lines must be whole, averages 0 … 100 %.
 * 0, or -EINVAL with *ret_psi as it was. */
int ktext_psi(const char *text, struct psi *ret_psi);
