#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=90
#
# A dry run decides and records, and strikes nobody.
#
# /
# ├── filler           no candidate: locked memory
# ├── one, two         utility 10, 60 MiB each; both would have to go
# └── web              utility 900, 60 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

group one utility=10
group two utility=10
group web utility=900
for name in one two web; do
        spawn $name hog --max 60M --rate 0
        wait_for 10 holds $name 60
done
expect "the daemon starts" start_daemon '{ "target": { "available": "28%", "slow_start": false } }' --dry-run
fill_to 35
expect "the intent is journalled" wait_for 10 journal_has '"what":"intent"' '"verdict":"act"'
expect "the outcome says what it was" wait_for 5 journal_has '"what":"outcome"' '"result":"dry-run"'
expect "both victims are named" test "$(victims | tr ' ' '\n' | sort | paste -sd ' ' -)" = "one two"
expect "as a dry run" test "$(lines_of '"outcome":"dry-run"')" -eq 2
for name in one two web; do
        expect "$name lives" alive $name
done
expect "nothing is open that kills" \
        not sh -c "find /proc/$(cat "$WORK/jettisond.pid")/fd -exec readlink {} \; | grep '/cgroup.kill$'"
expect "the daemon lives" daemon_alive
