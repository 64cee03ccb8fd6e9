/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How seldom a plentiful host may be looked at depends on how fast its memory can be filled, and that
 * differs a hundredfold between an emulated board and a server with many cores. So it is measured: fresh
 * pages are touched one by one, the fastest of some tries counts, and all processors are taken to be able to
 * do the same at once. They cannot quite, since they share the bus, so the figure is on the safe side. In
 * the middle of a shortage it is not, since each page has to be reclaimed first; so no processor is taken to
 * be slower than one of a small board. With a calm 512 MiB that makes four looks a second, where the 6 GiB/s
 * of any larger machine would make twenty. */
#include "sense/fillrate.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/base.h"
#include "base/loop.h"

#define TRIES 4
#define BYTES (4 * MIB)

/* Time to fill BYTES of fresh memory, at least 1 µs; LOOP_NEVER when there is none to be had. */
static uint64_t fill_once(size_t page)
{
        uint64_t begun_us = loop_now_us(), took_us;
        volatile char *memory = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (memory == MAP_FAILED)
                return LOOP_NEVER;
        for (size_t at = 0; at < BYTES; at += page)
                memory[at] = 1;
        took_us = loop_now_us() - begun_us;
        munmap((void *)memory, BYTES);
        return u64_max(took_us, 1);
}

uint64_t fillrate_measure(void)
{
        long processors = sysconf(_SC_NPROCESSORS_ONLN), page = sysconf(_SC_PAGESIZE);
        uint64_t fastest_us = LOOP_NEVER, rate;

        for (int i = 0; i < TRIES; i++)
                fastest_us = u64_min(fastest_us, fill_once((size_t)page));
        rate = u64_max(u64_scale(BYTES, USEC_PER_SEC, fastest_us), FILLRATE_MIN);
        return u64_scale(rate, processors > 0 ? (uint64_t)processors : 1, 1);
}
