#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=zram:256M timeout=300
#
# The rules of the report that Jettison starts from, as examples/config/report.json has them: a look each 5 s,
# 30 % of free memory and of pressure, the oom score as weight, a fixed capacity, SIGTERM and up to a second
# later SIGKILL, both sent as signals.
#
# /                    swap in compressed memory, less room than the three want
# ├── training         utility 900, 350 MiB
# ├── polite           utility 1,    56 MiB, leaves on SIGTERM
# └── stubborn         utility 2,    56 MiB, ignores SIGTERM
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon swap || skip "no daemon in this build, or no swap"


group training utility=900
group polite utility=1
group stubborn utility=2
spawn polite hog --polite --max 56M --rate 0
spawn stubborn hog --max 56M --rate 0
wait_for 10 holds polite 56 && wait_for 10 holds stubborn 56
before=$(oom_kills)
expect "the daemon starts with the report's rules" start_daemon "$(cat "${0%/*}/report.json")"

spawn training load thrash 340
expect "the polite one leaves" wait_for 60 dead polite
status=0
reap polite || status=$?
expect "it died of SIGTERM" test "$status" -eq 143
expect "the stubborn one is killed" wait_for 10 dead stubborn
status=0
reap stubborn || status=$?
expect "by SIGKILL" test "$status" -eq 137
expect "after it was asked" grep -q 'SIGTERM, ignoring' "$(output_of stubborn)"
expect "the stubborn one was killed by signals" \
        wait_for 5 journal_has '"what":"victim"' "$(path_of stubborn)" '"method":"signals"'
expect "pressure was the witness" journal_has '"what":"intent"' '"witness":"stall"'
expect "the training lives" alive training
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
