#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# What the daemon costs an idle host: it wakes up as often as the headroom could be filled, no more, and each
# time makes two system calls. (An emulated processor has no clock that user space may read, so asking for the
# time is a third kind of call here, and not counted.) In so small a VM the headroom above the arming line is
# filled in 45 ms at the default rate of 6 GiB/s; so it is measured at a rate that gives it seconds, as on a
# host of common size, as well.
#
# /
# └── web              utility 90, 20 MiB, does nothing
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null ||
        [ -d /sys/kernel/tracing/events ] || skip "no tracefs"

calls=/sys/kernel/tracing/events/raw_syscalls/sys_enter
epoll_pwait2=441 clock_gettime=228

# calls_of PID [NUMBER]: calls of all its threads that were counted.
calls_of() {
        ls "/proc/$1/task" | while read -r task; do
                sed -n "s/^{ common_pid: *$task, id: *${2:-[0-9]*} } hitcount: *//p" "$WORK/counted"
        done | awk '{ sum += $1 } END { print sum + 0 }'
}

# watch_for SECONDS RATE: a calm daemon, at this fill rate.
watch_for() {
        start_daemon "{ \"timer\": { \"fill_rate\": \"$2\" } }"
        watch_pid=$(cat "$WORK/jettisond.pid")
        # Above the arming line, in MiB, and how long it lasts at that rate.
        headroom=$(($(mem_available) - $(awk '/^MemTotal:/ { print int($2 * 3 / 10 / 1024) }' /proc/meminfo)))
        pause_ms=$((headroom * 1000 / ${2%M}))
        sleep 1
        echo 'hist:keys=common_pid,id' >$calls/trigger
        watch_began=$(now_ms)
        sleep "$1"
        cat $calls/hist >"$WORK/counted"
        took=$(($(now_ms) - watch_began))
        wakeups=$(calls_of "$watch_pid" $epoll_pwait2)
        clock=$(calls_of "$watch_pid" $clock_gettime)
        all=$(($(calls_of "$watch_pid") - clock))
        echo '!hist:keys=common_pid,id' >$calls/trigger
        most=$((took / pause_ms + 2))
        echo "# at $2/s: $wakeups wake-ups and $all system calls in $took ms;" \
                "$headroom MiB of headroom allow $most"
        echo "# questions for the time that are system calls here: $clock"
        expect "at $2/s it wakes up no more often than that" test "$wakeups" -le $most
        expect "at $2/s it does wake up" test "$wakeups" -ge $((most / 2))
        expect "at $2/s a wake-up costs two system calls" test "$all" -le $((2 * wakeups + 4))
        stop_daemon
}

group web utility=90
spawn web hog --max 20M --rate 0
wait_for 10 holds web 20
watch_for 5 6144M
watch_for 30 60M
