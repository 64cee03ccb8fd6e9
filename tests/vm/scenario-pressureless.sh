#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none psi=0 timeout=90
#
# A kernel without pressure information: available memory is the only witness, that is said, and it works.
#
# /
# ├── web              utility 90, 40 MiB
# └── batch            utility 10, leaks
. "${0%/*}/lib.sh"

need cgroup.kill daemon || skip "no daemon in this build"

expect "there is no pressure information" not need psi
group web utility=90
group batch utility=10
spawn web hog --max 40M --rate 0
before=$(oom_kills)
expect "the daemon starts" start_daemon
jettison status --json >"$WORK/status"
expect "it says what it lacks" grep -q '"degraded":\["no pressure information' "$WORK/status"
expect "it says so as a fact, too" grep -q '"pressure":false' "$WORK/status"

spawn batch hog --rate 100M
expect "the leak is shed" wait_for 20 dead batch
expect "the round is over" wait_for 5 journal_has '"what":"outcome"' '"result":"recovered"'
expect "web lives" alive web
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
