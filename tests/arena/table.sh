#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# table.sh DIR: makes table.md and, where gnuplot is installed, the plots from the lines of runs.jsonl and what
# the referee saw in plays/:
#   memory-LOAD.svg   what was available over time in the first play of each contestant, kills marked
#   kept.svg          utility kept, of what could be kept, per contestant
#   back.svg          how many plays had their memory back how soon
#   strikes.svg       in how many plays the first strike came how soon
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
out=$1
[ -s "$out/runs.jsonl" ] || { echo "table.sh: no plays in $out" >&2 && exit 1; }
jq -r -s -f "$here/table.jq" "$out/runs.jsonl" >"$out/table.md"
echo "$out/table.md"
command -v gnuplot >/dev/null || { echo "table.sh: no plots without gnuplot (package gnuplot-nox)" >&2 && exit 0; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
colors=(000000 7f7f7f e69f00 b87300 56b4e9 0072b2 f0e442 b0a000 cc79a7 882255 009e73 d55e00)

# The contestants of one load that the referee has seen, in the tables' order, with the first seed of each.
first_plays() {
        jq -r -s --arg load "$1" 'map(select(.load == $load)) | group_by(.contestant)[] | min_by(.seed)
                | "\(.contestant) \(.seed)"' "$out/runs.jsonl"
}

plot_memory() {
        local load=$1 name seed file command='' i=0
        while read -r name seed; do
                file=$out/plays/$name-$load-$seed.json
                jq -r '.series[] | "\(.[0] / 1000) \(.[1])"' "$file" >"$work/$name.curve"
                jq -r '.series as $s | .groups[] | select(.died_ms >= 0) | .died_ms as $t
                        | "\($t / 1000) \([$s[] | select(.[0] <= $t)] | last | .[1] // 0)"' "$file" >"$work/$name.kills"
                command+="${command:+, }'$work/$name.curve' with lines lc rgb '#${colors[i]}' title '$name'"
                [ ! -s "$work/$name.kills" ] ||
                        command+=", '$work/$name.kills' with points pt 7 ps 0.6 lc rgb '#${colors[i]}' notitle"
                i=$(((i + 1) % ${#colors[@]}))
        done < <(first_plays "$load")
        gnuplot <<END
set terminal svg size 900,420 background rgb 'white'
set output '$out/memory-$load.svg'
set title 'Load $load: memory available; a dot is a container that died'
set xlabel 's'
set ylabel 'MiB'
set yrange [0:*]
set key outside right
plot $command, $(jq '.memory_total_mib / 10' "$file") with lines dt 2 lc rgb '#999999' title 'a tenth'
END
}

plot_kept() {
        jq -r -s 'map(select(.load != "idle" and ((.was_short | not) or .memory_back_ms != null))) | group_by(.contestant)[]
                | "\(.[0].contestant) \((map(.kept) | add) * 100 / (map(.keepable) | add))"' \
                "$out/runs.jsonl" >"$work/kept"
        gnuplot <<END
set terminal svg size 900,420 background rgb 'white'
set output '$out/kept.svg'
set title 'Utility kept, of what could be kept, all loads'
set ylabel '%'
set yrange [0:110]
set style fill solid 0.6
set boxwidth 0.7
set xtics rotate by -35
set nokey
plot '$work/kept' using 0:2:xtic(1) with boxes lc rgb '#0072b2'
END
}

# plot_steps PLOT FIELD PLAYS TITLE AXIS: in what part of the PLAYS (a filter) FIELD was at most so many ms.
plot_steps() {
        local name command='' i=0
        for name in $(jq -r .contestant "$out/runs.jsonl" | sort -u); do
                # from 0 up, so that a single play is seen as well
                jq -r -s --arg name "$name" "map(select(.contestant == \$name and ($3)))
                        | length as \$n | map(.$2 | numbers | [., 1] | max) | sort | if . == [] then empty else
                        \"\(.[0]) 0\", (to_entries[] | \"\(.value) \((.key + 1) * 100 / \$n)\") end" \
                        "$out/runs.jsonl" >"$work/$name.steps"
                [ ! -s "$work/$name.steps" ] ||
                        command+="${command:+, }'$work/$name.steps' with steps lc rgb '#${colors[i]}' title '$name'"
                i=$(((i + 1) % ${#colors[@]}))
        done
        [ -n "$command" ] || return 0
        gnuplot <<END
set terminal svg size 900,420 background rgb 'white'
set output '$out/$1.svg'
set title '$4'
set xlabel 'ms'
set ylabel '$5'
set logscale x
set yrange [0:105]
set key outside right
plot $command
END
}

for load in $(jq -r 'select(.load != "idle") | .load' "$out/runs.jsonl" | sort -u); do
        plot_memory "$load"
done
plot_kept
plot_steps back memory_back_ms .was_short 'Plays that had their memory back, by the time from shortage' \
        '% of the plays that were short'
plot_steps strikes strike_ms '.was_short and (.unseen | not) and .load != "idle"' \
        'Plays in which somebody was struck, by the time from shortage' '% of the shortages that were seen first'
ls "$out"/*.svg
