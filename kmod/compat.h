/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What differs among kernels from 6.1 on: this file, and no other, asks which
 * one it is. The names used elsewhere are those of the newest.
 *
 * Where stable kernels got a change as well, a version says nothing; there
 * Kbuild looks into the kernel's headers and defines JETTISON_HAVE_….
 */
#ifndef JETTISON_COMPAT_H
#define JETTISON_COMPAT_H

#include <linux/mm.h>
#include <linux/sched/coredump.h>
#include <linux/timer.h>
#include <linux/version.h>

/* 6.2 renamed del_timer_sync(); 6.1.y followed late, and has both. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define timer_delete_sync(timer) del_timer_sync(timer)
#endif

/* 6.3 hid vma->vm_flags behind functions. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline void compat_vm_flags_mod(struct vm_area_struct *vma,
				       unsigned long set, unsigned long clear)
{
	vma->vm_flags = (vma->vm_flags | set) & ~clear;
}

#define vm_flags_mod(vma, set, clear) compat_vm_flags_mod(vma, set, clear)
#endif

/* 6.18 hid mm->flags behind functions. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 18, 0)
#define mm_flags_test(flag, mm) test_bit(flag, &(mm)->flags)
#endif

/*
 * 6.2 split a process's counters by CPU. To read one is to be wrong by up to a
 * batch per CPU. Later /proc/PID/status took to adding up all CPUs (6.12.107
 * does), and after that the oom score as well (7.2 does, 6.12.107 does not).
 */
#ifdef JETTISON_HAVE_MM_COUNTER_SUM
#define compat_status_counter(mm, member) get_mm_counter_sum(mm, member)
#else
#define compat_status_counter(mm, member) get_mm_counter(mm, member)
#endif

#ifdef JETTISON_HAVE_MM_RSS_SUM
#define compat_score_counter(mm, member) get_mm_counter_sum(mm, member)
#define compat_score_rss(mm) get_mm_rss_sum(mm)
#else
#define compat_score_counter(mm, member) get_mm_counter(mm, member)
#define compat_score_rss(mm) get_mm_rss(mm)
#endif

/*
 * With control flow integrity an indirect call must be of exactly the callee's
 * type, so that a probe cannot leave out arguments (see witness.c). 6.18 renamed
 * CFI_CLANG to CFI.
 */
#define COMPAT_SHORT_PROBES (IS_ENABLED(CONFIG_TRACEPOINTS) && \
			     !IS_ENABLED(CONFIG_CFI_CLANG) && \
			     !IS_ENABLED(CONFIG_CFI))

#endif
