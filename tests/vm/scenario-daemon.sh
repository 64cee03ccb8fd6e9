#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=270
#
# The daemon as its operator meets it: one instance at a time, configurations that are taken or refused while
# it runs, and a command run in a labelled group of its own.
#
# /
# ├── batch            utility 10, 60 MiB
# └── jettison-run
#     └── hog-PID      made by "jettison run": utility 20, memory.max 64M
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon jettison || skip "no daemon in this build"

act_line() {
        status_of act_available
}

# reload JSON: has the daemon read this configuration.
reload() {
        echo "$1" >"$WORK/jettison.json"
        reloads=$(lines_of '"what":"reload"')
        kill -HUP "$(cat "$WORK/jettisond.pid")"
        wait_for 5 reloaded
}

reloaded() {
        [ "$(lines_of '"what":"reload"')" -gt "$reloads" ]
}

expect "the daemon starts" start_daemon
status=0
jettisond --config "$WORK/jettison.json" >"$WORK/second.log" 2>&1 || status=$?
expect "a second one does not" test "$status" -eq 1
expect "it names the first" \
        grep -q "already running, as process $(cat "$WORK/jettisond.pid")" "$WORK/second.log"
expect "the first one lives" daemon_alive

total=$(status_of memory_total)
expect "it acts below 10 %" test "$(act_line)" -eq $((total / 10))
expect "a wrong configuration is read" reload '{ "trigger": { "available": "lots" } }'
expect "refused, and the reason is given" journal_has '"what":"reload"' '"ok":false' 'trigger.available'
expect "the old one stays in force" test "$(act_line)" -eq $((total / 10))
expect "a good one is read" reload '{ "trigger": { "available": "5%" } }'
expect "taken" journal_has '"what":"reload"' '"ok":true'
expect "and in force" test "$(act_line)" -eq $((total / 20))
expect "it runs on" daemon_alive
group batch utility=10
spawn batch hog --max 60M --rate 0
wait_for 10 holds batch 60
fill_to 18
expect "and acts" wait_for 10 dead batch
fill_none

(
        echo 0 >/proc/self/oom_score_adj
        exec jettison run --utility 20 --memory-max 64M -- hog --max 30M --rate 0
) >"$WORK/run.log" 2>&1 &
run=$!
running() {
        made=$(cd "$CG" && echo jettison-run/hog-*)
        alive "$made"
}
expect "a command runs in a group of its own" wait_for 5 running
expect "labelled" test "$(load getxattr "$CG/$made" trusted.jettison.utility)" = 20
expect "limited" test "$(value_of "$made" memory.max)" -eq 67108864
wait_for 5 holds "$made" 30
fill_to 18
expect "it is shed like any other" \
        wait_for 10 journal_has '"what":"victim"' "$(path_of "$made")" '"outcome":"freed"'
status=0
wait $run || status=$?
expect "jettison run answers with its end" test "$status" -eq 137
expect "and has removed the group" not test -e "$CG/$made"

rounds=$(lines_of '{"what":"outcome"')
fill_none
stop_daemon
expect "it starts where a rule ignores everything" \
        start_daemon '{ "rules": [ { "match": "/**", "ignore": true } ] }'
stop_daemon
expect "… and where no journal can be written" start_daemon '{ "journal": { "path": "/nowhere/at/all/journal" } }'
expect "… and says so" sh -c 'jettison status --json | grep -q "\"degraded\":\[.*the journal cannot be written"'
stop_daemon
expect "it starts again" start_daemon
spawn batch hog --max 60M --rate 0
wait_for 10 holds batch 60
fill_to 18
expect "the numbers of rounds go on" wait_for 10 journal_has "\"what\":\"outcome\",\"round\":$((rounds + 1)),"
