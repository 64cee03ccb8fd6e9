#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=120
#
# Nobody dies for memory that is not asked for. The target is far away: all of it at once would cost two, and for
# the second shortage, when only two are left, the one that is worth 900. Each round goes as far
# as the cheaper one frees.
#
# /                    restores 30 % of its memory, sooner or later
# ├── filler           no candidate: locked memory that makes the host short
# ├── cheap            utility 10, 75 MiB
# ├── dear             utility 20, 75 MiB
# └── web              utility 900, 100 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

group cheap utility=10
group dear utility=20
group web utility=900
spawn cheap hog --max 75M --rate 0
spawn dear hog --max 75M --rate 0
spawn web hog --max 100M --rate 0
wait_for 10 holds cheap 75 && wait_for 10 holds dear 75 && wait_for 10 holds web 100
expect "the daemon starts" start_daemon '{ "target": { "available": "30%" } }'

fill_to 38
expect "the round is over" wait_for 15 journal_has '"what":"outcome"' '"result":"recovered"'
expect "one was planned" journal_has '"what":"intent"' '"utility_lost":10'
expect "the cheaper one is shed" dead cheap
sleep 2
expect "the other lives" alive dear
expect "there was one round" test "$(lines_of '"what":"outcome"')" -eq 1

group more
spawn more load lock $(($(mem_available) - 38))
expect "it goes when there is a shortage again" wait_for 15 dead dear
expect "by a round of its own" wait_for 5 journal_has '"what":"outcome"' '"result":"recovered"' '"round":2'
expect "web lives" alive web
