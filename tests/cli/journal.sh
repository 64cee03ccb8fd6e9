#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The journal explained. tests/data/journal.jsonl was written by the daemon's own writer, as in
# tests/unit/test_explain.c: a round that ended well, one that a crash cut off, a torn line, a new life with
# a round 1 that is not ended.
# Usage: journal.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/tap.sh"

file=$data/journal.jsonl

# A plan without the time it took, its escapes in one case: jansson writes \u001B, the daemon \u001b.
norm() { sed 's/"solve_usec":[0-9]*//' | tr A-F a-f; }

run journal --file "$file"
check "three rounds" eval 'exits 0 && [ "$(grep -c available "$work/out")" -eq 3 ]'
check "one recovered" eval '[ "$(grep -c recovered "$work/out")" -eq 1 ]'
check "two interrupted" eval '[ "$(grep -c interrupted "$work/out")" -eq 2 ]'
check "one torn line is told of" eval 'complains "torn lines that were skipped: 1" && one_line'
run journal --file "$file" --round 2
check "--round" eval '[ "$(grep -c available "$work/out")" -eq 1 ] && says interrupted'
run journal --file "$file" --cgroup hog
check "--cgroup finds victims" eval '[ "$(grep -c available "$work/out")" -eq 3 ]'
run journal --file "$file" --cgroup job
check "--cgroup finds whoever may have been struck, but not who survived" eval \
        '[ "$(grep -c interrupted "$work/out")" -eq 2 ] && ! says recovered'
run journal --file "$file" --cgroup training
check "--cgroup does not find the spared" says "No rounds."
run journal --file "$file" --json
check "--json is a line per round" eval '[ "$(wc -l <"$work/out")" -eq 3 ] && says "\"interrupted\":true"'

head -n 4 "$file" >"$work/first-life"
run journal --file "$work/first-life" explain 1
check "explain: why" says "domain /: available memory had fallen below the acting line"
check "explain: who died" eval 'grep -qE "^died +/hog.x1b\[2J " "$work/out"'
check "explain: who was not struck after all" eval 'grep -qE "^spared +/job " "$work/out"'
check "explain: who was kept and why" eval 'grep -qE "^kept +/training .* worth more" "$work/out"'
check "explain: the protected" eval 'grep -qE "^kept +/db +protect .* protected by its label" "$work/out"'
check "explain: need, expected, measured" says "Needed 900 MiB, expected 512 MiB, measured 500 MiB freed"
check "explain: time" says "From the trigger until memory was back: 95 ms."
check "explain: harmless and complete" eval 'exits 0 && silent && harmless "$work/out"'
cp "$work/out" "$work/explained"
run journal --file "$work/first-life" last
check "last is the last round" cmp -s "$work/out" "$work/explained"
run journal --file "$work/first-life" explain --round 1
check "the round as an option" cmp -s "$work/out" "$work/explained"
run journal --file "$file" --round 2 last
check "last of a round" says "Round 2,"
run journal --file "$file" --cgroup hog --since 2026-01-01 last
check "last of a cgroup and a time" eval 'exits 0 && says "Round 1," && says "unknown  /hog"'
run journal --file "$file" --cgroup training last
check "last of a cgroup that was never struck" eval 'exits 1 && complains "holds no such round"'
run journal --file "$file" --cgroup training explain 1
check "explain of a round that is not of that cgroup" eval 'exits 1 && complains "holds no such round"'
run journal --file "$file" --since 2199-01-31
check "--since a day" says "No rounds."
sed "s/\"time_usec\":[0-9]*/\"time_usec\":$(date +%s)000000/" "$work/first-life" >"$work/today"
sed "s/\"time_usec\":[0-9]*/\"time_usec\":1000000/" "$work/first-life" >"$work/today.1"
run journal --file "$work/today" --since 1h
check "--since a duration" says "In all: rounds 1,"
run journal --file "$file" --since "2026-11-23 02:39"
check "--since a time" eval 'says "In all: rounds 3, victims 1, freed 500 MiB"'
run journal --since yesterday
check "--since yesterday" fails 2 "'yesterday' is not a time"
run journal --since 1h --follow
check "--since with --follow" fails 2 "--since those of the past"
run journal --file "$work/first-life" --json explain 1
check "explain --json has it whole" eval \
        '[ "$(wc -l <"$work/out")" -eq 1 ] && says "\"snapshot\":{" && says "\"kept\":["'
run journal --file "$file" explain 2
check "explain: interrupted" says "Interrupted: the journal has no outcome of this round"

# The snapshot of an intent is its last member, the plan stands before it.
echo '{}' >"$work/defaults.json"
sed -n '2s/.*"snapshot":\({.*}\)}$/\1/p' "$file" >"$work/snapshot.json"
sed -n '2s/.*"plan":\({.*}\),"snapshot".*/\1/p' "$file" >"$work/plan.json"
run plan --config "$work/defaults.json" --snapshot "$work/snapshot.json" --json
check "a recorded decision replays byte for byte" eval \
        '[ "$(norm <"$work/out")" = "$(norm <"$work/plan.json")" ] && grep -q victims "$work/plan.json"'

run plan --config "$work/defaults.json" --round 1 --file "$work/first-life" --json
check "... straight from the journal" eval '[ "$(norm <"$work/out")" = "$(norm <"$work/plan.json")" ]'
run plan --config "$work/defaults.json" --round 1 --file "$work/first-life"
check "... for people" eval 'exits 0 && says "Round 1, " && says "decided anew by $work/defaults.json." && says "Act: 900 MiB"'
run plan --round 9 --file "$work/first-life"
check "plan of a round that is not there" fails 1 "holds no round 9"
run plan --round 1 --file "$work/none"
check "plan of a journal that is not there" fails 1 "has jettisond ever run here?"
sed '2s/,"snapshot":{.*/,"snapshot_left_out":true}/' "$work/first-life" >"$work/large"
run plan --round 1 --file "$work/large"
check "plan of a round whose snapshot was left out" fails 1 "journalled without its snapshot: it was too large"
printf '%s\n' '{"what":"order","round":1,"victims":[{"id":1,"path":"/hog"}]}' \
        '{"what":"victim","round":1,"id":1,"path":"/hog","outcome":"freed"}' >"$work/ordered"
run plan --round 1 --file "$work/ordered"
check "plan of a standing order" fails 1 "round 1 was a standing order of the kernel module"

head -n 5 "$file" >"$work/rotated.2"
tail -n +7 "$file" >"$work/rotated.1"
: >"$work/rotated"
run journal --file "$work/rotated"
check "rotated files are read, oldest first" eval '[ "$(grep -c available "$work/out")" -eq 3 ] && silent'

run journal --file "$file" explain 99
check "explain of a round that is not there" eval 'exits 1 && complains "holds no round 99"'
run journal --file "$work/rotated.2" explain x
check "explain x" fails 2 "'x' is not a round"
run journal explain
check "explain what?" fails 2 "ROUND is missing"
run journal last 3
check "last 3" fails 2 "unexpected argument '3'"
run journal --follow last
check "--follow last" fails 2 "--follow"
run journal --file "$work/none"
check "a journal that is not there" \
        fails 1 "cannot read the journal $work/none: No such file or directory; has jettisond ever run here?"
: >"$work/empty"
run journal --file "$work/empty"
check "an empty journal" eval 'exits 0 && says "No rounds."'
run journal --file "$work/empty" last
check "the last round of none" fails 1 "holds no round"
head -c 3000 /dev/urandom >"$work/noise"
run journal --file "$work/noise"
check "noise" eval 'exits 0 && complains "torn lines"'

# Follows the file as it grows and is rotated.
head -n 1 "$file" >"$work/growing"
"$jettison" journal --follow --file "$work/growing" >"$work/out" 2>"$work/err" &
follower=$!
sleep 1
sed -n 2,3p "$file" >>"$work/growing"
sleep 1
mv "$work/growing" "$work/growing.1"
sed -n 4p "$file" >"$work/growing"
sleep 1
kill "$follower"
wait "$follower" 2>/dev/null
code=0
check "--follow shows new lines only" eval '[ "$(wc -l <"$work/out")" -eq 3 ]'
check "--follow: intent" says "round 1  intent  / needs 900 MiB (available), 2 to be shed"
check "--follow: victim" says 'round 1  victim  /hog\x1b[2J: freed, 500 MiB of 512 MiB expected'
check "--follow: outcome, across a rotation" says "round 1  outcome  recovered, 500 MiB freed after 95 ms"

finish
