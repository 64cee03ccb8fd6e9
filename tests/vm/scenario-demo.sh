#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=1G swap=zram:128M psi=1 lane=full timeout=540
#
# The demo's two acts on a machine of systemd's, as "demo.sh --host" plays them there: what it promises to
# show is what happens. Nothing stays behind, at the end and when it is interrupted.
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

shown="$WORK/demo.log"

play() {
        sh /opt/jettison/acts.sh "$BIN" 7 plain >"$shown" 2>&1
}

# What it makes, loads or has made.
traces() {
        ls -d /sys/fs/cgroup/jettison* /run/jettison /run/jettison/* /sys/module/jettison 2>/dev/null || true
}

all_run() {
        [ "$(cat /sys/fs/cgroup/jettison-demo/*/cgroup.events 2>/dev/null | grep -c '^populated 1')" -eq 4 ]
}

# Ends it in the middle of the first act, with the module in use.
interrupt() {
        sh /opt/jettison/acts.sh "$BIN" 7 plain "$BIN/jettison.ko" >"$WORK/interrupted.log" 2>&1 &
        interrupted=$!
        wait_for 20 all_run && [ -d /sys/module/jettison ] || return 1
        kill "$interrupted"
        ! wait "$interrupted"
}

before=$(traces)
expect "both trainings finish with jettisond" play
expect "a round is explained" grep -q 'Round 1,.*/jettison-demo' "$shown"
expect "memory came back" grep -q '^Outcome: recovered' "$shown"
expect "hog-5 is shed" grep -q '^hog-5  *5  *killed' "$shown"
expect "hog-8 is shed" grep -q '^hog-8  *8  *killed' "$shown"
expect "the kernel has to kill without jettisond" grep -q "OOM killer killed [1-9]" "$shown"
expect "nothing is left behind" test "$(traces)" = "$before"

if need module; then
        expect "it can be interrupted" interrupt
        expect "nothing is left behind then" test "$(traces)" = "$before"
fi
