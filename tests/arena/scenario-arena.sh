#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Plays in the VM what run.sh has put on the list: a line "CONTESTANT LOAD SEED" each. For one play:
#   the load's groups are made and labelled; a filler takes what memory there is beyond the load's room, so
#   that every play has the same room whatever the system beside it holds; the contestant is started as the
#   systemd unit that its package installs; the referee starts the containers, looks, and ends them; then
#   everything is taken away, and the next play begins only on a machine that is clean.
#
# system.slice
# └── scenarios.service      ours, delegated: what the tuned systemd-oomd is told to monitor
#     ├── harness            this script, the referee, the filler: oom_score_adj -1000
#     └── containers         where oomd's rules look
#         └── NAME           one for each container of the load
#
# What leaves on the console: "@@ arena begin|result|journal|log|end …", see run.sh.
# shellcheck source=../vm/lib.sh
. "${0%/*}/lib.sh"
# shellcheck source=./guest-load.sh
. "${0%/*}/guest-load.sh"

PLAN=$WORK/plan                 # what the referee plays
TOP=$CG/containers
BOX=${0%/*}

say() {
        echo "@@ arena $*"
}

# The tree that "meson install" makes, for the contestants of this project.
install_jettison() {
        [ -x /usr/local/sbin/jettisond ] || [ ! -e "$BOX/install.tar" ] ||
                tar -C / -xf "$BOX/install.tar" --keep-directory-symlink --no-overwrite-dir
        systemctl daemon-reload
}

# What Debian's packages have started by themselves; each contestant starts its own.
stop_all() {
        systemctl stop earlyoom nohang nohang-desktop oomd systemd-oomd.socket systemd-oomd jettisond \
                2>/dev/null || true
}

# --- for the contestants' files

# on_plan COMMAND...: calls it with name, utility and group of each container.
on_plan() {
        while IFS='|' read -r on_name on_utility _ _ _ _ _ _ _ _ <&4; do
                "$@" "$on_name" "$on_utility" "$TOP/$on_name"
        done 4<"$PLAN"
}

# adjust_scores: gives each container the oom_score_adj that follows from its utility: 0 … 1000 becomes
# 900 … -900, so that utility decides first, size among neighbours, and nobody is out of reach.
adjust_scores() {
        awk -F '|' -v OFS='|' '{ $9 = int(900 - 1.8 * $2); print }' "$PLAN" >"$PLAN.new"
        mv "$PLAN.new" "$PLAN"
}

# setting UNIT TEXT: a drop-in for a unit, gone after the play.
setting() {
        mkdir -p "/run/systemd/system/$1.d"
        printf '%s\n' "$2" >"/run/systemd/system/$1.d/arena.conf"
        systemctl daemon-reload
}

# --- one play

swap_set() {
        case $1 in
        zram:*)
                echo 1 >/sys/block/zram0/reset
                swap_start "$1"
                ;;
        esac
}

swap_clear() {
        if need swap; then
                swapoff -a
        fi
}

available_mib() {
        awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo
}

# The line below which the machine is short, as the referee draws it.
line_mib() {
        awk '/^MemTotal:/ { print int($2 / 10240) }' /proc/meminfo
}

settled() {
        settled_before=$(available_mib)
        sleep 0.5
        [ $(($(available_mib) - settled_before)) -lt 3 ] && [ $((settled_before - $(available_mib))) -lt 3 ]
}

# Leaves the load so much above the line: what is more is locked, in as many pieces as it takes.
room_make() {
        # shellcheck disable=SC2034  # it only counts
        for room_turn in 1 2 3 4 5; do
                room_more=$(($(available_mib) - $(line_mib) - $1))
                if [ $room_more -lt 2 ]; then
                        break
                fi
                load lock $room_more &
                filler="$filler $!"
                wait_for 20 has_locked $! $room_more
                wait_for 5 settled || true
        done
        [ $room_more -ge -3 ] && [ $room_more -le 3 ]
}

# has_locked PID MIB: what is locked is told at once, what is there comes later.
has_locked() {
        [ "$(awk '/^VmRSS:/ { print int($2 / 1024) }' "/proc/$1/status")" -ge "$2" ]
}

is_clean() {
        ! find "$TOP" -mindepth 1 -type d 2>/dev/null | grep -q . && ! need swap &&
                [ "$(available_mib)" -ge $((clean_mib * 95 / 100)) ]
}

clean() {
        contestant_stop >/dev/null 2>&1 || true
        rm -rf /run/arena "${JOURNAL%/*}"
        if rm /run/systemd/system/*.d/arena.conf 2>/dev/null; then
                systemctl daemon-reload
        fi
        # several processes
        # shellcheck disable=SC2086
        kill -KILL $filler 2>/dev/null && wait $filler 2>/dev/null
        filler=
        if [ -d "$TOP" ]; then
                wait_for 40 group_kill "$TOP"
                find "$TOP" -depth -mindepth 1 -type d -exec rmdir {} \;
        fi
        rm -f /root/arena-*
        swap_clear
        echo 3 >/proc/sys/vm/drop_caches
        wait_for 60 is_clean
}

# The group of a contestant's unit, as a folder; empty if it has none.
unit_folder() {
        [ -n "$CONTESTANT_UNIT" ] || return 0
        echo "/sys/fs/cgroup$(systemctl show -P ControlGroup "$CONTESTANT_UNIT")"
}

cpu_us() {
        sed -n 's/^usage_usec //p' "$unit/cpu.stat"
}

# Active, never restarted, and done with its start: an interpreter takes seconds for that.
contestant_is_ready() {
        systemctl show -p ActiveState,NRestarts "$CONTESTANT_UNIT" | sort | paste -sd ' ' - |
                grep -qx 'ActiveState=active NRestarts=0' || return 1
        ready_before=$(cpu_us)
        sleep 1
        [ $(($(cpu_us) - ready_before)) -lt 100000 ]
}

play() {
        play_contestant=$1 play_load=$2 play_seed=$3
        say begin "$@"
        started=$(date +%s)
        mkdir -p /run/arena
        : >"$PLAN"
        load_defaults
        seed_set "$play_seed"
        # shellcheck source=/dev/null
        . "$BOX/load-$play_load.sh"
        group containers
        swap_set "$SWAP"
        load_plan
        room_make "$ROOM" || { say failed "$@" "$room_more MiB more than the room" && return 0; }
        CONTESTANT_UNIT=
        # shellcheck source=/dev/null
        . "$BOX/contestant-$play_contestant.sh"
        contestant_start || {
                say failed "$@" "the contestant did not start"
                systemctl status "$CONTESTANT_UNIT" 2>&1 | tail -n 20
                return 0
        }
        unit=$(unit_folder)
        [ -z "$CONTESTANT_UNIT" ] || wait_for 40 contestant_is_ready || {
                say failed "$@" "the contestant is not ready"
                systemctl status "$CONTESTANT_UNIT" 2>&1 | tail -n 20
                return 0
        }
        "$BOX/referee" "$PLAN" "$TOP" "$unit" "$IDLE_MS" "$LIMIT_MS" "$AFTER_MS" \
                "$GIVEN_UP_MS" "${LAST_MS:-$AFTER_MS}" >"$WORK/result" ||
                { say failed "$@" "the referee failed" && return 0; }
        say result "$(cat "$WORK/result")"
        if [ -s "$JOURNAL" ]; then
                tail -n 40 "$JOURNAL" | sed 's/^/@@ arena journal /'
        fi
        if [ -n "$CONTESTANT_UNIT" ]; then
                journalctl -u "$CONTESTANT_UNIT" -o cat --no-pager --since "@$started" 2>/dev/null |
                        grep -v '^\(Starting\|Started\|Stopping\|Stopped\)' | tail -n 30 |
                        cut -c 1-300 | sed 's/^/@@ arena log /'
        fi
        # that a processor stood still, and what was killed by whom
        dmesg -c | grep -E 'soft lockup|hung_task|rcu.*stall|[Oo]ut of memory|blocked for more|RIP|Call Trace' |
                tail -n 20 | cut -c 1-300 | sed 's/^/@@ arena log kernel: /'
        say end "$@"
}

filler=
contestant_stop() { :; }
install_jettison
stop_all
for xattr in trusted user; do
        setfattr -n $xattr.oomd_avoid -v 1 "$CG/harness"
done
setfattr -n user.oomd_omit -v 1 "$CG/harness"
swap_clear
# As the kernel sizes a processor's free lists, these would hold up to 31 MiB here, more than most of the containers;
# MemAvailable leaves them out. On a host of 64 GiB they are a thousandth, so they are made small.
echo 300 >/proc/sys/vm/percpu_pagelist_high_fraction
echo 3 >/proc/sys/vm/drop_caches
wait_for 20 settled || true
clean_mib=$(available_mib)
say ready "available $clean_mib MiB, line $(line_mib) MiB"
while read -r contestant name seed <&3; do
        play "$contestant" "$name" "$seed"
        if ! clean; then
                say dirty "$(available_mib) of $clean_mib MiB available; $(show_tree | paste -sd ';' -)"
                break
        fi
done 3<"$BOX/plays"
say 'done'
