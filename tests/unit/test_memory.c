/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is locked stays locked, so every case runs in a child, which ends with 0 when all was as it should be,
 * and with SKIPPED where it may not lock; what it told the log is read as well. */
#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/base.h"
#include "child_fixture.h"
#include "serve/memory.h"

#define TABLE_BYTES (2 * MIB)
#define PAGE_BYTES  ((size_t)sysconf(_SC_PAGESIZE))

/* A number of KiB behind a key: of /proc/self/status, or of the mapping of smaps that holds the address. */
static long kib_of(const char *key, const void *address)
{
        FILE *f = fopen(address ? "/proc/self/smaps" : "/proc/self/status", "re");
        char line[512];
        bool inside = !address;
        long kib = -1;

        MUST(f);
        while (kib < 0 && fgets(line, sizeof(line), f)) {
                unsigned long start, end;

                if (address && sscanf(line, "%lx-%lx ", &start, &end) == 2)
                        inside = (uintptr_t)address >= start && (uintptr_t)address < end;
                else if (inside && strncmp(line, key, strlen(key)) == 0)
                        sscanf(line + strlen(key), " %ld", &kib);
        }
        fclose(f);
        return kib;
}

static void prepare(void)
{
#ifdef __SANITIZE_ADDRESS__
        if (dprintf(STDERR_FILENO, "the sanitizer makes mlock() do nothing"))
                _exit(SKIPPED);
#endif
        if (memory_prepare() < 0)
                _exit(SKIPPED);
}

static bool is_locked(const char *page)
{
        return kib_of("Locked:", page) > 0;
}

/* A table between two pages that cannot be read, so that nothing joins its mapping. */
static char *table_new(void)
{
        char *table = mmap(NULL, TABLE_BYTES + 2 * PAGE_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        MUST(table != MAP_FAILED);
        MUST(mprotect(table + PAGE_BYTES, TABLE_BYTES, PROT_READ | PROT_WRITE) == 0);
        return table + PAGE_BYTES;
}

static void lock_used(void)
{
        const long half_kib = TABLE_BYTES / 2 / KIB, page_kib = PAGE_BYTES / KIB;
        char *table = table_new(), *quarter = table + TABLE_BYTES / 4, *middle = table + TABLE_BYTES / 2;

        prepare();
        *middle = 1;
        MUST(memory_lock() == 0);
        MUST(kib_of("VmLck:", NULL) > 64);      /* the stack alone */
        MUST(is_locked(middle) && kib_of("Size:", middle) == page_kib);
        MUST(!is_locked(quarter) && kib_of("Rss:", quarter) == 0);

        memset(table, 1, TABLE_BYTES / 2);      /* it grows … */
        MUST(!is_locked(quarter));
        MUST(memory_lock() == 0);               /* … and is locked as far as it has grown */
        MUST(is_locked(quarter) && kib_of("Size:", quarter) == half_kib + page_kib);
        MUST(!is_locked(middle + PAGE_BYTES) && kib_of("Rss:", middle + PAGE_BYTES) == 0);
}

Test(memory, used_pages_are_locked)
{
        expect_done(lock_used);
}

/* The program itself is locked whether it has been used or not. */
static void never_used(void)
{
        static char unused[512 * 1024] __attribute__((aligned(4096)));

        prepare();
        MUST(kib_of("Rss:", &unused[sizeof(unused) / 2]) < 256);
        MUST(memory_lock() == 0);
        MUST(is_locked(&unused[sizeof(unused) / 2]) && is_locked(&unused[0]));
        MUST(is_locked((const char *)(uintptr_t)never_used));
}

Test(memory, program_is_locked)
{
        expect_done(never_used);
}

static void return_cleared(void)
{
        char *table = table_new();

        prepare();
        memset(table, 0, TABLE_BYTES);
        table[TABLE_BYTES / 2] = 1;
        MUST(kib_of("Rss:", table) == (long)(TABLE_BYTES / KIB));
        memory_return();
        MUST(kib_of("Rss:", table) == (long)(PAGE_BYTES / KIB) && table[TABLE_BYTES / 2] == 1);
        for (size_t i = 0; i < TABLE_BYTES; i++)
                MUST(table[i] == (i == TABLE_BYTES / 2));
}

Test(memory, cleared_pages_are_returned)
{
        expect_done(return_cleared);
}

static void forget_code(void)
{
        const void *code = (const void *)(uintptr_t)json_loads;

        prepare();
        json_decref(json_loads("[1]", 0, NULL));
        MUST(kib_of("Rss:", code) > 0);
        memory_forget();
        MUST(kib_of("Rss:", code) == 0);
        MUST(memory_lock() == 0 && !is_locked(code));
        json_decref(json_loads("[1]", 0, NULL));        /* it comes back when it is called */
        MUST(kib_of("Rss:", code) > 0);
}

Test(memory, unused_code_is_let_go)
{
        expect_done(forget_code);
}

/* What has been written into code is a debugger's, and stays. */
static void forget_written_code(void)
{
        uintptr_t page = PAGE_BYTES;
        volatile unsigned char *code = (unsigned char *)(uintptr_t)json_loads;
        void *begin = (void *)((uintptr_t)code / page * page);
        unsigned char breakpoint;

        prepare();
        MUST(mprotect(begin, page, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
        breakpoint = *code = (unsigned char)~*code;
        MUST(mprotect(begin, page, PROT_READ | PROT_EXEC) == 0);
        memory_forget();
        MUST(*code == breakpoint);
}

Test(memory, breakpoints_stay)
{
        expect_done(forget_written_code);
}

static void lock_within(void)
{
        struct rlimit tight = { 64 * KIB, 64 * KIB };

        MUST(setrlimit(RLIMIT_MEMLOCK, &tight) == 0);
        if (geteuid() == 0)
                MUST(setuid(65534) == 0);
        MUST(memory_prepare() == -ENOMEM);
        MUST(memory_lock() == -ENOMEM);
}

Test(memory, tight_limit)
{
#ifdef __SANITIZE_ADDRESS__
        cr_skip_test("the sanitizer makes mlock() do nothing");
#endif
        expect_done(lock_within);
        cr_expect(strstr(told, "allows 64 KiB") && strstr(told, "LimitMEMLOCK=infinity"), "told: %s", told);
        cr_expect(strstr(told, "cannot lock memory: "), "told: %s", told);
}
