#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=360
#
# With the module loaded, a host with plenty costs the daemon nothing: no system call in 60 s. And when memory
# falls it is called: it arms, leaves an order, and rests again when memory is back.
#
# /
# └── web              utility 90, 20 MiB, does nothing
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon module || skip "no daemon or no module in this build"
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null ||
        [ -d /sys/kernel/tracing/events ] || skip "no tracefs"

calls=/sys/kernel/tracing/events/raw_syscalls/sys_enter

# All calls of all threads of the daemon that were counted.
calls_counted() {
        ls "/proc/$(cat "$WORK/jettisond.pid")/task" | while read -r task; do
                sed -n "s/^{ common_pid: *$task, id: *[0-9]* } hitcount: *//p" $calls/hist
        done | awk '{ sum += $1 } END { print sum + 0 }'
}

samples() {
        cat /sys/class/misc/jettison/samples
}

group web utility=90
spawn web hog --max 20M --rate 0
wait_for 10 holds web 20
insmod "$BIN/jettison.ko"
expect "the daemon starts" start_daemon
sleep 3
echo 'hist:keys=common_pid,id' >$calls/trigger
before=$(samples)
sleep 60
quiet=$(calls_counted)
echo "# system calls of the daemon in 60 s of plenty: $quiet; looks of the module: $(($(samples) - before))"
expect "no system call in 60 s" test "$quiet" -eq 0

fill_to 110
expect "it is called when memory falls" wait_for 10 sh -c 'jettison status --json | grep -q "\"level\":\"armed\""'
expect "… and leaves an order" wait_for 10 sh -c 'jettison status --json | grep -q "\"state\":\"standing\""'
fill_none
expect "it is calm when memory is back" wait_for 10 sh -c 'jettison status --json | grep -q "\"level\":\"calm\""'
sleep 3
echo '!hist:keys=common_pid,id' >$calls/trigger
echo 'hist:keys=common_pid,id' >$calls/trigger
sleep 10
expect "… and rests again" test "$(calls_counted)" -eq 0
echo '!hist:keys=common_pid,id' >$calls/trigger
fill_to 110
expect "… and is called again" wait_for 10 sh -c 'jettison status --json | grep -q "\"level\":\"armed\""'
stop_daemon
rmmod jettison
