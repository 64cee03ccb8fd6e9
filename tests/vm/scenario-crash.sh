#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=90
#
# The daemon is killed ten times, at random moments of a round: while it chooses, while the victim has its
# grace, dies, or gives back its memory. The next one takes over: exactly one dies in each shortage, the
# journal can be read, and shows the rounds that were cut off.
#
# /
# ├── filler           no candidate: locked memory
# ├── cheap            utility 1, 60 MiB
# ├── next             utility 2, 60 MiB: whoever kills twice takes it as well
# └── web              utility 90, 40 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

calm() {
        jettison status --json | grep -q '"level":"\(armed\|calm\)","state":"watching"'
}

intended() {
        [ "$(lines_of '{"what":"intent"')" -gt "$intents" ]
}

group cheap utility=1
group next utility=2
group web utility=90
spawn next hog --max 60M --rate 0
spawn web hog --max 40M --rate 0
wait_for 10 holds next 60 && wait_for 10 holds web 40
before=$(oom_kills)
seed=$(od -An -N2 -tu2 /dev/urandom | tr -d ' ')
echo "# seed $seed"
awk -v seed="$seed" 'BEGIN { srand(seed); for (i = 0; i < 10; i++) print int(rand() * 1000) }' >"$WORK/delays"

number=0 twice=0 unhelped=0 crashed=0
while read -r delay <&3; do
        number=$((number + 1))
        # The odd rounds are short: choice, death, return. In the even ones the victim is granted time, and
        # the daemon dies within the first second of that.
        grace=0
        if [ $((number % 2)) -eq 0 ]; then grace=2s; else delay=$((delay / 8)); fi
        intents=$(lines_of '{"what":"intent"' 2>/dev/null)
        spawn cheap hog --max 60M --rate 0
        wait_for 10 holds cheap 60
        start_daemon "{ \"action\": { \"grace\": \"$grace\", \"backoff\": \"0\" } }"
        fill_to 33
        [ $grace = 0 ] || wait_for 5 intended
        usleep $((delay * 1000))
        kill -KILL "$(cat "$WORK/jettisond.pid")"
        # as a service manager does: until all of it is gone it holds the lock
        wait "$(cat "$WORK/jettisond.pid")" || true
        if dead cheap; then died=dead; else died=alive; fi
        echo "# $number: grace $grace, killed after $delay ms, cheap was $died"
        start_daemon '{ "action": { "backoff": "0" } }'
        wait_for 10 dead cheap || unhelped=$((unhelped + 1))
        wait_for 5 calm
        sleep 0.5
        alive next || twice=$((twice + 1))
        stop_daemon || crashed=$((crashed + 1))
        fill_none
done 3<"$WORK/delays"

expect "each shortage ended" test $unhelped -eq 0
expect "no successor crashed" test $crashed -eq 0
expect "nobody was shed in addition" test $twice -eq 0
expect "web lives" alive web
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
jettison journal --json >"$WORK/rounds"
interrupted=$(grep -c '"interrupted":true' "$WORK/rounds" || true)
echo "# $interrupted of $(wc -l <"$WORK/rounds") rounds show as interrupted"
expect "rounds that were cut off show" test "$interrupted" -ge 2
expect "the others do not" grep -q '"interrupted":false' "$WORK/rounds"
expect "all lines of the journal can be read" not grep -qv '^{"what":.*}$' "$JOURNAL"
