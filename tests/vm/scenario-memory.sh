#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=360
#
# The daemon is small, and what a round needs is in memory before it begins: no thread of it has a page fault,
# large or small, from before the shortage until after the outcome. Fifty containers come while it runs, so that
# its tables have to grow first. By each way of striking. That faults are counted is shown by a question on the
# control socket, whose reply uses pages that no round does.
#
# /
# ├── filler           no candidate: locked memory
# ├── quiet-NN         utility 500; fifty of them
# ├── small-N          utility 10, 60 MiB; two of them, which both have to go
# └── web              utility 900, 60 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

memory_max_kib=4096

# In KiB. Not VmRSS, which each thread adds to only now and then.
resident() {
        sed -n 's/^Rss:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$daemon/smaps_rollup"
}

locked() {
        sed -n 's/^VmLck:[[:space:]]*\([0-9]*\) kB/\1/p' "/proc/$daemon/status"
}

# Page faults of all threads of the daemon so far.
faults() {
        sed 's/.*) //' "/proc/$daemon"/task/*/stat | awk '{ sum += $8 + $10 } END { print sum }'
}

# round METHOD: of two victims, by a daemon that was started among three containers.
round() {
        for name in small-1 small-2; do
                spawn $name hog --max 60M --rate 0
                wait_for 10 holds $name 60
        done
        rm -f "$JOURNAL"
        expect "the daemon starts" \
                start_daemon "{ \"target\": { \"available\": \"28%\", \"slow_start\": false }, \"action\": { \"method\": \"$1\" } }"
        daemon=$(cat "$WORK/jettisond.pid")
        small_kib=$(resident)
        for n in $(seq 10 59); do
                group "quiet-$n" utility=500
                spawn "quiet-$n" sleep 1000
        done
        sleep 4                 # the tree is walked once more 2 s after the last came
        echo "# resident $(resident) KiB, locked $(locked); with three containers $small_kib"
        expect "it locks at most 4 MiB" test "$(locked)" -le $memory_max_kib
        expect "and has no more than 4 MiB" test "$(resident)" -le $memory_max_kib

        before=$(faults)
        fill_to 35
        expect "both are shed, by $1" \
                wait_for 20 journal_has '"what":"outcome"' '"result":"recovered"' '"victims":2'
        expect "in this way" journal_has '"what":"victim"' "\"method\":\"$1\""
        echo "# page faults in the round: $(($(faults) - before))"
        expect "without a page fault" test "$(faults)" -eq "$before"
        jettison plan >/dev/null
        expect "faults are counted" test "$(faults)" -gt "$before"
        expect "web lives" alive web
        fill_none
        stop_daemon
        for n in $(seq 10 59); do
                echo 1 >"$CG/quiet-$n/cgroup.kill"
                wait_for 5 dead "quiet-$n"
                rmdir "$CG/quiet-$n"
        done
}

group small-1 utility=10
group small-2 utility=10
group web utility=900
spawn web hog --max 60M --rate 0
wait_for 10 holds web 60
round cgroup.kill
round signals
