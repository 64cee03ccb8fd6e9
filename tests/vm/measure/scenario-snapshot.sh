#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=4G swap=none timeout=1500
#
# What a snapshot costs by files and by module, on a quiet system of 100, 1,000 and 5,000 labelled cgroups with
# two processes each: processor time of a scan (median of 21), and system calls of one. A measurement, not a
# test: "tests/vm/run.sh -v tests/vm/measure/scenario-snapshot.sh", in some ten minutes under TCG.
#
# /
# └── N, N + 1, …          two processes each, utility 10
. "${0%/*}/lib.sh"

need module bench_scan || skip "no module or no bench_scan in this build"
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null || true
calls=/sys/kernel/tracing/events/raw_syscalls/sys_enter
insmod "$BIN/jettison.ko"

fill_up() {
        while [ "$made" -lt "$1" ]; do
                made=$((made + 1))
                mkdir "$CG/fleet/$made"
                load setxattr "$CG/fleet/$made" trusted.jettison.utility 10
                sh -c "echo 0 >$CG/fleet/$made/cgroup.procs; sleep 9000 & exec sleep 9000" &
        done
        wait_for 120 is_up "$1"
}

is_up() {
        [ "$(ps | grep -c '[s]leep 9000')" -ge $((2 * $1)) ]
}

# System calls of one scan more: of two runs that differ by one.
calls_of() {
        for n in 1 2; do
                echo 'hist:keys=common_pid' >$calls/trigger
                bench_scan --real-calls "$1" $n "$CG" >/dev/null &
                bench_pid=$!
                wait $bench_pid || true
                sed -n "s/^{ common_pid: *$bench_pid } hitcount: *//p" $calls/hist >"$WORK/calls-$n"
                echo '!hist:keys=common_pid' >$calls/trigger
        done
        echo $(($(cat "$WORK/calls-2") - $(cat "$WORK/calls-1")))
}

group fleet
echo '+memory' >"$CG/fleet/cgroup.subtree_control"
made=0
for size in 100 1000 5000; do
        fill_up $size
        sleep 10
        expect "$size cgroups are measured" sh -c "bench_scan --real '$CG' >$WORK/bench"
        sed 's/^ */# /' "$WORK/bench"
        echo "# $size cgroups, system calls of a scan: files $(calls_of files), module $(calls_of module)"
done
