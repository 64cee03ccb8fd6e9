#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# jettison-hook as a runtime calls it: a state on its standard input, an exit status, nothing broken on the
# way. The hierarchy and /proc are folders here; tests/vm/scenario-hook.sh has the real ones.
# Usage: hook.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/tap.sh"

hook=$programs/../hooks/jettison-hook
[ -x "$hook" ] || { echo "Bail out! $hook is not there"; exit 1; }
id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
scope=/machine.slice/libpod-$id.scope
mkdir -p "$work/cgroup$scope/container" "$work/proc/7" "$work/proc/8" "$work/bundle"
echo "0::$scope/container" >"$work/proc/7/cgroup"
echo "0::/machine.slice/libpod-${id%f}e.scope" >"$work/proc/8/cgroup"
echo '{}' >"$work/hook.json"

# state ANNOTATIONS [PID]: what a runtime sends at createRuntime.
state() {
        echo "{\"ociVersion\":\"1.0.2\",\"id\":\"$id\",\"status\":\"created\",\"pid\":${2:-7}," \
                "\"bundle\":\"$work/bundle\"${1:+,\"annotations\":{$1\}}}"
}

# hook OPTION...: the hook with the state of $work/state; with what it says, code and label left as by run.
hook() {
        "$hook" --proc-root "$work/proc" --cgroup-root "$work/cgroup" "$@" \
                <"$work/state" >"$work/out" 2>"$work/err"
        code=$?
}

# asks UTILITY [OPTION]...: annotated so.
asks() {
        state "\"io.jettison.utility\":\"$1\"" >"$work/state"
        shift
        hook "$@"
}

prints() { [ "$(cat "$work/out")" = "$1" ]; }
writes_none() { [ ! -s "$work/out" ]; }

"$hook" --help >"$work/out" 2>"$work/err" </dev/null
code=$?
check "--help" eval 'exits 0 && says "Usage: jettison-hook" && says "--strict" && silent'
"$hook" --version >"$work/out" 2>"$work/err" </dev/null
code=$?
check "--version" eval 'exits 0 && grep -qE "^jettison-hook [0-9]+\.[0-9]+\.[0-9]+$" "$work/out"'

asks 200 --dry-run
check "--dry-run prints the container's own cgroup" eval 'exits 0 && prints "200 $scope" && silent'
asks protect --dry-run --strict
check "without hook.json neither protect" eval \
        'exits 0 && prints "1000 $scope" && complains "protect is above the ceiling, 1000 is written"'
asks 3:5 --dry-run --strict
check "... nor a tier is for the taking" eval 'exits 0 && prints "1000 $scope"'
echo '{ "default": "protect" }' >"$work/hook.json"
asks 3:5 --dry-run --strict --config "$work/hook.json"
check "hook.json can allow it" eval 'exits 0 && prints "3:5 $scope" && silent'
echo '{ "ceilings": [ { "namespace": "batch-*", "utility": "3:200" } ] }' >"$work/hook.json"
state '"jettison.io/utility":"protect","io.kubernetes.pod.namespace":"batch-1"' >"$work/state"
hook --dry-run --strict -c "$work/hook.json"
check "a ceiling by namespace" eval 'exits 0 && prints "3:200 $scope"'
state '"jettison.io/utility.a":"1","jettison.io/utility":"2","io.kubernetes.container.name":"a"' \
        >"$work/state"
hook --dry-run --strict
check "an annotation for one container" prints "1 $scope"

printf '{\n  "cielings": []\n}\n' >"$work/hook.json"
asks 500 --dry-run --strict --config "$work/hook.json"
check "a broken hook.json is named by file, line and key" eval \
        'exits 1 && complains "$work/hook.json:2: cielings: unknown key"'
check "... and nothing above the default utility is written" prints "10 $scope"
asks 3 --dry-run --config "$work/hook.json"
check "... what is below it is, and the container starts" eval 'exits 0 && prints "3 $scope"'
chmod 666 "$work/hook.json"
asks 500 --dry-run --strict --config "$work/hook.json"
check "a hook.json that anybody can write is broken" eval 'exits 1 && prints "10 $scope"'
asks 500 --dry-run --strict --config "$work/none.json"
check "so is one that is named and not there" eval 'exits 1 && prints "10 $scope"'

state '"some.other":"x"' >"$work/state"
hook --dry-run --strict
check "no annotation of ours: nothing to do" eval 'exits 0 && writes_none && silent'
state '"jettison.io/utility":"5","io.kubernetes.cri.container-type":"sandbox"' >"$work/state"
hook --dry-run --strict
check "a pause container: nothing to do" eval 'exits 0 && writes_none && silent'
state '' >"$work/state"
echo '{"annotations":{"io.jettison.utility":"77"}}' >"$work/bundle/config.json"
hook --dry-run --strict
check "a state without annotations: those of the bundle" eval 'exits 0 && prints "77 $scope"'
state '"some.other":"x"' >"$work/state"
hook --dry-run --strict
check "a state with annotations: not those of the bundle" eval 'exits 0 && writes_none'

# What must not keep a container from starting, and does with --strict.
# stays TITLE TEXT: the state of $work/state
stays() {
        hook
        check "$1: the container starts" exits 0
        check "$1: nothing is labelled" unlabelled
        hook --strict
        check "$1: with --strict it does not, for a reason" fails 1 "$2"
}
unlabelled() { ! getfattr -d -m 'jettison' -R "$work/cgroup" 2>/dev/null | grep -q jettison; }

: >"$work/state"
stays "an empty state" "state:1: not JSON"
head -c 300000 /dev/urandom >"$work/state"
stays "garbage" "state:1: not JSON"
head -c 1000000 /dev/zero | tr '\0' '[' >"$work/state"
stays "a deep state" "not JSON"
state '"io.jettison.utility":"high"' >"$work/state"
stays "no utility" 'io.jettison.utility: expected a utility'
state '"io.jettison.utility":"5"' 9 >"$work/state"
stays "a process that is gone" "/proc/9/cgroup: No such file or directory"
state '"io.jettison.utility":"5"' 8 >"$work/state"
stays "a process that is somewhere else" "expected a cgroup with the container's id in its name"
echo "{\"id\":\"$id\",\"annotations\":{\"io.jettison.utility\":\"5\"}}" >"$work/state"
stays "no process id" "found no process id"
state '"io.jettison.utility":"5"' | sed 's/"created"/"running"/' >"$work/state"
stays "a later stage" "found a later stage"
hook --dry-run --strict
check "... and can be asked about" eval 'exits 0 && prints "5 $scope"'
state '"io.jettison.utility":"5"' >"$work/state"
mv "$work/cgroup/machine.slice" "$work/cgroup/elsewhere"
stays "a cgroup that is gone" "$scope: No such file or directory"
mv "$work/cgroup/elsewhere" "$work/cgroup/machine.slice"

hook --no-such-option
check "an unknown option: the container starts, unlabelled" eval 'exits 0 && unlabelled'
hook --no-such-option --strict
check "... with --strict it does not" fails 2 "unknown or incomplete option '--no-such-option'"
hook --strict --config
check "an option without its value" fails 2 "option '--config' needs a value"
hook --strict createRuntime
check "an argument" fails 2 "unexpected argument 'createRuntime'"

# A writer that would be cut off says so: dd ends with an error if the pipe breaks.
for options in "" "--strict" "--no-such-option"; do
        # shellcheck disable=SC2086  # none or one
        { dd if=/dev/zero bs=1M count=10 2>/dev/null; echo $? >"$work/writer"; } |
                "$hook" $options >"$work/out" 2>"$work/err"
        check "10 MiB are read to their end ($options)" [ "$(cat "$work/writer")" -eq 0 ]
done

# Inherited: descriptors, none at all, signals that are ignored or held back.
mkfifo "$work/held" "$work/silent"
sleep 10 >"$work/silent" &
silence=$!
began=$(date +%s%N)
"$hook" --strict 7>"$work/held" <"$work/silent" >"$work/out" 2>"$work/err" &
waiting=$!
timeout 1 cat "$work/held"
code=$?
check "inherited descriptors are closed while it waits" exits 0
wait $waiting
code=$?
check "a state that does not end is given up" fails 1 "not done within 2 s"
took=$((($(date +%s%N) - began) / 1000000))
check "... after 2 s" [ $((took >= 1900 && took < 6000)) -eq 1 ]
if env --block-signal=ALRM --ignore-signal=ALRM true 2>/dev/null; then
        timeout 6 env --block-signal=ALRM --ignore-signal=ALRM "$hook" \
                <"$work/silent" >"$work/out" 2>"$work/err"
        code=$?
        check "... also when SIGALRM is held back, and the container starts" exits 0
else
        skip "a held back signal" "env(1) cannot hold signals back"
fi
kill $silence
"$hook" <&- >&- 2>&-
code=$?
check "no standard descriptors at all" exits 0

# Extended attributes are asked for last, where there are none here.
asks 200 --strict
if getfattr -n user.jettison.utility "$work/cgroup$scope" >/dev/null 2>&1; then
        check "the label is written" exits 0
        check "... on the container's own cgroup" eval \
                'getfattr --absolute-names --only-values -n user.jettison.utility "$work/cgroup$scope" |
                        grep -qx 200'
        check "... and nowhere else" [ "$(getfattr -R -d -m user.jettison "$work/cgroup" 2>/dev/null |
                grep -c '^# file')" -eq 1 ]
else
        skip "the label is written" "no extended attributes on $work"
fi

matched() { echo "$1" | grep -qE -- "$2"; }
not_matched() { ! matched "$@"; }
if command -v jq >/dev/null; then
        entry=$programs/../hooks/jettison-hook.json
        check "the hooks.d entry names an absolute program" \
                eval 'jq -r .hook.path "$entry" | grep -q "^/.*/jettison-hook$"'
        matching=$(jq -r '.when.annotations | keys[]' "$entry")
        for key in io.jettison.utility jettison.io/utility jettison.io/utility.web; do
                check "... and matches $key" matched "$key" "$matching"
        done
        for key in xio.jettison.utility jettison.io/utilityx io-jettison-utility; do
                check "... and not $key" not_matched "$key" "$matching"
        done
else
        skip "the hooks.d entry" "no jq"
fi

finish
