#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# Two domains run short at the same time: their rounds come one after the other, and each sheds what is its
# own. A domain that nobody can help does not keep the host waiting.
#
# /
# ├── a                memory.max 100M
# │   ├── keep         utility 50, 20 MiB
# │   └── shed         utility 5, grows
# ├── b                memory.max 100M, the same
# ├── helpless         memory.max 60M, full: all that is in it is protected
# │   └── only         "protect", 57 MiB
# ├── batch-N          utility 10, grows until the host is short
# ├── filler           no candidate: locked memory, so that this is soon
# └── web              utility 90, 40 MiB
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

group web utility=90
spawn web hog --max 40M --rate 0
for tenant in a b; do
        group $tenant memory.max=100M
        group $tenant/keep utility=50
        group $tenant/shed utility=5
        spawn $tenant/keep hog --max 20M --rate 0
        wait_for 10 holds $tenant/keep 20
done
expect "the daemon starts" start_daemon

spawn a/shed hog --max 77M --rate 30M
spawn b/shed hog --max 77M --rate 30M
for tenant in a b; do
        expect "$tenant sheds one" wait_for 30 dead $tenant/shed
        expect "$tenant keeps the other" alive $tenant/keep
        expect "the kernel did not kill in $tenant" test "$(value_of $tenant memory.events oom_kill)" -eq 0
done
wait_for 5 journal_has '"what":"outcome"' '"round":2,'
expect "there were two rounds" test "$(lines_of '{"what":"intent"')" -eq 2
expect "one after the other" test \
        "$(sed -n 's/^{"what":"\([a-z]*\)","round":\([0-9]*\),.*/\1 \2/p' "$JOURNAL" | paste -sd ' ' -)" = \
        "intent 1 victim 1 outcome 1 intent 2 victim 2 outcome 2"
expect "web lives" alive web

group helpless memory.max=60M
group helpless/only utility=protect
spawn helpless/only hog --max 57M --rate 0
expect "a domain cannot be helped" wait_for 20 journal_has '"what":"error"' "$(path_of helpless)"
fill_to 120
before=$(oom_kills)
for number in 1 2 3 4 5; do
        group batch-$number utility=10
        spawn batch-$number hog --rate 200M --threads 2
        expect "the host is helped, time $number" wait_for 30 dead batch-$number
        expect "... by the daemon" wait_for 5 is_victim batch-$number
done
expect "the kernel's killer was not needed" test "$(oom_kills)" -eq "$before"
expect "what is protected lives" alive helpless/only
