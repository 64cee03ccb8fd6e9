#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Fuzzes every reader of foreign text for a short while: a smoke test that says ok per target, in TAP.
#   run.sh [--seconds N] [TARGET...]      N seconds each (default 5); a target is the NAME of a fuzz_NAME.c
#
# Builds with clang, AddressSanitizer and UndefinedBehaviorSanitizer into JETTISON_BUILD/fuzz (default
# build/fuzz), and runs as many targets at a time as there are processors. An input that ends a target stays
# there as crash/NAME-…; "build/fuzz/NAME FILE" shows what it does. The same sources and seeds try the same
# inputs in the same order: the dice are seeded, and what an earlier run has learned is forgotten.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
top=$(dirname "$(dirname "$here")")
out=${JETTISON_BUILD:-$top/build}/fuzz
seconds=5

# Inputs that take longer, in seconds, or more memory, in MiB, are findings.
slow=10 large=1024
# Of an input, bytes: more than a request or a path may have.
length=8192

flags='-std=gnu17 -D_GNU_SOURCE -DJETTISON_VERSION=\"fuzz\" -O1 -g
       -fno-omit-frame-pointer -fno-strict-aliasing -Wall -Wextra -Werror
       -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'
sources='../hooks/state.c ../hooks/claim.c ../hooks/ceiling.c ../hooks/place.c
         base/*.c decide/*.c sense/container.c sense/label.c record/write.c
         serve/config*.c serve/request.c cli/text.c cli/member.c cli/read.c'

usage() {
        echo "Usage: run.sh [--seconds N] [TARGET...]" >&2
        exit 2
}

targets=()
while [ $# -gt 0 ]; do
        case $1 in
        --seconds) [ $# -gt 1 ] && seconds=$2 && shift ;;
        -*) usage ;;
        *) targets+=("$1") ;;
        esac
        shift
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || usage
if [ ${#targets[@]} -eq 0 ]; then
        for file in "$here"/fuzz_*.c; do
                file=${file##*/fuzz_}
                targets+=("${file%.c}")
        done
fi
for target in "${targets[@]}"; do
        [ -e "$here/fuzz_$target.c" ] || { echo "run.sh: there is no target $target" >&2 && exit 2; }
done

# What ninja is to do: one object per source, one program per target.
# $in and $out are its own
# shellcheck disable=SC2016
rules() {
        local file objects=''
        echo "flags = ${flags//$'\n'/ } -I$top/controller -I$top -I$top/kmod -I$here"
        echo 'rule compile'
        echo '  command = clang $flags -MD -MF $out.d -c $in -o $out'
        echo '  depfile = $out.d'
        echo '  deps = gcc'
        echo 'rule link'
        echo '  command = clang -fsanitize=fuzzer,address,undefined $in -ljansson -lm -o $out'
        cd "$top/controller"
        for file in $sources; do
                echo "build ${file//\//_}.o: compile $top/controller/$file"
                objects+=" ${file//\//_}.o"
        done
        for file in "${targets[@]}"; do
                echo "build fuzz_$file.o: compile $here/fuzz_$file.c"
                echo "build $file: link fuzz_$file.o$objects"
        done
}

# Runs one target; its words go to NAME.log, its exit status to NAME.status.
run_one() {
        local status=0
        rm -rf "corpus/$1" "$1.status"
        mkdir -p "corpus/$1"
        "./$1" -seed=1 -max_total_time="$seconds" -max_len="$length" -timeout="$slow" \
                -rss_limit_mb="$large" -print_final_stats=1 -artifact_prefix="crash/$1-" \
                "corpus/$1" "$here/seeds/$1" >"$1.log" 2>&1 || status=$?
        echo $status >"$1.status"
}

runs_of() {
        sed -n 's/^stat::number_of_executed_units: //p' "$1.log" |
                sed ':a; s/\([0-9]\)\([0-9]\{3\}\)\($\|,\)/\1,\2\3/; ta'
}

mkdir -p "$out/crash"
(rules) >"$out/build.ninja"
cd "$out"
ninja --quiet >build.log 2>&1 || { cat build.log >&2 && exit 1; }

# What is freed is kept from being used again for a while; by default for 256 MiB, which takes time.
export ASAN_OPTIONS=detect_leaks=1:quarantine_size_mb=16 UBSAN_OPTIONS=print_stacktrace=1
set -m          # each target is a process group of its own, which ends with this script
# shellcheck disable=SC2317  # called by the trap
finish() {
        local job
        for job in $(jobs -p); do
                kill -- "-$job" 2>/dev/null || true
        done
}
trap finish EXIT
trap 'exit 143' INT TERM HUP
for target in "${targets[@]}"; do
        [ "$(jobs -rp | wc -l)" -lt "$(nproc)" ] || wait -n
        run_one "$target" &
done
wait

number=0 failed=0
for target in "${targets[@]}"; do
        number=$((number + 1))
        if [ "$(cat "$target.status")" -eq 0 ] && [ -n "$(runs_of "$target")" ]; then
                echo "ok $number - $target: $(runs_of "$target") runs, no findings"
        else
                echo "not ok $number - $target: see crash/ and $target.log in $out"
                tail -n 60 "$target.log" | sed 's/^/# /'
                failed=1
        fi
done
echo "1..$number"
exit $failed
