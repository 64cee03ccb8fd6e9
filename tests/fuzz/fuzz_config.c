/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The configuration: what is refused leaves everything as it was and says why in printable bytes; what is
 * accepted can be dumped, loaded again, and means the same. The text goes through a file in memory, since the
 * loader insists on one. */
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/base.h"
#include "fuzz.h"
#include "serve/config.h"

/* Puts the text into the file and returns its name. */
static const char *file_of(const void *text, size_t len)
{
        static char name[64];
        static int fd = -1;

        if (fd < 0) {
                fd = memfd_create("config", MFD_CLOEXEC);
                EXPECT(fd >= 0 && fchmod(fd, 0600) == 0);
                snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
        }
        EXPECT(ftruncate(fd, 0) == 0 && pwrite(fd, text, len, 0) == (ssize_t)len);
        return name;
}

static void expect_printable(const char *text)
{
        EXPECT(*text != '\0');
        for (; *text != '\0'; text++)
                EXPECT(*text >= 0x20 && *text < 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        CLEANUP(free_p) char *first = NULL, *second = NULL;
        struct config config, again;
        struct config_error error;

        memset(&config, 0x5a, sizeof(config));
        memcpy(&again, &config, sizeof(again));
        if (config_load(file_of(data, size), true, &config, &error) < 0) {
                expect_printable(error.text);
                EXPECT(memcmp(&config, &again, sizeof(config)) == 0);
                return 0;
        }
        first = config_dump(&config);
        EXPECT(first && config_load(file_of(first, strlen(first)), true, &again, &error) == 0);
        second = config_dump(&again);
        EXPECT(second && strcmp(first, second) == 0);
        config_fini(&config);
        config_fini(&again);
        return 0;
}
