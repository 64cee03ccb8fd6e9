#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=210
#
# A cgroup's name may hold any byte but a newline and a slash. The journal stays one JSON object per line, the
# log plain text, and the one with the evil name dies, not its neighbour.
#
# /
# ├── filler                        no candidate: locked memory
# ├── (ESC, quotes, backslash, …)   utility 1, one after the other
# └── web                           utility 90
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon || skip "no daemon in this build"

long=$(head -c 255 /dev/zero | tr '\0' n)
deep=deep
for level in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do deep=$deep/level-$level; done
{
        printf 'a\033[2J\033]0;title\007\n'
        printf 'b"},{"what":"outcome","round":1\n'
        printf 'c\\"\\\\u0000\r\t\n'
        printf 'd\377\376\200 invalid UTF-8\n'
        # shellcheck disable=SC2016  # not to be expanded
        printf 'e$(reboot) `reboot` %%s%%n ; * ?\n'
        printf 'f\303\251\342\202\254 valid UTF-8\n'
        echo "$long"
        echo "$deep"
} >"$WORK/names"

group web utility=90
spawn web hog --max 40M --rate 0
wait_for 10 holds web 40
expect "the daemon starts" start_daemon
number=0
while IFS= read -r name <&3; do
        number=$((number + 1))
        group "$name" utility=1
        (
                echo 0 >"$CG/$name/cgroup.procs"
                echo 0 >/proc/self/oom_score_adj
                exec hog --max 60M --rate 0
        ) &
        wait_for 10 holds "$name" 60
        fill_to 35
        expect "number $number is shed" wait_for 10 dead "$name"
        wait_for 5 journal_has '"what":"outcome"' "\"round\":$number,"
        fill_none
done 3<"$WORK/names"

expect "web lives" alive web
expect "one victim for each" test "$(lines_of '{"what":"victim"')" -eq $number
expect "the journal has only lines of its own" only "$JOURNAL" '^{"what":"[a-z]*",.*}$'
expect "and nothing but printable ASCII" lacks "$JOURNAL" '[^ -~]'
control=$(printf '[\001-\010\013-\037\177]')
expect "the log has no control characters" lacks "$WORK/jettisond.log" "$control"
expect "the rounds can be read" test "$(jettison journal --json | wc -l)" -eq $number
jettison journal >"$WORK/rounds"
expect "and be shown on a terminal" lacks "$WORK/rounds" "$control"
