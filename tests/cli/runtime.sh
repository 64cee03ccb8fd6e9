#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# jettison-runtime as Docker calls it: the hook gets into the bundle, and the runtime behind it sees what it
# would have seen without it. That runtime is a script here; tests/vm/scenario-oci.sh and -docker.sh have the
# real ones.
# Usage: runtime.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/tap.sh"

wrapper=$programs/../hooks/jettison-runtime
[ -x "$wrapper" ] || { echo "Bail out! $wrapper is not there"; exit 1; }
hook=$work/jettison-hook
cp /bin/true "$hook"
mkdir "$work/bundle"
spec=$work/bundle/config.json

# What it is told, a line each where that can be; what it inherits; and an exit code of its own.
cat >"$work/runc" <<END
#!/bin/bash
{ printf '%s\\0' "\$@"; } >"$work/arguments"
cat /proc/self/environ >"$work/environment"
readlink /proc/\$\$/fd/{0,1,2,7,9} >"$work/descriptors"
grep -E '^Sig|^Shd' /proc/\$\$/status | grep -v SigQ >"$work/signals"
echo \$\$ >"$work/pid"
exit 42
END
chmod 755 "$work/runc"

# wrapped ARGUMENT...: the wrapper with that runtime; leaves what run does.
wrapped() {
        "$wrapper" --jettison-runtime "$work/runc" --jettison-hook "$hook" "$@" >"$work/out" 2>"$work/err" \
                </dev/null
        code=$?
}

# put ANNOTATIONS: the specification of a container.
put() {
        rm -f "$spec"
        printf '{\n\t"ociVersion": "1.0.2",\n\t"annotations": {%s},\n' "$1" >"$spec"
        printf '\t"process": { "rlimits": [ { "hard": 18446744073709551615 } ] }\n}\n' >>"$spec"
        cp "$spec" "$work/spec"
}

asks='"io.jettison.utility": "700"'
given() { printf '%s\0' "$@" | cmp -s - "$work/arguments"; }
untouched() { cmp -s "$spec" "$work/spec" && [ "$(ls -A "$work/bundle")" = config.json ]; }
hooked() { grep -qF "\"path\": \"$hook\", \"args\": [\"jettison-hook\"], \"timeout\": 5" "$spec"; }

put "$asks"
wrapped --root /r --log "$work/log" --log-format json create --bundle "$work/bundle" --pid-file "/a b" \
        c1
check "create: the hook is in" hooked
check "... the runtime's exit status is ours" exits 42
check "... its arguments are as they were" given --root /r --log "$work/log" --log-format json create \
        --bundle "$work/bundle" --pid-file "/a b" c1
check "... nothing is said" eval 'silent && [ ! -e "$work/log" ]'
sed '/"hooks": {/,/^    },$/d' "$spec" >"$work/rest"
check "... and every other byte stays" cmp -s "$work/rest" "$work/spec"
if command -v jq >/dev/null; then
        check "... so that to others it is the same" eval \
                '[ "$(jq -S "del(.hooks)" "$spec")" = "$(jq -S . "$work/spec")" ]'
else
        skip "... so that to others it is the same" "no jq"
fi
cp "$spec" "$work/spec"
wrapped create --bundle "$work/bundle" c1
check "a second time nothing is changed" untouched
put "$asks"
chmod 640 "$spec"
wrapped run "--bundle=$work/bundle" c1
check "run: the hook is in, the mode stays" eval 'hooked && [ "$(stat -c %a "$spec")" = 640 ]'
put "$asks"
(cd "$work/bundle" && wrapped run c1)
check "the current folder" hooked

put '"some.other": "700"'
stat -c '%i %y' "$spec" >"$work/before"
wrapped create --bundle "$work/bundle" c1
check "without an annotation nothing is changed" untouched
check "... it is the same file" eval 'stat -c "%i %y" "$spec" | cmp -s - "$work/before"'
put "$asks"
wrapped start c1
check "another command does not look" eval 'exits 42 && untouched && given start c1'
wrapped exec c1 create --bundle "$work/bundle"
check "... nor one whose arguments look like it" untouched

# Arguments of all kinds.
odd=$(printf 'a\nb\001\377"\\')
wrapped --bundle -x '' ' ' "$odd" -- '*' --jettison-runtime /x --jettison-hook
check "arguments of any bytes" given --bundle -x '' ' ' "$odd" -- '*' --jettison-runtime /x --jettison-hook
wrapped
check "no arguments" eval 'exits 42 && [ "$(tr "\0" x <"$work/arguments")" = x ]'
wrapped --version
check "--version is the runtime's" given --version

# What is inherited: with the wrapper and without, the same.
inherit() {
        put "$asks"
        env -i "A=$odd" NOTIFY_SOCKET=/n LISTEN_FDS=3 LISTEN_PID=1 PATH=/none \
                "$@" create --bundle "$work/bundle" c1 <"$work/spec" \
                >"$work/out" 2>"$work/err" 7<"$work/runc" 9>>"$work/pipe"
        cat "$work/environment" "$work/descriptors" "$work/signals"
}
# Ignored and held back, where env(1) can.
signals=
if env --block-signal=USR1 --ignore-signal=HUP true 2>/dev/null; then
        signals='--block-signal=USR1 --ignore-signal=HUP'
fi
# shellcheck disable=SC2086  # words
inherit $signals "$work/runc" >"$work/direct"
# shellcheck disable=SC2086  # words
inherit $signals "$wrapper" --jettison-runtime "$work/runc" --jettison-hook "$hook" >"$work/through"
check "environment, descriptors and signals are the runtime's as without it" \
        cmp -s "$work/direct" "$work/through"
check "... while the hook got in" hooked
put "$asks"
"$wrapper" --jettison-runtime "$work/runc" --jettison-hook "$hook" create --bundle "$work/bundle" c1 \
        >"$work/out" 2>"$work/err" &
pid=$!
wait $pid
check "it is the same process" [ "$(cat "$work/pid")" = $pid ]
put "$asks"
"$wrapper" --jettison-runtime "$work/runc" --jettison-hook "$hook" create --bundle "$work/bundle" c1 \
        <&- >&- 2>&-
code=$?
check "no standard descriptors at all" eval 'exits 42 && hooked'

# What must not keep a container from starting. The line goes to the system log, or where there is none to
# standard error.
# starts TITLE TEXT: the bundle as it is
starts() {
        said="jettison-runtime: container c1: starts without a label: $2"
        wrapped create --bundle "$work/bundle" c1
        check "$1: the runtime is called all the same" eval \
                'exits 42 && given create --bundle "$work/bundle" c1'
        [ -S /dev/log ] || check "... and it is said, in a line" fails 42 "$said"
}
rm -f "$spec"
starts "no config.json" "config.json: No such file"
mkdir "$spec"
starts "a folder" "config.json: expected a regular file"
rmdir "$spec"
ln -s /etc/hostname "$spec"
starts "a link" "config.json: Too many levels"
rm "$spec"
mkfifo "$spec"
starts "a pipe" "config.json: expected a regular file"
rm "$spec"
head -c 300000 /dev/urandom >"$spec"
starts "garbage" "config.json"
head -c 1000000 /dev/zero | tr '\0' '[' >"$spec"
starts "a deep one" "config.json:1: not JSON"
truncate -s 17M "$spec"
starts "a huge one" "config.json: expected at most 16 MiB"
put "$asks"
chmod 666 "$spec"
starts "one that anybody can write" "config.json: expected to belong to root or the caller"
check "... it is left as it was" untouched
put "$asks"
rm "$hook"
starts "no hook" "$hook: No such file"
check "... it is left as it was" untouched
cp /bin/true "$hook"
wrapped create --bundle "$work/none" c1
check "no bundle: the runtime is called all the same" exits 42
put "$asks"
if [ "$(id -u)" -eq 0 ] && command -v unshare >/dev/null &&
        unshare -m mount --bind "$work/bundle" "$work/bundle" 2>/dev/null; then
        # shellcheck disable=SC2016  # for that shell
        unshare -m sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"' sh \
                "$work/bundle" "$wrapper" --jettison-runtime "$work/runc" --jettison-hook "$hook" create \
                --bundle "$work/bundle" c1 >"$work/out" 2>"$work/err"
        code=$?
        check "a bundle that cannot be written: the runtime is called all the same" eval \
                'exits 42 && untouched'
else
        skip "a bundle that cannot be written" "needs root and mounts"
fi

# A runtime that cannot be executed.
# lacks TEXT RUNTIME [ARGUMENT]...
lacks() {
        lacks_text=$1 lacks_runtime=$2
        shift 2
        rm -f "$work/log"
        "$wrapper" --jettison-runtime "$lacks_runtime" --jettison-hook "$hook" "$@" \
                >"$work/out" 2>"$work/err" </dev/null
        code=$?
        fails 127 "jettison-runtime: $lacks_text"
}
check "no such runtime" lacks "/nowhere/runc: No such file or directory" /nowhere/runc --version
check "... in the form that containerd's shim reads" eval 'lacks "/nowhere/ru\"nc: No such" \
        "/nowhere/ru\"nc" --log "$work/log" --log-format json create --bundle "$work/bundle" c1 && grep -qE \
        "^\{\"level\":\"error\",\"msg\":\"jettison-runtime: /nowhere/ru.*nc: No such file or directory\",\
\"time\":\"20..-..-..T..:..:..Z\"\}$" "$work/log" && [ "$(wc -l <"$work/log")" -eq 1 ]'
if command -v jq >/dev/null; then
        check "... which is JSON" eval '[ "$(jq -r .msg "$work/log")" = \
                "jettison-runtime: /nowhere/ru\"nc: No such file or directory" ]'
else
        skip "... which is JSON" "no jq"
fi
check "... or as text" eval 'lacks "/nowhere/runc: No such" /nowhere/runc --log "$work/log" state c1 &&
        grep -qE "^time=\".*Z\" level=error msg=\"jettison-runtime: /nowhere/runc: No such" "$work/log"'
check "a runtime that is none" lacks "$work/spec: Permission denied" "$work/spec" --version
check "a relative one" lacks "runc: expected an absolute path" runc --version
check "itself" lacks "$wrapper: that is jettison-runtime itself" "$wrapper" --version
ln -s "$wrapper" "$work/link"
check "itself by another name" lacks "$work/link: that is jettison-runtime itself" "$work/link" --version
found=
for place in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin; do
        [ ! -x $place/runc ] || found=$place
done
if [ -z "$found" ]; then
        "$wrapper" --version >"$work/out" 2>"$work/err"
        code=$?
        check "no runc on this machine" fails 127 "jettison-runtime: runc: not found"
else
        "$wrapper" --version >"$work/out" 2>"$work/err"
        code=$?
        check "this machine's runc" eval 'exits 0 && says runc'
fi

finish
