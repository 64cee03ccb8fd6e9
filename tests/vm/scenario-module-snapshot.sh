#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none kernel=bookworm,trixie,sid timeout=270
#
# What the module says of cgroups and processes is what the files say, field by field, of a quiet tree; and of
# one that is not, it is well-formed, a thousand times.
#
# /
# ├── tree
# │   ├── a0 … a3
# │   │   └── b0 … b2
# │   │       └── c0 … c3     48 of them; in each c0 a process, of different size and oom_score_adj
# │   ├── zoo                 threads, zombies, a leader that has exited, vfork, shared memory, odd names
# │   ├── frozen              cgroup.freeze
# │   ├── whole               memory.oom.group
# │   ├── pressed             memory.max 24M: a hog has run into it and died, so it has stalled
# │   ├── locked              unevictable memory
# │   ├── cache               page cache
# │   └── plain               nobody below it has a memory controller
# │       └── below
# ├── gone                    removed, while a file is still charged to it
# ├── supervisor              makes and removes what is below churn
# └── churn
. "${0%/*}/module.sh"

module_load
for name in zoo frozen whole pressed locked cache plain; do
        group tree/$name
done
mkdir "$CG/tree/plain/below"
number=0
for a in 0 1 2 3; do
        for b in 0 1 2; do
                group tree/a$a/b$b/c0
                for c in 1 2 3; do
                        mkdir "$CG/tree/a$a/b$b/c$c"
                done
                number=$((number + 1))
                spawn tree/a$a/b$b/c0 hog --max ${number}M --rate 0
                echo $((number * 150 - 999)) >"/proc/$(pid_of tree/a$a/b$b/c0)/oom_score_adj"
        done
done
spawn tree/zoo device zoo
spawn tree/frozen hog --max 2M --rate 0
spawn tree/whole hog --max 2M --rate 0
echo 1 >"$CG/tree/whole/memory.oom.group"
echo 24M >"$CG/tree/pressed/memory.max"
spawn tree/pressed hog --rate 0
spawn tree/locked load lock 3
echo 16M >/sys/block/zram0/disksize
# shellcheck disable=SC2016  # for the shell in the group
spawn tree/cache sh -c 'exec 3</dev/zram0; dd bs=1M <&3 >/dev/null; sleep 1000'
spawn tree/plain sleep 1000
spawn tree/plain/below hog --max 3M --rate 0
wait_for 20 dead tree/pressed
wait_for 20 holds tree/cache 16
wait_for 20 grep -q ready "$(output_of tree/zoo)"
echo 1 >"$CG/tree/frozen/cgroup.freeze"
sleep 3
expect_rows device compare "$CG/tree" all
expect_rows device compare "$CG/tree/a1/b1"
expect_rows device shorts "$CG/tree"

group gone
(echo 0 >"$CG/gone/cgroup.procs" && dd if=/dev/zero of="$WORK/charged" bs=1M count=4) 2>/dev/null
id=$(device id "$CG/gone")
expect "a cgroup is found" device find "$id"
rmdir "$CG/gone"
expect "when it is removed, it stays as long as a page is charged" \
        test "$(sed -n 's/^nr_dying_descendants //p' "$CG/cgroup.stat")" -gt 0
status=0
device find "$id" || status=$?
expect "but is found no more" test $status -eq 1
rm "$WORK/charged"

group churn
group supervisor
echo +memory >"$CG/churn/cgroup.subtree_control"
spawn supervisor device churn "$CG/churn" 200
expect_rows device snapshots 1000
expect "200 cgroups were made and removed meanwhile" wait_for 20 grep -q '^turn' "$(output_of supervisor)"
empty supervisor
empty tree
echo 1 >/sys/block/zram0/reset
