// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What /proc says of memory, swap and processes, said where no file can be
 * read: in an interrupt, or for ten thousand processes at once. So every
 * number is computed as fs/proc and mm/oom_kill.c compute it.
 *
 * All memory, what of it is available, and free swap are sums of counters that
 * the kernel exports; no lock is taken for them. Total swap is not exported.
 * It changes when an administrator calls swapon or swapoff, and so it is
 * remembered, and read anew from the kernel's own meminfo before anybody is
 * told of it. That file is kept open on a mount of procfs that is in no
 * namespace: neither a container's view of /proc nor an unmounted one is in
 * the way. Nothing that must not sleep depends on it. Free swap beyond the
 * remembered total proves it outdated, and then stands for it.
 *
 * One who reads an attribute in sysfs holds the mutex of that seq_file when
 * meminfo's, another one, is taken for him. They cannot meet, because nobody
 * else can reach this open file; lockdep, which tells mutexes apart by where
 * they are initialised, is told so.
 *
 * A process's score is oom_badness() on the scale of proc_oom_score(). Both
 * are short and their result is an interface of the kernel, but neither is
 * exported. Its memory belongs to its mm, which a thread group has as long as
 * one of its threads has it: the leader may have exited first. task_lock()
 * keeps that thread's mm from going away while it is read; it is a lock that
 * is never taken in interrupts, and nothing is taken inside it but the raw
 * lock of a counter.
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/lockdep.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/mutex.h>
#include <linux/oom.h>
#include <linux/printk.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include <linux/swap.h>

#include "compat.h"
#include "memory.h"

/* SwapTotal is in the first 600 bytes on all kernels so far. */
#define MEMINFO_BYTES 2048

static DEFINE_MUTEX(meminfo_lock);	/* of the text and what it is read to */
static char meminfo_text[MEMINFO_BYTES];
static struct vfsmount *meminfo_mount;
static struct file *meminfo_file;

static unsigned long swap_total_pages;	/* READ_ONCE, WRITE_ONCE */

/* The number of a line "KEY    123 kB", in bytes. */
static bool meminfo_parse(const char *text, const char *key, u64 *bytes)
{
	unsigned long long kib;
	size_t len = strlen(key);

	while (text && strncmp(text, key, len)) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	if (!text || sscanf(text + len, " %llu kB", &kib) != 1)
		return false;
	*bytes = kib << 10;
	return true;
}

static int meminfo_read(void)
{
	loff_t start = 0;
	ssize_t n;
	u64 bytes;
	int r = 0;

	mutex_lock(&meminfo_lock);
	n = kernel_read(meminfo_file, meminfo_text, MEMINFO_BYTES - 1, &start);
	meminfo_text[max_t(ssize_t, n, 0)] = '\0';
	if (n < 0)
		r = n;
	else if (!meminfo_parse(meminfo_text, "SwapTotal:", &bytes))
		r = -ENODATA;
	else
		WRITE_ONCE(swap_total_pages, bytes >> PAGE_SHIFT);
	mutex_unlock(&meminfo_lock);
	return r;
}

static void meminfo_annotate(void)
{
#ifdef CONFIG_LOCKDEP
	static struct lock_class_key key;
	struct seq_file *seq = meminfo_file->private_data;

	lockdep_set_class(&seq->lock, &key);
#endif
}

int memory_init(void)
{
	struct file_system_type *proc = get_fs_type("proc");
	int r;

	if (!proc)
		return -ENODEV;
	/* Built into every kernel, so that the type needs no reference. */
	meminfo_mount = kern_mount(proc);
	if (IS_ERR(meminfo_mount))
		return PTR_ERR(meminfo_mount);

	meminfo_file = file_open_root_mnt(meminfo_mount, "meminfo", O_RDONLY, 0);
	if (IS_ERR(meminfo_file)) {
		r = PTR_ERR(meminfo_file);
		goto err_open;
	}
	meminfo_annotate();
	r = meminfo_read();
	if (r)
		goto err_read;
	return 0;

err_read:
	fput(meminfo_file);
err_open:
	kern_unmount(meminfo_mount);
	return r;
}

void memory_exit(void)
{
	fput(meminfo_file);
	kern_unmount(meminfo_mount);
}

void memory_refresh(void)
{
	/* If it fails, what is remembered is the best there is. */
	meminfo_read();
}

static unsigned long swap_free_pages(void)
{
	return max(get_nr_swap_pages(), 0L);
}

static unsigned long swap_pages(void)
{
	return max(READ_ONCE(swap_total_pages), swap_free_pages());
}

void memory_read(struct memory_facts *facts)
{
	facts->total = (u64)totalram_pages() << PAGE_SHIFT;
	facts->available = (u64)max(si_mem_available(), 0L) << PAGE_SHIFT;
	facts->swap_free = (u64)swap_free_pages() << PAGE_SHIFT;
	facts->swap_total = (u64)swap_pages() << PAGE_SHIFT;
}

unsigned long memory_score_pages(void)
{
	return totalram_pages() + swap_pages();
}

/* The badness in pages on the scale of /proc: 0 … 2000, 666 neutral. */
static u32 score_scale(unsigned long pages, long adj, unsigned long score_pages)
{
	long all = score_pages;
	long badness = (long)pages + adj * (all / 1000);

	return max((1000 + badness * 1000 / all) * 2 / 3, 0L);
}

/* By a thread that has an mm, its task_lock held. */
static void thread_read(struct task_struct *thread, unsigned long score_pages,
			struct process_facts *facts)
{
	struct mm_struct *mm = thread->mm;
	unsigned long rss = compat_score_rss(mm);
	unsigned long swap = compat_score_counter(mm, MM_SWAPENTS);
	unsigned long tables = mm_pgtables_bytes(mm);

	facts->has_mm = true;
	facts->rss = (u64)rss << PAGE_SHIFT;
	facts->swap = (u64)swap << PAGE_SHIFT;
	facts->page_tables = tables;
	facts->shmem = (u64)compat_status_counter(mm, MM_SHMEMPAGES) << PAGE_SHIFT;
	if (is_global_init(thread) || facts->adj == OOM_SCORE_ADJ_MIN ||
	    mm_flags_test(MMF_OOM_SKIP, mm) || in_vfork(thread))
		return;
	facts->score = score_scale(rss + swap + tables / PAGE_SIZE, facts->adj,
				   score_pages);
}

void process_read(struct task_struct *task, unsigned long score_pages,
		  struct process_facts *facts)
{
	struct task_struct *thread;

	*facts = (struct process_facts){ .adj = task->signal->oom_score_adj };
	if (task->flags & PF_KTHREAD)
		return;
	for_each_thread(task, thread) {
		task_lock(thread);
		if (thread->mm)
			thread_read(thread, score_pages, facts);
		task_unlock(thread);
		if (facts->has_mm)
			return;
	}
}

static bool selftest_parse(void)
{
	static const struct {
		const char *text;
		bool found;
		u64 bytes;
	} rows[] = {
		{ "MemTotal: 9 kB\nSwapTotal:       12 kB\n", true, 12288 },
		{ "SwapTotal: 0 kB", true, 0 },
		{ "MemTotal: 9 kB\n", false, 7 },
		{ "OldSwapTotal: 9 kB\n", false, 7 },
		{ "SwapTotal: none\n", false, 7 },
		{ "", false, 7 },
	};
	bool passed = true;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u64 bytes = 7;

		if (meminfo_parse(rows[i].text, "SwapTotal:", &bytes) == rows[i].found &&
		    bytes == rows[i].bytes)
			continue;
		pr_err("selftest: meminfo, row %zu: %llu\n", i, bytes);
		passed = false;
	}
	return passed;
}

static bool selftest_score(void)
{
	static const struct {
		unsigned long pages;
		long adj;
		u32 score;
	} rows[] = {
		{ 0, 0, 666 }, { 0, 1000, 1333 }, { 0, -999, 0 }, { 0, -500, 333 },
		{ 50000, 0, 1000 }, { 100000, 1000, 2000 }, { 149, 0, 667 },
	};
	bool passed = true;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		u32 score = score_scale(rows[i].pages, rows[i].adj, 100000);

		if (score == rows[i].score)
			continue;
		pr_err("selftest: score, row %zu: %u\n", i, score);
		passed = false;
	}
	return passed;
}

static bool selftest_live(void)
{
	struct process_facts own, init;
	struct memory_facts facts;
	bool passed;

	memory_read(&facts);
	rcu_read_lock();
	process_read(current, memory_score_pages(), &own);
	process_read(&init_task, memory_score_pages(), &init);
	rcu_read_unlock();
	passed = facts.total && facts.available <= facts.total &&
		 facts.swap_free <= facts.swap_total &&
		 own.has_mm && own.rss && own.rss < facts.total &&
		 own.score <= 2000 && !init.has_mm && !init.score;
	if (!passed)
		pr_err("selftest: memory %llu of %llu, swap %llu of %llu; own rss %llu, score %u\n",
		       facts.available, facts.total, facts.swap_free,
		       facts.swap_total, own.rss, own.score);
	return passed;
}

bool memory_selftest(void)
{
	bool passed = selftest_parse();

	passed &= selftest_score();
	return passed & selftest_live();
}
