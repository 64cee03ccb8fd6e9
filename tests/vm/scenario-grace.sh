#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none kernel=bookworm,trixie timeout=180
#
# A grace period: a training that is asked to leave saves and leaves, and goes on from there the next time.
# One that does not listen is killed when the time is up, which is the sooner the less memory is left.
#
# /
# ├── filler           no candidate: locked memory
# ├── training         utility 10, saves on SIGTERM
# ├── stubborn         utility 20, 60 MiB, ignores SIGTERM
# └── web              utility 90, 40 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon faceswap || skip "no daemon or no faceswap in this build"

group training utility=10
group stubborn utility=20
group web utility=90
spawn web hog --max 40M --rate 0
spawn stubborn hog --max 60M --rate 0
wait_for 10 holds web 40 && wait_for 10 holds stubborn 60
expect "the daemon starts" start_daemon '{ "action": { "grace": "10s" } }'

spawn training faceswap --memory 60M --epochs 1000 --pace 1 --checkpoint "$WORK/checkpoint"
wait_for 20 holds training 50
wait_for 20 grep -q '^epoch 1/' "$(output_of training)"
rm -f "$WORK/checkpoint"
fill_to 40
expect "the training leaves" wait_for 30 dead training
status=0
reap training || status=$?
expect "by itself" test "$status" -eq 143
expect "it has saved" test -s "$WORK/checkpoint"
expect "the victim's line says that SIGTERM did it" \
        wait_for 5 journal_has '"what":"victim"' "$(path_of training)" '"method":"SIGTERM","outcome":"freed"'
expect "the kernel's log has it" wait_for 5 sh -c "dmesg | grep -q 'jettison: round .* shed $(path_of training):'"
expect "the stubborn one lives" alive stubborn

fill_none
fill_to 60              # most of the way, so that little of the grace period passes while it is filled
fill_to 30
expect "the stubborn one is killed" wait_for 30 dead stubborn
expect "it was asked before" grep -q 'SIGTERM, ignoring' "$(output_of stubborn)"
expect "by cgroup.kill" \
        wait_for 5 journal_has '"what":"victim"' "$(path_of stubborn)" '"method":"cgroup.kill"'
waited_ms=$(($(sed -n 's/.*"path":"[^"]*stubborn".*"strike_usec":\([0-9]*\),.*/\1/p' "$JOURNAL") / 1000))
echo "# struck after $waited_ms ms; 10000 are granted at 46 MiB available, and there were 30"
expect "it was given time" test $waited_ms -ge 2500
expect "but not all of it" test $waited_ms -le 9900
expect "web lives" alive web
