#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Arguments, exit codes, help. Usage: usage.sh DIRECTORY-OF-PROGRAMS
. "$(dirname "$0")/tap.sh"

verbs="status top plan snapshot journal label run reload check-config configure"

run --help
check "--help exits 0" exits 0
for verb in $verbs; do
        check "--help names $verb" says "  $verb "
done
run --version
check "--version" eval 'exits 0 && grep -qE "^jettison [0-9]+\.[0-9]+\.[0-9]+$" "$work/out"'
cp "$work/out" "$work/version"
run -V
check "-V" cmp -s "$work/out" "$work/version"
run
check "no verb" fails 2 "see 'jettison --help'"
run statsu
check "a misspelt verb" fails 2 "did you mean 'status'?"
run check-confg
check "another one" fails 2 "did you mean 'check-config'?"
for word in explain last report replay check; do
        run $word
        check "$word, which is part of a verb" fails 2 "did you mean '"
done
run replay
check "... and which" complains "'plan --round'"
run xyzzy
check "no verb at all" eval 'fails 2 "there is no verb" && ! complains "did you mean"'
run "$(printf 'pl\033[2Jan')"
check "a hostile verb" eval 'fails 2 "pl\\x1b[2Jan" && harmless "$work/err"'

for verb in $verbs; do
        run $verb --help
        check "$verb --help" eval 'exits 0 && says "Usage: jettison $verb" && says "--help" && silent'
        run $verb --no-such-option
        check "$verb --no-such-option" fails 2 "see 'jettison $verb --help'"
        run $verb -x
        check "$verb -x" fails 2 "option '-x'"
done
for verb in status top plan snapshot reload; do
        run $verb superfluous
        check "$verb superfluous" fails 2 "unexpected argument 'superfluous'"
        run $verb --socket
        check "$verb --socket without a value" fails 2 "option '--socket' needs a value"
        run $verb --socket "$work/no-such-socket"
        check "$verb without a daemon" fails 5 "cannot reach the daemon at $work/no-such-socket"
        check "$verb without a daemon says what to do" complains "is jettisond running?"
done
run status --socket "$(printf '%0200d' 0)"
check "a socket path that is too long" fails 5 "the path of the socket has 200 bytes, a socket's may have 107"

run plan --need many
check "plan --need many" fails 2 "'many' is not a size"
run plan --snapshot x --domain /
check "plan with two sources" fails 2 "--domain"
run plan --config x
check "plan --config alone" fails 2 "--config goes with --snapshot"
run plan --snapshot x --round 1
check "plan with a snapshot and a round" fails 2 "--snapshot and --round at once"
run plan --round 0
check "plan --round 0" fails 2 "'0' is not a round"
run plan --file x
check "plan --file alone" fails 2 "--file goes with --round"

run label
check "label without a path" fails 2 "PATH is missing"
run label /x
check "label without a utility" fails 2 "UTILITY is missing"
for bad in 1001 -1 +1 1.5 ' 1' '1 ' 16:1 1:1001 '' x Protect 0x10; do
        run label -- /x "$bad"
        check "label with utility '$bad'" fails 2 "is not a utility"
done
run label --pid 0 5
check "label --pid 0" fails 2 "'0' is not a process id"
run label --pid 12x 5
check "label --pid 12x" fails 2 "'12x' is not a process id"
run label --pid 2147483647 5
check "label of a process that is not there" fails 1 "there is no process 2147483647"
mount=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
if grep -qw memory "${mount:-/nonexistent}/cgroup.controllers" 2>/dev/null; then
        run label /no/such/cgroup 5
        check "label of a cgroup that is not there" fails 1 "/no/such/cgroup: No such file or directory"
        run label /proc 5
        check "label of a directory that is no cgroup" fails 1 "/proc: not a cgroup"
else
        for arguments in "/no/such/cgroup 5" "--pid $$ 5" "--show /proc"; do
                # shellcheck disable=SC2086  # several arguments
                run label $arguments
                check "label $arguments without a unified hierarchy says what is lacking" eval 'exits 4 && one_line'
        done
fi
run label --show --remove /x
check "label --show --remove" fails 2 "--show and --remove at once"
run label --json /x 5
check "label --json alone" fails 2 "--json goes with --show"
run label --show a b
check "label --show with two paths" fails 2 "unexpected argument 'b'"

run run --utility 5
check "run without a command" fails 2 "COMMAND is missing"
run run true
check "run without a utility" fails 2 "--utility is missing"
run run --utility 5000 true
check "run with a bad utility" fails 2 "'5000' is not a utility"
run run --utility 5 --memory-max lots true
check "run with a bad limit" fails 2 "'lots' is not a size"
for bad in relative / /a/../b /a/.. /a/ //a ''; do
        run run --utility 5 --cgroup "$bad" true
        check "run in cgroup '$bad'" fails 2 "is not a cgroup's path"
done

run check-config "$work/no-such-file"
check "check-config of a file that is not there" fails 3 "$work/no-such-file"
echo '{ "trigger": { "avialable": "10%" } }' >"$work/bad.json"
run check-config "$work/bad.json"
check "check-config of a bad file" fails 3 "$work/bad.json:1"
echo '{ "trigger": { "available": "7%" } }' >"$work/good.json"
run check-config "$work/good.json"
check "check-config of a good file" eval 'exits 0 && says "$work/good.json" && says "7%"'
run check-config --json "$work/good.json"
check "check-config --json" eval 'exits 0 && [ "$(wc -l <"$work/out")" -eq 1 ]'
cp "$work/out" "$work/again.json"
run check-config --json "$work/again.json"
check "what check-config prints is a configuration" cmp -s "$work/out" "$work/again.json"

"$jettison" --help >/dev/full 2>"$work/err"
code=$?
check "a full disk is a failure" exits 1

finish
