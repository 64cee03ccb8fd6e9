#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=300
#
# How long before the kernel runs out of memory each witness speaks, as heard in user space: the module's line at
# a tenth of memory, a pressure trigger (some, 150 ms in a second), a look at /proc/meminfo each 100 ms for the same
# tenth. Twenty times, a hog as fast as the machine. Only that the module is never later than the looks, by more
# than a look's cost, is demanded; the rest is printed.
#
# /
# ├── filler           locked memory, not to be killed
# └── hog-N            utility 10
. "${0%/*}/lib.sh"

need psi module || skip "no module in this build"
insmod "$BIN/jettison.ko"
fill_to 220
sleep 2

for run in $(seq 20); do
        lead 10 >"$WORK/lead-$run" 2>&1 &
        lead_pid=$!
        wait_for 5 grep -q ready "$WORK/lead-$run"
        sleep 2         # the pressure of the run before has to be out of the trigger's window
        group hog-$run utility=10
        spawn hog-$run hog --rate 0
        wait_for 20 dead hog-$run || not_ok "run $run came to an end"
        wait $lead_pid || not_ok "run $run was measured"
        sed -n 2p "$WORK/lead-$run" >>"$WORK/leads"
done
awk '
        function median(of, n,    i, j, v) {
                for (i = 2; i <= n; i++)
                        for (j = i; j > 1 && of[j - 1] > of[j]; j--) { v = of[j]; of[j] = of[j - 1]; of[j - 1] = v }
                return n ? of[int((n + 1) / 2)] : "none"
        }
        {
                if ($1 != "-") told[++n_told] = $1
                if ($2 != "-") line[++n_line] = $2
                if ($3 != "-") pressure[++n_pressure] = $3
                if ($4 != "-") look[++n_look] = $4
                late += $2 == "-" && $4 != "-"
        }
        END {
                printf "# in time, of %d runs, and ms before the kernel was out of memory (median):", NR
                printf " the module tells %d, %s, and is heard %d, %s; looks each 100 ms %d, %s;", n_told, median(told, n_told), n_line, median(line, n_line), n_look,
                        median(look, n_look)
                printf " pressure %d, %s\n", n_pressure, median(pressure, n_pressure)
                print late + 0 >"'"$WORK"'/late"
        }' "$WORK/leads"
expect "twenty runs were measured" test "$(wc -l <"$WORK/leads")" -eq 20
expect "the module is never too late where a look was in time" grep -qx 0 "$WORK/late"
fill_none
rmmod jettison
