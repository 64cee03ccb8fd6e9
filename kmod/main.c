// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Loads and unloads. The order is the one of use: memory is read by all,
 * events are told by watch and order, and the device stands last, so that
 * whoever can call finds everything in place. Unloading is the mirror image.
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/module.h>
#include <linux/printk.h>

#include "device.h"
#include "events.h"
#include "memory.h"
#include "order.h"
#include "snapshot.h"
#include "text.h"
#include "watch.h"

static bool selftest;
module_param(selftest, bool, 0444);
MODULE_PARM_DESC(selftest, "test the parts at loading, and refuse to load if one fails");

static bool selftest_all(void)
{
	static bool (* const tests[])(void) = {
		events_selftest, memory_selftest, watch_selftest,
		text_selftest, device_selftest, snapshot_selftest,
		order_selftest,
	};
	bool passed = true;

	for (size_t i = 0; i < ARRAY_SIZE(tests); i++)
		passed &= tests[i]();
	pr_info("self-tests %s\n", passed ? "passed" : "failed");
	return passed;
}

static int __init jettison_init(void)
{
	int r;

	r = memory_init();
	if (r) {
		pr_err("cannot read meminfo: %d\n", r);
		return r;
	}
	if (selftest && !selftest_all()) {
		r = -ENOTRECOVERABLE;
		goto err_selftest;
	}
	r = watch_init();
	if (r)
		goto err_watch;
	r = order_init();
	if (r)
		goto err_order;
	r = device_init();
	if (r)
		goto err_device;
	return 0;

err_device:
	order_exit();
err_order:
	watch_exit();
err_watch:
err_selftest:
	events_exit();
	memory_exit();
	return r;
}

static void __exit jettison_exit(void)
{
	device_exit();
	order_exit();
	watch_exit();
	events_exit();
	memory_exit();
}

module_init(jettison_init);
module_exit(jettison_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The Jettison authors");
MODULE_DESCRIPTION("Memory watch, snapshot and standing order for the Jettison daemon");
MODULE_VERSION("0.1.0");
