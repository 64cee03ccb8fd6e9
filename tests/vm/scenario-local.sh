#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=zram:256M timeout=180
#
# A container that thrashes at its own memory.max stalls all that is above it, up to the host, whose pressure
# then says nothing about the host: most of its memory is free. Nobody outside may die for it. Once the
# container swaps, once it reads files. If it is a domain, with others inside, it is helped, by one of those
# inside.
#
# /
# ├── idle             utility 0, 20 MiB
# ├── swapping         utility 10, memory.max 40M, writes 80 MiB again and again
# ├── reading          utility 10, memory.max 40M, reads a file of 100 MiB again and again
# └── tenant           memory.max 64M
#     ├── web          utility 50, 20 MiB
#     └── batch        utility 10, writes 100 MiB again and again
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon zram || skip "no daemon in this build, or no zram"

host_stall_us() {
        sed -n 's/^some .*total=//p' /proc/pressure/memory
}

# thrash_for SECONDS: prints for which share of that time tasks of the host stood still, in percent.
thrash_for() {
        thrash_began=$(now_ms) thrash_before=$(host_stall_us)
        sleep "$1"
        echo $((($(host_stall_us) - thrash_before) / 10 / ($(now_ms) - thrash_began)))
}

# A file system whose disk is compressed memory: a file of zeroes takes none.
disk=/dev/zram$(cat /sys/class/zram-control/hot_add)
echo 400M >"/sys/block/${disk#/dev/}/disksize"
mke2fs -b 4096 "$disk" >/dev/null
mkdir -p "$WORK/disk"
mount "$disk" "$WORK/disk"

group idle utility=0
group swapping utility=10 memory.max=40M
group reading utility=10 memory.max=40M
spawn idle hog --max 20M --rate 0
expect "the daemon starts" start_daemon '{ "domains": ["host", "auto"] }'

spawn swapping load thrash 80
stall=$(thrash_for 8)
echo "# a container swaps at its limit: stall of the host $stall %, $(mem_available) MiB available"
expect "the host's pressure is high" test "$stall" -ge 20
echo "# meanwhile $(status_of wakeups) wake-ups of the daemon"
expect "nobody is struck" test "$(status_of rounds)" -eq 0
echo 1 >"$CG/swapping/cgroup.kill"

spawn reading load readcache "$WORK/disk/file" 100
stall=$(thrash_for 8)
echo "# a container reads at its limit: stall of the host $stall %, $(mem_available) MiB available"
expect "nobody is struck this time, either" test "$(status_of rounds)" -eq 0
expect "the idle one lives" alive idle
expect "the reader lives" alive reading
echo 1 >"$CG/reading/cgroup.kill"
wait_for 5 dead reading
umount "$WORK/disk"

group tenant memory.max=64M
group tenant/web utility=50
group tenant/batch utility=10
spawn tenant/web hog --max 20M --rate 0
spawn tenant/batch load thrash 100
expect "a domain that thrashes sheds one of its own" wait_for 15 dead tenant/batch
expect "by the witness of its own pressure" \
        wait_for 5 journal_has '"what":"intent"' '"witness":"stall"' '/tenant"'
expect "its neighbour lives" alive tenant/web
expect "the idle one outside lives" alive idle
expect "nobody else was struck" test "$(victims)" = tenant/batch
