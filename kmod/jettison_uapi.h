/* SPDX-License-Identifier: GPL-2.0-or-later WITH Linux-syscall-note */
/*
 * /dev/jettison: what the kernel knows of memory, in one call, and what to do
 * if it runs dry before user space gets the CPU. This header is the
 * specification; both sides include it and nothing else of each other.
 *
 * THE DEVICE has mode 0600, and open(2) asks for CAP_SYS_ADMIN in the initial
 * user namespace (-EPERM). Any number of programs may have it open; each has
 * its own place in the events and its own snapshot buffer. The lines of the
 * watch and the standing order exist once: who sets one of them first holds
 * both until it closes the device, and others get -EBUSY. The module cannot
 * be unloaded while the device is open.
 *
 *	read(2)		takes events: whole records, as many as fit. Blocks
 *			unless O_NONBLOCK (-EAGAIN). -EINVAL: the buffer is
 *			smaller than one record.
 *	poll(2)		POLLIN when an event is waiting.
 *	mmap(2)		allocates and maps the snapshot buffer: PROT_READ,
 *			MAP_SHARED, offset 0, at most JETTISON_BUFFER_MAX bytes
 *			(else -EINVAL; PROT_WRITE: -EACCES). One mapping at a
 *			time (-EBUSY), which a child of fork(2) does not
 *			inherit. The buffer outlives its mapping: it is given
 *			up when another size is mapped, and at the end.
 *	ioctl(2)	the four calls below.
 *
 * EVERY CALL's structure begins with the version, which must be JETTISON_ABI
 * (-EPROTONOSUPPORT), and flags, of which unknown ones are refused
 * (-EOPNOTSUPP). Reserved fields must be zero and every number within the
 * bounds given here (-EINVAL). An unknown call is -ENOTTY, an unreadable
 * structure -EFAULT. A call that fails has changed nothing.
 *
 * Sizes are bytes, times are of CLOCK_MONOTONIC. A cgroup is named by its id:
 * the inode number of its directory, never used twice.
 */
#ifndef JETTISON_UAPI_H
#define JETTISON_UAPI_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define JETTISON_DEVICE "/dev/jettison"
#define JETTISON_ABI 1

/*
 * THE WATCH. A line is crossed downwards when what is left falls below "low",
 * and upwards when it has risen above "high"; each crossing is one event.
 *
 * How it is noticed: by a deferrable timer on every CPU. Memory is used up by
 * CPUs that run, and on those the timer expires with the next tick; a CPU that
 * idles is never woken for it, and an idle machine does nothing at all. The
 * timer's period is the headroom above the nearest line divided by the fill
 * rate (module parameter fill_rate_mib, per second), between one tick and one
 * second. So a crossing is noticed at the latest when that time is over, plus
 * one tick: 1/HZ, 4 ms on Debian. Where the tick is stopped on busy CPUs
 * (nohz_full), and only there, the timer may be late by as long as that CPU
 * runs one task undisturbed. Therefore reclaim is a second witness: its
 * tracepoints mm_vmscan_wakeup_kswapd and mm_vmscan_direct_reclaim_begin make
 * the module look at once. They are found at run time; JETTISON_INFO says
 * which are there.
 */
enum jettison_event_kind {
	/* Available memory fell below its line, and rose above it. */
	JETTISON_AVAILABLE_LOW = 1,
	JETTISON_AVAILABLE_OK,
	/* Free swap did. */
	JETTISON_SWAP_LOW,
	JETTISON_SWAP_OK,
	/* A task began to reclaim directly; at most one a second. */
	JETTISON_RECLAIM,
	/* The kernel is out of memory; at most one per 100 ms. */
	JETTISON_OOM,
	/*
	 * A victim of the standing order was killed, and has given up its
	 * memory. value: its memory when it was struck; microseconds since
	 * then. detail: processes signalled.
	 */
	JETTISON_STRUCK,
	JETTISON_DIED,
	/* The kernel's own killer decides. detail: why */
	JETTISON_ASIDE,
	JETTISON_EVENT_N
};

/* Why an order was not, or not further, carried out. */
enum jettison_aside {
	/* Nobody of the order is left. */
	JETTISON_ASIDE_DONE = 1,
	/* A victim did not die by its deadline. */
	JETTISON_ASIDE_STUCK,
	/*
	 * More than available_max is available: the shortage is of one node
	 * or cpuset. The order stands.
	 */
	JETTISON_ASIDE_PLENTY,
	JETTISON_ASIDE_EXPIRED,
	JETTISON_ASIDE_N
};

struct jettison_event {
	__u32 version;
	__u32 kind;
	__u64 sequence;		/* one higher with each event since loading */
	__u64 dropped;		/* events this reader has missed just before */
	__u64 time_ns;
	__u64 available;	/* memory, when it happened … */
	__u64 swap_free;	/* … and swap */
	__u64 round;		/* of the order, for the last three kinds; else 0 */
	__u64 cgroup;		/* the victim, likewise */
	__u64 value;
	__u32 detail;
	__u32 reserved;
};

/* Sets the lines. low ≤ high; both 0: no line. What is below a new line
 * already is told at once. At loading the lines are a share of all memory and
 * of all swap (module parameter share, 30 %), with high an eighth above.
 */
struct jettison_watch {
	__u32 version;
	__u32 flags;		/* none yet */
	__u64 available_low, available_high;
	__u64 swap_low, swap_high;
	__u64 reserved[2];
};

/* Bits of features. */
#define JETTISON_HAS_RECLAIM	(1 << 0)	/* direct reclaim is seen */
#define JETTISON_HAS_KSWAPD	(1 << 1)	/* waking of kswapd is seen */
#define JETTISON_HAS_MEMCG	(1 << 2)	/* snapshots and orders work */

/* State of the standing order. */
enum jettison_order_state {
	JETTISON_ORDER_NONE,
	JETTISON_ORDER_STANDING,	/* not yet needed */
	JETTISON_ORDER_ACTING,		/* somebody of it was struck */
	JETTISON_ORDER_OVER,		/* stood aside or expired */
};

/* What is known at this moment. */
struct jettison_info {
	__u32 version;
	__u32 flags;		/* none yet */
	__u32 features;
	__u32 order_state;
	__u64 memory_total, memory_available;
	__u64 swap_total, swap_free;
	__u64 available_low, available_high;
	__u64 swap_low, swap_high;
	__u64 order_round;
	__u64 order_age_ms;	/* since it was given */
	__u64 order_left_ms;	/* until it expires */
	__u32 order_victims;
	__u32 order_next;	/* how many of them have had their turn */
	__u64 samples;		/* how often the watch has looked, ever … */
	__u64 events;		/* … and how many events there were */
	__u64 reserved[4];
};

/*
 * THE SNAPSHOT. One pass over the memory cgroups below the given one (itself
 * included), parents before children, and one over all processes, both under
 * RCU, as the kernel's own killer does it: nothing is locked against change,
 * so what moves meanwhile may be seen on either side. Nothing is allocated.
 * Counts are the kernel's own at that moment:
 *
 *	memory, swap	the page counters behind memory.current and
 *			memory.swap.current, descendants included
 *	lru_*		sizes of the LRU lists of the cgroup itself, without
 *			descendants: lru_anon is anonymous and shared memory,
 *			lru_file is page cache without shared memory. Pages on
 *			their way to a list (a batch per CPU) are missing. The
 *			split that memory.stat makes of anonymous, shared and
 *			kernel memory is not exported to modules and is
 *			not given here; a reader can tell from an unchanged
 *			memory and unchanged lists that a split read before
 *			still holds.
 *	psi_*		microseconds of stall, as memory.pressure's totals had
 *			them when the kernel last brought them up to date: at
 *			most two seconds ago while there is any stall
 *	processes …	of the cgroup itself, and of those below it that have
 *			no memory controller: a process counts where its memory
 *			is charged
 *	oom_score	sum over those processes of what /proc/PID/oom_score
 *			would say above score_neutral
 *
 * -ENXIO: no buffer was ever mapped. -EOPNOTSUPP: memory is not on cgroup v2.
 * -ENOENT: no such cgroup. -ENOSPC: the buffer is too short; "needed" says
 * for what it would have sufficed, and more may be needed by then.
 */
#define JETTISON_BUFFER_MAX (64u << 20)

#define JETTISON_SNAPSHOT_PROCESSES (1 << 0)	/* list the processes as well */

struct jettison_snapshot {
	__u32 version;
	__u32 flags;
	__u64 cgroup;		/* id of the topmost; 0: the root */
	__u32 score_neutral;	/* 0 … 2000 */
	__u32 reserved;
	/* The answer. */
	__u64 needed;		/* bytes of buffer */
	__u32 n_cgroups;	/* struct jettison_cgroup, from the buffer's begin */
	__u32 n_processes;	/* struct jettison_process, right behind them */
	__u64 time_ns;
	__u64 memory_total, memory_available;
	__u64 swap_total, swap_free;
};

#define JETTISON_CGROUP_POPULATED (1 << 0)	/* as cgroup.events has it */
#define JETTISON_CGROUP_OOM_GROUP (1 << 1)	/* memory.oom.group */
#define JETTISON_CGROUP_FROZEN	  (1 << 2)	/* cgroup.events' frozen */
#define JETTISON_CGROUP_INIT	  (1 << 3)	/* PID 1 is in it */
#define JETTISON_CGROUP_PSI	  (1 << 4)	/* psi_* are there */

#define JETTISON_NO_PARENT 0xffffffffu

struct jettison_cgroup {
	__u64 id;
	__u64 parent;		/* 0 for the topmost */
	__u32 parent_index;	/* where in the buffer it is */
	__u32 flags;
	__u64 memory, swap;
	__u64 lru_anon, lru_file, lru_unevictable;
	__u64 psi_some_us, psi_full_us;
	__u64 oom_score;
	__u64 shmem_mapped;	/* sum over its processes of RssShmem */
	__u32 processes;
	__s32 oom_score_adj_min;	/* 1000 if it has no process */
	__s32 first_pid;	/* one of its processes, 0 if none … */
	__u32 reserved;
	char comm[16];		/* … and that one's name; any bytes, NUL-ended */
};

struct jettison_process {
	__u32 pid;
	__u32 reserved;
	__u64 cgroup;		/* where its memory is charged */
	/*
	 * As its oom score counts them. On kernels from 6.2 on that do not yet
	 * add up the counters of all CPUs for it (6.12 does not, 7.2 does),
	 * rss and swap are off by up to a batch per CPU.
	 */
	__u64 rss, swap, page_tables;
	__u32 oom_score;	/* as /proc/PID/oom_score has it */
	__s32 oom_score_adj;
	char comm[16];
};

/*
 * THE STANDING ORDER. Whom to kill, in this order, should the kernel itself
 * run out of memory: when an allocation has failed for the whole machine (not
 * for a cgroup at its own limit) and no more than available_max is available,
 * the module strikes the first with SIGKILL to all its processes and lets the
 * kernel try again, for as long as one of them still holds memory, but at most
 * deadline_ms. Only if memory is still short when the victim is gone does the
 * next have its turn. A cgroup that holds less than memory_least at that moment
 * is passed over, and has its turn when no larger one is left. It stands aside,
 * and leaves everything to the kernel's own killer, when the order is through,
 * when a victim does not die in time, or when the order has expired.
 *
 * Whatever the order says: PID 1, kernel threads and processes with
 * oom_score_adj -1000 are never signalled, nor is any process outside the
 * cgroups of the order and what lies below them.
 *
 * An order replaces the one before, wholly; one with n 0 takes it back. If it
 * begins with the victim that is dying, that one goes on dying and is not
 * struck twice. It ends when the device is closed. Cgroups that are gone
 * are passed over; the order itself keeps them from being used again.
 * -EOPNOTSUPP: memory is not on cgroup v2.
 */
#define JETTISON_ORDER_MAX 64

struct jettison_order {
	__u32 version;
	__u32 flags;		/* none yet */
	__u64 round;		/* told with every event of this order */
	/* Under which all lie (-EXDEV, also when it is gone); 0: the host. */
	__u64 domain;
	__u64 available_max;
	__u64 memory_least;	/* 0: size does not matter */
	__u32 expires_ms;	/* 1 … 60,000 */
	__u32 deadline_ms;	/* 1 … 10,000 */
	__u32 n;		/* 0 … JETTISON_ORDER_MAX */
	__u32 n_taken;		/* the answer: how many of them exist */
	__u64 cgroups[JETTISON_ORDER_MAX];
};

#define JETTISON_INFO	  _IOWR('J', 1, struct jettison_info)
#define JETTISON_WATCH	  _IOW('J', 2, struct jettison_watch)
#define JETTISON_SNAPSHOT _IOWR('J', 3, struct jettison_snapshot)
#define JETTISON_ORDER	  _IOWR('J', 4, struct jettison_order)

#endif
