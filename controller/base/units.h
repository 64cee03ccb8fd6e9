/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sizes, shares and durations as people write them, and sizes as people read them. Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* An amount of memory: a share of some whole, bytes, or both, and then the smaller of the two counts. */
struct amount {
        uint64_t bytes;         /* UINT64_MAX: no absolute part */
        uint32_t permyriad;     /* of the whole; 10000 is all of it */
};

/* The amount in bytes against a whole of 'total' bytes. */
uint64_t amount_bytes(struct amount a, uint64_t total);

/* "512M", "6G", "4096": binary multiples K M G T, an optional trailing B or iB. 0 or -EINVAL. */
int size_parse(const char *text, uint64_t *ret_bytes);

/* "10%", "12.5%", "4G", or both with a comma, "10%,4G": the smaller counts. 0 or -EINVAL (a share over 100
 * %). */
int amount_parse(const char *text, struct amount *ret_amount);

/* "12.34%" → 1234. 0 or -EINVAL (over 100 %, no %, more than two decimals). */
int share_parse(const char *text, uint32_t *ret_permyriad);

/* "500us", "20ms", "1.5s", "2min", "1h"; a bare number is refused, but "0". 0 or -EINVAL. */
int duration_parse(const char *text, uint64_t *ret_us);

/* "1.2 GiB", "640 MiB", "0 B": at most SIZE_TEXT_MAX bytes with the NUL. Returns buffer. */
#define SIZE_TEXT_MAX 16
char *size_format(uint64_t bytes, char buffer[static SIZE_TEXT_MAX]);

/* "340 ms", "2.4 s", "85 us": at most DURATION_TEXT_MAX bytes. Returns buffer. */
#define DURATION_TEXT_MAX 16
char *duration_format(uint64_t us, char buffer[static DURATION_TEXT_MAX]);
