/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the targets share. A target hands bytes of any kind to one reader and holds what comes back against
 * what the reader's header promises. A broken promise ends the program as a fault does that a sanitizer
 * finds. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Called by libFuzzer, over and over. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define EXPECT(condition)                                                                                    \
        do {                                                                                                 \
                if (!(condition)) {                                                                          \
                        fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);              \
                        abort();                                                                             \
                }                                                                                            \
        } while (0)

/* The bytes with a NUL behind them, new, in a block that ends there. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
        char *text = malloc(size + 1);

        EXPECT(text);
        memcpy(text, data, size);
        text[size] = '\0';
        return text;
}
