#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The small arena that tests/run.sh plays: two loads, three seeds, Jettison with the files feed alone. TAP.
#   gate.sh [--build DIR]
#
# Fails if what was lost is worth more than what had to be lost, if somebody died who need not have or while memory
# was above the line, if a job was left half dead, if memory did not come back, if Jettison did not live to the end,
# or if no play of a load counts.
#
# What chance and a busy machine change is when the shortage is noticed, and so how much is needed: from 5 % of
# memory, if at once, to 15 %, if nothing is available any more. In both loads the least is the same for every
# such need. report: the hogs are worth 13 together, the cheaper of the trainings at least 50, and both hogs have
# to go in the end. burst: the one that grows is worth at most 25, each of the others at least 30, and it holds
# more than 15 % when the shortage begins; it is also the largest process, so that even the kernel's killer, should
# it ever be first, would take nobody else. On a machine so slow that the play ends before the second hog is in
# anybody's way, less than the least is lost, and that is no failure; a play that never came to a shortage, or in
# which the machine stood still, is skipped. Jettison can be done with a shortage between two looks of the referee,
# who then has seen none: that is right if what was available at the last look before the strike was not further
# above the line than memory falls in two looks, or since a last one that was late. That the kernel killed something as
# well is no failure (see burst).
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
build=$(dirname "$(dirname "$here")")/build
[ "${1:-}" != --build ] || build=$2
loads=report,burst
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0 number=0
# By how many MiB memory may fall in two looks of 20 ms, or since the last one if that was late, at 400 MiB/s: burst was
# seen to take up to 230 on an emulated processor, report takes 55. On a faster machine it is twice what the last look
# before the strike saw memory fall.
allowed='[0.4 * ([.look_ms, 20] | max) + 8, 2 * .fall_mib] | max'

expect() {
        number=$((number + 1))
        if [ "$2" = true ]; then
                echo "ok $number - $1"
        else
                echo "not ok $number - $1"
                failed=1
        fi
}

"$here/run.sh" --contestant jettison-files --load $loads --seeds 3 --last 2000 --build "$build" \
        --out "$work" >"$work/log" 2>&1 || true
sed 's/^/# /' "$work/log"
for load in ${loads//,/ }; do
        counted=0
        for seed in 1 2 3; do
                line=$(jq -c --arg load "$load" --argjson seed $seed \
                        'select(.load == $load and .seed == $seed)' "$work/runs.jsonl" 2>/dev/null || true)
                [ -n "$line" ] || line='{}'
                if [ "$(jq '.disturbed or (.was_short == false and .killed == 0)' <<<"$line")" = true ]; then
                        number=$((number + 1))
                        echo "ok $number - $load, seed $seed # SKIP the machine is too slow"
                        continue
                fi
                counted=$((counted + 1))
                expect "$load, seed $seed: nothing lost beyond the least" \
                        "$(jq 'has("regret") and .regret <= 0' <<<"$line")"
                expect "$load, seed $seed: nobody died needlessly" \
                        "$(jq '.needless == 0 and .half == 0' <<<"$line")"
                expect "$load, seed $seed: nobody died while memory was above the line" \
                        "$(jq ".above_line_mib != null and .above_line_mib <= ($allowed)" <<<"$line")"
                expect "$load, seed $seed: memory came back" \
                        "$(jq '.memory_back_ms != null or (.was_short == false and .unseen)' <<<"$line")"
                expect "$load, seed $seed: Jettison lives" "$(jq '.survived == true' <<<"$line")"
        done
        expect "$load: at least one play counts" "$([ $counted -gt 0 ] && echo true)"
done
[ $failed -eq 0 ] || for log in "$work/runs.jsonl" "$work"/logs/*; do
        sed "s|^|# ${log##*/}: |" "$log"
done
echo "1..$number"
exit $failed
