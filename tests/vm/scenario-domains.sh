#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# Domains that come and go, as pods do, each under a name of its own: the place of one that has gone is free
# for the next, and so is that of one whose limit is lifted. And directories that are made without pause, as a hostile tenant may: the daemon looks at all
# of them together, five times a second.
#
# /
# ├── pod-N            memory.max 64M; forty of them, ten at a time
# │   └── app          utility 5
# ├── last             memory.max 64M, like them
# │   ├── app          utility 5, grows
# │   └── web          utility 50, 10 MiB
# └── storm            directories, made and removed
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

watched() {
        grep -q "watching $(path_of "$1")\$" "$WORK/jettisond.log"
}

expect "the daemon starts" start_daemon
for batch in 0 1 2 3; do
        for number in 0 1 2 3 4 5 6 7 8 9; do
                group pod-$batch$number memory.max=64M
                group pod-$batch$number/app utility=5
        done
        expect "ten more domains are watched" wait_for 5 watched pod-${batch}9
        for number in 0 1 2 3 4 5 6 7 8 9; do
                rmdir "$CG/pod-$batch$number/app" "$CG/pod-$batch$number"
        done
done
group last memory.max=64M
group last/app utility=5
group last/web utility=50
spawn last/web hog --max 10M --rate 0
wait_for 10 holds last/web 10
expect "so is one more" wait_for 5 watched last
spawn last/app hog --rate 10M
expect "and it is helped" wait_for 30 dead last/app
expect "its web lives" alive last/web
expect "the kernel's killer was not needed" test "$(value_of last memory.events oom_kill)" -eq 0

unwatched() {
        jettison status --json | grep -q "\"path\":\"$(path_of "$1")\",\"level\":\"[a-z]*\",\"state\":\"gone\""
}
echo max >"$CG/last/memory.max"
group news
expect "a domain whose limit is lifted is none any more" wait_for 10 unwatched last

group storm
group supervisor
spawn supervisor load mkdirs "$CG/storm"
sleep 1
cpu_ticks() {
        awk '{ print $14 + $15 }' "/proc/$(cat "$WORK/jettisond.pid")/stat"
}
wakeups=$(status_of wakeups) ticks=$(cpu_ticks) began=$(now_ms)
sleep 5
took=$(($(now_ms) - began)) ticks=$(($(cpu_ticks) - ticks)) wakeups=$(($(status_of wakeups) - wakeups))
echo "# a storm of directories: $wakeups wake-ups and ${ticks}0 ms of processor time in $took ms"
# Looks at memory, 20 ms (timer.min) or more apart, and five walks a second that two wake-ups each lead to.
expect "directories do not wake it without end" test "$wakeups" -le $((took / 20 + took / 200 * 2 + 20))
echo 1 >"$CG/supervisor/cgroup.kill"
wait_for 5 dead supervisor
