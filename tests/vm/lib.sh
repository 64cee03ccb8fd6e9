# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=sh
#
# The verbs that scenarios are written in; for busybox sh and dash. A scenario is
#
#   #!/bin/sh
#   # vm: memory=512M swap=none timeout=60
#   # (what is shown, and its tree)
#   . "${0%/*}/lib.sh"
#   group victim utility=5 memory.max=64M
#   spawn victim hog
#   expect "it dies" wait_for 20 dead victim
#
# Groups are named by their path below $CG. Verbs that ask something answer by their status and print
# nothing. What a scenario writes to standard error is shown only if it fails.

BIN=/opt/jettison/bin
WORK=/tmp/scenario              # logs and notes of the running scenario
JOURNAL=/var/log/jettison/journal.jsonl
SOCKET=/run/jettison/control.sock
PATH=$BIN:$PATH

tap_tests=0
tap_failed=0

ok() {
        tap_tests=$((tap_tests + 1))
        echo "ok $tap_tests - $*"
}

not_ok() {
        tap_tests=$((tap_tests + 1))
        tap_failed=1
        echo "not ok $tap_tests - $*"
}

# expect TEXT COMMAND...: one test, passed if the command succeeds.
expect() {
        expect_text=$1
        shift
        if "$@"; then
                ok "$expect_text"
        else
                not_ok "$expect_text"
                { echo "failed: $*" && show_tree; } >&2
        fi
}

not() {
        ! "$@"
}

# lacks FILE PATTERN: whether a file has something in it, but no such line.
lacks() {
        [ -s "$1" ] && ! grep -q -e "$2" "$1"
}

# only FILE PATTERN: whether it has something in it, and such lines only.
only() {
        [ -s "$1" ] && ! grep -qv -e "$2" "$1"
}

# Ends the scenario without a verdict.
skip() {
        echo "1..0 # SKIP $*"
        tap_tests=
        exit 0
}

# need FEATURE...: whether this kernel, VM and build have them all.
need() {
        for need_feature in "$@"; do
                case $need_feature in
                psi) cat /proc/pressure/memory >/dev/null 2>&1 ;;
                cgroup.* | memory.*) mkdir "$CG/need" && need_file "$need_feature" ;;
                swap) [ "$(wc -l </proc/swaps)" -gt 1 ] ;;
                zram) [ -e /sys/block/zram0 ] ;;
                module) [ -e "$BIN/jettison.ko" ] ;;
                daemon) [ -x "$BIN/jettisond" ] ;;
                systemd) [ -d /run/systemd/system ] ;;
                *) command -v "$need_feature" >/dev/null ;;
                esac || return 1
        done
}

need_file() {
        need_found=1
        [ ! -e "$CG/need/$1" ] || need_found=0
        rmdir "$CG/need"
        return $need_found
}

# --- time

now_ms() {
        read -r now_up _ </proc/uptime
        now_fraction=1${now_up#*.}
        echo $((${now_up%.*} * 1000 + (now_fraction - 100) * 10))
}

# wait_for SECONDS COMMAND...: asks ten times a second until the command succeeds; fails when the time is up.
wait_for() {
        wait_end=$(($(now_ms) + $1 * 1000))
        shift
        until "$@"; do
                [ "$(now_ms)" -lt "$wait_end" ] || { echo "waited in vain: $*" >&2 && return 1; }
                sleep 0.1
        done
}

# --- groups

# group NAME [utility=LABEL] [FILE=VALUE]...: makes a cgroup (and those above it), labels it, writes its
# files.
group() {
        group_name=$1 group_path=$CG group_rest=$1/
        shift
        while [ -n "$group_rest" ]; do
                echo '+memory +pids' >"$group_path/cgroup.subtree_control"
                group_path=$group_path/${group_rest%%/*}
                group_rest=${group_rest#*/}
                mkdir -p "$group_path"
        done
        for group_setting in "$@"; do
                case $group_setting in
                utility=*) load setxattr "$CG/$group_name" trusted.jettison.utility "${group_setting#*=}" ;;
                *) echo "${group_setting#*=}" >"$CG/$group_name/${group_setting%%=*}" ;;
                esac
        done
}

# holds GROUP MIB: whether it is charged at least this much.
holds() {
        [ $(($(value_of "$1" memory.current) / 1048576)) -ge "$2" ]
}

# fill_to MIB: takes memory that can be neither reclaimed nor swapped, in a group that is no candidate and that
# the kernel's killer passes over, until this much is available. Returns when it is taken.
fill_to() {
        group filler
        fill_more=$(($(mem_available) - $1))
        fill_most=$(($(value_of filler memory.current) / 1048576 + fill_more))
        spawn filler load lock $fill_more
        echo -1000 >"/proc/$(pid_of filler)/oom_score_adj"
        wait_for 60 holds filler $((fill_most - 4))
        echo "# $(mem_available) MiB are left"
}

# Gives it back.
fill_none() {
        echo 1 >"$CG/filler/cgroup.kill"
        wait_for 5 dead filler
}

# The path of a group as the kernel and the daemon name it.
path_of() {
        echo "${CG#/sys/fs/cgroup}/$1"
}

# One number of a file: value_of GROUP FILE [KEY].
value_of() {
        if [ $# -eq 2 ]; then
                cat "$CG/$1/$2"
        else
                sed -n "s/^$3 //p" "$CG/$1/$2"
        fi
}

note_of() {
        echo "$WORK/$(echo "$1" | tr / -)"
}

# Where the programs of a group write to.
output_of() {
        echo "$(note_of "$1").log"
}

# spawn GROUP COMMAND...: starts it inside the group and returns when it is there.
spawn() {
        spawn_group=$1 spawn_note=$(note_of "$1")
        shift
        rm -f "$spawn_note.began"
        (
                echo 0 >"$CG/$spawn_group/cgroup.procs" || exit
                echo 0 >/proc/self/oom_score_adj
                : >"$spawn_note.began"
                exec "$@"
        ) >>"$spawn_note.log" 2>&1 &
        echo $! >"$spawn_note.pid"
        wait_for 10 test -e "$spawn_note.began"
}

pid_of() {
        cat "$(note_of "$1").pid"
}

# Waits for what was last spawned in the group to end; its exit status is the answer.
reap() {
        wait "$(pid_of "$1")"
}

alive() {
        grep -q '^populated 1' "$CG/$1/cgroup.events" 2>/dev/null
}

dead() {
        ! alive "$1"
}

# The groups as they are now; one that goes while it is read is no error.
show_tree() {
        find "$CG" -mindepth 1 -type d | while read -r show_path; do
                show_bytes=$(cat "$show_path/memory.current") || continue
                echo "$show_path: $((show_bytes / 1048576)) MiB," \
                        "$(wc -l <"$show_path/cgroup.procs") processes"
        done
        echo "available $(mem_available) MiB"
}

# --- the machine

# MiB, those on the processors' own lists included: since Linux 6.7 they are too many to be left out.
mem_available() {
        awk '/^MemAvailable:/ { kib += $2 } $1 == "count:" { kib += 4 * $2 } END { print int(kib / 1024) }' \
                /proc/meminfo /proc/zoneinfo
}

# How many processes the kernel's own killer has killed since boot.
oom_kills() {
        awk '/^oom_kill / { print $2 }' /proc/vmstat
}

# swap_start none | zram:SIZE
swap_start() {
        case $1 in
        none) ;;
        zram:*)
                echo "${1#zram:}" >/sys/block/zram0/disksize
                mkswap /dev/zram0 >/dev/null
                swapon /dev/zram0
                ;;
        esac
}

# --- the daemon

daemon_ready() {
        [ -S "$SOCKET" ] && jettison status --json >/dev/null 2>&1
}

# start_daemon [JSON [ARGUMENT]...]: starts jettisond with this configuration and returns when it is ready. A
# system call that its filter does not know ends it, and with it the scenario.
start_daemon() {
        echo "${1:-{\}}" >"$WORK/jettison.json"
        [ $# -eq 0 ] || shift
        (
                echo 0 >/proc/self/oom_score_adj
                exec jettisond --sandbox kill --config "$WORK/jettison.json" "$@"
        ) >>"$WORK/jettisond.log" 2>&1 &
        echo $! >"$WORK/jettisond.pid"
        wait_for 10 daemon_ready
}

daemon_alive() {
        [ -e "$WORK/jettisond.pid" ] && kill -0 "$(cat "$WORK/jettisond.pid")" 2>/dev/null
}

# stop_daemon: asks it to leave, and answers with its exit status.
stop_daemon() {
        stop_pid=$(cat "$WORK/jettisond.pid")
        kill "$stop_pid"
        wait "$stop_pid"
}

# journal_has TEXT...: whether one line of the journal holds all of them.
journal_has() {
        journal_lines=$(cat "$JOURNAL" 2>/dev/null)
        for journal_text in "$@"; do
                journal_lines=$(echo "$journal_lines" | grep -F -e "$journal_text") || return 1
        done
}

# lines_of TEXT: how many lines of the journal hold it.
lines_of() {
        grep -cF -e "$1" "$JOURNAL" || true
}

# Whether the daemon has struck this group, which dead does not say.
is_victim() {
        journal_has '"what":"victim"' "\"path\":\"$(path_of "$1")\""
}

# Who was struck, in this order, as the scenario names them.
victims() {
        sed -n 's/^{"what":"victim".*"path":"\([^"]*\)".*/\1/p' "$JOURNAL" | sed "s|^$(path_of '')||" | paste -sd ' ' -
}

# One number of the daemon's status.
status_of() {
        jettison status --json | sed "s/.*\"$1\":\([0-9]*\).*/\1/"
}

# --- the end

# Ends the daemon, kills and removes all groups of the scenario, empties the swap.
cleanup() {
        if daemon_alive; then
                kill -KILL "$(cat "$WORK/jettisond.pid")"
        fi
        rm -f "$SOCKET"
        for cleanup_top in "$CG"/*/; do
                cleanup_top=${cleanup_top%/}
                case $cleanup_top in
                */\* | */harness) continue ;;
                esac
                wait_for 40 group_kill "$cleanup_top" || echo "cannot empty $cleanup_top" >&2
                find "$cleanup_top" -depth -type d -exec rmdir {} \;
        done
        if need swap; then
                cleanup_swap=$(sed -n '2s/ .*//p' /proc/swaps)
                swapoff "$cleanup_swap" && swapon "$cleanup_swap"
        fi
}

group_kill() {
        echo 1 >"$1/cgroup.kill"
        grep -q '^populated 0' "$1/cgroup.events"
}

scenario_end() {
        end_status=$?
        trap - EXIT
        if [ "$end_status" -ne 0 ]; then
                not_ok "${0##*/} ended early, status $end_status"
        fi
        [ -z "$tap_tests" ] || echo "1..$tap_tests"
        cleanup
        echo "$tap_failed" >"$WORK/finished"
}

if [ "${0##*/}" != guest.sh ]; then
        set -eu
        trap scenario_end EXIT
        trap 'exit 143' TERM
fi
