// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The same facts for people and scripts. Every attribute is made when it is
 * read, at that moment; nothing is kept. Numbers are one to a file, bytes
 * where they are sizes. The order is lines of a key and a value, the processes
 * a table with a head.
 *
 * Anybody may read the numbers: /proc/meminfo has them as well. Whom the order
 * names, and what processes there are outside a container, is for those who
 * could open the device; the root user of a container that sees this directory
 * is not among them.
 *
 * The table holds the TOP processes of the highest score, so many that it fits
 * a page of 4096 bytes even if all lines are as long as they can be: sizes of
 * 15 digits, and names of 15 odd bytes, each escaped to four. They are found
 * in one pass under RCU with a sorted list of the best so far; most processes
 * are seen off at its end.
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/capability.h>
#include <linux/ctype.h>
#include <linux/device.h>
#include <linux/printk.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "device.h"
#include "memory.h"
#include "text.h"

#define TOP 32

/* A byte that is not printable ASCII becomes four: "\ooo". */
#define NAME_MAX_BYTES (4 * (TASK_COMM_LEN - 1) + 1)

struct number {
	struct device_attribute attribute;
	size_t offset;			/* of a __u64 in struct jettison_info */
};

static ssize_t number_show(struct device *dev, struct device_attribute *attr,
			   char *page)
{
	const struct number *number = container_of(attr, struct number, attribute);
	struct jettison_info info;

	device_describe(&info);
	return sysfs_emit(page, "%llu\n", *(u64 *)((char *)&info + number->offset));
}

#define NUMBER(name) __ATTR(name, 0444, number_show, NULL)
#define AT(field) offsetof(struct jettison_info, field)

static struct number number_memory_total = { NUMBER(memory_total), AT(memory_total) };
static struct number number_memory_available = { NUMBER(memory_available), AT(memory_available) };
static struct number number_swap_total = { NUMBER(swap_total), AT(swap_total) };
static struct number number_swap_free = { NUMBER(swap_free), AT(swap_free) };
static struct number number_available_low = { NUMBER(available_low), AT(available_low) };
static struct number number_swap_low = { NUMBER(swap_low), AT(swap_low) };
static struct number number_events = { NUMBER(events), AT(events) };
static struct number number_samples = { NUMBER(samples), AT(samples) };

static ssize_t order_show(struct device *dev, struct device_attribute *attr,
			  char *page)
{
	static const char * const states[] = {
		[JETTISON_ORDER_NONE] = "none",
		[JETTISON_ORDER_STANDING] = "standing",
		[JETTISON_ORDER_ACTING] = "acting",
		[JETTISON_ORDER_OVER] = "over",
	};
	struct jettison_info info;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	device_describe(&info);
	return sysfs_emit(page,
			  "state %s\nround %llu\nage_ms %llu\nleft_ms %llu\nvictims %u\n",
			  states[info.order_state], info.order_round,
			  info.order_age_ms, info.order_left_ms,
			  info.order_victims);
}
static DEVICE_ATTR_ADMIN_RO(order);

struct row {
	pid_t pid;
	struct process_facts facts;
	char comm[TASK_COMM_LEN];
};

struct table {
	unsigned int n;
	struct row rows[TOP];		/* highest score first */
};

/* Of equals the earlier one stands first. */
static void table_enter(struct table *table, const struct row *row)
{
	unsigned int i = table->n;

	if (i < TOP)
		table->n++;
	else if (table->rows[--i].facts.score >= row->facts.score)
		return;
	for (; i > 0 && table->rows[i - 1].facts.score < row->facts.score; i--)
		table->rows[i] = table->rows[i - 1];
	table->rows[i] = *row;
}

static void table_fill(struct table *table)
{
	unsigned long score_pages = memory_score_pages();
	struct task_struct *task;
	struct row row;

	rcu_read_lock();
	for_each_process(task) {
		process_read(task, score_pages, &row.facts);
		if (!row.facts.has_mm)
			continue;
		row.pid = task_tgid_nr(task);
		get_task_comm(row.comm, task);
		table_enter(table, &row);
	}
	rcu_read_unlock();
}

static void name_escape(const char *comm, char *name)
{
	for (; *comm; comm++) {
		if (isascii(*comm) && isprint(*comm) && *comm != '\\')
			*name++ = *comm;
		else
			name += sprintf(name, "\\%03o", (u8)*comm);
	}
	*name = '\0';
}

static ssize_t processes_show(struct device *dev, struct device_attribute *attr,
			      char *page)
{
	char name[NAME_MAX_BYTES];
	struct table *table;
	int n;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	table = kzalloc(sizeof(*table), GFP_KERNEL);
	if (!table)
		return -ENOMEM;
	memory_refresh();
	table_fill(table);
	n = sysfs_emit(page, "pid rss swap page_tables oom_score oom_score_adj comm\n");
	for (unsigned int i = 0; i < table->n; i++) {
		const struct row *row = &table->rows[i];

		name_escape(row->comm, name);
		n += sysfs_emit_at(page, n, "%d %llu %llu %llu %u %d %s\n",
				   row->pid, row->facts.rss, row->facts.swap,
				   row->facts.page_tables, row->facts.score,
				   row->facts.adj, name);
	}
	kfree(table);
	return n;
}
static DEVICE_ATTR_ADMIN_RO(processes);

static struct attribute *text_attrs[] = {
	&number_memory_total.attribute.attr,
	&number_memory_available.attribute.attr,
	&number_swap_total.attribute.attr,
	&number_swap_free.attribute.attr,
	&number_available_low.attribute.attr,
	&number_swap_low.attribute.attr,
	&number_events.attribute.attr,
	&number_samples.attribute.attr,
	&dev_attr_order.attr,
	&dev_attr_processes.attr,
	NULL
};

static const struct attribute_group text_group = { .attrs = text_attrs };

const struct attribute_group *text_groups[] = { &text_group, NULL };

static bool selftest_table(void)
{
	struct table *table = kzalloc(sizeof(*table), GFP_KERNEL);
	bool passed;

	if (!table)
		return false;
	/* Scores 0 … 6, many of each, and numbered as they come. */
	for (int i = 0; i < 100; i++)
		table_enter(table, &(struct row){ .pid = i, .facts.score = i * 5 % 7 });
	passed = table->n == TOP && table->rows[0].facts.score == 6;
	for (int i = 1; i < TOP; i++) {
		const struct row *before = &table->rows[i - 1], *row = &table->rows[i];

		passed &= before->facts.score > row->facts.score ||
			  (before->facts.score == row->facts.score &&
			   before->pid < row->pid);
	}
	kfree(table);
	if (!passed)
		pr_err("selftest: table of processes is out of order\n");
	return passed;
}

bool text_selftest(void)
{
	static const char odd[TASK_COMM_LEN] = "a b\\\n\xff\x01(c)";
	char name[NAME_MAX_BYTES];
	bool passed = selftest_table();

	name_escape(odd, name);
	if (strcmp(name, "a b\\134\\012\\377\\001(c)")) {
		pr_err("selftest: name is %s\n", name);
		passed = false;
	}
	return passed;
}
