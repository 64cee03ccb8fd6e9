#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# From the trigger to the last kill, and in fact to the outcome, nothing is allocated: no thread of the daemon
# calls malloc() or its like, counted by probes in the C library itself, and none asks the kernel for memory.
# That the probes count is shown by a question on the control socket, which does allocate. By each way of striking.
#
# /
# ├── filler           no candidate: locked memory
# ├── small-N          utility 10, 60 MiB; two of them, which both have to go
# └── web              utility 900, 60 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null ||
        [ -d /sys/kernel/tracing/events ] || skip "no tracefs"

tracing=/sys/kernel/tracing
calls=$tracing/events/raw_syscalls/sys_enter
brk=12 mmap=9 mremap=25

# three_open FILE: whether the daemon holds this file of all three groups.
three_open() {
        [ "$(find "/proc/$daemon_pid/fd" -exec readlink {} \; | grep -c "/$1\$")" -ge 3 ]
}

# counted HIST: calls of the daemon's threads in a histogram by thread.
counted() {
        ls "/proc/$daemon_pid/task" | while read -r task; do
                sed -n "s/^{ common_pid: *$task } hitcount: *//p" "$1"
        done | awk '{ sum += $1 } END { print sum + 0 }'
}

allocations() {
        for probe in $tracing/events/sealed/*/hist; do
                counted "$probe"
        done | awk '{ sum += $1 } END { print sum + 0 }'
}

# count_start: from nothing on.
count_start() {
        for probe in $tracing/events/sealed/*/; do
                echo 'hist:keys=common_pid' >"$probe/trigger"
        done
        echo "hist:keys=common_pid if id == $brk || id == $mmap || id == $mremap" >$calls/trigger
}

count_stop() {
        echo '!hist:keys=common_pid' >$calls/trigger
        for probe in $tracing/events/sealed/*/; do
                echo '!hist:keys=common_pid' >"$probe/trigger"
        done
}

# round METHOD FILE...: of two victims; armed, the daemon holds these files of each group.
round() {
        method=$1
        shift
        for name in small-1 small-2; do
                spawn $name hog --max 60M --rate 0
                wait_for 10 holds $name 60
        done
        rm -f "$JOURNAL"
        expect "the daemon starts, with $method" start_daemon \
                "{ \"target\": { \"available\": \"28%\", \"slow_start\": false }, \"action\": { \"method\": \"$method\", \"backoff\": \"0\" } }"
        daemon_pid=$(cat "$WORK/jettisond.pid")
        fill_to 120
        for file in "$@"; do
                expect "armed, it holds $file" wait_for 5 three_open "$file"
        done
        sleep 1

        count_start
        fill_to 35
        expect "both are shed" wait_for 20 journal_has '"what":"outcome"' '"result":"recovered"' '"victims":2'
        expect "by $method" journal_has '"what":"victim"' "\"method\":\"$method\""
        expect "the daemon lives" daemon_alive
        expect "nothing was allocated" test "$(allocations)" -eq 0
        expect "the kernel was not asked for memory" test "$(counted $calls/hist)" -eq 0
        expect "web lives" alive web
        jettison plan >/dev/null
        expect "the probes do count" test "$(allocations)" -gt 0
        echo "# allocations: none in the round, $(allocations) for a plan asked on the socket"
        count_stop
        stop_daemon
        fill_none
}

for function in malloc calloc realloc memalign; do
        echo "p:sealed/$function $(load symbol $function)" >>$tracing/uprobe_events
done
group small-1 utility=10
group small-2 utility=10
group web utility=900
spawn web hog --max 60M --rate 0
wait_for 10 holds web 60
round cgroup.kill cgroup.kill cgroup.events cgroup.procs memory.current
round signals cgroup.events cgroup.procs memory.current
echo >$tracing/uprobe_events
