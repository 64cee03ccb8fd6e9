#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=768M swap=zram:128M psi=1 lane=full timeout=180
#
# The full lane: a machine that systemd runs, with the scenarios in a subtree it has delegated.
#
# /
# ├── system.slice
# │   └── scenarios.service      ours, delegated
# │       ├── harness            this script
# │       └── mine               a group that systemd leaves alone
# └── work.slice
#     └── probe.service          a transient unit with a limit
. "${0%/*}/lib.sh"

need systemd psi swap cgroup.kill || skip "not the full lane"

group mine utility=7
spawn mine sleep 1000
expect "systemd is up" wait_for 30 systemctl -q is-active basic.target
systemctl daemon-reload
expect "a reload leaves our groups alone" alive mine

systemd-run -q --slice work.slice --unit probe -p MemoryMax=64M -p OOMPolicy=kill "$BIN/hog" --rate 0
failed_of_oom() {
        [ "$(systemctl show -P Result probe.service)" = oom-kill ]
}
expect "a unit dies at its limit, and systemd knows why" wait_for 30 failed_of_oom
expect "our group does not" alive mine
