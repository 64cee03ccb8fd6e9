#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=none timeout=180
#
# Copies that fill memory with page cache are no shortage: what is cached is available. Nobody dies, not even
# one that is worth nothing.
#
# /
# ├── idle             utility 0, 40 MiB
# └── copy             utility 0, copies and reads three times as much as there is memory
. "${0%/*}/lib.sh"

need psi cgroup.kill daemon zram || skip "no daemon in this build, or no zram"

# A file system whose disk is compressed memory: a file of zeroes takes none.
disk=/dev/zram$(cat /sys/class/zram-control/hot_add)
echo 2G >"/sys/block/${disk#/dev/}/disksize"
mke2fs -b 4096 "$disk" >/dev/null
mkdir -p "$WORK/disk"
mount "$disk" "$WORK/disk"

group idle utility=0
group copy utility=0
spawn idle hog --max 40M --rate 0
wait_for 10 holds idle 40
expect "the daemon starts" start_daemon

# shellcheck disable=SC2016  # expanded in the container
spawn copy sh -c 'cd "$0" && dd if=/dev/zero of=a bs=1M count=700 && cp a b && cat a b >/dev/null' \
        "$WORK/disk"
status=0
reap copy || status=$?
expect "the copy comes to its end" test "$status" -eq 0
free=$(awk '/^MemFree:/ { print int($2 / 1024) }' /proc/meminfo)
echo "# $free MiB free, $(mem_available) MiB available," \
        "stall of the host $(sed -n 's/^full .*total=//p' /proc/pressure/memory) µs in all"
expect "memory was full of it" test "$free" -le 100
expect "nobody was struck" test "$(status_of rounds)" -eq 0
expect "the idle one lives" alive idle
umount "$WORK/disk"
