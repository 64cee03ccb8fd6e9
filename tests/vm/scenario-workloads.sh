#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=zram:128M psi=1 lane=fast timeout=270
#
# The workloads are what the other scenarios take them for: each shape of hog is charged to its group and
# dies or stays as it says, SIGTERM is ignored, swap fills up, and a training's loss falls whatever else
# goes on.
#
# /
# ├── training       two epochs a second, to the end
# ├── anon, fork     private memory
# ├── shared         one mapping, four processes
# └── tmpfs          a file that outlives its writer
. "${0%/*}/lib.sh"

mib_above() {
        [ $(($(value_of "$1" memory.current) / 1048576)) -ge "$2" ]
}

swapped_above() {
        [ $(($(value_of swapped memory.swap.current) / 1048576)) -ge "$1" ]
}

group training
spawn training faceswap --memory 40M --epochs 12 --pace 0.5

group anon
spawn anon hog --rate 40M --max 30M
group fork
spawn fork hog --shape fork --rate 40M --max 30M
group shared
spawn shared hog --shape shared --rate 40M --max 30M
group tmpfs
spawn tmpfs hog --shape tmpfs --dir /tmp --rate 40M --max 30M

for shape in anon fork shared tmpfs; do
        expect "$shape takes 30 MiB" wait_for 15 mib_above $shape 30
        kill "$(pid_of $shape)"
done
expect "a hog ignores SIGTERM and says so" wait_for 5 grep -q ignoring "$(output_of anon)"
expect "it is still there" alive anon
expect "four processes of a forking hog" test "$(wc -l <"$CG/fork/cgroup.procs")" -eq 4

for shape in anon fork shared tmpfs; do
        echo 1 >"$CG/$shape/cgroup.kill"
        expect "$shape dies" wait_for 5 dead $shape
done
expect "private memory is free again" not mib_above anon 5
expect "shared memory is free again" not mib_above shared 5
expect "a file is not" mib_above tmpfs 30

group swapped memory.high=20M
spawn swapped hog --rate 40M --max 60M
expect "what is over the limit is swapped out" wait_for 20 swapped_above 20

expect "the training is done" reap training
loss_fell() {
        awk '/^epoch/ { if (!first) first = $4; last = $4 } END { exit !(last < first / 4) }' \
                "$(output_of training)"
}
expect "its loss fell" loss_fell
