#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# hook-start.sh BUILD: what jettison-hook adds to a container's start: 2,000 runs that label a plain directory in the
# place of a cgroup, beside as many of a program that does nothing, each twice in turns.
set -eu

build=$(readlink -f "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
id=$(printf '%064d' 7)
mkdir -p "$work/proc/77" "$work/cgroup/docker/$id"
echo "0::/docker/$id" >"$work/proc/77/cgroup"
printf '{"ociVersion":"1.0","id":"%s","status":"creating","pid":77,"bundle":"%s","annotations":{"io.jettison.utility":"700"}}' \
        "$id" "$work" >"$work/state"
echo 'int main(void) { return 0; }' >"$work/nothing.c"
gcc -O2 -static -o "$work/nothing" "$work/nothing.c"
for _ in 1 2; do
        "$build/tests/bench_starts" 2000 "$work/state" "$build/hooks/jettison-hook" --strict \
                --proc-root "$work/proc" --cgroup-root "$work/cgroup"
        "$build/tests/bench_starts" 2000 "$work/state" "$work/nothing"
done
