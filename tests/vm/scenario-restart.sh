#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# A workload that is started again whenever it dies, and each time takes so much that the host is short.
# Whoever sheds it at full speed only burns the processor; so it is given pauses that double. Nobody else dies
# in its place, and a pause ends when memory is critical.
#
# /
# ├── filler           no candidate: locked memory
# ├── supervisor       no candidate: starts storm's program
# ├── web              utility 90, 40 MiB
# └── storm            utility 10, restarted 50 ms after each death; leaves 33 MiB: short, not critical
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

# storm_for SECONDS BACKOFF: how often it is shed in that time.
storm_for() {
        start_daemon "{ \"action\": { \"backoff\": \"$2\" } }"
        size=$(($(mem_available) - 33))M
        spawn supervisor load restart "$CG/storm" 50 hog --max "$size" --rate 0
        sleep "$1"
        echo 1 >"$CG/supervisor/cgroup.kill"
        echo 1 >"$CG/storm/cgroup.kill"
        wait_for 5 dead storm
        storm_kills=$(status_of victims)
        stop_daemon
}

group supervisor
group web utility=90
group storm utility=10
spawn web hog --max 40M --rate 0
wait_for 10 holds web 40
fill_to 150
before=$(oom_kills)

storm_for 10 0
eager=$storm_kills
storm_for 10 3s
patient=$storm_kills
echo "# shed in 10 s: $eager times without pauses, $patient times with pauses from 3 s on"
expect "without pauses it is shed again and again" test "$eager" -ge 6
expect "with pauses it is shed a few times" test "$patient" -le 4
expect "but it is shed" test "$patient" -ge 2
expect "the pause is spoken of" grep -q 'pausing until memory is critical' "$WORK/jettisond.log"
expect "web lives" alive web
expect "nobody else was struck" test "$(victims | tr ' ' '\n' | sort -u)" = storm

start_daemon '{ "action": { "backoff": "1min" } }'
spawn supervisor load restart "$CG/storm" 50 hog --rate 150M
sleep 8
echo "# one that goes on growing: shed $(status_of victims) times in 8 s, pauses from 1 min on"
expect "when memory is critical no pause counts" test "$(status_of victims)" -ge 2
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
expect "web still lives" alive web
# Else it would go on while the groups are removed.
echo 1 >"$CG/supervisor/cgroup.kill"
