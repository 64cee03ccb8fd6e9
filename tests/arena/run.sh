#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The arena: OOM killers side by side, on the same loads, in one VM.
#   run.sh [--contestant NAME,...] [--load NAME,...] [--seeds N] [--seed S] [--short] [--again] [--list]
#          [--suite SUITE] [--last MS] [--prepare] [--build DIR] [--out DIR]
#
# Without options: every contestant of contestants/, every load of loads/, one seed, 1. --seeds N plays the seeds
# S … S+N-1. --short is what takes about ten minutes: the kernel, earlyoom and systemd-oomd tuned, Jettison with
# the files feed; loads report, job8 and cache; two seeds.
#
# Each play leaves a line in runs.jsonl of the output folder (default build/arena), what the referee saw in plays/, and
# the contestant's own words in logs/. A play that stands there already, made with the same programs and files,
# is not played again, so a run that was broken off goes on where it was; --again plays it all the same. At the
# end table.md and the plots are made from all lines whose programs and files are still the same.
#
# --last ends a play so long after memory is back if nobody is left who wants more of it, however long the load waits.
#
# --prepare makes the image and plays nothing.
#
# --suite plays the peers of another Debian, with its kernel and systemd; they have an output folder of their own,
# build/arena-SUITE. Jettison, built here, is not among them.
#
# Jettison is the build in DIR (default build), as "meson install" leaves it. JETTISON_VM_CACHE: see
# tests/vm/image.sh.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
source=$(dirname "$(dirname "$here")")
vm=$source/tests/vm
packages='systemd systemd-sysv udev dbus kmod attr procps earlyoom nohang oomd systemd-oomd'
libraries='libcgroup2 libjansson4 libseccomp2'
memory=640M
play_s=90               # of wall clock for a play, its cleaning up included, on a busy machine: a ceiling
still_s=180             # after which a play stands still for good, and its VM is ended
boot_s=120

usage() {
        sed -n 's/^#   run.sh/Usage: run.sh/p; s/^#          \[/       [/p' "$0" >&2
        exit 2
}

die() {
        echo "run.sh: $*" >&2
        exit 1
}

names_in() {
        local file
        for file in "$here/$1"/*.sh; do
                basename "$file" .sh
        done | paste -sd ' ' -
}

contestants=$(names_in contestants) loads=$(names_in loads) seeds=1 seed=1 again='' list='' prepare_only=''
build=$source/build out='' suite=bookworm last=''
while [ $# -gt 0 ]; do
        case $1 in
        --contestant | --load | --seeds | --seed | --suite | --last | --build | --out) [ $# -ge 2 ] || usage ;;&
        --contestant) contestants=${2//,/ } && shift ;;
        --load) loads=${2//,/ } && shift ;;
        --seeds) seeds=$2 && shift ;;
        --seed) seed=$2 && shift ;;
        --suite) suite=$2 && shift ;;
        --last) last=$2 && shift ;;
        --build) build=$2 && shift ;;
        --out) out=$2 && shift ;;
        --again) again=1 ;;
        --list) list=1 ;;
        --prepare) prepare_only=1 ;;
        --short)
                contestants='none earlyoom-tuned systemd-oomd-tuned jettison-files'
                loads='report job8 cache' seeds=2
                ;;
        *) usage ;;
        esac
        shift
done
case $seeds$seed$last in *[!0-9]*) usage ;; esac
if [ "$suite" = bookworm ]; then
        out=${out:-$source/build/arena} packages="$packages $libraries"
else
        out=${out:-$source/build/arena-$suite} packages="--suite $suite $packages"
        contestants=$(sed 's/jettison-[a-z]* *//g' <<<"$contestants")
        [ -n "$contestants" ] || die "Jettison is built here, for bookworm; of $suite only peers can be played"
fi
for name in $contestants; do [ -e "$here/contestants/$name.sh" ] || die "no contestant $name"; done
for name in $loads; do [ -e "$here/loads/$name.sh" ] || die "no load $name"; done
if [ -n "$list" ]; then
        printf '%s\n' "contestants: $contestants" "loads: $loads"
        exit
fi

sh "$source/tests/deps.sh" vm arena
for program in jq gcc; do
        command -v $program >/dev/null || die "$program is missing: apt-get install jq gcc glpk-utils gnuplot-nox"
done
mkdir -p "$out"/{plays,logs}
export JETTISON_VM_CACHE=${JETTISON_VM_CACHE:-$build/vm/cache}
work=$(mktemp -d)
# shellcheck disable=SC2317  # called by the trap
finish() {
        local job
        for job in $(jobs -p); do
                kill "$job" 2>/dev/null || true
        done
        wait
        rm -rf "$work"
}
trap finish EXIT
trap 'exit 143' INT TERM HUP

# --- what is played with

make_programs() {
        gcc -std=gnu17 -D_GNU_SOURCE -O2 -static -s -Wall -Wextra -Werror -o "$work/referee" \
                "$here"/{referee,container,witness}.c
        gcc -std=gnu17 -O2 -Wall -Wextra -Werror -o "$work/optimum" "$here/optimum.c"
        [ -f "$build/build.ninja" ] || die "$build holds no build: meson setup $build && meson compile -C $build"
        DESTDIR=$work/tree meson install -C "$build" --no-rebuild --quiet --strip >"$work/install.log" ||
                { cat "$work/install.log" >&2; die "meson install failed"; }
        tar -C "$work/tree" -cf "$work/install.tar" .
        kernel=$("$vm/image.sh" kernel "$suite")
        base=$("$vm/image.sh" base "$kernel")
        module=
        case " $contestants " in
        *-module\ *) module=$("$vm/image.sh" module "$kernel") ;;
        esac
        # a list of names
        # shellcheck disable=SC2086
        disk=$("$vm/image.sh" root $packages)
}

# What a play's outcome hangs on, comments left out. Only Jettison's own plays hang on its build.
hash_of() {
        {
                cat "$kernel/origin" "$work/referee" "$source"/examples/workloads/hog.c \
                        "$source"/examples/faceswap/*.[ch] "$vm/load.c"
                grep -hv '^ *#' "$here"/{scenario-arena,guest-load}.sh "$here/contestants/$1".* "$here/loads/$2.sh"
                echo "$memory${last:+ $last}"
                case $1 in
                jettison-module) cat "$work"/tree/usr/local/*bin/jettisond "$module" ;;
                jettison-*) cat "$work"/tree/usr/local/*bin/jettisond ;;
                esac
        } | sha256sum | cut -c 1-16
}

# A line that was cut when a run was broken off is no line.
lines_repair() {
        [ ! -s "$out/runs.jsonl" ] || [ -z "$(tail -c 1 "$out/runs.jsonl")" ] || sed -i '$d' "$out/runs.jsonl"
}

declare -A hashes=()
is_played() {
        [ -z "$again" ] && [ -e "$out/runs.jsonl" ] && grep -qF \
                "\"contestant\":\"$1\",\"load\":\"$2\",\"seed\":$3,\"hash\":\"${hashes[$1 $2]}\"" "$out/runs.jsonl"
}

# Seeds outside, so that a run that is broken off has something of everything.
plays_list() {
        local s load contestant
        for ((s = seed; s < seed + seeds; s++)); do
                for load in $loads; do
                        for contestant in $contestants; do
                                is_played "$contestant" "$load" "$s" || echo "$contestant $load $s"
                        done
                done
        done
}

# --- one boot

stage() {
        local name stage=$work/stage
        rm -rf "$stage"
        mkdir "$stage"
        sed "2a # vm: timeout=$2" "$here/scenario-arena.sh" >"$stage/scenario-arena.sh"
        for name in $(names_in contestants); do cp "$here/contestants/$name.sh" "$stage/contestant-$name.sh"; done
        for name in $(names_in loads); do cp "$here/loads/$name.sh" "$stage/load-$name.sh"; done
        [ -z "$last" ] || sed -i "\$a LAST_MS=$last" "$stage"/load-*.sh
        cp "$here"/contestants/*.json "$here/guest-load.sh" "$work/referee" "$work/install.tar" "$stage/"
        cp "$1" "$stage/plays"
        [ -z "$module" ] || cp "$module" "$stage/"
}

minutes() {
        printf '%d:%02d' $(($1 / 60)) $(($1 % 60))
}

progress() {
        local now=$((SECONDS - began)) left=
        [ "$n_done" -eq 0 ] || left=", about $(minutes $((now * (n_all - n_done) / n_done))) to go"
        echo "[$((n_done + 1)) of $n_all, $(minutes $now)$left] $*"
}

# As the load says, or guest-load.sh for all.
room_of() {
        cat "$here/guest-load.sh" "$here/loads/$1.sh" | sed -n 's/^ *ROOM=\([0-9]*\).*/\1/p' | tail -n 1
}

record() {
        local contestant=$1 load=$2 seed=$3 result=$4 key=$1-$2-$3 scores
        if ! jq -e . <<<"$result" >/dev/null 2>&1; then
                echo "  the result came mutilated"
                return
        fi
        scores=$("$here/score.sh" "$work/optimum" "$(room_of "$load")" <<<"$result") || die "$key cannot be scored"
        echo "$result" >"$out/plays/$key.new"
        mv "$out/plays/$key.new" "$out/plays/$key.json"
        jq -c -n --arg contestant "$contestant" --arg load "$load" --argjson seed "$seed" \
                --arg hash "${hashes[$contestant $load]}" --arg kernel "$(cut -d ' ' -f 2 "$kernel/origin")" \
                --arg memory "$memory" --argjson swap "$(jq .swap_total_mib <<<"$result")" \
                --arg date "$(date -u +%FT%TZ)" --argjson scores "$scores" \
                --arg accel "${JETTISON_VM_ACCEL:-$(cat "$kernel/accel")}" \
                '{ contestant: $contestant, load: $load, seed: $seed, hash: $hash, kernel: $kernel,
                   memory: $memory, swap_mib: $swap, accel: $accel, date: $date } + $scores' \
                >"$work/line"
        cat "$work/line" >>"$out/runs.jsonl"
        echo "$contestant $load $seed" >>"$work/recorded"
        n_done=$((n_done + 1))
        jq -r '"  lost \(.lost), least \(.optimum), killed \(.killed) (\(.needless) needless) \(.victims[0:6] | join(" "))"
                + ", half \(.half), strike \(.strike_ms // "-") ms, kernel \(.oom_kills)"' <<<"$scores"
}

# Reads the console of the VM with this process id; notes how far it came.
listen() {
        local pid=$1 line part='' code word contestant='' load='' s='' rest since=$SECONDS
        while true; do
                if [ -n "$contestant" ] && [ $((SECONDS - since)) -gt $still_s ]; then
                        echo "  stands still: ended"
                        kill "$pid" 2>/dev/null || true
                        contestant=
                fi
                code=0
                IFS= read -r -t 20 line || code=$?
                [ $code -eq 0 ] || [ $code -gt 128 ] || break
                part+=$line
                [ $code -eq 0 ] || continue
                line=${part%$'\r'} part=
                case $line in
                '@@ arena '*) ;;
                *)
                        echo "$line" >>"$out/console.log"
                        continue
                        ;;
                esac
                read -r _ _ word rest <<<"$line"
                case $word in
                begin)
                        read -r contestant load s <<<"$rest"
                        since=$SECONDS
                        : >"$out/logs/$contestant-$load-$s.log"
                        progress "$contestant, load $load, seed $s"
                        ;;
                result) record "$contestant" "$load" "$s" "$rest" ;;
                journal | log) echo "$rest" >>"$out/logs/$contestant-$load-$s.log" ;;
                failed | dirty) echo "  $word: $rest" ;;
                end | done) contestant= ;;
                *) echo "  $rest" ;;
                esac
        done
}

boot() {
        local n seconds payload
        n=$(wc -l <"$1")
        seconds=$((n * play_s))
        stage "$1" "$seconds"
        payload=$("$vm/image.sh" payload "$build" "$work/payload" "$work"/stage/*)
        : >"$out/console.log"
        : >"$work/console"
        "$vm/boot.sh" --memory "$memory" --time $((boot_s + seconds)) --disk "$disk" \
                --append "psi=1 jettison.lane=full jettison.swap=none" "$kernel" "$base" "$payload" >>"$work/console" &
        wait_boot $!
}

# The console is read from a file as it grows, so that the counters stay this shell's own.
wait_boot() {
        local pid=$1
        listen "$pid" < <(tail -n +1 -f --pid "$pid" "$work/console")
        wait "$pid" || true
}

make_programs
[ -z "$prepare_only" ] || exit 0
for contestant in $contestants; do
        for load in $loads; do
                hashes[$contestant $load]=$(hash_of "$contestant" "$load")
        done
done
lines_repair
plays_list >"$work/plays"
n_all=$(wc -l <"$work/plays") n_done=0 began=$SECONDS
echo "$n_all plays, $(minutes $((n_all * play_s))) at most; seeds $seed to $((seed + seeds - 1)); $(cat "$kernel/origin")"
touch "$work/recorded"
while [ -s "$work/plays" ]; do
        before=$n_done
        boot "$work/plays"
        # A play that ended its VM is not tried twice in a run.
        [ $n_done -gt "$before" ] || sed -i 1d "$work/plays"
        grep -vFxf "$work/recorded" "$work/plays" >"$work/left" || true
        mv "$work/left" "$work/plays"
done
"$here/table.sh" "$out"
