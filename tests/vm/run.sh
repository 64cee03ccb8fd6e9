#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Runs scenarios, all that lie beside this script if none is named, on real kernels. Those that ask for the
# same machine share a boot.
#   run.sh [--lane fast|full] [--kernel SUITE,...] [--build DIR] [--only PATTERN] [--prepare] [-v] [SCENARIO...]
#
# A scenario says what it needs in its header; the defaults are
#   # vm: memory=512M swap=none psi=1 lane=fast kernel=bookworm timeout=60
# swap may be zram:SIZE; timeout is in seconds, inside the VM; kernel=bookworm,trixie,sid runs the scenario
# once on each, and --kernel puts its own list in the place of all headers'. boot=NAME gives it a boot that it
# shares only with those of the same name. In the full lane, packages=a,b adds to the image. The kernel module
# is built for each kernel that is booted, which is a test as well; where it does not build, scenarios run
# without it. The TAP of the scenarios is passed through, each test followed by the kernel's suite in brackets,
# with what they wrote if they failed; a scenario that the VM did not live to finish, or that was not booted, has
# failed.
#
# Emulated machines under real shortage share a host with others, and now and then one of them is late. So a
# scenario that failed is played twice more, in a VM of its own, and has failed unless it passes both times; it
# is named as unsteady in any case. A fault of the kernel is never played again, nor are more than eight
# scenarios: then something is broken, and not just one machine stood still.
#
# --prepare only makes the images that the scenarios need, as far as they are not there yet, and is quiet about
# what cannot be made. JETTISON_VM_JOBS: how many VMs at a time (default 1); with more than one the scenarios of
# one machine are spread over several boots.
set -euo pipefail

here=$(dirname "$(readlink -f "$0")")
source=$(dirname "$(dirname "$here")")
base_packages='systemd systemd-sysv udev dbus kmod libcgroup2 libjansson4 libseccomp2
               attr procps stress-ng'

lane_wanted='' kernels_wanted='' build=$source/build only='*' prepare_only='' verbose=
while [ $# -gt 0 ]; do
        case $1 in
        --lane) lane_wanted=$2 && shift ;;
        --kernel) kernels_wanted=$2 && shift ;;
        --build) build=$2 && shift ;;
        --only) only=$2 && shift ;;
        --prepare) prepare_only=1 ;;
        -v) verbose=1 ;;
        [!-]*) break ;;
        *)
                sed -n 's/^#   run.sh/Usage: run.sh/p' "$0" >&2
                exit 2
                ;;
        esac
        shift
done

die() {
        echo "run.sh: $*" >&2
        exit 1
}

# The scenario's machines, a line each, as "kernel lane memory swap psi boot packages"; its time limit is not part
# of them.
machines_of() {
        local memory=512M swap=none psi=1 lane=fast kernel=bookworm boot=shared packages='' setting
        # shellcheck disable=SC2013  # words are what the header holds
        for setting in $(sed -n 's/^# vm://p' "$1"); do
                case $setting in
                memory=* | swap=* | psi=* | lane=* | kernel=* | boot=* | packages=*)
                        local "${setting%%=*}=${setting#*=}"
                        ;;
                timeout=*) ;;
                *) die "${1##*/}: unknown setting: $setting" ;;
                esac
        done
        [ -z "$lane_wanted" ] || [ "$lane" = "$lane_wanted" ] || return 0
        for kernel in $(tr , ' ' <<<"${kernels_wanted:-$kernel}"); do
                echo "$kernel $lane $memory $swap $psi $boot $packages"
        done
}

timeout_of() {
        local seconds
        seconds=$(sed -n 's/^# vm:.*timeout=\([0-9]*\).*/\1/p' "$1")
        echo "${seconds:-60}"
}

# What else a scenario wants beside it: the files that a script of this folder prints when it is told where the
# build is; a line "# brings:" names it. If that fails, it is a failed test, and the scenario has to skip
# itself.
brings_of() {
        local maker
        maker=$(sed -n 's/^# brings: //p' "$1")
        [ -n "$maker" ] || return 0
        "$here/$maker" "$build" 2>"$work/$maker.log" && return 0
        { echo "not ok - $maker" && sed 's/^/# /' "$work/$maker.log"; } >&2
        echo 'not ok' >>"$work/notes-0"
}

# Reads a console, passes on what lies between "@@ begin" and "@@ end", and says which scenarios did not
# come to their plan, because their time was up or the VM died. Notes "ok", "not ok" or "skip" and the scenario
# per test in a file, and "fault" if the kernel was not sound.
filter() {
        local notes=$1 kernel=$2 line current='' began=0 seen=' ' scenario
        shift 2
        while IFS= read -r line; do
                line=${line%$'\r'}
                case $line in
                '@@ begin '*)
                        current=${line#@@ begin } began=$SECONDS
                        echo "# $current on $(cat "${folders[$kernel]}/origin")"
                        ;;
                '@@ end '*) echo "# $current took $((SECONDS - began)) s" && current='' ;;
                'ok '*) [ -z "$current" ] || { echo "$line [$kernel]" && echo "ok $current" >>"$notes"; } ;;
                'not ok - the kernel '*) echo "$line [$kernel]" && echo "fault $current" >>"$notes" ;;
                'not ok '*) [ -z "$current" ] || { echo "$line [$kernel]" && echo "not ok $current" >>"$notes"; } ;;
                *'Kernel panic'*) echo "not ok - $line [$kernel]" && echo "fault $current" >>"$notes" ;;
                '1..0 # SKIP'*) seen+="$current " && echo "$line [$kernel]" && echo "skip $current" >>"$notes" ;;
                '1..0') ;;
                '1..'*) seen+="$current " && echo "$line" ;;
                '#'*) [ -z "$current" ] || echo "$line" ;;
                *) [ -z "$verbose$current" ] || echo "# $line" ;;
                esac
        done
        for scenario in "$@"; do
                scenario=${scenario##*/}
                case $seen in
                *" $scenario "*) ;;
                *)
                        echo "not ok - $scenario did not end: no plan was heard [$kernel]"
                        echo "not ok $scenario" >>"$notes"
                        ;;
                esac
        done
}

# What "meson install" puts on a machine, as FOLDER/install.tar, whose name it prints.
install_tree() {
        DESTDIR=$1/tree meson install -C "$build" --no-rebuild --quiet --strip >"$1.log"
        tar -C "$1/tree" -cf "$1/install.tar" .
        echo "$1/install.tar"
}

# Fetches a kernel and builds the module for it; says "ok" or "not ok" of the latter.
prepare() {
        local kernel=$1 word=ok folder
        folder=$("$here/image.sh" kernel "$kernel")
        folders[$kernel]=$folder
        bases[$kernel]=$("$here/image.sh" base "$folder")
        modules[$kernel]=$("$here/image.sh" module "$folder" 2>"$work/module-$kernel.log") || word='not ok'
        echo "$word - the module builds for $(cat "$folder/origin") [$kernel]"
        echo "$word" >>"$work/notes-0"
        [ "$word" = ok ] || sed 's/^/# /' "$work/module-$kernel.log"
}

# The image that a machine of the full lane has as its root; the packages that it has beside those of all.
root_image() {
        # lists of names
        # shellcheck disable=SC2086
        "$here/image.sh" root $base_packages ${1//,/ }
}

prepare_all() {
        local machine lane packages scenario maker
        for machine in "${!machines[@]}"; do
                read -r _ lane _ _ _ _ packages <<<"$machine"
                [ "$lane" != full ] || root_image "$packages"
                for scenario in ${machines[$machine]}; do
                        maker=$(sed -n 's/^# brings: //p' "$scenario")
                        [ -z "$maker" ] || "$here/$maker" "$build"
                done
        done
}

# boot NAME MACHINE SCENARIO...: one boot with all scenarios of one machine; notes go into notes-NAME.
boot() {
        local name=$1 kernel lane memory swap psi shared packages
        local seconds=20 limit longest=0 disk=() files=() payload scenario
        # shellcheck disable=SC2034  # shared only tells machines apart
        read -r kernel lane memory swap psi shared packages <<<"$2"
        shift 2
        [ "$lane" != full ] || seconds=90
        for scenario in "$@"; do
                # one may need all of its time, but they do not all
                limit=$(timeout_of "$scenario")
                [ "$limit" -le "$longest" ] || longest=$limit
                seconds=$((seconds + limit / 2 + 15))
                # a list of names
                # shellcheck disable=SC2207
                files+=($(brings_of "$scenario"))
        done
        seconds=$((seconds + longest))
        [ "$kernel" != debug ] || seconds=$((seconds * 3))
        if [ "$lane" = full ]; then
                disk=(--disk "$(root_image "$packages")")
                if [ -f "$build/build.ninja" ]; then
                        files+=("$(install_tree "$work/$name")")
                fi
        fi
        [ -z "${modules[$kernel]}" ] || files+=("${modules[$kernel]}")
        payload=$("$here/image.sh" payload "$build" "$work/payload-$name" "$@" "${files[@]}")
        { "$here/boot.sh" --memory "$memory" --time "$seconds" "${disk[@]}" \
                --append "psi=$psi jettison.lane=$lane jettison.swap=$swap" \
                "${folders[$kernel]}" "${bases[$kernel]}" "$payload" || true; } |
                filter "$work/notes-$name" "$kernel" "$@"
        rm -f "$payload"
}

sh "$source/tests/deps.sh" vm
build=$(mkdir -p "$build" && readlink -f "$build")
export JETTISON_VM_CACHE=${JETTISON_VM_CACHE:-$build/vm/cache}
work=$(mktemp -d)
# shellcheck disable=SC2317  # called by the trap
finish() {
        local job
        for job in $(jobs -p); do
                kill -- "-$job" 2>/dev/null || true
        done
        wait
        rm -rf "$work"
}
set -m          # each VM with what belongs to it is a process group of its own
trap finish EXIT
trap 'exit 143' INT TERM

declare -A machines=()
[ $# -gt 0 ] || set -- "$here"/scenario-*.sh
for scenario in "$@"; do
        # a pattern
        # shellcheck disable=SC2053
        [[ ${scenario##*/} == *$only* ]] || continue
        wanted=$(machines_of "$scenario")
        while read -r machine; do
                [ -z "$machine" ] || machines[$machine]+=" $scenario"
        done <<<"$wanted"
done
[ ${#machines[@]} -gt 0 ] || die "no scenario matches"

declare -A folders=() bases=() modules=()
booted=() played=()     # the machine and the scenarios of each boot
kernels=$(printf '%s\n' "${!machines[@]}" | cut -d ' ' -f 1 | sort -u)

if [ -n "$prepare_only" ]; then
        for kernel in $kernels; do
                prepare "$kernel" &
        done
        prepare_all &
        wait
        exit 0
fi
for kernel in $kernels; do
        prepare "$kernel"
done

jobs=${JETTISON_VM_JOBS:-1} number=0 running=0

# How many scenarios of a lane share a boot; those of the full lane take minutes each.
per_boot() {
        if [ "$jobs" -eq 1 ]; then
                echo 1000
        elif [ "$1" = full ]; then
                echo 3
        else
                echo 10
        fi
}

# A line for each boot: its machine, a tab, its scenarios. The full lane comes first: what is longest must not
# begin last.
boots_list() {
        local machine lane
        for machine in "${!machines[@]}"; do
                read -r _ lane _ <<<"$machine"
                # a list of files
                # shellcheck disable=SC2086
                printf '%s\n' ${machines[$machine]} | xargs -n "$(per_boot "$lane")" | sed "s|^|$machine\t|"
        done | sort -k 2,2r -k 1,1
}

# note_unheard NAME MACHINE SCENARIO...: the scenarios of a boot of which nothing was noted, because it did not
# come about, have failed.
note_unheard() {
        local notes=$work/notes-$1 kernel=${2%% *} scenario
        shift 2
        touch "$notes"
        for scenario in "$@"; do
                scenario=${scenario##*/}
                grep -q " $scenario\$" "$notes" && continue
                echo "not ok - $scenario was not booted [$kernel]"
                echo "not ok $scenario" >>"$notes"
        done
}

while IFS=$'\t' read -r machine scenarios; do
        number=$((number + 1))
        booted[number]=$machine played[number]=$scenarios
        # In the background, so that a signal to this script is not kept waiting; output of two VMs must not
        # mix.
        if [ "$jobs" -gt 1 ]; then exec 3>"$work/tap-$number"; else exec 3>&1; fi
        # a list of files
        # shellcheck disable=SC2086
        boot $number "$machine" $scenarios >&3 2>&1 &
        running=$((running + 1))
        [ $running -lt "$jobs" ] || { wait -n || true; running=$((running - 1)); }
done < <(boots_list)
wait
cat "$work"/tap-* 2>/dev/null || true
for number in "${!booted[@]}"; do
        # a list of files
        # shellcheck disable=SC2086
        note_unheard "$number" "${booted[$number]}" ${played[$number]}
done

# Whether a play has passed: there were tests, and nothing was noted but that they passed.
passed() {
        grep -q '^ok ' "$1" && ! grep -qv '^ok ' "$1"
}

# Plays one scenario of a machine twice more, and tells how that went.
play_again() {
        local number=$1 name=$2 machine=${booted[$1]} scenario time
        for scenario in ${played[$1]}; do
                [ "${scenario##*/}" = "$name" ] || continue
                for time in 1 2; do
                        boot "again-$time" "$machine" "$scenario" &
                        wait $! || true
                        note_unheard "again-$time" "$machine" "$scenario"
                done
        done
        if passed "$work/notes-again-1" && passed "$work/notes-again-2"; then
                echo "# unsteady: $name failed once in three plays [${machine%% *}]"
                sed -i "s/^not ok $name\$/unsteady $name/" "$work/notes-$number"
        else
                echo "# $name failed, and did not pass twice [${machine%% *}]"
        fi
        rm "$work"/notes-again-*
}

failures=$(cd "$work" && grep -H '^not ok scenario' notes-* | sed 's/^notes-\([0-9]*\):not ok /\1 /' | sort -u) || true
if [ -n "$failures" ] && [ "$(wc -l <<<"$failures")" -le 8 ]; then
        while read -r number name; do
                play_again "$number" "$name"
        done <<<"$failures"
fi

count() {
        cat "$work"/notes-* | grep -c "^$1" || true
}
failed=$(count 'not ok\|^fault')
echo "# $(count 'ok') passed, $failed failed, $(count skip) skipped"
[ "$failed" -eq 0 ]
