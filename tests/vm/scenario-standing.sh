#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=600
#
# The daemon has left its plan with the kernel module and cannot act: it is stopped. Memory runs out all the
# same, and the kernel, which would take the training, carries out the plan. Twenty times, beside twenty times
# of the same load without the module.
#
# /
# ├── filler               locked memory, not to be killed, so that the runs are short
# ├── training             utility 90, 110 MiB: what the kernel takes
# └── batch                utility 10, fills what is left: less than the training
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon module || skip "no daemon or no module in this build"

runs=20

start_training() {
        group training utility=90
        spawn training hog --max 110M --rate 0
        wait_for 20 holds training 109
}

one_is_dead() {
        dead training || dead batch
}

daemon_pid() {
        cat "$WORK/jettisond.pid"
}

# How often nobody died in time on a machine that stood still, and the module left the choice to the kernel.
stuck() {
        grep -c 'not carried further: a victim did not die in time' "$WORK/jettisond.log" || true
}

has_order() {
        jettison status --json | grep -q '"order":{"state":"standing".*"victims":2,"next":0,'
}

# The kernel's own choice.
start_training
fill_to 80              # below the arming line, and less than the training has
group batch utility=10
took_training=0
for run in $(seq $runs); do
        alive training || start_training
        spawn batch hog --rate 400M
        wait_for 40 one_is_dead || not_ok "run $run came to an end"
        if dead training; then took_training=$((took_training + 1)); fi
        echo 1 >"$CG/batch/cgroup.kill"
        wait_for 40 dead batch
done
echo "# without the module the kernel took the training in $took_training of $runs runs"
expect "the load is one in which the kernel takes the training" test $took_training -ge $((runs / 2))
fill_none

alive training || start_training
insmod "$BIN/jettison.ko"
fill_to 80
expect "the daemon starts" start_daemon '{ "action": { "backoff": "0" } }'
kept=0 ordered=0 stood=0
for run in $(seq $runs); do
        spawn batch hog --max 4M --rate 0
        wait_for 20 has_order || not_ok "run $run: an order stands"
        kill -STOP "$(daemon_pid)"
        before=$(oom_kills)
        # the same group, so that the order knows it
        spawn batch hog --rate 400M
        wait_for 40 one_is_dead || not_ok "run $run came to an end"
        lived=1
        if dead training || [ "$(oom_kills)" -ne "$before" ]; then
                lived=0
                echo "# run $run: the kernel killed $(($(oom_kills) - before))"
                echo 1 >"$CG/batch/cgroup.kill"
                wait_for 40 dead batch
                alive training || start_training
        fi
        kill -CONT "$(daemon_pid)"
        if wait_for 20 journal_has "\"what\":\"outcome\",\"round\":$run," '"result":"standing order"'; then
                ordered=$((ordered + 1))
        fi
        if [ "$(stuck)" -gt $stood ]; then
                stood=$((stood + 1))
        else
                kept=$((kept + lived))
        fi
done
echo "# with its standing order the training lived in $kept of $runs runs; in $stood the machine stood still"
expect "the ordered victim dies and the training lives" test $kept -eq $((runs - stood))
expect "the machine hardly ever stands still" test $stood -le $((runs / 4))
expect "each is journalled as a round" test $ordered -eq $runs
expect "… with its victim" test "$(lines_of '"method":"standing order","outcome":"freed"')" -ge $((runs - stood))
expect "… after the order that was given" journal_has '"what":"order"' '"round":1,' '"victims":['
expect "… in words" sh -c "jettison journal explain 1 | grep -q 'the kernel itself had run out of memory'"
expect "status shows order and age" wait_for 10 sh -c 'jettison status | grep -q "^Standing order of round [0-9]*: [0-9]* victims, standing, given .* ago"'
expect "the daemon lives, under its filter" daemon_alive
sed -n 's/.*"method":"standing order".*"dead_usec":\([0-9]*\),.*/\1/p' "$JOURNAL" | sort -n |
        awk '{ dead[NR] = $1 } END { print "# struck until dead: median", dead[int((NR + 1) / 2)], "µs, most", dead[NR], "µs" }'

echo '{ "action": { "backoff": "0", "dry_run": true } }' >"$WORK/jettison.json"
kill -HUP "$(daemon_pid)"
expect "a reload into a dry run takes the order back" \
        wait_for 5 sh -c 'jettison status | grep -q "^No standing order"'
stop_daemon
expect "the daemon starts again" start_daemon
expect "an order stands" wait_for 20 sh -c 'jettison status | grep -q "^Standing order of round"'

fill_none
expect "in plenty the order is taken back" wait_for 15 sh -c 'jettison status | grep -q "^No standing order"'
stop_daemon
rmmod jettison
