#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# vm: memory=1G swap=none lane=full timeout=300 packages=earlyoom
#
# What a host pays to have the daemon there: its memory, as its unit starts it, among 10 and 50 containers,
# beside that of earlyoom, as Debian's package starts it. Resident memory counts shared libraries in full; Pss
# counts a page by the share of each process that has it.
#
# /
# ├── jettisond.service
# └── system.slice
#     ├── earlyoom.service
#     └── scenarios.service
#         └── quiet-NN     utility 500, does nothing
. "${0%/*}/lib.sh"

need systemd psi cgroup.kill || skip "not the full lane"
tree=${0%/*}/install.tar
[ -e "$tree" ] || skip "meson has not made this build"

room_kib=1024           # what the daemon may have more than earlyoom
locked_max_kib=4096

main_of() {
        echo "/proc/$(systemctl show -P MainPID "$1")"
}

# resident UNIT NAME: Rss, Pss or Anonymous of its main process, in KiB. Not VmRSS, which each thread adds to
# only now and then.
resident() {
        sed -n "s/^$2:[[:space:]]*\([0-9]*\) kB/\1/p" "$(main_of "$1")/smaps_rollup"
}

locked() {
        sed -n 's/^VmLck:[[:space:]]*\([0-9]*\) kB/\1/p' "$(main_of "$1")/status"
}

tell() {
        echo "# $1: resident $(resident "$1" Rss) KiB, $(resident "$1" Anonymous) of them no file's," \
                "Pss $(resident "$1" Pss), locked $(locked "$1")"
}

tar -C / -xf "$tree" --keep-directory-symlink --no-overwrite-dir
systemctl daemon-reload
for n in $(seq 11 20); do
        group "quiet-$n" utility=500
        spawn "quiet-$n" sleep 1000
done
# At boot little of a library is in memory yet, and what is in memory by now counts for both.
expect "earlyoom runs" systemctl restart earlyoom
expect "the daemon runs" systemctl start jettisond
last=20
for next in 20 60; do
        for n in $(seq $((last + 1)) $next); do
                group "quiet-$n" utility=500
                spawn "quiet-$n" sleep 1000
        done
        last=$next
        sleep 5
        echo "# among $((next - 10)) containers"
        tell earlyoom
        tell jettisond
        expect "resident memory is at most earlyoom's and 1 MiB, among $((next - 10)) containers" \
                test "$(resident jettisond Rss)" -le $(($(resident earlyoom Rss) + room_kib))
        expect "locked memory is at most 4 MiB" test "$(locked jettisond)" -le $locked_max_kib
done
systemctl stop jettisond earlyoom
