#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# A container whose processes replace each other while they are killed: all of it dies, and stays dead; by
# cgroup.kill, and by signals.
#
# /
# ├── filler           no candidate: locked memory
# ├── bomb             utility 1: 127 processes, and a hog
# └── web              utility 90, 40 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

group bomb utility=1
group web utility=90
spawn web hog --max 40M --rate 0
wait_for 10 holds web 40

bombed() {
        [ "$(wc -l <"$CG/bomb/cgroup.procs")" -ge 100 ]
}

for method in cgroup.kill signals; do
        spawn bomb load forkbomb 6
        spawn bomb hog --max 80M --rate 0
        wait_for 10 bombed
        wait_for 10 holds bomb 80
        rm -f "$JOURNAL"
        expect "the daemon starts, with $method" start_daemon "{ \"action\": { \"method\": \"$method\" } }"
        fill_to 35
        expect "the bomb is shed by $method" \
                wait_for 20 journal_has '"what":"victim"' "$(path_of bomb)" '"outcome":"freed"'
        sed -n 's/.*"processes":\([0-9]*\),.*"dead_usec":\([0-9]*\),.*/\1 \2/p' "$JOURNAL" |
                while read -r many us; do echo "# $method: $many processes, dead after $us µs"; done
        expect "all of it is dead" dead bomb
        sleep 1
        expect "and stays dead" dead bomb
        expect "web lives" alive web
        expect "the daemon stops when asked" stop_daemon
        fill_none
done
