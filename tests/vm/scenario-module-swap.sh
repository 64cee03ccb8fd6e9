#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=512M swap=zram:128M timeout=180
#
# Swap, which the module knows in part from counters and in part from the kernel's own meminfo: its lines, its
# size when it goes, and what of it cgroups and processes have.
#
# /
# └── pressed         memory.max 40M, holds 140 MiB of zeroes: 100 of them in swap
. "${0%/*}/module.sh"

meminfo() {
        awk "/^$1:/ { printf \"%d\\n\", \$2 * 1024 }" /proc/meminfo
}

seen() {
        [ "$(events_of lines "$1")" -eq "$2" ]
}

module_load
expect "all swap is as in meminfo" test "$(info swap_total)" -eq "$(meminfo SwapTotal)"
expect "free swap, too" test "$(info swap_free)" -eq "$(meminfo SwapFree)"
expect "its line is 30 % of it" test "$(info swap_low)" -eq $(($(info swap_total) * 30 / 100))

device_start lines watch 0 0 40 60
group pressed memory.max=40M
spawn pressed hog --zero --max 140M --rate 0
expect "free swap falls below its line, and that is told" wait_for 20 seen SWAP_LOW 1
echo "# $(field_of lines SWAP_LOW swap_kib) KiB were free"
expect "… at it" test "$(field_of lines SWAP_LOW swap_kib)" -lt $((40 << 10))
sleep 3
expect_rows device compare "$CG/pressed"
expect "… some of it in swap" test "$(value_of pressed memory.swap.current)" -gt 0
empty pressed
expect "free swap rises above the upper line, and that is told" wait_for 10 seen SWAP_OK 1
expect "memory has no line, and makes no event" seen AVAILABLE_LOW 0

swap=$(sed -n '2s/ .*//p' /proc/swaps)
swapoff "$swap"
expect "swap that is gone is none" test "$(info swap_total)" -eq 0
expect "for files as well" test "$(cat $ATTRIBUTES/swap_total)" -eq 0
swapon "$swap"
expect "swap that is back is there" test "$(info swap_total)" -eq "$(meminfo SwapTotal)"
