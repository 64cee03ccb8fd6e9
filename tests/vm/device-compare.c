/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A snapshot judged by the files. For each cgroup and each process of the subtree a record of the same kind
 * is filled from cgroupfs and /proc, and the two are compared field by field, by a table. The machine must
 * be quiet: a second snapshot behind the files has to be the same as the first one before them, else
 * nothing is judged.
 *
 * A process without a memory controller of its own counts at the next cgroup above it that has one; so its
 * files are read with that one.
 *
 * To read a pressure file brings its totals up to date, which is a movement as well; so it is tried again until
 * the machine was quiet.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "device.h"

#define PATH_BYTES  1024u
#define CGROUPS_MAX 256u
#define PIDS_MAX    512u
#define TRIES       10u         /* until the machine was quiet */
#define SHOWN       4u          /* differences of a field that are printed */

/* Counters of a process have one part per CPU from 6.2 on, and whoever does not add them up is wrong by less
 * than a batch for each: 32 pages, of three kinds for rss, on the two CPUs of the test VM. */
#define COUNTER_LATE_BYTES (2u * 32u * PAGE_BYTES)

struct field {
        const char *name;
        size_t offset, bytes;
        uint64_t slack;
};

#define FIELD(type, member) #member, offsetof(struct type, member), sizeof(((struct type *)0)->member)

static const struct field cgroup_fields[] = {
        { FIELD(jettison_cgroup, parent), 0 },
        { FIELD(jettison_cgroup, flags), 0 },
        { FIELD(jettison_cgroup, memory), 0 },
        { FIELD(jettison_cgroup, swap), 0 },
        { FIELD(jettison_cgroup, lru_anon), 0 },
        { FIELD(jettison_cgroup, lru_file), 0 },
        { FIELD(jettison_cgroup, lru_unevictable), 0 },
        { FIELD(jettison_cgroup, psi_some_us), 0 },
        { FIELD(jettison_cgroup, psi_full_us), 0 },
        { FIELD(jettison_cgroup, oom_score), 0 },
        { FIELD(jettison_cgroup, shmem_mapped), 0 },
        { FIELD(jettison_cgroup, processes), 0 },
        { FIELD(jettison_cgroup, oom_score_adj_min), 0 },
};

static const struct field process_fields[] = {
        { FIELD(jettison_process, cgroup), 0 },
        { FIELD(jettison_process, rss), 3 * COUNTER_LATE_BYTES },
        { FIELD(jettison_process, swap), COUNTER_LATE_BYTES },
        { FIELD(jettison_process, page_tables), 0 },
        { FIELD(jettison_process, oom_score), 0 },
        { FIELD(jettison_process, oom_score_adj), 0 },
};

/* What the files say. */
static struct jettison_cgroup cgroups[CGROUPS_MAX];
static struct jettison_process processes[PIDS_MAX];
static char names[CGROUPS_MAX][PATH_BYTES];
static size_t n_cgroups, n_processes;

/* A field that is 0 everywhere shows nothing. */
static bool want_all, has_swap;

static bool text_read(const char *folder, const char *name, char *text, size_t size)
{
        char path[2 * PATH_BYTES];
        ssize_t n;
        int fd;

        snprintf(path, sizeof(path), "%s/%s", folder, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return false;
        n = read(fd, text, size - 1);
        close(fd);
        text[n > 0 ? n : 0] = '\0';
        return n >= 0;
}

/* The number behind a key at the begin of a line; of the whole file if the key is empty; 0 if it is not
 * there. */
static long long number_read(const char *folder, const char *name, const char *key)
{
        static char text[1 << 16];
        const char *at = text;

        if (!text_read(folder, name, text, sizeof(text)))
                return 0;
        while (at && strncmp(at, key, strlen(key)) != 0) {
                at = strchr(at, '\n');
                at = at ? at + 1 : NULL;
        }
        return at ? strtoll(at + strlen(key), NULL, 10) : 0;
}

static uint64_t kib(const char *folder, const char *key)
{
        return (uint64_t)number_read(folder, "status", key) << 10;
}

/* Where its memory can be read: the leader may have exited before other threads. */
static void thread_folder(const char *folder, char *path, size_t size)
{
        struct dirent *entry;
        DIR *tasks;

        snprintf(path, size, "%s/task", folder);
        tasks = opendir(path);
        while (tasks && (entry = readdir(tasks))) {
                snprintf(path, size, "%s/task/%s", folder, entry->d_name);
                if (entry->d_name[0] != '.' && kib(path, "VmRSS:") > 0)
                        break;
        }
        if (tasks)
                closedir(tasks);
}

static void process_add(struct jettison_cgroup *c, long pid)
{
        struct jettison_process *p = &processes[n_processes++];
        char folder[64], thread[384];

        snprintf(folder, sizeof(folder), "/proc/%ld", pid);
        thread_folder(folder, thread, sizeof(thread));
        *p = (struct jettison_process){
                .pid = (uint32_t)pid,
                .cgroup = c->id,
                .rss = kib(thread, "VmRSS:"),
                .swap = kib(thread, "VmSwap:"),
                .page_tables = kib(thread, "VmPTE:"),
                .oom_score = (uint32_t)number_read(folder, "oom_score", ""),
                .oom_score_adj = (int32_t)number_read(folder, "oom_score_adj", ""),
        };
        text_read(folder, "comm", p->comm, sizeof(p->comm));
        c->processes++;
        c->shmem_mapped += kib(thread, "RssShmem:");
        c->oom_score += p->oom_score > SCORE_NEUTRAL ? p->oom_score - SCORE_NEUTRAL : 0;
        if (p->oom_score_adj < c->oom_score_adj_min)
                c->oom_score_adj_min = p->oom_score_adj;
}

static void processes_read(struct jettison_cgroup *c, const char *path)
{
        static char text[1 << 16];
        char *at = text, *end;
        long pid;

        if (!text_read(path, "cgroup.procs", text, sizeof(text)))
                return;
        while (n_processes < PIDS_MAX && (pid = strtol(at, &end, 10)) > 0) {
                process_add(c, pid);
                at = end;
        }
}

/* memory.stat counts what is below as well, so lists are filled for those that have nobody below them. */
static void lists_read(struct jettison_cgroup *c, const char *path)
{
        c->lru_anon = (uint64_t)(number_read(path, "memory.stat", "inactive_anon ") +
                                 number_read(path, "memory.stat", "active_anon "));
        c->lru_file = (uint64_t)(number_read(path, "memory.stat", "inactive_file ") +
                                 number_read(path, "memory.stat", "active_file "));
        c->lru_unevictable = (uint64_t)number_read(path, "memory.stat", "unevictable ");
}

static uint64_t stall_read(const char *path, const char *kind)
{
        char text[256], *at;

        if (!text_read(path, "memory.pressure", text, sizeof(text)) || !(at = strstr(text, kind)) ||
            !(at = strstr(at, "total=")))
                return 0;
        return strtoull(at + strlen("total="), NULL, 10);
}

static struct jettison_cgroup *cgroup_find(uint64_t id)
{
        for (size_t i = 0; i < n_cgroups; i++)
                if (cgroups[i].id == id)
                        return &cgroups[i];
        return NULL;
}

static struct jettison_cgroup *cgroup_add(const FTSENT *entry)
{
        const char *path = entry->fts_path;
        struct jettison_cgroup *c = &cgroups[n_cgroups];

        snprintf(names[n_cgroups++], PATH_BYTES, "%s", path);
        *c = (struct jettison_cgroup){
                .id = entry->fts_statp->st_ino,
                .parent = entry->fts_level > 0 ? entry->fts_parent->fts_statp->st_ino : 0,
                .memory = (uint64_t)number_read(path, "memory.current", ""),
                .swap = (uint64_t)number_read(path, "memory.swap.current", ""),
                .psi_some_us = stall_read(path, "some"),
                .psi_full_us = stall_read(path, "full"),
                .oom_score_adj_min = 1000,
        };
        lists_read(c, path);
        c->flags |= number_read(path, "cgroup.events", "populated ") ? JETTISON_CGROUP_POPULATED : 0;
        c->flags |= number_read(path, "cgroup.events", "frozen ") ? JETTISON_CGROUP_FROZEN : 0;
        c->flags |= number_read(path, "memory.oom.group", "") ? JETTISON_CGROUP_OOM_GROUP : 0;
        c->flags |= access("/proc/pressure/memory", R_OK) == 0 ? JETTISON_CGROUP_PSI : 0;
        return c;
}

static void files_read(char *top)
{
        FTS *walk = fts_open((char *[]){ top, NULL }, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
        FTSENT *entry;

        n_cgroups = n_processes = 0;
        while (walk && (entry = fts_read(walk))) {
                char file[PATH_BYTES];
                struct jettison_cgroup *c;

                if (entry->fts_info != FTS_D || n_cgroups >= CGROUPS_MAX)
                        continue;
                snprintf(file, sizeof(file), "%s/memory.current", entry->fts_path);
                if (access(file, F_OK) == 0)
                        c = cgroup_add(entry);
                else
                        c = cgroup_find(entry->fts_parent->fts_statp->st_ino);
                if (c)
                        processes_read(c, entry->fts_path);
        }
        if (walk)
                fts_close(walk);
}

static uint64_t field_value(const void *record, const struct field *field)
{
        uint64_t value = 0;

        memcpy(&value, (const char *)record + field->offset, field->bytes);
        return value;
}

struct tally {
        unsigned same, different, filled;
        uint64_t most;                  /* apart */
};

/* One field of one record: what the module says, and what the files say. */
static void field_compare(const struct field *field, const void *module, const void *files, const char *whose,
                          uint64_t slack, struct tally *tally)
{
        uint64_t a = field_value(module, field), b = field_value(files, field), apart = a > b ? a - b : b - a;

        tally->filled += b != 0;
        tally->most = apart > tally->most ? apart : tally->most;
        if (apart <= slack) {
                tally->same++;
        } else if (tally->different++ < SHOWN) {
                printf("# %s of %s: the module says %llu, the files say %llu\n", field->name, whose,
                       (unsigned long long)a, (unsigned long long)b);
        }
}

static void field_judge(const char *kind, const struct field *field, const struct tally *tally)
{
        bool needed = want_all && (has_swap || strcmp(field->name, "swap") != 0);
        bool judged = tally->same > 0 && (tally->filled > 0 || !needed);

        row(judged && tally->different == 0, "%s: %s is as in the files (%u of %u, %u of them not 0)", kind,
            field->name, tally->same, tally->same + tally->different, tally->filled);
        if (tally->most > 0 && tally->different == 0)
                printf("# %s: at most %llu apart\n", field->name, (unsigned long long)tally->most);
}

static bool is_list(const struct field *field)
{
        return strncmp(field->name, "lru_", 4) == 0;
}

static bool has_children(const struct snapshot *s, uint64_t id)
{
        for (uint32_t i = 0; i < s->call.n_cgroups; i++)
                if (s->cgroups[i].parent == id)
                        return true;
        return false;
}

static void compare_cgroups(const struct snapshot *s)
{
        row(n_cgroups == s->call.n_cgroups, "%zu cgroups, as there are directories (%u)", n_cgroups,
            s->call.n_cgroups);
        for (size_t f = 0; f < sizeof(cgroup_fields) / sizeof(*cgroup_fields); f++) {
                const struct field *field = &cgroup_fields[f];
                struct tally tally = { 0 };

                for (uint32_t i = 0; i < s->call.n_cgroups; i++) {
                        const struct jettison_cgroup *c = &s->cgroups[i], *files = cgroup_find(c->id);

                        if (files && !(is_list(field) && has_children(s, c->id)))
                                field_compare(field, c, files, names[files - cgroups], field->slack, &tally);
                }
                field_judge("cgroup", field, &tally);
        }
}

static bool counters_are_split(void)
{
        struct utsname name;
        unsigned major = 0, minor = 0;

        uname(&name);
        sscanf(name.release, "%u.%u", &major, &minor);
        return major > 6 || (major == 6 && minor >= 2);
}

static const struct jettison_process *process_find(const struct snapshot *s, uint32_t pid)
{
        for (uint32_t i = 0; i < s->call.n_processes; i++)
                if (s->processes[i].pid == pid)
                        return &s->processes[i];
        return NULL;
}

static void compare_processes(const struct snapshot *s)
{
        unsigned found = 0, named = 0;

        for (size_t i = 0; i < n_processes; i++) {
                const struct jettison_process *p = process_find(s, processes[i].pid);
                size_t len = strlen(processes[i].comm);

                if (!p)
                        continue;
                found++;
                /* the file ends its line, and cuts it if the name is as long as can be */
                if (len > 0 && processes[i].comm[len - 1] == '\n')
                        len--;
                named += memcmp(p->comm, processes[i].comm, len) == 0;
        }
        row(found == n_processes && found == s->call.n_processes, "%zu processes, as in cgroup.procs (%u)",
            n_processes, s->call.n_processes);
        row(named == found, "they have their names (%u of %u)", named, found);
        for (size_t f = 0; f < sizeof(process_fields) / sizeof(*process_fields); f++) {
                const struct field *field = &process_fields[f];
                uint64_t slack = counters_are_split() ? field->slack : 0;
                struct tally tally = { 0 };
                char whose[64];

                for (size_t i = 0; i < n_processes; i++) {
                        const struct jettison_process *p = process_find(s, processes[i].pid);

                        snprintf(whose, sizeof(whose), "process %u", processes[i].pid);
                        if (p)
                                field_compare(field, p, &processes[i], whose, slack, &tally);
                }
                field_judge("process", field, &tally);
        }
}

static unsigned moved_between(const struct snapshot *a, const struct snapshot *b)
{
        unsigned moved = a->call.n_cgroups != b->call.n_cgroups || a->call.n_processes != b->call.n_processes;

        for (uint32_t i = 0; i < a->call.n_cgroups && !moved; i++)
                moved += memcmp(&a->cgroups[i], &b->cgroups[i], sizeof(*a->cgroups)) != 0;
        for (uint32_t i = 0; i < a->call.n_processes && !moved; i++)
                moved += memcmp(&a->processes[i], &b->processes[i], sizeof(*a->processes)) != 0;
        return moved;
}

int verb_compare(char **arguments)
{
        uint64_t id = group_id(arguments[0]);
        struct snapshot before, after;
        bool quiet = false;

        snapshot_init(&before);
        snapshot_init(&after);
        for (unsigned i = 0; i < TRIES && !quiet; i++) {
                if (snapshot_take(&before, id) < 0)
                        return failed("JETTISON_SNAPSHOT");
                files_read(arguments[0]);
                if (snapshot_take(&after, id) < 0)
                        return failed("JETTISON_SNAPSHOT");
                quiet = !moved_between(&before, &after);
        }

        row(!snapshot_flaw(&before), "the snapshot is well-formed");
        row(quiet, "the machine was quiet");
        want_all = arguments[1];
        has_swap = before.call.swap_total > 0;
        compare_cgroups(&before);
        compare_processes(&before);
        snapshot_fini(&before);
        snapshot_fini(&after);
        return rows_status();
}
