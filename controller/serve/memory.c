/* SPDX-License-Identifier: GPL-2.0-or-later */
/* In a shortage, a page that is missing costs a read from the disk, and one that is touched for the first
 * time costs the memory that everybody lacks. So all that a round needs is touched before, and locked. But
 * what is locked is lost to others: mlockall() would lock the tables for a thousand containers where there
 * are ten, and all code of all libraries, most of which serves the start and is never run again.
 *
 * So what is locked is not what is mapped but what is used: the pages that the page tables hold, as told by
 * /proc/self/pagemap. Before the rehearsal all code is let go and freed memory given back; the rehearsal of
 * a kill and of a plan brings back what they need. That is locked, and again when there are more containers
 * than ever. The program itself is locked as a whole, so that ways which the rehearsal does not go are
 * there, too. Of the C library the kernel brings 64 KiB around each function that is called. That this is
 * enough is shown by tests/vm/scenario-memory.sh, which counts the page faults of whole rounds.
 *
 * Code is let go by MADV_DONTNEED, which loses what has been written to it. That is nothing, except for a
 * debugger's breakpoints: mappings with pages that are no longer the file's are left alone.
 *
 * libcgroup clears tables of 800 KiB, and never writes most of them. A page that holds nothing but zeros
 * can be given back without anybody noticing, as long as nobody writes to it meanwhile: hence before any
 * thread is started, and never on the stack.
 *
 * malloc() is told to use one arena, since threads here do not allocate, and to give tables pages of their
 * own, which are not there until they are used. */
#include "serve/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/base.h"
#include "base/log.h"

#define TABLE_BYTES   (32 * KIB)        /* from this size on a block has pages of its own */
#define STACK_BYTES   (64 * KIB)        /* twice as deep as a round goes */
#define LOCKED_BYTES  (8 * MIB)         /* with a thousand containers; what most systems allow */
#define MAPPING_BYTES (1 * GIB)         /* larger is no table of ours but a sanitizer's */

/* Of an entry of /proc/PID/pagemap (Documentation/admin-guide/mm/pagemap.rst). */
#define PAGE_PRESENT (UINT64_C(1) << 63)
#define PAGE_SWAPPED (UINT64_C(1) << 62)
#define PAGE_FILE    (UINT64_C(1) << 61)
#define PAGES_BATCH  256

struct mapping {
        uintptr_t start, end;
        bool is_file, is_writable;
};

struct pagemap {
        int fd;                 /* negative: this kernel has none, and all pages count as used */
        size_t page;            /* bytes */
};

/* The program's first byte, and the one behind its last: the linker's. */
extern char __executable_start[], _end[];

/* 0 if the limit is, or could be made, wide enough for now and later. */
static int lock_limit_raise(void)
{
        struct rlimit limit, none = { RLIM_INFINITY, RLIM_INFINITY };

        if (setrlimit(RLIMIT_MEMLOCK, &none) == 0)
                return 0;
        if (getrlimit(RLIMIT_MEMLOCK, &limit) < 0)
                return log_errno(-errno, "cannot read RLIMIT_MEMLOCK");
        limit.rlim_cur = limit.rlim_max;
        if (limit.rlim_max >= LOCKED_BYTES && setrlimit(RLIMIT_MEMLOCK, &limit) == 0)
                return 0;
        log_error("cannot lock memory: RLIMIT_MEMLOCK allows %llu KiB and %llu KiB are needed; "
                  "LimitMEMLOCK=infinity in the unit, or 'ulimit -l unlimited', helps",
                  (unsigned long long)(limit.rlim_max / KIB), (unsigned long long)(LOCKED_BYTES / KIB));
        return -ENOMEM;
}

int memory_prepare(void)
{
        mallopt(M_ARENA_MAX, 1);
        mallopt(M_MMAP_THRESHOLD, TABLE_BYTES);
        mallopt(M_TOP_PAD, 0);          /* or there is room for a table on the heap, and it is cleared */
        return lock_limit_raise();
}

/* Volatile, or the compiler sees that nobody reads it. */
__attribute__((noinline)) static void stack_touch(void)
{
        volatile char stack[STACK_BYTES];

        for (size_t i = 0; i < sizeof(stack); i += 1024)
                stack[i] = 0;
}

/* A line of /proc/PID/maps (proc(5)): "start-end rwxp offset device inode path". False if it is not of
 * interest: shared, not to be read, or none of ours. */
static bool mapping_parse(const char *line, struct mapping *m)
{
        const char *rights, *inode;
        char *end;

        m->start = strtoul(line, &end, 16);
        m->end = strtoul(end + 1, &end, 16);
        rights = end + 1;
        inode = strchr(rights, ':');            /* of the device */
        inode = inode ? strchr(inode, ' ') : NULL;
        m->is_file = inode && strtoul(inode, NULL, 10) != 0;
        m->is_writable = rights[1] == 'w';
        return inode && rights[0] == 'r' && rights[3] == 'p' && m->end - m->start <= MAPPING_BYTES;
}

/* Calls visit() for each private mapping that can be read, until one call fails. Its error, or 0. */
static int each_mapping(int (*visit)(const struct mapping *, const struct pagemap *))
{
        CLEANUP(close_p) int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
        struct pagemap pagemap = { .fd = fd, .page = (size_t)sysconf(_SC_PAGESIZE) };
        CLEANUP(close_p) int maps_fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
        char text[8192];
        size_t len = 0;
        ssize_t n;
        int r = 0;

        if (maps_fd < 0)
                return -errno;
        while (r == 0 && (n = read(maps_fd, text + len, sizeof(text) - 1 - len)) > 0) {
                char *line = text;
                struct mapping m;

                text[len + (size_t)n] = '\0';
                for (char *end; r == 0 && (end = strchr(line, '\n')); line = end + 1)
                        if (mapping_parse(line, &m))
                                r = visit(&m, &pagemap);
                len = strlen(line);             /* a line that goes on in the next piece */
                memmove(text, line, len);
        }
        return r;
}

/* What the page tables hold of up to PAGES_BATCH pages from 'at' on. Returns their number. */
static size_t pages_read(const struct mapping *m, const struct pagemap *pagemap, uintptr_t at,
                         uint64_t *pages)
{
        size_t n = u64_min((m->end - at) / pagemap->page, PAGES_BATCH);
        off_t offset = (off_t)(at / pagemap->page * sizeof(*pages));
        ssize_t got = pagemap->fd < 0 ? -1 : pread(pagemap->fd, pages, n * sizeof(*pages), offset);

        if (got >= (ssize_t)sizeof(*pages))
                return (size_t)got / sizeof(*pages);
        for (size_t i = 0; i < n; i++)
                pages[i] = PAGE_PRESENT;
        return n;
}

/* AddressSanitizer's gaps between variables are read like all else. */
__attribute__((no_sanitize_address)) static bool is_zero(uintptr_t page, size_t bytes)
{
        const uint64_t *words = (const uint64_t *)page;

        for (size_t i = 0; i < bytes / sizeof(*words); i++)
                if (words[i] != 0)
                        return false;
        return true;
}

static int mapping_return(const struct mapping *m, const struct pagemap *pagemap)
{
        uint64_t pages[PAGES_BATCH];
        bool is_stack = (uintptr_t)pages >= m->start && (uintptr_t)pages < m->end;

        if (m->is_file || !m->is_writable || is_stack || pagemap->fd < 0)
                return 0;
        for (uintptr_t at = m->start; at < m->end;) {
                size_t n = pages_read(m, pagemap, at, pages);

                for (size_t i = 0; i < n; i++, at += pagemap->page)
                        if (pages[i] & PAGE_PRESENT && is_zero(at, pagemap->page))
                                madvise((void *)at, pagemap->page, MADV_DONTNEED);
        }
        return 0;
}

static int mapping_forget(const struct mapping *m, const struct pagemap *pagemap)
{
        uint64_t pages[PAGES_BATCH];

        if (!m->is_file || m->is_writable)
                return 0;
        for (uintptr_t at = m->start; at < m->end;) {
                size_t n = pages_read(m, pagemap, at, pages);

                for (size_t i = 0; i < n; i++)
                        if (pages[i] & (PAGE_PRESENT | PAGE_SWAPPED) && !(pages[i] & PAGE_FILE))
                                return 0;
                at += n * pagemap->page;
        }
        madvise((void *)m->start, m->end - m->start, MADV_DONTNEED);
        return 0;
}

static bool is_used(uint64_t entry, uintptr_t at)
{
        return entry & (PAGE_PRESENT | PAGE_SWAPPED) ||
               (at >= (uintptr_t)__executable_start && at < (uintptr_t)_end);
}

static int mapping_lock(const struct mapping *m, const struct pagemap *pagemap)
{
        uint64_t pages[PAGES_BATCH];

        for (uintptr_t at = m->start; at < m->end;) {
                size_t n = pages_read(m, pagemap, at, pages);

                for (size_t i = 0, end; i < n; i = end + 1) {
                        for (end = i; end < n && is_used(pages[end], at + end * pagemap->page); end++)
                                ;
                        if (end > i &&
                            mlock((void *)(at + i * pagemap->page), (end - i) * pagemap->page) < 0)
                                return -errno;
                }
                at += n * pagemap->page;
        }
        return 0;
}

void memory_return(void)
{
        malloc_trim(0);
        each_mapping(mapping_return);
}

void memory_forget(void)
{
        malloc_trim(0);
        each_mapping(mapping_forget);
}

int memory_lock(void)
{
        int r;

        stack_touch();
        r = each_mapping(mapping_lock);
        return r < 0 ? log_errno(r, "cannot lock memory") : 0;
}
