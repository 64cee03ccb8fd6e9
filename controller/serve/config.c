/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A configuration is the defaults, then one file, then its drop-ins in the order of their names, each
 * changing the keys that it mentions. All of that happens in a copy: a reload that fails leaves the running
 * configuration alone. What concerns two keys at once is looked at when all files are read, since one file
 * may rely on the other; the error then names the file and line that said the last word on one of the two.
 *
 * Two amounts are held against each other part by part, shares with shares and bytes with bytes, for which of
 * a share and a size is larger depends on the machine. */
#include "serve/config_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

#define DROPIN_FOLDER "jettison.d"
#define DROPIN_SUFFIX ".json"
/* More files than that are not written by people. */
#define DROPINS_MAX   1000u

/* Reasons. Timer: a round must fit into 300 ms, so a look every 10 ms loses little of them, and a look every
 * 10 s costs an idle machine nothing; the fill rate is the one that earlyoom measured. Strike: cgroup.kill
 * was seen to wait half a second for cgroup_mutex, which is more than a round has; 100 ms leave room for the
 * signals. */
static const struct config defaults = {
        .sense = {
                .utility_default = {
                        [POD_NONE] = { .value = UTILITY_DEFAULT },
                        [POD_GUARANTEED] = { .value = 2 * UTILITY_DEFAULT },
                        [POD_BURSTABLE] = { .value = UTILITY_DEFAULT },
                        [POD_BESTEFFORT] = { .value = UTILITY_DEFAULT / 2 },
                        [POD_STATIC] = { .protect = true },
                },
                .containers = true,
                .kill_unit = KILL_UNIT_CONTAINER,
                .labels_user = LABELS_USER_DELEGATED,
                .cgroups_max = 1024,
                .oom_score_neutral = OOM_SCORE_NEUTRAL,
                .host = true,
                .domains_auto = true,
                .timer_min_us = 10 * USEC_PER_MSEC,
                .timer_max_us = 10 * USEC_PER_SEC,
        },
        .act = {
                .method = STRIKE_CGROUP_KILL,
                .strike_deadline_us = 100 * USEC_PER_MSEC,
                .settle_us = 2 * USEC_PER_SEC,
                .backoff_us = 10 * USEC_PER_SEC,
        },
        .journal = {
                .size_max = 16 * MIB,
                .keep = 4,
                .kmsg = true,
        },
        .feed = FEED_AUTO,
        .group_memory_min = 32 * MIB,
};

int config_init(struct config *c)
{
        CLEANUP(config_fini) struct config fresh = defaults;

        fresh.policy = policy_default;
        fresh.journal.path = strdup("/var/log/jettison/journal.jsonl");
        fresh.control_path = strdup("/run/jettison/control.sock");
        fresh.control_group = strdup("");
        fresh.group = strdup("auto");
        fresh.files = strdup("");
        if (!fresh.journal.path || !fresh.control_path || !fresh.control_group || !fresh.group ||
            !fresh.files)
                return -ENOMEM;
        *c = fresh;
        fresh = (struct config){ 0 };
        return 0;
}

void config_fini(struct config *c)
{
        config_free_domains(&c->sense);
        config_free_rules(&c->sense);
        free((char *)c->journal.path);
        free(c->control_path);
        free(c->control_group);
        free(c->group);
        free(c->files);
        *c = (struct config){ 0 };
}

/* What config_load has at hand while it reads. */
struct loader {
        struct config config;
        struct config_error *error;
        char **origins;                 /* one per key, of the table's length */
        size_t n_origins;
};

static void loader_fini(struct loader *l)
{
        for (size_t i = 0; l->origins && i < l->n_origins; i++)
                free(l->origins[i]);
        free(l->origins);
        config_fini(&l->config);
}

static int name_file(struct config *c, const char *name)
{
        char *files;

        if (asprintf(&files, "%s%s%s", c->files, *c->files != '\0' ? ", " : "", name) < 0)
                return -ENOMEM;
        free(c->files);
        c->files = files;
        return 0;
}

static int load_file(struct loader *l, int dir_fd, const char *leaf, const char *name)
{
        CLEANUP(config_file_close) struct config_file file = { 0 };
        struct reader reader = { .error = l->error, .file = &file, .origins = l->origins };
        const struct key *keys;
        size_t n_keys;
        int r = config_file_open(dir_fd, leaf, name, &file, l->error);

        if (r < 0)
                return r;
        keys = config_keys(&n_keys);
        r = reader_object(&reader, keys, n_keys, file.root, &l->config);
        if (r < 0)
                return r;
        return name_file(&l->config, name);
}

static int is_dropin(const struct dirent *entry)
{
        size_t len = strlen(entry->d_name), suffix = sizeof(DROPIN_SUFFIX) - 1;

        return entry->d_name[0] != '.' && len > suffix &&
               strcmp(entry->d_name + len - suffix, DROPIN_SUFFIX) == 0;
}

/* By bytes: the same order in every locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_dropin(struct loader *l, int folder_fd, const char *folder, const char *leaf)
{
        CLEANUP(free_p) char *name = NULL;
        int r;

        if (asprintf(&name, "%s/%s", folder, leaf) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        r = load_file(l, folder_fd, leaf, name);
        if (r == -ENOENT && l->error->text[0] == '\0')
                return config_error_set(l->error, r, name, 0, "%s", strerror(ENOENT));
        return r;
}

static int load_folder(struct loader *l, const char *folder)
{
        CLEANUP(close_p) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        struct dirent **entries = NULL;
        int n, r = 0;

        if (fd < 0 && errno == ENOENT)
                return 0;
        if (fd < 0)
                return config_error_set(l->error, -errno, folder, 0, "%s", strerror(errno));
        r = config_folder_check(fd, folder, l->error);
        if (r < 0)
                return r;
        n = scandirat(fd, ".", &entries, is_dropin, by_name);
        if (n < 0)
                return config_error_set(l->error, -errno, folder, 0, "%s", strerror(errno));
        if ((unsigned)n > DROPINS_MAX)
                r = config_error_set(l->error, -E2BIG, folder, 0, "expected at most %u files, found %d",
                                     DROPINS_MAX, n);
        for (int i = 0; i < n; i++) {
                if (r == 0)
                        r = load_dropin(l, fd, folder, entries[i]->d_name);
                free(entries[i]);
        }
        free(entries);
        return r;
}

static int load_dropins(struct loader *l, const char *path)
{
        CLEANUP(free_p) char *folder = NULL;
        const char *slash = strrchr(path, '/');

        if (asprintf(&folder, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, DROPIN_FOLDER) < 0) {
                folder = NULL;
                return -ENOMEM;
        }
        return load_folder(l, folder);
}

/* The second of each must not be below the first. */
static const struct pair {
        const char *low, *high;
} pairs[] = {
        { "trigger.available", "arm.available" },
        { "trigger.available", "target.available" },
        { "trigger.swap", "target.swap" },
        { "timer.min", "timer.max" },
};

static size_t key_index(const char *name)
{
        size_t n_keys, i = 0;
        const struct key *keys = config_keys(&n_keys);

        while (strcmp(keys[i].name, name) != 0)
                i++;
        return i;
}

static bool has_share(const struct amount *a)
{
        return a->permyriad < PERMYRIAD || a->bytes == UINT64_MAX;
}

static bool amount_is_below(const struct amount *a, const struct amount *b)
{
        if (has_share(a) && has_share(b) && a->permyriad < b->permyriad)
                return true;
        return a->bytes != UINT64_MAX && b->bytes != UINT64_MAX && a->bytes < b->bytes;
}

static int refuse_pair(struct loader *l, const struct key *keys, size_t low, size_t high)
{
        char low_text[FOUND_TEXT_MAX], high_text[FOUND_TEXT_MAX];
        json_t *low_value = config_write_key(&keys[low], &l->config);
        json_t *high_value = config_write_key(&keys[high], &l->config);

        config_found(low_value, low_text);
        config_found(high_value, high_text);
        json_decref(low_value);
        json_decref(high_value);
        if (l->origins[high])
                return config_error_set(l->error, -EINVAL, l->origins[high], 0,
                                        "%s: expected no less than %s, which is %s, found %s",
                                        keys[high].name, keys[low].name, low_text, high_text);
        return config_error_set(l->error, -EINVAL, l->origins[low], 0,
                                "%s: expected no more than %s, which is %s, found %s", keys[low].name,
                                keys[high].name, high_text, low_text);
}

static int check_pairs(struct loader *l)
{
        size_t n_keys;
        const struct key *keys = config_keys(&n_keys);

        for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
                size_t low = key_index(pairs[i].low), high = key_index(pairs[i].high);
                const void *a = (const char *)&l->config + keys[low].offset;
                const void *b = (const char *)&l->config + keys[high].offset;
                bool below = keys[low].type == &type_amount ? amount_is_below(b, a)
                                                            : *(const uint64_t *)b < *(const uint64_t *)a;

                if (below)
                        return refuse_pair(l, keys, low, high);
        }
        return 0;
}

static int load_all(struct loader *l, const char *path, bool required)
{
        int r = config_init(&l->config);

        if (r < 0)
                return r;
        config_keys(&l->n_origins);
        l->origins = calloc(l->n_origins, sizeof(*l->origins));
        if (!l->origins)
                return -ENOMEM;
        r = load_file(l, AT_FDCWD, path, path);
        if (r < 0 && (r != -ENOENT || l->error->text[0] != '\0' || required))
                return r;
        r = load_dropins(l, path);
        return r < 0 ? r : check_pairs(l);
}

int config_load(const char *path, bool required, struct config *ret_config, struct config_error *ret_error)
{
        CLEANUP(loader_fini) struct loader l = { .error = ret_error };
        int r;

        ret_error->text[0] = '\0';
        r = load_all(&l, path, required);
        if (r < 0 && ret_error->text[0] == '\0')
                return config_error_set(ret_error, r, path, 0, "%s", strerror(-r));
        if (r < 0)
                return r;
        *ret_config = l.config;
        l.config = (struct config){ 0 };
        return 0;
}
