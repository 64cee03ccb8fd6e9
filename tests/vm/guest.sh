#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs the scenarios inside the VM, in both lanes, and frames each for run.sh:
#   @@ begin NAME
#   …its TAP…
#   # …what it and its programs wrote, if it failed…
#   @@ end NAME
# and "@@ done" at the end of all. Each scenario has the time limit of its header; what it leaves behind is
# removed. A fault that the kernel reports meanwhile, or before the first scenario, is a failed test of its
# own.
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

# Faults of the kernel as dmesg shows them: BUG, WARNING and Oops are every kernel's, the others come from the
# checkers of a debug kernel. A lockup or stall (of a workqueue, too) says only that the host is busy.
fault='^\[[^]]*\] (BUG: ([^w]|workqueue leaked)|WARNING: |Oops|UBSAN: |ODEBUG: |INFO: (possible|trying) )'

check_kernel() {
        if dmesg -c >"$WORK/dmesg" && grep -Eq "$fault" "$WORK/dmesg"; then
                echo "not ok - the kernel is sound: $(grep -Em 1 "$fault" "$WORK/dmesg")"
                grep -E -A 60 "$fault" "$WORK/dmesg" | head -n 200 | sed 's/^/# /'
        fi
}

# What nothing in the kernel points to any more, if the kernel keeps account. It does not speak of what is
# younger than five seconds, nor of what has changed since the scan before.
check_leaks() {
        [ -e "$kmemleak" ] || return 0
        sleep 6
        echo scan >$kmemleak
        echo scan >$kmemleak
        if grep -q . $kmemleak; then
                echo "not ok - the kernel loses no memory: $(grep -c '^unreferenced' $kmemleak) objects"
                head -n 1000 $kmemleak | sed 's/^/# /'
        fi
        echo clear >$kmemleak
}

run() {
        name=${1##*/}
        limit=$(sed -n 's/^# vm:.*timeout=\([0-9]*\).*/\1/p' "$1")
        limit=$((${limit:-60} * slow))
        rm -rf "$WORK" "${JOURNAL%/*}"
        mkdir -p "$WORK"
        echo "@@ begin $name"
        timeout -k 5 "$limit" sh "$1" 2>"$WORK/scenario.log"
        if [ ! -e "$WORK/finished" ]; then
                echo "# it did not come to its end; its limit is $limit s"
                cleanup
        fi
        [ "$(cat "$WORK/finished" 2>/dev/null)" = 0 ] || diagnose
        [ ! -d /sys/module/jettison ] || rmmod jettison
        check_leaks
        check_kernel
        echo "@@ end $name"
}

kmemleak=/sys/kernel/debug/kmemleak slow=1
case $(uname -r) in
*-debug)
        slow=3          # three times the time for everything
        [ -e $kmemleak ] || mount -t debugfs debugfs /sys/kernel/debug
        ;;
esac

echo    # the firmware leaves its last line open
swap_start "$(tr ' ' '\n' </proc/cmdline | sed -n 's/^jettison\.swap=//p')"
for scenario in "$here"/scenario-*.sh; do
        run "$scenario"
done
echo '@@ done'
reboot -f
