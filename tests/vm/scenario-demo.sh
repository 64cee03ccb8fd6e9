#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=1G swap=zram:128M psi=1 lane=full timeout=150
#
# The demo's two acts on a machine of systemd's, as "demo.sh --host" plays them there: what it promises to
# show is what happens.
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

shown="$WORK/demo.log"

play() {
        sh /opt/jettison/acts.sh "$BIN" 7 plain >"$shown" 2>&1
}

expect "both trainings finish with jettisond" play
expect "a round is explained" grep -q 'Round 1,.*/jettison-demo' "$shown"
expect "memory came back" grep -q '^Outcome: recovered' "$shown"
expect "hog-5 is shed" grep -q '^hog-5  *5  *killed' "$shown"
expect "hog-8 is shed" grep -q '^hog-8  *8  *killed' "$shown"
expect "the kernel has to kill without jettisond" grep -q "OOM killer killed [1-9]" "$shown"
expect "nothing is left behind" not test -e /sys/fs/cgroup/jettison-demo
