#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=360
#
# The daemon is killed in each of its states: while it is calm, while it is armed, while a victim has its grace,
# and while it waits for the memory of one that is dead; then six times at random moments of a round. The next one takes over:
# exactly one dies in each shortage, the journal can be read, and shows the rounds that were cut off.
#
# /
# ├── filler           no candidate: locked memory
# ├── cheap            utility 1, 60 MiB
# ├── next             utility 2, 60 MiB: whoever kills twice takes it as well
# └── web              utility 90, 40 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

# in_state LEVEL STATE: whether the daemon says that it is there; both are patterns.
in_state() {
        jettison status --json | grep -q "\"level\":\"\($1\)\",\"state\":\"$2\""
}

intended() {
        [ "$(lines_of '{"what":"intent"')" -gt "$intents" ]
}

# start GRACE: a shortage's victim, and the daemon, near the line.
start() {
        intents=$(lines_of '{"what":"intent"' 2>/dev/null)
        intents=${intents:-0}
        victims=$(lines_of '{"what":"victim"' 2>/dev/null)
        start_daemon "{ \"action\": { \"grace\": \"$1\", \"backoff\": \"0\" } }"
}

spawn_cheap() {
        spawn cheap "$@"
        wait_for 20 holds cheap 60
}

# As a service manager does: until all of it is gone it holds the lock.
crash() {
        kill -KILL "$(cat "$WORK/jettisond.pid")"
        wait "$(cat "$WORK/jettisond.pid")" || true
}

# The next one takes over and ends the shortage, by cheap and nobody else.
succeed() {
        start_daemon '{ "action": { "backoff": "0" } }'
        wait_for 20 dead cheap || unhelped=$((unhelped + 1))
        wait_for 20 in_state 'armed\|calm' watching
        sleep 0.5
        alive next || twice=$((twice + 1))
        stop_daemon || crashed=$((crashed + 1))
        fill_none
}

interrupted() {
        jettison journal --json | grep -c '"interrupted":true' || true
}

group cheap utility=1
group next utility=2
group web utility=90
spawn next hog --max 60M --rate 0
spawn web hog --max 40M --rate 0
wait_for 10 holds next 60 && wait_for 10 holds web 40
before=$(oom_kills) twice=0 unhelped=0 crashed=0

spawn_cheap hog --max 60M --rate 0
start 0
expect "calm" wait_for 5 in_state calm watching
crash
expect "... nothing was intended" not intended
fill_to 33
succeed

spawn_cheap hog --max 60M --rate 0
start 0
fill_to 80
expect "armed" wait_for 10 in_state armed watching
crash
expect "... nothing was intended" not intended
fill_to 33
succeed
expect "both are no interrupted rounds" test "$(interrupted)" -eq 0

spawn_cheap hog --max 60M --rate 0
start 30s
fill_to 60
fill_to 33
expect "a victim has its grace" wait_for 10 in_state short acting
crash
expect "... by an intent" intended
expect "... and lives" alive cheap
succeed
expect "that is an interrupted round" test "$(interrupted)" -eq 1

# Its memory is a file's: that it does not come back is seen a quarter of a second after its death. A host that is
# busy may miss that, and then next goes, too.
cut_off=0 tries=0
while [ $cut_off -eq 0 ] && [ $tries -lt 5 ]; do
        tries=$((tries + 1))
        alive next || spawn next hog --max 60M --rate 0
        wait_for 20 holds next 60
        spawn_cheap load mapfile /tmp/mapped 60
        start 0
        fill_to 60
        spawn filler load lock $(($(mem_available) - 33))       # not waited for
        until dead cheap; do :; done
        crash
        rm /tmp/mapped
        if intended && [ "$(lines_of '{"what":"victim"')" -eq "$victims" ]; then cut_off=1; fi
        [ $cut_off -eq 1 ] || fill_none
done
expect "a victim is dead, and its memory waited for" test $cut_off -eq 1
succeed
expect "that is another" test "$(interrupted)" -ge 2

seed=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
echo "# seed $seed"
awk -v seed="$seed" 'BEGIN { srand(seed); for (i = 0; i < 6; i++) print int(rand() * 1000) }' >"$WORK/delays"
number=0
while read -r delay <&3; do
        number=$((number + 1))
        # The odd rounds are short: choice, death, return. In the even ones the victim is granted time, and
        # the daemon dies within the first second of that.
        grace=0
        if [ $((number % 2)) -eq 0 ]; then grace=2s; else delay=$((delay / 8)); fi
        spawn_cheap hog --max 60M --rate 0
        start $grace
        fill_to 60
        spawn filler load lock $(($(mem_available) - 33))       # not waited for
        wait_for 10 intended
        usleep $((delay * 1000))
        crash
        if dead cheap; then died=dead; else died=alive; fi
        echo "# $number: grace $grace, killed after $delay ms, cheap was $died"
        succeed
done 3<"$WORK/delays"

expect "each shortage ended" test $unhelped -eq 0
expect "no successor crashed" test $crashed -eq 0
expect "nobody was shed in addition" test $twice -eq 0
expect "web lives" alive web
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
echo "# $(interrupted) of $(jettison journal --json | wc -l) rounds show as interrupted"
expect "the rounds that ended do not" sh -c "jettison journal --json | grep -q '\"interrupted\":false'"
expect "all lines of the journal can be read" only "$JOURNAL" '^{"what":.*}$'
