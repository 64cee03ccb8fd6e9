#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# 'jettison run' on a real hierarchy, where there is one with the memory controller.
# Usage: run.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/tap.sh"

mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
if ! grep -qw memory "${mount:-/nonexistent}/cgroup.controllers" 2>/dev/null; then
        run run --utility 5 true
        check "without a unified memory controller it says what is lacking" eval 'exits 4 && one_line'
        finish
        exit
fi
if [ "$(id -u)" -ne 0 ] || ! mkdir "$mount/jettison-test-$$" 2>/dev/null; then
        skip "run" "takes root and a hierarchy that can be written"
        finish
        exit
fi
rmdir "$mount/jettison-test-$$"
parent=/jettison-test-$$
trap 'rmdir "$mount$parent" 2>/dev/null; rm -rf "$work"' EXIT

run run --utility 5 true
check "exit code 0" eval 'exits 0 && silent'
run run --utility 5 -- sh -c 'exit 7'
check "exit code of the command" exits 7
run run --utility 5 -- sh -c 'kill -9 $$'
check "128 + signal" exits 137
run run --utility 5 "$work/no-such-command"
check "a command that is not there" fails 127 "No such file or directory"
run run --utility 5 /etc/passwd
check "a command that cannot be run" fails 126 "Permission denied"
run run --utility 5 -- echo --help
check "what follows the command is the command's" eval 'exits 0 && says "--help"'

run run --utility 3:90 --memory-max 64M --cgroup "$parent/job" -- sh -c '
        cat /proc/self/cgroup
        cat '"$mount$parent"'/job/memory.max
        '"'$jettison'"' label --show --json '"$parent"'/job'
check "the cgroup is the command's" says "0::$parent/job"
check "... limited" says 67108864
check "... and labelled" says '"trusted":"3:90"'
check "... and gone when the command is" eval '[ -d "$mount$parent" ] && [ ! -e "$mount$parent/job" ]'
run run --utility 1 -- cat /proc/self/cgroup
check "the default path" eval 'grep -qE "^0::/jettison-run/cat-[0-9]+$" "$work/out"'
check "... is gone as well" eval '[ -z "$(ls -d "$mount"/jettison-run/cat-* 2>/dev/null)" ]'
mkdir "$mount$parent/there"
run run --utility 1 --cgroup "$parent/there" true
check "a cgroup that is there already" eval 'fails 1 "is there already" && [ -d "$mount$parent/there" ]'
rmdir "$mount$parent/there"

"$jettison" run --utility 1 --cgroup "$parent/sleeper" sleep 60 >"$work/out" 2>"$work/err" &
runner=$!
for _ in 1 2 3 4 5 6 7 8 9 10; do
        grep -q . "$mount$parent/sleeper/cgroup.procs" 2>/dev/null && break
        sleep 0.2
done
check "the runner itself stays outside" eval '! grep -qx "$runner" "$mount$parent/sleeper/cgroup.procs"'
sleep 0.2
kill -TERM "$runner"
wait "$runner"
code=$?
check "SIGTERM is passed on" exits 143
check "... and the cgroup is removed after it" eval '[ ! -e "$mount$parent/sleeper" ]'

run run --utility 1 --cgroup "$parent/leaves" -- sh -c 'sleep 60 >/dev/null 2>&1 & echo $!'
check "what the command leaves behind is told of" complains "still in it"
kill "$(cat "$work/out")"
sleep 0.5
rmdir "$mount$parent/leaves"

finish
