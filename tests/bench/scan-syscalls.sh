#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# How many system calls a scan makes, against the floor. The program runs under strace once with one scan and once with
# three, and the difference is two scans: whatever the building of the tree costs drops out.
#
#   scan-syscalls.sh BENCH_SCAN [SIZE…]
set -eu

bench=$1
shift
[ $# -gt 0 ] || set -- 10 100 1000
command -v strace >/dev/null || { echo "scan-syscalls: strace is not installed" >&2; exit 4; }
summary=$(mktemp)
trap 'rm -f "$summary"' EXIT

# calls MODE SIZE TIMES: all system calls of such a run
calls() {
        strace -qcf -o "$summary" "$bench" "$1" "$2" "$3"
        awk '$NF == "total" { print $4 }' "$summary"
}

# per_scan MODE SIZE
per_scan() {
        one=$(calls "$1" "$2" 1)
        three=$(calls "$1" "$2" 3)
        echo $(((three - one) / 2))
}

printf '%8s %10s %10s %8s %10s\n' cgroups scan floor ratio 'scan each'
for size; do
        scan=$(per_scan --calls "$size")
        floor=$(per_scan --floor-calls "$size")
        awk -v n="$size" -v s="$scan" -v f="$floor" \
                'BEGIN { printf "%8d %10d %10d %8.2f %10.2f\n", n, s, f, s / f, s / n }'
done
