#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=zram:256M timeout=60
#
# The rules of the report that Jettison starts from, as examples/config/report.json has them: a look each 5 s, 30 % of free memory, swap and
# pressure, the oom score as weight, a fixed capacity, SIGTERM and a second later SIGKILL, both sent as signals.
#
# /                    swap in compressed memory
# ├── training         utility 900, 60 MiB
# ├── polite           utility 1, leaves on SIGTERM
# └── stubborn         utility 2, ignores SIGTERM
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon swap || skip "no daemon in this build, or no swap"
