// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The buffer is allocated when it is mapped, and replaced only while nobody
 * has it mapped. A mapping keeps the file open, hence there is none any more
 * when the file's owner frees the buffer. mmap() holds the process's mmap_lock
 * when it takes the buffer's lock; nothing that is done under the latter takes
 * an mmap_lock.
 *
 * From a cgroup's id to its record leads a hash with open addressing. It has
 * at least two places per record that fits, so a search always ends at a free
 * place. The index is not in the mapping, and what it holds is below the
 * number of records whatever they say: user space may read them, and nothing
 * it might ever manage to write there leads this code astray.
 */
#define pr_fmt(fmt) "jettison: " fmt

#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/string.h>
#include <linux/vmalloc.h>

#include "buffer.h"
#include "compat.h"

void snapshot_buffer_init(struct snapshot_buffer *buffer)
{
	memset(buffer, 0, sizeof(*buffer));
	mutex_init(&buffer->lock);
}

void snapshot_buffer_free(struct snapshot_buffer *buffer)
{
	vfree(buffer->records);
	vfree(buffer->index);
	buffer->records = NULL;
	buffer->index = NULL;
	buffer->size = 0;
}

static u32 size_room(size_t size)
{
	return size / sizeof(struct jettison_cgroup);
}

u32 buffer_room(const struct snapshot_buffer *buffer)
{
	return size_room(buffer->size);
}

int buffer_alloc(struct snapshot_buffer *buffer, size_t size)
{
	unsigned int bits = order_base_2(2 * size_room(size));
	void *records = vmalloc_user(size);
	u32 *index = vmalloc(sizeof(*index) << bits);

	if (!records || !index) {
		vfree(records);
		vfree(index);
		return -ENOMEM;
	}
	snapshot_buffer_free(buffer);
	buffer->records = records;
	buffer->size = size;
	buffer->index = index;
	buffer->index_bits = bits;
	return 0;
}

static void mapping_open(struct vm_area_struct *vma)
{
	struct snapshot_buffer *buffer = vma->vm_private_data;

	atomic_inc(&buffer->mappings);
}

static void mapping_close(struct vm_area_struct *vma)
{
	struct snapshot_buffer *buffer = vma->vm_private_data;

	atomic_dec(&buffer->mappings);
}

static const struct vm_operations_struct mapping_ops = {
	.open = mapping_open,
	.close = mapping_close,
};

static int mapping_check(const struct vm_area_struct *vma)
{
	if (vma->vm_flags & VM_WRITE)
		return -EACCES;
	/* VM_SHARED is withheld where the file was opened for reading. */
	if (!(vma->vm_flags & VM_MAYSHARE) || vma->vm_pgoff ||
	    vma->vm_end - vma->vm_start > JETTISON_BUFFER_MAX)
		return -EINVAL;
	return 0;
}

int snapshot_buffer_map(struct snapshot_buffer *buffer,
			struct vm_area_struct *vma)
{
	size_t size = vma->vm_end - vma->vm_start;
	int r = mapping_check(vma);

	if (r)
		return r;
	mutex_lock(&buffer->lock);
	if (atomic_read(&buffer->mappings))
		r = -EBUSY;
	else if (buffer->size != size)
		r = buffer_alloc(buffer, size);
	if (r)
		goto out;

	/*
	 * Neither mprotect() nor a debugger shall write here, and no child
	 * keep its parent from mapping another size.
	 */
	vm_flags_mod(vma, VM_DONTCOPY, VM_MAYWRITE);
	/* Sets VM_DONTEXPAND and VM_DONTDUMP. */
	r = remap_vmalloc_range(vma, buffer->records, 0);
	if (r)
		goto out;
	vma->vm_private_data = buffer;
	vma->vm_ops = &mapping_ops;
	mapping_open(vma);
out:
	mutex_unlock(&buffer->lock);
	return r;
}

void buffer_forget(struct snapshot_buffer *buffer)
{
	memset(buffer->index, 0, sizeof(*buffer->index) << buffer->index_bits);
}

/* The place of this id: it holds the number of its record plus one, or 0. */
static u32 *index_place(const struct snapshot_buffer *buffer, u64 id)
{
	const struct jettison_cgroup *records = buffer->records;
	u32 mask = (1u << buffer->index_bits) - 1;
	u32 at = hash_64(id, buffer->index_bits);
	u32 *index = buffer->index;

	while (index[at] && records[index[at] - 1].id != id)
		at = (at + 1) & mask;
	return &index[at];
}

void buffer_remember(struct snapshot_buffer *buffer, u32 number)
{
	const struct jettison_cgroup *records = buffer->records;

	*index_place(buffer, records[number].id) = number + 1;
}

struct jettison_cgroup *buffer_find(const struct snapshot_buffer *buffer, u64 id)
{
	struct jettison_cgroup *records = buffer->records;
	u32 place = *index_place(buffer, id);

	return place ? &records[place - 1] : NULL;
}

/* Full to the last record, with ids that collide as they like. */
static bool selftest_full(struct snapshot_buffer *buffer)
{
	struct jettison_cgroup *records = buffer->records;
	u32 room = buffer_room(buffer), i;

	buffer_forget(buffer);
	for (i = 0; i < room; i++) {
		records[i].id = (u64)i * i + 1;
		if (buffer_find(buffer, records[i].id))
			return false;
		buffer_remember(buffer, i);
	}
	for (i = 0; i < room; i++) {
		if (buffer_find(buffer, records[i].id) != &records[i])
			return false;
	}
	if (buffer_find(buffer, 3))
		return false;
	buffer_forget(buffer);
	return !buffer_find(buffer, records[0].id);
}

bool buffer_selftest(void)
{
	static const unsigned int pages[] = { 1, 2, 17, 64 };
	struct snapshot_buffer buffer;
	bool passed = true;

	snapshot_buffer_init(&buffer);
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		if (!buffer_alloc(&buffer, pages[i] * PAGE_SIZE) && selftest_full(&buffer))
			continue;
		pr_err("selftest: buffer of %u pages\n", pages[i]);
		passed = false;
	}
	snapshot_buffer_free(&buffer);
	return passed;
}
