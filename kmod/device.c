// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Here, and only here, stands what a caller may ask: everything behind this
 * file gets structures that are within the bounds of the specification. The
 * calls are a table. Each is copied in whole, judged by a function that only
 * looks, and then carried out; what comes back is copied out by the direction
 * in the call's number.
 *
 * "A call that fails has changed nothing" includes one whose answer cannot be
 * delivered. So the structure is written back once before anything is done: a
 * page that cannot be written shows itself then.
 *
 * Whoever first sets lines or an order holds both, as long as its file is
 * open. That is a pointer to its open file under a mutex, which is held while
 * lines or an order are set, so that a closing holder cannot take back what
 * the next one has just set. An order's spinlock is taken inside; nothing here
 * is taken by timers, probes or the OOM notifier.
 *
 * The open file is counted as a use of the module, and unloading it is refused
 * meanwhile. After misc_deregister() there is therefore nobody left inside.
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/poll.h>
#include <linux/printk.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "device.h"
#include "events.h"
#include "memory.h"
#include "order.h"
#include "snapshot.h"
#include "text.h"
#include "watch.h"

/* The specification, in bytes: nothing of it may move. */
static_assert(sizeof(struct jettison_event) == 80);
static_assert(sizeof(struct jettison_watch) == 56);
static_assert(sizeof(struct jettison_info) == 160);
static_assert(sizeof(struct jettison_snapshot) == 80);
static_assert(sizeof(struct jettison_cgroup) == 128);
static_assert(sizeof(struct jettison_process) == 64);
static_assert(sizeof(struct jettison_order) == 568);

struct device_file {
	struct mutex lock;		/* one read at a time */
	struct events_reader reader;
	struct snapshot_buffer buffer;
};

union device_call {
	struct {
		u32 version, flags;
	} head;				/* of all of them */
	struct jettison_info info;
	struct jettison_watch watch;
	struct jettison_snapshot snapshot;
	struct jettison_order order;
};

static DEFINE_MUTEX(holder_lock);
static struct device_file *holder;	/* of lines and order; or NULL */

void device_describe(struct jettison_info *info)
{
	struct memory_facts facts;

	memory_refresh();
	memory_read(&facts);
	*info = (struct jettison_info){
		.version = JETTISON_ABI,
		.features = snapshot_possible() ? JETTISON_HAS_MEMCG : 0,
		.memory_total = facts.total,
		.memory_available = facts.available,
		.swap_total = facts.swap_total,
		.swap_free = facts.swap_free,
		.events = events_count(),
	};
	watch_describe(info);
	order_describe(info);
}

static bool info_valid(const union device_call *call)
{
	return !memchr_inv(call->info.reserved, 0, sizeof(call->info.reserved));
}

static int info_run(struct device_file *file, union device_call *call)
{
	device_describe(&call->info);
	return 0;
}

static bool watch_valid(const union device_call *call)
{
	const struct jettison_watch *watch = &call->watch;

	return watch->available_low <= watch->available_high &&
	       watch->swap_low <= watch->swap_high &&
	       !memchr_inv(watch->reserved, 0, sizeof(watch->reserved));
}

static int watch_run(struct device_file *file, union device_call *call)
{
	memory_refresh();
	watch_set_lines(&call->watch);
	return 0;
}

static bool snapshot_valid(const union device_call *call)
{
	return call->snapshot.score_neutral <= 2000 && !call->snapshot.reserved;
}

static int snapshot_run(struct device_file *file, union device_call *call)
{
	memory_refresh();
	return snapshot_take(&file->buffer, &call->snapshot);
}

static bool order_valid(const union device_call *call)
{
	const struct jettison_order *order = &call->order;

	return order->expires_ms >= 1 && order->expires_ms <= 60000 &&
	       order->deadline_ms >= 1 && order->deadline_ms <= 10000 &&
	       order->n <= JETTISON_ORDER_MAX;
}

static int order_run(struct device_file *file, union device_call *call)
{
	return order_set(&call->order);
}

static const struct device_verb {
	unsigned int number;
	u32 flags;			/* the known ones */
	bool held;			/* only for who holds lines and order */
	bool (*valid)(const union device_call *call);
	int (*run)(struct device_file *file, union device_call *call);
} verbs[] = {
	{ JETTISON_INFO, 0, false, info_valid, info_run },
	{ JETTISON_WATCH, 0, true, watch_valid, watch_run },
	{ JETTISON_SNAPSHOT, JETTISON_SNAPSHOT_PROCESSES, false, snapshot_valid, snapshot_run },
	{ JETTISON_ORDER, 0, true, order_valid, order_run },
};

static const struct device_verb *verb_find(unsigned int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (verbs[i].number == number)
			return &verbs[i];
	}
	return NULL;
}

static int verb_check(const struct device_verb *verb,
		      const union device_call *call)
{
	if (call->head.version != JETTISON_ABI)
		return -EPROTONOSUPPORT;
	if (call->head.flags & ~verb->flags)
		return -EOPNOTSUPP;
	return verb->valid(call) ? 0 : -EINVAL;
}

static int verb_run_held(const struct device_verb *verb,
			 struct device_file *file, union device_call *call)
{
	int r = -EBUSY;

	mutex_lock(&holder_lock);
	if (!holder || holder == file) {
		r = verb->run(file, call);
		if (!r)
			holder = file;
	}
	mutex_unlock(&holder_lock);
	return r;
}

static long device_ioctl(struct file *file, unsigned int number,
			 unsigned long argument)
{
	const struct device_verb *verb = verb_find(number);
	bool answers = _IOC_DIR(number) & _IOC_READ;
	void __user *user = (void __user *)argument;
	size_t size = _IOC_SIZE(number);
	union device_call call;
	int r;

	if (!verb)
		return -ENOTTY;
	if (copy_from_user(&call, user, size))
		return -EFAULT;
	r = verb_check(verb, &call);
	if (r)
		return r;
	if (answers && copy_to_user(user, &call, size))
		return -EFAULT;

	r = verb->held ? verb_run_held(verb, file->private_data, &call) :
			 verb->run(file->private_data, &call);
	if (answers && (!r || r == -ENOSPC) && copy_to_user(user, &call, size))
		return -EFAULT;
	return r;
}

/* As many events as fit: their bytes, 0 if there is none, or -errno. */
static ssize_t device_deliver(struct device_file *file, char __user *user,
			      size_t size)
{
	struct events_reader before;
	struct jettison_event event;
	ssize_t n = 0;

	if (mutex_lock_interruptible(&file->lock))
		return -ERESTARTSYS;
	while (size - n >= sizeof(event)) {
		before = file->reader;
		if (!events_take(&file->reader, &event))
			break;
		if (copy_to_user(user + n, &event, sizeof(event))) {
			file->reader = before;
			n = n ?: -EFAULT;
			break;
		}
		n += sizeof(event);
	}
	mutex_unlock(&file->lock);
	return n;
}

static ssize_t device_read(struct file *file, char __user *user, size_t size,
			   loff_t *position)
{
	struct device_file *own = file->private_data;
	ssize_t n;

	if (size < sizeof(struct jettison_event))
		return -EINVAL;
	for (;;) {
		n = device_deliver(own, user, size);
		if (n)
			return n;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		n = wait_event_interruptible(events_wait, events_pending(&own->reader));
		if (n)
			return n;
	}
}

static __poll_t device_poll(struct file *file, poll_table *wait)
{
	struct device_file *own = file->private_data;

	poll_wait(file, &events_wait, wait);
	return events_pending(&own->reader) ? EPOLLIN | EPOLLRDNORM : 0;
}

static int device_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct device_file *own = file->private_data;

	return snapshot_buffer_map(&own->buffer, vma);
}

static int device_open(struct inode *inode, struct file *file)
{
	struct device_file *own;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	own = kzalloc(sizeof(*own), GFP_KERNEL);
	if (!own)
		return -ENOMEM;
	mutex_init(&own->lock);
	snapshot_buffer_init(&own->buffer);
	events_reader_init(&own->reader);
	file->private_data = own;
	return stream_open(inode, file);
}

static int device_release(struct inode *inode, struct file *file)
{
	struct device_file *own = file->private_data;

	mutex_lock(&holder_lock);
	if (holder == own) {
		order_clear();
		watch_reset_lines();
		holder = NULL;
	}
	mutex_unlock(&holder_lock);
	snapshot_buffer_free(&own->buffer);
	kfree(own);
	return 0;
}

static const struct file_operations device_operations = {
	.owner = THIS_MODULE,
	.open = device_open,
	.release = device_release,
	.read = device_read,
	.poll = device_poll,
	.mmap = device_mmap,
	.unlocked_ioctl = device_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "jettison",
	.mode = 0600,
	.fops = &device_operations,
	.groups = text_groups,
};

int device_init(void)
{
	return misc_register(&device);
}

void device_exit(void)
{
	misc_deregister(&device);
}

/* One verb, its call as it should be, and what one wrong number in it gives. */
static bool selftest_verb(unsigned int number, const union device_call *good,
			  u32 unknown_flag)
{
	const struct device_verb *verb = verb_find(number);
	union device_call call = *good;
	bool passed;

	if (!verb)
		return false;
	passed = verb_check(verb, &call) == 0;
	call.head.flags = unknown_flag;
	passed &= verb_check(verb, &call) == -EOPNOTSUPP;
	call.head.version = JETTISON_ABI + 1;
	passed &= verb_check(verb, &call) == -EPROTONOSUPPORT;
	return passed;
}

bool device_selftest(void)
{
	const union device_call info = { .info = { .version = JETTISON_ABI } };
	const union device_call order = { .order = {
		.version = JETTISON_ABI, .expires_ms = 60000, .deadline_ms = 1,
		.n = JETTISON_ORDER_MAX } };
	const union device_call snapshot = { .snapshot = {
		.version = JETTISON_ABI, .flags = JETTISON_SNAPSHOT_PROCESSES,
		.score_neutral = 2000 } };
	bool passed = selftest_verb(JETTISON_INFO, &info, 1);

	passed &= selftest_verb(JETTISON_WATCH, &info, 1);
	passed &= selftest_verb(JETTISON_SNAPSHOT, &snapshot, 2);
	passed &= selftest_verb(JETTISON_ORDER, &order, 1);
	passed &= !verb_find(_IO('J', 9));
	if (!passed)
		pr_err("selftest: calls failed\n");
	return passed;
}
