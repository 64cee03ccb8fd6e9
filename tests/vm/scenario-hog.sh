#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none kernel=bookworm,trixie timeout=180
#
# The main job: on a host that runs short, the one that is worth least dies, and nobody else.
#
# /                    the host, no swap
# ├── web              utility 90
# ├── database         utility 500
# └── batch            utility 10, leaks
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

group web utility=90
group database utility=500
group batch utility=10
spawn web hog --max 40M --rate 0
spawn database hog --max 60M --rate 0
before=$(oom_kills)
expect "the daemon starts" start_daemon

spawn batch hog --rate 50M
expect "the leak is shed" wait_for 60 dead batch
expect "web lives" alive web
expect "the database lives" alive database
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
expect "the intent was journalled" wait_for 5 journal_has '"what":"intent"' "$(path_of batch)"
expect "so was the outcome" wait_for 5 journal_has '"what":"outcome"' '"result":"recovered"'
expect "one victim was enough" test "$(grep -c '"what":"victim"' "$JOURNAL")" -eq 1

# kernel_lines NUMBER: whether the kernel's log has so many lines on a kill.
kernel_lines() {
        [ "$(dmesg | grep -c 'jettison: round [0-9]* shed ')" -eq "$1" ]
}
expect "the kernel's log has a line on it" wait_for 5 kernel_lines 1
expect "... on the victim" sh -c "dmesg | grep -q 'jettison: round 1 shed $(path_of batch): utility 10, .*, freed\$'"
expect "the daemon stops when asked" stop_daemon
