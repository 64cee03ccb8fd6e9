#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# score.sh SOLVER ROOM <RESULT: reads what the referee has seen of one play, prints its measures as a line of JSON.
# SOLVER is the program made of optimum.c, ROOM what the load has above the line, in MiB. The optimum comes from GLPK
# where it is installed, and from trying every set where there are few containers; where both can speak and do not
# agree, or one of them fails, nothing is printed and the end is an error.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
solver=$1 room=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

with_glpk() {
        jq -r --arg at "$1" '.[$at] | if .need <= 0 then "Minimize\n obj: 0 x0\nSubject To\n c: x0 >= 0\nBinary\n x0\nEnd"
                elif ([.items[][0]] | add // 0) < .need then "all \([.items[][1]] | add // 0)"
                else "Minimize\n obj: \([.items | to_entries[] | "\(.value[1]) x\(.key)"] | join("\n + "))
Subject To\n c: \([.items | to_entries[] | "\(.value[0]) x\(.key)"] | join("\n + ")) >= \(.need)
Binary\n \([.items | to_entries[] | "x\(.key)"] | join("\n "))\nEnd" end' "$work/need" >"$work/lp"
        sed -n 's/^all //p' "$work/lp" | grep . && return
        glpsol --lp "$work/lp" --output "$work/out" >"$work/log" || { cat "$work/log" >&2 && return 1; }
        grep -q '^Status: *INTEGER OPTIMAL' "$work/out" || { cat "$work/out" >&2 && return 1; }
        sed -n 's/^Objective: *obj = \([0-9]*\).*/\1/p' "$work/out"
}

by_trial() {
        jq -r --arg at "$1" '.[$at].items[] | "\(.[0]) \(.[1])"' "$work/need" |
                "$solver" "$(jq --arg at "$1" '.[$at].need' "$work/need")"
}

optimum() {
        local glpk='' trial=''
        if command -v glpsol >/dev/null; then
                glpk=$(with_glpk "$1") || return 1
        fi
        trial=$(by_trial "$1") || [ $? -eq 3 ] || return 1
        [ -n "$glpk$trial" ] || { echo "score.sh: so many containers need glpsol (package glpk-utils)" >&2 && return 1; }
        [ -z "$glpk" ] || [ -z "$trial" ] || [ "$glpk" = "$trial" ] ||
                { echo "score.sh: GLPK says $glpk, trial $trial" >&2 && return 1; }
        echo "${glpk:-$trial}"
}

cat >"$work/result"
jq -c --argjson room "$room" "$(cat "$here/score.jq") need(\$room)" "$work/result" >"$work/need"
play=$(optimum play)
moment=$(optimum moment)
jq -c --argjson room "$room" --argjson play "$play" --argjson moment "$moment" \
        "$(cat "$here/score.jq") score(\$room; \$play; \$moment)" "$work/result"
