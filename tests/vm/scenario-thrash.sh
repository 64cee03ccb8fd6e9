#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=zram:256M timeout=180
#
# A host that swaps itself to death: more is written, again and again, than memory and swap have room for.
#
# /                    swap in compressed memory
# ├── web              utility 90
# ├── database         utility 500
# └── batch            utility 10, takes more than there is
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon swap || skip "no daemon in this build, or no swap"

group web utility=90
group database utility=500
group batch utility=10
spawn web hog --max 40M --rate 0
spawn database hog --max 60M --rate 0
wait_for 10 holds web 40 && wait_for 10 holds database 60
before=$(oom_kills)
expect "the daemon starts" start_daemon

spawn batch load thrash 700
expect "the one that thrashes is shed" wait_for 40 dead batch
expect "the round is over" wait_for 10 journal_has '"what":"outcome"' '"result":"recovered"'
sleep 3
sed -n 's/.*"witness":"\([a-z]*\)".*"need":\([0-9]*\),"plan".*/# witness \1, need \2/p' "$JOURNAL"
expect "web lives" alive web
expect "the database lives" alive database
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
expect "there was one round" test "$(status_of rounds)" -eq 1
expect "with one victim" test "$(victims)" = batch
