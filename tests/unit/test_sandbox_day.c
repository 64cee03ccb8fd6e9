/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the filter leaves: all that the daemon does after its start works under it, in every thread. */
#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/log.h"
#include "sandbox_fixture.h"
#include "serve/notify.h"

/* A day in the daemon's life, with all that the table is there for. */

struct day {
        char folder[64];
        int folder_fd, listener, client, event, epoll, news, other_pid;
        int manager_fd;                 /* the service manager's end */
};

static struct day day;

static void day_prepare(void)
{
        struct sockaddr_un address = { .sun_family = AF_UNIX };

        snprintf(day.folder, sizeof(day.folder), "/tmp/jettison-sandbox-XXXXXX");
        MUST(mkdtemp(day.folder) && chdir(day.folder) == 0);
        day.folder_fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        day.epoll = epoll_create1(EPOLL_CLOEXEC);
        day.news = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        day.event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        day.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        day.client = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        strcpy(address.sun_path, "control");
        MUST(bind(day.listener, (struct sockaddr *)&address, sizeof(address)) == 0);
        MUST(listen(day.listener, 1) == 0);
        MUST(connect(day.client, (struct sockaddr *)&address, sizeof(address)) == 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s/manager", day.folder);
        day.manager_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        MUST(bind(day.manager_fd, (struct sockaddr *)&address, sizeof(address)) == 0);
        MUST(setenv("NOTIFY_SOCKET", address.sun_path, 1) == 0 && setenv("WATCHDOG_USEC", "5000000", 1) == 0);
        MUST(notify_open() == 0);
        day.other_pid = fork();
        if (day.other_pid == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);      /* a dry run leaves it alive */
                for (;;)
                        pause();
        }
        MUST(day.other_pid > 0);
}

static void morning_in_the_loop(void)
{
        struct epoll_event event = { .events = EPOLLIN };
        struct timespec none = { 0 };
        struct pollfd ready = { .fd = STDERR_FILENO, .events = POLLOUT };
        uint64_t one = 1;

        MUST(epoll_ctl(day.epoll, EPOLL_CTL_ADD, day.event, &event) == 0);
        MUST(write(day.event, &one, sizeof(one)) == sizeof(one));
        MUST(epoll_pwait2(day.epoll, &event, 1, &none, NULL) == 1);
        MUST(epoll_pwait(day.epoll, &event, 1, 0, NULL) == 1);
        MUST(epoll_wait(day.epoll, &event, 1, 0) == 1);
        MUST(read(day.event, &one, sizeof(one)) == sizeof(one));
        MUST(poll(&ready, 1, 0) >= 0 && ppoll(&ready, 1, &none, NULL) >= 0);
}

static void noon_with_files(void)
{
        char bytes[4096], copy[4096];
        struct iovec parts[2] = { { bytes, 3 }, { bytes, 4 } };
        struct statfs fs;
        struct statx stx;
        struct stat st;
        int fd;

        MUST((fd = openat(day.folder_fd, "journal", O_CREAT | O_RDWR | O_CLOEXEC, 0600)) >= 0);
        memset(bytes, 'a', sizeof(bytes));
        MUST(writev(fd, parts, 2) == 7 && pwrite(fd, "b", 1, 0) == 1 && pread(fd, copy, 7, 0) == 7);
        MUST(copy[0] == 'b' && lseek(fd, 0, SEEK_SET) == 0 && ftruncate(fd, 5) == 0 && fdatasync(fd) == 0);
        MUST(fstat(fd, &st) == 0 && st.st_size == 5 && syscall(SYS_fstat, fd, &st) == 0);
        MUST(stat("journal", &st) == 0 && fstatat(day.folder_fd, "journal", &st, 0) == 0);
        MUST(statx(day.folder_fd, "journal", 0, STATX_SIZE, &stx) == 0 && fstatfs(fd, &fs) == 0);
        MUST(fgetxattr(fd, "trusted.jettison.utility", copy, sizeof(copy)) == -1 && errno != EPERM);
        MUST(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0);
        MUST(fcntl(fd, F_SETFD, fcntl(fd, F_GETFD)) == 0);
        MUST(close(fcntl(fd, F_DUPFD_CLOEXEC, 0)) == 0 && close(fd) == 0);
        MUST(inotify_rm_watch(day.news, inotify_add_watch(day.news, ".", IN_CREATE | IN_ONLYDIR)) == 0);
        MUST(syscall(SYS_getdents64, day.folder_fd, bytes, sizeof(bytes)) > 0);
        MUST(rename("journal", "j1") == 0 && renameat(day.folder_fd, "j1", day.folder_fd, "j2") == 0);
        MUST(renameat2(day.folder_fd, "j2", day.folder_fd, "j3", RENAME_NOREPLACE) == 0);
        MUST(unlink("j3") == 0 && mkdir("d1", 0700) == 0 && mkdirat(day.folder_fd, "d2", 0700) == 0);
        MUST(unlinkat(day.folder_fd, "d1", AT_REMOVEDIR) == 0);
        MUST(unlinkat(day.folder_fd, "d2", AT_REMOVEDIR) == 0);
}

static void afternoon_with_clients(void)
{
        char text[16];
        struct ucred peer;
        socklen_t len = sizeof(peer);
        int fd;

        MUST((fd = accept4(day.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0);
        MUST(getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && peer.uid == geteuid());
        MUST(send(day.client, "question", 8, 0) == 8 && recv(fd, text, sizeof(text), MSG_DONTWAIT) == 8);
        MUST(send(fd, "answer", 6, MSG_NOSIGNAL) == 6 && shutdown(fd, SHUT_WR) == 0 && close(fd) == 0);
}

static void manager_hears(const char *message)
{
        char text[64] = "";

        MUST(recv(day.manager_fd, text, sizeof(text) - 1, MSG_DONTWAIT) > 0);
        MUST(strncmp(text, message, strlen(message)) == 0);
}

static void tea_with_the_manager(void)
{
        MUST(notify_watchdog_us() == 5000000);
        notify_ready();
        manager_hears("READY=1");
        notify_alive();
        manager_hears("WATCHDOG=1");
}

static int by_byte(const void *a, const void *b)
{
        return *(const char *)a - *(const char *)b;
}

static void evening_at_home(void)
{
        struct timespec nap = { .tv_nsec = 1000 }, now;
        sigset_t all, before;
        struct sysinfo memory;
        cpu_set_t processors;
        char *block;
        json_t *root;

        MUST((block = malloc(64 * KIB)) && (block = realloc(block, 8 * MIB)));
        MUST((block = realloc(block, 32 * MIB)));
        memset(block, 1, 1 * MIB);
        qsort(block, 4096, 1, by_byte);
        free(block);
        MUST((root = json_loads("{\"a\":[1,2,{\"b\":null}]}", 0, NULL)));
        json_decref(root);
        MUST(syscall(SYS_brk, 0) > 0);
        block = mmap(NULL, 64 * KIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        MUST(block != MAP_FAILED && mprotect(block, 64 * KIB, PROT_READ | PROT_WRITE) == 0);
        MUST(mlock(block, 4 * KIB) == 0);
        MUST(madvise(block + 4 * KIB, 60 * KIB, MADV_DONTNEED) == 0 && munmap(block, 64 * KIB) == 0);
        MUST(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) == 0 && nanosleep(&nap, NULL) == 0);
        MUST(syscall(SYS_nanosleep, &nap, NULL) == 0 && sched_yield() == 0);
        MUST(getrandom(&now, sizeof(now), GRND_NONBLOCK) > 0 && sysinfo(&memory) == 0);
        MUST(sched_getaffinity(0, sizeof(processors), &processors) == 0);
        MUST(gettid() > 0 && getpid() > 0 && getuid() == geteuid());
        MUST(sigfillset(&all) == 0 && pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
        MUST(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0 && signal(SIGUSR2, SIG_IGN) != SIG_ERR);
        MUST(prctl(PR_SET_NAME, "jettison-day", 0, 0, 0) == 0);
        log_error("the log works under the filter");
}

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t woken = PTHREAD_COND_INITIALIZER;
static bool entered, refused;

/* A thread that was there before the filter, and ends under it. */
static void *night_watch(void *argument UNUSED)
{
        pthread_mutex_lock(&lock);
        while (!entered)
                pthread_cond_wait(&woken, &lock);
        free(malloc(1 * MIB));
        refused = syscall(SYS_chmod, "nothing", 0) < 0 && errno == EPERM;
        pthread_mutex_unlock(&lock);
        return NULL;
}

static void night_watch_wake(pthread_t watch)
{
        pthread_mutex_lock(&lock);
        entered = true;
        pthread_cond_signal(&woken);
        pthread_mutex_unlock(&lock);
        MUST(pthread_join(watch, NULL) == 0);
}

static void kill_somebody(bool dry_run)
{
        struct pollfd dead = { .events = POLLIN };
        int fd = (int)syscall(SYS_pidfd_open, day.other_pid, 0);

        MUST(fd >= 0);
        if (dry_run) {
                MUST(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) < 0 && errno == EPERM);
                MUST(syscall(SYS_process_mrelease, fd, 0) < 0 && errno == EPERM);
                return;
        }
        MUST(syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) == 0);
        MUST(syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) == 0);
        MUST(syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0) == 0);
        MUST(syscall(SYS_process_mrelease, fd, 0) == 0 || errno != EPERM);
        dead.fd = fd;
        MUST(poll(&dead, 1, 10000) == 1 && close(fd) == 0);
}

static void live_a_day(enum sandbox_mode mode, bool dry_run)
{
        pthread_t watch;

        day_prepare();
        if (mode == SANDBOX_ERRNO)      /* under SANDBOX_KILL the watch would end the process */
                MUST(pthread_create(&watch, NULL, night_watch, NULL) == 0);
        MUST(sandbox_enter(mode, dry_run) == 0);
        MUST(prctl(PR_SET_NAME, "jettison-day", 0, 0, 0) == 0);
        morning_in_the_loop();
        noon_with_files();
        afternoon_with_clients();
        tea_with_the_manager();
        evening_at_home();
        if (mode == SANDBOX_ERRNO) {
                night_watch_wake(watch);
                MUST(refused);
        }
        kill_somebody(dry_run);
        MUST(unlink("control") == 0 && unlink("manager") == 0);
        MUST(unlinkat(AT_FDCWD, day.folder, AT_REMOVEDIR) == 0);
}

Test(sandbox_day, whole)
{
        cr_expect(is_done(run(live_a_day, SANDBOX_OFF, false)));
        cr_expect(is_done(run(live_a_day, SANDBOX_ERRNO, false)));
        cr_expect(is_done(run(live_a_day, SANDBOX_KILL, false)));
        cr_expect(is_done(run(live_a_day, SANDBOX_ERRNO, true)));
}

/* A forbidden call in the other thread ends the whole process. */
static void watch_is_killed(enum sandbox_mode mode, bool dry_run)
{
        pthread_t watch;

        MUST(pthread_create(&watch, NULL, night_watch, NULL) == 0);
        MUST(sandbox_enter(mode, dry_run) == 0);
        night_watch_wake(watch);
        _exit(1);
}

Test(sandbox_day, other_threads)
{
        cr_expect(is_killed(run(watch_is_killed, SANDBOX_KILL, false)));
}

static void *evening_alone(void *argument UNUSED)
{
        pthread_setname_np(pthread_self(), "jettison-alone");
        free(malloc(1 * MIB));
        return NULL;
}

/* A thread makes its first calls when it is first scheduled, perhaps after the filter has come. */
static void start_and_enter(enum sandbox_mode mode, bool dry_run)
{
        pthread_t watch[2];

        MUST(pthread_create(&watch[0], NULL, evening_alone, NULL) == 0);
        MUST(pthread_create(&watch[1], NULL, evening_alone, NULL) == 0);
        MUST(sandbox_enter(mode, dry_run) == 0);
        MUST(pthread_join(watch[0], NULL) == 0 && pthread_join(watch[1], NULL) == 0);
}

Test(sandbox_day, thread_just_started)
{
        for (int i = 0; i < 100; i++)
                cr_assert(is_done(run(start_and_enter, SANDBOX_KILL, false)), "run %d", i);
}

/* abort() is how a failed assertion ends: with SIGABRT, not by the filter. */
static void fail_an_assertion(enum sandbox_mode mode, bool dry_run)
{
        MUST(sandbox_enter(mode, dry_run) == 0);
        abort();
}

Test(sandbox_day, abort_works)
{
        int status = run(fail_an_assertion, SANDBOX_KILL, false);

        cr_expect(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT, "status %x", status);
}
