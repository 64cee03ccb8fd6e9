#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# Memory that does not come back. What lies in files of a tmpfs outlives whoever wrote it: where nobody has it
# mapped, that is known beforehand; where it is mapped, only the measurement tells. Then the next one is shed,
# and the barren one is left alone afterwards.
#
# /
# ├── filler           no candidate: locked memory
# ├── written          utility 1, 60 MiB in a file that is not mapped
# ├── mapped           utility 5, 80 MiB in a file that is
# ├── batch            utility 50, 80 MiB of its own
# └── web              utility 90, 40 MiB of its own
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

group written utility=1
group mapped utility=5
group batch utility=50
group web utility=90
spawn written hog --shape tmpfs --dir /tmp --max 60M --rate 0
spawn mapped load mapfile /tmp/mapped 80
spawn batch hog --max 80M --rate 0
spawn web hog --max 40M --rate 0
wait_for 10 holds written 60 && wait_for 10 holds mapped 80
wait_for 10 holds batch 80 && wait_for 10 holds web 40
expect "the daemon starts" start_daemon

fill_to 35
expect "the round is over" wait_for 15 journal_has '"what":"outcome"' '"result":"recovered"'
expect "whose death frees nothing is kept, cheap as it is" alive written
expect "the mapped file frees nothing, and that is said" \
        journal_has '"what":"victim"' "$(path_of mapped)" '"outcome":"not-freed"'
expect "the next one is shed, and frees what it must" \
        journal_has '"what":"victim"' "$(path_of batch)" '"outcome":"freed"'
expect "in this order" test "$(victims)" = "mapped batch"
expect "web lives" alive web

fill_none
rm -f /tmp/mapped
spawn mapped load mapfile /tmp/mapped 80
spawn batch hog --max 80M --rate 0
wait_for 10 holds batch 80
wait_for 10 holds mapped 80
fill_to 35
expect "there is another round" wait_for 15 journal_has '"what":"outcome"' '"round":2' '"result":"recovered"'
expect "the barren one is left out of it" alive mapped
expect "and the reason is given" \
        journal_has '"what":"intent","round":2' "$(path_of mapped)" '"why":"freed next to nothing when struck"'
expect "the other one is shed again" test "$(victims)" = "mapped batch batch"
rm -f /tmp/mapped /tmp/hog-*
