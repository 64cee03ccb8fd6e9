#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# A subtree at its own limit, with plenty of memory on the host: who is worth least inside dies, and nobody
# outside, however little that is worth. Once with domains found by themselves, once named, once made while
# the daemon runs.
#
# /
# ├── outside          utility 0
# └── tenant-N         memory.max 128M
#     ├── web          utility 50, 30 MiB
#     └── batch        utility 5, grows
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

tenant() {
        group "$1" memory.max=128M
        group "$1/web" utility=50
        group "$1/batch" utility=5
        spawn "$1/web" hog --max 30M --rate 0
        wait_for 10 holds "$1/web" 30
}

# press TENANT: lets its batch grow, and tells what must come of it.
press() {
        spawn "$1/batch" hog --rate 20M
        expect "$1: the one that is worth least inside is shed" wait_for 30 dead "$1/batch"
        expect "$1: its neighbour lives" alive "$1/web"
        expect "$1: the outcome names the domain" \
                wait_for 5 journal_has '"outcome"' "\"domain\":\"$(path_of "$1")\"" '"result":"recovered"'
        expect "$1: the kernel's killer was not needed" test "$(value_of "$1" memory.events oom_kill)" -eq 0
}

group outside utility=0
spawn outside hog --max 20M --rate 0
wait_for 10 holds outside 20

tenant tenant-found
tenant tenant-named
expect "the daemon finds domains by itself" start_daemon '{ "domains": ["host", "auto"] }'
press tenant-found
tenant tenant-late
expect "a domain that came later is watched" \
        wait_for 5 grep -q "watching $(path_of tenant-late)" "$WORK/jettisond.log"
press tenant-late
expect "the daemon stops when asked" stop_daemon

expect "the daemon takes named domains" start_daemon "{ \"domains\": [\"$(path_of tenant-named)\"] }"
press tenant-named
expect "who is outside lives" alive outside
expect "nobody else was struck" test "$(victims)" = "tenant-found/batch tenant-late/batch tenant-named/batch"
