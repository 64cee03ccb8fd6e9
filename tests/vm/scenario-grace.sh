#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none kernel=bookworm,trixie timeout=60
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
expect "the daemon starts" start_daemon '{ "action": { "grace": "4s" } }'

spawn training faceswap --memory 60M --epochs 1000 --pace 1 --checkpoint "$WORK/checkpoint"
wait_for 20 holds training 50
wait_for 20 grep -q '^epoch 1/' "$(output_of training)"
rm -f "$WORK/checkpoint"
fill_to 40
expect "the training leaves" wait_for 15 dead training
status=0
reap training || status=$?
expect "by itself" test "$status" -eq 143
expect "it has saved" test -s "$WORK/checkpoint"
expect "the victim's line says that SIGTERM did it" \
        wait_for 5 journal_has '"what":"victim"' "$(path_of training)" '"method":"SIGTERM","outcome":"freed"'
expect "the kernel's log has it" wait_for 5 sh -c "dmesg | grep -q 'jettison: round .* shed $(path_of training):'"
expect "the stubborn one lives" alive stubborn

fill_none
fill_to 30
asked=$(now_ms)
expect "the stubborn one is killed" wait_for 10 dead stubborn
echo "# killed after $(($(now_ms) - asked)) ms; 4000 were granted at 46 MiB available, and there were 30"
expect "it was asked before" grep -q 'SIGTERM, ignoring' "$(output_of stubborn)"
expect "it was given time" test $(($(now_ms) - asked)) -ge 1000
expect "but not all of it" test $(($(now_ms) - asked)) -le 3900
expect "by cgroup.kill" \
        wait_for 5 journal_has '"what":"victim"' "$(path_of stubborn)" '"method":"cgroup.kill"'
expect "web lives" alive web
