#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=zram:128M kernel=bookworm,trixie,sid timeout=270
#
# The files of the kernel and its module are two witnesses of the same moment. Of a quiet system they say the
# same, field by field, whoever is asked and whatever is in the way: containers in containers, parts of one,
# shared memory, swap, shields, labels, protected ones, an empty one. Of one that grows, what the module says lies
# between what the files said before and after.
#
# /
# ├── web                     utility 90: page cache, and anonymous memory partly in swap
# ├── job                     utility 2:10, in three parts
# │   ├── workers             two processes, one of them with oom_score_adj 500
# │   └── logger
# ├── shared                  utility 20: half of it shared memory that its process maps
# ├── files                   utility 30: a file in a tmpfs that nobody maps
# ├── safe                    utility protect
# ├── shield                  utility 5, holds a process with oom_score_adj -900
# ├── empty                   utility 1, nobody in it
# ├── docker-0123…scope       a container by its name
# └── tenant                  no candidate, memory.max 128M: a domain
#     └── crawler             utility 7
. "${0%/*}/lib.sh"

need psi daemon module || skip "no daemon or no module in this build"
insmod "$BIN/jettison.ko" selftest=1

# Everything it says of one feed, one cgroup a line, without what is about itself.
facts() {
        jettisond --once --log-level error --feed "$1" --config "$WORK/jettison.json" | grep '"snapshot"' |
                sed 's/"plan":.*//' | tr '{' '\n' | grep '^"id"' | sed 's/[],}]*$//'
}

is_same() {
        facts files >"$WORK/files"
        facts module >"$WORK/module"
        diff "$WORK/files" "$WORK/module" >&2
}

echo '{}' >"$WORK/jettison.json"
container=docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope
group web utility=90 memory.high=30M
group job utility=2:10
group job/workers
group job/logger
group shared utility=20
group files utility=30
group safe utility=protect
group shield utility=5
group empty utility=1
group $container
group tenant memory.max=128M
group tenant/crawler utility=7

spawn web hog --max 40M --rate 0
spawn job/workers hog --max 10M --rate 0
job_pid=$(pid_of job/workers)
spawn job/workers hog --max 15M --rate 0
echo 500 >"/proc/$job_pid/oom_score_adj"
spawn job/logger sleep 1000
spawn shared hog --max 20M --rate 0 --shape shared
spawn files sh -c "dd if=/dev/zero of=$WORK/file bs=1M count=12 2>/dev/null; sleep 1000"
spawn safe sleep 1000
spawn shield sleep 1000
echo -900 >"/proc/$(pid_of shield)/oom_score_adj"
spawn $container hog --max 10M --rate 0
spawn tenant/crawler hog --max 25M --rate 0
wait_for 20 holds tenant/crawler 24
wait_for 10 holds files 11
sleep 3

expect "the two say the same of a quiet system" wait_for 20 is_same
# eight, and the crawler once more in its own domain
expect "… of all that there is" test "$(wc -l <"$WORK/module")" -eq 9
expect "… some of it in swap" grep -q '"swap":[1-9]' "$WORK/module"
expect "… with oom scores" grep -q '"oom_score":[1-9]' "$WORK/module"
rm -r "$CG/empty"/* 2>/dev/null || rmdir "$CG/empty"
group late utility=3
spawn late sleep 1000
sleep 1
expect "… when one has gone and one has come" wait_for 10 is_same
expect "… the late one among them" grep -q "$(path_of late)" "$WORK/module"

memory_of() {
        sed -n "s|.*\"path\":\"$(path_of growing)\".*\"memory\":\([0-9]*\).*|\1|p" "$WORK/$1"
}

group growing utility=4
spawn growing hog --max 150M --rate 8M
orders=0
for _ in 1 2 3 4 5; do
        facts files >"$WORK/before"
        facts module >"$WORK/between"
        facts files >"$WORK/after"
        echo "# growing: $(memory_of before) $(memory_of between) $(memory_of after)"
        if [ "$(memory_of before)" -le "$(memory_of between)" ] &&
                [ "$(memory_of between)" -le "$(memory_of after)" ]; then
                orders=$((orders + 1))
        fi
done
expect "of a busy one it lies between two scans of files, 5 of 5" test $orders -eq 5

expect "a running daemon takes the module by itself" start_daemon
expect "… and says so" wait_for 5 journal_has '"what":"start"' '"feed":"module"'
stop_daemon
expect "the module can go" rmmod jettison
expect "without it the daemon goes on with files" start_daemon
stop_daemon
status=0
jettisond --feed module --once 2>"$WORK/error" || status=$?
expect "who insists is told what to do" test $status -eq 4
expect "… in words" grep -q 'jettison.ko\|modprobe' "$WORK/error"
