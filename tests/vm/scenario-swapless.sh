#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# A host without swap and allocators as fast as the machine: pressure speaks too late here, and available
# memory must be seen to fall in time. Twenty runs with different numbers of threads, rates and shapes; the
# daemon must be before the kernel in nineteen.
#
# /
# ├── filler           no candidate: locked memory, so that the runs are short
# ├── web              utility 90, 40 MiB
# └── batch-N          utility 10, one for each run
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

runs=20 first=0
seed=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
echo "# seed $seed"
# One line for each run: rate, threads, shape.
awk -v seed="$seed" -v runs=$runs 'BEGIN {
        srand(seed)
        split("0 0 0 1G 400M", rates, " ")
        split("1 2 4 8", numbers, " ")
        split("anon anon fork shared", shapes, " ")
        for (i = 0; i < runs; i++)
                print rates[1 + int(rand() * 5)], numbers[1 + int(rand() * 4)], shapes[1 + int(rand() * 4)]
}' >"$WORK/runs"

group web utility=90
spawn web hog --max 40M --rate 0
wait_for 10 holds web 40
fill_to 240
expect "the daemon starts" start_daemon

number=0
while read -r rate n shape <&3; do
        number=$((number + 1))
        before=$(oom_kills)
        group batch-$number utility=10
        spawn batch-$number hog --rate "$rate" --threads "$n" --workers "$n" --shape "$shape"
        if ! wait_for 30 dead batch-$number; then
                not_ok "run $number ended: rate $rate, $n times $shape"
        elif [ "$(oom_kills)" -eq "$before" ] && wait_for 5 is_victim batch-$number; then
                first=$((first + 1))
        else
                echo "# run $number: the daemon was not first: rate $rate, $n times $shape"
        fi
done 3<"$WORK/runs"

echo "# first in $first of $runs runs"
expect "the daemon is first in 19 of 20" test "$first" -ge 19
expect "web lives" alive web
expect "the daemon lives" daemon_alive
sed -n 's/.*"strike_usec":\([0-9]*\),"dead_usec":\([0-9]*\),.*/\1 \2/p' "$JOURNAL" | sort -n |
        awk '{ strike[NR] = $1; dead = dead > $2 ? dead : $2 } END {
                print "# trigger to strike: median", strike[int((NR + 1) / 2)], "µs, most", strike[NR], "µs"
                print "# strike to death: most", dead, "µs"
        }'
