#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none psi=1 lane=fast timeout=180
#
# The harness itself, and the kernel's part of every other scenario: a limit that is overrun kills inside
# the limit only.
#
# /
# ├── bounded        memory.max 64M, a hog: the kernel's OOM killer takes it
# └── sibling        sleeps, and goes on sleeping until cgroup.kill
. "${0%/*}/lib.sh"

need psi cgroup.kill || skip "kernel too old"

before=$(oom_kills)
group bounded memory.max=64M
group sibling utility=3:40
spawn sibling sleep 1000
spawn bounded hog --rate 0

expect "the kernel kills a hog at its own limit" wait_for 20 dead bounded
expect "that is one OOM kill" test "$(oom_kills)" -eq $((before + 1))
expect "the group says so, too" test "$(value_of bounded memory.events oom_kill)" -eq 1
status=0
reap bounded || status=$?
expect "it died of SIGKILL" test "$status" -eq 137
expect "its sibling lives" alive sibling

expect "pressure can be read" grep -q '^full avg10=' /proc/pressure/memory
expect "the label comes back" test "$(load getxattr "$CG/sibling" trusted.jettison.utility)" = 3:40
expect "a group without a label has none" not load getxattr "$CG/bounded" trusted.jettison.utility

echo 1 >"$CG/sibling/cgroup.kill"
expect "cgroup.kill ends a group" wait_for 5 dead sibling
