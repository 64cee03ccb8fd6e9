#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs the scenarios inside the VM, in both lanes, and frames each for run.sh:
#   @@ begin NAME
#   …its TAP…
#   # …what it and its programs wrote, if it failed…
#   @@ end NAME
# and "@@ done" at the end of all. Each scenario has the time limit of its header; what it leaves behind is
# removed.
here=/opt/jettison
export LC_ALL=C

# Out of the way of the kernel's own killer; what a scenario starts is put back to 0.
echo -1000 >/proc/self/oom_score_adj

# The groups of the scenarios live here: at the top, or in what systemd has delegated to us.
CG=/sys/fs/cgroup$(sed 's/^0:://; s|^/$||' /proc/self/cgroup)
if [ "$CG" != /sys/fs/cgroup ]; then
        mkdir "$CG/harness"
        echo $$ >"$CG/harness/cgroup.procs"
fi
tr ' ' '\n' <"$CG/cgroup.controllers" | while read -r controller; do
        echo "+$controller" >"$CG/cgroup.subtree_control"
done
export CG

# shellcheck source=./lib.sh
. "$here/lib.sh"

diagnose() {
        for log in "$WORK"/*.log; do
                [ ! -s "$log" ] || { echo "# --- ${log##*/}" && tail -n 40 "$log" | sed 's/^/# /'; }
        done
        if [ -s "$JOURNAL" ]; then
                echo '# --- journal' && tail -n 20 "$JOURNAL" | cut -c 1-2000 | sed 's/^/# /'
        fi
        dmesg | tail -n 30 | sed '1i --- dmesg' | sed 's/^/# /'
}

run() {
        name=${1##*/}
        limit=$(sed -n 's/^# vm:.*timeout=\([0-9]*\).*/\1/p' "$1")
        rm -rf "$WORK" "${JOURNAL%/*}"
        mkdir -p "$WORK"
        dmesg -c >/dev/null
        echo "@@ begin $name"
        timeout -k 5 "${limit:-60}" sh "$1" 2>"$WORK/scenario.log"
        if [ ! -e "$WORK/finished" ]; then
                echo "# it did not come to its end; its limit is ${limit:-60} s"
                cleanup
        fi
        [ "$(cat "$WORK/finished" 2>/dev/null)" = 0 ] || diagnose
        echo "@@ end $name"
}

echo    # the firmware leaves its last line open
swap_start "$(tr ' ' '\n' </proc/cmdline | sed -n 's/^jettison\.swap=//p')"
for scenario in "$here"/scenario-*.sh; do
        run "$scenario"
done
echo '@@ done'
reboot -f
