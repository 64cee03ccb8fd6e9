#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The experiment itself, in two acts, for root on a machine with cgroup v2; under dash and busybox sh:
#   acts.sh BIN SEED LOOK [MODULE [third]]
# BIN holds jettisond, jettison, faceswap and hog; SEED chooses the trainings' utilities and faces; LOOK is
# "live" for a display that is drawn over itself, else "plain". MODULE is the kernel module's file: it is
# loaded, and jettisond fed by it; with "third", a third act shows its standing order.
#
# /jettison-demo          memory.max 400M, no swap: whatever happens, happens in here
# ├── training-a          120 MiB of faces, utility 50 … 100
# ├── training-b          the same
# ├── hog-8               takes 20 MiB a second, ignores SIGTERM, utility 8
# └── hog-5               takes 25 MiB a second, ignores SIGTERM, utility 5
#
# First act: jettisond watches the domain. Second act: the same load, and the kernel's own OOM killer. Third act,
# where the machine is nobody's: no memory.max, jettisond is stopped once it has left its standing order, and
# the whole machine runs dry.
# Ends with 0 if both trainings came to their end whenever Jettison was there. Whatever it has made, loaded or
# switched on is undone at the end.
set -eu

bin=$1 seed=$2 look=$3 module=${4:-} third=${5:-}
PATH=$bin:$PATH
feed=files
[ -z "$module" ] || feed=module

limit_mib=400
epochs=32
containers='training-a training-b hog-8 hog-5'

cgroup=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
domain=$cgroup/jettison-demo
work=$(mktemp -d)
daemon_pid='' stopped='' loaded='' enabled=''

# What jettisond makes and does not take away, unless it is there already.
made=''
for path in "$cgroup/jettison" /run/jettison/lock /run/jettison; do
        [ -e "$path" ] || made="$made $path"
done

# 50 … 100, from the seed; one for each training.
chance_a=$((seed * 1103515245 + 12345 & 0x7fffffff))
chance_b=$((chance_a * 1103515245 + 12345 & 0x7fffffff))
utility_a=$((50 + (chance_a >> 16) % 51))
utility_b=$((50 + (chance_b >> 16) % 51))

utility_of() {
        case $1 in
        training-a) echo "$utility_a" ;;
        training-b) echo "$utility_b" ;;
        hog-*) echo "${1#hog-}" ;;
        esac
}

command_of() {
        case $1 in
        training-a) echo faceswap --seed "$seed" --epochs $epochs --pace 0.5 ;;
        training-b) echo faceswap --seed $((seed + 1)) --epochs $epochs --pace 0.5 ;;
        hog-8) echo hog --delay 5000 --rate 20M ;;
        hog-5) echo hog --delay 5000 --rate 25M ;;
        esac
}

# load_start ACT LIMIT: each container by "jettison run", its output in NAME.log, its exit code in NAME.status.
load_start() {
        act=$work/$1
        mkdir "$act"
        [ -d "$domain" ] || mkdir "$domain"
        echo "$2" >"$domain/memory.max"
        [ ! -e "$domain/memory.swap.max" ] || echo 0 >"$domain/memory.swap.max"
        for name in $containers; do
                (
                        echo 0 >/proc/self/oom_score_adj        # we may have been started by who is spared
                        status=0
                        # a command and its arguments
                        # shellcheck disable=SC2046
                        jettison run --utility "$(utility_of "$name")" --cgroup "/jettison-demo/$name" -- \
                                $(command_of "$name") >"$act/$name.log" 2>&1 || status=$?
                        echo $status >"$act/$name.status"
                ) &
        done
}

load_stop() {
        [ -d "$domain" ] || return 0
        tries=25
        until grep -q '^populated 0' "$domain/cgroup.events" || [ $tries -eq 0 ]; do
                echo 1 >"$domain/cgroup.kill"
                tries=$((tries - 1))
                sleep 0.2
        done
        find "$domain" -depth -type d -exec rmdir {} \; 2>/dev/null || true
}

# daemon_start DOMAIN
daemon_start() {
        cat >"$work/jettison.json" <<END
{ "domains": ["$1"], "feed": "$feed",
  "journal": { "path": "$work/journal.jsonl", "kernel_log": false },
  "control": { "path": "$work/control.sock" } }
END
        jettisond --config "$work/jettison.json" >"$work/jettisond.log" 2>&1 &
        daemon_pid=$!
        tries=25
        until [ -S "$work/control.sock" ]; do
                if [ $tries -eq 0 ] || ! kill -0 "$daemon_pid" 2>/dev/null; then
                        echo "jettisond did not start:" >&2
                        cat "$work/jettisond.log" >&2
                        return 1
                fi
                tries=$((tries - 1))
                sleep 0.2
        done
}

daemon_stop() {
        [ -n "$daemon_pid" ] || return 0
        kill -CONT "$daemon_pid" 2>/dev/null || true
        kill "$daemon_pid" 2>/dev/null || true
        wait "$daemon_pid" || true
        daemon_pid=
}

# shellcheck disable=SC2317  # called by finish
take_away() {
        for path in $made; do
                case $path in
                */lock) [ -S /run/jettison/control.sock ] || rm -f "$path" ;;   # else it is another daemon's by now
                *) rmdir "$path" 2>/dev/null || true ;;
                esac
        done
        [ -z "$loaded" ] || rmmod jettison || true
        [ -z "$enabled" ] || echo -memory >"$cgroup/cgroup.subtree_control" || true
}

# shellcheck disable=SC2317  # called by the trap
finish() {
        daemon_stop
        load_stop
        take_away
        rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' INT TERM HUP

# --- what is going on

mib_of() {
        bytes=0
        { read -r bytes <"$1/memory.current"; } 2>/dev/null || true
        echo $((bytes / 1048576))
}

# Shares of standing still, in the last ten seconds, of all tasks of the domain.
pressure_now() {
        sed -n 's/^full avg10=\([0-9.]*\) .*/\1%/p' "$domain/memory.pressure" 2>/dev/null || true
}

state_now() {
        if [ -z "$daemon_pid" ]; then
                echo 'no daemon'
                return
        elif [ -n "$stopped" ]; then
                echo 'daemon stopped, its order stands'
                return
        fi
        jettison status --json --socket "$work/control.sock" 2>/dev/null |
                sed -n 's/.*"level": *"\([a-z]*\)", *"state": *"\([a-z]*\)".*/\1, \2/p'
}

last_epoch() {
        sed -n '/^epoch/ { s/ steps.*//; h }; $ { x; p }' "$act/$1.log" 2>/dev/null || true
}

# How it stands with a container: still at work, done, or how it died.
fate_of() {
        status=
        [ ! -s "$act/$1.status" ] || read -r status <"$act/$1.status"
        case $status in
        '') echo running ;;
        0) echo finished ;;
        137) echo killed ;;
        *) echo "ended with $status" ;;
        esac
}

bar() {
        filled=$((20 * $1 / limit_mib)) drawn=
        while [ ${#drawn} -lt $filled ]; do drawn=$drawn'#'; done
        while [ ${#drawn} -lt 20 ]; do drawn=$drawn-; done
        echo "$drawn"
}

frame() {
        used=$(mib_of "$domain") pressure=$(pressure_now)
        head=$(printf '[%s] %3d of %d MiB   pressure %s   %s' "$(bar "$used")" "$used" $limit_mib \
                "${pressure:-unknown}" "$(state_now)")
        if [ "$look" != live ]; then
                echo "$head"
                return
        fi
        [ "$1" -eq 0 ] || printf '\033[5A'
        printf '%s\033[K\n' "$head"
        for name in $containers; do
                printf '  %-11s utility %3d  %4d MiB  %-9s %s\033[K\n' "$name" "$(utility_of "$name")" \
                        "$(mib_of "$domain/$name")" "$(fate_of "$name")" "$(last_epoch "$name")"
        done
}

trainings_over() {
        [ -s "$act/training-a.status" ] && [ -s "$act/training-b.status" ]
}

# Shows the act until both trainings are over, one way or the other.
watch_act() {
        frames=0
        until trainings_over || [ $frames -ge 180 ]; do
                frame $frames
                frames=$((frames + 1))
                if [ "$look" = live ]; then sleep 0.3; else sleep 1; fi
        done
        frame $frames
        echo
}

# What became of each container: kept for the end.
note_fates() {
        for name in $containers; do
                fate=$(fate_of "$name") epoch=$(last_epoch "$name" | sed -n 's/^epoch \([0-9]*\).*/\1/p')
                case $name:$fate in
                training-*:finished) echo "finished, $(last_epoch "$name" | sed 's/.*\(loss.*\)/\1/')" ;;
                training-*) echo "$fate at epoch ${epoch:-0} of $epochs" ;;
                *:running) echo 'not touched' ;;
                *) echo "$fate" ;;
                esac >"$act/$name.fate"
        done
}

# explain_rounds: what the journal says of the act.
explain_rounds() {
        rounds=$(jettison journal --file "$work/journal.jsonl" --json |
                sed -n '/"what": *"outcome"/ s/.*"round": *\([0-9]*\).*/\1/p' | sort -un)
        for round in $rounds; do
                if [ "$look" = live ]; then
                        jettison journal --file "$work/journal.jsonl" explain "$round"
                else
                        jettison journal --file "$work/journal.jsonl" explain "$round" | cat
                fi
                echo
        done
}

has_order() {
        jettison status --json --socket "$work/control.sock" | grep -q '"state": *"standing".*"victims": *[1-9]'
}

# Stops the daemon for good once it has left an order with somebody in it.
stop_when_ordered() {
        tries=150
        until has_order || [ $tries -eq 0 ]; do
                tries=$((tries - 1))
                sleep 0.2
        done
        kill -STOP "$daemon_pid"
        stopped=1
}

# --- the acts

echo "Seed $seed: the trainings are worth $utility_a and $utility_b, the hogs 8 and 5. Linux $(uname -r)."
echo "All in one domain of $limit_mib MiB without swap: two trainings of about 120 MiB, two hogs without end."
if ! grep -qw memory "$cgroup/cgroup.subtree_control"; then
        echo +memory >"$cgroup/cgroup.subtree_control"
        enabled=1
fi
if [ -n "$module" ] && [ ! -e /dev/jettison ]; then
        insmod "$module"
        loaded=1
fi

echo
echo "First act: jettisond watches the domain, fed by the $( [ $feed = files ] && echo kernel\'s files || echo kernel module)."
mkdir "$domain"
daemon_start /jettison-demo
load_start first ${limit_mib}M
watch_act
note_fates
daemon_stop
load_stop
wait
explain_rounds

echo "Second act: the same load, without jettisond."
load_start second ${limit_mib}M
watch_act
note_fates
kernel_kills=$(sed -n 's/^oom_kill //p' "$domain/memory.events")
load_stop
wait
echo "The kernel's OOM killer killed $kernel_kills times."
echo

acts='first second'
if [ -n "$third" ]; then
        acts='first second third'
        limit_mib=$(awk '/^MemAvailable:/ { print int($2 / 1024) }' /proc/meminfo)
        echo "Third act: no limit but the machine's. jettisond leaves its order and is stopped; then memory runs out."
        rm -f "$work/journal.jsonl"
        daemon_start host
        load_start third max
        stop_when_ordered
        watch_act
        note_fates
        kill -CONT "$daemon_pid"
        sleep 2
        stopped=''
        daemon_stop
        load_stop
        wait
        explain_rounds
fi

title_of() {
        case $1 in
        first) echo 'WITH JETTISON' ;;
        second) echo 'WITHOUT JETTISON' ;;
        third) echo 'ITS ORDER, DAEMON STOPPED' ;;
        esac
}

row() {
        printf '%-12s %-8s' "$1" "$2"
        shift 2
        for cell in "$@"; do
                printf '%-34s' "$cell"
        done
        echo
}

cells() {
        set -- "$1" "$(cat "$work/first/$1.fate")" "$(cat "$work/second/$1.fate")" \
                "$(cat "$work/third/$1.fate" 2>/dev/null || true)"
        row "$1" "$(utility_of "$1")" "$2" "$3" "$4"
}

row CONTAINER UTILITY "$(title_of first)" "$(title_of second)" "$([ -z "$third" ] || title_of third)"
for name in $containers; do
        cells "$name"
done
for act in $acts; do
        [ "$act" != second ] || continue
        grep -q finished "$work/$act/training-a.fate" && grep -q finished "$work/$act/training-b.fate"
done
