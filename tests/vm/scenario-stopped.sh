#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# Victims that do not run: frozen by the freezer, or stopped by a signal. They die all the same, by
# cgroup.kill and by signals.
#
# /
# ├── filler           no candidate: locked memory
# ├── batch            utility 10, 60 MiB
# └── web              utility 90, 40 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill cgroup.freeze daemon || skip "no daemon in this build"

group batch utility=10
group web utility=90
spawn web hog --max 40M --rate 0
wait_for 10 holds web 40

for method in cgroup.kill signals; do
        expect "the daemon starts, with $method" start_daemon \
                "{ \"action\": { \"method\": \"$method\", \"grace\": \"200ms\", \"backoff\": \"0\" } }"
        for how in frozen stopped; do
                spawn batch hog --max 60M --rate 0
                wait_for 10 holds batch 60
                if [ $how = frozen ]; then
                        echo 1 >"$CG/batch/cgroup.freeze"
                        wait_for 5 grep -q '^frozen 1' "$CG/batch/cgroup.events"
                else
                        kill -STOP "$(pid_of batch)"
                fi
                fill_to 35
                expect "$method: a $how one dies" wait_for 10 dead batch
                expect "$method: web lives" alive web
                fill_none
                echo 0 >"$CG/batch/cgroup.freeze"
        done
        stop_daemon
done
