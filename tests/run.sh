#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Every test there is, on a fresh machine or a used one: installs what is missing, builds with warnings as errors, runs the
# unit tests (plain, under ASan and UBSan, under TSan, under valgrind), the checks on the source itself, the command-line
# tests, the scenarios on real kernels, and a small arena. Ends with "N passed, N failed, N skipped".
#   run.sh [STAGE...]     unit sanitize valgrind fuzz source cli vm arena (default: all of them)
# Everything it makes lies in build/ (JETTISON_BUILD), where a later run finds its images again.
set -uo pipefail

top=$(dirname "$(dirname "$(readlink -f "$0")")")
build=${JETTISON_BUILD:-$top/build}
stages=${*:-unit sanitize valgrind fuzz source cli vm arena}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap end_all INT TERM HUP

descendants() {
        local pid
        for pid in $(pgrep -P "$1"); do
                echo "$pid"
                descendants "$pid"
        done
}

# Programs in the background of a script do not hear a terminal's interrupt. Each shell ends what is below it, since one
# that is told to end together with those below it may find them without a parent.
end_all() {
        local self=$BASHPID
        # a list of numbers
        # shellcheck disable=SC2046
        kill $(descendants "$self") 2>/dev/null
        wait
        exit 143
}

# Notes how one part went, and says it; shows what it wrote if anything failed. What failed is said once more at the
# end of all. Parts of two lanes must not mix.
score() {
        local name=$1 ok=$2 bad=$3 skip=$4 log=$5
        {
                flock 9
                echo "$ok $bad $skip" >>"$work/scores"
                printf '%-24s %s passed, %s failed, %s skipped\n' "$name" "$ok" "$bad" "$skip"
                grep -ai '# skip\|\[skip\]\|^# unsteady' "$log"
                [ "$bad" -eq 0 ] || grep -v '^ok ' "$log" | tail -n 400
        } 9>>"$work/lock"
        [ "$bad" -eq 0 ] || grep -a '^not ok\|\[FAIL\]\|\[CRASH\]\|FAIL  ' "$log" | head -n 40 |
                sed "s/^/  $name: /" >>"$work/failures"
}

# What must work for anything after it to make sense; it ends the lane that it is in.
must() {
        local name=$1 log
        log=$(mktemp -p "$work")
        shift
        if ! "$@" >"$log" 2>&1; then
                score "$name" 0 1 0 "$log"
                exit 1
        fi
        rm -f "$log"
}

configure() {
        local dir=$1
        shift
        if [ -f "$dir/build.ninja" ]; then
                meson setup --reconfigure "$dir" "$top" --werror -Dtests=enabled "$@"
        else
                meson setup "$dir" "$top" --werror -Dtests=enabled "$@"
        fi
}

# meson_tests NAME BUILD [ARGUMENT...]: the unit tests of one build. What Criterion counted is what counts, and a program
# that ran no test has failed. Skips are told only at its first level of talking.
meson_tests() {
        local name=$1 dir=$2 log programs heard ok bad skip
        log=$(mktemp -p "$work")
        shift 2
        rm -f "$dir/meson-logs/$name.txt"
        CRITERION_VERBOSITY_LEVEL=1 meson test -C "$dir" --suite unit --no-rebuild --print-errorlogs --logbase "$name" "$@" >"$log" 2>&1
        cat "$dir/meson-logs/$name"*.txt >"$log.all"
        programs=$(sed -n 's/^\(Ok\|Fail\|Timeout\): *//p' "$log" | awk '{ n += $1 } END { print n + 0 }')
        heard=$(grep -c 'Tested: .*[1-9][0-9]*.* | Passing' "$log.all")
        ok=$(synthesis Passing "$log.all")
        bad=$(($(synthesis Failing "$log.all") + $(synthesis Crashing "$log.all") + programs - heard))
        skip=$(grep -ac '\[SKIP\]' "$log.all")
        grep -a '\[SKIP\]' "$log.all" >>"$log"
        [ "$programs" -gt 0 ] || bad=1
        score "$name" "$ok" "$bad" "$skip" "$log"
        rm -f "$log" "$log.all"
}

# Sum of one number over the closing lines of Criterion.
synthesis() {
        sed 's/\x1b\[[0-9;]*m//g' "$2" | sed -n "s/.*Tested: .* $1: *\([0-9]*\).*/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

# tap NAME COMMAND...: a program that speaks TAP; ending badly without a "not ok" is a failure, too.
tap() {
        local name=$1 log status ok bad skip
        log=$(mktemp -p "$work")
        shift
        timeout -k 10 1500 "$@" >"$log" 2>&1
        status=$?
        ok=$(grep -c '^ok ' "$log") bad=$(grep -c '^not ok' "$log") skip=$(grep -ci '^1\.\.0 # skip\|^ok .*# skip' "$log")
        ok=$((ok - $(grep -ci '^ok .*# skip' "$log")))
        [ "$status" -eq 0 ] || [ "$bad" -gt 0 ] || bad=1
        score "$name" "$ok" "$bad" "$skip" "$log"
        rm -f "$log"
}

# check NAME COMMAND...: passes or fails as a whole.
check() {
        local name=$1 log
        log=$(mktemp -p "$work")
        shift
        if timeout -k 10 600 "$@" >"$log" 2>&1; then
                score "$name" 1 0 0 "$log"
        else
                score "$name" 0 1 0 "$log"
        fi
        rm -f "$log"
}

# promtool alone: its package would start a server on this machine.
fetch_promtool() {
        local folder=$build/tools
        PATH=$folder:$PATH
        ! command -v promtool >/dev/null || return 0
        mkdir -p "$folder/unpacked"
        (cd "$folder/unpacked" && apt-get -qq -o APT::Sandbox::User=root download prometheus && dpkg -x prometheus_*.deb .) || return 1
        mv "$folder/unpacked/usr/bin/promtool" "$folder/"
        rm -r "$folder/unpacked"
}

sanitized() {
        local name=$1 sanitizers=$2
        shift 2
        must "configuring for $name" configure "$build/$name" -Db_sanitize="$sanitizers" -Db_lundef=false \
                -Doptimization=1
        must "building for $name" meson compile -C "$build/$name" -j 2
        JETTISON_TEST_ROUNDS=200 ASAN_OPTIONS=detect_leaks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
                TSAN_OPTIONS=halt_on_error=1 meson_tests "$name" "$build/$name" --timeout-multiplier 5 "$@"
}

stage_unit() {
        meson_tests unit "$build"
}

stage_sanitize() {
        sanitized asan address,undefined
        sanitized tsan thread
}

stage_valgrind() {
        JETTISON_TEST_ROUNDS=20 meson_tests valgrind "$build" --timeout-multiplier 10 \
                --wrap "valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite"
}

stage_fuzz() {
        JETTISON_BUILD=$build tap fuzz "$top/tests/fuzz/run.sh"
}

stage_source() {
        check layers sh "$top/tests/unit/layers.sh" "$top/controller/meson.build" "$top/controller"
        check 'choice is pure' sh "$top/tests/unit/core-pure.sh" "$build/controller/libdecide.a" "$build/controller/libbase.a"
        # shellcheck disable=SC2046  # a list of files
        check shellcheck shellcheck -S warning -x -P SCRIPTDIR $(git -C "$top" ls-files '*.sh' '.ci/run' | sed "s|^|$top/|")
        check 'kernel module lint' "$top/tests/kmod-lint.sh" --build "$build"
        check 'SPDX lines' bash -c "$(declare -f spdx); top=$top; spdx"
}

# Every file of the project says its licence in its first lines.
spdx() {
        local file missing=0
        while read -r file; do
                case $file in
                LICENSE | *.json | *.jsonl | *.svg | tests/fuzz/seeds/*) continue ;;
                esac
                head -n 3 "$top/$file" | grep -q 'SPDX-License-Identifier: GPL-2.0-or-later' || {
                        echo "$file has no SPDX line"
                        missing=1
                }
        done < <(git -C "$top" ls-files)
        return $missing
}

stage_cli() {
        local script
        fetch_promtool
        for script in "$top"/tests/cli/*.sh "$top/tests/export/exporter.sh" "$top/tests/kube/kube.sh"; do
                [ "${script##*/}" != tap.sh ] || continue
                tap "cli ${script##*/}" sh "$script" "$build/controller"
        done
}

stage_vm() {
        local log ok bad skip
        log=$(mktemp -p "$work")
        JETTISON_VM_JOBS=${JETTISON_VM_JOBS:-2} timeout -k 10 3600 "$top/tests/vm/run.sh" --build "$build" >"$log" 2>&1
        read -r ok bad skip < <(sed -n 's/^# \([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$log" | tail -n 1)
        score vm "${ok:-0}" "${bad:-1}" "${skip:-0}" "$log"
        rm -f "$log"
}

stage_arena() {
        tap arena "$top/tests/arena/gate.sh" --build "$build"
}

# Needs nothing but time: what scenarios and arena are booted from. What cannot be made fails there, and says so.
prepare_images() {
        local log
        log=$(mktemp -p "$work")
        ! wants vm || "$top/tests/vm/run.sh" --build "$build" --prepare >>"$log" 2>&1 || true
        ! wants arena || "$top/tests/arena/run.sh" --contestant jettison-files --build "$build" --prepare >>"$log" 2>&1 || true
        rm -f "$log"
}

wants() {
        case " $stages " in
        *" $1 "*) return 0 ;;
        *) return 1 ;;
        esac
}

lane() {
        local stage
        trap end_all INT TERM HUP
        for stage in "$@"; do
                ! wants "$stage" || "stage_$stage"
        done
}

for stage in $stages; do
        case $stage in
        unit | sanitize | valgrind | fuzz | source | cli | vm | arena) ;;
        *)
                sed -n 's/^#   run.sh/Usage: run.sh/p' "$0" >&2
                exit 2
                ;;
        esac
done
: >"$work/scores"
(
        trap end_all INT TERM HUP
        must 'installing packages' sh "$top/tests/deps.sh" test
        must 'configuring the build' configure "$build"
        must 'building' meson compile -C "$build" -j 2
        # The one lane computes, the other fetches and waits.
        lane unit sanitize valgrind fuzz &
        (trap end_all INT TERM HUP && prepare_images && lane source cli) &
        wait
        lane vm arena
) &
wait $!
[ ! -s "$work/failures" ] || { echo 'What failed:' && cat "$work/failures"; }
read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$work/scores")
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
